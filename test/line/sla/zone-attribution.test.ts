/** Zones: in whose an incident began, place by place along the way from the agent to the service. */
import type { ResponsibilityZone } from '@constat/sla/contract/expanded'
import { timelineOf, type State, type Timeline } from '@constat/sla/timeline'
import { attribute, vantagesNeeded, type Attribution, type ZoneQuestion } from '@constat/sla/zone-attribution'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const ZONES: ResponsibilityZone[] = [
  { id: 'branch-lan', owner: 'internal-it', boundary: 'switch', references: ['lan-gateway'] },
  { id: 'access-line', owner: 'telco', boundary: 'router', references: ['cpe-wan'] },
  { id: 'names', owner: 'outsourcer', boundary: 'resolver', references: ['resolver', 'resolver-2'] },
  { id: 'core', owner: 'outsourcer', boundary: 'edge', references: ['dc-edge'] },
  { id: 'application', owner: 'outsourcer', boundary: 'url', references: [] },
]
const CHECKS = ['lan-gateway', 'cpe-wan', 'resolver', 'resolver-2', 'dc-edge']
const ONSET_MS = 1_000_000
const HOLD_MS = 150_000
const RULE = { down: 2, minKnown: 2 }

/** Each vantage by a letter: up, down, unknown, from before the onset until long after it. */
const STATES: Record<string, State> = { u: 'up', d: 'down', '?': 'unknown', g: 'degraded' }
const steady = (letters: string): Timeline[] =>
  letters.split('').map((letter) => timelineOf([{ atMs: 0, state: STATES[letter]! }]))

type Seen = Partial<Record<string, string | Timeline[]>>
function question(seen: Seen, changes: Partial<ZoneQuestion> = {}): ZoneQuestion {
  const all = CHECKS.map((check) => {
    const own = seen[check] ?? 'uu'
    return [check, typeof own === 'string' ? steady(own) : own] as const
  })
  return {
    zones: ZONES,
    ownZone: 'application',
    span: { startMs: ONSET_MS, endMs: ONSET_MS + HOLD_MS },
    references: new Map(all),
    quorum: RULE,
    ...changes,
  }
}

const failed = (zone: string, reference: string): Attribution => ({
  kind: 'reference-failed',
  zone,
  reference,
})
const APPLICATION: Attribution = { kind: 'way-answers', zone: 'application' }
const UNDETERMINED: Attribution = { kind: 'undetermined' }

const at = (...states: [number, State][]): Timeline =>
  timelineOf([{ atMs: 0, state: 'up' as const }, ...states.map(([atMs, state]) => ({ atMs, state }))])

const CASES: [string, Seen, Attribution][] = [
  ['everything on the way answers: the application', {}, APPLICATION],
  [
    'the customer’s own network, at both sites that are down',
    { 'lan-gateway': 'dd' },
    failed('branch-lan', 'lan-gateway'),
  ],
  ['the line of a subcontractor', { 'cpe-wan': 'dd' }, failed('access-line', 'cpe-wan')],
  [
    'the line takes everything behind it with it',
    { 'cpe-wan': 'dd', 'dc-edge': 'dd', resolver: 'dd' },
    failed('access-line', 'cpe-wan'),
  ],
  ['names, the second resolver', { 'resolver-2': 'dd' }, failed('names', 'resolver-2')],
  [
    'names and the core: the first in order',
    { resolver: 'dd', 'dc-edge': 'dd' },
    failed('names', 'resolver'),
  ],
  ['the core', { 'dc-edge': 'dd' }, failed('core', 'dc-edge')],
  [
    'one broken cable among three sites',
    { 'lan-gateway': 'duu', 'cpe-wan': 'uuu', resolver: 'uuu', 'dc-edge': 'uuu' },
    APPLICATION,
  ],
  [
    'a cable here, a line there: nothing explains both',
    { 'lan-gateway': 'du', 'cpe-wan': 'ud' },
    UNDETERMINED,
  ],
  ['two broken cables among forty', { 'lan-gateway': `dd${'u'.repeat(38)}` }, APPLICATION],
  ['the core, for 38 of forty', { 'dc-edge': `uu${'d'.repeat(38)}` }, failed('core', 'dc-edge')],
  ['half and half', { 'dc-edge': 'dduu' }, UNDETERMINED],
  ['a reference that nobody there runs', { 'lan-gateway': '' }, UNDETERMINED],
  ['a reference that nobody knows of now', { 'cpe-wan': '??' }, UNDETERMINED],
  ['the other reference of the zone answers', { resolver: '??' }, APPLICATION],
  ['slow is an answer', { 'dc-edge': 'gg' }, APPLICATION],
  [
    'one vantage alone, its line fails',
    { 'lan-gateway': 'u', 'cpe-wan': 'd' },
    failed('access-line', 'cpe-wan'),
  ],
]

describe('the failing zone', () => {
  it.each(CASES)('%s', (_, seen, expected) => {
    expect(attribute(question(seen))).toEqual(expected)
  })

  const EDGES: [string, Timeline[], Attribution][] = [
    [
      'fails in the last ms of the span',
      [1, 2].map(() => at([ONSET_MS + HOLD_MS - 1, 'down'])),
      failed('core', 'dc-edge'),
    ],
    ['fails right after the span', [1, 2].map(() => at([ONSET_MS + HOLD_MS, 'down'])), APPLICATION],
    [
      'was mended before the onset',
      [1, 2].map(() => at([ONSET_MS - 60_000, 'down'], [ONSET_MS, 'up'])),
      APPLICATION,
    ],
    [
      'fails here, then there, never both at once',
      [at([ONSET_MS, 'down'], [ONSET_MS + 10_000, 'up']), at([ONSET_MS + 10_000, 'down'])],
      UNDETERMINED,
    ],
    ['answered, then fell silent', [1, 2].map(() => at([ONSET_MS + 1, 'unknown'])), APPLICATION],
    [
      'was silent until after the span',
      [1, 2].map(() => timelineOf([{ atMs: ONSET_MS + HOLD_MS, state: 'up' }])),
      UNDETERMINED,
    ],
  ]
  it.each(EDGES)('the reference %s', (_, timelines, expected) => {
    expect(attribute(question({ 'dc-edge': timelines }))).toEqual(expected)
  })

  const OWN: [string, string | null, Seen, Attribution][] = [
    [
      'the first zone needs nobody before it',
      'branch-lan',
      { 'lan-gateway': '', 'cpe-wan': '??' },
      { kind: 'way-answers', zone: 'branch-lan' },
    ],
    [
      'what lies behind it does not matter while it does not fail',
      'access-line',
      { 'dc-edge': '??' },
      { kind: 'way-answers', zone: 'access-line' },
    ],
    ['nobody said', null, {}, UNDETERMINED],
    ['a zone before it has no reference', 'after', {}, UNDETERMINED],
  ]
  it.each(OWN)('zone of the check: %s', (_, ownZone, seen, expected) => {
    const zones = [...ZONES, { id: 'after', owner: 'outsourcer', boundary: 'behind', references: [] }]
    expect(attribute(question(seen, { ownZone, zones }))).toEqual(expected)
  })

  it('a contract without zones names none', () => {
    expect(attribute(question({}, { zones: [], ownZone: null }))).toEqual(UNDETERMINED)
  })

  it('a vantage that goes blind never makes a reference fail or answer', () => {
    const letters = fc.string({ unit: fc.constantFrom('u', 'd', '?'), minLength: 1, maxLength: 6 })
    const rule = fc.record({ down: fc.integer({ min: 1, max: 4 }), minKnown: fc.integer({ min: 1, max: 4 }) })
    fc.assert(
      fc.property(letters, rule, fc.nat(5), (seen, quorum, blind) => {
        const before = attribute(question({ 'dc-edge': seen }, { quorum }))
        const i = blind % seen.length
        const after = attribute(
          question({ 'dc-edge': `${seen.slice(0, i)}?${seen.slice(i + 1)}` }, { quorum }),
        )
        if (before.kind === 'undetermined') expect(after.kind).toBe('undetermined')
        else expect([before.kind, 'undetermined']).toContain(after.kind)
      }),
    )
  })
})

describe('vantages that have to agree', () => {
  it.each([
    [1, 1, 1],
    [1, 2, 1],
    [2, 2, 2],
    [3, 2, 2],
    [4, 2, 3],
    [40, 2, 21],
    [3, 3, 3],
  ])('%i that see it, quorum %i: %i', (vantages, down, needed) => {
    expect(vantagesNeeded(vantages, { down, minKnown: 1 })).toBe(needed)
  })
})
