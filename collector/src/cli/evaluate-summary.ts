/**
 * What `constat evaluate` says to people on a terminal: each verdict with the figures it rests on, the money,
 * and what was given in vain. Everything else stands in the JSON. Pure.
 */
import { lengthText } from '@constat/sla/length'
import { entryOf } from '@constat/sla/metric/table'
import type { GuaranteeAnswer, ScenarioAnswer } from '@constat/sla/scenario/answer'

export function summaryLines(answer: ScenarioAnswer): string[] {
  const { services, guarantees, calendars, exclusions, losses, reconciliation, notes } = answer
  const judged = new Set(guarantees.map(({ service }) => service))
  return [
    ...windowLines(answer),
    ...guarantees.flatMap(guaranteeLines),
    ...services.filter(({ service }) => !judged.has(service)).map(serviceLine),
    ...(guarantees.length + services.length > 0 ? [] : calendars.map(calendarLine)),
    ...exclusions.map(exclusionLine),
    ...creditLines(answer),
    ...losses.map(({ model, total, currency }) => `loss by ${model}: ${total} ${currency}`),
    ...reconciliation.map(reconciliationLine),
    ...answer.policies.map(({ policy, service, says }) => `${policy} would say of ${service}: ${says}`),
    ...notes.map(({ path, message }) => `note: ${path === '' ? '' : `${path}: `}${message}`),
    'As JSON: --json.',
  ]
}

function windowLines({ window }: ScenarioAnswer): string[] {
  if (!window) return []
  const [start, end, asOf] = [window.startMs, window.endMs, window.asOfMs].map((atMs) => {
    return new Date(atMs).toISOString()
  })
  return [`${start} to ${end}, ${window.phase === 'open' ? `open, as of ${asOf}` : 'closed'}`]
}

function guaranteeLines(one: GuaranteeAnswer): string[] {
  const { guarantee, service, clause, verdict, outlook, insufficientEvidence, coverage, blockedMs, sites } =
    one
  const cited = clause === null ? service : `${service}, ${clause}`
  const standing = [words(verdict), ...(outlook === null ? [] : [words(outlook)])].join(', ')
  const thin = insufficientEvidence ? ', insufficient evidence' : ''
  const seen = coverage === null ? '' : `; coverage ${coverage}${blockedText(blockedMs)}`
  const placed = sites.map(({ site, ...score }) => `  ${site}: ${words(score.verdict)}`)
  return [
    `${guarantee} (${cited}): ${standing}${thin}`,
    `  ${entryOf(one.metric).brief(one, one.target)}${seen}`,
    ...placed,
  ]
}

/** What stands beside the coverage at a terminal: nothing where nothing was blocked. */
export function blockedText(blockedMs: number | null): string {
  return blockedMs === null || blockedMs === 0 ? '' : `, blocked ${lengthText(blockedMs)} (unknown, not up)`
}

function percentText(percent: string | null): string {
  return percent === null ? 'nothing' : `${percent} %`
}

function serviceLine({
  service,
  downMs,
  availability,
  blockedMs,
}: ScenarioAnswer['services'][number]): string {
  return `${service}: ${percentText(availability.point)}, down ${lengthText(downMs.point)} measured${blockedText(blockedMs)}`
}

function calendarLine({ calendar, committedMs }: ScenarioAnswer['calendars'][number]): string {
  return `${calendar}: ${lengthText(committedMs)} of service`
}

function exclusionLine({ id, kind, standing, refusals }: ScenarioAnswer['exclusions'][number]): string {
  const why = refusals.length === 0 ? '' : ` (${refusals.map(words).join(', ')})`
  return `exclusion ${id}, ${kind}: ${standing}${why}`
}

function creditLines({ credits }: ScenarioAnswer): string[] {
  if (!credits) return []
  const { currency, total, lines, claim, rights } = credits
  return [
    `credit: ${total} ${currency}${claim && lines.length > 0 ? `, to be claimed before ${claim.deadline}` : ''}`,
    ...lines.map(({ clause, rule, text, amount }) => `  ${clause ?? words(rule)}: ${text}: ${amount}`),
    ...rights.map(({ right, text }) => `  right to ${words(right)}: ${text}`),
  ]
}

function reconciliationLine({ guarantee, downMs }: ScenarioAnswer['reconciliation'][number]): string {
  const stated = lengthText(downMs.reported ?? downMs.stated)
  return `statement on ${guarantee}: ${stated} stated, ${lengthText(downMs.measured)} measured, ${lengthText(downMs.both)} both`
}

/** `not_met`, `terminate-service` as people write them. */
function words(name: string): string {
  return name.replaceAll(/[-_]/g, ' ')
}
