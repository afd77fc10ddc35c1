/**
 * People: accounts. Somebody is invited by a link that lets one account in, signs in with a name and a password, and
 * with a second factor where they have one. An account is a row beside the tokens: it has its rights, its sessions and
 * its end in the same way. Every deed stands in the audit, in the transaction that does it.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import {
  hashOf,
  issue,
  revoke,
  secretOf,
  sessionOf,
  tell,
  withdrawBy,
  type AccessDeps,
  type Opened,
} from '../access.ts'
import {
  insertPerson,
  invitationOf,
  personOf,
  personRows,
  spendInvitation,
  spendStep,
  updatePerson,
  updateRights,
  type InvitationRow,
  type PersonRow,
} from '../db/person-rows.ts'
import { deleteHeld, deleteSessions, heldBy, insertHeld, spendHeld, type Role } from '../db/token-rows.ts'
import type { Tx } from '../db/tx.ts'
import { nameKey, type InvitationIssued, type PersonView } from '../view/people.ts'
import { openFactor, recoveryHash, stepOf } from './factor.ts'
import type { Passwords } from './password.ts'

const DAY_MS = 24 * 3_600_000
/** An invitation is good for so long, and a link that sets a new password. */
export const INVITATION_MS = 7 * DAY_MS
export const RENEWAL_MS = DAY_MS
/** Between the password and the code. */
export const STEP_MS = 5 * 60_000

/** `factorKey`: what secrets of second factors are kept under. */
export type PeopleDeps = AccessDeps & { passwords: Passwords; factorKey: Buffer }

/** Who does it: id of a token or an account, or `operator`. */
type By = { by: string }
type Rights = { role: Role; contracts: string[] | null }
/** Signed in, or asked for the code of the phone. */
export type Entered = { opened: Opened; lang: 'en' | 'fr' | null } | { step: string }

export async function listPeople({ db, nowMs }: AccessDeps): Promise<PersonView[]> {
  const rows = await personRows(db, nowMs())
  return rows.map(({ createdMs, ...row }) => ({ ...row, createdAt: formatInstant(createdMs) }))
}

/** Fault `conflict`: somebody has that name. */
export async function invitePerson(
  deps: AccessDeps,
  { name, role, contracts, by }: By & Rights & { name: string },
): Promise<Omit<InvitationIssued, 'url'> & { secret: string }> {
  if ((await personOf(deps.db, { key: nameKey(name) })) !== null) throw nameTaken(name)
  return invite(deps, { by, name, role, contracts, parent: null, lifeMs: INVITATION_MS })
}

/** A link by which somebody who has an account sets a new password. Null: there is no such account. */
export async function renewPassword(
  deps: AccessDeps,
  { id, by }: By & { id: string },
): Promise<(Omit<InvitationIssued, 'url'> & { secret: string }) | null> {
  const row = await personOf(deps.db, { id })
  if (row === null) return null
  const { name, role, contracts } = row
  return invite(deps, { by, name, role, contracts, parent: id, lifeMs: RENEWAL_MS })
}

type Inviting = By & Rights & { name: string; parent: string | null; lifeMs: number }

async function invite(deps: AccessDeps, { by, lifeMs, ...rights }: Inviting) {
  const expiresMs = deps.nowMs() + lifeMs
  const made = { kind: 'invite', ...rights, incident: null, expiresMs } as const
  const { id, token } = await deps.db.begin((tx) => issue(tx, deps, { made, by }))
  const { name, role, contracts } = rights
  return { id, secret: token, name, role, contracts, expiresAt: formatInstant(expiresMs) }
}

/** What a link invites to; null: it is used, taken back, past its end or was never one. */
export function invitedBy({ db, nowMs }: AccessDeps, secret: string): Promise<InvitationRow | null> {
  return invitationOf(db, { hash: hashOf(secret), nowMs: nowMs() })
}

/** How whoever has a link will sign in. */
export type Proof = { password: string } | { subject: string }

/**
 * The account that the link lets in, or its new password; the link is spent. Null: the link is not good. Fault
 * `conflict`: somebody has that name, or signs in elsewhere as the same one; the link stays good.
 */
export async function acceptInvitation(
  deps: PeopleDeps,
  { secret, proof, browser }: { secret: string; proof: Proof; browser: string | null },
): Promise<Entered | null> {
  if ((await invitedBy(deps, secret)) === null) return null
  const kept = 'password' in proof ? { password: await deps.passwords.hash(proof.password) } : proof
  return deps.db.begin(async (tx) => {
    const invited = await spendInvitation(tx, { hash: hashOf(secret), nowMs: deps.nowMs() })
    if (invited === null) return null
    const id = invited.parent ?? (await join(tx, deps, { invited, kept }))
    if (invited.parent !== null) await rekey(tx, deps, { id, kept })
    return enter(tx, deps, { id, browser })
  })
}

type Kept = { password: string } | { subject: string }

async function join(
  tx: Tx,
  deps: AccessDeps,
  { invited, kept }: { invited: InvitationRow; kept: Kept },
): Promise<string> {
  const { name, role, contracts } = invited
  const made = { kind: 'person', name, role, contracts, incident: null, expiresMs: null } as const
  const { id } = await issue(tx, deps, { made, by: null, deed: 'joined' })
  const row = { id, key: nameKey(name), password: null, subject: null, ...kept }
  if (!(await insertPerson(tx, row))) throw nameTaken(name)
  return id
}

async function rekey(tx: Tx, deps: AccessDeps, { id, kept }: { id: string; kept: Kept }): Promise<void> {
  const other = 'subject' in kept ? await personOf(tx, kept) : null
  if (other !== null && other.id !== id) throw nameTaken('')
  await updatePerson(tx, id, kept)
  await endWays(tx, { id })
  await tell(tx, deps, { by: id, id, deed: 'password' })
}

/** What the password of before let in, or would have: sessions, half a sign-in, links that set another one. */
export async function endWays(
  tx: Tx,
  { id, but = null }: { id: string; but?: Buffer | null },
): Promise<void> {
  await deleteSessions(tx, { parent: id, but })
  for (const kind of ['step', 'invite'] as const) await deleteHeld(tx, { kind, parent: id })
}

function nameTaken(name: string): Fault {
  return new Fault(
    'conflict',
    `${name === '' ? 'This sign-in' : JSON.stringify(name)} belongs to an account that is there.`,
    {
      hint: 'Choose another name, or remove that account first.',
    },
  )
}

/** Null: wrong, in one way or another, after as long as if the name were known. */
export async function signInByPassword(
  deps: PeopleDeps,
  { name, password, browser }: { name: string; password: string; browser: string | null },
): Promise<Entered | null> {
  const row = await personOf(deps.db, { key: nameKey(name) })
  const isRight = await deps.passwords.isRight(password, row?.password ?? null)
  if (row === null || !isRight) return null
  return deps.db.begin((tx) => enter(tx, deps, { id: row.id, browser, password: row.password }))
}

/** Whom an OpenID provider has signed in; a second factor that was turned on here is asked for. Null: no account is theirs. */
export async function signInElsewhere(
  deps: AccessDeps,
  { subject, browser }: { subject: string; browser: string | null },
): Promise<Entered | null> {
  return deps.db.begin(async (tx) => {
    const row = await personOf(tx, { subject })
    return row && enter(tx, deps, { id: row.id, browser })
  })
}

/** The account that is asked for its code; null: too late, or it was answered. */
export function steppingAs({ db, nowMs }: AccessDeps, step: string): Promise<string | null> {
  return heldBy(db, { hash: hashOf(step), kind: 'step', nowMs: nowMs() })
}

/** Null: the code is wrong, was used, or comes too late. A code of the list for a lost phone is good once. */
export async function answerStep(
  deps: PeopleDeps,
  { step, code, browser }: { step: string; code: string; browser: string | null },
): Promise<Entered | null> {
  const hash = hashOf(step)
  return deps.db.begin(async (tx) => {
    const id = await heldBy(tx, { hash, kind: 'step', nowMs: deps.nowMs() })
    const row = id === null ? null : await personOf(tx, { id })
    if (row === null || !(await provesFactor(tx, deps, { row, code }))) return null
    if (!(await spendHeld(tx, { hash, kind: 'step', parent: row.id }))) return null
    return open(tx, deps, { row, browser })
  })
}

/** Spends the code. */
async function provesFactor(
  tx: Tx,
  deps: PeopleDeps,
  { row, code }: { row: PersonRow; code: string },
): Promise<boolean> {
  const secret = row.totp && openFactor(row.totp, { key: deps.factorKey, id: row.id })
  const step = secret && stepOf(secret, code, deps.nowMs())
  if (step !== null) return spendStep(tx, { id: row.id, step })
  const spent = await spendHeld(tx, { hash: recoveryHash(code), kind: 'recovery', parent: row.id })
  if (spent) await tell(tx, deps, { by: row.id, id: row.id, deed: 'code-used' })
  return spent
}

/** `password`: as it was when it was proved; null where it has changed since. */
async function enter(
  tx: Tx,
  deps: AccessDeps,
  { id, browser, password }: { id: string; browser: string | null; password?: string | null },
): Promise<Entered | null> {
  const row = await personOf(tx, { id }, 'held')
  if (row === null || (password !== undefined && row.password !== password)) return null
  if (row.totp === null) return open(tx, deps, { row, browser })
  const step = secretOf('step', deps)
  const createdMs: UnixMs = deps.nowMs()
  const held = {
    hash: hashOf(step),
    kind: 'step',
    parent: id,
    createdMs,
    expiresMs: createdMs + STEP_MS,
  } as const
  await insertHeld(tx, held)
  return { step }
}

async function open(
  tx: Tx,
  deps: AccessDeps,
  { row, browser }: { row: PersonRow; browser: string | null },
): Promise<Entered> {
  const opened = await sessionOf(tx, deps, { parent: row.id, endsMs: null, browser })
  await tell(tx, deps, { by: row.id, id: row.id, deed: 'signed-in' })
  return { opened, lang: row.lang }
}

/**
 * Its sessions end and the invitations that it made, so that nothing goes on under the rights of before. False: there
 * is no such account.
 */
export function changeRights(
  deps: AccessDeps,
  { id, by, ...rights }: By & Rights & { id: string },
): Promise<boolean> {
  return deps.db.begin(async (tx) => {
    if (!(await updateRights(tx, { id, ...rights }))) return false
    await deleteSessions(tx, { parent: id })
    await withdrawBy(tx, deps, { id, by })
    await tell(tx, deps, { by, id, deed: 'changed' })
    return true
  })
}

/** Its sessions end with it, and the invitations that it made. False: there is no such account. */
export function removePerson(deps: AccessDeps, { id, by }: By & { id: string }): Promise<boolean> {
  return deps.db.begin(async (tx) => {
    if ((await revoke(tx, deps, { id, by, kinds: ['person'] })) === null) return false
    await withdrawBy(tx, deps, { id, by })
    return true
  })
}
