/**
 * What `constat reconcile` and `constat replay` print: every fact of the answer, in words.
 */
import { expect, test } from 'vitest'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { readScenario } from '@constat/sla/scenario/read'
import { reconcileLines } from '../../../collector/src/cli/reconcile.ts'
import { replayLines } from '../../../collector/src/cli/replay.ts'
import { readPreset } from '../../../collector/src/cli/preset.ts'

const at = (minutes: number) => new Date(Date.UTC(2026, 5, 1) + minutes * 60_000).toISOString()

const scenario = readScenario({
  window: { start: at(0), end: at(43_200) },
  states: {
    service: [
      [at(-100), 'up'],
      [at(600), 'down'],
      [at(660), 'up'],
      [at(900), 'down'],
      [at(1400), 'up'],
    ],
  },
  exclusions: [{ id: 'm1', kind: 'planned', start: at(5000), end: at(5060), announcedAt: at(4900) }],
  statement: {
    incidents: [
      { start: at(600), end: at(630) },
      { start: at(5000), end: at(5060), kind: 'planned' },
      { start: at(-90), end: at(-60) },
    ],
    availability: { '*': '99.95' },
  },
  policies: ['pandora', 'nagios'],
})
const answer = evaluateScenario(scenario, [{ name: 'p.yaml', text: readPreset('planned-downtime') }])
const reconciled = answer.reconciliation[0]!

const STATEMENT = {
  id: 'st-1',
  contract: 'planned-downtime',
  window: '2026-06',
  sha256: '',
  bytes: 0,
  by: 'provider' as const,
  receivedAt: at(50_000),
}

test('a reconciliation', () => {
  const guarantees = [{ ...reconciled, service: 'service', agrees: false }]
  const view = {
    statement: STATEMENT,
    window: '2026-06',
    asOf: at(43_200),
    version: null,
    guarantees,
    leftOut: ['reads'],
    reading: null,
  }
  // 99.95 % of 43 200 min are 21.6 min; 560 min are 98.70 %.
  expect(reconcileLines('planned-downtime', view)).toEqual([
    'planned-downtime 2026-06 (provisional), statement st-1, measured up to 2026-07-01T00:00:00.000Z',
    'availability: differs',
    '  2026-06-01T10:00:00.000Z to 2026-06-01T11:00:00.000Z: shorter in the statement, line 1: both 30 min, only measured 30 min, only stated 0 s',
    '  2026-06-01T15:00:00.000Z to 2026-06-01T23:20:00.000Z: absent from the statement: both 0 s, only measured 8 h 20 min, only stated 0 s',
    '  2026-06-04T11:20:00.000Z to 2026-06-04T12:20:00.000Z: declared only by the provider, line 2: both 0 s, only measured 0 s, only stated 0 s',
    '    line 2, planned: refused (notice too short): 0 s of 1 h excused',
    '  outside the window: line 3',
    '  stated 21 min 36 s, arithmetic of the statement +8 min 24 s, shorter in the statement +30 min, absent from the statement +8 h 20 min, measured 9 h 20 min',
    '  credit in EUR: 0.00 by the statement, 0.00 by what both say, 20.00 proved, 20.00 measured; 20.00 in dispute',
    'Not in a list of outages: reads.',
  ])
  expect(
    reconcileLines('planned-downtime', {
      ...view,
      statement: null,
      version: 2,
      guarantees: [],
      leftOut: [],
      reading: null,
    }),
  ).toEqual(['planned-downtime 2026-06 (version 2), not handed in, measured up to 2026-07-01T00:00:00.000Z'])
})

test('steps below a second are told in ms', () => {
  const waterfall = [
    { step: 'stated' as const, ms: 640 },
    { step: 'not-itemised-in-the-statement' as const, ms: -640 },
    { step: 'measured' as const, ms: 0 },
  ]
  const small = {
    ...reconciled,
    service: 'service',
    agrees: true,
    matches: [],
    waterfall,
    linesOutside: [],
    credits: null,
  }
  const view = {
    statement: null,
    window: '2026-06',
    asOf: at(0),
    version: 1,
    guarantees: [small],
    leftOut: [],
    reading: null,
  }
  expect(reconcileLines('c', view).slice(1)).toEqual([
    'availability: agreed',
    '  stated 640 ms, not itemised in the statement −640 ms, measured 0 s',
  ])
})

test('readings of an hour that happened twice are all told', () => {
  const [match] = reconciled.matches
  const readings = [
    { start: at(1), end: at(2) },
    { start: at(61), end: at(62) },
  ]
  const twice = { ...reconciled, service: 'service', agrees: false, matches: [{ ...match!, readings }] }
  const lines = reconcileLines('planned-downtime', {
    statement: STATEMENT,
    window: '2026-06',
    asOf: at(0),
    version: 1,
    guarantees: [twice],
    leftOut: [],
    reading: null,
  })
  expect(lines.filter((line) => line.includes('could mean'))).toEqual([
    '    could mean 2026-06-01T00:01:00.000Z to 2026-06-01T00:02:00.000Z',
    '    could mean 2026-06-01T01:01:00.000Z to 2026-06-01T01:02:00.000Z',
  ])
})

test('a replay', () => {
  const results = answer.policies.flatMap(({ guarantee, ...rest }) =>
    guarantee === null ? [] : [{ guarantee, ...rest }],
  )
  const view = { contract: 'planned-downtime', window: '2026-06', asOf: at(43_200), results }
  expect(replayLines(view)).toEqual([
    'planned-downtime 2026-06, measured up to 2026-07-01T00:00:00.000Z',
    'availability',
    '  pandora   98.70 %  (ok + unknown + downtime + warning) / (ok + unknown + downtime + warning + error)',
    '  nagios   98.704 %  ok / (ok + warning + unknown + critical + undetermined)',
  ])
  expect(replayLines({ ...view, results: [] })[1]).toContain('nothing to replay')
})
