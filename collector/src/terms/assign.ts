/**
 * Assignments: which checks an agent runs, as configurations signed by the collector. An agent that is
 * given a log for the first time is enrolled in it by a leaf: the set of vantages is part of the record.
 */
import { signBytes } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { canonicalJson } from '@constat/shared/canonical-json'
import type { Assignment } from '../intake/connection.ts'
import type { KnownAgent } from '../intake/registry.ts'
import type { Draft } from '../ledger/leaf.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Identity } from '../shell.ts'
import { newest, type Configuration, type Register, type Terms } from './register.ts'

export type AssignDeps = {
  register: Register
  sequencer: Sequencer
  identity: Identity
  nowMs: () => UnixMs
  /** The set of vantages of a contract has changed. */
  changed(contract: string): void
}

/** What `agent` has to run now, over all contracts; one at a time for one agent. */
export async function assignmentsOf(agent: KnownAgent, deps: AssignDeps): Promise<Assignment[]> {
  const assignments: Assignment[] = []
  for (const terms of deps.register.all()) {
    const mine = checksFor(agent, terms)
    const { configuration } = terms
    if (!configuration) continue
    if (mine.length > 0) await enrolIn(terms, agent, deps)
    const { json } = configuration
    assignments.push({ json, signature: signatureOf(configuration, deps.identity), mine })
  }
  return assignments
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

/** Ends what an agent may say, in every log it was enrolled in. */
export async function revokeIn(agent: string, deps: AssignDeps): Promise<void> {
  for (const terms of deps.register.all()) {
    const isMember = terms.members.some((one) => one.agent === agent && one.toMs === null)
    if (isMember) await appendMembership(terms, { type: 'revocation', agent, json: { agent } }, deps)
  }
}

async function enrolIn(terms: Terms, { id, name, publicKey }: KnownAgent, deps: AssignDeps): Promise<void> {
  if (terms.members.some(({ agent, toMs }) => agent === id && toMs === null)) return
  const json = { agent: id, name, publicKey: publicKey.toString('hex') }
  await appendMembership(terms, { type: 'enrolment', agent: id, json }, deps)
}

type MembershipLeaf = { type: 'enrolment' | 'revocation'; agent: string; json: Record<string, string> }

async function appendMembership(
  terms: Terms,
  { type, agent, json }: MembershipLeaf,
  deps: AssignDeps,
): Promise<void> {
  const receivedMs = deps.nowMs()
  const body = Buffer.from(canonicalJson(json))
  const draft: Draft = { type, body, receivedMs, agent: Buffer.from(agent, 'hex') }
  const { firstIndex } = await deps.sequencer.append({ log: terms.log, drafts: [draft] })
  deps.register.take(terms.log, {
    type,
    index: firstIndex,
    receivedMs,
    body,
    agent: Buffer.from(agent, 'hex'),
  })
  deps.changed(terms.contract)
}

function checksFor(agent: KnownAgent, terms: Terms): number[] {
  const { checks } = newest(terms).terms
  const names = terms.configuration?.config.checks.map(({ name }) => name) ?? []
  return names.flatMap((name, index) => {
    const vantages = checks.find((check) => check.name === name)?.vantages ?? []
    return vantages === 'all' || vantages.includes(agent.name) || vantages.includes(agent.id) ? [index] : []
  })
}
