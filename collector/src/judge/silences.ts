/**
 * Silences of whole sites: a declared site is unreachable when the last of its agents falls silent, and back
 * with the first that is heard again. Each is one step of one agent, and its events are written in the
 * transaction that marks it: once, also when the collector dies in between.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { agentFact, cloneFact, excessFact, siteFact, type SiteSilence } from '../alert/facts.ts'
import type { Fact } from '../alert/types.ts'
import { markSilence } from '../db/agent-rows.ts'
import { writeEvent, writeEvents } from '../db/events.ts'
import type { Database } from '../db/tx.ts'
import type { KnownAgent, Agents } from '../intake/agents.ts'
import type { Shell } from '../shell.ts'
import { newest, type ContractState } from '@constat/sla/state/contract-state'
import type { Contracts } from '../contract/contracts.ts'
import { sitesOf } from '@constat/sla/assembly/sites'

export type SilenceDeps = {
  db: Database
  shell: Shell
  contracts: Contracts
  agents: Agents
  publicUrl: string
}

/** One agent has fallen silent at `sinceMs`, or is heard again: null. */
export async function writeSilence(
  { db, shell, contracts, agents, publicUrl }: SilenceDeps,
  { agent, sinceMs }: { agent: KnownAgent; sinceMs: UnixMs | null },
): Promise<void> {
  const atMs = shell.clock.nowMs()
  const { id, name, version } = agent
  const silentSinceMs = sinceMs ?? agent.silentSinceMs ?? atMs
  const own = agentFact({
    type: sinceMs === null ? 'agent.back' : 'agent.silent',
    agent: { id, name, version, lastSeenAt: formatInstant(agent.lastSeenMs) },
    atMs,
    silentSinceMs,
    publicUrl,
  })
  // Of one that is back: as it stood until now, with everybody silent.
  const sites = silentSites(contracts.all(), agents.enrolled(), { agent, sinceMs: silentSinceMs })
  const type = sinceMs === null ? 'agent.back' : 'site.unreachable'
  const concerns = contractsOf(contracts.all(), id)
  const facts: Fact[] = [
    { ...own, concerns },
    ...sites.map((silence) => siteFact({ type, silence, atMs, publicUrl })),
  ]
  await db.begin(async (tx) => {
    await markSilence(tx, { id, sinceMs })
    await writeEvents(tx, facts)
  })
  agent.silentSinceMs = sinceMs
}

/** The key of an agent is used by two hosts at once. */
export async function writeClone(
  { db, shell, contracts, publicUrl }: SilenceDeps,
  agent: KnownAgent,
): Promise<void> {
  const { id, name, clone } = agent
  const fact = cloneFact({ agent: { id, name }, atMs: shell.clock.nowMs(), publicUrl })
  const concerns = contractsOf(contracts.all(), id)
  await db.begin((tx) => writeEvent(tx, { ...fact, concerns }))
  if (clone) clone.told = true
}

/** It sends more than its checks can say. */
export async function writeExcess(
  { db, shell, contracts, agents, publicUrl }: SilenceDeps,
  agent: KnownAgent,
): Promise<void> {
  const { id, name, excess } = agent
  const fact = excessFact({ agent: { id, name }, atMs: shell.clock.nowMs(), publicUrl })
  const concerns = contractsOf(contracts.all(), id)
  await db.begin((tx) => writeEvent(tx, { ...fact, concerns }))
  if (excess) excess.told = true
  // What it owes outlives a crash that follows.
  await agents.save()
}

/** Contracts that an agent is a vantage of now. */
function contractsOf(all: readonly ContractState[], agent: string): string[] {
  const isMember = ({ members }: ContractState) =>
    members.some((one) => one.agent === agent && one.toMs === null)
  return all.filter(isMember).map(({ contract }) => contract)
}

/** Agents that are vantages of a contract now. */
export function membersNow(
  { members }: Pick<ContractState, 'members'>,
  agents: readonly KnownAgent[],
): KnownAgent[] {
  const ids = new Set(members.filter(({ toMs }) => toMs === null).map(({ agent }) => agent))
  return agents.filter(({ id }) => ids.has(id))
}

/** Declared sites of `agent` at which nobody is heard while it is silent since `sinceMs`. */
export function silentSites(
  all: readonly ContractState[],
  agents: readonly KnownAgent[],
  { agent, sinceMs }: { agent: KnownAgent; sinceMs: UnixMs },
): SiteSilence[] {
  return all.flatMap((state) => {
    const members = membersNow(state, agents)
    return sitesOf(newest(state).terms, members).flatMap((site) => {
      if (!site.isDeclared || !site.agents.includes(agent.id)) return []
      const here = members
        .filter(({ id }) => site.agents.includes(id))
        .map(({ id, name, silentSinceMs }) => ({
          id,
          name,
          silentSinceMs: id === agent.id ? sinceMs : silentSinceMs,
        }))
      const silent = here.flatMap((one) =>
        one.silentSinceMs === null ? [] : [{ ...one, silentSinceMs: one.silentSinceMs }],
      )
      return silent.length < here.length ? [] : [{ contract: state.contract, site, agents: silent }]
    })
  })
}
