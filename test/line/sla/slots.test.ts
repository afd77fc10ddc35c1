/** Slots: who was expected to look from when to when, what was known, and which samples say how it went. */
import { outcomeCode, type Outcome } from '@constat/shared/sample'
import type { Observed } from '@constat/sla/assembly/observed'
import { toldSlots, watching } from '@constat/sla/assembly/slots'
import { timelineOf } from '@constat/sla/timeline'
import { describe, expect, it } from 'vitest'
import { accepted, SMALL } from '../../support/contract-text.ts'

const columnsOf = (...outcomes: Outcome[]) => ({
  baseMs: 0,
  offsetMs: Float64Array.from(outcomes, (_, i) => i),
  outcome: Uint8Array.from(outcomes, outcomeCode),
  latencyUs: Uint32Array.from(outcomes, (_, i) => 10 * i),
})

describe('slots', () => {
  it('that say how it went are counted; blocked ones as the contract has it', () => {
    const all = columnsOf('ok', 'unknown', 'blocked', 'fail', 'degraded')
    const told = (blockedIs: 'unknown' | 'fail') => {
      const { offsetMs, outcome, latencyUs } = toldSlots(all, blockedIs)
      return [[...offsetMs], [...outcome], [...latencyUs]]
    }
    const codes = (...outcomes: Outcome[]) => outcomes.map(outcomeCode)
    expect(told('unknown')).toEqual([[0, 3, 4], codes('ok', 'fail', 'degraded'), [0, 30, 40]])
    expect(told('fail')).toEqual([[0, 2, 3, 4], codes('ok', 'fail', 'fail', 'degraded'), [0, 20, 30, 40]])
  })

  it('are awaited while a vantage was there, up to what is looked at, and known where it knew anything', () => {
    const terms = accepted(SMALL)
    const timeline = timelineOf([
      { atMs: 0, state: 'up' },
      { atMs: 300, state: 'unknown' },
      { atMs: 400, state: 'up' },
    ])
    const heard = { timeline: () => timeline, silences: () => [] }
    const vantages = [
      { agent: { id: 'a', name: 'a' }, spans: [{ startMs: 100, endMs: Infinity }], heard },
      { agent: { id: 'b', name: 'b' }, spans: [{ startMs: -Infinity, endMs: 50 }], heard: null },
      { agent: { id: 'c', name: 'c' }, spans: [{ startMs: 900, endMs: Infinity }], heard: null },
    ]
    const observed: Observed = { terms, vantagesOf: () => vantages, isolatedOf: () => [] }
    const span = { window: { startMs: 0, endMs: 1_000 }, asOfMs: 500 }
    const found = watching(observed, terms.services[0]!.name, span)
    expect(found.map(({ vantage, watch }) => [vantage.agent.id, watch.expected, watch.known])).toEqual([
      [
        'a',
        { startMs: 100, endMs: 500 },
        [
          { startMs: 100, endMs: 300 },
          { startMs: 400, endMs: 500 },
        ],
      ],
      ['b', { startMs: 0, endMs: 50 }, []],
    ])
  })
})
