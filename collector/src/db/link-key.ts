/** The key of links that acknowledge: made once, kept in the database, never shown. */
import type { Random } from '../shell.ts'
import type { Database } from './tx.ts'

const KEY_BYTES = 32
const NAME = 'acknowledge-key'

/** Safe to run twice. */
export async function openLinkKey(db: Database, random: Random): Promise<Buffer> {
  await db`insert into meta (key, value) values (${NAME}, ${random.bytes(KEY_BYTES).toString('base64')})
    on conflict do nothing`
  const [row] = await db<{ value: string }[]>`select value from meta where key = ${NAME}`
  return Buffer.from(row?.value ?? '', 'base64')
}
