/**
 * Single questions: one table from category to the function that answers it. Pure, save that questions
 * about local time take the host's zone rules.
 */
import { Fault } from '@constat/shared/fault'
import { isRecord, type Given } from './fields.ts'
import {
  boundedVerdictOf,
  burnRateOf,
  composition,
  minDuration,
  percentile,
  quorumOf,
  reconciled,
  vantageFold,
} from './fold.ts'
import {
  chronic,
  creditCap,
  creditLinear,
  creditPoints,
  creditPool,
  creditStep,
  creditTier,
  loss,
  userWeighted,
} from './money.ts'
import { deadlineOf, exclusion } from './notice.ts'
import { policyOf } from './policy.ts'
import {
  availability,
  budget,
  clipped,
  elapsed,
  instantInService,
  localResolution,
  periodLength,
  recurrence,
  serviceMinutes,
  serviceUtc,
  windowOfInstant,
  type Answer,
} from './time.ts'

export type Query = { id: string; category: string; given: Given }
export type Answered = { id: string } & Answer

/** A new category is one function and one line here. */
export const CATEGORIES: Readonly<Record<string, (given: Given) => Answer>> = {
  period_length: periodLength,
  service_minutes: serviceMinutes,
  service_intervals: serviceUtc,
  window_of_instant: windowOfInstant,
  instant_in_service: instantInService,
  local_resolution: localResolution,
  elapsed,
  clip: clipped,
  exclusion,
  budget,
  availability,
  deadline: deadlineOf,
  recurrence,
  vantage_fold: vantageFold,
  burn_rate: burnRateOf,
  quorum: quorumOf,
  min_duration: minDuration,
  percentile,
  composition,
  credit_tier: creditTier,
  credit_pool: creditPool,
  credit_cap: creditCap,
  credit_points: creditPoints,
  credit_step: creditStep,
  credit_linear: creditLinear,
  user_weighted: userWeighted,
  chronic,
  bounded_verdict: boundedVerdictOf,
  reconcile: reconciled,
  loss,
  policy: policyOf,
}

/** The answer under the query's id. Fault `bad-request` when the question cannot be answered as it stands. */
export function answer(query: unknown): Answered {
  if (!isRecord(query)) throw new Fault('bad-request', 'a query should be {id, category, given}')
  const { id, category, given } = query
  if (typeof id !== 'string') throw new Fault('bad-request', 'id should be text, such as "T001"')
  const answering =
    typeof category === 'string' && Object.hasOwn(CATEGORIES, category) ? CATEGORIES[category] : undefined
  if (!answering) {
    throw new Fault('bad-request', `${id}: unknown category ${JSON.stringify(category)}`, {
      hint: `Known categories: ${Object.keys(CATEGORIES).join(', ')}.`,
    })
  }
  if (!isRecord(given)) throw new Fault('bad-request', `${id}: given should be a map of fields`)
  return { id, ...named(id, () => answering(given)) }
}

/** The same Fault, with the query it is about. */
function named(id: string, answering: () => Answer): Answer {
  try {
    return answering()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new Fault(error.code, `${id}: ${error.message}`, {
      hint: error.hint,
      problems: error.problems,
      cause: error,
    })
  }
}
