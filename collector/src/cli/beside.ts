/** Beside: a command that works in the database of a collector while that runs. */
import { Fault } from '@constat/shared/fault'
import type { CollectorConfig } from '../config.ts'
import { findEmbedded } from '../db/embedded.ts'
import { openAddress, openDatabase, type OpenDatabase } from '../db/open.ts'
import type { Log } from '../shell.ts'
import { openLog } from './log.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

/** Fault `unavailable` when no collector runs on the data directory. */
export async function beside(
  flags: { data?: string },
  world: World,
  work: (database: OpenDatabase, config: CollectorConfig) => Promise<void>,
): Promise<number> {
  const config = configOf(world, flags.data === undefined ? {} : { data: flags.data })
  const database = await openRunning(config, world)
  try {
    await work(database, config)
    return EXIT.done
  } finally {
    await database.close()
  }
}

async function openRunning({ databaseUrl, dataDir }: CollectorConfig, world: World): Promise<OpenDatabase> {
  const log = openLog('warn', world)
  if (databaseUrl !== null) return openDatabase({ databaseUrl, dataDir, log })
  const address = await findEmbedded(dataDir)
  if (address) return openAddress({ address, log })
  throw new Fault('unavailable', `no collector runs on ${dataDir}`, {
    hint: 'Start it with `npm start`, or name its directory with --data.',
  })
}

/** The database of a collector that runs, or the same one started for as long as this takes. */
export async function openAnyway({ databaseUrl, dataDir }: CollectorConfig, log: Log): Promise<OpenDatabase> {
  const address = databaseUrl === null ? await findEmbedded(dataDir) : null
  return address ? openAddress({ address, log }) : openDatabase({ databaseUrl, dataDir, log })
}
