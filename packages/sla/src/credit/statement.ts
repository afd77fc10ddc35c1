/**
 * The credit statement of one window: what each guarantee that was not met is worth, line by line with the
 * clause each line rests on, then what repetition adds and what sameness and caps take away. Pure and exact:
 * money is rounded once a line, by the contract's own rule, and the total is the sum of the lines.
 * A credit is theoretical until a person notifies it. (spec: credits and loss)
 */
import { clip, type UnixMs } from '@constat/shared/time'
import type { CreditTerms, ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { compare, decimal, fraction, least, minus, percent, product, sum, ZERO } from '../fraction.ts'
import type { Fraction } from '../fraction.ts'
import type { GuaranteeResult } from '../judgement/result.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import { entryOf } from '../metric/table.ts'
import type { Verdict } from '../verdict.ts'
import { rightsOf, type ChronicRight, type RightsQuestion } from './chronic-rights.ts'
import { moneyText } from './money.ts'
import { baseOf, monthlyCharge, monthsOf, scheduled, type Scheduled } from './schedule.ts'

export const CREDIT_RULES = ['schedule', 'same-cause', 'repeat', 'earn-back', 'cap', 'misreport'] as const
export type CreditRule = (typeof CREDIT_RULES)[number]

export type CreditLine = {
  /** Null: a line over all guarantees. */
  guarantee: string | null
  service: string | null
  clause: string | null
  rule: CreditRule
  text: string
  /** Decimal text in the contract's currency; what takes away is negative. */
  amount: string
}

export type CreditStatement = {
  currency: string
  tax: 'outside-vat' | 'vat-included' | 'vat-excluded'
  lines: CreditLine[]
  total: string
  /** By guarantee, after every rule but the caps over several. */
  byGuarantee: Record<string, string>
  /** Whether the credit settles the loss. */
  exclusive: boolean
  rights: ChronicRight[]
}

/** A window judged before. */
export type PastWindow = { verdict: Verdict; credit: string | null }

export type CreditQuestion = Omit<RightsQuestion, 'history' | 'judged'> & {
  /** Those of one window. `percent`: the figure to credit by, where it was stated and not measured. */
  judged: readonly (RightsQuestion['judged'][number] & { percent?: string | null })[]
  /** By guarantee, oldest first. */
  history: ReadonlyMap<string, readonly PastWindow[]>
}

/** Null where the contract has no credits or names no charges. */
export function creditStatement(question: CreditQuestion): CreditStatement | null {
  const { terms } = question
  const { credits, charges } = terms
  if (!credits || !charges) return null
  const drafts = withoutSameCause(
    question.judged.flatMap((one) => draftOf(one, question, credits)),
    credits,
  )
  const lines = drafts.flatMap((draft) => draftLines(draft, credits))
  const earned = question.judged.flatMap(({ result }) => earnBack(result, question, credits))
  const absent = misreported(question, credits)
  const all = [...lines, ...earned, ...absent]
  const months = Math.max(1, ...drafts.map(({ guarantee }) => monthsOf(guarantee)))
  const capped = [...all, ...capLines(all, { terms, credits, months })]
  const money = (value: Fraction): string => moneyText(value, credits.rounding)
  return {
    currency: charges.currency,
    tax: charges.tax,
    lines: capped,
    total: money(totalOf(capped)),
    byGuarantee: Object.fromEntries(
      question.judged.map(({ result: { guarantee } }) => [
        guarantee,
        money(totalOf(capped.filter((one) => one.guarantee === guarantee))),
      ]),
    ),
    exclusive: credits.exclusive,
    rights: rightsOf(question, credits),
  }
}

type Draft = Scheduled & {
  guarantee: GuaranteeTerms
  /** Onsets of the incidents that made it fail. */
  causes: readonly UnixMs[]
  isRepeated: boolean
  /** The guarantee that pays for the same incident; null: this one pays. */
  paidUnder: string | null
}

type One = CreditQuestion['judged'][number]

function draftOf(one: One, { terms, history }: CreditQuestion, credits: CreditTerms): Draft[] {
  const { result } = one
  const guarantee = terms.guarantees.find(({ id }) => id === result.guarantee)
  const schedule = credits.schedules[result.guarantee]
  if (!guarantee || !schedule || result.verdict !== 'not_met') return []
  const past = history.get(guarantee.id) ?? []
  const failuresBefore = trailingFailures(past)
  const base = baseOf({ terms, guarantee, base: credits.base })
  const { percent: stated = null } = one
  const worth = scheduled(schedule, { result, stated, guarantee, base, failuresBefore, terms })
  const isRepeated = credits.repeat?.whenFailedInPreviousWindow === true && failuresBefore > 0
  return [{ ...worth, guarantee, causes: causesOf(one), isRepeated, paidUnder: null }]
}

export function trailingFailures(past: readonly PastWindow[]): number {
  const lastKept = past.findLastIndex(({ verdict }) => verdict !== 'not_met')
  return past.length - 1 - lastKept
}

function causesOf({ result: { metric, measure }, incidents, commitment }: One): UnixMs[] {
  // What lies outside the promised time made nothing fail.
  const isPromised = ({ onsetMs, endMs, possible }: IncidentFacts): boolean =>
    clip(commitment.committed, { startMs: onsetMs, endMs: endMs ?? possible.endMs }).length > 0
  return entryOf(metric).failedBy(measure) ?? incidents.filter(isPromised).map(({ onsetMs }) => onsetMs)
}

/** One incident is paid under one guarantee: the dearest of those it made fail. */
function withoutSameCause(drafts: readonly Draft[], credits: CreditTerms): Draft[] {
  if (credits.sameCause === 'cumulative') return [...drafts]
  // Of two of one worth the id decides, so that the order of the contract does not.
  const ordered = drafts.toSorted(
    (a, b) => compare(worthOf(b, credits), worthOf(a, credits)) || (a.guarantee.id < b.guarantee.id ? -1 : 1),
  )
  const paid = new Map<string, string>()
  const decided = ordered.map((draft) => {
    const keys = draft.causes.map((onsetMs) => `${draft.guarantee.service}/${onsetMs}`)
    const paidUnder = keys.map((key) => paid.get(key)).find((one) => one !== undefined) ?? null
    if (paidUnder === null) for (const key of keys) paid.set(key, draft.guarantee.id)
    return { ...draft, paidUnder }
  })
  // Lines stand in the order of the contract.
  return drafts.map(({ guarantee }) => decided.find((one) => one.guarantee.id === guarantee.id)!)
}

function worthOf({ amount, isRepeated }: Draft, { repeat }: CreditTerms): Fraction {
  return isRepeated && repeat ? product(amount, decimal(repeat.multiplier)) : amount
}

function draftLines(draft: Draft, credits: CreditTerms): CreditLine[] {
  const { guarantee, amount, text, paidUnder, isRepeated } = draft
  const money = (value: Fraction): string => moneyText(value, credits.rounding)
  const base = {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: credits.clause ?? guarantee.clause,
  }
  const lines: CreditLine[] = [{ ...base, rule: 'schedule', text, amount: money(amount) }]
  if (isRepeated && credits.repeat) {
    const { multiplier } = credits.repeat
    const added = minus(worthOf(draft, credits), amount)
    lines.push({
      ...base,
      rule: 'repeat',
      text: `not met in the window before either: × ${multiplier}`,
      amount: money(added),
    })
  }
  if (paidUnder !== null) {
    const taken = minus(ZERO, totalOf(lines))
    const said = `the same incident is paid under ${paidUnder}: the highest only`
    lines.push({ ...base, rule: 'same-cause', text: said, amount: money(taken) })
  }
  return lines
}

/** A failure is earned back by the windows after it that were all met, this one being the last of them. */
function earnBack(
  result: GuaranteeResult,
  { history, terms }: CreditQuestion,
  credits: CreditTerms,
): CreditLine[] {
  const rule = credits.earnBack
  if (!rule || result.verdict !== 'met') return []
  const past = history.get(result.guarantee) ?? []
  const failed = past.at(-rule.windowsMet)
  const between = past.slice(past.length - rule.windowsMet + 1)
  if (failed?.verdict !== 'not_met' || between.some(({ verdict }) => verdict !== 'met')) return []
  const back = product(percent(decimal(rule.percent)), decimal(failed.credit ?? '0'))
  const text = `${rule.percent} % earned back: met in ${rule.windowsMet} windows since`
  const clause = credits.clause ?? terms.guarantees.find(({ id }) => id === result.guarantee)?.clause ?? null
  const amount = moneyText(minus(ZERO, back), credits.rounding)
  return [{ guarantee: result.guarantee, service: result.service, clause, rule: 'earn-back', text, amount }]
}

/** What the statement left out is told; it counts where the contract says that it is one more failure. */
function misreported({ absentMs, judged }: CreditQuestion, credits: CreditTerms): CreditLine[] {
  const rule = credits.misreport
  if (!rule || !absentMs) return []
  return judged.flatMap(({ result }) => {
    const long = (absentMs.get(result.service) ?? []).filter((ms) => ms > rule.absentOutageOverMs)
    if (long.length === 0 || result.metric !== 'interval-availability') return []
    const counts = rule.countsAs === 'additional-failure' ? 'counts as one more failure' : 'noted'
    const text = `${long.length} outage(s) absent from the provider's statement: ${counts}`
    const line = { guarantee: result.guarantee, service: result.service, clause: credits.clause, text }
    return [{ ...line, rule: 'misreport' as const, amount: moneyText(ZERO, credits.rounding) }]
  })
}

type CapContext = { terms: ExpandedContract; credits: CreditTerms; months: number }

/** What passes the limit is forgone: one negative line for each service, or one over all. */
function capLines(lines: readonly CreditLine[], { terms, credits, months }: CapContext): CreditLine[] {
  const { cap } = credits
  if (!cap) return []
  const share = percent(decimal(cap.percentOfMonthlyCharges))
  const services = cap.scope === 'all-services' ? [null] : [...new Set(lines.map(({ service }) => service))]
  return services.flatMap((service) => {
    const own = service === null ? lines : lines.filter((one) => one.service === service)
    const total = totalOf(own)
    const limit = product(monthlyCharge(terms, service), share, fraction(months))
    const forgone = minus(total, least(total, limit))
    if (forgone.n <= 0n) return []
    const charges = months === 1 ? 'monthly charges' : `charges of ${months} months`
    const text = `limit of ${cap.percentOfMonthlyCharges} % of the ${charges}${service === null ? '' : ` of ${service}`}`
    const amount = moneyText(minus(ZERO, forgone), { ...credits.rounding, money: 'up' })
    return [{ guarantee: null, service, clause: credits.clause, rule: 'cap' as const, text, amount }]
  })
}

function totalOf(lines: readonly Pick<CreditLine, 'amount'>[]): Fraction {
  return sum(...lines.map(({ amount }) => decimal(amount)))
}
