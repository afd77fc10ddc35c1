/**
 * A year of an imaginary outsourcer, ending now: what failed, and what both sides said of it. Every instant counts from
 * the beginning of one of thirteen months in Paris, the last of which goes on. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import { firstOfMonth, monthOf, yearOf } from '@constat/sla/civil'
import { hostZone, instantOf, localAt } from '@constat/sla/zone'
import type { Span } from '../support/seed-story.ts'
import { AGENTS, hostingTerms } from '../support/seed-terms.ts'

export const MONTHS = 13
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const [LYON, LILLE] = AGENTS
const LOGIN = ['order-portal-login']
const EDGE = [...LOGIN, 'dc-edge']
const ECHO = ['branch-vpn-echo']

export type Year = {
  /** Midnight in Paris on the first day of each month, the next one too. */
  months: readonly UnixMs[]
  /** Which of them it begins with: a shorter history is the end of the whole one. */
  first: number
  /** `2026-10` */
  keys: readonly string[]
  /** Instant of a month, by its day from 1 and the clock of UTC. */
  at: (month: number, day: number, clock: string) => UnixMs
}

/** The last `count` of the thirteen months. */
export function yearUntil(nowMs: UnixMs, count = MONTHS): Year {
  const table = hostZone('Europe/Paris', { startMs: nowMs - 800 * DAY_MS, endMs: nowMs + 100 * DAY_MS })
  const local = localAt(table, nowMs)
  const first = (month: number): number =>
    firstOfMonth({ year: yearOf(local), month: monthOf(local) - (MONTHS - 1) + month })
  const numbers = Array.from({ length: MONTHS + 1 }, (_, month) => month)
  const months = numbers.map((month) => instantOf(table, first(month)))
  return {
    months,
    first: MONTHS - count,
    keys: numbers.map((month) => new Date(first(month)).toISOString().slice(0, 7)),
    at: (month, day, clock) =>
      Date.parse(`${new Date(first(month) + (day - 1) * DAY_MS).toISOString().slice(0, 10)}T${clock}:00Z`),
  }
}

/** On working days as far as months let them be. */
type Outage = readonly [
  month: number,
  day: number,
  clock: string,
  minutes: number,
  checks: readonly string[],
  cause?: Span['cause'],
  agents?: readonly string[],
]
const OUTAGES: readonly Outage[] = [
  [0, 9, '09:10', 34, LOGIN, 'status'],
  [0, 22, '02:00', 410, ECHO, 'timeout', [LILLE]],
  [1, 14, '10:05', 21, LOGIN, 'reset'],
  [2, 11, '08:20', 118, EDGE],
  [2, 19, '13:00', 40, LOGIN, 'status'],
  [3, 5, '14:30', 52, LOGIN, 'certificate'],
  [3, 17, '09:40', 26, [...LOGIN, 'lan-gateway'], 'timeout', [LYON, LILLE]],
  [4, 15, '07:30', 95, EDGE],
  [5, 13, '12:10', 300, LOGIN, 'status'],
  [6, 10, '15:00', 33, ECHO],
  [7, 8, '09:00', 64, LOGIN, 'connect'],
  [7, 21, '11:15', 25, LOGIN, 'status'],
  [8, 12, '08:45', 47, EDGE],
  [9, 9, '10:20', 72, LOGIN, 'reset'],
  [10, 6, '07:10', 48, EDGE],
  [10, 13, '12:00', 40, LOGIN, 'status'],
  [11, 5, '08:12', 48, LOGIN, 'status'],
  [11, 19, '16:04', 92, EDGE],
]
/** Nobody probed: the collector's own site was moved. */
const UNMEASURED = [6, 20, '09:00', 95] as const
/** Again and again while the demonstration runs, so that something is to be seen: a short outage of the portal. */
const LIVE_EVERY_MS = 3 * 60 * MINUTE_MS
const LIVE_MS = 35 * MINUTE_MS
const LIVE_SINCE_MS = 19 * MINUTE_MS

/** `nowMs`: when the demonstration began. */
export function troubles(year: Year, nowMs: UnixMs): Span[] {
  const past = OUTAGES.map(([month, day, clock, minutes, checks, cause, agents = AGENTS]): Span => {
    const fromMs = year.at(month, day, clock)
    return { checks, agents, fromMs, untilMs: fromMs + minutes * MINUTE_MS, ...(cause && { cause }) }
  })
  const [month, day, clock, minutes] = UNMEASURED
  const gapMs = year.at(month, day, clock)
  const live = Array.from({ length: 100 }, (_, n): Span => {
    const fromMs = nowMs - LIVE_SINCE_MS + n * LIVE_EVERY_MS
    return { checks: [...LOGIN, 'cpe-wan'], agents: [LYON, LILLE], fromMs, untilMs: fromMs + LIVE_MS }
  })
  return [
    ...past.filter(({ untilMs }) => untilMs < nowMs),
    { checks: ['*'], agents: AGENTS, fromMs: gapMs, untilMs: gapMs + minutes * MINUTE_MS, outcome: null },
    { checks: ECHO, agents: [LILLE], fromMs: nowMs - 40 * MINUTE_MS, untilMs: Infinity },
    ...live,
  ]
}

/** The example of an outsourcing contract, moved to this year, with whom it tells. `sink`: where webhooks go. */
export function terms(revision: 1 | 2 | 3, { year, sink }: { year: Year; sink: string }): string {
  const years = [...new Set(year.keys.map((key) => key.slice(0, 4)))]
  const from = `${year.keys[year.first]}-01`
  const holidays = years.flatMap((one) =>
    ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25'].map(
      (day) => `{date: "${one}-${day}"}`,
    ),
  )
  // The first Sunday of the first month, from which standing maintenance is counted.
  const sunday = new Date(Date.parse(`${from}T00:00:00Z`))
  sunday.setUTCDate(1 + ((7 - sunday.getUTCDay()) % 7))
  return (
    hostingTerms(revision, from)
      .replace(
        /holidays:[\s\S]*?yearsCovered: \[2026\]/,
        `holidays: [${holidays.join(', ')}]\n  yearsCovered: [${years.join(', ')}]`,
      )
      .replace('dtstart: "2026-01-04T02:00:00"', `dtstart: "${sunday.toISOString().slice(0, 10)}T02:00:00"`)
      .replace('to: "2029-01-01"', `to: "${Number(years.at(-1)) + 3}-01-01"`)
      .replaceAll('MSA-2026-017', `MSA-${years[0]}-017`)
      .replace('Hosting and network outsourcing', 'Hosting and network outsourcing (demonstration)') +
    `---
apiVersion: constat/v1
kind: Alerting
metadata: {name: duty}
spec:
  contract: acme-hosting-2026
  endpoints:
    - {id: chat, url: "${sink}", operatedBy: customer}
    - {id: finance, email: finance@acme.example, language: fr, operatedBy: customer}
    - {id: northstar, email: service-desk@northstar.example, operatedBy: outsourcer}
  routes:
    - {types: ["incident.*", "objective.*", claim.deadline], to: [chat]}
    - {types: ["incident.*"], severity: critical, to: [northstar]}
  escalation:
    - {after: PT15M, to: [chat]}
  reports:
    - {id: statement, every: closing, to: [finance, northstar], forms: [pdf, csv]}
    - {id: interim, every: week, on: MO, at: "08:00", timeZone: Europe/Paris, of: current, to: [chat]}
`
  )
}
