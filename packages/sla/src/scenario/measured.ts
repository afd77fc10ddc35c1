/**
 * Measured services: the rows of a scenario as what its vantages know, and out of that the timeline of each
 * service and of each of its sites. Pure. Without a contract each check is a service of its own, folded by
 * the defaults of a contract that says nothing.
 */
import { outcomeCode } from '@constat/shared/sample'
import type { IntervalSet } from '@constat/shared/time'
import { agentsOf, sightings, type Observed, type Vantage } from '../assembly/observed.ts'
import { foldRules } from '../assembly/rules.ts'
import { assembled, joined } from '../assembly/service.ts'
import { sitesSeeing, type SiteVantages } from '../assembly/sites.ts'
import type { CheckTerms, ExpandedContract } from '../contract/expanded.ts'
import { isolatedTime, isolationReferences, withIsolation } from '../isolation.ts'
import type { ServiceFacts, Seen } from '../judgement/judge-guarantee.ts'
import type { VantageSlots } from '../judgement/attempts.ts'
import { checksOf } from '../service-tree.ts'
import { silencesAmong } from '../silence.ts'
import { foldSamples, type FoldRules, type SampleColumns } from '../vantage.ts'
import type { SeriesColumns } from './rows.ts'

/** check → vantage → columns. */
export type Samples = ReadonlyMap<string, ReadonlyMap<string, SeriesColumns>>

/** Of a check that no contract describes: one probe each minute with 10 s of patience. */
export const BARE_RULES: FoldRules = { holdMs: 130_000, down: 2, up: 1 }
const BARE_INTERVAL_MS = 60_000

const FAIL = outcomeCode('fail')
const BLOCKED = outcomeCode('blocked')
/** Rows say nothing of enrolments. */
const ALWAYS: IntervalSet = [{ startMs: -Infinity, endMs: Infinity }]

/** `slots`: none where it never spoke. */
export type FileVantage = Vantage & { slots: VantageSlots[] }

/** Facts of every service of the terms that the rows say something of. */
export function measuredServices(
  observed: Observed<FileVantage>,
  samples: Samples,
): Map<string, ServiceFacts> {
  const { terms } = observed
  const facts = new Map<string, ServiceFacts>()
  for (const { name: service } of terms.services) {
    if (!checksOf(terms, service).some(({ name }) => samples.has(name))) continue
    const agents = agentsOf(observed, service).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const sites = sitesSeeing(terms, { service, agents }).map((site) => ({
      site: site.id,
      ...seenOf(observed, service, site),
      incidents: null,
    }))
    facts.set(service, { ...seenOf(observed, service, null), sites, incidents: null })
  }
  return facts
}

/** A service as all vantages see it, or only those of one site. */
function seenOf(observed: Observed<FileVantage>, service: string, site: SiteVantages | null): Seen {
  const slots = sightings(observed, service)
    .filter(({ agent }) => site === null || site.agents.includes(agent))
    .flatMap(({ vantage }) => vantage.slots)
  return { timeline: assembled(observed, service, site), slots }
}

/** Each check as a service, where there is no contract. */
export function bareServices(samples: Samples): Map<string, ServiceFacts> {
  const facts = new Map<string, ServiceFacts>()
  for (const [check, byVantage] of samples) {
    const sites = [...byVantage].map(([site, columns]) => ({
      site,
      timeline: foldSamples(BARE_RULES, columns),
      slots: [slotsOf(columns, BARE_INTERVAL_MS)],
      incidents: null,
    }))
    const parts = sites.map(({ timeline }) => ({ spans: ALWAYS, timeline }))
    const slots = sites.flatMap((one) => one.slots)
    facts.set(check, { timeline: joined(parts, { kind: 'default' }), slots, sites, incidents: null })
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
  if (!columns) return { agent, spans: ALWAYS, heard: null, slots: [] }
  const told = { ...columns, outcome: toldOutcomes(withIsolation(columns, isolatedOf(name)), terms) }
  const rules = foldRules(check, terms)
  const folded = rules.by === 'slots' ? slotRows(told) : told
  const timeline = foldSamples(rules, folded)
  const heard = { timeline: () => timeline, silences: () => silencesOf(folded, rules) }
  return { agent, spans: ALWAYS, heard, slots: [slotsOf(told, check.spec.intervalMs)] }
}

/** A blocked answer is a failure where the contract says so, for attempts as for time. */
function toldOutcomes({ outcome }: SampleColumns, { measurement }: ExpandedContract): Uint8Array {
  const told = Uint8Array.from(outcome)
  return measurement.blocked === 'fail' ? told.map((code) => (code === BLOCKED ? FAIL : code)) : told
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

function slotsOf(columns: SeriesColumns, intervalMs: number): VantageSlots {
  const { atMs, outcome, latencyUs } = slotRows(columns)
  const baseMs = atMs[0] ?? 0
  const offsetMs = Float64Array.from(atMs, (at) => at - baseMs)
  return { columns: { baseMs, offsetMs, outcome, latencyUs }, intervalMs }
}
