/**
 * The loss statement: what the outages of a window cost the customer, incident by incident, by a private
 * document of rates. Pure and exact. It is told beside the credit and never added to it. (spec: loss)
 */
import { clip, contains, intersect, subtract, totalMs } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { serviceIntervals } from '../calendar.ts'
import type { CalendarTerms } from '../contract/calendar-terms.ts'
import type { LossModelSpec } from '../contract/schema-private.ts'
import { combine } from '../combine.ts'
import { decimal, fraction, ONE, product, ratio, sum, ZERO, type Fraction } from '../fraction.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import { isDown, piecesWithin, where, type Timeline } from '../timeline.ts'
import type { ZoneTable } from '../zone-table.ts'
import { moneyText } from './money.ts'

export type LossLine = { service: string; onsetMs: UnixMs; minutes: string; amount: string }
export type LossStatement = { model: string; currency: string; lines: LossLine[]; total: string }

export type LossIncident = Pick<IncidentFacts, 'onsetMs' | 'endMs'>

export type LossQuestion = {
  name: string
  model: LossModelSpec
  /** Rules of a time zone around the window. */
  zone: (timeZone: string) => ZoneTable
  /** By service: what was seen, by everybody and by each vantage, and its incidents: those that touch the window count. */
  services: ReadonlyMap<
    string,
    { timeline: Timeline; vantages: readonly Timeline[]; incidents: readonly LossIncident[] }
  >
  window: Interval
  asOfMs: UnixMs
}

const MINUTE_MS = 60_000
const ROUNDING = { money: 'half-up', digits: 2 } as const

export function lossStatement(question: LossQuestion): LossStatement {
  const { name, model, services } = question
  const priced = model.services.flatMap((price) => {
    const facts = services.get(price.service)
    const touching = (facts?.incidents ?? []).filter((one) => touches(one, question))
    return facts ? touching.map((incident) => lineOf({ price, facts, incident }, question)) : []
  })
  return {
    model: name,
    currency: model.currency,
    lines: priced,
    total: moneyText(sum(...priced.map(({ amount }) => decimal(amount))), ROUNDING),
  }
}

type Price = LossModelSpec['services'][number]
type Priced = {
  price: Price
  facts: { timeline: Timeline; vantages: readonly Timeline[] }
  incident: LossIncident
}

function touches({ onsetMs, endMs }: LossIncident, { window, asOfMs }: LossQuestion): boolean {
  return onsetMs < window.endMs && (endMs ?? asOfMs) > window.startMs
}

/** The part of an incident in the window; what it costs however long it lasts stands where it began. */
function lineOf({ price, facts, incident }: Priced, { window, zone, asOfMs }: LossQuestion): LossLine {
  const { onsetMs } = incident
  const span = {
    startMs: Math.max(onsetMs, window.startMs),
    endMs: Math.min(incident.endMs ?? asOfMs, window.endMs),
  }
  const down = where(facts.timeline, span, isDown)
  const timed = ratesOf(price, { span, zone }).map(({ rate, set }) => {
    const weighted = intersect(down, set).map((one) =>
      weightedMinutes(one, { price, vantages: facts.vantages }),
    )
    return { minutes: sum(...weighted), rate }
  })
  const perIncident = contains(window, onsetMs) ? decimal(price.perIncident) : ZERO
  return {
    service: price.service,
    onsetMs,
    minutes: moneyText(fraction(totalMs(down), MINUTE_MS), ROUNDING),
    amount: moneyText(lossOf(timed, { affectedShare: ONE, perIncident }), ROUNDING),
  }
}

/** Time by what a minute of it costs: the first rate whose hours hold it, else the other one. */
function ratesOf(
  price: Price,
  { span, zone }: { span: Interval; zone: LossQuestion['zone'] },
): { rate: Fraction; set: IntervalSet }[] {
  let left: IntervalSet = span.startMs < span.endMs ? [span] : []
  const tables = { [price.timeZone]: zone(price.timeZone) }
  const rates = price.perMinute.map(({ days, start, end, amount }) => {
    const calendar: CalendarTerms = {
      kind: 'weekly',
      name: 'rate',
      timeZone: price.timeZone,
      weekly: [{ days, start, end }],
      holidays: [],
      yearsCovered: 'all',
    }
    const set = intersect(left, clip(serviceIntervals(calendar, tables, span), span))
    left = subtract(left, set)
    return { rate: decimal(amount), set }
  })
  return [...rates, { rate: decimal(price.otherwise), set: left }]
}

/** Minutes of a stretch of downtime, each by the share of users that it reached. */
function weightedMinutes(
  interval: Interval,
  { price, vantages }: { price: Price; vantages: readonly Timeline[] },
): Fraction {
  const share = price.affectedShare
  const minutes = fraction(interval.endMs - interval.startMs, MINUTE_MS)
  if (!share) return minutes
  if ('fixed' in share) return product(minutes, decimal(share.fixed))
  if (vantages.length === 0) return minutes
  // The mark packs both counts: vantages down above vantages known.
  const counts = combine(vantages, ({ down, known }) => down * COUNT_BASE + known)
  const pieces = [...piecesWithin(counts, interval)].map(({ startMs, endMs, mark }) => {
    const known = mark % COUNT_BASE
    const down = Math.floor(mark / COUNT_BASE)
    // Nobody could tell how many were reached: the outage stands, so all were.
    const reached = known === 0 ? ONE : ratio(fraction(down), fraction(known))
    return product(fraction(endMs - startMs, MINUTE_MS), reached)
  })
  return pieces.length === 0 ? ZERO : sum(...pieces)
}

const COUNT_BASE = 65_536

/** Σ minutes × rate × affected share, plus what an incident costs however long it lasts. */
export function lossOf(
  pieces: readonly { minutes: Fraction; rate: Fraction }[],
  { affectedShare, perIncident }: { affectedShare: Fraction; perIncident: Fraction },
): Fraction {
  const timed = sum(...pieces.map(({ minutes, rate }) => product(minutes, rate)))
  return sum(product(timed, affectedShare), perIncident)
}
