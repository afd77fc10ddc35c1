/**
 * Token rows: API tokens, sessions, join tokens, and the audit of who gave and took them. A session is a row
 * that names the token it was opened with: its rights are read from there, and it goes when that row goes.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Database, Tx } from './tx.ts'

export type Role = 'owner' | 'viewer' | 'provider' | 'internal'
export type TokenKind = 'api' | 'agent' | 'session' | 'link'
/** What a token may be used for. `role` null: a join token. */
export type Rights = { role: Role | null; contract: string | null; name: string | null }
export type NewToken = Rights & {
  hash: Buffer
  kind: Exclude<TokenKind, 'session'>
  createdMs: UnixMs
  expiresMs: UnixMs | null
  /** Of a link: the incident that it shows. */
  incident: string | null
}
export type TokenRow = Omit<NewToken, 'hash'> & { id: string; sessions: number }

/** Who is behind a secret that somebody sent; `id` is of the API token, also where a session was sent. */
export type Holder = {
  hash: Buffer
  kind: 'api' | 'session'
  id: string
  role: Role
  contract: string | null
  expiresMs: UnixMs | null
}

export type AuditRow = Rights & {
  id: number
  atMs: UnixMs
  by: string
  deed: 'issued' | 'revoked'
  token: string
  kind: NewToken['kind']
}

/** The answer is the id of the token. */
export async function insertToken(tx: Tx, row: NewToken): Promise<string> {
  const [made] = await tx<{ id: string }[]>`
    insert into token (hash, kind, role, name, contract, incident, created_ms, expires_ms)
    values (${row.hash}, ${row.kind}, ${row.role}, ${row.name}, ${row.contract}, ${row.incident},
      ${row.createdMs}, ${row.expiresMs})
    returning id`
  return made!.id
}

/** A join token lets one agent in and is gone. Null: it is wrong, used or expired. */
export async function spendToken(
  tx: Tx,
  { hash, nowMs }: { hash: Buffer; nowMs: UnixMs },
): Promise<Pick<TokenRow, 'name'> | null> {
  const rows = await tx<Pick<TokenRow, 'name'>[]>`
    delete from token where hash = ${hash} and kind = 'agent' and expires_ms > ${nowMs} returning name`
  return rows[0] ?? null
}

/** Of these secrets the ones that are good now: API tokens, and sessions whose token is good too. */
export async function holdersOf(
  db: Database | Tx,
  { hashes, nowMs }: { hashes: readonly Buffer[]; nowMs: UnixMs },
): Promise<Holder[]> {
  if (hashes.length === 0) return []
  return db<Holder[]>`
    select sent.hash, sent.kind, api.id, api.role, api.contract, api.expires_ms as "expiresMs"
    from token sent join token api on api.id = coalesce(sent.parent, sent.id)
    where sent.hash in ${db(hashes)} and api.kind = 'api'
      and (sent.expires_ms is null or sent.expires_ms > ${nowMs})
      and (api.expires_ms is null or api.expires_ms > ${nowMs})`
}

/** Where a link leads, while it is good. */
export type LinkRow = { id: string; contract: string; incident: string | null }

export async function linkOf(
  db: Database,
  { hash, nowMs }: { hash: Buffer; nowMs: UnixMs },
): Promise<LinkRow | null> {
  const rows = await db<LinkRow[]>`
    select id, contract, incident from token
    where hash = ${hash} and kind = 'link' and (expires_ms is null or expires_ms > ${nowMs})`
  return rows[0] ?? null
}

type NewSession = {
  hash: Buffer
  parent: string
  createdMs: UnixMs
  expiresMs: UnixMs
  /** Sessions of one token at once: the oldest goes. */
  most: number
}

export async function insertSession(tx: Tx, row: NewSession): Promise<void> {
  await tx`delete from token where kind = 'session' and (expires_ms <= ${row.createdMs} or hash in (
    select hash from token where parent = ${row.parent} order by created_ms desc offset ${row.most - 1}))`
  await tx`insert into token (hash, kind, parent, created_ms, expires_ms)
    values (${row.hash}, 'session', ${row.parent}, ${row.createdMs}, ${row.expiresMs})`
}

export async function deleteSession(db: Database, hash: Buffer): Promise<void> {
  await db`delete from token where hash = ${hash} and kind = 'session'`
}

/** Tokens that are good now, newest first. */
export function tokenRows(db: Database | Tx, nowMs: UnixMs): Promise<TokenRow[]> {
  return db<TokenRow[]>`
    select id, kind, role, name, contract, incident, created_ms as "createdMs", expires_ms as "expiresMs",
      (select count(*)::int from token s where s.parent = t.id and s.expires_ms > ${nowMs}) as sessions
    from token t
    where kind <> 'session' and (expires_ms is null or expires_ms > ${nowMs})
    order by created_ms desc, id`
}

/** Its sessions go with it. Null: there is none of that id. */
export async function deleteToken(tx: Tx, id: string): Promise<(Rights & Pick<TokenRow, 'kind'>) | null> {
  const rows = await tx<(Rights & Pick<TokenRow, 'kind'>)[]>`
    delete from token where id = ${id} and kind <> 'session' returning kind, role, name, contract`
  return rows[0] ?? null
}

export async function insertAudit(tx: Tx, row: Omit<AuditRow, 'id'>): Promise<void> {
  await tx`insert into audit (at_ms, by, deed, token, kind, role, name, contract)
    values (${row.atMs}, ${row.by}, ${row.deed}, ${row.token}, ${row.kind}, ${row.role}, ${row.name},
      ${row.contract})`
}

/** Newest first; `before` is the id of the last one of the page before. */
export function auditRows(
  db: Database,
  { before, limit }: { before: number | null; limit: number },
): Promise<AuditRow[]> {
  return db<AuditRow[]>`
    select id, at_ms as "atMs", by, deed, token, kind, role, name, contract from audit
    ${before === null ? db`` : db`where id < ${before}`} order by id desc limit ${limit}`
}
