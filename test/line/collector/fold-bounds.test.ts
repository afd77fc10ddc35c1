/**
 * What a frame may cost the fold: one that accounts for more than any agent can is set aside, whichever way
 * it is read, and many large ones are folded a page at a time, to the same tracks as one by one.
 */
import { MAX_SAMPLES } from '@constat/shared/batch'
import { MAX_OPEN_SLOTS, MAX_SLOTS } from '@constat/shared/slots'
import { describe, expect, it } from 'vitest'
import type { EntryRow } from '../../../collector/src/db/ledger-rows.ts'
import { nothingTouched } from '@constat/sla/fold/fold'
import { LedgerFold } from '../../../collector/src/fold/ledger-fold.ts'
import { frameOf, type Unfolded } from '@constat/sla/fold/page'
import { ChunkReadings } from '@constat/sla/fold/chunk-readings'
import { MAX_CHUNK_READINGS } from '@constat/sla/fold/track'
import { appliedState, statesOf } from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'
import { authorOf, goodSamples, Session } from '../../support/hostile-frames.ts'
import { configDigest } from '@constat/shared/check'
import { memoryLedger } from '../../support/memory-ledger.ts'

const TEXT = `
apiVersion: constat/v1
kind: Contract
metadata: {name: one}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, watch: ["http://127.0.0.1:9/"]}
`
const START_S = 1_790_000_000
const DAY_S = 86_400
const terms = accepted(TEXT)
const config = { origin: 'constat/test/one', version: 1, checks: terms.checks.map(({ spec }) => spec) }
const states = statesOf(appliedState(terms, config))
const author = authorOf(5)

type Run = { runs: number; count: number }

/** One frame a day: a good sample, and runs of slots after it. */
function rowsOf(days: readonly Run[]): EntryRow[] {
  const place = { origin: config.origin, configDigest: configDigest(config) }
  const session = new Session(author, place, Buffer.alloc(16, 1))
  return days.map(({ runs, count }, day) => {
    const list = (value: number): number[] => Array.from({ length: runs }, () => value)
    const seq = session.seq
    const schedule = { check: list(0), firstMs: list(10_000), count: list(count) }
    const body = session.next({ baseS: START_S + day * DAY_S, samples: goodSamples(0), schedule })
    const [fromMs, toMs] = [(START_S + day * DAY_S) * 1_000, (START_S + (day + 1) * DAY_S) * 1_000]
    const at = { log: 1, index: day + 2, type: 1, receivedMs: toMs, fromMs, toMs }
    return { ...at, body, agent: author.agent, session: session.id, seq }
  })
}

async function folded(
  rows: readonly EntryRow[],
  groups: readonly (readonly EntryRow[])[],
): Promise<{ chunks: Map<string, string>; unfolded: Unfolded[] }> {
  const unfolded: Unfolded[] = []
  const fold = new LedgerFold(
    memoryLedger(() => rows),
    states,
    (_, one) => void unfolded.push(one),
  )
  for (const group of groups) {
    const next = Math.max(...group.map(({ index }) => index)) + 1
    await fold.foldFrames(1, { frames: group.map(frameOf), next }, nothingTouched())
  }
  return {
    chunks: new Map(
      fold.takeChanged().chunks.map((row) => [`${row.check} ${row.rules} ${row.startMs}`, row.body]),
    ),
    unfolded,
  }
}

describe('a frame that accounts for more than can be', () => {
  const rows = rowsOf([
    { runs: 1, count: 1 },
    { runs: 3_600, count: MAX_OPEN_SLOTS },
    { runs: 1, count: 1 },
  ])

  it('is set aside with the reason, and those around it count', async () => {
    const { chunks, unfolded } = await folded(rows, [rows])
    expect(unfolded).toMatchObject([{ index: 3, reason: expect.stringContaining(`${MAX_SLOTS} at most`) }])
    expect([...chunks.values()].map((body) => (JSON.parse(body) as { samples: number }).samples)).toEqual([
      1, 1,
    ])
  })

  it('is the same one however it is read: in order, late, alone', async () => {
    const inOrder = await folded(rows, [rows])
    const reversed = rows.toReversed().map((row, i) => ({ ...row, index: i + 2 }))
    const late = await folded(
      reversed,
      reversed.map((row) => [row]),
    )
    const alone = await folded(
      rows,
      rows.map((row) => [row]),
    )
    expect(late).toEqual(inOrder)
    expect(alone).toEqual(inOrder)
  })

  it.each([
    ['at the limit', 10_000, 0],
    ['one past it', 10_001, 1],
  ])('%s', async (_, count, setAside) => {
    const [row] = rowsOf([{ runs: MAX_SLOTS / 10_000, count }])
    expect((await folded([row!], [[row!]])).unfolded).toHaveLength(setAside)
  })
})

describe('a chunk', () => {
  /** Readings a ms apart, `from` first, in frames of as many as one holds. */
  const readings = (session: Session, { from, count }: { from: number; count: number }): Buffer[] =>
    Array.from({ length: Math.ceil(count / MAX_SAMPLES) }, (_, n) => {
      const first = from + n * MAX_SAMPLES
      const offsets = Array.from(
        { length: Math.min(MAX_SAMPLES, from + count - first) },
        (_two, i) => first + i,
      )
      return session.next({ baseS: CHUNK_S, samples: goodSamples(...offsets) })
    })
  const CHUNK_S = Math.floor(START_S / 14_400) * 14_400
  const place = { origin: config.origin, configDigest: configDigest(config) }

  function leavesOf(parts: readonly { id: number; from: number; count: number }[]): EntryRow[] {
    const sessions = parts.map(({ id, ...span }) => {
      const session = new Session(author, place, Buffer.alloc(16, id))
      return readings(session, span).map((body, seq) => ({ session: session.id, seq, body }))
    })
    const at = { log: 1, type: 1, receivedMs: 0, fromMs: CHUNK_S * 1_000, toMs: (CHUNK_S + 14_399) * 1_000 }
    return sessions.flat().map((one, i) => ({ ...at, ...one, index: i + 2, agent: author.agent }))
  }

  it('has its first readings, whatever came first: in order, late, and again from the ledger', async () => {
    const early = { id: 1, from: 0, count: 20_000 }
    const rest = { id: 2, from: 20_000, count: MAX_CHUNK_READINGS }
    const inOrder = leavesOf([early, rest])
    const late = leavesOf([rest, early])
    const told = await folded(inOrder, [inOrder])
    expect([...told.chunks.values()].map((body) => JSON.parse(body) as object)).toMatchObject([
      { samples: MAX_CHUNK_READINGS, lastMs: CHUNK_S * 1_000 + MAX_CHUNK_READINGS - 1 },
    ])
    const half = inOrder.length >> 1
    expect((await folded(inOrder, [inOrder.slice(0, half), inOrder.slice(half)])).chunks).toEqual(told.chunks)
    const of = (id: number) => late.filter(({ session }) => session![0] === id)
    expect((await folded(late, [of(2), of(1)])).chunks).toEqual(told.chunks)
  })

  it('is read for as many checks as fit, one at least, and of each the first of all and the first of slots', () => {
    const span = { startMs: 0, endMs: 14_400_000 }
    const one = (atMs: number, attempt = 0) => ({
      atMs: [atMs],
      outcome: null,
      cause: null,
      attempt: attempt === 0 ? null : [attempt],
    })
    const found = new ChunkReadings(['a', 'b', 'c'], span, 4)
    for (const [i, check] of ['a', 'b', 'c', 'a', 'b'].entries()) found.add(check, one(i))
    found.add('elsewhere', one(9))
    found.add('a', one(20_000_000))
    found.lost([7, 2, -1])
    expect(found.checks()).toEqual(['a', 'b'])
    expect(found.of('a').atMs).toEqual([0, 2, 3, 7])
    expect(found.of('b').atMs).toEqual([1, 2, 4, 7])
    for (let atMs = 10; atMs < 30; atMs += 1) found.add('a', one(atMs))
    expect(found.checks()).toEqual(['a'])
    expect(found.of('a').atMs).toHaveLength(24)
  })
})

it('many large ones fit in memory a page at a time', async () => {
  // Each tells of most of what one may, more than a page together.
  const rows = rowsOf(Array.from({ length: 3 }, () => ({ runs: 1_200, count: 300 })))
  const together = await folded(rows, [rows])
  const alone = await folded(
    rows,
    rows.map((row) => [row]),
  )
  expect(together.unfolded).toEqual([])
  expect(together.chunks).toEqual(alone.chunks)
})
