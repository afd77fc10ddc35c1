/**
 * The clocks of an incident: who knew when, what was promised of its response and its end, how much of it counts and
 * why the rest does not, and what it has cost. Pure.
 */
import type { LossView } from '../../view/credit.ts'
import type { IncidentRoomView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { durationText, moneyText } from '../text/format.ts'
import { Fact } from './fact.tsx'
import { guaranteeName, partyOf } from './names.ts'
import { Time } from './time.tsx'

type Props = { incident: IncidentRoomView; scene: Scene }

export function Clocks({ incident, scene }: Props) {
  const { room: text } = scene.text
  return (
    <section class="sheet">
      <h2>{text.clocks.title}</h2>
      <dl class="facts">
        {incident.clocks.map(({ clock, at, afterOnsetMs }) => (
          <Fact term={text.clocks[clock]}>
            {at === null ? (
              incident.closedAt === null ? (
                text.notYet
              ) : (
                text.never
              )
            ) : (
              <>
                <Time at={at} scene={scene} style="full" />
                <p class="note">{afterText(afterOnsetMs ?? 0, scene)}</p>
              </>
            )}
          </Fact>
        ))}
      </dl>
    </section>
  )
}

/** "4 min 10 s later", seen from the onset. */
function afterText(ms: number, { text: { room }, lang }: Scene): string {
  if (ms === 0) return room.atOnset
  return ms < 0 ? room.earlier(durationText(-ms, lang)) : room.later(durationText(ms, lang))
}

/** Empty where nothing was promised of it. */
export function Promises({ incident, scene }: Props) {
  const { room: text } = scene.text
  const { targets, counts, contract } = incident
  if (targets.length === 0 && counts.length === 0) return null
  return (
    <section class="sheet">
      <h2>{text.promised}</h2>
      <dl class="facts">
        {targets.map((one) => (
          <Fact term={one.metric === 'response-time' ? text.response : text.restoration}>
            {targetText(one, scene)}
            <p class="note">
              {[guaranteeName({ contract, ...one }, scene), one.clause].filter(Boolean).join(' · ')}
            </p>
          </Fact>
        ))}
        {counts.map((one) => (
          <Fact term={text.countsTitle}>
            {countText(one, incident, scene)}
            <p class="note">{guaranteeName({ contract, ...one }, scene)}</p>
          </Fact>
        ))}
      </dl>
    </section>
  )
}

function targetText(target: IncidentRoomView['targets'][number], { text, lang }: Scene): string {
  const within = durationText(target.withinMs, lang)
  if (target.ranMs === null) return text.room.notStarted(within)
  const ran = text.room.ofAtMost({ ran: durationText(target.ranMs, lang), within })
  const standing = target.verdict === 'indeterminate' ? null : text.verdict[target.verdict]
  return [ran, target.isRunning ? text.room.running : null, standing].filter(Boolean).join(' · ')
}

function countText(
  count: IncidentRoomView['counts'][number],
  incident: IncidentRoomView,
  scene: Scene,
): string {
  const { text, lang } = scene
  const { room } = text
  const { downMs, countedMs, outsideHoursMs, excludedMs } = count
  const length = (ms: number): string => durationText(ms, lang)
  const terms = scene.termsOf(incident.contract)
  const role = partyOf(terms, incident.answeredBy)?.role
  const isForeign = role === 'customer' || role === 'customer-department' || role === 'third-party'
  return [
    countedMs === 0 ? room.countsNot : room.counts({ counted: length(countedMs), down: length(downMs) }),
    ...(outsideHoursMs > 0 ? [room.outside(length(outsideHoursMs))] : []),
    ...(excludedMs > 0 ? [room.excused(length(excludedMs))] : []),
    ...(isForeign ? [room.foreign(partyOf(terms, incident.owner)?.name ?? incident.owner)] : []),
  ].join(' ')
}

/** Of those who may see it: what the outage has cost by each model. */
export function Cost({ incident, losses, scene }: Props & { losses: readonly LossView[] }) {
  const { text, lang } = scene
  const lines = losses.flatMap(({ model, currency, lines: all }) =>
    all
      .filter(({ service, onsetAt }) => service === incident.service && onsetAt === incident.onsetAt)
      .map(({ amount }) => ({ model, currency, amount })),
  )
  if (lines.length === 0) return null
  return (
    <section class="sheet">
      <h2>{text.room.cost}</h2>
      <dl class="facts">
        {lines.map(({ model, currency, amount }) => (
          <Fact term={model}>{moneyText({ amount, currency }, lang)}</Fact>
        ))}
      </dl>
      <p class="note">{text.room.costHelp}</p>
    </section>
  )
}
