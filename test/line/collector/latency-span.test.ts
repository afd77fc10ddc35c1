/** Spans of latencies as callers ask for them, at each limit and one past it; and what the chart says. */
import { describe, expect, it } from 'vitest'
import { parseInstant } from '@constat/shared/time'
import type { LatencyPoint, LatencyView } from '../../../collector/src/view/timeline.ts'
import { MAX_LATENCY_MS, MAX_LATENCY_POINTS } from '../../../collector/src/http/limits.ts'
import { latencySpanOf, usualStepMs } from '../../../collector/src/http/span.ts'
import { summaryOf } from '../../../collector/src/web/part/latency.tsx'
import { TEXTS } from '../../../collector/src/web/text/words.ts'

const clock = { nowMs: () => Date.UTC(2026, 9, 5), monotonicUs: () => 0 }
const HOUR_MS = 3_600_000
const before = (ms: number): string => new Date(clock.nowMs() - ms).toISOString()

describe('a span', () => {
  it('is the last day in quarters of an hour, where nothing else is said', () => {
    expect(latencySpanOf({}, clock)).toEqual({
      fromMs: clock.nowMs() - 24 * HOUR_MS,
      toMs: clock.nowMs(),
      stepMs: HOUR_MS / 4,
    })
  })

  it.each([
    ['PT1M', 60_000],
    ['60000', 60_000],
    ['PT1H30M', 5_400_000],
    ['1000', 1_000],
  ])('has steps of %s', (step, stepMs) => {
    expect(latencySpanOf({ step, from: before(600_000) }, clock).stepMs).toBe(stepMs)
  })

  it.each([
    ['as long as it may be', { from: before(MAX_LATENCY_MS) }, null],
    [
      'a millisecond longer',
      { from: before(MAX_LATENCY_MS + 1) },
      /longer than 35 days.*Ask for it in parts/,
    ],
    ['as many points as there may be', { from: before(MAX_LATENCY_POINTS * 1_000), step: '1000' }, null],
    [
      'one more',
      { from: before((MAX_LATENCY_POINTS + 1) * 1_000), step: '1000' },
      /2001 points.*longer step/,
    ],
    ['a step that is too short', { from: before(HOUR_MS / 60), step: '999' }, /at least 1000 ms/],
    ['no step', { step: '0' }, /at least 1000 ms/],
    ['no time at all', { from: before(0) }, /ends before it begins/],
  ])('of %s', (_, asked, problem) => {
    const ask = (): unknown => latencySpanOf(asked, clock)
    const said = (): string => {
      try {
        ask()
        return ''
      } catch (error) {
        const { message, hint } = error as { message: string; hint: string }
        return `${message} ${hint}`
      }
    }
    if (problem) expect(said()).toMatch(problem)
    else expect(ask).not.toThrow()
  })

  it('never has more than 120 steps unless it is asked to', () => {
    for (let hours = 1; hours <= 35 * 24; hours += 1) {
      expect((hours * HOUR_MS) / usualStepMs(hours * HOUR_MS)).toBeLessThanOrEqual(120)
    }
  })
})

describe('the chart, for those who do not see it', () => {
  const point = (change: Partial<LatencyPoint>): LatencyPoint => ({
    at: before(HOUR_MS),
    n: 10,
    p50Us: 81_200,
    p95Us: 200_000,
    p99Us: 1_250_001,
    failed: 0,
    ...change,
  })
  const empty = point({ n: 0, p50Us: null, p95Us: null, p99Us: null })
  const scene = (lang: 'en' | 'fr') => ({
    lang,
    text: TEXTS[lang],
    zone: 'UTC',
    nowMs: parseInstant('2026-10-05T00:00:00Z')!,
  })
  const saying = (points: LatencyPoint[], lang: 'en' | 'fr' = 'en'): string => {
    const latency: LatencyView = { check: 'login', stepMs: 60_000, points }
    return summaryOf(latency, scene(lang)).replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ')
  }

  it('says what is usual, what is worst, and rounds no figure down', () => {
    expect(saying([point({}), empty, point({ p99Us: 300_000, failed: 3 }), point({})])).toBe(
      'login: 30 answers. Usually half within 82 ms, 95 % within 200 ms; at worst 99 % within 1.26 s. 3 failed.',
    )
    expect(saying([point({ n: 1_234 })], 'fr')).toContain('1 234 réponses')
  })

  it('says that there is nothing', () => {
    expect(saying([empty])).toBe('login: No answer was measured in this span.')
  })
})
