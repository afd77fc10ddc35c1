/** Rights of chronic failure: what repeated or long outages entitle to beyond the credit. Pure. */
import type { ChronicRule, CreditTerms } from '../contract/expanded.ts'
import { isChronic, isChronicFailure } from '../chronic.ts'
import { fraction } from '../fraction.ts'
import type { CreditQuestion } from './statement.ts'

export type ChronicRight = { id: string; right: string; clause: string | null; text: string }

const DAY_MS = 86_400_000

/** Rights that stand at the end of this window. */
export function rightsOf(question: CreditQuestion, credits: CreditTerms): ChronicRight[] {
  return credits.chronic.flatMap((rule) => {
    const text =
      rule.kind === 'failed-windows' ? failedWindows(rule, question, credits) : outages(rule, question)
    return text === null ? [] : [{ id: rule.id, right: rule.right, clause: credits.clause, text }]
  })
}

function failedWindows(
  rule: Extract<ChronicRule, { kind: 'failed-windows' }>,
  { judged, history, absentMs }: CreditQuestion,
  credits: CreditTerms,
): string | null {
  const now = judged.find(({ result }) => result.guarantee === rule.guarantee)?.result
  if (!now) return null
  const past = (history.get(rule.guarantee) ?? []).map(({ verdict }) => verdict === 'not_met')
  const { misreport } = credits
  const isMisreported =
    misreport?.countsAs === 'additional-failure' &&
    (absentMs?.get(now.service) ?? []).some((ms) => ms > misreport.absentOutageOverMs)
  // An outage left out of the statement is one more failure, beside that of the window itself.
  const windows = [...past, ...(isMisreported ? [true] : []), now.verdict === 'not_met']
  const { failedWindows: failures, consecutive, within } = rule
  if (!isChronicFailure(windows, { failures, consecutive, within })) return null
  return `not met ${failures} times${consecutive ? ' in a row' : ` within ${within ?? windows.length} windows`}`
}

function outages(
  rule: Extract<ChronicRule, { kind: 'outages' }>,
  { judged, asOfMs }: CreditQuestion,
): string | null {
  const fromMs = asOfMs - rule.withinDays * DAY_MS
  const seen = new Map<number, number>()
  for (const { result, incidents } of judged) {
    if (result.service !== rule.service) continue
    for (const { onsetMs, endMs } of incidents) {
      if (onsetMs >= fromMs) seen.set(onsetMs, (endMs ?? asOfMs) - onsetMs)
    }
  }
  const lengths = [...seen.values()].map((ms) => fraction(ms))
  const { count, eachOverMs, aggregateOverMs } = rule
  const aggregate = aggregateOverMs === null ? null : fraction(aggregateOverMs)
  if (!isChronic(lengths, { count, each: fraction(eachOverMs), aggregate })) return null
  return `${lengths.length} outage(s) within ${rule.withinDays} days`
}
