/**
 * Schedules: what one guarantee that was not met is worth, before every other rule. Pure and exact.
 * The figure that looks up a tier is the binding one, rounded first where the contract says so.
 */
import { invariant } from '@constat/shared/fault'
import type { CreditSchedule, CreditTerms, ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { latePenalty, poolCredit, stepPercent, tierOf } from '../credit.ts'
import {
  ceiling,
  decimal,
  decimalText,
  floor,
  fraction,
  least,
  minus,
  percent,
  product,
  sum,
  truncatedText,
  ZERO,
  type Fraction,
} from '../fraction.ts'
import { countsOf, type LatencyTally } from '../latency.ts'
import type { GuaranteeResult } from '../judgement/result.ts'
import type { Figure } from '../figures.ts'

export type Scheduled = { amount: Fraction; text: string }

export type ScheduleContext = {
  result: GuaranteeResult
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
  const monthly = terms.charges?.monthly ?? []
  const own = monthly.filter(({ service }) => service === guarantee.service)
  const counted = base === 'monthly-charge-of-contract' || own.length === 0 ? monthly : own
  const charge = sum(...counted.map(({ amount }) => decimal(amount)))
  return product(charge, fraction(monthsOf(guarantee)))
}

/** How many monthly charges a window of the guarantee stands for. */
export function monthsOf({ window }: Pick<GuaranteeTerms, 'window'>): number {
  return MONTHS[window.period]
}

export function scheduled(schedule: CreditSchedule, context: ScheduleContext): Scheduled {
  const { base } = context
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
  const figure = rounded(bindingPercent(context), context.terms)
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
    const figure = rounded(bindingPercent(context), context.terms)
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
  const late = latePieces(context).map((ms) => fraction(ms, perMs))
  if (partialStep === undefined) return sum(...late)
  return sum(...late.map((one) => fraction(partialStep === 'up' ? ceiling(one) : floor(one))))
}

function stepped(
  { perMs, percent: each, partialStep, capPercent }: ScheduleOf<'step'>,
  context: ScheduleContext,
): Scheduled {
  const rule = { per: fraction(perMs), percent: decimal(each), partialStep, cap: null }
  const steps = latePieces(context).map((ms) => stepPercent(rule, fraction(ms)))
  const total = sum(...steps)
  const limited = capPercent === null ? total : least(total, decimal(capPercent))
  const late = latePieces(context).filter((ms) => ms > 0)
  return ofBase(
    limited,
    context.base,
    `${late.length} × late, ${each} % for each step of ${perMs / 60_000} min`,
  )
}

function linear({ percentPerPoint, capPercent }: ScheduleOf<'linear'>, context: ScheduleContext): Scheduled {
  const { guarantee } = context
  invariant('percent' in guarantee.target, 'a linear schedule rests on a percentage')
  const missing = minus(decimal(guarantee.target.percent), bindingPercent(context))
  const share = product(missing.n < 0n ? ZERO : missing, decimal(percentPerPoint))
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

/** The binding figure in percent, exact. */
export function bindingPercent({ result, terms }: ScheduleContext): Fraction {
  const figure = terms.measurement.bindingFigure
  const { measure, committedMs } = result
  switch (measure.kind) {
    case 'downtime':
      // Of the whole window: one that is still open owes at least this much.
      return committedMs === 0
        ? HUNDRED
        : fraction(BigInt(committedMs - measure.downMs[figure]) * 100n, BigInt(committedMs))
    case 'share':
      return shareOf(measure, figure)
    case 'mean':
      return decimal(measure.availability[figure] ?? '100')
    case 'timing':
    case 'count':
      return HUNDRED
  }
}

function shareOf(tally: LatencyTally, figure: Figure): Fraction {
  const { n, within } = countsOf(tally, figure)
  return n === 0 ? HUNDRED : fraction(within * 100, n)
}

function rounded(value: Fraction, { measurement }: ExpandedContract): Fraction {
  const { verdict } = measurement.rounding
  if (verdict === 'none') return value
  const scale = 10n ** BigInt(verdict.digits)
  const scaled = fraction(value.n * scale, value.d)
  const half = verdict.mode === 'half-up' ? fraction(1, 2) : ZERO
  return fraction(floor(sum(scaled, half)), scale)
}

/** How late, ms: each incident beyond what it may take, or all downtime beyond the allowance. */
function latePieces({ result, terms }: ScheduleContext): number[] {
  const figure = terms.measurement.bindingFigure
  const { measure } = result
  if (measure.kind === 'timing') {
    return measure.perIncident.map(({ ms }) => Math.max(0, (ms?.[figure] ?? 0) - measure.eachMs))
  }
  return measure.kind === 'downtime' ? [Math.max(0, measure.budget.spentMs - measure.budget.allowedMs)] : [0]
}

/** For people: at most four digits. */
function short(value: Fraction): string {
  const text = truncatedText(value, 4)
  return text.replace(/\.?0+$/, '')
}
