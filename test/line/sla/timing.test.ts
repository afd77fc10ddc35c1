/**
 * Response and restoration times, and how many incidents there were: clocks, pauses, what a silence may hide.
 */
import { describe, expect, test } from 'vitest'
import { JANUARY, contractOf, january, onlyGuarantee, statesWith, type Json } from '../../support/scenario.ts'

const COMMON = { id: 'g', service: 'portal', clause: 'A', window: { period: 'P1M', timeZone: 'UTC' } }
const RESTORED = { ...COMMON, metric: 'restoration-time', target: { each: 'PT4H' } }
const ANSWERED = { ...COMMON, metric: 'response-time', target: { each: 'PT30M' } }
const KINDS = [{ id: 'cause', clause: 'X', needs: 'nothing' }]
const HOUR = 60

type Stretch = readonly [string, string, string]
type Asked = { guarantee: Json; stretches: Stretch[]; incidents?: Json[]; spec?: Json; more?: Json }

function judged({ guarantee, stretches, incidents = [], spec = {}, more = {} }: Asked) {
  const contract = contractOf({ spec: { guarantees: [guarantee], exclusions: { kinds: KINDS }, ...spec } })
  const states = { portal: statesWith(stretches) }
  return onlyGuarantee({ contract, window: JANUARY, states, incidents, ...more })
}

/** The figures of the first incident in minutes. */
function minutesOf(result: ReturnType<typeof judged>): number[] | null {
  if (result.kind !== 'timing') throw new Error('a timed guarantee has timings')
  const ms = result.perIncident[0]?.ms
  return ms ? [ms.provable, ms.point, ms.pessimistic].map((one) => one / 60_000) : null
}

describe('restoration', () => {
  type Row = [string, Stretch[], Json, string, number[]]
  const office = { calendar: 'office' }
  test.each<Row>([
    ['four hours', [['08 10:00', '08 14:00', 'down']], {}, 'met', [240, 240, 240]],
    ['a minute more', [['08 10:00', '08 14:01', 'down']], {}, 'not_met', [241, 241, 241]],
    // Tuesday 18:00 to Thursday 09:00: two hours, a holiday, one hour.
    [
      'the clock runs in service hours only',
      [['13 18:00', '15 09:00', 'down']],
      office,
      'met',
      [180, 180, 180],
    ],
    [
      'and counts on the next working day',
      [['13 18:00', '15 10:01', 'down']],
      office,
      'not_met',
      [241, 241, 241],
    ],
    ['a night is none', [['10 00:00', '12 00:00', 'down']], office, 'met', [0, 0, 0]],
  ])('%s', (_title, stretches, more, verdict, minutes) => {
    const result = judged({ guarantee: { ...RESTORED, ...more }, stretches })
    expect([result.verdict, minutesOf(result)]).toEqual([verdict, minutes])
  })

  test('the longest decides, not the sum', () => {
    const stretches: Stretch[] = [
      ['08 10:00', '08 13:00', 'down'],
      ['09 10:00', '09 13:00', 'down'],
    ]
    expect(judged({ guarantee: RESTORED, stretches }).verdict).toBe('met')
  })

  test('a pause that the contract names stops the clock; another exclusion does not', () => {
    const stretches: Stretch[] = [['08 10:00', '08 15:00', 'down']]
    const more = { exclusions: [{ kind: 'cause', start: january('08 11:00'), end: january('08 12:30') }] }
    const paused = { ...RESTORED, clock: { pausedWhile: ['cause'] } }
    const result = judged({ guarantee: paused, stretches, more })
    expect([result.verdict, minutesOf(result)]).toEqual(['met', [210, 210, 210]])
    expect(judged({ guarantee: RESTORED, stretches, more }).verdict).toBe('not_met')
  })

  test('an incident counts in the window of its onset, to its end', () => {
    const asked = { guarantee: RESTORED, more: { asOf: '2026-02-02T00:00:00Z' } }
    const late = ['2026-01-31T22:00:00Z', '2026-02-01T03:00:00Z']
    const states = {
      portal: [
        [JANUARY.start, 'up'],
        [late[0], 'down'],
        [late[1], 'up'],
      ],
    }
    const january5h = judged({ ...asked, stretches: [], more: { ...asked.more, states } })
    expect([january5h.verdict, minutesOf(january5h)]).toEqual(['not_met', [300, 300, 300]])
    const window = { start: '2026-02-01T00:00:00Z', end: '2026-03-01T00:00:00Z' }
    const february = judged({
      ...asked,
      stretches: [],
      more: { states, window, asOf: '2026-03-01T00:00:00Z' },
    })
    expect([february.verdict, minutesOf(february)]).toEqual(['met', null])
  })

  test('before the promise there is nothing to restore', () => {
    const spec = { effective: { from: '2026-01-15', timeZone: 'UTC' } }
    const stretches: Stretch[] = [['08 10:00', '08 20:00', 'down']]
    expect(judged({ guarantee: RESTORED, stretches, spec })).toMatchObject({
      verdict: 'met',
      perIncident: [],
    })
  })

  test('what still runs at the end is not restored', () => {
    const stretches: Stretch[] = [['31 22:00', '31 23:59:59', 'down']]
    const states = {
      portal: [
        [JANUARY.start, 'up'],
        [january('31 22:00'), 'down'],
      ],
    }
    expect(judged({ guarantee: RESTORED, stretches, more: { states } }).verdict).toBe('indeterminate')
  })
})

describe('silence', () => {
  test('within an outage proves nothing of how long it took', () => {
    const stretches: Stretch[] = [
      ['08 10:00', '08 10:10', 'down'],
      ['08 10:10', '08 15:00', 'unknown'],
      ['08 15:00', '08 15:10', 'down'],
    ]
    const result = judged({ guarantee: RESTORED, stretches: stretches.slice(0, 1) })
    expect(result.verdict).toBe('met')
    const states = {
      portal: [
        [JANUARY.start, 'up'],
        ...stretches.map(([at, , state]) => [january(at), state]),
        [january('08 15:10'), 'up'],
      ],
    }
    const silent = judged({ guarantee: RESTORED, stretches: [], more: { states } })
    expect([silent.verdict, minutesOf(silent)]).toEqual(['indeterminate', [10, 310, 310]])
  })

  test.each([
    ['of four hours hides no outage that is too long', '08 14:00', 'met'],
    ['of a minute more could', '08 14:01', 'indeterminate'],
  ])('%s', (_title, end, verdict) => {
    expect(judged({ guarantee: RESTORED, stretches: [['08 10:00', end, 'unknown']] }).verdict).toBe(verdict)
  })

  test('beside an outage could be part of it', () => {
    const states = {
      portal: [
        [JANUARY.start, 'up'],
        [january('08 08:00'), 'unknown'],
        [january('08 12:00'), 'down'],
        [january('08 12:05'), 'up'],
      ],
    }
    expect(judged({ guarantee: RESTORED, stretches: [], more: { states } }).verdict).toBe('indeterminate')
  })

  test('that reaches over the end of the window is followed to its own', () => {
    const states = {
      portal: [
        [JANUARY.start, 'up'],
        [january('31 23:00'), 'unknown'],
        ['2026-02-01T06:00:00Z', 'up'],
      ],
    }
    const more = { states, asOf: '2026-02-02T00:00:00Z' }
    expect(judged({ guarantee: RESTORED, stretches: [], more }).verdict).toBe('indeterminate')
  })

  test('outside the hours of the promise hides nothing', () => {
    const guarantee = { ...RESTORED, calendar: 'office' }
    expect(judged({ guarantee, stretches: [['10 00:00', '12 00:00', 'unknown']] }).verdict).toBe('met')
  })
})

describe('response', () => {
  const stretches: Stretch[] = [['08 10:00', '08 12:00', 'down']]
  const told = (acts: Json): Json[] => [
    { service: 'portal', start: january('08 10:00'), end: january('08 12:00'), ...acts },
  ]
  const alerted = { alertedAt: january('08 10:05') }
  const FROM_ONSET = { clock: { start: 'measured-onset' } }
  type Row = [string, Json, Json, string, number | null]
  test.each<Row>([
    ['thirty minutes from the alert', {}, { ...alerted, acknowledgedAt: january('08 10:35') }, 'met', 30],
    ['a second more', {}, { ...alerted, acknowledgedAt: january('08 10:35:01') }, 'not_met', 30 + 1 / 60],
    [
      'from the onset the same answer is late',
      FROM_ONSET,
      { ...alerted, acknowledgedAt: january('08 10:35') },
      'not_met',
      35,
    ],
    ['from the onset, in time', FROM_ONSET, { acknowledgedAt: january('08 10:30') }, 'met', 30],
    ['never acknowledged: the clock runs on', {}, alerted, 'not_met', (23 * 24 + 14) * HOUR - 5],
    ['no alert: the clock never started', {}, {}, 'met', null],
    [
      'told by telephone',
      { clock: { start: 'provider-notified' } },
      { notifiedAt: january('08 11:00'), acknowledgedAt: january('08 11:10') },
      'met',
      10,
    ],
    [
      'closed by the provider',
      { clock: { stop: 'provider-closed' } },
      { ...alerted, providerClosedAt: january('08 10:30') },
      'met',
      25,
    ],
    [
      'from acknowledgement to recovery',
      { clock: { start: 'provider-acknowledgement', stop: 'measured-recovery' } },
      { acknowledgedAt: january('08 11:15') },
      'not_met',
      45,
    ],
  ])('%s', (_title, clock, acts, verdict, minutes) => {
    const result = judged({ guarantee: { ...ANSWERED, ...clock }, stretches, incidents: told(acts) })
    expect(result.verdict).toBe(verdict)
    expect(minutesOf(result)?.[1] ?? null).toBe(minutes)
  })
})

describe('incident count', () => {
  const guarantee = { ...COMMON, metric: 'incident-count', target: { count: 2 } }
  const days = (...list: string[]): Stretch[] => list.map((day) => [`${day} 10:00`, `${day} 10:10`, 'down'])
  type Row = [string, Stretch[], Json, string, number[]]
  const gap = (minutes: number) => ({ measurement: { mergeGap: { gap: `PT${minutes}M` } } })
  test.each<Row>([
    ['two', days('08', '09'), {}, 'met', [2, 2, 2]],
    ['three', days('08', '09', '12'), {}, 'not_met', [3, 3, 3]],
    [
      'a silence may hide one',
      [...days('08', '09'), ['12 10:00', '12 10:01', 'unknown']],
      {},
      'indeterminate',
      [2, 2, 3],
    ],
    [
      'a long one several',
      [...days('08'), ['12 10:00', '12 10:05', 'unknown']],
      {},
      'indeterminate',
      [1, 1, 4],
    ],
    [
      'unless the contract joins what is so near',
      [...days('08'), ['12 10:00', '12 10:05', 'unknown']],
      gap(5),
      'met',
      [1, 1, 2],
    ],
    [
      'joined over a gap',
      [['08 10:00', '08 10:10', 'down'], ['08 10:15', '08 10:20', 'down'], ...days('09')],
      gap(5),
      'met',
      [2, 2, 2],
    ],
    [
      'not over a longer one',
      [['08 10:00', '08 10:10', 'down'], ['08 10:16', '08 10:20', 'down'], ...days('09')],
      gap(5),
      'not_met',
      [3, 3, 3],
    ],
    [
      'too short to count',
      days('08', '09', '12'),
      { measurement: { minimumOutage: 'PT11M' } },
      'met',
      [0, 0, 0],
    ],
  ])('%s', (_title, stretches, spec, verdict, count) => {
    const result = judged({ guarantee, stretches, spec })
    if (result.kind !== 'count') throw new Error('a count guarantee has a count')
    expect([result.verdict, Object.values(result.count)]).toEqual([verdict, count])
  })

  test('too short to count, also where people did something about it', () => {
    const incidents = [{ service: 'portal', start: january('08 10:00'), alertedAt: january('08 10:01') }]
    const spec = { measurement: { minimumOutage: 'PT11M' } }
    const result = judged({
      guarantee: { ...guarantee, target: { count: 0 } },
      stretches: days('08'),
      incidents,
      spec,
    })
    expect(result).toMatchObject({ verdict: 'met', count: { point: 0 }, incidents: [] })
  })

  test('outside the hours of the promise none counts', () => {
    const office = { ...guarantee, calendar: 'office', target: { count: 0 } }
    expect(judged({ guarantee: office, stretches: days('10', '11') }).verdict).toBe('met')
    expect(judged({ guarantee: office, stretches: days('10', '12') }).verdict).toBe('not_met')
  })

  test('an outage that a silence has parted in two may be two', () => {
    const states = {
      portal: [
        [JANUARY.start, 'up'],
        [january('08 10:00'), 'down'],
        [january('08 10:10'), 'unknown'],
        [january('08 10:11'), 'down'],
        [january('08 10:20'), 'up'],
      ],
    }
    const one = { ...guarantee, target: { count: 1 } }
    expect(judged({ guarantee: one, stretches: [], more: { states } }).verdict).toBe('indeterminate')
  })
})
