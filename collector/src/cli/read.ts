/** Commands that only ask the collector: `status`, `get`. */
import { Fault } from '@constat/shared/fault'
import type { AgentView, ContractView } from '../view/contract.ts'
import type { IncidentView } from '../view/timeline.ts'
import { openClient, type Client } from './client.ts'
import { configOf } from './configured.ts'
import { readyLines, statusLines, type Standing } from './status-lines.ts'
import { EXIT, type World } from './world.ts'

export type ReadFlags = { json?: boolean; data?: string }

function clientOf({ data }: ReadFlags, world: World) {
  return openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
}

export type StatusFlags = ReadFlags & { contract?: string; watch?: boolean }

/** Between two looks of `--watch`. */
const WATCH_EVERY_MS = 2_000

/** Contracts worst first, verdicts, open incidents, agents. Exit 1 when a target is not met. */
export async function status(flags: StatusFlags, world: World): Promise<number> {
  const client = clientOf(flags, world)
  if (!flags.watch) return told(await standing(client, flags, world), flags, world)
  for (;;) {
    const now = await standing(client, flags, world)
    world.clear()
    const code = told(now, flags, world)
    if (await world.interrupted(WATCH_EVERY_MS)) return code
  }
}

async function standing(client: Client, flags: StatusFlags, world: World): Promise<Standing> {
  const ready = (await client.ready()) as Standing['ready']
  try {
    return { ready, ...(await asked(client, flags)) }
  } catch (error) {
    // What is wrong with the collector itself may be why the rest does not answer.
    if (!flags.json) for (const { text, tone } of readyLines(ready)) world.out(text, tone)
    throw error
  }
}

async function asked(client: Client, { contract: only }: StatusFlags): Promise<Omit<Standing, 'ready'>> {
  const isAsked = (name: string): boolean => only === undefined || name === only
  // The API answers the shapes of view: it is made from them.
  const contracts = (await client.all('/contracts')) as ContractView[]
  const incidents = (await client.all('/incidents?open=true')) as IncidentView[]
  const agents = (await client.all('/agents')) as AgentView[]
  if (only !== undefined && !contracts.some(({ name }) => name === only))
    throw new Fault('not-found', `there is no contract ${only}`)
  return {
    contracts: contracts.filter(({ name }) => isAsked(name)),
    incidents: incidents.filter(({ contract }) => isAsked(contract)),
    agents,
  }
}

function told(now: Standing, { json }: StatusFlags, world: World): number {
  if (json) world.out(JSON.stringify(now))
  else for (const { text, tone } of statusLines(now)) world.out(text, tone)
  const verdicts = now.contracts.flatMap(({ guarantees }) => guarantees.map(({ verdict }) => verdict))
  return verdicts.includes('not_met') ? EXIT.no : EXIT.done
}

export async function get(kind: string, flags: ReadFlags, world: World): Promise<number> {
  const kinds: Record<string, string> = {
    contracts: '/contracts',
    agents: '/agents',
    incidents: '/incidents',
    exclusions: '/exclusions',
    webhooks: '/webhooks',
  }
  // Of one or of all, as people say it.
  const path = kinds[kind] ?? kinds[`${kind}s`]
  if (path === undefined)
    throw new Fault('usage', `there is no kind ${kind}: one of ${Object.keys(kinds).join(', ')}`)
  const answer = { items: await clientOf(flags, world).all(path), next: null }
  world.out(flags.json ? JSON.stringify(answer) : JSON.stringify(answer, null, 2))
  return EXIT.done
}
