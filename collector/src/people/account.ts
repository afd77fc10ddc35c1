/**
 * Account: what somebody changes of their own: password, second factor, language and zone. Whatever makes signing in
 * easier or harder asks for the password again, and stands in the audit.
 */
import { formatInstant } from '@constat/shared/time'
import { hashOf, tell, type AccessDeps } from '../access.ts'
import { personOf, spendStep, updatePerson, type PersonChanges, type PersonRow } from '../db/person-rows.ts'
import { countHeld, deleteHeld, insertHeld } from '../db/token-rows.ts'
import type { Tx } from '../db/tx.ts'
import type { AccountView } from '../view/people.ts'
import { factorOf, newRecoveryCodes, recoveryHash, sealFactor, stepOf } from './factor.ts'
import { endWays, type PeopleDeps } from './people.ts'

/** Null: there is no such account. */
export async function readAccount({ db }: AccessDeps, id: string): Promise<AccountView | null> {
  const row = await personOf(db, { id })
  if (row === null) return null
  const { name, role, contracts, lang, zone, createdMs } = row
  return {
    id,
    name,
    role,
    contracts,
    lang,
    zone,
    createdAt: formatInstant(createdMs),
    hasPassword: row.password !== null,
    hasFactor: row.totp !== null,
    isElsewhere: row.subject !== null,
    codesLeft: await countHeld(db, { kind: 'recovery', parent: id }),
  }
}

/** Who asks, and the password that they were asked for again. */
type Proved = { id: string; password: string }

/** Ends the other sessions. `secret`: of the session that goes on. False: the old one is wrong. */
export async function changePassword(
  deps: PeopleDeps,
  { id, password, wanted, secret }: Proved & { wanted: string; secret: string },
): Promise<boolean> {
  const row = await proved(deps, { id, password })
  if (row === null) return false
  const kept = await deps.passwords.hash(wanted)
  await deps.db.begin(async (tx) => {
    await updatePerson(tx, id, { password: kept })
    await endWays(tx, { id, but: hashOf(secret) })
    await tell(tx, deps, { by: id, id, deed: 'password' })
  })
  return true
}

export async function changeSettings(
  { db }: AccessDeps,
  { id, ...changes }: { id: string } & Pick<PersonChanges, 'lang' | 'zone'>,
): Promise<void> {
  await db.begin((tx) => updatePerson(tx, id, changes))
}

/** What the phone was given is good: the codes for when it is lost, shown once. Null: the password is wrong. */
export async function turnFactorOn(
  deps: PeopleDeps,
  { factor, code, ...asked }: Proved & { factor: string; code: string },
): Promise<string[] | 'wrong-code' | null> {
  if ((await proved(deps, asked)) === null) return null
  const { id } = asked
  const secret = factorOf(factor)
  const step = secret && stepOf(secret, code, deps.nowMs())
  if (secret === null || step === null) return 'wrong-code'
  const totp = sealFactor(secret, { key: deps.factorKey, id, random: deps.random })
  return deps.db.begin(async (tx) => {
    await updatePerson(tx, id, { totp, totpStep: 0 })
    await spendStep(tx, { id, step })
    await tell(tx, deps, { by: id, id, deed: 'factor-on' })
    return newCodes(tx, deps, id)
  })
}

/** In place of those of before. Null: the password is wrong, or there is no second factor. */
export async function renewCodes(deps: PeopleDeps, asked: Proved): Promise<string[] | null> {
  const row = await proved(deps, asked)
  if (row === null || row.totp === null) return null
  return deps.db.begin(async (tx) => {
    await tell(tx, deps, { by: asked.id, id: asked.id, deed: 'codes' })
    return newCodes(tx, deps, asked.id)
  })
}

/** False: the password is wrong. */
export async function turnFactorOff(deps: PeopleDeps, asked: Proved): Promise<boolean> {
  if ((await proved(deps, asked)) === null) return false
  await dropFactor(deps, { id: asked.id, by: asked.id })
  return true
}

/** For whoever has lost the phone and its list: by an owner. False: there was no second factor. */
export async function dropFactor(deps: AccessDeps, { id, by }: { id: string; by: string }): Promise<boolean> {
  return deps.db.begin(async (tx) => {
    const row = await personOf(tx, { id })
    if (row === null || row.totp === null) return false
    await updatePerson(tx, id, { totp: null })
    for (const kind of ['recovery', 'step'] as const) await deleteHeld(tx, { kind, parent: id })
    await tell(tx, deps, { by, id, deed: 'factor-off' })
    return true
  })
}

async function proved(deps: PeopleDeps, { id, password }: Proved): Promise<PersonRow | null> {
  const row = await personOf(deps.db, { id })
  return (await deps.passwords.isRight(password, row?.password ?? null)) ? row : null
}

async function newCodes(tx: Tx, deps: AccessDeps, parent: string): Promise<string[]> {
  const codes = newRecoveryCodes(deps.random)
  await deleteHeld(tx, { kind: 'recovery', parent })
  const createdMs = deps.nowMs()
  for (const code of codes) {
    await insertHeld(tx, { hash: recoveryHash(code), kind: 'recovery', parent, createdMs, expiresMs: null })
  }
  return codes
}
