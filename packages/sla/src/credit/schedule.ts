/**
 * Schedules: what one guarantee that was not met is worth, before every other rule. Pure and exact.
 * Money follows from the binding figure as a fraction, never from how it is written. Where the contract rounds
 * that figure before credit, every schedule that rests on a percentage sees the rounded one: what it keeps of
 * the promise costs nothing.
 */
import { invariant } from '@constat/shared/fault'
import type { CreditSchedule, CreditTerms, ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { latePenalty, poolCredit, stepPercent, tierOf } from '../credit.ts'
import {
  ceiling,
  compare,
  decimal,
  decimalText,
  floor,
  fraction,
  least,
  minus,
  most,
  percent,
  product,
  ratio,
  sum,
  truncatedText,
  ZERO,
  type Fraction,
} from '../fraction.ts'
import type { GuaranteeResult } from '../judgement/result.ts'
import { entryOf } from '../metric/table.ts'

export type Scheduled = { amount: Fraction; text: string }

export type ScheduleContext = {
  result: GuaranteeResult
  /** Percent that somebody stated, in place of what was measured; null: as measured. */
  stated: string | null
  guarantee: GuaranteeTerms
  /** The charge that percentages are of, over the whole window. */
  base: Fraction
  /** Windows in a row that failed before this one. */
  failuresBefore: number
  terms: ExpandedContract
}

const HUNDRED = fraction(100)
/** Months of a period: charges are monthly. Shorter windows are credited against a month's charge. */
const MONTHS: Record<GuaranteeTerms['window']['period'], number> = { P1D: 1, P1W: 1, P1M: 1, P3M: 3, P1Y: 12 }

export function baseOf(given: {
  terms: ExpandedContract
  guarantee: GuaranteeTerms
  base: CreditTerms['base']
}): Fraction {
  const { terms, guarantee, base } = given
  const service = base === 'monthly-charge-of-contract' ? null : guarantee.service
  return product(monthlyCharge(terms, service), fraction(monthsOf(guarantee)))
}

/**
 * What is charged each month for one service, or for all (null). A charge of the whole contract holds those of
 * its services: they are never added to it. A service without a charge of its own is in that of the contract.
 */
export function monthlyCharge({ charges }: ExpandedContract, service: string | null): Fraction {
  const monthly = charges?.monthly ?? []
  const own = service === null ? [] : monthly.filter((one) => one.service === service)
  const whole = monthly.filter((one) => one.service === null)
  const counted = [own, whole, monthly].find((some) => some.length > 0) ?? []
  return sum(...counted.map(({ amount }) => decimal(amount)))
}

/** How many monthly charges a window of the guarantee stands for. */
export function monthsOf({ window }: Pick<GuaranteeTerms, 'window'>): number {
  return MONTHS[window.period]
}

export function scheduled(schedule: CreditSchedule, context: ScheduleContext): Scheduled {
  const { base } = context
  const kept = keptByRounding(context)
  if (kept !== null) return { amount: ZERO, text: kept }
  switch (schedule.kind) {
    case 'tiers':
      return tiered(schedule, context)
    case 'flat':
      return ofBase(decimal(schedule.percent), base, 'not met')
    case 'step':
      return stepped(schedule, context)
    case 'linear':
      return linear(schedule, context)
    case 'late-restoration': {
      const late = lateUnits(schedule, context)
      const amount = latePenalty({ value: base, late, divisor: decimal(schedule.divisor) })
      const text = `V × R ÷ ${schedule.divisor}: R = ${short(late)}`
      return { amount: capped(amount, { base, capPercent: schedule.capPercent }), text }
    }
    case 'points': {
      const counted = pointsOf(schedule, context)
      return {
        amount: product(fraction(counted), decimal(schedule.amountPerPoint)),
        text: `${counted} points × ${schedule.amountPerPoint}`,
      }
    }
    case 'pool': {
      const { atRiskPercent, poolPercent, allocationPercent } = schedule
      const shares = {
        atRisk: decimal(atRiskPercent),
        pool: decimal(poolPercent),
        allocation: decimal(allocationPercent),
      }
      const text = `${atRiskPercent} % at risk × ${poolPercent} % of the pool × ${allocationPercent} % of it`
      return { amount: poolCredit(base, shares), text }
    }
  }
}

type ScheduleOf<K extends CreditSchedule['kind']> = Extract<CreditSchedule, { kind: K }>

function tiered({ tiers }: ScheduleOf<'tiers'>, context: ScheduleContext): Scheduled {
  const figure = creditedPercent(context)
  const reached = tierOf(
    tiers.map(({ from, percent: credit }) => ({ from: decimal(from), credit })),
    figure,
  )
  invariant(reached, 'tiers reach down to 0')
  const said = `${truncatedText(figure, 4)} % reached, from ${decimalText(reached.from)} %`
  return ofBase(decimal(reached.credit), context.base, said)
}

/** Points by how far the target was missed, or the same each time and more when it is missed again. */
function pointsOf({ points, repeatPoints }: ScheduleOf<'points'>, context: ScheduleContext): number {
  if (typeof points !== 'number') {
    const figure = creditedPercent(context)
    const reached = tierOf(
      points.map(({ from, points: credit }) => ({ from: decimal(from), credit })),
      figure,
    )
    invariant(reached, 'tiers of points reach down to 0')
    return reached.credit
  }
  const repeated = repeatPoints[Math.min(context.failuresBefore, repeatPoints.length) - 1]
  return context.failuresBefore > 0 ? (repeated ?? points) : points
}

/** R of P = V × R: exact, or in whole units where the contract counts a part as a whole or as nothing. */
function lateUnits(
  { perMs, partialStep }: ScheduleOf<'late-restoration'>,
  context: ScheduleContext,
): Fraction {
  const late = latePieces(context).map((ms) => ratio(ms, fraction(perMs)))
  if (partialStep === undefined) return sum(...late)
  return sum(...late.map((one) => fraction(partialStep === 'up' ? ceiling(one) : floor(one))))
}

function stepped(
  { perMs, percent: each, partialStep, capPercent }: ScheduleOf<'step'>,
  context: ScheduleContext,
): Scheduled {
  const rule = { per: fraction(perMs), percent: decimal(each), partialStep, cap: null }
  const late = latePieces(context)
  const total = sum(...late.map((ms) => stepPercent(rule, ms)))
  const limited = capPercent === null ? total : least(total, decimal(capPercent))
  return ofBase(
    limited,
    context.base,
    `${late.length} × late, ${each} % for each step of ${perMs / 60_000} min`,
  )
}

function linear({ percentPerPoint, capPercent }: ScheduleOf<'linear'>, context: ScheduleContext): Scheduled {
  const { guarantee } = context
  invariant('percent' in guarantee.target, 'a linear schedule rests on a percentage')
  const missing = most(ZERO, minus(decimal(guarantee.target.percent), creditedPercent(context)))
  const share = product(missing, decimal(percentPerPoint))
  const limited = capPercent === null ? share : least(share, decimal(capPercent))
  return ofBase(limited, context.base, `${short(missing)} points below ${guarantee.target.percent} %`)
}

function ofBase(share: Fraction, base: Fraction, why: string): Scheduled {
  return { amount: product(percent(share), base), text: `${why}: ${short(share)} % of ${short(base)}` }
}

function capped(
  amount: Fraction,
  { base, capPercent }: { base: Fraction; capPercent: string | null },
): Fraction {
  return capPercent === null ? amount : least(amount, product(base, percent(decimal(capPercent))))
}

/**
 * The binding figure in percent, exact. Of the whole window: whatever is still to come, one that is open owes
 * at least this much at its close.
 */
function bindingPercent({ result, stated, terms }: ScheduleContext): Fraction {
  if (stated !== null) return decimal(stated)
  const { metric, measure, committedMs } = result
  return entryOf(metric).percent(measure, terms.measurement.bindingFigure, committedMs) ?? HUNDRED
}

/** The figure that credit follows from. */
function creditedPercent(context: ScheduleContext): Fraction {
  const value = bindingPercent(context)
  const { verdict } = context.terms.measurement.rounding
  if (verdict === 'none') return value
  const scale = 10n ** BigInt(verdict.digits)
  const scaled = fraction(value.n * scale, value.d)
  const half = verdict.mode === 'half-up' ? fraction(1, 2) : ZERO
  return fraction(floor(sum(scaled, half)), scale)
}

/** Says so where the rounded figure keeps the promise that the exact one misses; null anywhere else. */
function keptByRounding(context: ScheduleContext): string | null {
  const { guarantee, terms } = context
  const { verdict } = terms.measurement.rounding
  if (verdict === 'none' || !('percent' in guarantee.target)) return null
  const figure = creditedPercent(context)
  if (compare(figure, decimal(guarantee.target.percent)) < 0) return null
  return `${decimalText(figure)} % to ${verdict.digits} digits keep ${guarantee.target.percent} %`
}

/** How late, ms: each incident beyond what it may take, or all downtime beyond what the target allows. */
function latePieces(context: ScheduleContext): Fraction[] {
  const { result, guarantee, terms } = context
  const { metric, measure, committedMs } = result
  const late = entryOf(metric).lateMs(measure, terms.measurement.bindingFigure)
  if (late !== null || !('percent' in guarantee.target)) return late ?? []
  const missing = minus(decimal(guarantee.target.percent), creditedPercent(context))
  return missing.n <= 0n ? [] : [product(percent(missing), fraction(committedMs))]
}

/** For people: at most four digits. */
function short(value: Fraction): string {
  const text = truncatedText(value, 4)
  return text.replace(/\.?0+$/, '')
}
