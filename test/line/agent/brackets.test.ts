/**
 * Brackets end to end, without a clock: outages of known onset and length, looked at by the agent's schedule and
 * folded as the collector folds them. How far apart "at least" and "at most" are, and how soon it is known.
 */
import { outcomeCode } from '@constat/shared/sample'
import { everywhere, isDown, isPossiblyDown, isProvenDown } from '@constat/sla/timeline'
import { foldSamples } from '@constat/sla/vantage'
import { describe, expect, test } from 'vitest'
import type { Seen } from '../../../agent/src/reprobe.ts'
import { Schedule, type Start } from '../../../agent/src/schedule.ts'

const INTERVAL_MS = 10_000
const TIMEOUT_MS = 5_000
const HOLD_MS = 2 * INTERVAL_MS + TIMEOUT_MS
const QUICK_MS = 5

type Outage = { fromMs: number; toMs: number; how: 'refuses' | 'hangs' }
type Told = { atMs: number; knownMs: number; seen: Seen }

/** What an agent tells of this outage; a try that hangs gets its second one as the prober gives it. */
function watched({ fromMs, toMs, how }: Outage, { brackets }: { brackets: boolean }): Told[] {
  const schedule = new Schedule({ epochUs: 0, maxInFlight: 8 })
  const times = { intervalUs: INTERVAL_MS * 1_000, reprobeUs: 2_000_000, phaseUs: 0 }
  schedule.add({ key: 'a', ...times, confirm: { down: 2, up: 1 }, brackets, cost: 1 }, 0)
  const told: Told[] = []
  const running: { start: Start; one: Told; hangsMs: number }[] = []
  const begin = (start: Start, nowMs: number): void => {
    const fails = nowMs >= fromMs && nowMs < toMs
    const lastsMs = fails && how === 'hangs' ? TIMEOUT_MS : QUICK_MS
    // The sample of the one that began first goes first.
    const knownMs = Math.max(nowMs + lastsMs, running.at(-1)?.one.knownMs ?? 0)
    const one: Told = { atMs: nowMs, knownMs, seen: fails ? 'bad' : 'good' }
    running.push({ start, one, hangsMs: nowMs + start.hangsUs / 1_000 })
  }
  for (let nowMs = 0; nowMs < toMs + 60_000;) {
    while ((running[0]?.one.knownMs ?? Infinity) <= nowMs) {
      const { start, one } = running.shift()!
      told.push(one)
      schedule.finish(start.ticket, one.seen, nowMs * 1_000)
    }
    for (const { start } of running.filter(({ hangsMs }) => hangsMs === nowMs)) {
      const second = schedule.beside(start.ticket, nowMs * 1_000)
      if (second) begin(second, nowMs)
    }
    for (const start of schedule.advance(nowMs * 1_000).starts) begin(start, nowMs)
    const hangs = running.map(({ hangsMs }) => hangsMs).filter((ms) => ms > nowMs)
    const dueMs = Math.ceil((schedule.nextDueUs() ?? Infinity) / 1_000)
    nowMs = Math.max(nowMs, Math.min(running[0]?.one.knownMs ?? Infinity, dueMs, ...hangs))
  }
  return told
}

function measured(outage: Outage, options: { brackets: boolean }) {
  const told = watched(outage, options)
  const columns = {
    atMs: told.map(({ atMs }) => atMs),
    outcome: told.map(({ seen }) => outcomeCode(seen === 'good' ? 'ok' : 'fail')),
  }
  const timeline = foldSamples({ holdMs: HOLD_MS, down: 2, up: 1 }, columns)
  const around = { startMs: outage.fromMs - INTERVAL_MS - 1, endMs: outage.toMs + INTERVAL_MS + 1 }
  const lengthOf = (holds: (mark: number) => boolean): number =>
    everywhere(timeline, holds).reduce((sum, { startMs, endMs }) => {
      const [from, to] = [Math.max(startMs, around.startMs), Math.min(endMs, around.endMs)]
      return sum + Math.max(0, to - from)
    }, 0)
  const failed = told.filter(({ seen }) => seen === 'bad')
  return {
    provenMs: lengthOf(isProvenDown),
    pointMs: lengthOf(isDown),
    possibleMs: lengthOf(isPossiblyDown),
    /** From the first failed look to the second one's end: N is 2. */
    knownMs: failed[1]!.knownMs - failed[0]!.atMs,
  }
}

/** Every onset within an interval, and lengths that fall everywhere in it too. */
const OUTAGES = Array.from({ length: 100 }, (_, i) => ({
  fromMs: 60_000 + i * 100,
  toMs: 60_000 + i * 100 + 25_000 + ((i * 37) % 100) * 200,
}))

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

describe.each(['refuses', 'hangs'] as const)('an outage that %s', (how) => {
  const outages = OUTAGES.map((outage) => ({ ...outage, how }))

  test('is bracketed to one interval and 4 s in the median, and lies within', () => {
    const all = outages.map((outage) => ({ outage, ...measured(outage, { brackets: true }) }))
    for (const { outage, provenMs, pointMs, possibleMs } of all) {
      const trueMs = outage.toMs - outage.fromMs
      expect(provenMs).toBeLessThanOrEqual(trueMs)
      expect(possibleMs).toBeGreaterThanOrEqual(trueMs)
      expect(pointMs).toBeGreaterThanOrEqual(provenMs)
    }
    const slack = all.map(({ provenMs, possibleMs }) => possibleMs - provenMs)
    // Also where the outage ends while tries hang: others look on beside them.
    expect(median(slack)).toBeLessThanOrEqual(INTERVAL_MS + 4_000)
    expect(Math.max(...slack)).toBeLessThanOrEqual(INTERVAL_MS + 4_000)
    const without = outages.map((outage) => measured(outage, { brackets: false }))
    expect(median(slack)).toBeLessThan(median(without.map((one) => one.possibleMs - one.provenMs)) - 2_000)
  })

  test('is known within 3 s of the first look, or of its timeout', () => {
    const worst = Math.max(...outages.map((outage) => measured(outage, { brackets: true }).knownMs))
    expect(worst).toBeLessThanOrEqual(3_000 + (how === 'hangs' ? TIMEOUT_MS : 0))
  })
})
