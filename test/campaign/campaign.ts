/**
 * One campaign: the world, a collector in it, an agent at each site, all of them up before the first
 * fault; and what a scenario asks for.
 */
import type { ChildProcess } from 'node:child_process'
import { expect } from 'vitest'
import type { State } from '../../collector/src/view/parts.ts'
import type { IncidentView, Segment } from '../../collector/src/view/timeline.ts'
import { campaignProblem } from '../support/network.mjs'
import {
  dropDataDir,
  endOf,
  makeCollectorDir,
  makeDataDir,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import {
  contractText,
  CONTRACT,
  readingsOf,
  SERVICE,
  SERVICE_SIX,
  type Pace,
  type Readings,
} from './contract.ts'
import { buildWorld, COLLECTOR, type World } from './world.ts'

const PORT = 8420
/** Conditions come within seconds; on a busy machine they may take their time. */
export const GENEROUS_MS = 40_000

export type Campaign = {
  world: World
  program: Program
  readings: Readings
  /** Waits until every agent sees both services up. */
  recovered(): Promise<void>
  /** Waits for an incident of `service` whose onset is no earlier. */
  incident(service: string, sinceMs: number): Promise<IncidentView>
  /** Waits until that incident is closed. */
  closed(id: string): Promise<IncidentView>
  /** Waits until the service is in that state. */
  becomes(service: string, state: State): Promise<void>
  stop(): Promise<void>
}

export async function startCampaign(pace: Pace): Promise<Campaign> {
  const problem = campaignProblem()
  if (problem !== null) throw new Error(`the network campaign cannot run here: ${problem}`)
  const world = await buildWorld()
  const folders = [makeCollectorDir(), ...world.sites.map(() => makeDataDir())]
  const agents: ChildProcess[] = []
  let program: Program | null = null
  const stop = async (): Promise<void> => {
    for (const agent of agents) await endOf(agent, 'SIGTERM')
    await program?.kill('SIGTERM')
    world.close()
    for (const folder of folders) dropDataDir(folder)
  }
  try {
    program = await startProgram({
      args: ['collector'],
      dataDir: folders[0]!,
      port: PORT,
      env: { CONSTAT_TLS: 'off', CONSTAT_ALLOW_PRIVATE: 'true' },
      inside: { space: world.hub, address: world.hubAddress },
    })
    const names = world.sites.map(({ name }) => name)
    const applied = await program.put(`/contracts/${CONTRACT}`, contractText(names, pace))
    if (!applied.ok) throw new Error(await applied.text())
    for (const [i, { name, host }] of world.sites.entries()) {
      const inside = { space: host, url: `http://${COLLECTOR}:${PORT}` }
      agents.push(await startAgent(program, { dir: folders[i + 1]!, name, inside }))
    }
    const campaign = { world, program, stop, ...asksOf(program) }
    await campaign.recovered()
    return campaign
  } catch (error) {
    await stop()
    throw error
  }
}

function asksOf(program: Program): Omit<Campaign, 'world' | 'program' | 'stop'> {
  const readings = readingsOf(program)
  const within = { withinMs: GENEROUS_MS }
  const standing = async (): Promise<string> =>
    JSON.stringify([await readings.vantages(SERVICE), await readings.vantages(SERVICE_SIX)])
  return {
    readings,
    recovered: async () => {
      let last = ''
      await until(
        async () => {
          last = await standing()
          return [...last.matchAll(/"up"/g)].length === 6
        },
        { ...within, what: () => `all three sites up on both services: ${last}` },
      )
    },
    incident: (service, sinceMs) =>
      until(async () => (await readings.incidentsSince(sinceMs)).find((one) => one.service === service), {
        ...within,
        what: `an incident of ${service}`,
      }),
    closed: (id) =>
      until(
        async () => {
          const one = await program.get<IncidentView>(`/incidents/${id}`)
          return one.closedAt === null ? null : one
        },
        { ...within, what: `incident ${id} to be closed` },
      ),
    becomes: async (service, state) => {
      await until(async () => (await readings.state(service)) === state, {
        ...within,
        what: `${service} to be ${state}`,
      })
    },
  }
}

/** ms of a timeline in one state, and whether it ever was. */
export function msIn(segments: readonly Segment[], state: State): number {
  const own = segments.filter((one) => one.state === state)
  return own.reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0)
}

/** P ⊆ D ⊆ S, and not more of it than the fault lasted, give or take what one sample stands. */
export function expectDowntime(
  { downMs }: Pick<IncidentView, 'downMs'>,
  { lastedMs, holdMs }: { lastedMs: number; holdMs: number },
): void {
  const { provable, point, pessimistic } = downMs
  expect(provable).toBeGreaterThan(0)
  expect(point).toBeGreaterThanOrEqual(provable)
  expect(pessimistic).toBeGreaterThanOrEqual(point)
  expect(provable).toBeLessThanOrEqual(lastedMs)
  expect(point).toBeLessThanOrEqual(lastedMs + holdMs)
  expect(pessimistic).toBeGreaterThanOrEqual(Math.min(lastedMs - holdMs, point))
}
