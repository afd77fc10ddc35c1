/**
 * Ledger rows: the queries of the sequencer and of whoever reads leaves back. What a group writes is one
 * statement for each table, whatever the group holds, so that each is planned once.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { Database, Tx } from './tx.ts'

export type LogRow = {
  id: number
  contract: string
  origin: string
  size: number
  frontier: Buffer
  root: Buffer
  createdMs: UnixMs
}

export type EntryRow = {
  log: number
  index: number
  type: number
  receivedMs: UnixMs
  body: Buffer
  agent: Buffer | null
  session: Buffer | null
  seq: number | null
  fromMs: UnixMs | null
  toMs: UnixMs | null
}

export type CursorRow = { agent: Buffer; session: Buffer; log: number; seq: number; digest: Buffer }
export type TileRow = { log: number; level: number; n: number; hashes: Buffer }

export function logRows(db: Database | Tx): Promise<LogRow[]> {
  return db<LogRow[]>`
    select id, contract, origin, size, frontier, root, created_ms as "createdMs" from log order by id`
}

/** Throws where there is no such log. */
export async function logRow(db: Database | Tx, id: number): Promise<LogRow> {
  const [row] = await db<LogRow[]>`
    select id, contract, origin, size, frontier, root, created_ms as "createdMs" from log where id = ${id}`
  invariant(row, `log ${id} is there`)
  return row
}

export async function insertLog(tx: Tx, row: LogRow): Promise<void> {
  await tx`insert into log (id, contract, origin, size, frontier, root, created_ms)
    values (${row.id}, ${row.contract}, ${row.origin}, ${row.size}, ${row.frontier}, ${row.root}, ${row.createdMs})`
}

export type HeadMove = { id: number; fromSize: number; size: number; frontier: Buffer; root: Buffer }

/** Moves the heads of logs, all in one statement; false when somebody else moved one first. */
export async function moveHeads(tx: Tx, moves: readonly HeadMove[]): Promise<boolean> {
  if (moves.length === 0) return true
  const moved = await tx`
    update log set size = m.size, frontier = decode(m.frontier, 'hex'), root = decode(m.root, 'hex')
    from unnest(
      ${arrayText(moves.map(({ id }) => id))}::text::int4[],
      ${arrayText(moves.map(({ fromSize }) => fromSize))}::text::int8[],
      ${arrayText(moves.map(({ size }) => size))}::text::int8[],
      ${arrayText(moves.map(({ frontier }) => quoted(frontier)))}::text::text[],
      ${arrayText(moves.map(({ root }) => quoted(root)))}::text::text[]
    ) as m(id, from_size, size, frontier, root)
    where log.id = m.id and log.size = m.from_size`
  return moved.count === moves.length
}

/** An array element that may be empty. */
function quoted(bytes: Buffer): string {
  return `"${bytes.toString('hex')}"`
}

/**
 * One statement for any number of rows, so that it is planned once: bodies travel as one run of bytes, in
 * base64 as it is the shortest text, and are cut apart by the server; the other columns are arrays.
 */
export async function insertEntries(tx: Tx, rows: readonly EntryRow[]): Promise<void> {
  if (rows.length === 0) return
  const bodies = Buffer.concat(rows.map(({ body }) => body)).toString('base64')
  const lengths = rows.map(({ body }) => body.length)
  let end = 1
  const offsets = lengths.map((length) => (end += length) - length)
  await tx`
    insert into entry (log, index, type, received_ms, body, agent, session, seq, from_ms, to_ms)
    select e.log, e.index, e.type, e.received_ms, substring(b.bytes from e.start for e.length),
      decode(e.agent, 'hex'), decode(e.session, 'hex'), e.seq, e.from_ms, e.to_ms
    from unnest(
      ${arrayText(rows.map((row) => row.log))}::text::int4[],
      ${arrayText(rows.map((row) => row.index))}::text::int8[],
      ${arrayText(rows.map((row) => row.type))}::text::int4[],
      ${arrayText(rows.map((row) => row.receivedMs))}::text::int8[],
      ${arrayText(offsets)}::text::int4[],
      ${arrayText(lengths)}::text::int4[],
      ${arrayText(rows.map((row) => hexOf(row.agent)))}::text::text[],
      ${arrayText(rows.map((row) => hexOf(row.session)))}::text::text[],
      ${arrayText(rows.map((row) => row.seq))}::text::int8[],
      ${arrayText(rows.map((row) => row.fromMs))}::text::int8[],
      ${arrayText(rows.map((row) => row.toMs))}::text::int8[]
    ) as e(log, index, type, received_ms, start, length, agent, session, seq, from_ms, to_ms),
      (select decode(${bodies}, 'base64') as bytes offset 0) as b`
}

/** A PostgreSQL array literal of plain numbers and hex digits. */
function arrayText(values: readonly (number | string | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

function hexOf(bytes: Buffer | null): string | null {
  return bytes?.toString('hex') ?? null
}

export async function moveCursors(tx: Tx, rows: readonly CursorRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into cursor (agent, session, log, seq, digest)
    select decode(c.agent, 'hex'), decode(c.session, 'hex'), c.log, c.seq, decode(c.digest, 'hex')
    from unnest(
      ${arrayText(rows.map((row) => hexOf(row.agent)))}::text::text[],
      ${arrayText(rows.map((row) => hexOf(row.session)))}::text::text[],
      ${arrayText(rows.map((row) => row.log))}::text::int4[],
      ${arrayText(rows.map((row) => row.seq))}::text::int8[],
      ${arrayText(rows.map((row) => hexOf(row.digest)))}::text::text[]
    ) as c(agent, session, log, seq, digest)
    on conflict (agent, session) do update set seq = excluded.seq, digest = excluded.digest`
}

export async function insertTiles(tx: Tx, rows: readonly TileRow[]): Promise<void> {
  if (rows.length > 0) await tx`insert into tile ${tx([...rows])} on conflict do nothing`
}

export async function cursorRow(
  db: Database | Tx,
  { agent, session }: { agent: Buffer; session: Buffer },
): Promise<CursorRow | null> {
  const rows = await db<CursorRow[]>`
    select agent, session, log, seq, digest from cursor where agent = ${agent} and session = ${session}`
  return rows[0] ?? null
}

/** The frames stored under a number, the admitted one first: to know a repeat from an equivocation. */
export function framesAt(
  db: Database,
  key: { agent: Buffer; session: Buffer; seq: number; limit: number },
): Promise<{ index: number; body: Buffer }[]> {
  return db<{ index: number; body: Buffer }[]>`
    select index, body from entry
    where session = ${key.session} and seq = ${key.seq} and agent = ${key.agent}
    order by index limit ${key.limit}`
}

/** Where frames of an agent stand in a log, by their place in the list; those that do not are left out. */
export function framesIn(
  db: Database,
  {
    log,
    agent,
    frames,
  }: { log: number; agent: Buffer; frames: readonly { session: Uint8Array; seq: number }[] },
): Promise<{ place: number; index: number; receivedMs: number }[]> {
  const sessions = frames.map(({ session }) => Buffer.from(session).toString('hex'))
  const seqs = frames.map(({ seq }) => seq)
  return db<{ place: number; index: number; receivedMs: number }[]>`
    select (wanted.place - 1)::int as place, index, received_ms as "receivedMs"
    from unnest(${sessions}::text[], ${seqs}::int8[]) with ordinality as wanted (session, seq, place)
    join entry on entry.session = decode(wanted.session, 'hex') and entry.seq = wanted.seq
    where log = ${log} and agent = ${agent} and type = 1 order by place`
}

/** Leaves [from, to) of a log, in order, at most `limit`. */
export function entryRange(
  db: Database | Tx,
  range: { log: number; from: number; to: number; limit: number },
): Promise<EntryRow[]> {
  return db<EntryRow[]>`
    select log, index, type, received_ms as "receivedMs", body, agent, session, seq, from_ms as "fromMs", to_ms as "toMs"
    from entry where log = ${range.log} and index >= ${range.from} and index < ${range.to}
    order by index limit ${range.limit}`
}

/** Frames of an agent that speak of [fromMs, untilMs), among the leaves [from, below). */
export type FramesAsked = {
  log: number
  agent: Buffer
  fromMs: UnixMs
  untilMs: UnixMs
  from: number
  below: number
}

/** One page of them, after the last one of the page before. 60 MB where each is as large as may be. */
export type FramePage = (
  db: Database | Tx,
  asked: FramesAsked,
  after: EntryRow | undefined,
) => Promise<EntryRow[]>
export const FRAMES_PER_PAGE = 1_000

/** In the order of the log. By an expression: an index in this order is no way to a few frames among millions. */
export const framesWithin: FramePage = (db, asked, after) => {
  const from = Math.max(asked.from, (after?.index ?? -1) + 1)
  return db<EntryRow[]>`
    select log, index, type, received_ms as "receivedMs", body, agent, session, seq, from_ms as "fromMs", to_ms as "toMs"
    from entry where log = ${asked.log} and agent = ${asked.agent} and to_ms >= ${asked.fromMs}
      and from_ms < ${asked.untilMs} and type = 1 and index >= ${from} and index < ${asked.below}
    order by index + 0 limit ${FRAMES_PER_PAGE}`
}

/** In the order of sessions and their numbers, by expressions as well. */
export const framesInOrder: FramePage = (db, asked, after) => {
  const [session, seq] = [after?.session ?? Buffer.alloc(0), after?.seq ?? -1]
  return db<EntryRow[]>`
    select log, index, type, received_ms as "receivedMs", body, agent, session, seq, from_ms as "fromMs", to_ms as "toMs"
    from entry where log = ${asked.log} and agent = ${asked.agent} and to_ms >= ${asked.fromMs}
      and from_ms < ${asked.untilMs} and type = 1 and index >= ${asked.from} and index < ${asked.below}
      and (session, seq) > (${session}, ${seq})
    order by session || ''::bytea, seq limit ${FRAMES_PER_PAGE}`
}

/** Everything of a log from a leaf on that is no frame, in order: terms, configurations, enrolments, notices. */
export function rareEntriesFrom(
  db: Database | Tx,
  { log, from }: { log: number; from: number },
): Promise<EntryRow[]> {
  return db<EntryRow[]>`
    select log, index, type, received_ms as "receivedMs", body, agent, session, seq, from_ms as "fromMs", to_ms as "toMs"
    from entry where log = ${log} and type <> 1 and index >= ${from} order by index`
}

/** Leaves of one type that is no frame, in order. */
export function entriesOfType(
  db: Database | Tx,
  { log, type }: { log: number; type: number },
): Promise<EntryRow[]> {
  return db<EntryRow[]>`
    select log, index, type, received_ms as "receivedMs", body, agent, session, seq, from_ms as "fromMs", to_ms as "toMs"
    from entry where log = ${log} and type = ${type} and type <> 1 order by index`
}

/** The first leaf that came at `atMs` or later, from leaf `from` on; null: none has. */
export async function firstLeafSince(
  db: Database | Tx,
  { log, from, atMs }: { log: number; from: number; atMs: UnixMs },
): Promise<number | null> {
  const rows = await db<{ index: number | null }[]>`
    select min(index)::int8 as index from entry where log = ${log} and index >= ${from} and received_ms >= ${atMs}`
  return rows[0]?.index ?? null
}

/** Full tiles [from, to) of one level. */
export function tileRows(
  db: Database | Tx,
  range: { log: number; level: number; from: number; to: number },
): Promise<TileRow[]> {
  return db<TileRow[]>`select log, level, n, hashes from tile
    where log = ${range.log} and level = ${range.level} and n >= ${range.from} and n < ${range.to} order by n`
}

/** Full tiles of one level by their numbers. */
export function tilesNumbered(
  db: Database | Tx,
  { log, level, numbers }: { log: number; level: number; numbers: readonly number[] },
): Promise<TileRow[]> {
  return db<TileRow[]>`select log, level, n, hashes from tile
    where log = ${log} and level = ${level} and n = any(${arrayText(numbers)}::text::int8[])`
}

export async function insertCheckpoint(
  db: Database | Tx,
  row: { log: number; size: number; note: string; signedMs: UnixMs },
): Promise<void> {
  await db`insert into checkpoint (log, size, note, signed_ms)
    values (${row.log}, ${row.size}, ${row.note}, ${row.signedMs})
    on conflict (log, size) do update set note = excluded.note, signed_ms = excluded.signed_ms`
}

export async function newestCheckpoint(
  db: Database | Tx,
  log: number,
): Promise<{ size: number; note: string; signedMs: UnixMs } | null> {
  const rows = await db<{ size: number; note: string; signedMs: UnixMs }[]>`
    select size, note, signed_ms as "signedMs" from checkpoint where log = ${log} order by size desc limit 1`
  return rows[0] ?? null
}

export async function keepBlob(tx: Tx, { digest, body }: { digest: Buffer; body: Buffer }): Promise<void> {
  await tx`insert into blob (digest, body) values (${digest}, ${body}) on conflict do nothing`
}

export async function blobBody(db: Database | Tx, digest: Buffer): Promise<Buffer | null> {
  const rows = await db<{ body: Buffer }[]>`select body from blob where digest = ${digest}`
  return rows[0]?.body ?? null
}
