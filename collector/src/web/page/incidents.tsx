/**
 * Incidents: the open ones first, as cards; the closed ones as a ruled list, page by page. Pure.
 */
import type { IncidentView } from '../../view/timeline.ts'
import { incidentEvents } from '../part/events.ts'
import { downText } from '../text/figures.ts'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { Stamp, StateIcon } from '../part/mark.tsx'
import { lasted, msOf, Time } from '../part/time.tsx'
import { medianMs } from '@constat/sla/detection'
import { contractName, serviceName } from '../part/names.ts'
import { zoneText } from '../part/zones.tsx'
import type { Scene } from '../scene.ts'
import { durationText, latencyText } from '../text/format.ts'
import { wordOf } from '../text/words.ts'
import { Table } from '../part/table.tsx'

/** `next`: the last one shown, where there are more. */
type Page = { shown: readonly IncidentView[]; next: string | null }
type Props = {
  scene: Scene
  /** Nothing past the first page of closed ones: they are on top of it. */
  open: Page
  /** Nothing past the first page of open ones. */
  closed: Page
  first: boolean
}

const REFRESH_S = 10

export function Incidents({
  scene,
  open: { shown: open, next: nextOpen },
  closed: { shown: closed, next },
  first,
}: Props) {
  const { text } = scene
  return (
    <Layout scene={scene} title={text.incident.title} door="incidents">
      <LiveRegion id="incidents" events={incidentEvents()} {...(first && { everyS: REFRESH_S })}>
        <h1>{text.incident.title}</h1>
        {(first || open.length > 0) && <h2 class="section">{text.incident.open}</h2>}
        {first && open.length === 0 && <p class="sentence">{text.incident.noneOpen}</p>}
        {open.map((incident) => (
          <OpenCard incident={incident} scene={scene} />
        ))}
        {nextOpen !== null && (
          <p>
            <a href={`/incidents?open=${encodeURIComponent(nextOpen)}`}>{text.incident.moreOpen}</a>
          </p>
        )}
        {(first || open.length === 0) && <Closed {...{ open, closed, next, scene }} />}
      </LiveRegion>
    </Layout>
  )
}

type ClosedProps = {
  open: readonly IncidentView[]
  closed: readonly IncidentView[]
  next: string | null
  scene: Scene
}

function Closed({ open, closed, next, scene }: ClosedProps) {
  const { text } = scene
  return (
    <>
      <h2 class="section">{text.incident.closed}</h2>
      <Leads incidents={[...open, ...closed]} scene={scene} />
      {closed.length === 0 ? (
        <p class="sentence">{text.incident.noneClosed}</p>
      ) : (
        <ClosedList closed={closed} scene={scene} />
      )}
      {next !== null && (
        <p>
          <a href={`/incidents?cursor=${encodeURIComponent(next)}`}>{text.incident.older}</a>
        </p>
      )}
    </>
  )
}

/** Of those listed here that people were told of: how long after the onset people and the provider knew, in the middle of them. */
function Leads({ incidents, scene }: { incidents: readonly IncidentView[]; scene: Scene }) {
  const { text, lang } = scene
  const contracts = [...new Set(incidents.map(({ contract }) => contract))]
  const middleOf = (own: readonly IncidentView[], at: (one: IncidentView) => string | null): string => {
    const all = own.flatMap((one) => {
      const known = at(one)
      return known === null ? [] : [msOf(known) - msOf(one.onsetAt)]
    })
    const middle = medianMs(all)
    return middle === null ? '–' : durationText(middle, lang)
  }
  return (
    <>
      {contracts.map((contract) => {
        // What was only found in late data was nobody's to know.
        const own = incidents.filter((one) => one.contract === contract && one.pagedAt !== null)
        if (own.length === 0) return null
        const said = {
          n: own.length,
          contract: contractName({ contract }, scene),
          detected: middleOf(own, ({ openedAt }) => openedAt),
          told: middleOf(own, ({ alertedAt }) => alertedAt),
          acknowledged: middleOf(own, ({ providerAcknowledgedAt }) => providerAcknowledgedAt),
        }
        return <p class="note">{text.room.leads(said)}</p>
      })}
    </>
  )
}

export function incidentHref(id: string): string {
  return `/incidents/${encodeURIComponent(id)}`
}

export function headingOf(incident: IncidentView, scene: Scene): string {
  const { text } = scene
  const service = serviceName(incident, scene)
  return text.incident.heading({ service, cause: wordOf(text.cause, incident.cause) })
}

/** "503 from https://portal.example/, 12 ms after the connection, seen from lyon." Empty where no sample says. */
export function failureText({ failure, cause }: IncidentView, { text, lang }: Scene): string {
  if (!failure) return ''
  const { target, agent, connectedUs, latencyUs } = failure
  const code = failure.code && (text.incident.waited[failure.code] ?? failure.code)
  const said = target === null ? (code ?? wordOf(text.cause, cause)) : text.incident.said({ code, target })
  const length = latencyText(connectedUs ?? latencyUs ?? 0, lang)
  const when = connectedUs === null ? text.incident.afterStart(length) : text.incident.afterConnection(length)
  return text.incident.seen({ said, when, agent })
}

function OpenCard({ incident, scene }: { incident: IncidentView; scene: Scene }) {
  const { text } = scene
  return (
    <article class="sheet contract is-down">
      <header class="sheet-head">
        <StateIcon state="down" />
        <h3>
          <a href={incidentHref(incident.id)}>{headingOf(incident, scene)}</a>
        </h3>
        <Acknowledged incident={incident} scene={scene} />
      </header>
      <p class="sentence">
        {text.incident.onset} <Time at={incident.onsetAt} scene={scene} /> ·{' '}
        {lasted({ from: incident.onsetAt, to: null }, scene)} · {downText(incident, scene)}
      </p>
      <p class="note">
        {incident.failure && `${failureText(incident, scene)} `}
        {zoneText(incident, scene)}
      </p>
      <ul class="tally">
        {incident.vantages.map(({ name, state }) => (
          <li class={`is-${state}`}>
            <StateIcon state={state} />
            {text.glance.pair(name, text.state[state])}
          </li>
        ))}
      </ul>
    </article>
  )
}

export function Acknowledged({ incident, scene }: { incident: IncidentView; scene: Scene }) {
  const { text } = scene
  if (incident.acknowledgedAt === null || incident.unansweredSince !== null)
    return <Stamp tone="warn">{text.incident.notAcknowledged}</Stamp>
  return <Stamp tone="calm">{text.incident.acknowledged}</Stamp>
}

function ClosedList({ closed, scene }: { closed: readonly IncidentView[]; scene: Scene }) {
  const { text } = scene
  return (
    <Table
      frame="sheet"
      label={text.incident.closed}
      rows={closed}
      columns={[
        {
          head: text.incident.service,
          cell: (incident) => <a href={incidentHref(incident.id)}>{serviceName(incident, scene)}</a>,
        },
        { head: text.incident.cause, bare: true, cell: ({ cause }) => wordOf(text.cause, cause) },
        {
          head: text.incident.onset,
          cell: ({ onsetAt }) => <Time at={onsetAt} scene={scene} style="minute" />,
        },
        {
          head: text.incident.lasted,
          look: 'number',
          cell: ({ onsetAt, endAt, closedAt }) => lasted({ from: onsetAt, to: endAt ?? closedAt }, scene),
        },
        {
          head: text.incident.acknowledged,
          cell: ({ acknowledgedAt: at }) =>
            at === null ? '–' : <Time at={at} scene={scene} style="minute" />,
        },
      ]}
    />
  )
}
