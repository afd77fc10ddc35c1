/**
 * Figures while time goes on: read every second between the samples, as somebody does who keeps the page open.
 * "At most" is told as of the last complete evidence: it grows while an outage goes on and stands still
 * otherwise, and never falls back when the next sample comes. What is closed is judged without this.
 */
import type { Outcome } from '@constat/shared/sample'
import { incidentsOf } from '@constat/sla/incident'
import { EVERY_OUTAGE } from '@constat/sla/outage'
import { measure } from '@constat/sla/window'
import { describe, expect, test } from 'vitest'
import type { ToldTimelines } from '@constat/sla/fold/timelines'
import { siteWorld, type SiteWorld } from '../../support/site-world.ts'

const TEXT = `apiVersion: constat/v1
kind: Check
metadata: {name: shop}
spec: {service: shop, tcp: {host: shop.test, port: 80}, interval: PT10S, timeout: PT5S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: live}
spec:
  provider: Northstar
  timeZone: UTC
  guarantees:
    - {id: shop-up, service: shop, metric: interval-availability, target: {op: gte, percent: "99.9"}}
`
const INTERVAL_MS = 10_000
/** Good samples wait for others in their batch; a change is there at once. */
const PATIENT_MS = 10_000
const URGENT_MS = 100
const END_MS = 300_000

type Taken = { agent: string; atMs: number; knownMs: number; outcome: Outcome }

/** What an agent tells: its slots, brackets while it fails, each when it is known. */
function told(
  agent: string,
  { phaseMs, outages }: { phaseMs: number; outages: [number, number][] },
): Taken[] {
  const isDown = (atMs: number): boolean => outages.some(([from, to]) => from <= atMs && atMs < to)
  const taken: Taken[] = []
  for (let slotMs = phaseMs; slotMs < END_MS; slotMs += INTERVAL_MS) {
    let fails = taken.at(-1)?.outcome === 'fail'
    for (let atMs = slotMs; atMs < slotMs + INTERVAL_MS; atMs += 2_000) {
      if (atMs > slotMs && !fails) break
      const outcome = isDown(atMs) ? 'fail' : 'ok'
      const isUrgent = (outcome === 'fail') !== fails || atMs > slotMs
      fails = outcome === 'fail'
      taken.push({ agent, atMs, knownMs: atMs + (isUrgent ? URGENT_MS : PATIENT_MS), outcome })
    }
  }
  // A frame carries everything before it: what is urgent takes along what waits.
  return taken.map((one, i) => ({
    ...one,
    knownMs: Math.min(...taken.slice(i).map(({ knownMs }) => knownMs)),
  }))
}

type Figures = { mostMs: number; pointMs: number; leastMs: number; incidentMostMs: number | null }

/** Read each second by `told`, which may be what a closing reads. */
function readings(taken: Taken[], toldAt: (world: SiteWorld, nowMs: number) => ToldTimelines): Figures[] {
  const world = siteWorld(TEXT, [...new Set(taken.map(({ agent }) => agent))])
  const byTime = taken.toSorted((a, b) => a.knownMs - b.knownMs || a.atMs - b.atMs)
  const figures: Figures[] = []
  let next = 0
  for (let nowMs = 60_000; nowMs < END_MS; nowMs += 1_000) {
    while (next < byTime.length && byTime[next]!.knownMs <= nowMs) {
      const { agent, atMs, outcome } = byTime[next]!
      world.sees(agent, { fromMs: atMs, untilMs: atMs + 1, stepMs: 1, checks: { shop: () => outcome } })
      next += 1
    }
    const timeline = toldAt(world, nowMs).service(world.state, world.revision, 'shop')
    const window = { startMs: 30_000, endMs: 3_600_000 }
    const { downMs } = measure({ timeline, committed: [window], window, asOfMs: nowMs })
    const incident = incidentsOf(timeline, EVERY_OUTAGE, nowMs).at(-1)
    figures.push({
      mostMs: downMs.pessimistic,
      pointMs: downMs.point,
      leastMs: downMs.provable,
      incidentMostMs: incident?.downMs.pessimistic ?? null,
    })
  }
  return figures
}

const live = (world: SiteWorld, nowMs: number): ToldTimelines => world.timelines.asOf(nowMs)
const closed = (world: SiteWorld): ToldTimelines => world.timelines

/** How much a figure falls, at its worst. */
function fall(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.slice(1).map((value, i) => (values[i] ?? 0) - (value ?? values[i] ?? 0)))
}

/** What a change of mind costs: between the end of an outage and the news of it. */
const NEWS_MS = 2_000

const OUTAGE: [number, number] = [123_000, 163_000]
const CASES: [string, Taken[]][] = [
  ['one vantage', told('a', { phaseMs: 0, outages: [OUTAGE] })],
  [
    'two vantages of three',
    [
      ...told('a', { phaseMs: 0, outages: [OUTAGE] }),
      ...told('b', { phaseMs: 3_300, outages: [OUTAGE] }),
      ...told('c', { phaseMs: 7_100, outages: [OUTAGE] }),
    ],
  ],
  [
    'one of three alone, before and after all of them',
    [
      ...told('a', { phaseMs: 0, outages: [[90_000, 230_000]] }),
      ...told('b', { phaseMs: 3_300, outages: [OUTAGE] }),
      ...told('c', { phaseMs: 7_100, outages: [OUTAGE] }),
    ],
  ],
]

describe.each(CASES)('as %s see it', (_, taken) => {
  const figures = readings(taken, live)

  test('"at most" never falls from one second to the next, of the window or the incident', () => {
    expect(fall(figures.map(({ mostMs }) => mostMs))).toBeLessThanOrEqual(NEWS_MS)
    expect(fall(figures.map(({ incidentMostMs }) => incidentMostMs))).toBeLessThanOrEqual(NEWS_MS)
    // What is read here is not the same anyhow: without it the figure saws with the samples.
    expect(fall(readings(taken, closed).map(({ mostMs }) => mostMs))).toBeGreaterThan(NEWS_MS)
  })

  test('it stands still while all is well, and grows with a steady outage', () => {
    const most = figures.map(({ mostMs }) => mostMs)
    expect(new Set(most.slice(0, 28))).toEqual(new Set([0]))
    expect(new Set(most.slice(-40)).size).toBe(1)
    const during = most.slice(75, 100)
    for (const [i, value] of during.slice(1).entries()) expect(value - during[i]!).toBe(1_000)
  })

  test('"at least" and the point stay within it, and the truth too once all is in', () => {
    for (const { leastMs, pointMs, mostMs } of figures) {
      expect(leastMs).toBeLessThanOrEqual(pointMs)
      expect(pointMs).toBeLessThanOrEqual(mostMs)
    }
    const last = figures.at(-1)!
    const truthMs = OUTAGE[1] - OUTAGE[0]
    expect(last.leastMs).toBeLessThanOrEqual(truthMs)
    expect(last.mostMs).toBeGreaterThanOrEqual(truthMs)
  })
})

test('an agent that falls silent is waited for until its sample no longer stands, then all of it may have been down', () => {
  const taken = told('a', { phaseMs: 0, outages: [] }).filter(({ atMs }) => atMs <= 150_000)
  const most = readings(taken, live).map(({ mostMs }) => mostMs)
  const silentS = (150_000 + 2 * INTERVAL_MS + 5_000 - 60_000) / 1_000
  expect(most[silentS - 1]).toBe(0)
  expect(most[silentS]).toBe(2 * INTERVAL_MS + 5_000)
  expect(fall(most)).toBe(0)
})
