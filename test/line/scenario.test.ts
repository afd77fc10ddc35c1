/**
 * Scenarios: what is read, what is refused and how it is said, and what each part alone answers.
 */
import { Fault } from '@constat/shared/fault'
import { sampleColumns, stateTimeline } from '@constat/sla/scenario/rows'
import { NO_LATENCY_US } from '@constat/sla/latency'
import { describe, expect, test } from 'vitest'
import {
  CHECK,
  HOUR_MS,
  JANUARY,
  OFFICE,
  contractOf,
  evaluated,
  january,
  statesWith,
  type Json,
} from '../support/scenario.ts'

function faultOf(run: () => unknown): Fault {
  try {
    run()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('rows', () => {
  test('columns of samples, sorted by instant, equal instants in their order', () => {
    const rows = [
      ['2026-01-01T00:01:00Z', 'fail'],
      [1767225600000, 'ok', 81_000],
      ['2026-01-01T01:01:00+01:00', 'ok', 7, 'reprobe'],
      ['2026-01-01T00:02:00.000Z', 'fail', 'timeout'],
    ]
    const { atMs, outcome, latencyUs, isReprobe } = sampleColumns(rows, 's')
    expect([...atMs].map((at) => (at - 1767225600000) / 1000)).toEqual([0, 60, 60, 120])
    expect([...outcome]).toEqual([0, 2, 0, 2])
    expect([...latencyUs]).toEqual([81_000, NO_LATENCY_US, 7, NO_LATENCY_US])
    expect([...isReprobe]).toEqual([0, 0, 1, 0])
  })

  test.each<[string, unknown, RegExp]>([
    ['no list', 'ok', /s\[0\] is not a row/],
    ['too short', ['2026-01-01T00:00:00Z'], /s\[0\] is not a row/],
    ['no instant', ['yesterday', 'ok'], /s\[0\]\[0\] is "yesterday", which is no instant/],
    ['a local time', ['2026-01-01T00:00:00', 'ok'], /which is no instant/],
    ['a day that does not exist', ['2026-02-30T00:00:00Z', 'ok'], /which is no instant/],
    ['half a ms', [0.5, 'ok'], /which is no instant/],
    ['an outcome nobody knows', [0, 'up'], /s\[0\]\[1\] is "up", which is no outcome/],
    ['half a µs', [0, 'ok', 0.5], /s\[0\]\[2\] is no latency/],
    ['a negative latency', [0, 'ok', -1], /no latency/],
    ['more µs than there may be', [0, 'ok', 0xffffffff], /no latency/],
    ['no latency at all', [0, 'ok', null], /no latency/],
  ])('refused: %s', (_title, row, pattern) => {
    const fault = faultOf(() => sampleColumns([row], 's'))
    expect([fault.code, fault.hint !== undefined]).toEqual(['bad-request', true])
    expect(fault.message).toMatch(pattern)
  })

  test('the most µs that there may be are a latency', () => {
    expect(sampleColumns([[0, 'ok', 0xfffffffe]], 's').latencyUs[0]).toBe(0xfffffffe)
  })

  test('states, each until the next, in any order', () => {
    const rows = [
      [20, 'up'],
      [0, 'degraded'],
      [10, 'down'],
    ]
    expect(stateTimeline(rows, 's').at).toEqual([0, 10, 20])
    expect(faultOf(() => stateTimeline([[0, 'ok']], 's')).message).toMatch(
      /s\[0\]\[1\] is "ok", which is no state/,
    )
    expect(faultOf(() => stateTimeline([[0, 'up', 1]], 's')).message).toMatch(/not a row/)
  })
})

const UP = { portal: [[JANUARY.start, 'up']] }

describe('refused', () => {
  test.each<[string, Json, RegExp]>([
    ['a key nobody knows', { window: JANUARY, state: {} }, /Unrecognized key/],
    ['a window that ends before it begins', { window: { start: 10, end: 10 } }, /window.end should be later/],
    [
      'an exclusion that ends before it begins',
      { window: JANUARY, states: UP, exclusions: [{ kind: 'k', start: 5, end: 5 }] },
      /exclusions\[0\].end/,
    ],
    [
      'a policy nobody knows',
      { window: JANUARY, states: UP, policies: ['astrology'] },
      /no policy "astrology"/,
    ],
    [
      'a check that the contract does not have',
      { window: JANUARY, samples: { mail: {} } },
      /samples name mail, which hosting does not check/,
    ],
    [
      'a vantage that may not run it',
      { window: JANUARY, samples: { web: { paris: [[0, 'ok']] } } },
      /samples of web come from paris, which may not run it/,
    ],
    ['a contract that is not there', { window: JANUARY, contractName: 'other' }, /no contract other/],
    [
      'a history that is no amount',
      { window: JANUARY, states: UP, history: { up: [{ verdict: 'not_met', credit: 'much' }] } },
      /no amount/,
    ],
  ])('%s', (_title, scenario, pattern) => {
    const contract = contractOf({ spec: { measurement: { vantages: ['lyon'] } } })
    const fault = faultOf(() => evaluated({ contract, ...scenario }))
    expect([fault.message, ...(fault.problems ?? [])].join('\n')).toMatch(pattern)
  })

  test('a contract with problems, all of them at once', () => {
    const contract = contractOf({ spec: { provider: 1, guarantees: [] } })
    const { code, problems } = faultOf(() => evaluated({ contract, window: JANUARY }))
    expect(code).toBe('bad-contract')
    expect(problems?.length).toBeGreaterThanOrEqual(2)
  })
})

describe('refused names', () => {
  const contract = contractOf({
    spec: { exclusions: { kinds: [{ id: 'k', clause: 'X', needs: 'nothing' }] } },
  })
  const span = { kind: 'k', start: 0, end: 5 }
  test.each<[string, Json, RegExp]>([
    ['states of nothing', { states: { portl: UP.portal } }, /hosting has no service portl/],
    ['an incident of nothing', { incidents: [{ service: 'mail', start: 0 }] }, /has no service mail/],
    ['an exclusion for nothing', { exclusions: [{ ...span, service: 'mail' }] }, /has no service mail/],
    [
      'one id twice',
      {
        exclusions: [
          { ...span, id: 'a' },
          { ...span, id: 'a' },
        ],
      },
      /two exclusions have the id a/,
    ],
  ])('%s', (_title, more, pattern) => {
    const fault = faultOf(() => evaluated({ contract, window: JANUARY, states: UP, ...more }))
    expect([fault.code, fault.hint !== undefined]).toEqual(['bad-request', true])
    expect(fault.message).toMatch(pattern)
  })
})

describe('a part alone', () => {
  test('a calendar and a window: committed time', () => {
    const answer = evaluated({ contract: [OFFICE], window: JANUARY })
    // 21 working days of 12 hours.
    expect(answer.calendars).toMatchObject([
      { calendar: 'office', committedMs: 252 * HOUR_MS, offHoursMs: 492 * HOUR_MS },
    ])
    expect(answer.calendars[0]?.intervals).toHaveLength(21)
    expect(answer).toMatchObject({ services: [], guarantees: [], credits: null })
  })

  test('a calendar that does not cover the window: refused alone, left out beside services', () => {
    const window = { start: '2025-01-01T00:00:00Z', end: '2025-02-01T00:00:00Z' }
    expect(() => evaluated({ contract: [OFFICE], window })).toThrow(/does not cover 2025/)
    const states = { portal: [[window.start, 'up']] }
    expect(evaluated({ contract: contractOf({}), window, states })).toMatchObject({
      calendars: [],
      guarantees: [{ verdict: 'met' }],
    })
  })

  test('samples without a contract: each check a service, two failures confirm', () => {
    const minutes = (fails: number) =>
      Array.from({ length: 62 }, (_, i) => [i * 60_000, i >= 10 && i < 10 + fails ? 'fail' : 'ok'])
    const asked = (fails: number) =>
      evaluated({ window: { start: 0, end: HOUR_MS }, samples: { anything: { here: minutes(fails) } } })
    expect(asked(1).services).toMatchObject([
      { service: 'anything', downMs: { provable: 0, point: 0, pessimistic: 120_000 } },
    ])
    expect(asked(2).services).toMatchObject([
      { downMs: { provable: 60_000, point: 120_000, pessimistic: 180_000 } },
    ])
  })

  test('states without a contract: figures, incidents, and what others would say', () => {
    const answer = evaluated({
      window: JANUARY,
      states: { mail: statesWith([['08 00:00', '09 00:00', 'down']]) },
      policies: ['nagios'],
    })
    expect(answer.services).toMatchObject([
      {
        service: 'mail',
        states: { down: 24 * HOUR_MS, up: 720 * HOUR_MS },
        coverage: '1.0000',
        incidents: [{ onset: january('08 00:00:00.000') }],
      },
    ])
    expect(answer.policies).toMatchObject([{ service: 'mail', guarantee: null, policy: 'nagios' }])
  })

  test('no window: nothing', () => {
    expect(evaluated({ contract: [OFFICE, CHECK] })).toMatchObject({ window: null, calendars: [] })
  })

  test('what nothing measured shows is no incident', () => {
    const incidents = [{ service: 'portal', start: january('20 00:00'), alertedAt: january('20 00:01') }]
    const { services } = evaluated({ contract: contractOf({}), window: JANUARY, states: UP, incidents })
    expect(services[0]?.incidents).toEqual([])
  })

  test('a service given as it stands goes before its samples', () => {
    const samples = { web: { lyon: [[JANUARY.start, 'fail']] } }
    const { guarantees } = evaluated({ contract: contractOf({}), window: JANUARY, samples, states: UP })
    expect(guarantees[0]).toMatchObject({ verdict: 'met' })
  })
})

describe('re-probes', () => {
  // A failure, its re-probe two seconds later, and good again.
  const rows = [
    ...Array.from({ length: 62 }, (_, i) => [i * 60_000, i === 10 ? 'fail' : 'ok']),
    [602_000, 'fail', 'reprobe'],
    [604_000, 'ok', 'reprobe'],
  ]
  test.each([
    ['reprobes', 4000],
    ['slots', 0],
  ])('confirm by %s', (by, point) => {
    const contract = contractOf({ spec: { measurement: { confirm: { by } } } })
    const { services } = evaluated({
      contract,
      window: { start: 0, end: HOUR_MS },
      samples: { web: { lyon: rows } },
    })
    expect(services[0]).toMatchObject({ downMs: { point } })
  })
})
