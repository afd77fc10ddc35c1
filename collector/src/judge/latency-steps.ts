/**
 * Latency steps: the answer to "how long did this check take", from every agent together or from one. Read
 * sample by sample, so the number of samples is limited before any is read.
 */
import { toldSlots } from '@constat/sla/assembly/slots'
import { Fault } from '@constat/shared/fault'
import type { Tracks } from '@constat/sla/fold/tracks'
import type { Agents } from '../intake/agents.ts'
import type { Latencies } from '../latency/latencies.ts'
import { latencyPoints } from '../latency/steps.ts'
import type { Contracts } from '../contract/contracts.ts'
import { isOf, type LatencySpan, type OfContracts } from '../view/reads.ts'
import type { LatencyView } from '../view/timeline.ts'

/** Samples read for one answer. */
export const MAX_LATENCY_SAMPLES = 4_000_000

/** `agent` by name or id. `contract` where two have a check of that name. */
export type LatencyOf = { agent?: string | undefined; contract?: OfContracts }

export type StepDeps = { contracts: Contracts; agents: Agents; tracks: Tracks; latencies: Latencies }

/** Null where there is no such check, or no such agent measured it. */
export async function latencySteps(
  { contracts, agents, tracks, latencies }: StepDeps,
  { check, span, of }: { check: string; span: LatencySpan; of: LatencyOf },
): Promise<LatencyView | null> {
  const { agent, contract } = of
  const state = contracts
    .all()
    .filter((one) => isOf(contract, one.contract))
    .find(({ life }) => life.revisions.some((one) => one.terms.checks.some(({ name }) => name === check)))
  if (!state) return null
  const isAsked = (id: string): boolean =>
    agent === undefined || agent === id || agent === agents.byId(id)?.name
  const places = tracks
    .places()
    .filter((place) => place.log === state.log && place.check === check && isAsked(place.agent))
  if (agent !== undefined && places.length === 0) return null
  limitSamples(places.flatMap((place) => latencies.sizes(place, span)))
  const chunks = await Promise.all(places.map((place) => latencies.read(place, span)))
  const columns = chunks.flat().map((chunk) => toldSlots(chunk, 'unknown'))
  return { check, stepMs: span.stepMs, points: latencyPoints(columns, span) }
}

function limitSamples(sizes: readonly { samples: number }[]): void {
  const count = sizes.reduce((sum, { samples }) => sum + samples, 0)
  if (count <= MAX_LATENCY_SAMPLES) return
  throw new Fault('too-large', `The span holds ${count} samples, more than ${MAX_LATENCY_SAMPLES}.`, {
    hint: 'Ask for a shorter span, or for one agent.',
  })
}
