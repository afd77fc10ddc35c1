/** Incidents compared: what is stored against what is computed, every kind of change, and none when made. */
import type { SeenIncident } from '../../../collector/src/judge/service-history.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIncidents, type Change, type KnownIncident } from '../../../collector/src/judge/incidents.ts'

type Span = [startMs: number, endMs: number | null]

const known = (id: string, [onsetMs, endMs]: Span): KnownIncident => ({
  id,
  onsetMs,
  endMs,
  closeReason: endMs === null ? null : 'recovered',
})

const computed = ([startMs, endMs]: Span): SeenIncident => ({ startMs, endMs, isEnded: false })

const CASES: [string, Record<string, Span>, Span[], Change[]][] = [
  ['nothing, nothing', {}, [], []],
  ['one begins', {}, [[100, null]], [{ kind: 'opened', onsetMs: 100 }]],
  [
    'one was over before it was seen',
    {},
    [[100, 200]],
    [{ kind: 'recorded', onsetMs: 100, endMs: 200, isEnded: false }],
  ],
  ['one stays open', { a: [100, null] }, [[100, null]], []],
  ['one stays closed', { a: [100, 200] }, [[100, 200]], []],
  [
    'one ends',
    { a: [100, null] },
    [[100, 200]],
    [{ kind: 'closed', id: 'a', onsetMs: 100, endMs: 200, isEnded: false }],
  ],
  [
    'one ends, having begun earlier than thought',
    { a: [100, null] },
    [[90, 200]],
    [{ kind: 'closed', id: 'a', onsetMs: 90, endMs: 200, isEnded: false }],
  ],
  ['one goes on', { a: [100, 200] }, [[100, null]], [{ kind: 'reopened', id: 'a', onsetMs: 100 }]],
  [
    'one goes on, having begun earlier',
    { a: [100, 200] },
    [[80, null]],
    [{ kind: 'reopened', id: 'a', onsetMs: 80 }],
  ],
  [
    'an open one began earlier',
    { a: [100, null] },
    [[90, null]],
    [{ kind: 'moved', id: 'a', onsetMs: 90, endMs: null }],
  ],
  [
    'a closed one ended later',
    { a: [100, 200] },
    [[100, 230]],
    [{ kind: 'moved', id: 'a', onsetMs: 100, endMs: 230 }],
  ],
  ['late data leave nothing of it', { a: [100, 200] }, [], [{ kind: 'revised', id: 'a' }]],
  ['late data leave nothing of an open one', { a: [100, null] }, [], [{ kind: 'revised', id: 'a' }]],
  [
    'two are one',
    { a: [100, 200], b: [300, 400] },
    [[100, 400]],
    [
      { kind: 'moved', id: 'a', onsetMs: 100, endMs: 400 },
      { kind: 'merged', id: 'b', into: 'a' },
    ],
  ],
  [
    'two are one that is open',
    { a: [100, 200], b: [300, null] },
    [[100, null]],
    [
      { kind: 'reopened', id: 'a', onsetMs: 100 },
      { kind: 'merged', id: 'b', into: 'a' },
    ],
  ],
  [
    'three are one, and the first has its very bounds',
    { a: [100, 400], b: [150, 160], c: [300, 310] },
    [[100, 400]],
    [
      { kind: 'merged', id: 'b', into: 'a' },
      { kind: 'merged', id: 'c', into: 'a' },
    ],
  ],
  [
    'one is two: the first keeps the name',
    { a: [100, null] },
    [
      [100, 200],
      [300, null],
    ],
    [
      { kind: 'closed', id: 'a', onsetMs: 100, endMs: 200, isEnded: false },
      { kind: 'opened', onsetMs: 300 },
    ],
  ],
  [
    'it has moved right beside: another one',
    { a: [100, 200] },
    [[200, 300]],
    [
      { kind: 'recorded', onsetMs: 200, endMs: 300, isEnded: false },
      { kind: 'revised', id: 'a' },
    ],
  ],
  [
    'it overlaps by 1 ms: the same one',
    { a: [100, 200] },
    [[199, 300]],
    [{ kind: 'moved', id: 'a', onsetMs: 199, endMs: 300 }],
  ],
  ['one without length is known by its onset', { a: [100, 100] }, [[100, 100]], []],
]

describe('compareIncidents', () => {
  it.each(CASES)('%s', (_, stored, now, changes) => {
    const rows = Object.entries(stored).map(([id, span]) => known(id, span))
    expect(compareIncidents(rows, now.map(computed))).toEqual(changes)
  })

  it('finds nothing more once its changes are made, and gives no id twice', () => {
    fc.assert(
      fc.property(spans(), spans(), spans(), (first, second, third) => {
        let ids = 0
        let rows: KnownIncident[] = []
        const everKnown = new Set<string>()
        for (const now of [first, second, third]) {
          const found = now.map(computed)
          rows = made(rows, compareIncidents(rows, found), () => `inc-${(ids += 1)}`)
          for (const { id } of rows) everKnown.add(id)
          expect(compareIncidents(rows, found)).toEqual([])
          expect(rows.map(({ onsetMs, endMs }) => [onsetMs, endMs])).toEqual(now)
        }
        expect(everKnown.size).toBe(ids)
      }),
      { numRuns: 1_000 },
    )
  })
})

/** Apart from each other and in order, as a timeline gives them; only the last may be open. */
function spans(): fc.Arbitrary<Span[]> {
  const edges = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 12 })
  return fc.tuple(edges, fc.boolean()).map(([unsorted, isOpen]) => {
    const at = unsorted.toSorted((a, b) => a - b)
    const found: Span[] = []
    for (let i = 0; i + 1 < at.length; i += 2) found.push([at[i]!, at[i + 1]!])
    const last = found.at(-1)
    if (last && isOpen) last[1] = null
    return found
  })
}

/** What the judge stores of each change; merged and revised ones leave the comparison. */
function made(
  rows: readonly KnownIncident[],
  changes: readonly Change[],
  newId: () => string,
): KnownIncident[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const change of changes) {
    switch (change.kind) {
      case 'opened':
        byId.set(...entry(newId(), [change.onsetMs, null]))
        break
      case 'recorded':
        byId.set(...entry(newId(), [change.onsetMs, change.endMs]))
        break
      case 'closed':
      case 'moved':
        byId.set(...entry(change.id, [change.onsetMs, change.endMs]))
        break
      case 'reopened':
        byId.set(...entry(change.id, [change.onsetMs, null]))
        break
      case 'merged':
        expect(byId.has(change.into)).toBe(true)
        byId.delete(change.id)
        break
      case 'revised':
        byId.delete(change.id)
        break
    }
  }
  return [...byId.values()].sort((a, b) => a.onsetMs - b.onsetMs)
}

function entry(id: string, span: Span): [string, KnownIncident] {
  return [id, known(id, span)]
}
