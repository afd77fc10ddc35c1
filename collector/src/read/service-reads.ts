/**
 * Services as they are shown: each is kept while nothing that it rests on has changed, up to the next instant at
 * which time alone changes it.
 */
import type { Timelines } from '@constat/sla/fold/timelines'
import { checksOf } from '@constat/sla/service-tree'
import type { ContractState } from '@constat/sla/state/contract-state'
import { nextChangeMs, serviceSpans, type ServiceSpan } from '@constat/sla/state/in-force'
import { nextMarkMs } from '@constat/sla/timeline'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { stateAt, targetText } from '../judge/describe.ts'
import { serviceTimelineOf, stoppedSinceMs } from '../judge/service-history.ts'
import { whyAt } from '../judge/why.ts'
import type { ServiceView } from '../view/contract.ts'
import { STILL_KEPT_MS } from './judged.ts'

/** Of what is unknown the reasons change without it. */
const UNKNOWN_KEPT_MS = 1_000

/** `untilMs`: time alone changes nothing before. */
type KeptService = { version: string; fromMs: UnixMs; untilMs: UnixMs; view: ServiceView }
/** Up to the next instant at which something else is in force. */
type KeptServices = { fromMs: UnixMs; untilMs: UnixMs; byName: Map<string, KeptService> }

export class ServiceReads {
  readonly #timelines: Timelines
  readonly #kept = new WeakMap<ContractState, KeptServices>()

  constructor(timelines: Timelines) {
    this.#timelines = timelines
  }

  /** How it stands at `nowMs`. */
  service(state: ContractState, service: string, nowMs: UnixMs): ServiceView {
    const timelines = this.#timelines
    const own = this.#keptOf(state, nowMs)
    const spans = serviceSpans(state.life, service)
    const version = spans.map(({ revision }) => timelines.version(state, revision, service)).join('/')
    const kept = own.get(service)
    if (kept?.version === version && kept.fromMs <= nowMs && nowMs < kept.untilMs) return kept.view
    const timeline = serviceTimelineOf(state, service, (one) => timelines.service(state, one, service))
    const seen = stateAt(timeline, nowMs)
    const isUnknown = seen.state === 'unknown'
    const reasons = isUnknown ? whyAt(timelines, { state, service }, nowMs) : []
    const view = serviceView(state, service, { nowMs, ...seen, reasons })
    const keptMs = isUnknown ? UNKNOWN_KEPT_MS : STILL_KEPT_MS
    const untilMs = Math.min(nowMs + keptMs, nextMarkMs(timeline, nowMs))
    own.set(service, { version, fromMs: nowMs, untilMs, view })
    return view
  }

  #keptOf(state: ContractState, nowMs: UnixMs): KeptServices['byName'] {
    const known = this.#kept.get(state)
    if (known && known.fromMs <= nowMs && nowMs < known.untilMs) return known.byName
    const made = { fromMs: nowMs, untilMs: nextChangeMs(state.life, nowMs), byName: new Map() }
    this.#kept.set(state, made)
    return made.byName
  }
}

export function instantOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}

/** A service as its terms have it, in a state that was found elsewhere. */
export function serviceView(
  state: ContractState,
  service: string,
  now: { nowMs: UnixMs; sinceMs: UnixMs | null } & Pick<ServiceView, 'state' | 'reasons'>,
): ServiceView {
  const { nowMs, sinceMs } = now
  const span = serviceSpans(state.life, service).findLast(({ fromMs }) => fromMs <= nowMs)
  const leavesMs = span ? leavesAtMs(state, service, span) : Infinity
  const stoppedMs = stoppedSinceMs(state, service, nowMs)
  return {
    service,
    contract: state.contract,
    state: now.state,
    since: instantOrNull(sinceMs),
    until: span && span.toMs < Infinity ? formatInstant(span.toMs) : null,
    leavesAt: leavesMs < Infinity ? formatInstant(leavesMs) : null,
    unmeasuredSince: stoppedMs === null ? null : formatInstant(stoppedMs),
    reasons: now.reasons,
    checks: (span ? checksOf(span.revision.terms, service) : []).map(({ name, spec }) => ({
      name,
      kind: spec.probe.kind,
      target: targetText(spec.probe),
      intervalMs: spec.intervalMs,
    })),
  }
}

/** Where the last of the revisions that follow one another without a pause ends. */
function leavesAtMs({ life }: ContractState, service: string, from: ServiceSpan): UnixMs {
  let { toMs } = from
  for (const span of serviceSpans(life, service)) if (span.fromMs === toMs) toMs = span.toMs
  return toMs
}
