/**
 * Token rows: API tokens, accounts, sessions, join tokens, invitations, and the audit of who gave and took them. A
 * session is a row that names the token or account it was opened with: its rights are read from there, and it goes
 * when that row goes.
 */
import type { UnixMs } from '@constat/shared/time'
import type { audit } from './access-schema.ts'
import type { Database, Tx } from './tx.ts'

export type Role = 'owner' | 'viewer' | 'provider' | 'internal'
/** What is given away and listed. */
export type GivenKind = 'api' | 'agent' | 'link' | 'invite'
/** What hangs on a row of these: a session, and what an account is signed in with beside its password. */
export type HeldKind = 'session' | 'step' | 'recovery'
/** What a token may be used for. `role` null: a join token. `contracts` null: all. */
export type Rights = { role: Role | null; contracts: string[] | null; name: string | null }
export type NewToken = Rights & {
  hash: Buffer
  kind: GivenKind | 'person'
  createdMs: UnixMs
  expiresMs: UnixMs | null
  /** Of a link: the incident that it shows. */
  incident: string | null
  /** Of an invitation: the account that is there and gets a new password. */
  parent?: string | null
}
export type TokenRow = Omit<NewToken, 'hash' | 'kind' | 'parent'> &
  Pick<AuditRow, 'byName'> & { id: string; kind: GivenKind; sessions: number; by: string | null }

/** Who is behind a secret that somebody sent; `id` is of the API token or the account, also where a session was sent. */
export type Holder = {
  hash: Buffer
  kind: 'api' | 'session'
  id: string
  role: Role
  contracts: string[] | null
  expiresMs: UnixMs | null
  /** When the secret was made: of a session, when it was opened. */
  sinceMs: UnixMs
  /** Of an account. */
  person: { name: string; lang: 'en' | 'fr' | null; zone: string | null } | null
}

/** What the audit tells of. */
export type Doing = typeof audit.$inferSelect.deed

export type AuditRow = Rights & {
  id: number
  atMs: UnixMs
  by: string
  /** Of the account that did it, also where it is gone. */
  byName: string | null
  deed: Doing
  token: string
  kind: NewToken['kind']
}

/** The answer is the id of the token. */
export async function insertToken(tx: Tx, row: NewToken): Promise<string> {
  const [made] = await tx<{ id: string }[]>`
    insert into token (hash, kind, role, name, contracts, incident, parent, created_ms, expires_ms)
    values (${row.hash}, ${row.kind}, ${row.role}, ${row.name}, ${row.contracts}, ${row.incident},
      ${row.parent ?? null}, ${row.createdMs}, ${row.expiresMs})
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

/** Of these secrets the ones that are good now: API tokens, and sessions whose token or account is good too. */
export async function holdersOf(
  db: Database | Tx,
  { hashes, nowMs }: { hashes: readonly Buffer[]; nowMs: UnixMs },
): Promise<Holder[]> {
  if (hashes.length === 0) return []
  return db<Holder[]>`
    select sent.hash, sent.kind, api.id, api.role, api.contracts, api.expires_ms as "expiresMs",
      sent.created_ms as "sinceMs",
      case when person.id is null then null
        else json_build_object('name', api.name, 'lang', person.lang, 'zone', person.zone) end as person
    from token sent join token api on api.id = coalesce(sent.parent, sent.id)
      left join person on person.id = api.id
    where sent.hash in ${db(hashes)} and sent.kind in ('api', 'session') and api.kind in ('api', 'person')
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
    select id, contracts[1] as contract, incident from token
    where hash = ${hash} and kind = 'link' and (expires_ms is null or expires_ms > ${nowMs})`
  return rows[0] ?? null
}

type NewSession = {
  hash: Buffer
  parent: string
  /** The browser, in words. */
  name: string | null
  createdMs: UnixMs
  expiresMs: UnixMs
  /** Sessions of one token at once: the oldest goes. */
  most: number
}

export async function insertSession(tx: Tx, row: NewSession): Promise<void> {
  await tx`delete from token where kind = 'session' and (expires_ms <= ${row.createdMs} or hash in (
    select hash from token where parent = ${row.parent} and kind = 'session'
    order by created_ms desc offset ${row.most - 1}))`
  await tx`insert into token (hash, kind, parent, name, created_ms, expires_ms)
    values (${row.hash}, 'session', ${row.parent}, ${row.name}, ${row.createdMs}, ${row.expiresMs})`
}

export async function deleteSession(db: Database, hash: Buffer): Promise<void> {
  await db`delete from token where hash = ${hash} and kind = 'session'`
}

export type SessionRow = {
  hash: Buffer
  id: string
  browser: string | null
  createdMs: UnixMs
  expiresMs: UnixMs
}

/** Those of a token or an account that are good now, newest first. */
export function sessionRows(
  db: Database | Tx,
  { parent, nowMs }: { parent: string; nowMs: UnixMs },
): Promise<SessionRow[]> {
  return db<SessionRow[]>`
    select hash, id, name as browser, created_ms as "createdMs", expires_ms as "expiresMs" from token
    where parent = ${parent} and kind = 'session' and expires_ms > ${nowMs} order by created_ms desc, id`
}

/** One of them, or all but one; the answer is how many there were. */
export async function deleteSessions(
  tx: Tx,
  { parent, id, but }: { parent: string; id?: string; but?: Buffer | null },
): Promise<number> {
  const rows = await tx`
    delete from token where parent = ${parent} and kind = 'session'
      ${id === undefined ? tx`` : tx`and id = ${id}`} ${but ? tx`and hash <> ${but}` : tx``} returning id`
  return rows.length
}

/** A secret that an account is signed in with once. */
export async function insertHeld(
  tx: Tx,
  row: { hash: Buffer; kind: HeldKind; parent: string; createdMs: UnixMs; expiresMs: UnixMs | null },
): Promise<void> {
  await tx`delete from token where kind = ${row.kind} and expires_ms <= ${row.createdMs}`
  await tx`insert into token (hash, kind, parent, created_ms, expires_ms)
    values (${row.hash}, ${row.kind}, ${row.parent}, ${row.createdMs}, ${row.expiresMs})`
}

/** The account that it is of, while it is good. */
export async function heldBy(
  db: Database | Tx,
  { hash, kind, nowMs }: { hash: Buffer; kind: HeldKind; nowMs: UnixMs },
): Promise<string | null> {
  const rows = await db<{ parent: string }[]>`
    select parent from token
    where hash = ${hash} and kind = ${kind} and (expires_ms is null or expires_ms > ${nowMs})`
  return rows[0]?.parent ?? null
}

/** False: somebody was faster, or it was never there. */
export async function spendHeld(
  tx: Tx,
  { hash, kind, parent }: { hash: Buffer; kind: HeldKind; parent: string },
): Promise<boolean> {
  const rows = await tx`
    delete from token where hash = ${hash} and kind = ${kind} and parent = ${parent} returning id`
  return rows.length > 0
}

export async function countHeld(
  db: Database,
  { kind, parent }: { kind: HeldKind; parent: string },
): Promise<number> {
  const [row] = await db<{ n: number }[]>`
    select count(*)::int as n from token where kind = ${kind} and parent = ${parent}`
  return row!.n
}

export async function deleteHeld(
  tx: Tx,
  { kind, parent }: { kind: HeldKind | 'invite'; parent: string },
): Promise<void> {
  await tx`delete from token where kind = ${kind} and parent = ${parent}`
}

/** Tokens that are good now, newest first: accounts stand in a list of their own. */
export function tokenRows(db: Database | Tx, nowMs: UnixMs): Promise<TokenRow[]> {
  return db<TokenRow[]>`
    select t.id, t.kind, t.role, t.name, t.contracts, t.incident, t.created_ms as "createdMs",
      t.expires_ms as "expiresMs", made.by, maker.name as "byName",
      (select count(*)::int from token s where s.parent = t.id and s.expires_ms > ${nowMs}) as sessions
    from token t
      left join (select distinct on (token) token, by from audit where deed = 'issued') made on made.token = t.id
      left join (select distinct on (token) token, name from audit where kind = 'person') maker
        on maker.token = made.by
    where t.kind in ('api', 'agent', 'link', 'invite') and (t.expires_ms is null or t.expires_ms > ${nowMs})
    order by t.created_ms desc, t.id`
}

/** Its sessions go with it. Null: there is none of that id. */
export async function deleteToken(
  tx: Tx,
  { id, kinds }: { id: string; kinds: readonly NewToken['kind'][] },
): Promise<Given | null> {
  const rows = await tx<Given[]>`
    delete from token where id = ${id} and kind in ${tx(kinds)} returning kind, role, name, contracts`
  return rows[0] ?? null
}

export type Given = Rights & Pick<NewToken, 'kind'>

/** Invitations that a token or an account has made and nobody has taken yet. */
export async function deleteInvitationsBy(tx: Tx, by: string): Promise<(Given & { id: string })[]> {
  return tx<(Given & { id: string })[]>`
    delete from token where kind = 'invite' and id in (
      select token from audit where by = ${by} and deed = 'issued' and kind = 'invite')
    returning id, kind, role, name, contracts`
}

export async function givenOf(tx: Tx, id: string): Promise<Given | null> {
  const rows = await tx<Given[]>`select kind, role, name, contracts from token where id = ${id}`
  return rows[0] ?? null
}

export async function insertAudit(tx: Tx, row: Omit<AuditRow, 'id' | 'byName'>): Promise<void> {
  await tx`insert into audit (at_ms, by, deed, token, kind, role, name, contracts)
    values (${row.atMs}, ${row.by}, ${row.deed}, ${row.token}, ${row.kind}, ${row.role}, ${row.name},
      ${row.contracts})`
}

/** Newest first; `before` is the id of the last one of the page before. */
export function auditRows(
  db: Database,
  { before, limit }: { before: number | null; limit: number },
): Promise<AuditRow[]> {
  return db<AuditRow[]>`
    select id, at_ms as "atMs", by, deed, token, kind, role, name, contracts,
      (select name from audit a where a.token = audit.by and a.kind = 'person' limit 1) as "byName"
    from audit ${before === null ? db`` : db`where id < ${before}`} order by id desc limit ${limit}`
}
