/**
 * A program that holds the database of one data directory until it is told to stop, so that a test can
 * kill it. `database-child.ts DATA_DIR` prints one line when ready; SIGTERM closes.
 */
import { lockCollector } from '@constat/collector/db/lock'
import { openDatabase } from '@constat/collector/db/open'

const [, , dataDir = ''] = process.argv
const say = (message: string) => process.stderr.write(`${message}\n`)
const log = { info: say, warn: say, error: say }

const database = await openDatabase({ databaseUrl: null, dataDir, log })
await lockCollector(database, { log, onLost: () => say('lock lost') })
await database.sql`create table if not exists kept (n int8)`
await database.sql`insert into kept select count(*) from kept`
const rows = await database.sql<{ n: number }[]>`select n from kept`
process.on('SIGTERM', () => void database.close().then(() => process.exit(0)))
process.stdout.write(`${JSON.stringify({ rows: rows.length })}\n`)
