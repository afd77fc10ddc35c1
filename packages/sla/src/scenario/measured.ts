/**
 * Measured services: the rows of a scenario as what its vantages know, and out of that the timeline of each
 * service and of each of its sites. Pure. Without a contract each check is a service of its own, folded by
 * the defaults of a contract that says nothing.
 */
import type { IntervalSet } from '@constat/shared/time'
import { agentsOf, type Observed, type Vantage } from '../assembly/observed.ts'
import { foldRules } from '../assembly/rules.ts'
import { assembled, joined } from '../assembly/service.ts'
import { slotsOf, watching, type SlotSpan, type Watching } from '../assembly/slots.ts'
import { sitesSeeing, type SiteVantages } from '../assembly/sites.ts'
import type { CheckTerms, ExpandedContract } from '../contract/expanded.ts'
import { isolatedTime, isolationReferences, withIsolation } from '../isolation.ts'
import type { ServiceFacts, Seen } from '../judgement/judge-guarantee.ts'
import type { SlotColumns } from '../latency.ts'
import { checksOf } from '../service-tree.ts'
import { silencesAmong } from '../silence.ts'
import { foldSamples, type FoldRules } from '../vantage.ts'
import type { SeriesColumns } from './rows.ts'

/** check → vantage → columns. */
export type Samples = ReadonlyMap<string, ReadonlyMap<string, SeriesColumns>>

/** Of a check that no contract describes: one probe each minute with 10 s of patience. */
export const BARE_RULES: FoldRules = { holdMs: 130_000, down: 2, up: 1 }

/** Rows say nothing of enrolments. */
const ALWAYS: IntervalSet = [{ startMs: -Infinity, endMs: Infinity }]

/** `columns`: what it said, slot by slot; none where it never spoke. */
export type FileVantage = Vantage & { columns: SlotColumns }

const NOTHING_SAID: SlotColumns = {
  baseMs: 0,
  offsetMs: new Float64Array(),
  outcome: new Uint8Array(),
  latencyUs: new Uint32Array(),
}

/** Facts of every service of the terms that the rows say something of. */
export function measuredServices(
  observed: Observed<FileVantage>,
  samples: Samples,
  span: SlotSpan,
): Map<string, ServiceFacts> {
  const { terms } = observed
  const facts = new Map<string, ServiceFacts>()
  for (const { name: service } of terms.services) {
    if (!checksOf(terms, service).some(({ name }) => samples.has(name))) continue
    const watched = watching(observed, service, span)
    const agents = agentsOf(observed, service).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const sites = sitesSeeing(terms, { service, agents }).map((site) => ({
      site: site.id,
      ...seenOf(observed, { service, site, watched }),
      incidents: null,
    }))
    facts.set(service, { ...seenOf(observed, { service, site: null, watched }), sites, incidents: null })
  }
  return facts
}

/** A service as all vantages see it, or only those of one site. */
function seenOf(
  observed: Observed<FileVantage>,
  given: { service: string; site: SiteVantages | null; watched: readonly Watching<FileVantage>[] },
): Seen {
  const { service, site, watched } = given
  const { blocked } = observed.terms.measurement
  const slots = watched
    .filter(({ vantage }) => site === null || site.agents.includes(vantage.agent.id))
    .map((one) => slotsOf(one, one.vantage.columns, blocked))
  return { timeline: assembled(observed, service, site), slots }
}

/** Each check as a service, where there is no contract. */
export function bareServices(samples: Samples): Map<string, ServiceFacts> {
  const facts = new Map<string, ServiceFacts>()
  for (const [check, byVantage] of samples) {
    const sites = [...byVantage].map(([site, columns]) => ({
      site,
      timeline: foldSamples(BARE_RULES, columns),
      slots: [],
      incidents: null,
    }))
    const parts = sites.map(({ timeline }) => ({ spans: ALWAYS, timeline }))
    facts.set(check, { timeline: joined(parts, { kind: 'default' }), slots: [], sites, incidents: null })
  }
  return facts
}

/**
 * What the rows say, check by check. A vantage of a check is whom the terms name for it; where anybody may run
 * it, whoever spoke of it.
 */
export function observedIn(terms: ExpandedContract, samples: Samples): Observed<FileVantage> {
  const names = new Set([...samples.values()].flatMap((byVantage) => [...byVantage.keys()]))
  const isolated = new Map([...names].map((name) => [name, isolatedIn(name, { terms, samples })]))
  const isolatedOf = (agent: string): IntervalSet => isolated.get(agent) ?? []
  const byCheck = new Map(
    terms.checks.map((check) => {
      const rows = samples.get(check.name) ?? new Map<string, SeriesColumns>()
      const named = check.vantages === 'all' ? [...rows.keys()] : check.vantages
      const vantages = named.map((name) =>
        vantageOf(name, { check, terms, columns: rows.get(name), isolatedOf }),
      )
      return [check.name, vantages]
    }),
  )
  return { terms, vantagesOf: ({ name }) => byCheck.get(name) ?? [], isolatedOf }
}

type Told = {
  check: CheckTerms
  terms: ExpandedContract
  columns: SeriesColumns | undefined
  isolatedOf: (agent: string) => IntervalSet
}

function vantageOf(name: string, { check, terms, columns, isolatedOf }: Told): FileVantage {
  const agent = { id: name, name }
  if (!columns) return { agent, spans: ALWAYS, heard: null, columns: NOTHING_SAID }
  const rules = foldRules(check, terms)
  const slots = slotRows(columns)
  const folded = rules.by === 'slots' ? slots : columns
  const timeline = foldSamples(rules, withIsolation(folded, isolatedOf(name)))
  const heard = { timeline: () => timeline, silences: () => silencesOf(folded, rules) }
  return { agent, spans: ALWAYS, heard, columns: columnsOf(slots) }
}

/** Without the re-probes. */
function slotRows(columns: SeriesColumns): SeriesColumns {
  const { atMs, outcome, latencyUs, isReprobe } = columns
  if (!isReprobe.includes(1)) return columns
  const isSlot = (_: number, i: number): boolean => isReprobe[i] === 0
  return {
    atMs: atMs.filter(isSlot),
    outcome: outcome.filter(isSlot),
    latencyUs: latencyUs.filter(isSlot),
    isReprobe: isReprobe.filter(isSlot),
  }
}

function silencesOf({ atMs }: SeriesColumns, { holdMs }: FoldRules): IntervalSet {
  const lastMs = atMs.at(-1)
  if (lastMs === undefined) return []
  const among = silencesAmong({ lastMs: -Infinity, atMs, holdMs })
  return [...among, { startMs: lastMs + holdMs, endMs: Infinity }]
}

function isolatedIn(
  vantage: string,
  { terms, samples }: { terms: ExpandedContract; samples: Samples },
): IntervalSet {
  return isolatedTime(
    isolationReferences(terms).flatMap(({ check, holdMs }) => {
      const columns = samples.get(check)?.get(vantage)
      return columns ? [{ columns, holdMs }] : []
    }),
  )
}

function columnsOf({ atMs, outcome, latencyUs }: SeriesColumns): SlotColumns {
  const baseMs = atMs[0] ?? 0
  return { baseMs, offsetMs: Float64Array.from(atMs, (at) => at - baseMs), outcome, latencyUs }
}
