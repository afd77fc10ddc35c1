/**
 * `constat rebuild`: drops what is derived and makes it again from the ledger. It says whether the bytes
 * came out the same; a difference is kept, and told with exit 2, because the ledger is what counts.
 */
import { Fault } from '@constat/shared/fault'
import { makeDataDir, openIdentity } from '../data-dir.ts'
import { chunkRows, dropFold, type ChunkRow } from '../db/fold-rows.ts'
import { findEmbedded } from '../db/embedded.ts'
import { dropIncidents, incidentRows, putIncidents, type IncidentRow } from '../db/incident-rows.ts'
import { rareEntries } from '../db/ledger-rows.ts'
import { lockCollector } from '../db/lock.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import { readIncident } from '../judge/ledger-notes.ts'
import { leafType } from '../ledger/leaf.ts'
import { openBody } from '../ledger/body.ts'
import { Fold, nothingTouched } from '../fold/fold.ts'
import { Sequencer } from '../ledger/sequencer.ts'
import { Register } from '../terms/register.ts'
import { openLog } from './log.ts'
import { configOf } from './serve.ts'
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
    const sequencer = new Sequencer(database.sql, shell, () => undefined)
    await sequencer.open()
    const result = await rebuildDerived(database.sql, sequencer)
    await lock.release()
    world.out(flags.json ? JSON.stringify(result) : summary(result))
    return result.differences === 0 ? EXIT.done : EXIT.broken
  } finally {
    await database.close()
  }
}

export type Rebuilt = { logs: number; leaves: number; chunks: number; incidents: number; differences: number }

/** Derived state anew, with how many rows came out otherwise than they stood. */
export async function rebuildDerived(db: Database, sequencer: Sequencer): Promise<Rebuilt> {
  const heads = sequencer.heads()
  const register = new Register()
  await register.open(db, heads)
  const fold = new Fold(db, register)
  // What stands may be behind the ledger: it is brought level first, so that like is compared with like.
  const standing = await levelledChunks(db, register, heads)
  const incidents = await incidentRows(db)
  await db.begin(async (tx) => {
    await dropFold(tx)
    await dropIncidents(tx)
  })
  const touched = nothingTouched()
  for (const { id, size } of heads) await fold.catchUp(id, size, touched)
  await fold.save()
  const told = await ledgerIncidents(db, heads)
  await db.begin((tx) => putIncidents(tx, told))
  const chunks = await chunkRows(db)
  return {
    logs: heads.length,
    leaves: heads.reduce((sum, { size }) => sum + size, 0),
    chunks: chunks.length,
    incidents: told.length,
    differences: differing(standing, chunks) + differing(incidents, await incidentRows(db)),
  }
}

type Heads = readonly { id: number; size: number }[]

async function levelledChunks(db: Database, register: Register, heads: Heads): Promise<ChunkRow[]> {
  const fold = new Fold(db, register)
  await fold.load()
  for (const { id, size } of heads) await fold.catchUp(id, size, nothingTouched())
  await fold.save()
  return chunkRows(db)
}

/** The last state of each incident that the notices tell. */
async function ledgerIncidents(db: Database, heads: Heads): Promise<IncidentRow[]> {
  const last = new Map<string, IncidentRow>()
  for (const { id } of heads) {
    for (const { type, body } of await rareEntries(db, id)) {
      const name = leafType(type)
      if (name !== 'notice' && name !== 'declaration') continue
      const incident = readIncident(await openBody(db, body))
      if (incident) last.set(incident.id, incident)
    }
  }
  return [...last.values()]
}

function differing(before: readonly unknown[], after: readonly unknown[]): number {
  const standing = new Set(before.map((row) => JSON.stringify(row)))
  const isSame = (row: unknown): boolean => standing.delete(JSON.stringify(row))
  const fresh = after.filter((row) => !isSame(row)).length
  return Math.max(fresh, standing.size)
}

function summary({ logs, leaves, chunks, incidents, differences }: Rebuilt): string {
  const made = `${leaves} leaves of ${logs} log(s) gave ${chunks} chunks and ${incidents} incidents`
  return differences === 0
    ? `${made}: the same bytes as before`
    : `${made}: ${differences} row(s) came out otherwise`
}
