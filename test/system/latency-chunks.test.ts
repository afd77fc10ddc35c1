/**
 * Latency chunks over a real database: what is packed, what still grows, and frames that come late are all
 * one answer, that of every sample in the ledger; dropping what is packed changes nothing.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frameDigest, sealBatch, type Batch } from '@constat/shared/batch'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import type { SlotColumns } from '@constat/sla/latency'
import { openIdentity } from '../../collector/src/data-dir.ts'
import { dropFold } from '../../collector/src/db/fold-rows.ts'
import { migrateDatabase } from '../../collector/src/db/migrate.ts'
import { openDatabase, type OpenDatabase } from '../../collector/src/db/open.ts'
import { nothingTouched } from '@constat/sla/fold/fold'
import { LedgerFold } from '../../collector/src/fold/ledger-fold.ts'
import { CHUNK_MS } from '@constat/sla/fold/track'
import { Latencies, SETTLE_MS } from '../../collector/src/latency/latencies.ts'
import type { Draft } from '../../collector/src/ledger/draft.ts'
import type { Lie } from '../../collector/src/ledger/lie.ts'
import { Sequencer } from '../../collector/src/ledger/sequencer.ts'
import { appliedState, statesOf } from '../support/contract-state.ts'
import { accepted } from '../support/contract-text.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { sampleBatch } from '../support/sample-batch.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { createKeptLog } from '../support/silent-log.ts'

const AGENT = Buffer.alloc(16, 0xa1)
const START_MS = Math.ceil(Date.UTC(2026, 9, 1) / CHUNK_MS) * CHUNK_MS
const STEP_MS = 60_000
const terms = accepted(`apiVersion: constat/v1
kind: Contract
metadata: {name: two}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, every: PT60S, watch: ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]}
`)
const config: CheckConfig = {
  origin: 'log.example/two',
  version: 1,
  checks: terms.checks.map(({ spec }) => spec),
}
const CHECKS = config.checks.map(({ name }) => name)
const { privateKey } = generateKeyPairSync('ed25519')

let dataDir: string
let database: OpenDatabase
let sequencer: Sequencer
const states = statesOf(appliedState(terms, config))
let fold: LedgerFold
let latencies: Latencies
let nowMs = START_MS
let leaves = 2
const lies: number[] = []
const sent: { check: number; atMs: number; latencyUs: number }[] = []

beforeAll(async () => {
  dataDir = makeCollectorDir()
  database = await openDatabase({ databaseUrl: null, dataDir, log: createKeptLog() })
  await migrateDatabase(database, { log: createKeptLog() })
  const random = { bytes: (count: number) => randomBytes(count) }
  const identity = openIdentity(dataDir, random)
  sequencer = new Sequencer(database.sql, { clock: REAL_CLOCK, random, log: createKeptLog(), identity })
  await sequencer.create('two')
  const before = { type: 'collector-event' as const, body: Buffer.from('{}'), receivedMs: START_MS }
  await sequencer.append({ log: 1, drafts: [before, before] })
  restart()
})

afterAll(async () => {
  await database.close()
  dropDataDir(dataDir)
})

/** A collector that has only just begun: nothing in memory. */
function restart(): void {
  fold = new LedgerFold(database.sql, states)
  const lied = ({ said }: Lie): void => void lies.push(said.index)
  latencies = new Latencies({ db: database.sql, contracts: states, fold, nowMs: () => nowMs, lied })
}

/** One frame of both checks at each of the instants, and one re-probe that must not count. */
function frameOf(instantsMs: readonly number[], seq: number): { batch: Batch; body: Buffer } {
  const rows = instantsMs.flatMap((atMs) =>
    [0, 1].map((check) => ({
      check,
      atMs,
      latencyUs: 1_000 + ((Math.floor(atMs / 1_000) + check * 7) % 90_000),
    })),
  )
  sent.push(...rows)
  const all = [...rows, { ...rows[0]!, latencyUs: 5 }]
  const baseS = Math.floor(Math.min(...instantsMs) / 1_000)
  const column = (of: (row: (typeof all)[number], i: number) => number): number[] => all.map(of)
  const batch = sampleBatch({
    origin: config.origin,
    configDigest: configDigest(config),
    agent: AGENT,
    seq,
    gapCount: 0,
    schedule: {
      check: [0, 1],
      firstMs: [0, 0],
      count: [instantsMs.length, instantsMs.length],
    },
    baseS,
    samples: {
      check: column(({ check }) => check),
      offsetMs: column(({ atMs }) => atMs - baseS * 1_000),
      outcome: column(() => 0),
      attempt: column((_, i) => (i === rows.length ? 1 : 0)),
      latencyUs: column(({ latencyUs }) => latencyUs),
      value: null,
      phases: null,
      cause: null,
    },
  })
  return { batch, body: sealBatch(batch, privateKey) }
}

/** Appends frames to the ledger and folds them, as the line does. */
async function receive(frames: readonly (readonly number[])[]): Promise<void> {
  const drafts = frames.map((instantsMs): Draft => {
    const index = leaves
    leaves += 1
    const { batch, body } = frameOf(instantsMs, index)
    const span = { fromMs: Math.min(...instantsMs), toMs: Math.max(...instantsMs) }
    const health = { clockOffsetMs: 0, clockErrorMs: 0, spoolFrames: 0, clockBase: null }
    const place = { agent: AGENT, session: Buffer.from(batch.session), seq: index, digest: frameDigest(body) }
    return { type: 'frame', body, receivedMs: nowMs, frame: { ...place, ...span, health, isGood: false } }
  })
  await sequencer.append({ log: 1, drafts })
  await caughtUp()
}

async function caughtUp(): Promise<void> {
  const first = fold.next(1)
  if (first === 0) await fold.foldFrames(1, { frames: [], next: 2 }, nothingTouched())
  await fold.catchUp(1, leaves, nothingTouched())
}

const minutes = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => START_MS + (from + i) * STEP_MS)
const framesOf = (instantsMs: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(instantsMs.length / 10) }, (_, i) => instantsMs.slice(10 * i, 10 * i + 10))

async function read(check: number): Promise<[number, number][]> {
  const place = { log: 1, check: CHECKS[check]!, agent: AGENT.toString('hex') }
  const columns = await latencies.read(place, { fromMs: START_MS, toMs: START_MS + 4 * CHUNK_MS })
  return columns.flatMap((one: SlotColumns) =>
    Array.from(one.offsetMs, (offset, i) => [one.baseMs + offset, one.latencyUs[i]!] as [number, number]),
  )
}

async function expectWhole(): Promise<void> {
  for (const check of [0, 1]) {
    const own = sent.filter((one) => one.check === check)
    const wanted = own.map(({ atMs, latencyUs }) => [atMs, latencyUs]).toSorted((a, b) => a[0]! - b[0]!)
    expect(await read(check)).toEqual(wanted)
  }
}

const packed = async (): Promise<number> => {
  const [row] = await database.sql<{ n: number }[]>`select count(*)::int as n from latency`
  return row?.n ?? 0
}

it('reads a chunk that grows, and only what is new of it', async () => {
  nowMs = START_MS + 100 * STEP_MS
  await receive(framesOf(minutes(0, 100)))
  await expectWhole()
  await receive(framesOf(minutes(100, 120)))
  await expectWhole()
  expect(await packed()).toBe(0)
})

it('packs chunks that have ended, of all checks at once', async () => {
  await receive(framesOf(minutes(120, 600)))
  nowMs = START_MS + 2 * CHUNK_MS + SETTLE_MS
  await latencies.packEnded()
  expect(await packed()).toBe(4)
  await expectWhole()
})

it('makes a chunk again when a frame comes late, also over a border and out of order', async () => {
  await receive([[START_MS + 30_500], [START_MS + CHUNK_MS + 10_500, START_MS + CHUNK_MS - 10_500]])
  await expectWhole()
  restart()
  await caughtUp()
  await receive([[START_MS + 31_500]])
  await expectWhole()
})

it('answers from the packed rows after a restart, and the same once they are dropped', async () => {
  restart()
  await caughtUp()
  await expectWhole()
  const rows = await database.sql`select * from latency order by "check", agent, start_ms`
  await database.sql.begin((tx) => dropFold(tx))
  expect(await packed()).toBe(0)
  restart()
  await caughtUp()
  await expectWhole()
  expect([...(await database.sql`select * from latency order by "check", agent, start_ms`)]).toEqual([
    ...rows,
  ])
})

it('takes nothing of a row that says nothing of what the fold has now', async () => {
  await database.sql`update latency set body = '\\x0100'::bytea, samples = samples - 1`
  restart()
  await caughtUp()
  await expectWhole()
})

it('reads no frame that is not the one that the tree holds, and says so', async () => {
  await database.sql.begin((tx) => dropFold(tx))
  restart()
  await caughtUp()
  // What a later look at the ledger finds in place of one frame: another latency, its signature as it was.
  await database.sql`
    update entry set body = set_byte(body, octet_length(body) / 2, get_byte(body, octet_length(body) / 2) # 1)
    where log = 1 and index = 20`
  await expect(read(0)).rejects.toThrow('the log of two lies at leaf 20')
  expect(lies).toEqual([20])
})
