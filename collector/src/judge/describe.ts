/**
 * Descriptions: rows, timelines and terms as the published shapes. Pure: what is asked for is handed in.
 */
import type { ProbeSpec } from '@constat/shared/check'
import { faultOwner, type Cause, CAUSES } from '@constat/shared/sample'
import { shownName } from '@constat/shared/target'
import { formatInstant, type Interval, type UnixMs } from '@constat/shared/time'
import { firstToFail } from '@constat/sla/assembly/zone'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { incidentsOf } from '@constat/sla/incident'
import { outageRulesOf } from '@constat/sla/metric/base'
import { nameIn, type ContractState } from '@constat/sla/state/contract-state'
import type { FirstFailure, IncidentRecord } from '@constat/sla/state/incident-record'
import { get } from '@constat/sla/state/persistent-map'
import { indexAt, NOTHING_KNOWN, segments, stateOf, type Timeline } from '@constat/sla/timeline'
import { siteOf } from '@constat/sla/assembly/sites'
import type { VantageTimeline } from '@constat/sla/fold/timelines'
import type { Figures, State, WhySpan } from '../view/parts.ts'
import type { IncidentVantage, IncidentView, Segment } from '../view/timeline.ts'
import { whyOfVantage, whyView } from './why.ts'
import { ownerOf } from './zones.ts'

/** State at an instant and since when it has been that. */
export function stateAt(timeline: Timeline, atMs: UnixMs): { state: State; sinceMs: UnixMs | null } {
  let i = indexAt(timeline, atMs)
  const state = stateOf(timeline.mark[i] ?? 0)
  while (i > 0 && stateOf(timeline.mark[i - 1]!) === state) i -= 1
  return { state, sinceMs: timeline.at[i] ?? null }
}

/** `reasonsOf`: why a stretch of it is unknown; absent where nobody asks. */
export function segmentViews(
  timeline: Timeline,
  interval: Interval,
  reasonsOf?: (span: Interval) => WhySpan[],
): Segment[] {
  return segments(timeline, interval).map(({ startMs, endMs, state }) => ({
    start: formatInstant(startMs),
    end: formatInstant(endMs),
    state,
    ...(state === 'unknown' && reasonsOf && { reasons: reasonsOf({ startMs, endMs }) }),
  }))
}

export type IncidentContext = {
  contract: ExpandedContract
  timeline: Timeline
  vantages: readonly VantageTimeline[]
  state: ContractState
  /** The first delivery about an incident that somebody's system accepted; null: nobody was told. */
  alertedMs: (incident: string) => UnixMs | null
  nowMs: UnixMs
}

/** Where nothing that was measured can be read. */
export function bareContext(
  state: ContractState,
  { contract, nowMs }: Pick<IncidentContext, 'contract' | 'nowMs'>,
): IncidentContext {
  return {
    contract,
    timeline: NOTHING_KNOWN,
    vantages: [],
    state,
    alertedMs: (incident) => get(state.alerted, incident) ?? null,
    nowMs,
  }
}

export function incidentView(row: IncidentRecord, context: IncidentContext): IncidentView {
  const { contract, vantages, nowMs } = context
  // Of an open incident, what the vantages see now; of a closed one, what they saw while it lasted, or where it
  // was merged or revised, as it began.
  const atMs = row.closedMs === null ? nowMs : Math.max(row.onsetMs, (row.endMs ?? 0) - 1)
  return {
    id: row.id,
    contract: row.contract,
    service: row.service,
    check: row.check,
    onsetAt: formatInstant(row.onsetMs),
    openedAt: formatInstant(row.openedMs),
    closedAt: instantOrNull(row.closedMs),
    endAt: instantOrNull(row.endMs),
    closeReason: row.closeReason,
    cause: row.cause,
    fault: faultOf(row.cause),
    failure: row.failure && failureView(row.failure, row, context),
    zone: row.zone,
    ...ownerOf(contract, row.zone),
    zoneReference: row.zoneReference,
    downMs: downOf(row, context),
    vantages: vantages.map((vantage) => vantageView(vantage, { context, row, atMs })),
    acknowledgedAt: instantOrNull(row.acknowledgedMs),
    acknowledgedBy: row.acknowledgedBy,
    providerAcknowledgedAt: instantOrNull(row.providerAcknowledgedMs),
    pagedAt: instantOrNull(row.pagedMs),
    unansweredSince: instantOrNull(row.unansweredSinceMs),
    alertedAt: instantOrNull(context.alertedMs(row.id)),
    disputed: context.state.remarks.some(({ kind, incident }) => kind === 'dispute' && incident === row.id),
  }
}

/** Where the failure began that the first vantage to fail saw. */
export type FailurePlace = { agent: string; check: string; atMs: UnixMs }

/** The cause that the first vantage to fail gives. `none` when no sample says. */
export function causeOf(
  vantages: readonly VantageTimeline[],
  onsetMs: UnixMs,
): { cause: Cause; check: string | null; place: FailurePlace | null } {
  const first = (firstToFail(vantages, onsetMs) ?? vantages[0])?.track
  const failure = first?.failureAt(onsetMs) ?? null
  const cause = CAUSES[failure?.cause ?? 0]?.[0] ?? 'none'
  const place = first && failure ? { ...first.key, atMs: failure.atMs } : null
  return { cause, check: first?.key.check ?? null, place }
}

function failureView(
  { agent, atMs, code, value, latencyUs, phases }: FirstFailure,
  { check }: IncidentRecord,
  { contract, state }: IncidentContext,
): IncidentView['failure'] {
  const probe = contract.checks.find(({ name }) => name === check)?.spec.probe
  // A transaction counts the steps that it has done: the next one is the one that failed.
  const step = probe?.kind === 'transaction' ? probe.steps[value] : undefined
  const wasConnected = phases.tlsUs + phases.ttfbUs + phases.transferUs > 0
  return {
    agent: nameIn(state, agent),
    at: formatInstant(atMs),
    code,
    target: step?.url ?? (probe ? targetText(probe) : null),
    latencyUs,
    connectedUs: wasConnected ? latencyUs - phases.dnsUs - phases.connectUs : null,
  }
}

function faultOf(cause: string): string {
  const known = CAUSES.find(([name]) => name === cause)
  return known ? faultOwner(known[0]) : 'none'
}

function downOf(row: IncidentRecord, { contract, timeline, nowMs }: IncidentContext): Figures {
  // What nothing measures any more goes on for nobody.
  const asOfMs = row.closeReason === 'ended' ? (row.endMs ?? nowMs) : nowMs
  const found = incidentsOf(timeline, outageRulesOf(contract), asOfMs).find(
    ({ startMs, endMs }) => startMs <= row.onsetMs && row.onsetMs < (endMs ?? Infinity),
  )
  return found ? found.downMs : { provable: 0, point: 0, pessimistic: 0 }
}

function vantageView(
  vantage: VantageTimeline,
  { context, row, atMs }: { context: IncidentContext; row: IncidentRecord; atMs: UnixMs },
): IncidentVantage {
  const { contract } = context
  const { agent, timeline } = vantage
  const { state, sinceMs } = stateAt(timeline, atMs)
  const name = nameIn(context.state, agent)
  const site = siteOf(contract, { id: agent, name })
  return {
    agent,
    name,
    state,
    since: formatInstant(sinceMs ?? row.onsetMs),
    reasons: whyOfVantage(vantage, { startMs: atMs, endMs: atMs + 1 }).map((one) =>
      whyView(one, context.state),
    ),
    site: site?.id ?? null,
    administeredBy: site?.administeredBy ?? null,
  }
}

function instantOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}

/** What a check probes, in short. */
export function targetText(probe: ProbeSpec): string {
  switch (probe.kind) {
    case 'http':
      return probe.url
    case 'transaction':
      return probe.steps.map(({ name }) => name).join(' → ')
    case 'dns':
      return shownName(probe.name)
    case 'icmp':
      return shownName(probe.host)
    case 'host':
      return 'name' in probe
        ? `${probe.metric} ${probe.name}`
        : [probe.metric, probe.of].filter(Boolean).join(' ')
    case 'tcp':
    case 'tls':
      return `${shownName(probe.host)}:${probe.port}`
  }
}
