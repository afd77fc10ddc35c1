/**
 * Backup rows: every table that is ground or told, as the text that COPY writes, and back. What is derived is
 * left out: it is made again from the ledger. Not pure.
 */
import type { Readable, Writable } from 'node:stream'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import * as schema from './schema.ts'
import * as told from './schema-told.ts'
import type { Database, Tx } from './tx.ts'

const DERIVED: ReadonlySet<PgTable> = new Set([schema.chunk, schema.folded, schema.latency])

/** `columns` in the order of the copied text. */
export type CopiedTable = { table: string; columns: string[] }

/** Every table of this program that a backup has: those that name rows of others come after them. */
export function keptTables(): CopiedTable[] {
  return Object.values({ ...schema, ...told })
    .filter((one) => is(one, PgTable) && !DERIVED.has(one))
    .toSorted((a, b) => othersIn(a) - othersIn(b))
    .map((table) => ({
      table: getTableName(table),
      columns: Object.values(getTableColumns(table)).map(({ name }) => name),
    }))
}

/** How many other tables its rows name rows of. */
function othersIn(table: PgTable): number {
  const named = getTableConfig(table).foreignKeys.map((key) => key.reference().foreignTable)
  return named.filter((one) => one !== table).length
}

/** Every table as it stood at one instant, one after the other. What waits for the collector does not wait for this. */
export async function copyOut(
  db: Database,
  write: (copied: CopiedTable, rows: Readable) => Promise<void>,
): Promise<{ migrations: number[] }> {
  return db.begin(async (tx) => {
    await tx`set transaction isolation level repeatable read, read only`
    const applied = await tx<{ when: number }[]>`
      select created_at as "when" from drizzle.__drizzle_migrations order by created_at`
    for (const copied of keptTables()) {
      const rows = await tx.unsafe(`copy ${columnsOf(copied)} to stdout`).readable()
      await write(copied, rows)
      // The driver (3.4.9) leaves its socket paused where the last piece filled the stream, and hears nothing more.
      rows._read(0)
    }
    return { migrations: applied.map(({ when }) => when) }
  })
}

/** Whether there is no table in it of ours or of anybody's. */
export async function isEmpty(db: Database): Promise<boolean> {
  const rows = await db`select from pg_tables where schemaname in ('public', 'drizzle', 'report') limit 1`
  return rows.length === 0
}

/** For a database that was empty: everything in it is what was begun and did not end. */
export async function dropEverything(db: Database): Promise<void> {
  const tables = await db<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public'`
  for (const { name } of tables) await db.unsafe(`drop table ${quoted(name)} cascade`)
  for (const schema of ['report', 'drizzle']) await db.unsafe(`drop schema if exists ${schema} cascade`)
}

/** `write` fills one table. A name that is not that of a table or a column of it is refused by the database. */
export async function copyIn(
  tx: Tx,
  copied: CopiedTable,
  write: (rows: Writable) => Promise<void>,
): Promise<void> {
  await write(await tx.unsafe(`copy ${columnsOf(copied)} from stdin`).writable())
}

/** Numbers that the database gives go on behind those that were brought back. */
export async function continueNumbers(tx: Tx): Promise<void> {
  const kept = keptTables().map(({ table }) => table)
  const given = await tx<{ table: string; column: string; sequence: string }[]>`
    select table_name as table, column_name as column,
      pg_get_serial_sequence('public.' || quote_ident(table_name), column_name) as sequence
    from information_schema.columns
    where table_schema = 'public' and table_name = any(${kept}::text[])
      and (is_identity = 'YES' or column_default like 'nextval(%')`
  for (const { table, column, sequence } of given) {
    const last = `select max(${quoted(column)}) from ${quoted(table)}`
    await tx.unsafe(`select setval('${sequence}', coalesce((${last}), 0) + 1, false)`)
  }
}

function columnsOf({ table, columns }: CopiedTable): string {
  return `${quoted(table)} (${columns.map(quoted).join(', ')})`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
