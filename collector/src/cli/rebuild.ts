/**
 * `constat rebuild`: proves the ledger, then drops what is derived and makes it again. It says whether the bytes
 * came out the same; a difference is kept, and told with exit 2, because the ledger is what counts.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { makeDataDir, openIdentity } from '../data-dir.ts'
import type { ChunkRow } from '@constat/sla/fold/tracks'
import { chunkRows, dropFold } from '../db/fold-rows.ts'
import { findEmbedded } from '../db/embedded.ts'
import { proveClosings, type ClosingProof } from '../closing/proof.ts'
import { lockCollector } from '../db/lock.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import { nothingTouched } from '@constat/sla/fold/fold'
import { LedgerFold } from '../fold/ledger-fold.ts'
import { KEEP_ALL } from '../ledger/lie.ts'
import { Sequencer } from '../ledger/sequencer.ts'
import { Contracts } from '../contract/contracts.ts'
import { audited, lineOf } from './check.ts'
import { openLog } from './log.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export async function rebuild(flags: { data?: string; json?: boolean }, world: World): Promise<number> {
  const config = configOf(world, flags.data === undefined ? {} : { data: flags.data })
  const { dataDir, databaseUrl } = config
  const log = openLog('warn', world)
  if (databaseUrl === null && (await findEmbedded(dataDir)) !== null) {
    throw new Fault('conflict', `a collector runs on ${dataDir}`, {
      hint: 'Stop it, rebuild, start it again.',
    })
  }
  makeDataDir(dataDir)
  const database = await openDatabase({ databaseUrl, dataDir, log })
  try {
    await migrateDatabase(database, { log })
    const lock = await lockCollector(database, { log, onLost: () => undefined })
    const shell = {
      clock: world.clock,
      random: world.random,
      log,
      identity: openIdentity(dataDir, world.random),
    }
    const { publicKey } = shell.identity
    const lying = (await audited({ db: database.sql, publicKey, log }, world)).filter(({ lie }) => lie)
    if (lying.length > 0) {
      throw new Fault('evidence', 'the ledger lies, and nothing was rebuilt', {
        hint: KEEP_ALL,
        problems: lying.map(lineOf),
      })
    }
    const sequencer = new Sequencer(database.sql, shell)
    await sequencer.open()
    const result = await rebuildDerived(database.sql, sequencer, () => world.clock.nowMs())
    await lock.release()
    world.out(flags.json ? JSON.stringify(result) : summary(result))
    return result.differences === 0 ? EXIT.done : EXIT.broken
  } finally {
    await database.close()
  }
}

export type Rebuilt = {
  logs: number
  leaves: number
  chunks: number
  incidents: number
  /** Closings that were judged again and came out as they stand. */
  closings: number
  /** Closings under other rules than this program has. */
  uncheckedClosings: number
  /** One sentence for each closing that did not come out. */
  differingClosings: string[]
  /** Rows and closings that came out otherwise. */
  differences: number
}

/** Derived state anew, with how many rows came out otherwise than they stood. */
export async function rebuildDerived(
  db: Database,
  sequencer: Sequencer,
  nowMs: () => UnixMs,
): Promise<Rebuilt> {
  const heads = sequencer.heads()
  const contracts = new Contracts(db)
  await contracts.catchUp(heads)
  const fold = new LedgerFold(db, contracts)
  // What stands may be behind the ledger: it is brought level first, so that like is compared with like.
  const standing = await levelledChunks(db, contracts, heads)
  await db.begin((tx) => dropFold(tx))
  const touched = nothingTouched()
  for (const { id, size } of heads) await fold.catchUp(id, size, touched)
  await fold.save()
  const chunks = await chunkRows(db)
  const proof = await provenClosings(db, heads, nowMs)
  return {
    logs: heads.length,
    leaves: heads.reduce((sum, { size }) => sum + size, 0),
    chunks: chunks.length,
    incidents: contracts.all().reduce((sum, { incidents }) => sum + incidents.size, 0),
    closings: proof.reproduced,
    uncheckedClosings: proof.unchecked,
    differingClosings: proof.differing,
    differences: differing(standing, chunks) + proof.differing.length,
  }
}

type Heads = readonly { id: number; size: number; contract: string }[]

/** Every closing judged again on the leaves it names. */
async function provenClosings(db: Database, heads: Heads, nowMs: () => UnixMs): Promise<ClosingProof> {
  const all: ClosingProof = { reproduced: 0, unchecked: 0, differing: [] }
  for (const log of heads) {
    const { reproduced, unchecked, differing: found } = await proveClosings({ db, log, nowMs })
    all.reproduced += reproduced
    all.unchecked += unchecked
    all.differing.push(...found)
  }
  return all
}

async function levelledChunks(db: Database, contracts: Contracts, heads: Heads): Promise<ChunkRow[]> {
  const fold = new LedgerFold(db, contracts)
  await fold.load()
  for (const { id, size } of heads) await fold.catchUp(id, size, nothingTouched())
  await fold.save()
  return chunkRows(db)
}

function differing(before: readonly unknown[], after: readonly unknown[]): number {
  const standing = new Set(before.map((row) => JSON.stringify(row)))
  const isSame = (row: unknown): boolean => standing.delete(JSON.stringify(row))
  const fresh = after.filter((row) => !isSame(row)).length
  return Math.max(fresh, standing.size)
}

function summary(rebuilt: Rebuilt): string {
  const { logs, leaves, chunks, incidents, closings, uncheckedClosings, differingClosings } = rebuilt
  const made = `${leaves} leaves of ${logs} log(s) gave ${chunks} chunks and ${incidents} incidents`
  const rows = rebuilt.differences - differingClosings.length
  const lines = [
    rows === 0 ? `${made}: the same bytes as before` : `${made}: ${rows} row(s) came out otherwise`,
  ]
  if (closings > 0)
    lines.push(`${closings} closing(s) were judged again, each on its own leaves: the same digests`)
  if (uncheckedClosings > 0)
    lines.push(
      `${uncheckedClosings} closing(s) under other rules than this program has were not judged again`,
    )
  if (differingClosings.length > 0) lines.push(...differingClosings, DIFFERING)
  return lines.join('\n')
}

const DIFFERING =
  'A closing that does not come out may mean that the ledger was changed, that an agent was renamed, or that this program judges otherwise than the one that closed the window. Nothing was written. Keep this data directory as it is, and compare it with a backup, a witness or the other party before anybody relies on these windows.'
