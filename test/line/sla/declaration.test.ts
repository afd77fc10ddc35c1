/**
 * Declarations: the same outage, one clause or one word apart, and two results. An hour down on Thursday
 * 8 January from 10:00; 0.1 % of January is 44 min 38.4 s, so it is lost unless something excuses enough.
 */
import { describe, expect, test } from 'vitest'
import {
  contractOf,
  evaluated,
  JANUARY,
  january,
  onlyGuarantee,
  statesWith,
  type Json,
} from '../../support/scenario.ts'

const OUTAGE = statesWith([['08 10:00', '08 11:00', 'down']])
const AROUND = { start: january('08 09:00'), end: january('08 12:00') }

const KINDS = {
  planned: {
    id: 'planned',
    clause: 'X',
    needs: 'announcement',
    notice: { days: 5, dayKind: 'clear-working', calendar: 'office' },
    maxPerOccurrence: 'PT4H',
  },
  announced: { id: 'announced', clause: 'X', needs: 'announcement' },
  elapsed: { id: 'elapsed', clause: 'X', notice: { elapsed: 'PT72H' } },
  cause: { id: 'cause', clause: 'X', needs: 'customer-acceptance', zones: ['lan'] },
  majeure: { id: 'majeure', clause: 'X', needs: 'agreement-or-decision' },
  free: { id: 'free', clause: 'X', needs: 'nothing' },
}

function scenarioOf(exclusion: Json, { kind = {}, more = {} }: { kind?: Json; more?: Json } = {}): Json {
  const kinds = Object.values(KINDS).map((one) => (one.id === exclusion['kind'] ? { ...one, ...kind } : one))
  const zones = [
    { id: 'lan', owner: 'it', boundary: 'switch port', reference: [] },
    { id: 'application', owner: 'hoster', boundary: 'the URL', reference: [] },
  ]
  return {
    contract: contractOf({ spec: { zones, exclusions: { kinds } } }),
    window: JANUARY,
    states: { portal: OUTAGE },
    exclusions: [{ id: 'one', ...AROUND, ...exclusion }],
    ...more,
  }
}

type Row = [
  title: string,
  exclusion: Json,
  standing: string,
  refusals: string[],
  verdict: string,
  kind?: Json,
]
const ANNOUNCED = { kind: 'planned', announcedAt: '2025-12-30T12:00:00Z' }
const BY_NAME = { announcedStart: january('08 10:30'), announcedEnd: january('08 14:00') }

// Clear working days before the 8th: 7, 6, 5, 2 January and, in the office calendar, Thursday the 1st.
const NOTICE: Row[] = [
  ['never announced', { kind: 'planned' }, 'refused', ['not-announced'], 'not_met'],
  ['five clear working days', { kind: 'planned', announcedAt: '2025-12-31T12:00:00Z' }, 'valid', [], 'met'],
  [
    'four of them',
    { kind: 'planned', announcedAt: '2026-01-01T00:00:00Z' },
    'refused',
    ['notice-too-short'],
    'not_met',
  ],
  ['seventy-two hours to the ms', { kind: 'elapsed', announcedAt: january('05 09:00') }, 'valid', [], 'met'],
  [
    'notice one ms short',
    { kind: 'elapsed', announcedAt: '2026-01-05T09:00:00.001Z' },
    'refused',
    ['notice-too-short'],
    'not_met',
  ],
  [
    'notice one minute short',
    { kind: 'elapsed', announcedAt: january('05 09:01') },
    'refused',
    ['notice-too-short'],
    'not_met',
  ],
  [
    'announced at its start, no notice asked',
    { kind: 'announced', announcedAt: january('08 09:00') },
    'valid',
    [],
    'met',
  ],
  [
    'announced once it had begun',
    { kind: 'announced', announcedAt: january('08 09:01') },
    'refused',
    ['notice-too-short'],
    'not_met',
  ],
]

const INTERVAL: Row[] = [
  ['within four hours', { ...ANNOUNCED, kind: 'announced' }, 'valid', [], 'met'],
  // Announced from 10:30: the first half hour of the outage counts, 30 min of 44.64 allowed.
  ['partly outside what was announced', { ...ANNOUNCED, ...BY_NAME, kind: 'announced' }, 'valid', [], 'met'],
  // Announced from 10:50: 50 min count.
  [
    'mostly outside',
    { ...ANNOUNCED, ...BY_NAME, kind: 'announced', announcedStart: january('08 10:50') },
    'valid',
    [],
    'not_met',
  ],
  [
    'wholly outside',
    {
      ...ANNOUNCED,
      kind: 'announced',
      announcedStart: january('08 12:00'),
      announcedEnd: january('08 13:00'),
    },
    'refused',
    ['outside-announced-interval'],
    'not_met',
  ],
  // From 09:00 at most 90 min: 30 min of the outage are left.
  ['longer than an occurrence may be', { kind: 'free' }, 'valid', [], 'met', { maxPerOccurrence: 'PT1H30M' }],
  // At most 75 min: 45 min are left, 21.6 s too many.
  ['much longer', { kind: 'free' }, 'valid', [], 'not_met', { maxPerOccurrence: 'PT1H15M' }],
]

const ACCEPTANCE: Row[] = [
  ['nobody has accepted', { kind: 'cause' }, 'contested', ['not-accepted'], 'not_met'],
  ['the provider cannot', { kind: 'cause', acceptedBy: 'hoster' }, 'contested', ['not-accepted'], 'not_met'],
  [
    'its subcontractor neither',
    { kind: 'cause', acceptedBy: 'telco' },
    'contested',
    ['not-accepted'],
    'not_met',
  ],
  ['the customer has', { kind: 'cause', acceptedBy: 'customer' }, 'valid', [], 'met'],
  ['its own IT has', { kind: 'cause', acceptedBy: ['it'] }, 'valid', [], 'met'],
  ['the customer says so itself', { kind: 'cause', declaredBy: 'it' }, 'valid', [], 'met'],
  ['a court has decided', { kind: 'cause', acceptedBy: 'decision' }, 'valid', [], 'met'],
  ['one side of two', { kind: 'majeure', acceptedBy: 'customer' }, 'contested', ['not-accepted'], 'not_met'],
  ['both sides', { kind: 'majeure', acceptedBy: ['customer', 'hoster'] }, 'valid', [], 'met'],
  [
    'declared by one, accepted by the other',
    { kind: 'majeure', declaredBy: 'hoster', acceptedBy: 'customer' },
    'valid',
    [],
    'met',
  ],
  ['a decision alone', { kind: 'majeure', acceptedBy: 'decision' }, 'valid', [], 'met'],
  [
    'accepted, then contested',
    { kind: 'cause', acceptedBy: 'customer', contestedBy: 'it' },
    'contested',
    [],
    'met',
  ],
  [
    'contested, then decided',
    { kind: 'cause', acceptedBy: ['customer', 'decision'], contestedBy: 'it' },
    'valid',
    [],
    'met',
  ],
  ['a kind the contract does not have', { kind: 'picnic' }, 'refused', ['unknown-kind'], 'not_met'],
]

describe.each([
  ['notice', NOTICE],
  ['interval', INTERVAL],
  ['acceptance', ACCEPTANCE],
])('%s', (_, rows) => {
  test.each(rows)('%s', (_title, exclusion, standing, refusals, verdict, kind = {}) => {
    const { exclusions, guarantees } = evaluated(scenarioOf(exclusion, { kind }))
    expect(exclusions).toMatchObject([{ id: 'one', standing, refusals }])
    expect(guarantees[0]).toMatchObject({ verdict })
  })
})

// 72 h before the 8th at 09:00 at least.
describe('announced', () => {
  const EARLY = january('04 12:00')
  const LATE = january('08 09:30')
  const by = (more: Json): Json => ({ kind: 'elapsed', declaredBy: 'hoster', ...more })
  test.each<[string, Json, string, string[]]>([
    ['by the declaration itself', by({ declaredAt: EARLY }), 'valid', []],
    ['by the announcement, which is the declaration', by({ announcedAt: EARLY }), 'valid', []],
    ['too late by the declaration', by({ declaredAt: january('07 12:00') }), 'refused', ['notice-too-short']],
    ['never, declared afterwards', by({ declaredAt: LATE }), 'refused', ['not-announced']],
    [
      'earlier, by the word of the side that it serves',
      by({ declaredAt: LATE, announcedAt: EARLY }),
      'refused',
      ['not-announced'],
    ],
    [
      'earlier, by that word with a yes of the same side',
      by({ declaredAt: LATE, announcedAt: EARLY, acceptedBy: 'telco' }),
      'refused',
      ['not-announced'],
    ],
    [
      'earlier, as the customer says too',
      by({ declaredAt: LATE, announcedAt: EARLY, acceptedBy: 'it' }),
      'valid',
      [],
    ],
    [
      'earlier, as was decided',
      by({ declaredAt: LATE, announcedAt: EARLY, acceptedBy: 'decision' }),
      'valid',
      [],
    ],
    [
      'earlier, by the word of the customer',
      by({ declaredAt: LATE, announcedAt: EARLY, declaredBy: 'customer' }),
      'valid',
      [],
    ],
    [
      'by the declaration, whatever it claims of an earlier day',
      by({
        declaredAt: january('16 12:00'),
        announcedAt: EARLY,
        start: january('20 09:00'),
        end: january('20 12:00'),
      }),
      'valid',
      [],
    ],
  ])('%s', (_title, exclusion, standing, refusals) => {
    expect(evaluated(scenarioOf(exclusion)).exclusions).toMatchObject([{ standing, refusals }])
  })

  test('nobody contests a declaration of their own', () => {
    const exclusion = by({ kind: 'cause', declaredBy: 'customer', contestedBy: 'customer' })
    expect(evaluated(scenarioOf(exclusion)).exclusions).toMatchObject([{ standing: 'valid' }])
  })
})

describe('clear working days', () => {
  // Before Thursday 22 January: 21, 20, 19, 16, 15 are clear working days; the 14th is a holiday.
  test.each([
    ['05', january('13 23:59'), 'valid', 5],
    ['on the holiday, still five', january('14 12:00'), 'valid', 5],
    ['a day later', january('15 00:00'), 'refused', 4],
  ])('%s', (_title, announcedAt, standing, given) => {
    const exclusion = { kind: 'planned', announcedAt, start: january('22 09:00'), end: january('22 12:00') }
    const { exclusions } = evaluated(scenarioOf(exclusion))
    expect(exclusions[0]).toMatchObject({ standing, notice: { unit: 'days', required: 5, given } })
  })
})

describe('contested both ways', () => {
  test('what waits for a yes is told with it and without it', () => {
    const { verdict, contested } = onlyGuarantee(scenarioOf({ kind: 'cause' }))
    expect(verdict).toBe('not_met')
    expect(contested).toMatchObject({ accepted: { verdict: 'met' }, refused: { verdict: 'not_met' } })
  })

  test('what is excused and contested too', () => {
    const { verdict, contested } = onlyGuarantee(
      scenarioOf({ kind: 'cause', acceptedBy: 'customer', contestedBy: 'it' }),
    )
    expect(verdict).toBe('met')
    expect(contested).toMatchObject({ accepted: { verdict: 'met' }, refused: { verdict: 'not_met' } })
  })

  test('what fails in form is open to nobody', () => {
    const { contested } = onlyGuarantee(scenarioOf({ kind: 'planned', acceptedBy: 'customer' }))
    expect(contested).toBeNull()
  })
})

describe('declared afterwards', () => {
  test.each([
    ['a minute into it', january('08 09:01'), true],
    ['at its start', january('08 09:00'), false],
    ['before', january('01 00:00'), false],
  ])('%s', (_title, declaredAt, afterwards) => {
    const { exclusions } = evaluated(scenarioOf({ kind: 'free', declaredAt }))
    expect(exclusions[0]).toMatchObject({ afterwards })
  })
})

describe('a cause that the measurement establishes', () => {
  const incident = (zone: string) => ({
    incidents: [{ service: 'portal', start: january('08 10:00'), end: january('08 11:00'), zone }],
  })
  test.each([
    ['the outage began in the zone of the kind', 'lan', 'valid', 'met', 3_600_000],
    ['it began elsewhere', 'application', 'contested', 'not_met', 0],
  ])('%s', (_title, zone, standing, verdict, excludedMs) => {
    const { exclusions, guarantees } = evaluated(scenarioOf({ kind: 'cause' }, { more: incident(zone) }))
    expect(exclusions[0]).toMatchObject({ standing })
    // Only the outage itself, of the three hours declared.
    expect(guarantees[0]).toMatchObject({ verdict, excludedMs })
  })

  test('also of an outage that began before the window', () => {
    const scenario = scenarioOf({ kind: 'cause', start: '2025-12-31T20:00:00Z', end: january('01 03:00') })
    const states = {
      portal: [
        ['2025-12-31T22:00:00Z', 'down'],
        [january('01 02:00'), 'up'],
      ],
    }
    const incidents = [
      { service: 'portal', start: '2025-12-31T22:00:00Z', end: january('01 02:00'), zone: 'lan' },
    ]
    const { verdict, excludedMs } = onlyGuarantee({ ...scenario, states, incidents })
    expect({ verdict, excludedMs }).toEqual({ verdict: 'met', excludedMs: 2 * 3_600_000 })
  })
})

describe('a recurring kind', () => {
  const standing = {
    id: 'standing',
    clause: 'X',
    recurrence: { dtstart: '2026-01-01T09:30:00', timeZone: 'UTC', rrule: 'FREQ=WEEKLY', duration: 'PT1H' },
  }
  test('excuses by itself, in each of its occurrences', () => {
    const contract = contractOf({ spec: { exclusions: { kinds: [standing] } } })
    const { guarantees, exclusions } = evaluated({ contract, window: JANUARY, states: { portal: OUTAGE } })
    // Thursdays 1, 8, 15, 22, 29 from 09:30: half of the outage's hour is left.
    expect(exclusions.map(({ start, standing: told }) => [start.slice(0, 10), told])).toEqual(
      ['01', '08', '15', '22', '29'].map((day) => [`2026-01-${day}`, 'valid']),
    )
    expect(guarantees[0]).toMatchObject({
      verdict: 'met',
      excludedMs: 5 * 3_600_000,
      downMs: { point: 1_800_000 },
    })
  })
})

describe('a service of its own', () => {
  test('a declaration about another service excuses nothing here', () => {
    const scenario = scenarioOf({ kind: 'free', service: 'mail' })
    const services = [{ name: 'mail', tree: { check: 'web' } }]
    const kinds = Object.values(KINDS).map((one) => ({ ...one, zones: [] }))
    const contract = contractOf({ spec: { services, exclusions: { kinds } } })
    const { guarantees } = evaluated({ ...scenario, contract })
    expect(guarantees).toMatchObject([{ guarantee: 'up', verdict: 'not_met', excludedMs: 0 }])
  })
})
