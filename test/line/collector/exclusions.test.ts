/**
 * Exclusions: what leaves say of them and what of that counts, what is refused before a leaf is written, and
 * the burn rules that objectives are told by.
 */
import { describe, expect, it, test } from 'vitest'
import { isBurningNow, LOOK_BACKS, warnsOfLoss } from '../../../collector/src/judge/burn.ts'
import type { LiveJudgement } from '../../../collector/src/judge/live.ts'
import {
  answerLeaf,
  declarationLeaf,
  declarationsOf,
  withDeclaration,
  type DeclaredExclusion,
  type ExclusionAnswer,
  type ExclusionRecord,
} from '@constat/sla/state/declarations'
import { objectiveKey, readObjective } from '@constat/sla/state/objective-notices'
import { answerOf, draftProblems, type ExclusionDraft } from '../../../collector/src/contract/declare.ts'
import { announcementMs } from '@constat/sla/judgement/declaration'
import { siteWorld } from '../../support/site-world.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 9, 5, 22)
const DECLARED_MS = START_MS - 2 * HOUR_MS

const declared = (change: Partial<DeclaredExclusion> = {}): DeclaredExclusion => ({
  id: 'exc_1',
  kind: 'planned',
  service: null,
  startMs: START_MS,
  endMs: START_MS + HOUR_MS,
  announcedMs: null,
  announced: null,
  said: 'ab'.repeat(32),
  bytes: 9,
  declaredMs: DECLARED_MS,
  side: 'provider',
  party: 'northstar',
  ...change,
})
const answer = (change: Partial<ExclusionAnswer> = {}): ExclusionAnswer => ({
  exclusion: 'exc_1',
  answer: 'accepted',
  side: 'customer',
  party: 'acme',
  said: null,
  bytes: 0,
  atMs: START_MS + 5 * HOUR_MS,
  ...change,
})

function taken(...bodies: Buffer[]): readonly ExclusionRecord[] {
  return bodies.reduce<readonly ExclusionRecord[]>(
    (records, body) => withDeclaration(records, JSON.parse(body.toString()) as object) ?? records,
    [],
  )
}

describe('leaves of declarations', () => {
  it('of before words stood outside of the log still have theirs', () => {
    const { said: _said, bytes: _bytes, ...rest } = declared()
    const { said: _none, bytes: _zero, ...own } = answer()
    const bodies = [
      { kind: 'exclusion', exclusion: { ...rest, reason: 'a release' } },
      { kind: 'exclusion-answer', answer: { ...own, note: 'no' } },
    ].map((body) => Buffer.from(JSON.stringify(body)))
    expect(taken(...bodies)).toEqual([
      {
        declared: declared({ said: null, bytes: 9, reason: 'a release' }),
        answers: [answer({ bytes: 2, note: 'no' })],
      },
    ])
  })

  it('come back as they were written, each with its answers', () => {
    const own = declared({ announced: { startMs: 1, endMs: 2 } })
    const records = taken(
      declarationLeaf(own).body,
      answerLeaf(answer()).body,
      Buffer.from('{"kind":"incident","incident":{}}'),
      answerLeaf(answer({ exclusion: 'exc_2' })).body,
    )
    expect(records).toEqual([{ declared: own, answers: [answer()] }])
  })

  it('are signed under types of their own', () => {
    expect(declarationLeaf(declared()).type).toBe('declaration')
    expect(answerLeaf(answer()).type).toBe('declaration-answer')
  })
})

const of = (own: Partial<DeclaredExclusion>, ...answers: ExclusionAnswer[]) =>
  declarationsOf({ exclusions: [{ declared: declared(own), answers }] })[0]!

const PARTIES = [
  { id: 'acme', role: 'customer', name: 'Acme', of: null },
  { id: 'northstar', role: 'provider', name: 'Northstar', of: null },
  { id: 'fibreline', role: 'subcontractor', name: 'Fibreline', of: 'northstar' },
] as const

describe('what counts as announced', () => {
  const claimedMs = START_MS - 100 * HOUR_MS
  const lateMs = START_MS + HOUR_MS
  test.each<[string, Partial<DeclaredExclusion>, ExclusionAnswer[], number | null]>([
    ['a declaration before its time, by itself', {}, [], DECLARED_MS],
    ['nothing, afterwards', { declaredMs: lateMs }, [], null],
    ['the customer’s own word', { side: 'customer', party: 'acme', announcedMs: claimedMs }, [], claimedMs],
    ['not the provider’s word alone', { announcedMs: claimedMs }, [], DECLARED_MS],
    ['nor afterwards', { announcedMs: claimedMs, declaredMs: lateMs }, [], null],
    ['the provider’s word, once accepted', { announcedMs: claimedMs }, [answer()], claimedMs],
    [
      'not by a yes of its own side',
      { announcedMs: claimedMs },
      [answer({ side: 'provider', party: 'fibreline' })],
      DECLARED_MS,
    ],
    ['by a decision', { announcedMs: claimedMs }, [answer({ party: 'decision' })], claimedMs],
    [
      'no longer, once disputed',
      { announcedMs: claimedMs },
      [answer(), answer({ answer: 'disputed' })],
      DECLARED_MS,
    ],
  ])('%s', (_, own, answers, expected) => {
    expect(announcementMs(of(own, ...answers), PARTIES)).toBe(expected)
  })
})

describe('who has said what', () => {
  it('the last word of each party counts, and who declares has said yes', () => {
    const both = of({}, answer({ answer: 'disputed' }), answer({ party: 'decision' }))
    expect(both).toMatchObject({ acceptedBy: ['northstar', 'decision'], contestedBy: ['acme'] })
    expect(of({}, answer({ answer: 'disputed' }), answer())).toMatchObject({ contestedBy: [] })
  })

  it('is cut at an instant, for what is judged again', () => {
    const exclusions = [{ declared: declared(), answers: [answer()] }]
    expect(declarationsOf({ exclusions }, DECLARED_MS - 1)).toEqual([])
    expect(declarationsOf({ exclusions }, DECLARED_MS)[0]!.acceptedBy).toEqual(['northstar'])
  })
})

const TEXT = `apiVersion: constat/v1
kind: Check
metadata: {name: page}
spec: {service: shop, tcp: {host: 192.0.2.1, port: 80}, interval: PT10S, timeout: PT5S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  provider: Northstar
  effective: {from: 2026-10-01, timeZone: UTC}
  exclusions:
    kinds:
      - {id: planned, needs: announcement}
      - {id: standing, recurrence: {dtstart: "2026-01-04T02:00:00", timeZone: UTC, rrule: "FREQ=WEEKLY", duration: PT3H}}
  guarantees: [{id: up, service: shop, metric: interval-availability, target: {op: gte, percent: "99.9"}}]
`
const draft = (change: Partial<ExclusionDraft> = {}): ExclusionDraft => ({
  kind: 'planned',
  service: null,
  startMs: START_MS,
  endMs: START_MS + HOUR_MS,
  announcedMs: null,
  announced: null,
  reason: '',
  ...change,
})

describe('a draft', () => {
  const { state } = siteWorld(TEXT, ['desk'])
  const DAY_MS = 24 * HOUR_MS
  test.each<[string, Partial<ExclusionDraft>, RegExp[]]>([
    ['is taken', {}, []],
    ['of an unknown kind', { kind: 'weather' }, [/^kind: .*planned, standing/]],
    ['of a kind that recurs by itself', { kind: 'standing' }, [/needs no declaration/]],
    ['of an unknown service', { service: 'till' }, [/^service: .*shop/]],
    ['without length', { endMs: START_MS }, [/^end: .*later/]],
    ['of a year', { endMs: START_MS + 366 * DAY_MS }, []],
    ['of more than a year', { endMs: START_MS + 366 * DAY_MS + 1 }, [/a year at most/]],
    ['before the contract', { startMs: 0, endMs: HOUR_MS }, [/takes effect/]],
    ['announced from now on', { announcedMs: DECLARED_MS + 1 }, [/in the future/]],
    ['announced for no time', { announced: { startMs: 2, endMs: 2 } }, [/^announcedEnd/]],
    ['wrong twice', { kind: 'weather', service: 'till' }, [/^kind/, /^service/]],
  ])('%s', (_, change, problems) => {
    const found = draftProblems(state, draft(change), DECLARED_MS)
    expect(found).toHaveLength(problems.length)
    for (const [i, problem] of problems.entries()) expect(found[i]).toMatch(problem)
  })

  it('is answered by the other side alone, or by whoever decides', () => {
    const record = { declared: declared(), answers: [] }
    const said = { said: null, bytes: 0 }
    const given = { answer: 'accepted', said, isDecision: false, nowMs: START_MS } as const
    expect(answerOf(state, record, { ...given, side: 'customer' })).toMatchObject({ party: 'customer' })
    expect(() => answerOf(state, record, { ...given, side: 'provider' })).toThrow(/other side/)
    const decided = { ...given, isDecision: true }
    expect(answerOf(state, record, { ...decided, side: 'customer' })).toMatchObject({ party: 'decision' })
    expect(() => answerOf(state, record, { ...decided, side: 'provider' })).toThrow(/owner records/)
  })
})

describe('burning', () => {
  const MONTH_MS = 30 * 24 * HOUR_MS

  it('warns by no look-back whose threshold a lasting budget would reach', () => {
    expect(LOOK_BACKS.map((rule) => warnsOfLoss(rule, MONTH_MS))).toEqual([true, true, true])
    // A day has 2 % of its budget to spend in an hour, and 24 of them: that is under the rate that lasts.
    expect(LOOK_BACKS.map((rule) => warnsOfLoss(rule, 24 * HOUR_MS))).toEqual([false, false, false])
    expect(warnsOfLoss({ budgetShare: '0.02', longMs: HOUR_MS }, 50 * HOUR_MS)).toBe(true)
    expect(warnsOfLoss({ budgetShare: '0.02', longMs: HOUR_MS }, 50 * HOUR_MS - 1)).toBe(false)
  })

  const halfGone = (spentMs: number, projectedAt: string | null): LiveJudgement => {
    const measure = {
      kind: 'downtime',
      budget: { allowedMs: 1_000, spentMs, leftMs: 1_000 - spentMs },
      exhaustion: { exhaustedAt: null, projectedAt },
    }
    const asked = { nowMs: 5, window: { startMs: 0, endMs: 10 }, guarantee: { metric: 'error-rate-slices' } }
    // Only what the rule of half a budget reads.
    return { asked, judged: { result: { measure } } } as unknown as LiveJudgement
  }
  test.each([
    [500, '2026-10-09T00:00:00.000Z', true],
    [499, '2026-10-09T00:00:00.000Z', false],
    [500, null, false],
  ])('%d of 1000 ms spent, gone at %s: %s', (spentMs, projectedAt, expected) => {
    expect(isBurningNow(halfGone(spentMs, projectedAt))).toBe(expected)
  })
})

test('a notice of an objective is read back, and no other notice is one', () => {
  const notice = { kind: 'objective', deed: 'breached', guarantee: 'up', window: '2026-10' } as const
  expect(readObjective(notice)).toEqual(notice)
  expect(readObjective({ kind: 'incident', deed: 'opened' })).toBeNull()
  expect(objectiveKey(notice)).toBe('breached/up/2026-10')
})
