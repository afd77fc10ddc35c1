/** What the collector that runs says of itself, its agents and its webhooks, as findings of `constat doctor`. */
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { CollectorConfig } from '../config.ts'
import { readRunning } from '../data-dir.ts'
import type { AgentView } from '../view/contract.ts'
import type { Delivery, Webhook } from '../view/setup.ts'
import { VERSION } from '../version.ts'
import { openClient, type Client } from './client.ts'

export type Finding = { about: string; level: 'ok' | 'warn' | 'fail'; what: string; hint?: string }

/** Webhooks whose deliveries are asked for. */
const MAX_WEBHOOKS = 100
/** More than these waiting is no moment's delay. */
const MANY_BATCHES = 100

export async function runningFindings({ dataDir }: CollectorConfig, nowMs: UnixMs): Promise<Finding[]> {
  const about = 'collector'
  if (readRunning(dataDir) === null)
    return [{ about, level: 'warn', what: 'it does not run', hint: '`npm start` starts it.' }]
  try {
    const client = openClient(dataDir)
    // The API answers the shapes of view: it is made from them.
    const { ok, reasons } = (await client.ready()) as { ok: boolean; reasons: string[] }
    const level = ok ? ('warn' as const) : ('fail' as const)
    const self: Finding[] = reasons.map((what) => ({ about, level, what }))
    if (self.length === 0) self.push({ about, level: 'ok', what: `ready at ${client.url}` })
    const agents = (await client.all('/agents')) as AgentView[]
    return [...self, ...agentFindings(agents, nowMs), ...(await webhookFindings(client))]
  } catch (error) {
    return [{ about, level: 'fail', what: messageOf(error) }]
  }
}

/** One line of each agent that needs a look, or one of all. */
export function agentFindings(agents: readonly AgentView[], nowMs: UnixMs): Finding[] {
  if (agents.length === 0) {
    return [
      {
        about: 'agents',
        level: 'warn',
        what: 'there is none: nothing is measured',
        hint: '`constat token agent` invites one.',
      },
    ]
  }
  const odd = agents.flatMap((agent): Finding[] => {
    const troubles = agentTroubles(agent, nowMs)
    return troubles.length === 0
      ? []
      : [{ about: `agent ${agent.name}`, level: 'warn', what: troubles.join('; ') }]
  })
  return odd.length > 0 ? odd : [{ about: 'agents', level: 'ok', what: `${agents.length} connected` }]
}

function agentTroubles(
  { connected, lastSeenAt, clonedAt, excessAt, version, spoolBatches, unknown }: AgentView,
  nowMs: UnixMs,
): string[] {
  const troubles = []
  const awayMin = Math.floor((nowMs - Date.parse(lastSeenAt)) / 60_000)
  if (!connected) troubles.push(`not connected for ${awayMin} min`)
  if (clonedAt !== null) troubles.push('two hosts use its key: enrol one anew')
  if (excessAt !== null) troubles.push('it sends more than its checks can say: look at its host')
  if (version !== VERSION) troubles.push(`version ${version}, the collector is ${VERSION}`)
  if (spoolBatches > MANY_BATCHES) troubles.push(`${spoolBatches} batches wait on it`)
  if (unknown.length > 0) troubles.push(`${unknown.length} check(s) unknown: constat status says why`)
  return troubles
}

async function webhookFindings(client: Client): Promise<Finding[]> {
  const items = (await client.all('/webhooks')) as Webhook[]
  if (items.length === 0) {
    return [
      {
        about: 'webhooks',
        level: 'warn',
        what: 'there is none: nobody is told',
        hint: 'Setup › Alerts adds one.',
      },
    ]
  }
  const found: Finding[] = []
  for (const { id, url, disabledAt } of items.slice(0, MAX_WEBHOOKS)) {
    const about = `webhook ${new URL(url).host}`
    const last = ((await client.get(`/webhooks/${id}/deliveries?limit=1`)) as { items: Delivery[] }).items[0]
    if (disabledAt !== null)
      found.push({
        about,
        level: 'warn',
        what: 'disabled by its answer 410',
        hint: 'Setup › Alerts takes it up again.',
      })
    else if (last && last.deliveredAt === null && last.attempts > 0)
      found.push({
        about,
        level: 'warn',
        what: `the last delivery did not arrive: ${last.lastError ?? last.lastStatus}`,
      })
  }
  return found.length > 0
    ? found
    : [{ about: 'webhooks', level: 'ok', what: `${items.length}, and the last deliveries arrived` }]
}
