/**
 * Consistency of charges and credits: schedules that fit what they credit, rules that can come to pass.
 * Pure. One function a rule, each with a message that says what to change.
 */
import { durationText } from '../duration.ts'
import { compare, decimal, decimalText, fraction, sum } from '../fraction.ts'
import type { Gives } from '../metric/entry.ts'
import { entryOf, METRIC_NAMES } from '../metric/table.ts'
import type { CreditSchedule } from './expanded.ts'
import type { Rule } from './subject.ts'

/** What a schedule counts by, which a metric has to give; kinds that are not here fit all. */
const COUNTS: Partial<Record<CreditSchedule['kind'], Gives>> = {
  tiers: 'a percentage',
  linear: 'a percentage',
  step: 'a length of time',
  'late-restoration': 'the time an outage took',
}

const schedulesFit: Rule = ({ spec, terms }, say) => {
  for (const [id, schedule] of Object.entries(spec.credits?.schedules ?? {})) {
    const metric = terms.guarantees.find((guarantee) => guarantee.id === id)?.metric
    // Points by the figure reached are tiers that count points.
    const isByFigure = schedule.kind === 'points' && typeof schedule.points !== 'number'
    const needs = COUNTS[isByFigure ? 'tiers' : schedule.kind]
    if (!metric || !needs || entryOf(metric).gives.includes(needs)) continue
    const others = METRIC_NAMES.filter((one) => entryOf(one).gives.includes(needs)).join(', ')
    const message = `counts ${needs}, and ${metric} gives none: write flat or points, or credit one of ${others}`
    say(['credits', 'schedules', id, 'kind'], message)
  }
}

/** What keeps the promise costs nothing. */
const promisesKeptAreFree: Rule = ({ spec, terms }, say) => {
  for (const [id, schedule] of Object.entries(spec.credits?.schedules ?? {})) {
    const guarantee = terms.guarantees.find((one) => one.id === id)
    if (schedule.kind !== 'tiers' || !guarantee || !('percent' in guarantee.target)) continue
    const { percent } = guarantee.target
    const i = schedule.tiers.findIndex(({ from }) => compare(decimal(from), decimal(percent)) <= 0)
    const reached = schedule.tiers[i]
    if (!reached || decimal(reached.percent).n === 0n) continue
    if (compare(decimal(reached.from), decimal(percent)) < 0 && i === 0) continue
    const message = `pays ${reached.percent} % where the promise of ${percent} % is kept: begin with {from: "${percent}", percent: "0"}`
    say(['credits', 'schedules', id, 'tiers', i, 'percent'], message)
  }
}

const schedulesPay: Rule = ({ spec }, say) => {
  const { credits } = spec
  if (credits && Object.keys(credits.schedules).length === 0)
    say(['credits', 'schedules'], 'is empty: write what a missed guarantee is worth, or remove credits')
  for (const [id, schedule] of Object.entries(credits?.schedules ?? {})) {
    const path = ['credits', 'schedules', id]
    if (schedule.kind === 'flat' && decimal(schedule.percent).n === 0n)
      say([...path, 'percent'], 'pays nothing: write what the miss is worth, or remove the schedule')
    if (schedule.kind !== 'step' || schedule.capPercent === undefined) continue
    if (compare(decimal(schedule.capPercent), decimal(schedule.percent)) < 0) {
      const message = `is below one step (${schedule.percent} %): no step would be paid whole; raise it`
      say([...path, 'capPercent'], message)
    }
  }
  if (credits?.repeat && compare(decimal(credits.repeat.multiplier), fraction(1)) < 0)
    say(['credits', 'repeat', 'multiplier'], 'makes a repeated failure cheaper: write "1" or more')
}

/** The allocations of one pool together are at most the pool. */
const poolsHold: Rule = ({ spec }, say) => {
  const pools = Object.entries(spec.credits?.schedules ?? {}).flatMap(([id, schedule]) =>
    schedule.kind === 'pool' ? [{ id, ...schedule }] : [],
  )
  const [first] = pools
  for (const pool of pools.slice(1)) {
    for (const key of ['atRiskPercent', 'poolPercent'] as const) {
      if (!first || compare(decimal(pool[key]), decimal(first[key])) === 0) continue
      const message = `differs from ${first[key]} of ${first.id}: the schedules of a pool share it; make them one`
      say(['credits', 'schedules', pool.id, key], message)
    }
  }
  const allocated = sum(...pools.map(({ allocationPercent }) => decimal(allocationPercent)))
  const last = pools.at(-1)
  if (!last || compare(allocated, fraction(100)) <= 0) return
  const message = 'takes the allocations of the pool past 100 %: lower one of them'
  say(['credits', 'schedules', last.id, 'allocationPercent'], message)
}

const chronicCanHappen: Rule = ({ spec }, say) => {
  for (const [i, rule] of (spec.credits?.chronic ?? []).entries()) {
    const path = ['credits', 'chronic', i]
    if ('guarantee' in rule) {
      if (rule.consecutive && rule.within !== undefined)
        say([...path, 'within'], 'stands beside consecutive: windows in a row need no span; remove one')
      else if (rule.within !== undefined && rule.within < rule.failedWindows) {
        const message = `can never come to pass: ${rule.failedWindows} windows fail within ${rule.within}; raise it`
        say([...path, 'within'], message)
      }
      continue
    }
    const ofService = spec.guarantees?.some(({ service }) => service === rule.service)
    const listed = ofService === true || spec.watch !== undefined
    if (!listed && spec.guarantees)
      say([...path, 'service'], `counts outages of ${rule.service}, which no guarantee promises: add one`)
  }
}

/** A limit is counted in days, and in some. */
const claimCanBeMade: Rule = ({ spec }, say) => {
  const { claim } = spec.credits ?? {}
  if (claim && 'days' in claim.deadline && claim.deadline.days === 0)
    say(['credits', 'claim', 'deadline', 'days'], 'leaves no day to claim in: write how many')
  if (claim?.providerAnswer?.days === 0)
    say(['credits', 'claim', 'providerAnswer', 'days'], 'leaves no day to answer in: write how many')
  if (spec.finalisation?.amendmentsUntil === 'claim-deadline' && !claim) {
    const message = 'names the claim deadline, and credits.claim sets none: add it, or write window-final'
    say(['finalisation', 'amendmentsUntil'], message)
  }
}

const chargesOnce: Rule = ({ spec }, say) => {
  const seen = new Set<string | undefined>()
  for (const [i, { service }] of (spec.charges?.monthly ?? []).entries()) {
    const which = service === undefined ? 'of the whole contract' : `of ${service}`
    if (seen.has(service)) say(['charges', 'monthly', i], `charges ${which} twice: add the amounts up in one`)
    seen.add(service)
  }
}

/** A charge of the whole contract holds those of its services. */
const partsAreInTheWhole: Rule = ({ spec }, say) => {
  const monthly = spec.charges?.monthly ?? []
  const whole = monthly.find(({ service }) => service === undefined)
  const parts = sum(
    ...monthly.flatMap(({ service, amount }) => (service === undefined ? [] : [decimal(amount)])),
  )
  if (!whole || compare(parts, decimal(whole.amount)) <= 0) return
  const message = `charges ${decimalText(parts)} for services, more than the ${whole.amount} of the whole contract, which holds them: raise the whole, or remove it`
  say(['charges', 'monthly'], message)
}

/** What is rounded before credit is a percentage. */
const roundingReachesCredit: Rule = ({ spec, terms }, say) => {
  const rounded = spec.measurement?.rounding?.verdict ?? 'none'
  const isReached = terms.guarantees.some(
    ({ id, target }) => 'percent' in target && terms.credits?.schedules[id] !== undefined,
  )
  if (rounded === 'none' || isReached) return
  const message =
    'rounds a percentage before credit, and no guarantee that is credited promises one: write none'
  say(['measurement', 'rounding', 'verdict'], message)
}

/** A misreport is found by comparing a statement: below the tolerance nothing is told apart. */
const misreportIsSeen: Rule = ({ spec, terms }, say) => {
  const { misreport } = terms.credits ?? {}
  const { toleranceMs } = terms.reconciliation
  if (!spec.credits?.misreport || !misreport || misreport.absentOutageOverMs >= toleranceMs) return
  const message = `is below the tolerance of the reconciliation (${durationText(toleranceMs)}): shorter absences are not told apart; raise it`
  say(['credits', 'misreport', 'absentOutageOver'], message)
}

export const CREDIT_RULES: readonly Rule[] = [
  chargesOnce,
  chronicCanHappen,
  claimCanBeMade,
  misreportIsSeen,
  partsAreInTheWhole,
  poolsHold,
  promisesKeptAreFree,
  roundingReachesCredit,
  schedulesFit,
  schedulesPay,
]
