/**
 * Consistency of the documents beside a contract: calendars, alerting, loss models, SLOs. Pure.
 */
import { parseClock, parseDate } from '../civil.ts'
import { parseDuration } from '../duration.ts'
import { compare, decimal, fraction } from '../fraction.ts'
import type { Weekday } from './calendar-terms.ts'
import { entriesOf, idsAt, type Entry, type Library } from './library.ts'
import type { Problem } from './problem.ts'
import { weekday } from './scalar.ts'
import type { Say } from './subject.ts'

export function besideProblems(library: Library): Problem[] {
  const problems: Problem[] = []
  const sayOf = (entry: Pick<Entry, 'problem'>): Say => {
    return (path, message) => problems.push(entry.problem(['spec', ...path], message))
  }
  for (const entry of entriesOf(library, 'Calendar')) calendarHolds(entry, sayOf(entry))
  for (const entry of entriesOf(library, 'Alerting')) alertingHolds(entry, sayOf(entry))
  for (const entry of entriesOf(library, 'LossModel')) {
    lossHolds(entry, sayOf(entry))
    currencyAgrees(entry, library, sayOf(entry))
  }
  for (const entry of entriesOf(library, 'SLO')) objectivesHold(entry, sayOf(entry))
  return problems
}

function calendarHolds({ document: { spec } }: Entry<'Calendar'>, say: Say): void {
  const seen = new Set<string>()
  for (const [i, day] of spec.holidays.entries()) {
    const date = typeof day === 'string' ? day : day.date
    if (seen.has(date)) say(['holidays', i], `stands twice: ${date}; remove one`)
    seen.add(date)
  }
  for (const [i, { days }] of spec.weekly.entries())
    repeatedDay(days, (at, text) => say(['weekly', i, ...at], text))
}

function repeatedDay(days: readonly Weekday[], say: Say): void {
  const i = days.findIndex((day, at) => days.indexOf(day) !== at)
  if (i >= 0) say(['days', i], `stands twice: ${days[i]}; remove one`)
}

/** No dead-man's switch counts in less. */
const MIN_HEARTBEAT_MS = 10_000

function alertingHolds(entry: Entry<'Alerting'>, say: Say): void {
  const { endpoints, escalation, heartbeat } = entry.document.spec
  for (const list of ['endpoints', 'reports']) {
    const seen = new Set<string>()
    for (const [i, id] of idsAt(entry.source, ['spec', list], 'id').entries()) {
      if (seen.has(id)) say([list, i, 'id'], `is taken: ${id} stands twice in this list; rename one`)
      seen.add(id)
    }
  }
  for (const [i, { email, shape }] of endpoints.entries()) {
    if (email !== undefined && shape !== 'email' && shape !== 'generic')
      say(['endpoints', i, 'shape'], `is no shape of a mail: write email, or url in place of the address`)
    if (email === undefined && shape === 'email')
      say(['endpoints', i, 'shape'], 'needs an address: write email: ops@acme.example in place of url')
  }
  for (const [i, { after }] of escalation.entries()) {
    const before = escalation[i - 1]
    if (!before || (parseDuration(after) ?? 0) > (parseDuration(before.after) ?? 0)) continue
    const message = `is not later than the step before it (${before.after}): put them in order`
    say(['escalation', i, 'after'], message)
  }
  if (heartbeat && (parseDuration(heartbeat.every) ?? 0) < MIN_HEARTBEAT_MS)
    say(['heartbeat', 'every'], 'is too often: write PT10S or more')
}

type LossEntry = Entry<'LossModel'>
type Rate = LossEntry['document']['spec']['services'][number]['perMinute'][number]

function lossHolds({ document: { spec } }: LossEntry, say: Say): void {
  const seen = new Set<string>()
  for (const [i, { service, perMinute, affectedShare }] of spec.services.entries()) {
    const path = ['services', i]
    if (seen.has(service)) say([...path, 'service'], `is priced twice: ${service}; make it one`)
    seen.add(service)
    for (const [j, rate] of perMinute.entries()) {
      repeatedDay(rate.days, (at, message) => say([...path, 'perMinute', j, ...at], message))
      const k = perMinute.slice(0, j).findIndex((other) => overlap(rate, other))
      if (k < 0) continue
      const message = `overlaps entry ${k + 1} of this list: which amount holds would be a guess; part their days or hours`
      say([...path, 'perMinute', j], message)
    }
    if (affectedShare && 'fixed' in affectedShare && compare(decimal(affectedShare.fixed), fraction(1)) > 0)
      say([...path, 'affectedShare', 'fixed'], 'should be a share from "0" to "1", such as "0.5"')
  }
}

/** Hours of the week as [start, end) in ms after Monday 00:00; one that runs past midnight goes on. */
function spansOf({ days, start, end }: Rate): [number, number][] {
  const dayMs = 86_400_000
  const from = parseClock(start) ?? 0
  const to = parseClock(end) ?? 0
  return days.map((day) => {
    const startMs = weekday.options.indexOf(day) * dayMs + from
    return [startMs, startMs - from + (to <= from ? to + dayMs : to)]
  })
}

const WEEK_MS = 7 * 86_400_000

function overlap(one: Rate, other: Rate): boolean {
  const shifted = spansOf(other).flatMap(([a, b]) =>
    [-WEEK_MS, 0, WEEK_MS].map((by) => [a + by, b + by] as const),
  )
  return spansOf(one).some(([start, end]) => shifted.some(([from, to]) => from < end && start < to))
}

/** The loss stands beside the credit: one currency, or they cannot be read together. */
function currencyAgrees({ document: { spec } }: LossEntry, library: Library, say: Say): void {
  const contract = entriesOf(library, 'Contract').find(
    ({ document }) => document.metadata.name === spec.contract,
  )
  const { charges, monthlyFee } = contract?.document.spec ?? {}
  const currency = charges?.currency ?? monthlyFee?.currency
  if (currency === undefined || currency === spec.currency) return
  const theirs = `the charges of ${spec.contract}, which are in ${currency}`
  say(['currency'], `differs from ${theirs}: write ${currency}`)
}

type Indicated = { indicator?: unknown; indicatorRef?: unknown }

function indicatorStands(
  { indicator, indicatorRef }: Indicated,
  { isNeeded, say }: { isNeeded: boolean; say: Say },
): void {
  if (isNeeded && !indicator && !indicatorRef)
    say([], 'has no indicator: write indicatorRef with the name of an SLI')
  if (indicator && indicatorRef) say(['indicator'], 'stands beside indicatorRef: remove one of them')
}

function objectivesHold({ document: { spec } }: Entry<'SLO'>, say: Say): void {
  const { objectives } = spec
  const timeWindow = spec.timeWindow ?? []
  const isComposite = objectives.some((one) => one.indicator || one.indicatorRef)
  indicatorStands(spec, { isNeeded: !isComposite, say })
  for (const [i, one] of objectives.entries())
    indicatorStands(one, {
      isNeeded: isComposite,
      say: (path, text) => say(['objectives', i, ...path], text),
    })
  if (isComposite && (spec.indicator || spec.indicatorRef))
    say([], 'has an indicator of its own beside those of its objectives: remove one of them')
  for (const [i, { target, targetPercent }] of objectives.entries()) {
    if (target === undefined && targetPercent === undefined)
      say(['objectives', i], 'has no target: write target: 0.999')
    if (target !== undefined && targetPercent !== undefined)
      say(['objectives', i, 'targetPercent'], 'says the target twice: remove one of target, targetPercent')
  }
  const start = timeWindow[0]?.calendar?.startTime
  if (start !== undefined && parseDate(start.slice(0, 10)) === undefined)
    say(['timeWindow', 0, 'calendar', 'startTime'], `names a day that does not exist: ${start.slice(0, 10)}`)
  if (start === undefined || !timeWindow[0]?.isRolling) return
  const message = 'stands beside calendar: a rolling window begins on no day; remove one'
  say(['timeWindow', 0, 'isRolling'], message)
}
