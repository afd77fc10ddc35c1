/**
 * Access: tokens of people, machines and agents. A token is 32 random bytes, shown once; the database
 * holds its SHA-256. A session of a browser is opened by an API token or an account, has no rights of its own and
 * ends with it. Whoever gives or takes a token stands in the audit, in the transaction of the deed.
 */
import { createHash } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import {
  auditRows,
  deleteInvitationsBy,
  deleteSession,
  deleteSessions,
  deleteToken,
  holdersOf,
  insertAudit,
  insertSession,
  insertToken,
  linkOf,
  sessionRows,
  tokenRows,
  givenOf,
  type Doing,
  type Given,
  type Holder,
  type LinkRow,
  type NewToken,
  type Role,
} from './db/token-rows.ts'
import type { Database, Tx } from './db/tx.ts'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { AuditView, SessionView, TokenIssued, TokenView } from './view/access.ts'
import type { Random } from './shell.ts'

const DAY_MS = 24 * 3_600_000
/** A join token binds one agent within this. */
export const JOIN_TOKEN_MS = DAY_MS
export const SESSION_MS = 30 * DAY_MS
/** How long an API token is good where nobody says: those that are given to others come to an end. */
export const TOKEN_MS: Readonly<Record<Role, number | null>> = {
  owner: null,
  viewer: 365 * DAY_MS,
  provider: 365 * DAY_MS,
  internal: 365 * DAY_MS,
}
/** Browsers that one token is signed in with at once; the oldest is signed out. */
export const MAX_SESSIONS = 50
/** What ends without our doing (its time, a row that somebody deletes) is seen within this. */
const LOOK_MS = 1_000
const TOKEN_BYTES = 32

export type AccessDeps = { db: Database; random: Random; nowMs: () => UnixMs }
export type Grant = { role: Role; contract: string | null }
/** Who does it: id of a token, `operator` or `start`. */
type By = { by: string }

export async function issueJoinToken(
  deps: AccessDeps,
  { name, by }: By & { name: string | null },
): Promise<{ id: string; token: string; expiresAt: string }> {
  const expiresMs = deps.nowMs() + JOIN_TOKEN_MS
  const made = { kind: 'agent', role: null, contracts: null, name, incident: null, expiresMs } as const
  const issued = await deps.db.begin((tx) => issue(tx, deps, { made, by }))
  return { ...issued, expiresAt: formatInstant(expiresMs) }
}

/** `lifeMs` absent: as long as is usual for the role; null: for ever. */
export function issueApiToken(
  deps: AccessDeps,
  wanted: By & Grant & { lifeMs?: number | null | undefined },
): Promise<TokenIssued> {
  return deps.db.begin((tx) => issueApi(tx, deps, wanted))
}

/** False: there is none of that id. Its sessions end with it, and the invitations that it made. */
export function revokeToken(deps: AccessDeps, { id, by }: By & { id: string }): Promise<boolean> {
  return deps.db.begin(async (tx) => {
    if ((await revoke(tx, deps, { id, by })) === null) return false
    await withdrawBy(tx, deps, { id, by })
    return true
  })
}

/** Another token with the same rights, in place of one that ends now. Null: there is no API token of that id. */
export function renewToken(deps: AccessDeps, { id, by }: By & { id: string }): Promise<TokenIssued | null> {
  return deps.db.begin(async (tx) => {
    const old = await revoke(tx, deps, { id, by })
    if (old === null) return null
    const { role, contracts, kind } = old
    if (role === null || kind !== 'api')
      throw new Fault('bad-request', 'A join token or a link is not renewed: make another one.')
    return issueApi(tx, deps, { role, contract: contracts?.[0] ?? null, by })
  })
}

/** An address that shows one incident, or the states of the services, to whoever has it. */
export async function issueLink(
  deps: AccessDeps,
  {
    contract,
    incident,
    lifeMs,
    by,
  }: By & { contract: string; incident: string | null; lifeMs: number | null },
): Promise<{ id: string; secret: string; expiresAt: string | null }> {
  const expiresMs = lifeMs === null ? null : deps.nowMs() + lifeMs
  const contracts = [contract]
  const made = { kind: 'link', role: 'internal', contracts, incident, name: null, expiresMs } as const
  const { id, token } = await deps.db.begin((tx) => issue(tx, deps, { made, by }))
  return { id, secret: token, expiresAt: instantOrNull(expiresMs) }
}

/** Where a link leads; null for nobody's, and one that has ended. */
export function openLink({ db, nowMs }: AccessDeps, secret: string): Promise<LinkRow | null> {
  return linkOf(db, { hash: hashOf(secret), nowMs: nowMs() })
}

/** Who sent this secret; null for nobody's, one that has ended, and one that is not for this use. */
export async function authenticate(
  { db, nowMs }: AccessDeps,
  { secret, as }: { secret: string; as: Holder['kind'] },
): Promise<Holder | null> {
  const [holder] = await holdersOf(db, { hashes: [hashOf(secret)], nowMs: nowMs() })
  return holder?.kind === as ? holder : null
}

/** A session of an API token; null when it is none that is good: a session opens no other. */
export async function openSession(
  deps: AccessDeps,
  { token, browser }: { token: string; browser: string | null },
): Promise<Opened | null> {
  const holder = await authenticate(deps, { secret: token, as: 'api' })
  if (!holder) return null
  const { id, expiresMs } = holder
  return deps.db.begin((tx) => sessionOf(tx, deps, { parent: id, endsMs: expiresMs, browser }))
}

export type Opened = { session: string; expiresMs: UnixMs }

/** A session of a token or an account; `endsMs`: when that ends itself. */
export async function sessionOf(
  tx: Tx,
  deps: AccessDeps,
  { parent, endsMs, browser }: { parent: string; endsMs: UnixMs | null; browser: string | null },
): Promise<Opened> {
  const session = secretOf('ses', deps)
  const createdMs = deps.nowMs()
  const expiresMs = Math.min(createdMs + SESSION_MS, endsMs ?? Infinity)
  const hash = hashOf(session)
  await insertSession(tx, { hash, parent, name: browser, createdMs, expiresMs, most: MAX_SESSIONS })
  return { session, expiresMs }
}

/** Of a token or an account, newest first. `secret`: of whoever asks. */
export async function listSessions(
  { db, nowMs }: AccessDeps,
  { parent, secret }: { parent: string; secret: string },
): Promise<SessionView[]> {
  const own = hashOf(secret)
  const rows = await sessionRows(db, { parent, nowMs: nowMs() })
  return rows.map(({ hash, id, browser, createdMs, expiresMs }) => ({
    id,
    browser,
    isThis: hash.equals(own),
    createdAt: formatInstant(createdMs),
    expiresAt: formatInstant(expiresMs),
  }))
}

/** One of them by `id`, or all but the one of `but`. The answer is how many there were. */
export function endSessions(
  deps: AccessDeps,
  { parent, id, but }: { parent: string; id?: string; but?: string },
): Promise<number> {
  return deps.db.begin(async (tx) => {
    const kept = but === undefined ? null : hashOf(but)
    const ended = await deleteSessions(tx, { parent, ...(id !== undefined && { id }), but: kept })
    if (ended > 0) await tell(tx, deps, { by: parent, id: parent, deed: 'signed-out' })
    return ended
  })
}

export async function closeSession({ db }: AccessDeps, session: string): Promise<void> {
  await deleteSession(db, hashOf(session))
}

/** Long answers that end with the secret they were asked for with. */
export type Watch = {
  /** Calls `ended` once it is good no more. The answer is how to stop watching. */
  hold(secret: string, ended: () => void): () => void
  /** Looks now: after a token was taken, and not a second later. */
  look(): Promise<void>
}

export function openWatch({ db, nowMs }: Pick<AccessDeps, 'db' | 'nowMs'>): Watch {
  const held = new Map<string, Set<() => void>>()
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const hashes = [...held.keys()].map((hash) => Buffer.from(hash, 'hex'))
    const good = new Set(
      (await holdersOf(db, { hashes, nowMs: nowMs() })).map(({ hash }) => hash.toString('hex')),
    )
    // Those that came while we asked are looked at the next time.
    for (const hash of hashes.map((one) => one.toString('hex')))
      if (!good.has(hash)) for (const end of held.get(hash) ?? []) end()
  }
  // A database that is away ends nobody: what is told comes from there too.
  const lookAgain = (): void => void look().catch(() => undefined)
  return {
    look,
    hold(secret, ended) {
      const hash = hashOf(secret).toString('hex')
      const ends = held.get(hash) ?? new Set()
      held.set(hash, ends.add(ended))
      timer ??= setInterval(lookAgain, LOOK_MS).unref()
      return () => {
        ends.delete(ended)
        if (ends.size === 0 && held.get(hash) === ends) held.delete(hash)
        if (held.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/** Those that are good now, newest first. */
export async function listTokens({ db, nowMs }: AccessDeps): Promise<TokenView[]> {
  const rows = await tokenRows(db, nowMs())
  return rows.map(({ createdMs, expiresMs, ...row }) => ({
    ...row,
    createdAt: formatInstant(createdMs),
    expiresAt: instantOrNull(expiresMs),
  }))
}

/** Newest first; `before` is the id of the last entry of the page before. */
export async function readAudit(
  { db }: AccessDeps,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<AuditView[]> {
  const rows = await auditRows(db, { before: before === undefined ? null : Number(before), limit })
  return rows.map(({ id, atMs, ...row }) => ({ id: String(id), at: formatInstant(atMs), ...row }))
}

export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

const PREFIX = { api: 'cst', agent: 'join', link: 'lnk', invite: 'inv', person: 'per' } as const

export type Made = Omit<NewToken, 'hash' | 'createdMs'>

async function issueApi(
  tx: Tx,
  deps: AccessDeps,
  { role, contract, lifeMs = TOKEN_MS[role], by }: By & Grant & { lifeMs?: number | null | undefined },
): Promise<TokenIssued> {
  const expiresMs = lifeMs === null ? null : deps.nowMs() + lifeMs
  const contracts = contract === null ? null : [contract]
  const made = { kind: 'api', role, contracts, name: null, incident: null, expiresMs } as const
  return { ...(await issue(tx, deps, { made, by })), role, contract, expiresAt: instantOrNull(expiresMs) }
}

/** `deed`: as the audit tells it. `by` null: whoever it is of has made it. */
export async function issue(
  tx: Tx,
  deps: AccessDeps,
  { made, by, deed = 'issued' }: { by: string | null; made: Made; deed?: Doing },
): Promise<{ id: string; token: string }> {
  const token = secretOf(PREFIX[made.kind], deps)
  const atMs = deps.nowMs()
  const id = await insertToken(tx, { ...made, hash: hashOf(token), createdMs: atMs })
  await insertAudit(tx, { ...made, atMs, by: by ?? id, deed, token: id })
  return { id, token }
}

/** What is given away, and is taken back by its id. */
const GIVEN = ['api', 'agent', 'link', 'invite'] as const

/** Null: there is none of that id. */
export async function revoke(
  tx: Tx,
  { nowMs }: AccessDeps,
  { id, by, kinds = GIVEN }: By & { id: string; kinds?: readonly Made['kind'][] },
): Promise<Given | null> {
  const old = await deleteToken(tx, { id, kinds })
  if (old !== null) await insertAudit(tx, { ...old, atMs: nowMs(), by, deed: 'revoked', token: id })
  return old
}

/** What `id` has invited others to is no longer its to give. */
export async function withdrawBy(
  tx: Tx,
  { nowMs }: AccessDeps,
  { id, by }: By & { id: string },
): Promise<void> {
  for (const { id: token, ...old } of await deleteInvitationsBy(tx, id))
    await insertAudit(tx, { ...old, atMs: nowMs(), by, deed: 'revoked', token })
}

export function instantOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}

/** What was done to a token or an account that is there, as it is now. */
export async function tell(
  tx: Tx,
  { nowMs }: Pick<AccessDeps, 'nowMs'>,
  { by, id, deed }: By & { id: string; deed: Doing },
): Promise<void> {
  const given = await givenOf(tx, id)
  if (given !== null) await insertAudit(tx, { ...given, atMs: nowMs(), by, deed, token: id })
}

export function secretOf(
  kind: 'cst' | 'join' | 'ses' | 'lnk' | 'inv' | 'per' | 'step',
  { random }: Pick<AccessDeps, 'random'>,
): string {
  return `${kind}_${random.bytes(TOKEN_BYTES).toString('base64url')}`
}
