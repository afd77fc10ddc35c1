/**
 * Person rows: accounts. Name and rights of one stand in its row of `token`, under the same id, and everything it
 * holds hangs on that row: an account that is deleted leaves nothing behind but the audit.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Rights, Role } from './token-rows.ts'
import type { Database, Tx } from './tx.ts'

export type PersonRow = {
  id: string
  name: string
  role: Role
  contracts: string[] | null
  password: string | null
  subject: string | null
  totp: Buffer | null
  totpStep: number
  lang: 'en' | 'fr' | null
  zone: string | null
  createdMs: UnixMs
}

/** One account: by id, by name or by who an OpenID provider says it is. */
export type PersonKey = { id: string } | { key: string } | { subject: string }

/** `held`: nobody changes it before the transaction has ended. */
export async function personOf(db: Database | Tx, by: PersonKey, held?: 'held'): Promise<PersonRow | null> {
  const [[column, value] = ['id', '']] = Object.entries(by)
  const rows = await db<PersonRow[]>`
    select p.id, t.name, t.role, t.contracts, p.password, p.subject, p.totp, p.totp_step as "totpStep", p.lang,
      p.zone, t.created_ms as "createdMs"
    from person p join token t on t.id = p.id where ${db(`p.${column}`)} = ${value}
    ${held ? db`for share of p` : db``}`
  return rows[0] ?? null
}

export type ListedPerson = Pick<PersonRow, 'id' | 'name' | 'role' | 'contracts' | 'createdMs'> & {
  hasPassword: boolean
  hasFactor: boolean
  isElsewhere: boolean
  sessions: number
}

/** By name. */
export function personRows(db: Database | Tx, nowMs: UnixMs): Promise<ListedPerson[]> {
  return db<ListedPerson[]>`
    select p.id, t.name, t.role, t.contracts, t.created_ms as "createdMs", p.password is not null as "hasPassword",
      p.totp is not null as "hasFactor", p.subject is not null as "isElsewhere",
      (select count(*)::int from token s
        where s.parent = p.id and s.kind = 'session' and s.expires_ms > ${nowMs}) as sessions
    from person p join token t on t.id = p.id order by p.key`
}

type NewPerson = { id: string; key: string; password: string | null; subject: string | null }

/** False: somebody has that name, or signs in elsewhere as the same one. */
export async function insertPerson(tx: Tx, row: NewPerson): Promise<boolean> {
  const rows = await tx`
    insert into person (id, key, password, subject)
    values (${row.id}, ${row.key}, ${row.password}, ${row.subject}) on conflict do nothing returning id`
  return rows.length > 0
}

/** What is left out stays. */
export type PersonChanges = Partial<
  Pick<PersonRow, 'password' | 'subject' | 'totp' | 'totpStep' | 'lang' | 'zone'>
>

export async function updatePerson(tx: Tx, id: string, changes: PersonChanges): Promise<void> {
  const { totpStep, ...rest } = changes
  const columns = { ...rest, ...(totpStep !== undefined && { totp_step: totpStep }) }
  if (Object.keys(columns).length > 0) await tx`update person set ${tx(columns)} where id = ${id}`
}

/** False: a code of this step or a later one was used. */
export async function spendStep(tx: Tx, { id, step }: { id: string; step: number }): Promise<boolean> {
  const rows = await tx`
    update person set totp_step = ${step} where id = ${id} and totp_step < ${step} returning id`
  return rows.length > 0
}

/** False: there is no account of that id. */
export async function updateRights(
  tx: Tx,
  { id, role, contracts }: { id: string } & Pick<Rights, 'role' | 'contracts'>,
): Promise<boolean> {
  const rows = await tx`
    update token set role = ${role}, contracts = ${contracts}
    where id = ${id} and kind = 'person' returning id`
  return rows.length > 0
}

export type InvitationRow = {
  id: string
  name: string
  role: Role
  contracts: string[] | null
  /** The account that is there and gets a new password; null: one is made. */
  parent: string | null
}

/** An invitation that is good now; `spend` takes it. */
export async function invitationOf(
  db: Database | Tx,
  { hash, nowMs }: { hash: Buffer; nowMs: UnixMs },
): Promise<InvitationRow | null> {
  const rows = await db<InvitationRow[]>`
    select id, name, role, contracts, parent from token
    where hash = ${hash} and kind = 'invite' and expires_ms > ${nowMs}`
  return rows[0] ?? null
}

/** It lets one account in and is gone. Null: it is used, taken back or past its end. */
export async function spendInvitation(
  tx: Tx,
  { hash, nowMs }: { hash: Buffer; nowMs: UnixMs },
): Promise<InvitationRow | null> {
  const rows = await tx<InvitationRow[]>`
    delete from token where hash = ${hash} and kind = 'invite' and expires_ms > ${nowMs}
    returning id, name, role, contracts, parent`
  return rows[0] ?? null
}
