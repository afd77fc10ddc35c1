/**
 * Assignments: which checks an agent runs, as configurations signed by the collector. What is probed follows
 * from what is in force; each change of it is a leaf. An agent that is given a log for the first time is
 * enrolled in it by a leaf: the set of vantages is part of the record.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { signBytes } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { isConfigured, type Configuration, type ContractState } from '@constat/sla/state/contract-state'
import { checksProbed } from '@constat/sla/state/probing'
import type { Assignment } from '../intake/connection.ts'
import type { KnownAgent } from '../intake/agents.ts'
import { jsonDraft } from '../ledger/body.ts'
import type { Draft } from '../ledger/draft.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Identity } from '../shell.ts'
import type { Contracts } from './contracts.ts'

export type AssignDeps = {
  contracts: Contracts
  sequencer: Sequencer
  identity: Identity
  nowMs: () => UnixMs
}

/** What `agent` has to run now, over all contracts. */
export async function assignmentsOf(agent: KnownAgent, deps: AssignDeps): Promise<Assignment[]> {
  const { contracts, sequencer, identity, nowMs } = deps
  const assignments: Assignment[] = []
  for (const { contract, log } of contracts.all()) {
    const state = contracts.of(contract)
    const configuration = state?.configuration
    // A log that lies is not extended: what its agents run stays as it is.
    if (!state || !configuration || sequencer.lieIn(log)) continue
    const mine = checksFor(agent, state, nowMs())
    if (mine.length > 0) await contracts.inTurn(contract, () => enrolIn(log, agent, deps))
    const { json } = configuration
    assignments.push({ json, signature: signatureOf(configuration, identity), mine })
  }
  return assignments
}

/** Checks that were seen to be those of a configuration: looked up at every step. */
const KNOWN_RIGHT = new WeakMap<object, Configuration | null>()

/** The configuration that is due now; null while the one that stands is right. */
export function configurationDraft(
  state: ContractState,
  { origin, nowMs }: { origin: string; nowMs: UnixMs },
): Draft | null {
  const probed = checksProbed(state.life, nowMs)
  if (KNOWN_RIGHT.get(probed) === state.configuration) return null
  const checks = probed.map(({ spec }) => spec)
  if (isConfigured(state, { origin, checks })) {
    KNOWN_RIGHT.set(probed, state.configuration)
    return null
  }
  const version = (state.configuration?.config.version ?? 0) + 1
  // Specifications hold plain JSON.
  const json = { origin, version, checks } as unknown as Json
  return jsonDraft(json, { type: 'configuration', receivedMs: nowMs })
}

/** Brings what agents run in line with what is in force now. True where it has changed. */
export async function configure(contract: string, deps: AssignDeps): Promise<boolean> {
  const { contracts, sequencer, nowMs } = deps
  const head = sequencer.headOf(contract)
  const due = (): Draft | null => {
    const state = contracts.of(contract)
    return state && head && configurationDraft(state, { origin: head.origin, nowMs: nowMs() })
  }
  if (!head || !due()) return false
  return contracts.inTurn(contract, async () => {
    const draft = due()
    if (draft) await sequencer.append({ log: head.id, drafts: [draft] })
    return draft !== null
  })
}

/** Ends what an agent may say, in every log it was enrolled in. */
export async function revokeIn(agent: string, deps: AssignDeps): Promise<void> {
  const { contracts, sequencer, nowMs } = deps
  for (const { contract, log } of contracts.all()) {
    await contracts.inTurn(contract, async () => {
      if (!contracts.isMember(log, agent)) return
      const drafts = [membershipDraft('revocation', { agent }, nowMs())]
      await sequencer.append({ log, drafts })
    })
  }
}

async function enrolIn(
  log: number,
  { id, name, publicKey }: KnownAgent,
  { contracts, sequencer, nowMs }: AssignDeps,
): Promise<void> {
  if (contracts.isMember(log, id)) return
  const body = { agent: id, name, publicKey: publicKey.toString('hex') }
  await sequencer.append({ log, drafts: [membershipDraft('enrolment', body, nowMs())] })
}

function membershipDraft(
  type: 'enrolment' | 'revocation',
  body: { agent: string; name?: string; publicKey?: string },
  receivedMs: UnixMs,
): Draft {
  return {
    type,
    receivedMs,
    body: Buffer.from(canonicalJson(body)),
    agent: Buffer.from(body.agent, 'hex'),
  }
}

/** Signed once for all agents: a change of one contract is told to each of them. */
const SIGNATURES = new WeakMap<Configuration, Buffer>()

function signatureOf(configuration: Configuration, { key }: Identity): Buffer {
  const known = SIGNATURES.get(configuration)
  if (known) return known
  const signature = signBytes('config', Buffer.from(configuration.json), key)
  SIGNATURES.set(configuration, signature)
  return signature
}

/** Positions in the configuration of the checks that an agent may run. */
function checksFor(agent: KnownAgent, { life, configuration }: ContractState, nowMs: UnixMs): number[] {
  const byName = new Map(checksProbed(life, nowMs).map((check) => [check.name, check]))
  return (configuration?.names ?? []).flatMap((name, index) => {
    const vantages = byName.get(name)?.vantages ?? []
    return vantages === 'all' || vantages.includes(agent.name) || vantages.includes(agent.id) ? [index] : []
  })
}
