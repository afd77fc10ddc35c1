/** What happened to an incident, in the order of time, as everybody in the room reads it; and the same to paste. Pure. */
import type { ExclusionView } from '../../view/exclusion.ts'
import type { IncidentRoomView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { timeText } from '../text/format.ts'
import { CopyBlock } from '../page/agents.tsx'
import { spoken } from './names.ts'
import { zoneName } from './zones.tsx'
import { remarkName } from './remarks.tsx'
import { msOf, Time } from './time.tsx'

type Props = { incident: IncidentRoomView; exclusions: readonly ExclusionView[]; scene: Scene }
type Happening = { at: string; what: string; words: string | null }

function happeningsOf({ incident, exclusions, scene }: Props): Happening[] {
  const { room: text } = scene.text
  const instants: [string | null, string][] = [
    [incident.onsetAt, text.onset],
    [incident.alertedAt, text.told],
    [incident.acknowledgedAt, text.acknowledgedBy[incident.acknowledgedBy ?? 'viewer']],
    [incident.endAt, text.recovered],
  ]
  const isOwnWord = incident.providerAcknowledgedAt !== incident.acknowledgedAt
  if (isOwnWord) instants.push([incident.providerAcknowledgedAt, text.acknowledgedBy.provider])
  const excluded = exclusions.flatMap(({ kind, declaredAt, start, end, reason }) => [
    { at: declaredAt, what: text.declared(spoken(kind)), words: reason === '' ? null : reason },
    { at: start, what: text.excludedFrom(spoken(kind)), words: null },
    { at: end, what: text.excludedTo(spoken(kind)), words: null },
  ])
  const said = incident.remarks.map((one) => ({ at: one.at, what: remarkName(one, scene), words: one.text }))
  const known = instants.flatMap(([at, what]) => (at === null ? [] : [{ at, what, words: null }]))
  const changes = incident.changes.flatMap((one) => {
    const what = changeText(one, scene)
    return what === null ? [] : [{ at: one.at, what, words: null }]
  })
  return [...known, ...changes, ...excluded, ...said].toSorted((a, b) => msOf(a.at) - msOf(b.at))
}

/** Null: told and answered stand as instants of their own. */
function changeText(
  { change, onsetAt, endAt, zone }: IncidentRoomView['changes'][number],
  scene: Scene,
): string | null {
  const { room: text } = scene.text
  const instant = (at: string): string => timeText(msOf(at), 'full', scene)
  if (change === 'told' || change === 'acknowledged') return null
  if (change === 'moved')
    return text.moved({ from: instant(onsetAt), to: endAt === null ? null : instant(endAt) })
  return change === 'attributed' ? text.attributed(zoneName(zone, scene)) : text[change]
}

export function Happenings(props: Props) {
  const { scene } = props
  return (
    <>
      <h3>{scene.text.room.happened}</h3>
      <ol class="happenings">
        {happeningsOf(props).map(({ at, what, words }) => (
          <li>
            <Time at={at} scene={scene} style="full" />
            <span>
              <b>{what}</b>
              {words !== null && <p class="words">{words}</p>}
            </span>
          </li>
        ))}
      </ol>
    </>
  )
}

/** `lines`: what the head of the page says, a sentence each. */
export function Summary({ lines, ...props }: Props & { lines: readonly string[] }) {
  const { scene } = props
  const happened = happeningsOf(props).map(({ at, what, words }) => {
    const head = `${timeText(msOf(at), 'full', scene)}: ${what}`
    return words === null ? head : `${head}: ${words.replaceAll(/\s+/g, ' ')}`
  })
  return (
    <details class="declare" id="summary">
      <summary>{scene.text.room.summary}</summary>
      <CopyBlock scene={scene}>
        {[...lines.filter((line) => line !== ''), '', ...happened].join('\n')}
      </CopyBlock>
    </details>
  )
}
