/**
 * `constat restore`: a backup brought back into an empty data directory (and, with DATABASE_URL, an empty database),
 * proved as `constat check` proves it. What is derived is made again by the next start.
 */
import { Fault } from '@constat/shared/fault'
import { bringBack, openBackup } from '../backup/bring-back.ts'
import { makeDataDir, readIdentity, requireIdentity } from '../data-dir.ts'
import { openDatabase } from '../db/open.ts'
import { KEEP_ALL } from '../ledger/lie.ts'
import { audited, lineOf } from './check.ts'
import { openLog } from './log.ts'
import { MB } from './save.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export async function restore(
  folder: string,
  flags: { data?: string; json?: boolean },
  world: World,
): Promise<number> {
  const { dataDir, databaseUrl } = configOf(world, flags.data === undefined ? {} : { data: flags.data })
  const log = openLog('warn', world)
  const manifest = await openBackup(folder)
  if (readIdentity(dataDir)) {
    throw new Fault('conflict', `${dataDir} is a collector's already`, {
      hint: 'Name an empty directory with --data, or move this one away: nothing is written over.',
    })
  }
  makeDataDir(dataDir)
  const database = await openDatabase({ databaseUrl, dataDir, log })
  try {
    const told = (bytes: number): void => world.progress(`restored ${Math.floor(bytes / MB)} MB`)
    await bringBack({ folder, manifest, database, dataDir, log, told })
    const { publicKey } = requireIdentity(dataDir)
    const logs = await audited({ db: database.sql, publicKey, log }, world)
    const ok = logs.every(({ lie }) => lie === null)
    const { takenAt } = manifest
    if (flags.json) world.out(JSON.stringify({ ok, takenAt, logs }))
    else world.out([`${dataDir} stands as at ${takenAt}`, ...logs.map(lineOf)].join('\n'))
    if (!ok) world.err(`The evidence is broken. ${KEEP_ALL}`)
    return ok ? EXIT.done : EXIT.broken
  } finally {
    world.progress(null)
    await database.close()
  }
}
