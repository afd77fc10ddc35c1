/**
 * Facts: what is known of a service, or of each of its sites, for one guarantee in one window. States and
 * incidents are at hand; slot samples are read from the ledger, for the metrics that count them.
 */
import type { Interval, UnixMs } from '@constat/shared/time'
import type { GuaranteeTerms } from '../contract/expanded.ts'
import type { VantageSlots } from './attempts.ts'
import type { ServiceFacts } from './judge-guarantee.ts'
import { measuredIncidents } from './measured-incidents.ts'
import { outageRulesOf } from '../metric/base.ts'
import type { IncidentFacts } from './timing.ts'
import type { SlotColumns } from '../latency.ts'
import { METRICS } from '../metric/table.ts'
import { incidentsIn, type ContractState, type Revision } from '../state/contract-state.ts'
import { isStanding } from '../state/incident-record.ts'
import { NEWEST_RULES, type Rules } from '../semantics.ts'
import { get } from '../state/persistent-map.ts'
import type { Timeline } from '../timeline.ts'
import type { IncidentRecord } from '../state/incident-record.ts'
import { slotsOf, watching } from '../assembly/slots.ts'
import { sitesSeeing, type SiteVantages } from '../assembly/sites.ts'
import type { Timelines, ToldTimelines } from '../fold/timelines.ts'
import type { Place } from '../fold/tracks.ts'

export type FactQuestion = {
  state: ContractState
  revision: Revision
  guarantee: GuaranteeTerms
  window: Interval
  asOfMs: UnixMs
  /** Of what is open, or was not closed by others: the newest. */
  rules?: Rules
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
  const slotsAt = (agents: readonly string[]): VantageSlots[] =>
    agents.flatMap((agent) => byAgent.get(agent) ?? [])
  return {
    ...facts,
    slots: slotsAt([...byAgent.keys()]),
    sites: facts.sites.map((seen, i) => ({ ...seen, slots: slotsAt(sites[i]?.agents ?? []) })),
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

/** Slot samples of a place, in chunks that reach into the span, in order. */
export type SlotReader = {
  read(place: Place, span: { fromMs: UnixMs; toMs: UnixMs }): Promise<SlotColumns[]>
}
export type SlotSources = { timelines: Timelines; latencies: SlotReader }

async function slotsByAgent(
  question: FactQuestion,
  { timelines, latencies }: SlotSources,
): Promise<Map<string, VantageSlots[]>> {
  const { state, revision, guarantee, window, asOfMs, rules = NEWEST_RULES } = question
  const blockedIs = rules.blockedSlots === 'fail' ? revision.terms.measurement.blocked : 'unknown'
  const found = new Map<string, VantageSlots[]>()
  const span = { fromMs: window.startMs, toMs: Math.min(window.endMs, asOfMs) }
  for (const one of watching(timelines.observed(state, revision), guarantee.service, question)) {
    const agent = one.vantage.agent.id
    const chunks = await latencies.read({ log: state.log, check: one.check.name, agent }, span)
    const slots = slotsOf(one, joined(chunks), blockedIs)
    found.set(agent, [...(found.get(agent) ?? []), slots])
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
