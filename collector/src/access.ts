/**
 * Access: tokens of people, machines and agents. A token is 32 random bytes, shown once; the database
 * holds its SHA-256. What opens a session of a browser is such a token too.
 */
import { createHash } from 'node:crypto'
import { deleteSession, insertToken, tokenRow, type Role } from './db/agent-rows.ts'
import type { Database } from './db/tx.ts'
import type { UnixMs } from '@constat/shared/time'
import type { Random } from './shell.ts'

/** A join token binds one agent within this. */
export const JOIN_TOKEN_MS = 24 * 3_600_000
export const SESSION_MS = 30 * 24 * 3_600_000
const TOKEN_BYTES = 32
const MAX_TOKEN_CHARS = 256

export type AccessDeps = { db: Database; random: Random; nowMs: () => UnixMs }
export type Grant = { role: Role; contract: string | null }

export async function issueJoinToken(
  { db, random, nowMs }: AccessDeps,
  { name }: { name: string | null },
): Promise<{ token: string; expiresMs: UnixMs }> {
  const token = `join_${random.bytes(TOKEN_BYTES).toString('base64url')}`
  const createdMs = nowMs()
  const expiresMs = createdMs + JOIN_TOKEN_MS
  const row = { hash: hashOf(token), kind: 'agent' as const, role: null, name, contract: null }
  await insertToken(db, { ...row, usesLeft: 1, createdMs, expiresMs })
  return { token, expiresMs }
}

export async function issueApiToken(
  { db, random, nowMs }: AccessDeps,
  { role, contract }: Grant,
): Promise<string> {
  const token = `cst_${random.bytes(TOKEN_BYTES).toString('base64url')}`
  const row = { hash: hashOf(token), kind: 'api' as const, role, name: null, contract }
  await insertToken(db, { ...row, usesLeft: null, createdMs: nowMs(), expiresMs: null })
  return token
}

/** Whose token it is; null for nobody's, an expired one, and a join token. */
export async function authenticate({ db, nowMs }: AccessDeps, token: string): Promise<Grant | null> {
  if (token.length > MAX_TOKEN_CHARS) return null
  const row = await tokenRow(db, { hash: hashOf(token), nowMs: nowMs() })
  if (!row || row.kind === 'agent' || row.role === null) return null
  return { role: row.role, contract: row.contract }
}

/** A session with the rights of `token`; null when it is nobody's. */
export async function openSession(
  deps: AccessDeps,
  token: string,
): Promise<{ session: string; expiresMs: UnixMs } | null> {
  const grant = await authenticate(deps, token)
  if (!grant) return null
  const session = `ses_${deps.random.bytes(TOKEN_BYTES).toString('base64url')}`
  const createdMs = deps.nowMs()
  const expiresMs = createdMs + SESSION_MS
  const row = { hash: hashOf(session), kind: 'session' as const, ...grant, name: null, usesLeft: null }
  await insertToken(deps.db, { ...row, createdMs, expiresMs })
  return { session, expiresMs }
}

export async function closeSession({ db }: AccessDeps, session: string): Promise<void> {
  await deleteSession(db, hashOf(session))
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
