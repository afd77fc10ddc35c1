/**
 * Rights of chronic failure: what repeated or long outages entitle to beyond the credit. Pure.
 * Outages count by their committed time, by the binding figure, in any stretch of days that ends in this window.
 */
import { clip, formatInstant, totalMs, type UnixMs } from '@constat/shared/time'
import type { ChronicRule, CreditTerms, DayCount, ExpandedContract } from '../contract/expanded.ts'
import type { Figure } from '../figures.ts'
import { compare, fraction, sum, type Fraction } from '../fraction.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import type { Judged } from '../judgement/judge-guarantee.ts'
import type { Verdict } from '../verdict.ts'
import { dayEnd } from './claim.ts'

export type ChronicRight = { id: string; right: string; clause: string | null; text: string }

/** `ms`: committed time of the outage by the binding figure. */
export type OutageLength = { onsetMs: UnixMs; ms: number }

export type RightsQuestion = {
  terms: ExpandedContract
  /** Those of one window. */
  judged: readonly Pick<Judged, 'result' | 'incidents' | 'commitment'>[]
  /** By guarantee, oldest first. */
  history: ReadonlyMap<string, readonly { verdict: Verdict }[]>
  /** Outages of a service that the provider's statement leaves out, ms each; null: no statement. */
  absentMs: ReadonlyMap<string, readonly number[]> | null
  /** By service: outages of the windows before, as `outagesOf` measures them. */
  earlier: ReadonlyMap<string, readonly OutageLength[]>
}

const DAY_MS = 86_400_000

/** Rights that stand at the end of this window. */
export function rightsOf(question: RightsQuestion, credits: CreditTerms): ChronicRight[] {
  return credits.chronic.flatMap((rule) => {
    const text =
      rule.kind === 'failed-windows' ? failedWindows(rule, question, credits) : outages(rule, question)
    return text === null ? [] : [{ id: rule.id, right: rule.right, clause: credits.clause, text }]
  })
}

function failedWindows(
  rule: Extract<ChronicRule, { kind: 'failed-windows' }>,
  { judged, history, absentMs }: RightsQuestion,
  credits: CreditTerms,
): string | null {
  const now = judged.find(({ result }) => result.guarantee === rule.guarantee)?.result
  if (!now) return null
  const past = (history.get(rule.guarantee) ?? []).map(({ verdict }) => verdict === 'not_met')
  const { misreport } = credits
  const isMisreported =
    misreport?.countsAs === 'additional-failure' &&
    (absentMs?.get(now.service) ?? []).some((ms) => ms > misreport.absentOutageOverMs)
  const windows = [...past, now.verdict === 'not_met']
  // An outage left out of the statement is one more failure. It takes no window's place among the last ones.
  const failures = Math.max(1, rule.failedWindows - (isMisreported ? 1 : 0))
  const { consecutive, within } = rule
  const stands =
    (isMisreported && rule.failedWindows === 1) ||
    isChronicFailure(windows, { failures, consecutive, within })
  if (!stands) return null
  const how = consecutive ? ' in a row' : ` within ${within ?? windows.length} windows`
  return `not met ${failures} times${how}${isMisreported ? ', and an outage left out of the statement' : ''}`
}

function outages(rule: Extract<ChronicRule, { kind: 'outages' }>, question: RightsQuestion): string | null {
  const { count, eachOverMs, aggregateOverMs, withinDays, service } = rule
  const aggregate = aggregateOverMs === null ? null : fraction(aggregateOverMs)
  const own = outagesOf(service, question)
  const all = [...(question.earlier.get(service) ?? []), ...own]
  for (const last of own) {
    const stretch = all.filter(
      ({ onsetMs }) => last.onsetMs - withinDays * DAY_MS < onsetMs && onsetMs <= last.onsetMs,
    )
    const lengths = stretch.map(({ ms }) => fraction(ms))
    if (!isChronic(lengths, { count, each: fraction(eachOverMs), aggregate })) continue
    const told = `${stretch.length} outage(s) within ${withinDays} days`
    return rule.notice ? `${told}; to be used before ${noticeEnd(rule.notice, last.onsetMs, question)}` : told
  }
  return null
}

/** By the clock of the contract's first guarantee, as claims are. */
function noticeEnd(notice: DayCount, fromMs: UnixMs, { terms }: RightsQuestion): string {
  const timeZone = terms.guarantees[0]?.window.timeZone ?? 'UTC'
  return formatInstant(dayEnd(terms, notice, { fromMs, timeZone }))
}

/** Of this window, in order: each as long as the guarantee that it hits longest has it. */
export function outagesOf(
  service: string,
  { terms, judged }: Pick<RightsQuestion, 'terms' | 'judged'>,
): OutageLength[] {
  const figure = terms.measurement.bindingFigure
  const seen = new Map<UnixMs, number>()
  for (const { result, incidents, commitment } of judged) {
    if (result.service !== service) continue
    for (const incident of incidents) {
      const lengths = spansOf(incident, figure).map((span) => totalMs(clip(commitment.committed, span)))
      seen.set(incident.onsetMs, Math.max(seen.get(incident.onsetMs) ?? 0, ...lengths))
    }
  }
  const found = [...seen].map(([onsetMs, ms]) => ({ onsetMs, ms }))
  return found.filter(({ ms }) => ms > 0).sort((a, b) => a.onsetMs - b.onsetMs)
}

function spansOf({ onsetMs, endMs, proved, possible }: IncidentFacts, figure: Figure) {
  switch (figure) {
    case 'provable':
      return proved
    case 'point':
      // One that is open lasts as far as anybody has looked.
      return [{ startMs: onsetMs, endMs: endMs ?? possible.endMs }]
    case 'pessimistic':
      return [possible]
  }
}

/** Lengths in one unit. `each` and `aggregate` must be exceeded, not reached. */
type OutageRule = { count: number; each: Fraction; aggregate: Fraction | null }

export function isChronic(outages: readonly Fraction[], { count, each, aggregate }: OutageRule): boolean {
  const long = outages.filter((outage) => compare(outage, each) > 0)
  return long.length >= count || (aggregate !== null && compare(sum(...outages), aggregate) > 0)
}

/** Failed windows in order of time: `failures` in a row, or within the last `within` windows. */
type WindowRule = { failures: number; consecutive: boolean; within: number | null }

/** Whether the right stands at the end of the last window. */
export function isChronicFailure(
  failed: readonly boolean[],
  { failures, consecutive, within }: WindowRule,
): boolean {
  const recent = failed.slice(-Math.min(failed.length, consecutive ? failures : (within ?? failed.length)))
  return recent.filter(Boolean).length >= failures
}
