/**
 * Facts: what is known of a service, or of each of its sites, for one guarantee in one window. States and
 * incidents are at hand; slot samples are read from the ledger, for the metrics that count them.
 */
import { clip, type Interval, type UnixMs } from '@constat/shared/time'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import type { VantageSlots } from '@constat/sla/judgement/attempts'
import type { ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import { measuredIncidents } from '@constat/sla/judgement/measured-incidents'
import type { IncidentFacts } from '@constat/sla/judgement/timing'
import type { SlotColumns } from '@constat/sla/latency'
import { isUnknown, where, type Timeline } from '@constat/sla/timeline'
import type { IncidentRow } from '../db/incident-rows.ts'
import type { Latencies } from '../latency/latencies.ts'
import { foldRules, type Revision, type Terms } from '../terms/register.ts'
import { outageRules } from './describe.ts'
import { sitesOf, type SiteVantages } from './sites.ts'
import { checksOf } from '@constat/sla/service-tree'
import type { Timelines } from './timelines.ts'

export type FactSources = {
  timelines: Timelines
  nameOf: (agent: string) => string
  /** All incidents of a contract that were ever given an id. */
  incidents: (contract: string) => readonly IncidentRow[]
}

export type FactQuestion = {
  terms: Terms
  revision: Revision
  guarantee: GuaranteeTerms
  window: Interval
  asOfMs: UnixMs
}

/** Whether the metric counts the samples of slots: then `factsOf` has to read them. */
export function countsSlots({ metric }: Pick<GuaranteeTerms, 'metric'>): boolean {
  switch (metric) {
    case 'share-within':
    case 'request-share':
    case 'error-rate-slices':
    case 'mean-error-rate':
      return true
    case 'interval-availability':
    case 'restoration-time':
    case 'response-time':
    case 'incident-count':
      return false
  }
}

/** Everything but the slot samples, from memory. */
export function stateFacts(question: FactQuestion, sources: FactSources): ServiceFacts {
  const { terms, revision, guarantee } = question
  const timeline = sources.timelines.service(terms, revision, guarantee.service)
  const sites = sitesAsked(question, sources).map((site) => {
    const own = sources.timelines.site(terms, revision, { service: guarantee.service, site })
    return { site: site.id, timeline: own, slots: [], incidents: incidentsSeen(own, question, sources) }
  })
  return { timeline, slots: [], sites, incidents: incidentsSeen(timeline, question, sources) }
}

/** Everything, slot samples read. `asOfMs` later than the window's end counts none after it. */
export async function factsOf(
  question: FactQuestion,
  { latencies, ...sources }: FactSources & { latencies: Pick<Latencies, 'read'> },
): Promise<ServiceFacts> {
  const facts = stateFacts(question, sources)
  if (!countsSlots(question.guarantee)) return facts
  const byAgent = await slotsByAgent(question, { latencies, ...sources })
  const sites = sitesAsked(question, sources)
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
  { terms, revision, guarantee }: Pick<FactQuestion, 'terms' | 'revision' | 'guarantee'>,
  { timelines, nameOf }: Pick<FactSources, 'timelines' | 'nameOf'>,
): SiteVantages[] {
  if (guarantee.scope === 'service') return []
  const agents = timelines.agentsOf(terms, revision, guarantee.service)
  return sitesOf(
    revision.terms,
    agents.map((id) => ({ id, name: nameOf(id) })),
  )
}

/** All incidents as the timeline has them, with what people did about those that were told. */
function incidentsSeen(timeline: Timeline, question: FactQuestion, sources: FactSources): IncidentFacts[] {
  const { terms, revision, guarantee, asOfMs } = question
  const rows = sources
    .incidents(terms.contract)
    .filter(({ service, closeReason }) => service === guarantee.service && isStanding(closeReason))
  // Also those of earlier windows: their end may lie in this one.
  return measuredIncidents(timeline, outageRules(revision.terms), asOfMs).map((facts) => {
    const row = rows.find((one) => isSame(one, facts))
    return row ? { ...facts, ...toldOf(row, asOfMs) } : facts
  })
}

function isStanding(reason: IncidentRow['closeReason']): boolean {
  return reason !== 'merged' && reason !== 'revised'
}

function isSame(row: IncidentRow, { onsetMs, endMs }: IncidentFacts): boolean {
  return row.onsetMs === onsetMs || (row.onsetMs < (endMs ?? Infinity) && onsetMs < (row.endMs ?? Infinity))
}

/** What had been done about it by then. */
function toldOf(row: IncidentRow, asOfMs: UnixMs): Partial<IncidentFacts> {
  const until = (atMs: UnixMs | null): UnixMs | null => (atMs !== null && atMs <= asOfMs ? atMs : null)
  return {
    id: row.id,
    zone: row.zone,
    cause: row.cause,
    alertedMs: until(row.pagedMs),
    acknowledgedMs: until(row.providerAcknowledgedMs),
  }
}

async function slotsByAgent(
  { terms, revision, guarantee, window, asOfMs }: FactQuestion,
  { timelines, latencies }: FactSources & { latencies: Pick<Latencies, 'read'> },
): Promise<Map<string, VantageSlots[]>> {
  const found = new Map<string, VantageSlots[]>()
  const endMs = Math.min(window.endMs, asOfMs)
  for (const check of checksOf(revision.terms, guarantee.service)) {
    const { holdMs } = foldRules(check, revision.terms)
    for (const vantage of timelines.expected(terms, revision, check)) {
      const expected = {
        startMs: Math.max(window.startMs, vantage.startMs),
        endMs: Math.min(endMs, vantage.endMs),
      }
      if (expected.startMs >= expected.endMs) continue
      const place = { log: terms.log, check: check.name, agent: vantage.agent }
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
