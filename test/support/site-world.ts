/**
 * Site world: a contract with its vantages and the tracks of what they saw, in memory, as the judge meets
 * them: built from a contract text, agents by name, and states by agent and check.
 */
import { causeCode, outcomeCode, type Cause, type Outcome } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'
import { newest, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import { Shifts } from '@constat/sla/fold/isolation'
import { Tracks } from '@constat/sla/fold/tracks'
import type { KnownAgent } from '../../collector/src/intake/agents.ts'
import { Timelines } from '@constat/sla/fold/timelines'
import { enrolmentLeaf, revisionLeaf, stateOf } from './contract-state.ts'
import { accepted } from './contract-text.ts'

export type SiteWorld = {
  state: ContractState
  revision: Revision
  timelines: Timelines
  tracks: Tracks
  agents: KnownAgent[]
  idOf(name: string): string
  /** Samples of every check named, every `stepMs`, with the outcome that holds at their instant. */
  sees(agent: string, seen: Seen): void
}

export type Seen = {
  fromMs: UnixMs
  untilMs: UnixMs
  stepMs: number
  checks: Record<string, (atMs: UnixMs) => Outcome>
  /** What each of its samples gives as its cause. Absent: none. */
  causes?: Record<string, (atMs: UnixMs) => Cause>
}

export function siteWorld(text: string, names: readonly string[], enrolledMs: UnixMs = 0): SiteWorld {
  const contract = accepted(text)
  const ids = new Map(names.map((name, i) => [name, (i + 1).toString(16).padStart(32, '0')]))
  const state = stateOf(contract.name, [
    revisionLeaf(contract, { revision: 1, appliedMs: enrolledMs }),
    ...[...ids].map(([name, id]) => enrolmentLeaf(id, name, enrolledMs)),
  ])
  const tracks = new Tracks({ ofLog: () => state })
  const agents = [...ids].map(([name, id]) => agentOf(name, id))
  const isAwaited = (id: string): boolean => agents.find((agent) => agent.id === id)?.silentSinceMs === null
  const timelines = new Timelines(tracks, isAwaited)
  return {
    state,
    revision: newest(state),
    timelines,
    tracks,
    agents,
    idOf: (name) => ids.get(name) ?? name,
    sees: (agent, seen) => extendAll(tracks, ids.get(agent)!, seen),
  }
}

/** As the fold does it: references first, then everything else. */
function extendAll(
  tracks: Tracks,
  agent: string,
  { fromMs, untilMs, stepMs, checks, causes = {} }: Seen,
): void {
  const atMs = Array.from({ length: Math.ceil((untilMs - fromMs) / stepMs) }, (_, i) => fromMs + i * stepMs)
  const none = atMs.map(() => 0)
  const all = Object.entries(checks).flatMap(([check, at]) => {
    const outcome = atMs.map((one) => outcomeCode(at(one)))
    const cause = atMs.map((one) => causeCode(causes[check]?.(one) ?? 'none'))
    const readings = { atMs, outcome, cause, attempt: none }
    return tracks.get({ log: 1, check, agent }).map((track) => ({ track, readings }))
  })
  const shifts = new Shifts()
  for (const { track, readings } of all) {
    const isolations = tracks.isolationsOn(track)
    if (isolations.length === 0) continue
    shifts.add(isolations, fromMs)
    track.extend(readings)
  }
  shifts.take()
  for (const { track, readings } of all) if (tracks.isolationsOn(track).length === 0) track.extend(readings)
}

function agentOf(name: string, id: string): KnownAgent {
  return {
    id,
    name,
    publicKey: Buffer.alloc(32),
    enrolledMs: 0,
    revokedMs: null,
    version: '0.1.0',
    lastSeenMs: 0,
    silentSinceMs: null,
    clockOffsetMs: 0,
    clockErrorMs: 1,
    spoolFrames: 0,
    inHand: [],
    idBytes: Buffer.from(id, 'hex'),
    connections: 1,
    seenMs: 0,
    takesLooks: true,
    clockBase: null,
    opened: 1,
    clone: null,
    excess: null,
  }
}
