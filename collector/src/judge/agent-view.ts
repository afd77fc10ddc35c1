/** Agents as people see them: connected, heard, and how much of the last day they told of. Pure. */
import { coverageText } from '@constat/sla/figures'
import type { ContractState } from '@constat/sla/state/contract-state'
import { checksProbed } from '@constat/sla/state/probing'
import { isUnknown, where, type Timeline } from '@constat/sla/timeline'
import { whyVantage } from '@constat/sla/unknown'
import { formatInstant, totalMs, type Interval, type UnixMs } from '@constat/shared/time'
import type { Track } from '@constat/sla/fold/track'
import type { Tracks } from '@constat/sla/fold/tracks'
import type { KnownAgent } from '../intake/agents.ts'
import type { AgentView } from '../view/contract.ts'

const DAY_MS = 86_400_000

type Measured = { contracts: readonly ContractState[]; tracks: Tracks; nowMs: UnixMs }

export function agentView(agent: KnownAgent, measured: Measured): AgentView {
  return {
    id: agent.id,
    name: agent.name,
    enrolledAt: formatInstant(agent.enrolledMs),
    lastSeenAt: formatInstant(agent.lastSeenMs),
    connected: agent.connections > 0,
    silent: agent.silentSinceMs !== null,
    clonedAt: lately(agent.clone, measured),
    excessAt: lately(agent.excess, measured),
    version: agent.version,
    clockOffsetMs: agent.clockOffsetMs,
    clockErrorMs: agent.clockErrorMs,
    spoolBatches: agent.spoolFrames,
    coverage: coverageOf(agent, measured),
    unknown: unknownOf(agent, measured),
  }
}

function lately(noticed: KnownAgent['clone'], { nowMs }: Measured): string | null {
  return noticed !== null && nowMs - noticed.seenMs < DAY_MS ? formatInstant(noticed.seenMs) : null
}

/** Known share of the last day, or of the time since the first sample where that is shorter, of what is probed now. */
function coverageOf({ id }: KnownAgent, { contracts, tracks, nowMs }: Measured): string {
  let committedMs = 0
  let knownMs = 0
  for (const { log, configuration } of contracts) {
    for (const track of tracks.ofAgent(log, id)) {
      if (!configuration?.names.includes(track.key.check)) continue
      // Folded once more for what it stands at: counted already under its own rules.
      if (tracks.isolationsOn(track).length > 0) continue
      const timeline = track.timeline()
      const span = { startMs: Math.max(nowMs - DAY_MS, timeline.at[0] ?? nowMs), endMs: nowMs }
      committedMs += Math.max(0, span.endMs - span.startMs)
      knownMs += knownWithin(timeline, span)
    }
  }
  return coverageText({ committedMs, knownMs }) ?? '0.0000'
}

/** Of what it is asked to probe now, the checks that it can tell nothing of. */
function unknownOf({ id }: KnownAgent, { contracts, tracks, nowMs }: Measured): AgentView['unknown'] {
  const now = { startMs: nowMs, endMs: nowMs + 1 }
  // Folded once more for what it stands at, a reference says nothing new.
  const isOwn = (one: Track): boolean => tracks.isolationsOn(one).length === 0
  return contracts.flatMap(({ contract, log, life }) =>
    checksProbed(life, nowMs).flatMap(({ name }) => {
      const track = tracks.ofAgent(log, id).find((one) => one.key.check === name && isOwn(one))
      const [why] = track ? whyVantage(track.timeline(), track.told(), now) : []
      if (!why) return []
      const since = why.sinceMs === null ? null : formatInstant(why.sinceMs)
      return [{ contract, check: name, reason: why.reason, since }]
    }),
  )
}

function knownWithin(timeline: Timeline, span: Interval): number {
  return totalMs(where(timeline, span, (mark) => !isUnknown(mark)))
}
