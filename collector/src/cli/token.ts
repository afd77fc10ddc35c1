/** `constat token`: a join command for an agent, or an API token, beside a running collector. */
import { Fault } from '@constat/shared/fault'
import { issueApiToken, type AccessDeps } from '../access.ts'
import type { Role } from '../db/agent-rows.ts'
import { logRows } from '../db/ledger-rows.ts'
import type { AgentInvitation } from '../view/setup.ts'
import { beside } from './beside.ts'
import { openClient } from './client.ts'
import { configOf } from './serve.ts'
import { EXIT, type World } from './world.ts'

const ROLES: readonly Role[] = ['owner', 'viewer', 'provider']

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
  work: (access: AccessDeps) => Promise<void>,
): Promise<number> {
  return beside(flags, world, async ({ sql }) => {
    const { random, clock } = world
    await work({ db: sql, random, nowMs: () => clock.nowMs() })
  })
}
