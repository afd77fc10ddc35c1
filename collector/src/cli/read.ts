/** Commands that only ask the collector: `status`, `get`. */
import { lengthText } from '@constat/sla/length'
import { entryOf } from '@constat/sla/metric/table'
import { Fault } from '@constat/shared/fault'
import type { AgentView, ContractView, ServiceView } from '../view/contract.ts'
import { failureText } from '../view/failure-text.ts'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { WhyView } from '../view/parts.ts'
import type { IncidentView } from '../view/timeline.ts'
import { unknownEn } from '../web/text/en-unknown.ts'
import { openClient } from './client.ts'
import { blockedText } from './evaluate-summary.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type ReadFlags = { json?: boolean; data?: string }

type List<T> = { items: T[] }

function clientOf({ data }: ReadFlags, world: World) {
  return openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
}

/** Contracts worst first, verdicts, open incidents, agents. Exit 1 when a target is not met. */
export async function status(flags: ReadFlags, world: World): Promise<number> {
  const client = clientOf(flags, world)
  // What is wrong with the collector itself is said first: it may be why the rest does not answer.
  const ready = (await client.ready()) as { ok: boolean; reasons: string[] }
  if (!flags.json) for (const reason of ready.reasons) world.out(`collector: ${reason}`)
  // The API answers the shapes of view: it is made from them.
  const contracts = ((await client.get('/contracts')) as List<ContractView>).items
  const incidents = ((await client.get('/incidents?open=true')) as List<IncidentView>).items
  const agents = ((await client.get('/agents')) as List<AgentView>).items
  if (flags.json) world.out(JSON.stringify({ ready, contracts, incidents, agents }))
  else for (const line of statusLines({ contracts, incidents, agents })) world.out(line)
  const isBroken = contracts.some(({ guarantees }) => guarantees.some(({ verdict }) => verdict === 'not_met'))
  return isBroken ? EXIT.no : EXIT.done
}

export async function get(kind: string, flags: ReadFlags, world: World): Promise<number> {
  const kinds: Record<string, string> = {
    contracts: '/contracts',
    agents: '/agents',
    incidents: '/incidents',
    webhooks: '/webhooks',
  }
  const path = kinds[kind]
  if (path === undefined)
    throw new Fault('usage', `there is no kind ${kind}: one of ${Object.keys(kinds).join(', ')}`)
  const answer = await clientOf(flags, world).get(path)
  world.out(flags.json ? JSON.stringify(answer) : JSON.stringify(answer, null, 2))
  return EXIT.done
}

type Standing = { contracts: ContractView[]; incidents: IncidentView[]; agents: AgentView[] }

function statusLines({ contracts, incidents, agents }: Standing): string[] {
  const lines = contracts.flatMap((contract) => [
    `${contract.displayName}: ${contract.sentence}`,
    ...contract.services.flatMap(unknownLine),
    ...contract.guarantees.map(guaranteeLine),
  ])
  if (lines.length === 0) lines.push('No contract yet: constat apply -f contract.yaml')
  for (const incident of incidents) {
    const { contract, service, onsetAt, cause } = incident
    lines.push(`incident ${contract}/${service}: down since ${onsetAt}, ${failureText(incident) ?? cause}`)
  }
  for (const { name, connected, lastSeenAt, spoolBatches, unknown } of agents) {
    lines.push(
      `agent ${name}: ${connected ? 'connected' : `last heard ${lastSeenAt}`}, ${spoolBatches} batches waiting`,
      ...unknown.map(
        ({ check, reason, since }) => `  ${check} unknown: ${reasonText({ reason, name, since })}`,
      ),
    )
  }
  return lines
}

function unknownLine({ service, reasons }: ServiceView): string[] {
  const told = [...new Set(reasons.map(reasonText))]
  return told.length === 0 ? [] : [`  ${service} unknown: ${told.join('; ')}`]
}

function reasonText({ reason, name, since }: Omit<WhyView, 'agent'>): string {
  const at = since && `${since.slice(0, 16).replace('T', ' ')} UTC`
  return unknownEn.reason[reason]({ agent: name ?? '', since: at })
}

function guaranteeLine(one: GuaranteeView): string {
  const { guarantee, window, verdict, outlook, coverage } = one
  const thin = one.insufficientEvidence ? ' (insufficient evidence)' : ''
  const standing = `${outlook ?? verdict}, ${entryOf(one.metric).brief(one, one.target)}`
  const why = one.unknown.map((share) => `${reasonText({ ...share, since: null })} ${lengthText(share.ms)}`)
  const unknown = why.length === 0 ? '' : `; unknown: ${why.join('; ')}`
  return `  ${guarantee} ${window.key}: ${standing}, coverage ${coverage}${blockedText(one.blockedMs)}${thin}${unknown}`
}
