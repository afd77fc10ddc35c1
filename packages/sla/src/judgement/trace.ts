/**
 * Rule trace: clause by clause, what decided a guarantee in a window, in the order in which it was decided.
 * Pure. Sentences for people, derived from the result alone: they never decide anything themselves.
 */
import { formatInstant, totalMs, type Interval } from '@constat/shared/time'
import type { CreditStatement } from '../credit/statement.ts'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import type { Judged } from './judge-guarantee.ts'
import type { Ruling } from './declaration.ts'
import { entryOf } from '../metric/table.ts'

export const TRACE_STEPS = [
  'window',
  'calendar',
  'exclusion',
  'committed-time',
  'figures',
  'binding-figure',
  'target',
  'coverage',
  'verdict',
  'credit',
] as const
export type TraceStepName = (typeof TRACE_STEPS)[number]

export type TraceStep = {
  step: TraceStepName
  /** Null: of the whole window. */
  guarantee: string | null
  clause: string | null
  text: string
}

export type TraceQuestion = {
  terms: ExpandedContract
  revision: number
  guarantee: GuaranteeTerms
  window: Interval & { key: string }
  judged: Judged
}

export function traceOf(question: TraceQuestion): TraceStep[] {
  const { terms, revision, guarantee, window, judged } = question
  const { result, commitment, rulings } = judged
  const { measurement } = terms
  const step = (name: TraceStepName, text: string, clause = guarantee.clause): TraceStep => ({
    step: name,
    guarantee: guarantee.id,
    clause,
    text,
  })
  const span = `${formatInstant(window.startMs)} to ${formatInstant(window.endMs)}`
  return [
    step('window', `${window.key} in ${guarantee.window.timeZone}: ${span}, revision ${revision}`),
    step('calendar', `${totalMs(commitment.inHours)} ms of service hours, calendar ${guarantee.calendar}`),
    ...rulings.map((one) => step('exclusion', rulingText(one), one.clause)),
    step(
      'committed-time',
      `${result.committedMs} ms, ${result.excludedMs} ms excluded (${terms.exclusions.denominatorMode})`,
    ),
    step('figures', entryOf(result.metric).words(result.measure), measurement.clause ?? guarantee.clause),
    step('binding-figure', measurement.bindingFigure, measurement.clause ?? guarantee.clause),
    step('target', targetText(question)),
    step('coverage', coverageText(question), measurement.clause ?? guarantee.clause),
    step(
      'verdict',
      result.insufficientEvidence ? `${result.verdict}, insufficient evidence` : result.verdict,
    ),
  ]
}

/** Lines of money, after the verdicts of all guarantees of the window. */
export function creditTrace(statement: CreditStatement | null): TraceStep[] {
  if (!statement) return []
  const { lines, currency, total } = statement
  const told = lines.map(({ guarantee, clause, rule, text, amount }) => ({
    step: 'credit' as const,
    guarantee,
    clause,
    text: `${rule}: ${text}: ${amount} ${currency}`,
  }))
  return [...told, { step: 'credit', guarantee: null, clause: null, text: `total: ${total} ${currency}` }]
}

function rulingText(ruling: Ruling): string {
  const { id, kind, interval, spans, counts, contested, refusals } = ruling
  const standing = contested ? 'contested' : counts ? 'valid' : 'refused'
  const span = `${formatInstant(interval.startMs)} to ${formatInstant(interval.endMs)}`
  const why = refusals.length === 0 ? '' : ` (${refusals.join(', ')})`
  const excuses = counts ? `, may excuse ${totalMs(spans)} ms` : ''
  return `${id}, ${kind}, ${span}: ${standing}${why}${excuses}`
}

function targetText({ judged, guarantee }: TraceQuestion): string {
  const { measure, target } = judged.result
  const { op } = guarantee.target
  if (!('budget' in measure)) return `${op} ${target}`
  const { allowedMs, spentMs, leftMs } = measure.budget
  return `${op} ${target} %: ${allowedMs} ms allowed, ${spentMs} ms spent, ${leftMs} ms left`
}

function coverageText({ judged, terms }: TraceQuestion): string {
  const { knownMs, elapsedMs, coverage, blockedMs } = judged.result
  const blocked = blockedMs > 0 ? `, ${blockedMs} ms of the rest blocked` : ''
  return `${knownMs} of ${elapsedMs} ms known, ${coverage ?? 'none'}${blocked}; minimum ${terms.measurement.minimumCoverage}`
}
