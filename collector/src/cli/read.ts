/** Commands that only read: `status`, `get`, `explain`. */
import { explain } from '@constat/sla/contract/explain'
import { Fault } from '@constat/shared/fault'
import type { AgentView, ContractView, GuaranteeView } from '../judge/view.ts'
import { lengthText } from '../judge/sentence.ts'
import { logRows } from '../db/ledger-rows.ts'
import { sourceOf } from '../db/source-rows.ts'
import { newest, Register } from '../terms/register.ts'
import { parseOrFault } from './apply.ts'
import { beside } from './beside.ts'
import { openClient } from './client.ts'
import { configOf } from './serve.ts'
import { EXIT, type World } from './world.ts'

export type ReadFlags = { json?: boolean; data?: string }

type List<T> = { items: T[] }

function clientOf({ data }: ReadFlags, world: World) {
  return openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
}

/** Contracts worst first, verdicts, agents. Exit 1 when a target is not met. */
export async function status(flags: ReadFlags, world: World): Promise<number> {
  const client = clientOf(flags, world)
  // The API answers the shapes of judge/view.ts: it is made from them.
  const contracts = ((await client.get('/contracts')) as List<ContractView>).items
  const agents = ((await client.get('/agents')) as List<AgentView>).items
  if (flags.json) world.out(JSON.stringify({ contracts, agents }))
  else for (const line of statusLines(contracts, agents)) world.out(line)
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
  world.out(JSON.stringify(await clientOf(flags, world).get(path), null, 2))
  return EXIT.done
}

/** The expanded terms in force, every default shown. */
export function explainContract(name: string, flags: ReadFlags, world: World): Promise<number> {
  return beside(flags, world, async ({ sql }) => {
    const register = new Register()
    await register.open(sql, await logRows(sql))
    const known = register.of(name)
    const revision = known && newest(known).revision
    const files = revision === null ? null : await sourceOf(sql, { contract: name, revision })
    const terms = files && parseOrFault(files).find((one) => one.name === name)
    if (!terms) throw new Fault('not-found', `there is no contract ${name}`)
    for (const line of explain(terms)) world.out(line)
  })
}

function statusLines(contracts: readonly ContractView[], agents: readonly AgentView[]): string[] {
  const lines = contracts.flatMap((contract) => [
    `${contract.displayName}: ${contract.sentence}`,
    ...contract.guarantees.map(guaranteeLine),
  ])
  if (lines.length === 0) lines.push('No contract yet: constat apply -f contract.yaml')
  for (const { name, connected, lastSeenAt, spoolBatches } of agents) {
    lines.push(
      `agent ${name}: ${connected ? 'connected' : `last heard ${lastSeenAt}`}, ${spoolBatches} batches waiting`,
    )
  }
  return lines
}

function guaranteeLine(one: GuaranteeView): string {
  const { guarantee, window, verdict, outlook, coverage, target } = one
  const thin = one.insufficientEvidence ? ' (insufficient evidence)' : ''
  return `  ${guarantee} ${window.key}: ${outlook ?? verdict}, ${figureText(one)} of ${target} %, coverage ${coverage}${thin}`
}

function figureText(one: GuaranteeView): string {
  if (one.metric === 'share-within') {
    const { share, thresholdUs } = one
    const missing = share.missing === 0 ? '' : `, ${share.missing} missing`
    return `${share.percent ?? '-'} % of ${share.n} within ${thresholdUs / 1000} ms${missing},`
  }
  const { downMs, availability } = one
  const down = `at least ${lengthText(downMs.provable)} down, at most ${lengthText(downMs.pessimistic)}`
  return `${availability.point} % (${down})`
}
