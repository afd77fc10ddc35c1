/**
 * Scenarios: what is read, what is refused and how it is said, and what each part alone answers.
 */
import { Fault } from '@constat/shared/fault'
import { pathText } from '@constat/sla/contract/problem'
import { BOUNDLESS, sampleColumns, stateTimeline, type RowPlace } from '@constat/sla/scenario/rows'
import { NO_LATENCY_US } from '@constat/sla/latency'
import { describe, expect, test } from 'vitest'
import {
  AVAILABILITY,
  CHECK,
  HOUR_MS,
  JANUARY,
  OFFICE,
  contractOf,
  evaluated,
  january,
  statesWith,
  type Json,
} from '../../support/scenario.ts'

function faultOf(run: () => unknown): Fault {
  try {
    run()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** What is said of rows that are read, one line each. */
function readRows<T>(read: (place: RowPlace) => T): { value: T; said: string[] } {
  const said: string[] = []
  const value = read({
    path: ['s'],
    say: (path, message) => said.push(`${pathText(path)}: ${message}`),
    bounds: BOUNDLESS,
  })
  return { value, said }
}

describe('rows', () => {
  test('columns of samples, sorted by instant, equal instants in their order', () => {
    const rows = [
      ['2026-01-01T00:01:00Z', 'fail'],
      [1767225600000, 'ok', 81_000],
      ['2026-01-01T01:01:00+01:00', 'ok', 7, 'reprobe'],
      ['2026-01-01T00:02:00.000Z', 'fail', 'timeout'],
    ]
    const { value, said } = readRows((place) => sampleColumns(rows, place))
    const { atMs, outcome, latencyUs, isReprobe } = value.columns
    expect(said).toEqual([])
    expect([...atMs].map((at) => (at - 1767225600000) / 1000)).toEqual([0, 60, 60, 120])
    expect([...outcome]).toEqual([0, 2, 0, 2])
    expect([...latencyUs]).toEqual([81_000, NO_LATENCY_US, 7, NO_LATENCY_US])
    expect([...isReprobe]).toEqual([0, 0, 1, 0])
  })

  test.each<[string, unknown, string[]]>([
    ['no list', 'ok', ['s[0]: is no row']],
    ['too short', ['2026-01-01T00:00:00Z'], ['s[0]: is no row']],
    ['no instant', ['yesterday', 'ok'], ['s[0][0]: is "yesterday", which is no instant: write']],
    ['a local time', ['2026-01-01T00:00:00', 'ok'], ['which is no instant']],
    ['a day that does not exist', ['2026-02-30T00:00:00Z', 'ok'], ['which is no instant']],
    ['half a ms', [0.5, 'ok'], ['which is no instant']],
    ['more ms than a date has', [8.64e15 + 1, 'ok'], ['which is no instant']],
    ['an outcome nobody knows', [0, 'up'], ['s[0][1]: is "up", which is no outcome: write one of ok, ']],
    ['two things', [null, 'up'], ['s[0][0]: is null', 's[0][1]: is "up"']],
    ['half a µs', [0, 'ok', 0.5], ['s[0][2]: is no latency']],
    ['a negative latency', [0, 'ok', -1], ['is no latency']],
    ['more µs than there may be', [0, 'ok', 0xffffffff], ['is no latency']],
    ['no latency at all', [0, 'ok', null], ['is no latency']],
  ])('refused: %s', (_title, row, parts) => {
    const { said } = readRows((place) => sampleColumns([row, [1, 'ok']], place))
    expect(said).toHaveLength(parts.length)
    for (const [i, part] of parts.entries()) expect(said[i]).toContain(part)
  })

  test('the first ten wrong rows of a series, and that there are more', () => {
    const { said } = readRows((place) =>
      sampleColumns(
        Array.from({ length: 12 }, () => 'x'),
        place,
      ),
    )
    expect([said.length, said[9], said[10]]).toEqual([
      11,
      expect.stringContaining('s[9]: is no row'),
      's: has more rows like these: mend them all',
    ])
  })

  test('the most µs that there may be are a latency', () => {
    const { value } = readRows((place) => sampleColumns([[0, 'ok', 0xfffffffe]], place))
    expect(value.columns.latencyUs[0]).toBe(0xfffffffe)
  })

  test('states, each until the next, in any order', () => {
    const rows = [
      [20, 'up'],
      [0, 'degraded'],
      [10, 'down'],
    ]
    expect(readRows((place) => stateTimeline(rows, place)).value.timeline.at).toEqual([0, 10, 20])
    const { said } = readRows((place) =>
      stateTimeline(
        [
          [0, 'ok'],
          [0, 'up', 1],
          [null, 'up'],
        ],
        place,
      ),
    )
    expect(said).toEqual([
      expect.stringContaining('s[0][1]: is "ok", which is no state: write one of up, '),
      expect.stringContaining('s[1]: is no row'),
      expect.stringContaining('s[2][0]: is null, which is no instant'),
    ])
  })
})

const UP = { portal: [[JANUARY.start, 'up']] }
const IN_JANUARY = { start: january('05 10:00'), end: january('05 11:00') }

/** Every line that is said of a scenario of the small contract. */
function problemsOf(scenario: Json, spec: Json = {}): string[] {
  const contract = contractOf({ spec: { measurement: { vantages: ['lyon'], clause: 'M' }, ...spec } })
  const { code, problems, message } = faultOf(() => evaluated({ contract, ...scenario }))
  expect([code, message]).toEqual([
    'bad-request',
    `the scenario has ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
  ])
  return [...problems]
}

const uncovered = (path: string, year: number): string =>
  `${path}: calendar office does not cover ${year}: list the holidays of that year and add it to yearsCovered`

describe('a year that a calendar does not cover', () => {
  const window = { start: '2026-12-01T00:00:00Z', end: '2027-01-01T00:00:00Z' }
  const states = { portal: [[window.start, 'up']] }

  test('is told once of the window, however many guarantees ask', () => {
    const guarantees = ['a', 'b'].map((id) => ({ ...AVAILABILITY, id, calendar: 'office' }))
    const later = { start: window.start, end: '2027-01-02T00:00:00Z' }
    expect(problemsOf({ window: later, states }, { guarantees })).toEqual([uncovered('window', 2027)])
  })

  test('is told of exclusions where only their notice is counted by it', () => {
    const notice = { days: 5, dayKind: 'clear-working', calendar: 'office' }
    const announced = { kind: 'planned', declaredBy: 'hoster', announcedAt: '2025-12-20T00:00:00Z' }
    const exclusions = [{ ...announced, start: JANUARY.start, end: january('02 00:00') }]
    const spec = { exclusions: { kinds: [{ id: 'planned', clause: 'X', notice }] } }
    expect(problemsOf({ window: JANUARY, states: UP, exclusions }, spec)).toEqual([
      uncovered('exclusions', 2025),
    ])
  })

  test('is told of the window where a claim would end in it', () => {
    const deadline = { days: 30, dayKind: 'working', calendar: 'office' }
    const schedules = { up: { kind: 'linear', percentPerPoint: '10' } }
    const credits = { clause: 'A', schedules, claim: { deadline } }
    const charges = { currency: 'EUR', monthly: [{ service: 'portal', amount: '100' }] }
    expect(problemsOf({ window, states }, { credits, charges })).toEqual([uncovered('window', 2027)])
  })
})

describe('refused, with its path and its cure', () => {
  const asked = { window: JANUARY, states: UP }
  test.each<[string, Json, string]>([
    ['a key nobody knows', { ...asked, state: {} }, 'state: is not a key here: did you mean states?'],
    ['a window that is none', { window: 7 }, 'window: should be {start, end}, or a key such as 2026-10'],
    [
      'a window that ends before it begins',
      { window: { start: 10, end: 10 } },
      'window.end: should be later',
    ],
    ['a window without an end', { window: { start: 10 } }, 'window.end: is missing: it should be ms since'],
    ['a key of no window', { window: '2026-13' }, 'window: is "2026-13", which is no window: write a key'],
    ['a rolling window without its end', { window: 'rolling-7d' }, 'asOf: is missing: rolling-7d ends there'],
    ['a window beyond the rules of its zone', { window: '1850-01', states: UP }, 'write {start, end}'],
    [
      'an exclusion that ends before it begins',
      { ...asked, exclusions: [{ kind: 'k', start: JANUARY.start, end: JANUARY.start }] },
      'exclusions[0].end: should be later',
    ],
    [
      'an exclusion without its kind',
      { ...asked, exclusions: [IN_JANUARY] },
      'exclusions[0].kind: is missing: it should be',
    ],
    [
      'a policy nobody knows',
      { ...asked, policies: ['astrology'] },
      'policies[0]: there is no policy "astrology": write one of pandora',
    ],
    [
      'a check that the contract does not have',
      { ...asked, samples: { mail: {} } },
      'samples.mail: hosting has no check mail: write one of web',
    ],
    [
      'a vantage that may not run it',
      { ...asked, samples: { web: { paris: [[JANUARY.start, 'ok']] } } },
      'samples.web.paris: may not run this check: its vantages are lyon',
    ],
    [
      'rows that are none',
      { ...asked, samples: { web: { lyon: 3 } } },
      'samples.web.lyon: should be a list of rows',
    ],
    [
      'a contract that is not there',
      { ...asked, contractName: 'other' },
      'contractName: names no contract of the documents: write one of hosting',
    ],
    [
      'a history that is no amount',
      { ...asked, history: { up: [{ verdict: 'not_met', credit: 'much' }] } },
      'history.up[0].credit: is "much", which is no amount',
    ],
    [
      'a history of nothing',
      { ...asked, history: { down: ['met'] } },
      'history.down: hosting has no guarantee down: write one of up',
    ],
    ['a history that is no verdict', { ...asked, history: { up: ['lost'] } }, 'history.up[0]: should be'],
    [
      'states of nothing',
      { ...asked, states: { portl: UP.portal } },
      'states.portl: hosting has no service portl: write one of portal',
    ],
    [
      'an incident of nothing',
      { ...asked, incidents: [{ service: 'mail', ...IN_JANUARY }] },
      'incidents[0].service: hosting has no service mail',
    ],
    [
      'an exclusion for nothing',
      { ...asked, exclusions: [{ kind: 'k', service: 'mail', ...IN_JANUARY }] },
      'exclusions[0].service: hosting has no service mail',
    ],
    [
      'a line of a statement of nothing',
      { ...asked, statement: { incidents: [{ service: 'mail', ...IN_JANUARY }] } },
      'statement.incidents[0].service: hosting has no service mail',
    ],
    [
      'a share of nothing',
      { ...asked, statement: { availability: { mail: '99' } } },
      'statement.availability.mail: is no guarantee and no service: write * or one of up, portal',
    ],
    [
      'a share that is none',
      { ...asked, statement: { availability: { up: '101' } } },
      'statement.availability.up: is no percentage',
    ],
    [
      'a stated time that is none',
      { ...asked, statement: { incidents: [{ start: 'noon', end: 'later' }] } },
      'statement.incidents[0].start: is "noon", which is no time: write',
    ],
    [
      'a stated end before its start',
      { ...asked, statement: { incidents: [{ start: IN_JANUARY.end, end: IN_JANUARY.start }] } },
      'statement.incidents[0].end: is before its start',
    ],
    [
      'one id twice',
      { ...asked, exclusions: ['a', 'a'].map((id) => ({ id, kind: 'k', ...IN_JANUARY })) },
      'exclusions[1].id: is taken: exclusions[0] has the id a too',
    ],
    [
      'seconds for ms',
      { ...asked, samples: { web: { lyon: [[1767225600, 'ok']] } } },
      'samples.web.lyon[0][0]: is 1970-01-21T10:53:45.600Z, more than ten years before the window: it looks like seconds, write ms',
    ],
    [
      'asOf in seconds',
      { ...asked, asOf: 1767225600 },
      'asOf: is 1970-01-21T10:53:45.600Z, more than ten years before',
    ],
    [
      'another century',
      { ...asked, incidents: [{ service: 'portal', start: '2126-01-05T10:00:00Z' }] },
      'incidents[0].start: is 2126-01-05T10:00:00.000Z, more than ten years after the window: correct it',
    ],
    [
      'states of two other ages',
      {
        ...asked,
        states: {
          portal: [
            [1767225600, 'up'],
            [1767229200, 'down'],
          ],
        },
      },
      'states.portal[1][0]: is 1970-01-21',
    ],
    [
      'a statement of another century',
      { ...asked, statement: { incidents: [{ start: '1926-01-05T10:00Z' }] } },
      'statement.incidents[0].start: is 1926',
    ],
  ])('%s', (_title, scenario, line) => {
    expect(problemsOf(scenario)).toEqual([expect.stringContaining(line)])
  })

  test('all of it at once', () => {
    const scenario = {
      window: { start: 'now', end: JANUARY.end },
      asOf: true,
      states: { portal: [['then', 'gone']] },
      history: { none: [] },
      policies: ['astrology'],
      exclusions: [{ kind: 'k', start: 'x', end: JANUARY.end }],
    }
    expect(problemsOf(scenario).map((line) => line.split(':')[0])).toEqual([
      'asOf',
      'window.start',
      'policies[0]',
      'history.none',
      'states.portal[0][0]',
      'states.portal[0][1]',
      'exclusions[0].start',
    ])
  })

  test('documents of the scenario itself by their path, and beside other problems', () => {
    const contract = contractOf({ spec: { provider: 1, guarantees: [] } })
    const alone = faultOf(() => evaluated({ contract, window: JANUARY }))
    expect([alone.code, alone.message]).toEqual([
      'bad-contract',
      `the contract has ${alone.problems.length} problems`,
    ])
    expect(alone.problems).toContainEqual(
      expect.stringMatching(/^contract\[2\]\.spec\.provider: should be text/),
    )
    const both = faultOf(() => evaluated({ contract, window: JANUARY, policies: ['astrology'] }))
    expect([both.code, both.problems.length]).toEqual(['bad-request', alone.problems.length + 1])
    const single = faultOf(() => evaluated({ contract: CHECK, window: JANUARY, history: { up: ['met'] } }))
    expect(single.problems).toEqual([
      expect.stringContaining('history: stands without a contract: write one'),
    ])
  })

  test('what needs a contract, without one', () => {
    const fault = faultOf(() =>
      evaluated({ window: JANUARY, states: UP, exclusions: [{ kind: 'k', ...IN_JANUARY }] }),
    )
    expect(fault.problems).toEqual([expect.stringContaining('exclusions: stands without a contract')])
  })
})

describe('noted, beside the answer', () => {
  const notesOf = (scenario: Json, spec: Json = {}) =>
    evaluated({ contract: contractOf({ spec }), window: JANUARY, states: UP, ...scenario }).notes.map(
      ({ path, message }) => `${path}: ${message}`,
    )
  const OUTAGE = statesWith([['08 10:00', '08 11:00', 'down']])
  test.each<[string, Json, string[]]>([
    ['nothing', {}, []],
    ['nothing, by the key', { window: '2026-01' }, []],
    [
      'a window that is not the guarantee’s',
      { window: { start: JANUARY.start, end: january('02 00:00') } },
      [
        'window: is no window of up: its own is 2026-01 (P1M in UTC, 2026-01-01T00:00:00.000Z to 2026-02-01T00:00:00.000Z); write "window": "2026-01"',
      ],
    ],
    [
      'rows from asOf on',
      {
        asOf: january('10 00:00'),
        states: {
          portal: [
            [JANUARY.start, 'up'],
            [january('10 00:00'), 'down'],
          ],
        },
      },
      ['states.portal: 1 row(s) from asOf on are left out: nobody knew them then'],
    ],
    [
      'an outage that nothing measured shows',
      { incidents: [{ service: 'portal', ...IN_JANUARY }] },
      ['incidents[0]: overlaps no measured outage: it changes nothing'],
    ],
    [
      'one that something shows',
      { states: { portal: OUTAGE }, incidents: [{ service: 'portal', start: january('08 10:30') }] },
      [],
    ],
    [
      'an exclusion outside the window',
      { exclusions: [{ id: 'm', kind: 'k', start: JANUARY.end, end: '2026-02-02T00:00:00Z' }] },
      ['exclusions: m lies outside the window: it excuses nothing of it'],
    ],
    [
      'asOf before the window',
      { asOf: '2025-12-31T00:00:00Z' },
      [
        'asOf: is not after the beginning of the window: nothing of it is measured yet',
        'states.portal: 1 row(s) from asOf on are left out: nobody knew them then',
      ],
    ],
    [
      'a state that held since long ago',
      { states: { portal: [[0, 'up']] } },
      ['states.portal: begins more than ten years before the window: its first state holds since then'],
    ],
    [
      'samples beside states',
      { samples: { web: { lyon: [[JANUARY.start, 'fail']] } } },
      ['samples.web: is not used for portal: states give it as it stands'],
    ],
    ['a contract of which nothing is given', { states: undefined, samples: { web: {} } }, []],
    [
      'people who are no party',
      { exclusions: [{ kind: 'k', declaredBy: 'nobody', ...IN_JANUARY }] },
      [
        'exclusions[0].declaredBy: nobody stands on neither side of hosting: its parties are customer, hoster, it, telco',
      ],
    ],
    [
      'a zone that is none',
      {
        states: { portal: OUTAGE },
        incidents: [{ service: 'portal', zone: 'moon', start: january('08 10:00') }],
      },
      ['incidents[0].zone: hosting has no zone moon'],
    ],
    ['a statement of another guarantee', { statement: { availability: { portal: '99.9' } } }, []],
  ])('%s', (_title, scenario, notes) => {
    expect(notesOf(scenario)).toEqual(notes)
  })

  test('a guarantee of which nothing is given, and what was said of it', () => {
    const mail = { ...CHECK, metadata: { name: 'mail' }, spec: { ...CHECK.spec, service: 'mail' } }
    const guarantees = [AVAILABILITY, { ...AVAILABILITY, id: 'post', service: 'mail' }]
    const contract = contractOf({ spec: { guarantees }, others: [mail] })
    const exclusions = [{ kind: 'k', service: 'mail', ...IN_JANUARY }]
    const answer = evaluated({
      contract,
      window: JANUARY,
      states: UP,
      history: { post: ['met'] },
      exclusions,
    })
    expect(answer.notes).toEqual([
      { path: 'contract', message: 'nothing is given of post (mail): not judged' },
      { path: 'history.post', message: 'is of a guarantee that is not judged here' },
      { path: 'exclusions[0]', message: 'is of no guarantee that is judged here: it excuses nothing' },
    ])
  })

  test('a list of outages that says nothing of a share', () => {
    const guarantees = [
      AVAILABILITY,
      { ...AVAILABILITY, id: 'few', metric: 'incident-count', target: { count: 2 } },
    ]
    expect(notesOf({ statement: { incidents: [] } }, { guarantees })).toEqual([
      'statement: is not held against few: it says nothing of them, or they are no availability of a whole service',
    ])
  })
})

describe('a window by its key', () => {
  const windowOf = (scenario: Json, window: Json = {}) => {
    const guarantee = { ...AVAILABILITY, window: { period: 'P1M', timeZone: 'Europe/Paris', ...window } }
    const { window: found } = evaluated({
      contract: contractOf({ spec: { guarantees: [guarantee] } }),
      states: UP,
      ...scenario,
    })
    return found && [found.startMs, found.endMs].map((at) => new Date(at).toISOString().slice(0, 16))
  }
  test.each<[string, Json, Json, string[]]>([
    ['2026-10', {}, {}, ['2026-09-30T22:00', '2026-10-31T23:00']],
    ['2026-01-15--P1M', {}, { anchor: '2026-01-15' }, ['2026-01-14T23:00', '2026-02-14T23:00']],
    ['2026-Q4', {}, { period: 'P3M' }, ['2026-09-30T22:00', '2026-12-31T23:00']],
    ['2026', {}, { period: 'P1Y' }, ['2025-12-31T23:00', '2026-12-31T23:00']],
    ['2026-W41', {}, { period: 'P1W' }, ['2026-10-04T22:00', '2026-10-11T22:00']],
    // Of no guarantee: in the zone of the contract.
    ['2026-10-05', {}, {}, ['2026-10-04T22:00', '2026-10-05T22:00']],
    ['rolling-7d', { asOf: '2026-10-08T12:00:00Z' }, {}, ['2026-10-01T12:00', '2026-10-08T12:00']],
  ])('%s', (key, more, window, expected) => {
    expect(windowOf({ window: key, ...more }, window)).toEqual(expected)
  })

  test('of a calendar alone, in its zone', () => {
    const answer = evaluated({ contract: [OFFICE], window: '2026-01' })
    expect(answer.calendars).toMatchObject([{ calendar: 'office', committedMs: 252 * HOUR_MS }])
  })

  test('that means two times is refused', () => {
    const guarantees = ['UTC', 'Europe/Paris'].map((timeZone) => ({
      ...AVAILABILITY,
      id: timeZone.slice(0, 3),
      window: { period: 'P1M', timeZone },
    }))
    expect(problemsOf({ window: '2026-01', states: UP }, { guarantees })).toEqual([
      'window: is not the same time for UTC and Eur: write {start, end} of the one that is meant',
    ])
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
    expect(faultOf(() => evaluated({ contract: [OFFICE], window })).problems).toEqual([
      uncovered('window', 2025),
    ])
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
