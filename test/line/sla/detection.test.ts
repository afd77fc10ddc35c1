/** Detection lead: who knew of an outage when, what belongs to which outage, and the middle of several. */
import { describe, expect, test } from 'vitest'
import { knownAt, medianMs, type DetectionFacts } from '@constat/sla/detection'
import { remarksOf, REPORT_LAG_MS, REPORT_LEAD_MS, type Remark } from '@constat/sla/state/remark-record'

const MIN = 60_000
const T0 = Date.UTC(2026, 9, 5, 12)
const remark = (over: Partial<Remark>): Remark => ({
  id: 'rem_1',
  kind: 'trouble',
  service: 'portal',
  incident: null,
  side: 'customer',
  role: 'internal',
  sinceMs: null,
  said: null,
  bytes: 0,
  atMs: T0,
  ...over,
})
const outage = { id: 'inc_2', service: 'portal', onsetMs: T0, endMs: T0 + 30 * MIN }
const earlier = { id: 'inc_1', service: 'portal', onsetMs: T0 - 90 * MIN, endMs: T0 - 40 * MIN }

describe('what was said of an outage', () => {
  test.each<[string, Partial<Remark>, boolean]>([
    ['during it', { atMs: T0 + MIN }, true],
    ['an hour before, to the ms', { atMs: T0 - REPORT_LEAD_MS }, true],
    ['a ms earlier', { atMs: T0 - REPORT_LEAD_MS - 1 }, false],
    ['at its end', { atMs: T0 + 30 * MIN }, true],
    ['a quarter of an hour after', { atMs: T0 + 30 * MIN + REPORT_LAG_MS }, false],
    ['just before that', { atMs: T0 + 30 * MIN + REPORT_LAG_MS - 1 }, true],
    ['after it, of something that began after it', { atMs: T0 + 40 * MIN, sinceMs: T0 + 31 * MIN }, false],
    ['after it, of something that began in it', { atMs: T0 + 40 * MIN, sinceMs: T0 + 5 * MIN }, true],
    ['another service', { service: 'vpn' }, false],
    ['a note that names it', { kind: 'note', incident: 'inc_2', atMs: T0 + 9_999 * MIN }, true],
    ['a dispute of another', { kind: 'dispute', incident: 'inc_1' }, false],
  ])('%s', (_, over, expected) => {
    expect(remarksOf([remark(over)], outage).length === 1).toBe(expected)
  })
  test.each<[string, number, boolean]>([
    ['while the one before went on', T0 - 41 * MIN, false],
    ['once that had ended', T0 - 40 * MIN, true],
  ])('%s', (_, atMs, expected) => {
    expect(remarksOf([remark({ atMs })], outage, [earlier, outage]).length === 1).toBe(expected)
  })
})

describe('who knew when', () => {
  const record = { ...outage, openedMs: T0 + 2 * MIN, providerAcknowledgedMs: T0 + 20 * MIN }
  const facts: DetectionFacts = { record, remarks: [], alertedMs: null, statements: [], toleranceMs: 2 * MIN }
  const list = (receivedMs: number, service: string | null, startMs: number, endMs: number) => ({
    receivedMs,
    outages: [{ service, readings: [{ startMs, endMs }] }],
  })
  test('nobody said anything', () => {
    expect(knownAt(facts)).toEqual({
      reported: null,
      onset: T0,
      detected: T0 + 2 * MIN,
      told: null,
      'provider-acknowledged': T0 + 20 * MIN,
      'provider-stated': null,
    })
  })
  test.each<[string, Partial<DetectionFacts>, object]>([
    [
      'a user before the measurement',
      { remarks: [remark({ atMs: T0 + 5 }), remark({ atMs: T0 - 7 * MIN })] },
      { reported: T0 - 7 * MIN },
    ],
    ['notes are no reports', { remarks: [remark({ kind: 'note', incident: 'inc_2' })] }, { reported: null }],
    ['somebody told', { alertedMs: T0 + 3 * MIN }, { told: T0 + 3 * MIN }],
    [
      'a statement that names it',
      { statements: [list(T0 + 99 * MIN, 'portal', T0, T0 + MIN)] },
      { 'provider-stated': T0 + 99 * MIN },
    ],
    [
      'one of every service',
      { statements: [list(T0 + 99 * MIN, null, T0, T0 + MIN)] },
      { 'provider-stated': T0 + 99 * MIN },
    ],
    [
      'one of another service',
      { statements: [list(T0 + 99 * MIN, 'vpn', T0, T0 + MIN)] },
      { 'provider-stated': null },
    ],
    [
      'one within the tolerance',
      { statements: [list(T0 + 99 * MIN, null, T0 - 9 * MIN, T0 - MIN)] },
      { 'provider-stated': T0 + 99 * MIN },
    ],
    [
      'one beyond it',
      { statements: [list(T0 + 99 * MIN, null, T0 - 9 * MIN, T0 - 2 * MIN)] },
      { 'provider-stated': null },
    ],
    [
      'the first of two',
      { statements: [list(5, null, T0, T0 + 1), list(9, null, T0, T0 + 1)] },
      { 'provider-stated': 5 },
    ],
    [
      'one of an outage that is not over',
      { statements: [list(5, null, T0 - MIN, Infinity)] },
      { 'provider-stated': 5 },
    ],
  ])('%s', (_, over, expected) => {
    expect(knownAt({ ...facts, ...over })).toMatchObject(expected)
  })
})

test.each<[number[], number | null]>([
  [[], null],
  [[5], 5],
  [[9, 1], 1],
  [[9, 1, 4], 4],
  [[-3, 0, 2, 8], 0],
])('the middle of %j', (values, expected) => {
  expect(medianMs(values)).toBe(expected)
})
