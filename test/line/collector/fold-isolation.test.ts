/**
 * Isolation in the fold: whatever the order in which reports of references and of targets arrive, in
 * whatever pages and across restarts, the tracks end as one undisturbed fold leaves them, and as an oracle
 * says that knows nothing of tracks.
 */
import { foldRules } from '@constat/sla/assembly/rules'
import type { CheckConfig } from '@constat/shared/check'
import type { Outcome } from '@constat/shared/sample'
import { MARK, markAt } from '@constat/sla/timeline'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChunkRow } from '@constat/sla/fold/tracks'
import type { EntryRow } from '../../../collector/src/db/ledger-rows.ts'
import { nothingTouched } from '@constat/sla/fold/fold'
import { LedgerFold } from '../../../collector/src/fold/ledger-fold.ts'
import { frameOf } from '@constat/sla/fold/page'
import { CHUNK_MS } from '@constat/sla/fold/track'
import type { StatesByLog } from '@constat/sla/fold/tracks'
import { appliedState, statesOf } from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'
import { truthAt, type Letter, type OracleSample } from '../../support/fold-oracle.ts'
import { blindedBy } from '../../support/isolation-oracle.ts'
import { frameRow } from '../../support/frame-row.ts'
import { memoryLedger } from '../../support/memory-ledger.ts'

const AGENTS = [Buffer.alloc(16, 0xa1), Buffer.alloc(16, 0xb2)]
const CHECKS = ['ref-a', 'ref-b', 'target'] as const
type CheckName = (typeof CHECKS)[number]
const HOLD_MS = { 'ref-a': 70_000, 'ref-b': 150_000, target: 90_000 }

const contractText = (by: string): string => `
apiVersion: constat/v1
kind: Check
metadata: {name: ref-a}
spec: {tcp: {host: a.example, port: 443}, interval: PT30S, timeout: PT5S, hold: PT70S}
---
apiVersion: constat/v1
kind: Check
metadata: {name: ref-b}
spec: {tcp: {host: b.example, port: 443}, interval: PT30S, timeout: PT5S, hold: PT150S}
---
apiVersion: constat/v1
kind: Check
metadata: {name: target}
spec: {service: portal, tcp: {host: portal.example, port: 443}, interval: PT30S, timeout: PT5S, hold: PT90S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: cut}
spec:
  provider: Northstar
  timeZone: UTC
  measurement:
    confirm: {down: 2, up: 1, by: ${by}}
    isolation: {rule: all-references-failed, references: [ref-b, ref-a]}
  guarantees: [{id: up, service: portal, metric: interval-availability, target: {op: gte, percent: "99.9"}}]
`

type World = { states: StatesByLog; terms: ExpandedContract; config: CheckConfig }

function worldOf(by: 'reprobes' | 'slots'): World {
  const terms = accepted(contractText(by))
  const config = { origin: 'constat/test/cut', version: 1, checks: terms.checks.map(({ spec }) => spec) }
  return { states: statesOf(appliedState(terms, config)), terms, config }
}

const WORLDS = { reprobes: worldOf('reprobes'), slots: worldOf('slots') }

type Sample = { agent: number; check: CheckName; atMs: number; outcome: Outcome; attempt: number }

/** One frame of one agent, as the ledger holds it. */
function rowOf({ config }: World, samples: readonly Sample[], index: number): EntryRow {
  const agent = AGENTS[samples[0]!.agent]!
  const indexOf = (check: CheckName): number => config.checks.findIndex(({ name }) => name === check)
  return frameRow(
    { config, agent, index },
    samples.map((one) => ({ ...one, check: indexOf(one.check) })),
  )
}

type How = { pageOf: number; restartAfter: number; lost?: readonly number[] }

/**
 * Folds frames in the order of the ledger, `pageOf` frames a page, with a restart after each `restartAfter`.
 * The reads that are `lost` fail, and what is not folded then is folded from where the fold says it is.
 */
async function foldRows(
  { states }: World,
  rows: readonly EntryRow[],
  { pageOf, restartAfter, lost = [] }: How,
): Promise<{ fold: LedgerFold; stored: Map<string, string> }> {
  let reads = 0
  const db = memoryLedger(() => {
    if (lost.includes((reads += 1))) throw new Error(LOST)
    return rows
  })
  let fold = new LedgerFold(db, states)
  const stored = new Map<string, ChunkRow>()
  const folded = new Map<number, number>()
  const foldUntil = async (next: number): Promise<boolean> => {
    const frames = rows.filter(({ index }) => index >= fold.next(1) && index < next).map(frameOf)
    const isFolded = await unlessLost(fold.foldFrames(1, { frames, next }, nothingTouched()))
    const saved = fold.takeChanged()
    for (const row of saved.chunks) stored.set(nameOf(row), row)
    for (const [log, index] of saved.next) folded.set(log, index)
    return isFolded
  }
  const ends = rows.filter((_, i) => (i + 1) % pageOf === 0).map(({ index }) => index + 1)
  for (const [page, next] of ends.entries()) {
    await foldUntil(next)
    if ((page + 1) % restartAfter !== 0) continue
    fold = new LedgerFold(db, states)
    fold.restore({ chunks: [...stored.values()].toSorted(byName), next: folded })
  }
  while (!(await foldUntil(rows.at(-1)!.index + 1)));
  return { fold, stored: new Map([...stored].map(([name, { body }]) => [name, body])) }
}

async function unlessLost(folding: Promise<void>): Promise<boolean> {
  try {
    await folding
    return true
  } catch (error) {
    expect(error).toMatchObject({ message: LOST })
    return false
  }
}

const LOST = 'the connection was lost'
const nameOf = ({ check, agent, rules, startMs }: ChunkRow): string =>
  [check, agent, rules, String(startMs).padStart(16, '0')].join('/')
const byName = (a: ChunkRow, b: ChunkRow): number => (nameOf(a) < nameOf(b) ? -1 : 1)

const LETTERS: Record<Outcome, Letter> = { ok: 'G', degraded: 'D', fail: 'F', unknown: 'U', blocked: 'B' }
const lettersOf = (all: readonly Sample[], agent: number, check: CheckName): OracleSample[] =>
  all
    .filter((one) => one.agent === agent && one.check === check)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, outcome }) => ({ atMs, letter: LETTERS[outcome] }))

/** Around the border of two chunks, so that states and isolation run across it. */
const sample = fc.record<Sample>({
  // The second agent never runs ref-b: the rule asks it for ref-a alone.
  agent: fc.constantFrom(0, 0, 0, 1),
  check: fc.constantFrom(...CHECKS),
  atMs: fc.integer({ min: 0, max: 60 }).map((n) => CHUNK_MS - 600_000 + n * 20_000),
  outcome: fc.constantFrom<Outcome>('fail', 'fail', 'fail', 'ok', 'degraded', 'unknown', 'blocked'),
  attempt: fc.constantFrom(0, 0, 0, 1),
})
const samples = fc
  .uniqueArray(sample, {
    selector: ({ agent, check, atMs }) => `${agent}/${check}/${atMs}`,
    minLength: 1,
    maxLength: 70,
  })
  .map((list) => list.filter(({ agent, check }) => agent === 0 || check !== 'ref-b'))
  .filter((list) => list.length > 0)
const by = fc.constantFrom('reprobes' as const, 'slots' as const)

/** In the order given, cut into frames of at most `most` samples of one agent. */
function framesOf(list: readonly Sample[], most: number): Sample[][] {
  const frames: Sample[][] = []
  for (const one of list) {
    const last = frames.at(-1)
    if (last && last[0]!.agent === one.agent && last.length < most) last.push(one)
    else frames.push([one])
  }
  return frames
}

const inTime = (list: readonly Sample[]): Sample[] => list.toSorted((a, b) => a.atMs - b.atMs)

describe('isolation in the fold', () => {
  it('ends the same in any order of arrival, any pages, across restarts and reads that fail', async () => {
    const cuts = fc.record({
      most: fc.integer({ min: 1, max: 6 }),
      pageOf: fc.integer({ min: 1, max: 5 }),
      restartAfter: fc.integer({ min: 1, max: 6 }),
      lost: fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }),
    })
    await fc.assert(
      fc.asyncProperty(by, samples, cuts, async (confirmBy, list, { most, ...how }) => {
        const world = WORLDS[confirmBy]
        const whole = inTime(list).map((one, i) => rowOf(world, [one], i + 2))
        const undisturbed = await foldRows(world, whole, { pageOf: whole.length, restartAfter: Infinity })
        const arrived = framesOf(list, most).map((frame, i) => rowOf(world, inTime(frame), i + 2))
        const { stored } = await foldRows(world, arrived, how)
        expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(undisturbed.stored))
      }),
      { numRuns: 400, seed: 20_261_122 },
    )
  })

  it('says what the semantics say of every instant', async () => {
    await fc.assert(
      fc.asyncProperty(by, samples, fc.integer({ min: 1, max: 5 }), async (confirmBy, list, pageOf) => {
        const world = WORLDS[confirmBy]
        const rows = framesOf(list, 4).map((frame, i) => rowOf(world, inTime(frame), i + 2))
        const { fold } = await foldRows(world, rows, { pageOf, restartAfter: Infinity })
        for (const agent of AGENTS.keys()) {
          for (const check of CHECKS) expectTruth({ world, fold, list, confirmBy, agent, check })
        }
      }),
      { numRuns: 150, seed: 20_261_123 },
    )
  })
})

type Given = {
  world: World
  fold: LedgerFold
  list: readonly Sample[]
  confirmBy: 'reprobes' | 'slots'
  agent: number
  check: CheckName
}

function expectTruth({ world, fold, list, confirmBy, agent, check }: Given): void {
  const references = (['ref-a', 'ref-b'] as const).map((name) => ({
    samples: lettersOf(list, agent, name),
    holdMs: HOLD_MS[name],
  }))
  const counted = confirmBy === 'slots' ? list.filter(({ attempt }) => attempt === 0) : list
  const seen = blindedBy(lettersOf(counted, agent, check), references)
  const own = world.terms.checks.find(({ name }) => name === check)!
  const rules = foldRules(own, world.terms)
  const id = AGENTS[agent]!.toString('hex')
  const track = fold.tracks.ofCheck({ log: 1, check }, rules).find(({ key }) => key.agent === id)
  const timeline = track?.timeline() ?? { at: [], mark: [] }
  const instants = seen.flatMap(({ atMs }) => [atMs - 1, atMs, atMs + 1, atMs + HOLD_MS[check]])
  for (const atMs of instants) {
    const { known, down, provenDown, provenUp } = truthAt(seen, rules, atMs)
    const mark = markAt(timeline, atMs)
    const told = [MARK.known, MARK.down, MARK.provenDown, MARK.provenUp].map((bit) => (mark & bit) !== 0)
    expect(told).toEqual([known, down, provenDown, provenUp])
  }
}
