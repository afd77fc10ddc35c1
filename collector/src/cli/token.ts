/** `constat token`: a join command for an agent, or an API token, beside a running collector. */
import { Fault } from '@constat/shared/fault'
import { issueApiToken, issueJoinToken, type AccessDeps } from '../access.ts'
import { urlOf } from '../config.ts'
import { readRunning } from '../data-dir.ts'
import type { Role } from '../db/agent-rows.ts'
import { logRows } from '../db/ledger-rows.ts'
import { joinCommand } from '../deeds.ts'
import { beside } from './beside.ts'
import type { World } from './world.ts'

const ROLES: readonly Role[] = ['owner', 'viewer', 'provider']

export type TokenFlags = { data?: string; json?: boolean }

export async function agentToken(flags: TokenFlags & { name?: string }, world: World): Promise<number> {
  return withAccess(flags, world, async (access, url) => {
    const { token, expiresMs } = await issueJoinToken(access, { name: flags.name ?? null })
    const command = joinCommand(url, token)
    world.out(
      flags.json ? JSON.stringify({ token, command, expiresAt: new Date(expiresMs).toISOString() }) : command,
    )
  })
}

export async function apiToken(
  flags: TokenFlags & { role: string; contract?: string },
  world: World,
): Promise<number> {
  const role = ROLES.find((one) => one === flags.role)
  if (!role)
    throw new Fault('usage', `--role is ${JSON.stringify(flags.role)}: write one of ${ROLES.join(', ')}`)
  if (role === 'provider' && flags.contract === undefined) {
    throw new Fault('usage', 'a provider sees its own contract only: add --contract NAME')
  }
  return withAccess(flags, world, async (access) => {
    await demandContract(access, flags.contract)
    const token = await issueApiToken(access, { role, contract: flags.contract ?? null })
    world.out(flags.json ? JSON.stringify({ token, role, contract: flags.contract ?? null }) : token)
  })
}

/** A token for a contract with a wrong name would show nothing, and nobody would know why. */
async function demandContract({ db }: AccessDeps, name: string | undefined): Promise<void> {
  const known = name === undefined ? [] : (await logRows(db)).map(({ contract }) => contract)
  if (name !== undefined && !known.includes(name)) {
    throw new Fault('not-found', `there is no contract ${name}`, { hint: `Known: ${known.join(', ')}.` })
  }
}

async function withAccess(
  flags: TokenFlags,
  world: World,
  work: (access: AccessDeps, url: string) => Promise<void>,
): Promise<number> {
  return beside(flags, world, async ({ sql }, config) => {
    const url = config.publicUrl ?? readRunning(config.dataDir)?.url ?? urlOf(config.listen)
    const { random, clock } = world
    await work({ db: sql, random, nowMs: () => clock.nowMs() }, url)
  })
}
