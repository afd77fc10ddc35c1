/**
 * Measured services: the rows of a scenario through the whole line, from samples to the timeline of each
 * service and of each of its sites. Pure. Without a contract each check is a service of its own, folded by
 * the defaults of a contract that says nothing.
 */
import { outcomeCode } from '@constat/shared/sample'
import { subtract, type Interval, type IntervalSet } from '@constat/shared/time'
import { quorumFor, type CheckTerms, type ExpandedContract } from '../contract/expanded.ts'
import { sideOf } from '../judgement/declaration.ts'
import type { ServiceFacts, Seen } from '../judgement/judge-guarantee.ts'
import type { VantageSlots } from '../judgement/attempts.ts'
import { isolatedTime, withIsolation } from '../isolation.ts'
import { defaultQuorum, quorum } from '../quorum.ts'
import { silenceAsDown } from '../silence.ts'
import { checksOf, serviceTimeline } from '../service-tree.ts'
import { NOTHING_KNOWN, type Timeline } from '../timeline.ts'
import { foldSamples, type FoldRules, type SampleColumns } from '../vantage.ts'
import type { SeriesColumns } from './rows.ts'

/** check → vantage → columns. */
export type Samples = ReadonlyMap<string, ReadonlyMap<string, SeriesColumns>>

/** Of a check that no contract describes: one probe each minute with 10 s of patience. */
export const BARE_RULES: FoldRules = { holdMs: 130_000, down: 2, up: 1 }
const BARE_INTERVAL_MS = 60_000

const FAIL = outcomeCode('fail')
const BLOCKED = outcomeCode('blocked')

type Vantage = { name: string; timeline: Timeline; slots: VantageSlots }
/** By check: what each vantage that spoke knows of it. */
export type Folded = ReadonlyMap<string, readonly Vantage[]>

/** Facts of every service of the terms that the rows say something of. */
export function measuredServices(terms: ExpandedContract, folded: Folded): Map<string, ServiceFacts> {
  const facts = new Map<string, ServiceFacts>()
  for (const { name } of terms.services) {
    const checks = checksOf(terms, name).map((check) => check.name)
    if (!checks.some((check) => folded.has(check))) continue
    const vantages = [...new Set(checks.flatMap((check) => vantagesOf(terms, check, folded)))].sort()
    const seen = seenBy(terms, { service: name, folded, of: null })
    const sites = sitesOf(terms, vantages).map(({ site, agents }) => ({
      site,
      ...seenBy(terms, { service: name, folded, of: agents }),
      incidents: null,
    }))
    facts.set(name, { ...seen, sites, incidents: null })
  }
  return facts
}

/** Each check as a service, where there is no contract. */
export function bareServices(samples: Samples): Map<string, ServiceFacts> {
  const facts = new Map<string, ServiceFacts>()
  for (const [check, byVantage] of samples) {
    const own = [...byVantage].map(([name, columns]) => ({
      name,
      timeline: foldSamples(BARE_RULES, columns),
      slots: slotsOf(columns, BARE_INTERVAL_MS),
    }))
    const timeline = quorum(
      own.map((one) => one.timeline),
      defaultQuorum(own.length),
    )
    const sites = own.map(({ name, timeline: seen, slots }) => ({
      site: name,
      timeline: seen,
      slots: [slots],
      incidents: null,
    }))
    facts.set(check, { timeline, slots: own.map(({ slots }) => slots), sites, incidents: null })
  }
  return facts
}

/** Samples to timelines, check by check. */
export function foldAll(terms: ExpandedContract, samples: Samples): Folded {
  const folded = new Map<string, Vantage[]>()
  for (const check of terms.checks) {
    const byVantage = samples.get(check.name)
    if (!byVantage) continue
    const own = [...byVantage].map(([name, columns]) => {
      const isolated = isolatedOf(name, terms, samples)
      const heard = { ...columns, outcome: toldOutcomes(withIsolation(columns, isolated), terms) }
      const folded = check.fold.confirm.by === 'slots' ? slotRows(heard) : heard
      const timeline = foldSamples(rulesOf(check, terms), folded)
      const silence = subtract(silenceOf(terms, name, { heard: columns, check }), isolated)
      const slots = slotsOf(heard, check.spec.intervalMs)
      return { name, timeline: silenceAsDown(timeline, silence), slots }
    })
    folded.set(check.name, own)
  }
  return folded
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

type Heard = { heard: SeriesColumns; check: CheckTerms }

/** When a host that the provider administers said nothing at all, where the contract counts that as down. */
function silenceOf(terms: ExpandedContract, vantage: string, { heard, check }: Heard): IntervalSet {
  if (terms.measurement.providerHostSilence === 'unknown' || !isProviderHost(terms, vantage)) return []
  const { atMs } = heard
  const silence: Interval[] = []
  for (let i = 0; i < atMs.length; i += 1) {
    const startMs = atMs[i]! + check.fold.holdMs
    const endMs = atMs[i + 1] ?? Infinity
    if (startMs < endMs) silence.push({ startMs, endMs })
  }
  return silence
}

function isProviderHost(terms: ExpandedContract, vantage: string): boolean {
  const site = terms.sites.find(({ agents }) => agents.includes(vantage))
  const { administeredBy = null } = site ?? {}
  return administeredBy !== null && sideOf(terms.parties, administeredBy) === 'provider'
}

function rulesOf({ fold }: CheckTerms, { measurement }: ExpandedContract): FoldRules {
  return { holdMs: fold.holdMs, down: fold.confirm.down, up: fold.confirm.up, blockedIs: measurement.blocked }
}

function isolatedOf(vantage: string, { measurement, checks }: ExpandedContract, samples: Samples) {
  const { isolation } = measurement
  if (isolation.rule === 'own-link') return []
  const references = isolation.references.flatMap((name) => {
    const columns = samples.get(name)?.get(vantage)
    const holdMs = checks.find((check) => check.name === name)?.fold.holdMs
    return columns && holdMs !== undefined ? [{ columns, holdMs }] : []
  })
  return isolatedTime(references)
}

function slotsOf(columns: SeriesColumns, intervalMs: number): VantageSlots {
  const { atMs, outcome, latencyUs } = slotRows(columns)
  const baseMs = atMs[0] ?? 0
  const offsetMs = Float64Array.from(atMs, (at) => at - baseMs)
  return { columns: { baseMs, offsetMs, outcome, latencyUs }, intervalMs }
}

/** Vantages that the contract names for a check, or those that spoke. */
function vantagesOf({ checks }: ExpandedContract, check: string, folded: Folded): readonly string[] {
  const named = checks.find(({ name }) => name === check)?.vantages ?? 'all'
  return named === 'all' ? (folded.get(check) ?? []).map(({ name }) => name) : named
}

type Part = { service: string; folded: Folded; of: readonly string[] | null }

/** A service as all vantages see it, or only those of one site. */
function seenBy(terms: ExpandedContract, { service, folded, of }: Part): Seen {
  const isIn = (vantage: string): boolean => of === null || of.includes(vantage)
  const timelineOf = (check: string): Timeline => {
    const allowed = vantagesOf(terms, check, folded).filter(isIn)
    const spoke = (folded.get(check) ?? []).filter(({ name }) => allowed.includes(name))
    // A vantage that never spoke is a vantage all the same: it is unknown.
    const silent = Array.from({ length: allowed.length - spoke.length }, () => NOTHING_KNOWN)
    const rule = of === null ? terms.measurement.quorum : { kind: 'default' as const }
    const all = [...spoke.map(({ timeline }) => timeline), ...silent]
    return all.length === 0 ? NOTHING_KNOWN : quorum(all, quorumFor(rule, all.length))
  }
  const slots = checksOf(terms, service).flatMap(({ name: check }) =>
    (folded.get(check) ?? []).filter(({ name }) => isIn(name)).map((one) => one.slots),
  )
  return { timeline: serviceTimeline(terms, service, timelineOf), slots }
}

/** Declared sites with a vantage among these, and one for each vantage that no site has. */
function sitesOf(
  { sites }: ExpandedContract,
  vantages: readonly string[],
): { site: string; agents: string[] }[] {
  const declared = sites.map(({ id, agents }) => ({
    site: id,
    agents: agents.filter((one) => vantages.includes(one)),
  }))
  const placed = new Set(declared.flatMap(({ agents }) => agents))
  const alone = vantages.filter((one) => !placed.has(one)).map((one) => ({ site: one, agents: [one] }))
  return [...declared.filter(({ agents }) => agents.length > 0), ...alone]
}
