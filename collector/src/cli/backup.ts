/** `constat backup`: everything that cannot be made again, as one folder, with the collector running or stopped. */
import { takeBackup } from '../backup/take.ts'
import { requireIdentity } from '../data-dir.ts'
import { VERSION } from '../version.ts'
import { openAnyway } from './beside.ts'
import { openLog } from './log.ts'
import { MB } from './save.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type BackupFlags = { output: string; json?: boolean; data?: string }

export async function backup({ output, json, data }: BackupFlags, world: World): Promise<number> {
  const config = configOf(world, data === undefined ? {} : { data })
  requireIdentity(config.dataDir)
  const database = await openAnyway(config, openLog('warn', world))
  try {
    const { tables, files } = await takeBackup({
      db: database.sql,
      dataDir: config.dataDir,
      folder: output,
      version: VERSION,
      nowMs: world.clock.nowMs(),
      told: (bytes) => world.progress(`copied ${Math.floor(bytes / MB)} MB`),
    })
    const bytes = tables.reduce((sum, table) => sum + table.bytes, 0)
    if (json) world.out(JSON.stringify({ folder: output, tables: tables.length, files: files.length, bytes }))
    else {
      world.out(
        `${output}: ${tables.length} tables (${(bytes / MB).toFixed(1)} MB) and ${files.length} files`,
      )
      world.out('It holds the keys of the collector: keep it as you keep those.')
    }
    return EXIT.done
  } finally {
    world.progress(null)
    await database.close()
  }
}
