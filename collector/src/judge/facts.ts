/**
 * Facts: what is known of a service, or of each of its sites, for one guarantee in one window. States and
 * incidents are at hand; slot samples are read from the ledger, for the metrics that count them.
 */
import { clip, type Interval, type UnixMs } from '@constat/shared/time'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import type { VantageSlots } from '@constat/sla/judgement/attempts'
import type { ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import { measuredIncidents } from '@constat/sla/judgement/measured-incidents'
import { outageRulesOf } from '@constat/sla/metric/base'
import type { IncidentFacts } from '@constat/sla/judgement/timing'
import type { SlotColumns } from '@constat/sla/latency'
import { METRICS } from '@constat/sla/metric/table'
import { incidentsIn, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import { isStanding } from '@constat/sla/state/incident-record'
import { get } from '@constat/sla/state/persistent-map'
import { isUnknown, where, type Timeline } from '@constat/sla/timeline'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import type { Latencies } from '../latency/latencies.ts'
import { foldRules } from '@constat/sla/assembly/rules'
import { sitesSeeing, type SiteVantages } from '@constat/sla/assembly/sites'
import { checksOf } from '@constat/sla/service-tree'
import type { Timelines, ToldTimelines } from './timelines.ts'

export type FactQuestion = {
  state: ContractState
  revision: Revision
  guarantee: GuaranteeTerms
  window: Interval
  asOfMs: UnixMs
}

/** Whether the metric counts the samples of slots: then `factsOf` has to read them. */
export function countsSlots({ metric }: Pick<GuaranteeTerms, 'metric'>): boolean {
  return METRICS[metric].countsSlots
}

/** Everything but the slot samples, from memory. */
export function stateFacts(question: FactQuestion, timelines: ToldTimelines): ServiceFacts {
  const { state, revision, guarantee } = question
  const timeline = timelines.service(state, revision, guarantee.service)
  const sites = sitesAsked(question, timelines).map((site) => {
    const own = timelines.site(state, revision, { service: guarantee.service, site })
    return { site: site.id, timeline: own, slots: [], incidents: incidentsOn(own, question) }
  })
  return { timeline, slots: [], sites, incidents: incidentsOn(timeline, question) }
}

/** Everything, slot samples read. `asOfMs` later than the window's end counts none after it. */
export async function factsOf(
  question: FactQuestion,
  { latencies, timelines, told }: SlotSources & { told: ToldTimelines },
): Promise<ServiceFacts> {
  const facts = stateFacts(question, told)
  if (!countsSlots(question.guarantee)) return facts
  const byAgent = await slotsByAgent(question, { latencies, timelines })
  const sites = sitesAsked(question, timelines)
  const slotsOf = (agents: readonly string[]): VantageSlots[] =>
    agents.flatMap((agent) => byAgent.get(agent) ?? [])
  return {
    ...facts,
    slots: slotsOf([...byAgent.keys()]),
    sites: facts.sites.map((seen, i) => ({ ...seen, slots: slotsOf(sites[i]?.agents ?? []) })),
  }
}

/** The sites that a guarantee for each of them is promised for. */
export function sitesAsked(
  { state, revision, guarantee }: Pick<FactQuestion, 'state' | 'revision' | 'guarantee'>,
  timelines: ToldTimelines,
): SiteVantages[] {
  if (guarantee.scope === 'service') return []
  const agents = timelines.agentsOf(state, revision, guarantee.service)
  return sitesSeeing(revision.terms, { service: guarantee.service, agents })
}

/** All incidents as the timeline has them, with what people did about those that were told. */
function incidentsOn(timeline: Timeline, question: FactQuestion): IncidentFacts[] {
  const { state, revision, guarantee, asOfMs } = question
  const records = incidentsIn(state).filter((one) => one.service === guarantee.service && isStanding(one))
  // Also those of earlier windows: their end may lie in this one.
  return measuredIncidents(timeline, outageRulesOf(revision.terms), asOfMs).map((facts) => {
    const record = records.find((one) => isSame(one, facts))
    return record ? { ...facts, ...saidOf(state, record, asOfMs) } : facts
  })
}

function isSame(record: IncidentRecord, { onsetMs, endMs }: IncidentFacts): boolean {
  const isOverlapping = record.onsetMs < (endMs ?? Infinity) && onsetMs < (record.endMs ?? Infinity)
  return record.onsetMs === onsetMs || isOverlapping
}

/** What had been done about it by then. */
function saidOf(state: ContractState, record: IncidentRecord, asOfMs: UnixMs): Partial<IncidentFacts> {
  const until = (atMs: UnixMs | null): UnixMs | null => (atMs !== null && atMs <= asOfMs ? atMs : null)
  return {
    id: record.id,
    zone: record.zone,
    cause: record.cause,
    alertedMs: until(get(state.alerted, record.id) ?? null),
    acknowledgedMs: until(record.providerAcknowledgedMs),
  }
}

export type SlotSources = { timelines: Timelines; latencies: Pick<Latencies, 'read'> }

async function slotsByAgent(
  { state, revision, guarantee, window, asOfMs }: FactQuestion,
  { timelines, latencies }: SlotSources,
): Promise<Map<string, VantageSlots[]>> {
  const found = new Map<string, VantageSlots[]>()
  const endMs = Math.min(window.endMs, asOfMs)
  for (const check of checksOf(revision.terms, guarantee.service)) {
    const { holdMs } = foldRules(check, revision.terms)
    for (const vantage of timelines.expected(state, revision, check)) {
      const expected = {
        startMs: Math.max(window.startMs, vantage.startMs),
        endMs: Math.min(endMs, vantage.endMs),
      }
      if (expected.startMs >= expected.endMs) continue
      const place = { log: state.log, check: check.name, agent: vantage.agent }
      const chunks = await latencies.read(place, { fromMs: window.startMs, toMs: endMs })
      const known = where(vantage.timeline, expected, (mark) => !isUnknown(mark))
      const slots = {
        columns: joined(chunks),
        intervalMs: check.spec.intervalMs,
        watch: { expected, known: clip(known, expected), holdMs },
      }
      found.set(vantage.agent, [...(found.get(vantage.agent) ?? []), slots])
    }
  }
  return found
}

/** Chunks in order as one. */
function joined(chunks: readonly SlotColumns[]): SlotColumns {
  const baseMs = chunks[0]?.baseMs ?? 0
  const count = chunks.reduce((sum, { offsetMs }) => sum + offsetMs.length, 0)
  const whole = {
    baseMs,
    offsetMs: new Float64Array(count),
    outcome: new Uint8Array(count),
    latencyUs: new Uint32Array(count),
  }
  let at = 0
  for (const chunk of chunks) {
    const shiftMs = chunk.baseMs - baseMs
    for (let i = 0; i < chunk.offsetMs.length; i += 1) whole.offsetMs[at + i] = chunk.offsetMs[i]! + shiftMs
    whole.outcome.set(chunk.outcome, at)
    whole.latencyUs.set(chunk.latencyUs, at)
    at += chunk.offsetMs.length
  }
  return whole
}
