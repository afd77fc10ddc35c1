/**
 * Isolation and silence: when an agent says nothing about its targets, and what a contract may make of it.
 */
import { describe, expect, test } from 'vitest'
import { OUTCOMES, outcomeCode, type Outcome } from '@constat/shared/sample'
import { isolatedTime, withIsolation } from '@constat/sla/isolation'
import { silenceAsDown } from '@constat/sla/silence'
import { MARK } from '@constat/sla/timeline'
import type { SampleColumns } from '@constat/sla/vantage'

function columns(...samples: readonly (readonly [number, Outcome])[]): SampleColumns {
  return { atMs: samples.map(([atMs]) => atMs), outcome: samples.map(([, outcome]) => outcomeCode(outcome)) }
}

const holdMs = 25

describe('isolated time', () => {
  const failing = columns([0, 'ok'], [10, 'fail'], [20, 'fail'], [30, 'ok'])
  test.each<[string, SampleColumns[], [number, number][]]>([
    ['no reference isolates nowhere', [], []],
    ['one reference, by its latest sample', [failing], [[10, 30]]],
    ['all of them', [failing, columns([0, 'ok'], [15, 'fail'], [28, 'ok'])], [[15, 28]]],
    ['one that is not run yet says nothing', [failing, columns([15, 'fail'], [28, 'ok'])], [[10, 28]]],
    ['one that told nothing yet is not run', [failing, columns([0, 'unknown'], [28, 'ok'])], [[10, 28]]],
    ['one that is run no longer says nothing', [failing, columns([-20, 'ok'])], [[10, 30]]],
    ['one still answers', [failing, columns([0, 'ok'], [20, 'degraded'])], []],
    ['a failure stands no longer than its hold', [columns([10, 'fail'])], [[10, 35]]],
    ['unknown is no failure', [columns([10, 'fail'], [20, 'unknown'])], [[10, 20]]],
    ['blocked is no failure', [columns([10, 'blocked'])], []],
    ['an equal instant supersedes', [columns([10, 'fail'], [10, 'ok'])], []],
  ])('%s', (_title, references, wanted) => {
    const isolated = isolatedTime(references.map((reference) => ({ columns: reference, holdMs })))
    expect(isolated.map(({ startMs, endMs }) => [startMs, endMs])).toEqual(wanted)
  })
})

test('samples at an isolated instant become unknown, whatever they were', () => {
  const seen = columns([9, 'fail'], [10, 'fail'], [19, 'ok'], [20, 'fail'], [40, 'blocked'], [50, 'fail'])
  const blind = withIsolation(seen, [
    { startMs: 10, endMs: 20 },
    { startMs: 35, endMs: 45 },
  ])
  const names = Array.from(blind.outcome, (code) => OUTCOMES[code])
  expect(names).toEqual(['fail', 'unknown', 'unknown', 'fail', 'unknown', 'fail'])
  expect(withIsolation(seen, [])).toBe(seen)
})

test('silence is down only where the contract says so, and only where nothing was told', () => {
  const timeline = { at: [0, 10, 20, 30], mark: [MARK.known, MARK.blocked, 0, MARK.known] }
  const down = MARK.known | MARK.down | MARK.provenDown
  expect(silenceAsDown(timeline, [{ startMs: 5, endMs: 25 }])).toEqual({
    at: [0, 10, 20, 25, 30],
    mark: [MARK.known, MARK.blocked, down, 0, MARK.known],
  })
  expect(silenceAsDown(timeline, [])).toEqual(timeline)
})
