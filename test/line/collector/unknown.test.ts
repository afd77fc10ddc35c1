/**
 * Unknown says why: what samples gave as their reasons, silences, and what the contract asked for; every unknown
 * instant has a reason, and the blocked time is what nothing else made unknown.
 */
import { causeCode, type Cause, type Outcome } from '@constat/shared/sample'
import { normalise } from '@constat/shared/time'
import { NEWEST_RULES, rulesOf } from '@constat/sla/semantics'
import { resultDigest, resultsBy } from '@constat/sla/state/closing'
import { isUnknown, where } from '@constat/sla/timeline'
import { FOLD_CAUSES, UNKNOWN_REASONS, whyVantage, type ToldBlind } from '@constat/sla/unknown'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { stateFacts } from '@constat/sla/judgement/facts'
import { judgeWindowOf } from '@constat/sla/judgement/promise'
import { unknownShares, whyUnder } from '../../../collector/src/judge/why.ts'
import { questionAt } from '../../../collector/src/judge/window-question.ts'
import { unknownEn } from '../../../collector/src/web/text/en-unknown.ts'
import { unknownFr } from '../../../collector/src/web/text/fr-unknown.ts'
import { siteWorld, type SiteWorld } from '../../support/site-world.ts'

describe('one vantage', () => {
  const told: ToldBlind = {
    blind: {
      atMs: [20, 40, 60],
      cause: [causeCode('no-program'), FOLD_CAUSES.isolated, causeCode('none')],
    },
    silences: [{ startMs: 75, endMs: 90 }],
    holdMs: 5,
  }
  const known = { at: [10, 20, 50, 60, 95], mark: [1, 0, 1, 0, 1] }
  test.each([
    ['before its first sample', [0, 15], ['not-measured 0–10 null']],
    ['what its samples said, run by run', [10, 50], ['no-program 20–40 20', 'isolated 40–50 40']],
    [
      'no cause, silence from its last sample on, and no cause again',
      [50, 100],
      ['unexplained 60–75 60', 'silent 75–90 70', 'unexplained 90–95 60'],
    ],
    ['within a silence', [80, 85], ['silent 80–85 70']],
    ['nothing where it is known', [96, 99], []],
  ] as const)('%s', (_, [startMs, endMs], wanted) => {
    const found = whyVantage(known, told, { startMs, endMs })
    expect(found.map((one) => `${one.reason} ${one.startMs}–${one.endMs} ${one.sinceMs}`)).toEqual(wanted)
  })

  it('that never spoke has not measured yet', () => {
    const found = whyVantage({ at: [], mark: [] }, null, { startMs: 0, endMs: 9 })
    expect(found).toEqual([{ startMs: 0, endMs: 9, reason: 'not-measured', sinceMs: null }])
  })
})

test.each([unknownEn, unknownFr])('every reason has its words', ({ reason }) => {
  for (const name of UNKNOWN_REASONS) {
    expect(reason[name]({ agent: 'lyon', since: '05:12' })).toMatch(/^\S.*[^.]$/)
  }
})

const START_MS = Date.UTC(2026, 9, 1)
const STEP_MS = 30_000
const HOUR_MS = 3_600_000

const TEXT = `${['gateway', 'page', 'login']
  .map(
    (name) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}}
spec: {${name === 'gateway' ? '' : 'service: portal, '}tcp: {host: ${name}.example, port: 443}, interval: PT30S, timeout: PT5S}
---
`,
  )
  .join('')}apiVersion: constat/v1
kind: Contract
metadata: {name: acme}
spec:
  timeZone: UTC
  parties: [{id: northstar, role: provider, name: Northstar}]
  measurement: {isolation: {rule: all-references-failed, references: [gateway]}}
  guarantees:
    - {id: portal-up, service: portal, metric: interval-availability, target: {op: gte, percent: "99.5"}}
`

function whyIn(world: SiteWorld, [fromMs, untilMs]: [number, number]): string[] {
  const { state, revision, timelines } = world
  const place = { state, revision, service: 'portal', site: null }
  const found = whyUnder(timelines, place, { startMs: START_MS + fromMs, endMs: START_MS + untilMs })
  return found.map(({ reason, agent, startMs, endMs }) => {
    const name = world.agents.find(({ id }) => id === agent)?.name ?? 'nobody'
    return `${reason} ${name} ${(startMs - START_MS) / 1000}–${(endMs - START_MS) / 1000}`
  })
}

type Said = Partial<Record<'gateway' | 'page' | 'login', (atMs: number) => Outcome>>

function see(world: SiteWorld, agent: string, given: { untilMs: number; said?: Said; cause?: Cause }): void {
  const { untilMs, said = {}, cause = 'none' } = given
  const good = (): Outcome => 'ok'
  const checks = { gateway: good, page: good, login: good, ...said }
  const causes = { page: (): Cause => cause, login: (): Cause => cause }
  world.sees(agent, { fromMs: START_MS, untilMs: START_MS + untilMs, stepMs: STEP_MS, checks, causes })
}

const after =
  (fromMs: number, outcome: Outcome) =>
  (atMs: number): Outcome =>
    atMs >= START_MS + fromMs ? outcome : 'ok'

describe('a service', () => {
  it('says each reason of each vantage, and nothing while one vantage is enough', () => {
    const world = siteWorld(TEXT, ['lyon', 'paris'], START_MS)
    see(world, 'lyon', { untilMs: 10 * STEP_MS })
    see(world, 'paris', {
      untilMs: 40 * STEP_MS,
      said: { page: after(600_000, 'unknown') },
      cause: 'no-program',
    })
    // Ten samples, each of which stands for 65 s.
    expect(whyIn(world, [0, 600_000])).toEqual([])
    expect(whyIn(world, [600_000, 700_000])).toEqual(['silent lyon 600–700', 'no-program paris 600–700'])
  })

  it('is cut off where every reference of its only agent fails', () => {
    const world = siteWorld(TEXT, ['lyon'], START_MS)
    const said = {
      gateway: after(300_000, 'fail'),
      page: after(300_000, 'fail'),
      login: after(300_000, 'fail'),
    }
    see(world, 'lyon', { untilMs: 20 * STEP_MS, said, cause: 'timeout' })
    expect(whyIn(world, [0, 600_000])).toEqual(['isolated lyon 300–600'])
  })

  it('that no agent may measure says so', () => {
    expect(whyIn(siteWorld(TEXT, [], START_MS), [0, 1_000])).toEqual(['no-agent nobody 0–1'])
  })
})

const OUTCOMES: readonly (readonly [Outcome, Cause])[] = [
  ['ok', 'none'],
  ['fail', 'timeout'],
  ['blocked', 'blocked'],
  ['unknown', 'network'],
  ['unknown', 'suspended'],
]
const someRuns = fc.array(
  fc.record({ of: fc.constantFrom(...OUTCOMES), steps: fc.integer({ min: 1, max: 9 }) }),
  { minLength: 1, maxLength: 12 },
)

/** A world of one vantage of one check, each run for its steps and then silence. */
function worldOf(runs: readonly { of: readonly [Outcome, Cause]; steps: number }[]): SiteWorld {
  const world = siteWorld(
    TEXT.replace('login}\nspec: {service: portal, ', 'login}\nspec: {'),
    ['lyon'],
    START_MS,
  )
  const said = runs.flatMap(({ of, steps }) => Array.from({ length: steps }, () => of))
  const at = (atMs: number): readonly [Outcome, Cause] => said[(atMs - START_MS) / STEP_MS]!
  const checks = { gateway: (): Outcome => 'ok', page: (atMs: number): Outcome => at(atMs)[0] }
  const causes = { page: (atMs: number): Cause => at(atMs)[1] }
  world.sees('lyon', {
    fromMs: START_MS,
    untilMs: START_MS + said.length * STEP_MS,
    stepMs: STEP_MS,
    checks,
    causes,
  })
  return world
}

function judged(world: SiteWorld) {
  const { state, timelines } = world
  const nowMs = START_MS + 2 * HOUR_MS
  const asked = questionAt(state, 'portal-up', { atMs: START_MS, nowMs })!
  const facts = stateFacts({ ...asked, asOfMs: nowMs }, timelines)
  return { asked, ...judgeWindowOf({ ...asked, asOfMs: nowMs, phase: 'open', facts }), facts }
}

test('blocked and other unknown time are the unknown time within committed time, to the millisecond', () => {
  fc.assert(
    fc.property(someRuns, (runs) => {
      const world = worldOf(runs)
      const { state, revision, timelines } = world
      const { result, commitment } = judged(world)
      const span = { startMs: START_MS, endMs: START_MS + 2 * HOUR_MS }
      const place = { state, revision, service: 'portal', site: null }
      const shares = unknownShares(whyUnder(timelines, place, span), commitment.committed, state)
      const byReason = new Map(shares.map(({ reason, ms }) => [reason, ms]))
      const unknownMs = result.elapsedMs - result.knownMs
      expect(result.blockedMs).toBe(byReason.get('blocked') ?? 0)
      // One vantage has one reason at a time.
      expect(shares.reduce((sum, { ms }) => sum + ms, 0)).toBe(unknownMs)
      expect(unknownMs - result.blockedMs).toBe(
        shares.filter(({ reason }) => reason !== 'blocked').reduce((sum, { ms }) => sum + ms, 0),
      )
    }),
    { numRuns: 150 },
  )
})

test('every unknown instant of a service has a reason, and no known one has', () => {
  const said = fc.array(fc.constantFrom<Outcome>('ok', 'fail', 'unknown', 'blocked'), {
    minLength: 24,
    maxLength: 24,
  })
  fc.assert(
    fc.property(said, said, said, (lyon, paris, gateway) => {
      const world = siteWorld(TEXT, ['lyon', 'paris', 'lille'], START_MS)
      const by = (list: readonly Outcome[]) => (atMs: number) => list[(atMs - START_MS) / STEP_MS]!
      see(world, 'lyon', {
        untilMs: 24 * STEP_MS,
        said: { page: by(lyon), login: by(paris), gateway: by(gateway) },
      })
      see(world, 'paris', { untilMs: 20 * STEP_MS, said: { page: by(paris), gateway: by(lyon) } })
      const { state, revision, timelines } = world
      const span = { startMs: START_MS - HOUR_MS, endMs: START_MS + HOUR_MS }
      const place = { state, revision, service: 'portal', site: null }
      const reasons = whyUnder(timelines, place, span)
      const unknown = where(timelines.service(state, revision, 'portal'), span, isUnknown)
      expect(normalise(reasons)).toEqual(unknown)
    }),
    { numRuns: 150 },
  )
})

describe('closings', () => {
  const world = worldOf([
    { of: ['ok', 'none'], steps: 30 },
    { of: ['blocked', 'blocked'], steps: 20 },
    { of: ['fail', 'timeout'], steps: 10 },
  ])
  const { asked, result, incidents, rulings } = judged(world)
  const { key, startMs, endMs } = asked.window
  const closed = {
    revision: 1,
    contractDigest: 'of the terms',
    window: { key, startMs, endMs, timeZone: 'UTC' },
    result,
    incidents,
    rulings,
  }
  const results = { guarantees: [closed], credit: null, outages: {} }

  it('tell of blocked time', () => {
    expect(result.blockedMs).toBe(20 * STEP_MS)
  })

  it('of the second semantics version keep their digest', () => {
    // By the program that closed windows under version 2, on the same samples.
    const digest = '80fc4f533c4005116533919f670820cdaae9094b023af20f3aa4c82baa9fb167'
    expect(resultDigest(resultsBy(rulesOf(2)!, results))).toBe(digest)
    expect(resultDigest(resultsBy(NEWEST_RULES, results))).not.toBe(digest)
  })
})
