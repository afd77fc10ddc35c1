/**
 * Queries about money: credits, points, chronic failure, loss. Pure.
 * Fractions come back reduced, as text; percentages that are whole as numbers, as the cases have them.
 */
import { isChronic, isChronicFailure } from '../chronic.ts'
import { cappedCredit, latePenalty, poolCredit, repeatedPoints, stepPercent, tierOf } from '../credit.ts'
import {
  fraction,
  fractionText,
  ONE,
  product,
  ratio,
  truncatedText,
  ZERO,
  type Fraction,
} from '../fraction.ts'
import { lossOf } from '../loss.ts'
import { userAvailability } from '../userminutes.ts'
import {
  countAt,
  fault,
  fractionOf,
  isRecord,
  jsonNumber,
  lengthAt,
  lengthOf,
  listAt,
  nameIn,
  numberAt,
  positiveAt,
  textAt,
  type Given,
} from './fields.ts'
import type { Answer } from './time.ts'

export function creditTier(given: Given): Answer {
  const field = nameIn(given, ['tiers_lower_bound_inclusive', 'tiers']) ?? 'tiers_lower_bound_inclusive'
  const tiers = listAt(given, field, 'a list of [lower bound, credit percent]').map((tier, i) => {
    if (!Array.isArray(tier) || tier.length !== 2)
      throw fault(`${field}[${i}]`, '[lower bound, credit percent]')
    fractionOf(tier[1], `${field}[${i}]`)
    // The credit comes back as it was written.
    return { from: fractionOf(tier[0], `${field}[${i}]`), credit: tier[1] as unknown }
  })
  const reached = tierOf(tiers, availabilityAt(given))
  if (!reached) throw fault(field, 'tiers that reach down to 0')
  return { credit_percent: reached.credit }
}

function availabilityAt(given: Given): Fraction {
  const name = nameIn(given, ['availability_fraction'])
  if (name === undefined) return numberAt(given, 'availability_percent', 'availability')
  const pair = listAt(given, name, '[up, committed]')
  const committed = fractionOf(pair[1], name)
  if (committed.n === 0n) throw fault(name, '[up, committed] with a committed time above zero')
  return product(ratio(fractionOf(pair[0], name), committed), fraction(100))
}

export function creditPool(given: Given): Answer {
  const shares = {
    atRisk: numberAt(given, 'at_risk_percent'),
    pool: numberAt(given, 'pool_percent'),
    allocation: numberAt(given, 'allocation_percent'),
  }
  return { credit: fractionText(poolCredit(numberAt(given, 'invoice'), shares)) }
}

export function creditCap(given: Given): Answer {
  const credits = listAt(given, 'credits', 'a list of amounts').map((credit, i) =>
    fractionOf(credit, `credits[${i}]`),
  )
  const rule = { invoice: numberAt(given, 'invoice'), capPercent: numberAt(given, 'cap_percent') }
  const { credit, forgone } = cappedCredit(credits, rule)
  return { credit: fractionText(credit), forgone: fractionText(forgone) }
}

export function creditPoints(given: Given): Answer {
  const field = 'severity_points'
  const severities = listAt(given, field, 'a list of points').map((points, i) =>
    fractionOf(points, `${field}[${i}]`),
  )
  const multiplier = nameIn(given, MULTIPLIERS) === undefined ? fraction(2) : numberAt(given, ...MULTIPLIERS)
  return { points: repeatedPoints(severities, multiplier).map(jsonNumber) }
}

const MULTIPLIERS = ['repeat_multiplier', 'multiplier', 'repeat_factor']

export function creditStep(given: Given): Answer {
  const late = lengthAt(given, '') ?? lengthOf(given, 'late', 'outage', 'downtime')
  const per = lengthOf(given, 'step')
  if (per.n === 0n) throw fault('step_minutes', 'above zero')
  const percent = numberAt(given, 'step_percent')
  const partialStep = nameIn(given, ['rounding', 'partial_step']) ?? 'rounding'
  const direction = textAt(given, partialStep, 'up or down')
  if (direction !== 'up' && direction !== 'down') throw fault(partialStep, 'up or down')
  const cap = nameIn(given, ['cap_percent']) === undefined ? null : numberAt(given, 'cap_percent')
  return { credit_percent: jsonNumber(stepPercent({ per, percent, partialStep: direction, cap }, late)) }
}

export function creditLinear(given: Given): Answer {
  const terms = {
    value: numberAt(given, 'value'),
    late: numberAt(given, 'late'),
    divisor: positiveAt(given, 'divisor'),
  }
  return { credit: fractionText(latePenalty(terms)) }
}

export function userWeighted(given: Given): Answer {
  const name = nameIn(given, ['outages', 'incidents'])
  const rows = name === undefined ? [given] : listAt(given, name, 'a list of {minutes, affected}')
  const outages = rows.map((row, i) => {
    if (!isRecord(row)) throw fault(`${name}[${i}]`, '{minutes, affected}')
    return { minutes: numberAt(row, 'minutes'), affected: numberAt(row, 'affected') }
  })
  const whole = { users: positiveAt(given, 'users'), periodMinutes: positiveAt(given, 'period_minutes') }
  const share = userAvailability(outages, whole)
  return {
    fraction: [String(share.n), String(share.d)],
    percent_truncated_4: truncatedText(product(share, fraction(100)), 4),
  }
}

export function chronic(given: Given): Answer {
  const windows = nameIn(given, ['failed_windows', 'failed'])
  if (windows !== undefined) return chronicWindows(given, windows)
  const field = nameIn(given, ['outage_minutes', 'outages']) ?? 'outage_minutes'
  const outages = listAt(given, field, 'a list of minutes').map((minutes, i) =>
    fractionOf(minutes, `${field}[${i}]`),
  )
  const aggregate = nameIn(given, ['aggregate_over_minutes'])
  const rule = {
    count: nameIn(given, ['count']) === undefined ? Infinity : countAt(given, ['count'], 1),
    each: nameIn(given, ['each_over_minutes']) === undefined ? ZERO : numberAt(given, 'each_over_minutes'),
    aggregate: aggregate === undefined ? null : numberAt(given, aggregate),
  }
  if (rule.count === Infinity && rule.aggregate === null)
    throw fault('count', 'there, or aggregate_over_minutes')
  return { right: isChronic(outages, rule) }
}

function chronicWindows(given: Given, field: string): Answer {
  const failed = listAt(given, field, 'a list of true and false').map((one, i) => {
    if (typeof one !== 'boolean') throw fault(`${field}[${i}]`, 'true or false')
    return one
  })
  const within = nameIn(given, ['within', 'within_windows'])
  const rule = {
    failures: countAt(given, ['count', 'failures'], 1),
    consecutive: given['consecutive'] === true,
    within: within === undefined ? null : countAt(given, [within], 1),
  }
  return { right: isChronicFailure(failed, rule) }
}

export function loss(given: Given): Answer {
  const pieces = listAt(given, 'pieces', 'a list of [minutes, amount per minute]').map((piece, i) => {
    const field = `pieces[${i}]`
    if (!Array.isArray(piece) || piece.length !== 2) throw fault(field, '[minutes, amount per minute]')
    return { minutes: fractionOf(piece[0], field), rate: fractionOf(piece[1], field) }
  })
  const optional = (names: string[], fallback: Fraction) =>
    nameIn(given, names) ? numberAt(given, ...names) : fallback
  const terms = {
    affectedShare: optional(['affected_share', 'share'], ONE),
    perIncident: optional(['per_incident', 'fixed_per_incident', 'fixed'], ZERO),
  }
  return { loss: fractionText(lossOf(pieces, terms)) }
}
