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

/** Lists, and what each is of: of the whole collector, of one contract, or of one webhook. */
const KINDS: Readonly<Record<string, null | 'contracts' | 'webhooks'>> = {
  contracts: null,
  agents: null,
  incidents: null,
  exclusions: null,
  webhooks: null,
  windows: 'contracts',
  revisions: 'contracts',
  penalties: 'contracts',
  statements: 'contracts',
  deliveries: 'webhooks',
}

export type GetFlags = ReadFlags & { of?: string; where?: string[] }

/** A list whole; the collector names the filters that it has. Fault `usage` for what is no list, or no filter. */
export async function get(kind: string, flags: GetFlags, world: World): Promise<number> {
  const path = listPath(kind, flags.of)
  const filter = filterOf(flags.where ?? [])
  const items = await clientOf(flags, world).all(filter === '' ? path : `${path}?${filter}`)
  const answer = { items, next: null }
  world.out(flags.json ? JSON.stringify(answer) : JSON.stringify(answer, null, 2))
  return EXIT.done
}

function listPath(kind: string, of: string | undefined): string {
  // Of one or of all, as people say it.
  const list = Object.keys(KINDS).find((known) => known === kind || known === `${kind}s`)
  if (list === undefined)
    throw new Fault('usage', `there is no kind ${kind}: one of ${Object.keys(KINDS).join(', ')}`)
  const owner = KINDS[list] ?? null
  if (owner === null && of !== undefined)
    throw new Fault('usage', `${list} are of the whole collector: leave out --of`)
  if (owner !== null && of === undefined)
    throw new Fault('usage', `${list} are of one of the ${owner}: name it with --of`)
  return owner === null ? `/${list}` : `/${owner}/${encodeURIComponent(of ?? '')}/${list}`
}

function filterOf(where: readonly string[]): string {
  const asked = new URLSearchParams()
  for (const text of where) {
    const at = text.indexOf('=')
    if (at < 1) throw new Fault('usage', `--where ${text}: should be NAME=VALUE, such as open=true`)
    asked.append(text.slice(0, at), text.slice(at + 1))
  }
  return asked.toString()
}
