/**
 * Latency: a month of one check from three vantages at 10 s, 777,600 samples, from the packed rows of a real
 * database: the exact share and percentiles of a window that has ended, and the live update of an open one
 * after one new batch. Beside them, in the same run, the same numbers sorted in one bare typed array.
 *   npx tsx test/bench/latency.ts [--tiny]
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { frameDigest, sealBatch } from '@constat/shared/batch'
import type { Interval, UnixMs } from '@constat/shared/time'
import { openIdentity } from '../../collector/src/data-dir.ts'
import { putLatencies } from '../../collector/src/db/latency-rows.ts'
import { migrateDatabase } from '../../collector/src/db/migrate.ts'
import { openDatabase } from '../../collector/src/db/open.ts'
import { CHUNK_MS } from '@constat/sla/fold/track'
import type { ChunkSize } from '@constat/sla/fold/tracks'
import { LatencyWindows, type LatencyWindowQuestion } from '../../collector/src/judge/latency-window.ts'
import { packColumns } from '@constat/sla/fold/columns'
import { Latencies, SETTLE_MS, type LatencyDeps } from '../../collector/src/latency/latencies.ts'
import type { Draft } from '../../collector/src/ledger/draft.ts'
import { Sequencer } from '../../collector/src/ledger/sequencer.ts'
import { emptyState, type Configuration } from '@constat/sla/state/contract-state'
import { emptyMap, put } from '@constat/sla/state/persistent-map'
import { sized, state } from '../support/bench.ts'
import { benchBatch } from '../support/bench-batch.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { createKeptLog } from '../support/silent-log.ts'

const STEP_MS = 10_000
const CHUNKS = sized({ full: 180, tiny: 3 })
const PER_CHUNK = CHUNK_MS / STEP_MS
const START_MS = Math.floor(Date.UTC(2026, 9, 1) / CHUNK_MS) * CHUNK_MS
const END_MS = START_MS + CHUNKS * CHUNK_MS
const AGENTS = [1, 2, 3].map((fill) => Buffer.alloc(16, fill))
const THRESHOLD_US = 400_000
const CHECK = 'check-0'
const DIGEST = Buffer.alloc(32, 7)
const HEALTH = { clockOffsetMs: 0, clockErrorMs: 0, spoolFrames: 0, clockBase: null }

let random = 1
/** Most answers near 100 ms, some five times that, a few of seconds. */
function latencyUs(): number {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
  const share = random / 2 ** 32
  return Math.round(
    80_000 + 60_000 * share + (share > 0.93 ? 400_000 * share : 0) + (share > 0.995 ? 2e6 : 0),
  )
}

const all = new Uint32Array(AGENTS.length * CHUNKS * PER_CHUNK)

function packedRows() {
  let at = 0
  return AGENTS.flatMap((agent) =>
    Array.from({ length: CHUNKS }, (_, chunk) => {
      const startMs = START_MS + chunk * CHUNK_MS
      const columns = {
        baseMs: startMs,
        offsetMs: Uint32Array.from({ length: PER_CHUNK }, (_unused, i) => i * STEP_MS + (i % 7)),
        outcome: new Uint8Array(PER_CHUNK),
        latencyUs: Uint32Array.from({ length: PER_CHUNK }, latencyUs),
      }
      all.set(columns.latencyUs, at)
      at += PER_CHUNK
      const body = packColumns(columns)
      return { log: 1, check: CHECK, agent: agent.toString('hex'), startMs, samples: PER_CHUNK, body }
    }),
  )
}

/** Frames of a chunk that still grows: 50 checks each, as agents send them, in turns. */
function growingFrames(): Draft[] {
  const { privateKey } = generateKeyPairSync('ed25519')
  const frames = AGENTS.flatMap((agent) => {
    const session = randomBytes(16)
    let prev: Buffer = Buffer.alloc(32)
    return Array.from({ length: PER_CHUNK - 61 }, (_, seq) => {
      const from = { origin: 'constat/bench/bench', configDigest: DIGEST, agent }
      const baseS = END_MS / 1000 + seq * 10
      const body = sealBatch(benchBatch(from, { session, seq, prev, baseS }), privateKey)
      prev = frameDigest(body)
      const fromMs = baseS * 1000
      const place = { agent, session, seq, digest: prev, fromMs, toMs: fromMs + STEP_MS }
      return {
        type: 'frame' as const,
        body,
        receivedMs: fromMs,
        frame: { ...place, health: HEALTH, isGood: true },
      }
    })
  })
  return frames.toSorted((a, b) => a.frame.seq - b.frame.seq)
}

/** Into a log that can be proved, as what is read is. */
async function appendAll(drafts: readonly Draft[]): Promise<void> {
  const shell = {
    clock: REAL_CLOCK,
    random: { bytes: (count: number) => randomBytes(count) },
    log: silentLog,
  }
  const sequencer = new Sequencer(database.sql, { ...shell, identity: openIdentity(dataDir, shell.random) })
  await sequencer.create('bench')
  for (let from = 0; from < drafts.length; from += 500)
    await sequencer.append({ log: 1, drafts: drafts.slice(from, from + 500) })
}

/** What the register and the fold would say, of as many leaves as were let in. */
function depsOf(db: LatencyDeps['db'], seen: { nowMs: UnixMs; leaves: number }): LatencyDeps {
  const checks = Array.from({ length: 50 }, (_, i) => `check-${i}`)
  const known = { digest: '', config: { origin: '', version: 1, checks: [] }, names: checks }
  const configuration = { ...known, intervalsMs: checks.map(() => STEP_MS), json: '', leaf: 0 }
  const configurations = put(emptyMap<Configuration>(), DIGEST.toString('hex'), configuration)
  const contracts = { ofLog: () => ({ ...emptyState({ id: 1, contract: 'bench' }), configurations }) }
  const sizes = Array.from({ length: CHUNKS }, (_, i) => ({
    startMs: START_MS + i * CHUNK_MS,
    samples: PER_CHUNK,
  }))
  const growing = (_: unknown, { startMs: fromMs, endMs }: Interval): ChunkSize[] => {
    const late = { startMs: END_MS, samples: Math.ceil(seen.leaves / AGENTS.length) }
    const all = seen.leaves === 0 ? sizes : [...sizes, late]
    return all.filter(({ startMs }) => startMs + CHUNK_MS > fromMs && startMs < endMs)
  }
  const tracks = { sizesOf: growing, places: () => [], ofAgent: () => [{ key: { log: 1, check: CHECK } }] }
  // Only the key of a track is read, and of it the check.
  const fold = { next: () => seen.leaves, tracks } as unknown as LatencyDeps['fold']
  return { db, contracts, fold, nowMs: () => seen.nowMs }
}

function questionOf(asOfMs: UnixMs, hasEnded: boolean): LatencyWindowQuestion {
  const span = { startMs: START_MS, endMs: asOfMs }
  const places = AGENTS.map((agent) => ({
    log: 1,
    check: CHECK,
    agent: agent.toString('hex'),
    up: [span],
    open: [span],
    sure: [span],
    heard: [span],
    intervalMs: STEP_MS,
    holdMs: 25_000,
    blockedIs: 'unknown' as const,
    expected: span,
  }))
  return { name: 'bench', places, thresholdUs: THRESHOLD_US, startMs: START_MS, asOfMs, hasEnded }
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ ms: number; value: T }> {
  const startMs = performance.now()
  const value = await work()
  return { ms: performance.now() - startMs, value }
}

const silentLog = createKeptLog()
const dataDir = mkdtempSync(join(tmpdir(), 'constat-bench-'))
const database = await openDatabase({ databaseUrl: null, dataDir, log: silentLog })
try {
  await migrateDatabase(database, { log: silentLog })
  const rows = packedRows()
  await putLatencies(database.sql, rows)
  const bytes = rows.reduce((sum, { body }) => sum + body.length, 0)
  console.log(
    `${all.length} samples in ${rows.length} rows, ${(bytes / all.length).toFixed(2)} bytes a sample`,
  )

  const seen = { nowMs: END_MS + SETTLE_MS, leaves: 0 }
  const ended = questionOf(END_MS, true)
  const cold = { windows: new LatencyWindows(new Latencies(depsOf(database.sql, seen)), () => seen.nowMs) }
  await cold.windows.measure(ended)
  const latencies = new Latencies(depsOf(database.sql, seen))
  const first = await timed(() => new LatencyWindows(latencies, () => seen.nowMs).measure(ended))
  const again = await timed(() => new LatencyWindows(latencies, () => seen.nowMs).measure(ended))
  const bare = await timed(() => Uint32Array.from(all).sort())
  const within = all.reduce((sum, us) => sum + (us <= THRESHOLD_US ? 1 : 0), 0)
  const { p95 } = first.value.percentileUs
  const isRight = p95 === bare.value[Math.ceil(0.95 * all.length) - 1] && first.value.tally.within === within
  console.log(`sorted, bare typed array      ${bare.ms.toFixed(1)} ms`)
  state('ms of a month from packed rows, of sorting it bare', first.ms / bare.ms)
  state('ms of a month from memory, of sorting it bare', again.ms / bare.ms)
  console.log(`share and p95 are the same    ${isRight ? 'yes' : 'NO'}`)

  const frames = growingFrames()
  await appendAll(frames)
  await database.sql`analyze entry`
  const nowMs = END_MS + CHUNK_MS - 60 * STEP_MS
  const open = { nowMs, leaves: frames.length - AGENTS.length }
  const watch = new LatencyWindows(new Latencies(depsOf(database.sql, open)), () => open.nowMs)
  const opened = await timed(() => watch.measure(questionOf(nowMs, false)))
  open.leaves = frames.length
  const live = await timed(() => watch.measure(questionOf(nowMs, false)))
  console.log(`an open window, first time    ${opened.ms.toFixed(1)} ms`)
  console.log(
    `after one batch of each agent ${live.ms.toFixed(1)} ms, ${live.value.tally.n - opened.value.tally.n} samples more`,
  )
  if (!isRight || live.value.tally.n - opened.value.tally.n !== AGENTS.length) process.exitCode = 1
} finally {
  await database.close()
  rmSync(dataDir, { recursive: true, force: true })
}
