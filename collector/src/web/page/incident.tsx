/**
 * Incident: one set of facts for everybody in the room: every vantage on one time line, the cause in words,
 * who answers, and who has it in hand. Pure.
 */
import { may } from '../../http/scope.ts'
import { UNDETERMINED } from '@constat/sla/assembly/zone'
import type { IncidentRoomView, IncidentVantage, IncidentView, TimelineView } from '../../view/timeline.ts'
import { becauseText } from '../text/reasons.ts'
import { serviceHref } from '../part/bar.tsx'
import { incidentEvents } from '../part/events.ts'
import { downText } from '../text/figures.ts'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { Stamp, StateMark } from '../part/mark.tsx'
import { Happenings, Summary } from '../part/happenings.tsx'
import { Clocks, Cost, Promises } from '../part/room-clocks.tsx'
import type { LossView } from '../../view/credit.ts'
import type { ExclusionView } from '../../view/exclusion.ts'
import { Remarks } from '../part/remarks.tsx'
import { Share } from '../part/links.tsx'
import { checkName, contractName, serviceName, siteName, upperFirst } from '../part/names.ts'
import type { Span } from '../part/ribbon.tsx'
import { lasted, Time } from '../part/time.tsx'
import { Timeline, type Instant } from '../part/timeline.tsx'
import { administrationText, ownerText, zoneName, zoneText } from '../part/zones.tsx'
import type { Scene } from '../scene.ts'
import { wordOf } from '../text/words.ts'
import { Fact } from '../part/fact.tsx'
import { contractHref } from './contracts.tsx'
import { Acknowledged, failureText, headingOf, incidentHref } from './incidents.tsx'

type Props = {
  scene: Scene
  incident: IncidentRoomView
  /** Null: the service has left the contract since. */
  timeline: TimelineView | null
  span: Span
  /** Whether any address is set that incidents are sent to. */
  isAddressed: boolean
  /** Those that touch it. */
  exclusions: readonly ExclusionView[]
  /** As far as whoever looks may see them. */
  losses: readonly LossView[]
}

const REFRESH_S = 5

export function Incident({ scene, incident, timeline, span, isAddressed, exclusions, losses }: Props) {
  const { text } = scene
  const open = incident.closedAt === null
  return (
    <Layout scene={scene} title={headingOf(incident, scene)} door="incidents">
      <LiveRegion
        id="incident"
        events={scene.caller ? incidentEvents() : []}
        {...(open && { everyS: REFRESH_S })}
      >
        <header class="lead">
          {scene.caller && (
            <p class="crumbs">
              <a href="/incidents">{text.incident.title}</a>
            </p>
          )}
          <h1>{headingOf(incident, scene)}</h1>
          <p class="marks">
            <StateMark state={open ? 'down' : 'up'} text={text} />
            <Acknowledged incident={incident} scene={scene} />
            {incident.disputed && <Stamp tone="warn">{text.room.disputed}</Stamp>}
          </p>
          {sentencesOf(incident, scene).map((sentence) => (
            <p class="sentence">{sentence}</p>
          ))}
        </header>
        <Acknowledge incident={incident} scene={scene} />
        <section class="sheet">
          <h2>{text.incident.line}</h2>
          {timeline && (
            <Timeline timeline={timeline} span={span} scene={scene} marks={marksOf(incident, scene)} />
          )}
          <Happenings incident={incident} exclusions={exclusions} scene={scene} />
          <Remarks incident={incident} scene={scene} />
          <Summary
            lines={[headingOf(incident, scene), ...sentencesOf(incident, scene)]}
            incident={incident}
            exclusions={exclusions}
            scene={scene}
          />
          <Share incident={incident} scene={scene} />
        </section>
        <Clocks incident={incident} scene={scene} />
        <Promises incident={incident} scene={scene} />
        <Cost incident={incident} losses={losses} scene={scene} />
        <section class="sheet">
          <Facts incident={incident} scene={scene} isAddressed={isAddressed} />
        </section>
        <Vantages incident={incident} scene={scene} />
      </LiveRegion>
    </Layout>
  )
}

/** What is known, a sentence each: how long, what was seen first, who answers, and what is disputed. */
function sentencesOf(incident: IncidentRoomView, scene: Scene): string[] {
  return [
    `${sayHow(incident, scene)} ${placesText(incident, scene)}`.trim(),
    failureText(incident, scene),
    zoneText(incident, scene),
    incident.disputed ? scene.text.room.disputedText : '',
  ].filter((sentence) => sentence !== '')
}

/** "17 min 4 s, still going on: at least 16 min 54 s down, at most 17 min 15 s." */
function sayHow(incident: IncidentView, scene: Scene): string {
  const { text } = scene
  const length = lasted({ from: incident.onsetAt, to: incident.endAt ?? incident.closedAt }, scene)
  const end =
    incident.closedAt === null
      ? text.incident.stillDown
      : wordOf(text.incident.closeReason, incident.closeReason ?? 'recovered')
  return `${length}, ${end}. ${upperFirst(downText(incident, scene))}.`
}

/** How many places see it failing: what the quorum goes by. */
function placesText({ vantages }: IncidentView, { text }: Scene): string {
  const failing = vantages.filter(({ state }) => state === 'down')
  const silent = vantages.filter(({ state }) => state === 'unknown')
  if (failing.length === 0) return ''
  const said = text.glance.places({ failing: failing.length, all: vantages.length })
  return silent.length === 0 ? said : `${said} ${text.glance.silentPlaces(silent.length)}`
}

function marksOf(incident: IncidentView, { text }: Scene): Instant[] {
  const instants: [string | null, string][] = [
    [incident.onsetAt, text.incident.onset],
    [incident.alertedAt, text.incident.paged],
    [incident.acknowledgedAt, text.incident.acknowledged],
    [incident.endAt, text.incident.end],
  ]
  return instants.flatMap(([at, label]) => (at === null ? [] : [{ at, label }]))
}

function Acknowledge({ incident, scene }: Pick<Props, 'incident' | 'scene'>) {
  const { text, caller } = scene
  const canAct = caller !== null && may(caller, 'acknowledge')
  // The provider's own word stops its clock, whoever else has acknowledged before; a reopening asks both anew.
  const at = caller?.role === 'provider' ? incident.providerAcknowledgedAt : incident.acknowledgedAt
  const isAsked = incident.closedAt === null && (at === null || incident.unansweredSince !== null)
  if (!canAct || !isAsked) return null
  return (
    <form method="post" action={`${incidentHref(incident.id)}/acknowledge`} class="deed">
      <button class="primary" aria-describedby="acknowledge-help">
        {text.incident.acknowledge}
      </button>
      <span class="note" id="acknowledge-help">
        {text.incident.acknowledgeHelp}
      </span>
    </form>
  )
}

type Shown = Pick<Props, 'incident' | 'scene' | 'isAddressed'>

/** Why nobody was told. */
function untoldText({ incident: { pagedAt, closedAt }, scene: { text }, isAddressed }: Shown): string {
  if (pagedAt === null) return closedAt === null ? text.incident.notDue : text.incident.notPaged
  return isAddressed ? text.incident.notYetTold : text.incident.noAddress
}

function Facts({ incident, scene, isAddressed }: Shown) {
  const { text } = scene
  const instant = (at: string | null, otherwise: string) =>
    at === null ? otherwise : <Time at={at} scene={scene} style="full" />
  return (
    <dl class="facts">
      <Fact term={text.incident.onset}>{instant(incident.onsetAt, '')}</Fact>
      <Fact term={text.incident.opened}>{instant(incident.openedAt, '')}</Fact>
      <Fact term={text.incident.paged}>
        {instant(incident.alertedAt, untoldText({ incident, scene, isAddressed }))}
      </Fact>
      <Fact term={text.incident.acknowledged}>{instant(incident.acknowledgedAt, '–')}</Fact>
      <Fact term={text.incident.end}>{instant(incident.endAt, text.incident.stillDown)}</Fact>
      <Fact term={text.incident.closedAt}>{instant(incident.closedAt, '–')}</Fact>
      <Fact term={text.incident.cause}>
        {wordOf(text.cause, incident.cause)} <code>{incident.cause}</code>
      </Fact>
      <Fact term={text.incident.looksLike}>{wordOf(text.fault, incident.fault)}</Fact>
      <Fact term={text.incident.zone}>{zoneName(incident.zone, scene)}</Fact>
      <Fact term={text.incident.owner}>
        {incident.owner === UNDETERMINED ? text.incident.undetermined : ownerText(incident, scene)}
      </Fact>
      <Fact term={text.incident.service}>
        <Behind href={serviceHref(incident)} scene={scene}>
          {serviceName(incident, scene)}
        </Behind>
      </Fact>
      <Fact term={text.incident.check}>{checkName(incident, scene)}</Fact>
      <Fact term={text.incident.contract}>
        <Behind href={contractHref(incident.contract)} scene={scene}>
          {contractName(incident, scene)}
        </Behind>
      </Fact>
    </dl>
  )
}

/** A guest has this one page: no link leads anywhere. */
function Behind({ href, scene, children }: { href: string; scene: Scene; children: string }) {
  return scene.caller ? <a href={href}>{children}</a> : <>{children}</>
}

function Vantages({ incident, scene }: Pick<Props, 'incident' | 'scene'>) {
  const { text } = scene
  return (
    <section class="sheet">
      <h2>{text.incident.vantages}</h2>
      <dl class="facts">
        {incident.vantages.map((vantage) => (
          <Fact term={placeText(vantage, incident, scene)}>
            <StateMark state={vantage.state} text={text} />{' '}
            <Time at={vantage.since} scene={scene} style="full" />
            <p class="note">
              {becauseText(vantage.reasons, scene)}{' '}
              {administrationText({ ...vantage, contract: incident.contract }, scene)}
            </p>
          </Fact>
        ))}
      </dl>
    </section>
  )
}

/** "agent-7 · Lyon": the site only where the name of the agent does not begin with it. */
function placeText({ name, site: id }: IncidentVantage, { contract }: IncidentView, scene: Scene): string {
  if (id === null) return name
  const site = siteName({ contract, site: id }, scene)
  if (site.toLowerCase() === name.toLowerCase()) return site
  return name.toLowerCase().startsWith(site.toLowerCase()) ? name : `${name} · ${site}`
}
