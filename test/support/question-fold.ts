/**
 * Answers to single questions about the fold and about money: vantages, quorum, outages, percentiles, verdicts,
 * credits, losses, policies. Pure.
 */
import { Fault } from '@constat/shared/fault'
import { OUTCOMES } from '@constat/shared/sample'
import { totalMs, type IntervalSet } from '@constat/shared/time'
import { burnThreshold } from '@constat/sla/budget'
import { isChronic, isChronicFailure } from '@constat/sla/credit/chronic-rights'
import { compose } from '@constat/sla/service-tree'
import * as credit from '@constat/sla/credit'
import { decimalText, fraction, fractionText, ONE, product, truncatedText, ZERO } from '@constat/sla/fraction'
import { lossOf } from '@constat/sla/credit/loss-statement'
import { countedOutages } from '@constat/sla/outage'
import { shareWithin } from '@constat/sla/percentile'
import { icinga, icingaShare } from '@constat/sla/policy/icinga'
import { percentText } from '@constat/sla/policy/policy'
import { quorum } from '@constat/sla/quorum'
import { overlapOf } from '@constat/sla/reconciliation/reconcile'
import {
  isDown,
  isPossiblyDown,
  isProvenDown,
  isUnknown,
  mapWithin,
  STATE_MARK,
  stateOf,
  timelineWithin,
  where,
  type Timeline,
} from '@constat/sla/timeline'
import { foldSamples } from '@constat/sla/vantage'
import { boundedVerdict } from '@constat/sla/verdict'
import { z } from 'zod'
import { cappedCredit, nearestRank, repeatedPoints, userAvailability } from './formulas.ts'
import * as shape from './question-shapes.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const { category, count, number, percentage, positive, wholeMs } = shape
const seconds = wholeMs(SECOND_MS)
const numbers = z.array(number)

const LETTERS = { O: 'ok', F: 'fail', U: 'unknown', D: 'degraded', B: 'blocked' } as const
const EVER = { startMs: -Infinity, endMs: Infinity }

const lengthS = (set: IntervalSet): number => totalMs(set) / SECOND_MS
const inSeconds = (set: IntervalSet) =>
  set.map(({ startMs, endMs }) => [startMs / SECOND_MS, endMs / SECOND_MS])

/** Up wherever it is said to be neither down nor unknown. */
function timelineOf({ down, unknown }: { down: IntervalSet; unknown: IntervalSet }): Timeline {
  const up = timelineWithin([EVER], STATE_MARK.up)
  const seen = mapWithin(up, down, () => STATE_MARK.down)
  return mapWithin(seen, unknown, () => STATE_MARK.unknown)
}

const LINE = {
  vantage_fold: category(
    z.strictObject({
      samples: z.array(shape.sample),
      hold_s: seconds,
      confirm_down: count,
      confirm_up: count,
      window: shape.seconds,
    }),
    ({ samples, hold_s: holdMs, confirm_down: down, confirm_up: up, window }) => {
      samples.sort(([a], [b]) => a - b)
      const columns = {
        atMs: samples.map(([atMs]) => atMs),
        outcome: samples.map(([, letter]) => OUTCOMES.indexOf(LETTERS[letter])),
      }
      const timeline = foldSamples({ holdMs, down, up }, columns)
      return {
        down: inSeconds(where(timeline, window, isDown)),
        down_s: lengthS(where(timeline, window, isDown)),
        unknown_s: lengthS(where(timeline, window, isUnknown)),
        min_down_s: lengthS(where(timeline, window, isProvenDown)),
        max_down_s: lengthS(where(timeline, window, isPossiblyDown)),
      }
    },
  ),
  quorum: category(
    z.strictObject({
      vantages: z.array(shape.vantage),
      down_needed: count,
      min_known: count,
      window: shape.seconds,
    }),
    ({ vantages, down_needed: down, min_known: minKnown, window }) => {
      const timeline = quorum(vantages.map(timelineOf), { down, minKnown })
      return {
        down: inSeconds(where(timeline, window, isDown)),
        partial: inSeconds(where(timeline, window, (mark) => stateOf(mark) === 'partial')),
        unknown: inSeconds(where(timeline, window, isUnknown)),
      }
    },
  ),
  composition: category(
    z.strictObject({
      op: z.enum(['all', 'any', 'atLeast']),
      k: count.optional(),
      n: count.optional(),
      down: z.array(shape.secondsSet).min(1),
    }),
    ({ op, k, down, n = down.length }) => {
      if (n < down.length) throw new Fault('bad-request', 'given.n: should be the number of parts')
      if (op === 'atLeast' && !(k !== undefined && k <= n))
        throw new Fault('bad-request', `given.k: should be there, and at most the number of parts, ${n}`)
      // A part that is not listed is never down.
      const parts = Array.from({ length: n }, (_, i) => timelineOf({ down: down[i] ?? [], unknown: [] }))
      return { down_s: lengthS(where(compose(parts, { op, k: k ?? 1 }), EVER, isDown)) }
    },
  ),
  min_duration: category(
    z.strictObject({
      incidents: shape.secondsSet,
      minimum_s: seconds,
      granularity_s: seconds.optional(),
    }),
    ({ incidents, minimum_s: minimumOutageMs, granularity_s: granularityMs }) => {
      const rules = { mergeGapMs: 0, countGapAsDown: false, minimumOutageMs }
      return {
        counted_s: lengthS(countedOutages(incidents, granularityMs ? { ...rules, granularityMs } : rules)),
      }
    },
  ),
  percentile: (given: shape.Given) => ('values' in given ? ofValues(given) : ofCounts(given)),
  burn_rate: category(
    z.strictObject({
      budget_share: positive,
      committed_hours: shape.lengthOf(HOUR_MS),
      long_window_hours: shape.lengthOf(HOUR_MS).refine(({ n }) => n > 0n, 'should be above zero'),
    }),
    ({ budget_share: budgetShare, committed_hours: committed, long_window_hours: longWindow }) => ({
      burn: fractionText(burnThreshold({ budgetShare, committed, longWindow })),
    }),
  ),
  bounded_verdict: category(
    z
      .strictObject({ committed_s: seconds, min_down_s: seconds, max_down_s: seconds, target: percentage })
      .refine((given) => given.min_down_s <= given.max_down_s, {
        path: ['max_down_s'],
        message: 'should not be below min_down_s',
      }),
    ({ committed_s: committedMs, min_down_s: minDownMs, max_down_s: maxDownMs, target }) => ({
      verdict: boundedVerdict({ committedMs, minDownMs, maxDownMs, target: decimalText(target) }),
    }),
  ),
  reconcile: category(z.strictObject({ measured: shape.secondsSet, provider: shape.secondsSet }), (both) => {
    const { bothMs, measuredOnlyMs, providerOnlyMs } = overlapOf(both)
    return {
      both: bothMs / SECOND_MS,
      measured_only: measuredOnlyMs / SECOND_MS,
      provider_only: providerOnlyMs / SECOND_MS,
    }
  }),
}

const percentileOf = percentage.transform(decimalText)
const minimum_samples = shape.natural.default(0)

const ofValues = category(
  z.strictObject({ values: z.array(z.number()), p: percentileOf, minimum_samples }),
  ({ values, p, minimum_samples: least }) => ({
    value: values.length < least ? null : (nearestRank(values, p) ?? null),
  }),
)

/** Too few samples say neither yes nor no. */
const ofCounts = category(
  z
    .strictObject({ n: shape.natural, within: shape.natural, p: percentileOf, minimum_samples })
    .refine(({ n, within }) => within <= n, { path: ['within'], message: 'should be at most n' }),
  ({ minimum_samples: least, ...given }) => ({
    met: given.n < Math.max(1, least) ? null : shareWithin(given),
  }),
)

const MONEY = {
  credit_tier: category(
    z.strictObject({
      availability_percent: number,
      // The credit comes back as it was written.
      tiers_lower_bound_inclusive: z.array(z.tuple([number, z.union([z.number(), z.string()])])),
    }),
    ({ availability_percent: availability, tiers_lower_bound_inclusive: tiers }) => {
      const reached = credit.tierOf(
        tiers.map(([from, worth]) => ({ from, credit: worth })),
        availability,
      )
      return { credit_percent: reached?.credit ?? null }
    },
  ),
  credit_pool: category(
    z.strictObject({
      invoice: number,
      at_risk_percent: number,
      pool_percent: number,
      allocation_percent: number,
    }),
    ({ invoice, at_risk_percent: atRisk, pool_percent: pool, allocation_percent: allocation }) => ({
      credit: fractionText(credit.poolCredit(invoice, { atRisk, pool, allocation })),
    }),
  ),
  credit_cap: category(
    z.strictObject({ invoice: number, credits: numbers, cap_percent: number }),
    ({ invoice, credits, cap_percent: capPercent }) => {
      const found = cappedCredit(credits, { invoice, capPercent })
      return { credit: fractionText(found.credit), forgone: fractionText(found.forgone) }
    },
  ),
  credit_points: category(z.strictObject({ severity_points: numbers }), ({ severity_points: points }) => ({
    points: repeatedPoints(points, fraction(2)).map(shape.jsonNumber),
  })),
  credit_step: category(
    z.strictObject({
      minutes: number,
      step_minutes: positive,
      step_percent: number,
      rounding: z.enum(['up', 'down']),
      cap_percent: number.optional(),
    }),
    ({
      minutes,
      step_minutes: per,
      step_percent: percent,
      rounding: partialStep,
      cap_percent: cap = null,
    }) => ({
      credit_percent: shape.jsonNumber(credit.stepPercent({ per, percent, partialStep, cap }, minutes)),
    }),
  ),
  credit_linear: category(z.strictObject({ value: number, late: number, divisor: positive }), (given) => ({
    credit: fractionText(credit.latePenalty(given)),
  })),
  user_weighted: category(
    z.strictObject({ minutes: number, affected: number, users: positive, period_minutes: positive }),
    ({ minutes, affected, users, period_minutes: periodMinutes }) => {
      const share = userAvailability([{ minutes, affected }], { users, periodMinutes })
      return {
        fraction: [String(share.n), String(share.d)],
        percent_truncated_4: truncatedText(product(share, fraction(100)), 4),
      }
    },
  ),
  chronic: (given: shape.Given) =>
    'failed_windows' in given ? chronicWindows(given) : chronicOutages(given),
  loss: category(
    z.strictObject({
      pieces: z.array(z.tuple([number, number])),
      affected_share: number.default(ONE),
      per_incident: number.default(ZERO),
    }),
    ({ pieces, affected_share: affectedShare, per_incident: perIncident }) => {
      const priced = pieces.map(([minutes, rate]) => ({ minutes, rate }))
      return { loss: fractionText(lossOf(priced, { affectedShare, perIncident })) }
    },
  ),
}

const chronicOutages = category(
  z.strictObject({
    outage_minutes: numbers,
    count,
    each_over_minutes: number,
    aggregate_over_minutes: number.nullable().default(null),
  }),
  ({ outage_minutes: outages, count, each_over_minutes: each, aggregate_over_minutes: aggregate }) => ({
    right: isChronic(outages, { count, each, aggregate }),
  }),
)

const chronicWindows = category(
  z.strictObject({
    failed_windows: z.array(z.boolean()),
    count,
    consecutive: z.boolean().default(false),
    within: count.nullable().default(null),
  }),
  ({ failed_windows: failed, count: failures, consecutive, within }) => ({
    right: isChronicFailure(failed, { failures, consecutive, within }),
  }),
)

/** Hard states decide; soft ones are tries on the way to them. What describes a case beside them is left alone. */
const policy = category(
  z.object({
    policy: z.literal('icinga').default('icinga'),
    object_type: shape.objectType.optional(),
    object_types: z.array(shape.objectType).default(['service']),
    state_events: z.array(shape.stateEvent).default([]),
    downtimes: z.array(shape.between).default([]),
    current_state: shape.currentState,
    query: shape.between,
  }),
  ({ object_type, object_types: types, state_events, downtimes, current_state: currentState, query }) => {
    if (query.to <= query.from) return { error: 'invalid-interval' }
    const events = state_events
      .filter(({ kind }) => kind === 'hard')
      .map(({ at, state, previous_state: previousState }) => ({ at, state, previousState }))
      .toSorted((a, b) => a.at - b.at)
    const objectType = object_type ?? (types.includes('service') ? 'service' : 'host')
    const share = icingaShare({ events, downtimes, currentState, ...query, objectType })
    return share === null ? { error: 'no-data' } : { percent: Number(percentText(share, icinga)) }
  },
)

export const FOLD: Readonly<Record<string, shape.Category>> = { ...LINE, ...MONEY, policy }
