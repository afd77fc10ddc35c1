/** `constat token`: what lets people, programs and agents in; made, listed and taken beside a running collector. */
import { Fault } from '@constat/shared/fault'
import { parseDuration } from '@constat/sla/duration'
import {
  authenticate,
  issueApiToken,
  listTokens,
  renewToken,
  revokeToken,
  type AccessDeps,
} from '../access.ts'
import { urlOf, type CollectorConfig } from '../config.ts'
import { keepOwnerToken, readOwnerToken, readRunning } from '../data-dir.ts'
import { logRows } from '../db/ledger-rows.ts'
import type { Role } from '../db/token-rows.ts'
import type { TokenIssued, TokenView } from '../view/access.ts'
import type { AgentInvitation } from '../view/setup.ts'
import { beside } from './beside.ts'
import { openClient } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export const ROLES: readonly Role[] = ['owner', 'viewer', 'provider', 'internal']
/** Whoever runs these has the data directory: no token stands for them in the audit. */
const BY = { by: 'operator' } as const

export type TokenFlags = { data?: string; json?: boolean }

/** The running collector makes it: the command names what that one serves. */
export async function agentToken(flags: TokenFlags & { name?: string }, world: World): Promise<number> {
  const { dataDir } = configOf(world, flags.data === undefined ? {} : { data: flags.data })
  const body = JSON.stringify({ name: flags.name ?? null })
  // The API answers this shape.
  const made = (await openClient(dataDir).post('/agents/tokens', body)) as AgentInvitation
  world.out(flags.json ? JSON.stringify(made) : made.command)
  return EXIT.done
}

export async function apiToken(
  flags: TokenFlags & { role: string; contract?: string; expires?: string },
  world: World,
): Promise<number> {
  const role = ROLES.find((one) => one === flags.role)
  if (!role)
    throw new Fault('usage', `--role is ${JSON.stringify(flags.role)}: write one of ${ROLES.join(', ')}`)
  if (role === 'provider' && flags.contract === undefined) {
    throw new Fault('usage', 'a provider sees its own contract only: add --contract NAME')
  }
  const lifeMs = lifeOf(flags.expires)
  return withAccess(flags, world, async (access) => {
    await demandContract(access, flags.contract)
    const made = await issueApiToken(access, { role, contract: flags.contract ?? null, lifeMs, ...BY })
    world.out(flags.json ? JSON.stringify(made) : made.token)
  })
}

export async function listedTokens(flags: TokenFlags, world: World): Promise<number> {
  return withAccess(flags, world, async (access) => {
    const tokens = await listTokens(access)
    if (flags.json) world.out(JSON.stringify({ items: tokens }))
    else for (const line of tableOf(tokens)) world.out(line)
  })
}

export async function revokedToken(id: string, flags: TokenFlags, world: World): Promise<number> {
  return withAccess(flags, world, async (access) => {
    if (!(await revokeToken(access, { id, ...BY }))) {
      throw new Fault('not-found', 'there is no token of that id', { hint: '`constat token list` has them.' })
    }
    world.out(flags.json ? JSON.stringify({ id, revoked: true }) : `${id}: revoked, and its sessions with it`)
  })
}

/** The owner link; with --renew another one, and the one of before opens nothing any more. */
export async function ownerToken(flags: TokenFlags & { renew?: boolean }, world: World): Promise<number> {
  return withAccess(flags, world, async (access, config) => {
    const known = readOwnerToken(config.dataDir)
    const holder = known === null ? null : await authenticate(access, { secret: known, as: 'api' })
    if (!flags.renew && holder === null) {
      throw new Fault('not-found', 'the owner link of this data directory opens nothing any more', {
        hint: '`constat token owner --renew` makes another.',
      })
    }
    const made = flags.renew ? await renewed(access, holder?.id ?? null) : null
    if (made !== null) keepOwnerToken(config.dataDir, made.token)
    const link = ownerLink(publicUrlOf(config), made?.token ?? known ?? '')
    world.out(flags.json ? JSON.stringify({ id: made?.id ?? holder?.id, link }) : link)
  })
}

async function renewed(access: AccessDeps, id: string | null): Promise<TokenIssued> {
  const made = id === null ? null : await renewToken(access, { id, ...BY })
  return made ?? issueApiToken(access, { role: 'owner', contract: null, ...BY })
}

export function publicUrlOf({ publicUrl, listen, dataDir }: CollectorConfig): string {
  return readRunning(dataDir)?.publicUrl ?? publicUrl ?? urlOf(listen)
}

function lifeOf(expires: string | undefined): number | null | undefined {
  if (expires === undefined || expires === 'never') return expires && null
  const lifeMs = parseDuration(expires)
  if (lifeMs !== undefined && lifeMs > 0) return lifeMs
  throw new Fault('usage', `--expires is ${JSON.stringify(expires)}: write a duration such as P90D, or never`)
}

function tableOf(tokens: readonly TokenView[]): string[] {
  const head = ['ID', 'FOR', 'CONTRACT', 'MADE', 'EXPIRES', 'SESSIONS']
  const rows = tokens.map(({ id, kind, incident, role, name, contracts, createdAt, expiresAt, sessions }) => [
    id,
    forText({ kind, incident, role, name }),
    contracts?.join(', ') ?? 'all',
    createdAt,
    expiresAt ?? 'never',
    String(sessions),
  ])
  return aligned([head, ...rows])
}

/** Rows of as many cells each, in columns. */
export function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? []
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
}

function forText({
  kind,
  incident,
  role,
  name,
}: Pick<TokenView, 'kind' | 'incident' | 'role' | 'name'>): string {
  if (kind === 'link') return `link ${incident ?? 'status'}`
  if (kind === 'invite') return `invitation ${name ?? ''}, ${role ?? ''}`
  return role ?? `agent ${name ?? ''}`.trim()
}

/** A token for a contract with a wrong name would show nothing, and nobody would know why. */
export async function demandContract({ db }: AccessDeps, name: string | undefined): Promise<void> {
  const known = name === undefined ? [] : (await logRows(db)).map(({ contract }) => contract)
  if (name !== undefined && !known.includes(name)) {
    throw new Fault('not-found', `there is no contract ${name}`, { hint: `Known: ${known.join(', ')}.` })
  }
}

export async function withAccess(
  flags: TokenFlags,
  world: World,
  work: (access: AccessDeps, config: CollectorConfig) => Promise<void>,
): Promise<number> {
  return beside(flags, world, async ({ sql }, config) => {
    const { random, clock } = world
    await work({ db: sql, random, nowMs: () => clock.nowMs() }, config)
  })
}

export function ownerLink(publicUrl: string, token: string): string {
  return `${publicUrl}/owner?token=${token}`
}
