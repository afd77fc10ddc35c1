/**
 * Expansion: one contract document and its library to the full terms. Pure, save that the host's tzdb
 * becomes the zone tables here, once; from then on the terms carry them.
 * Total on whatever the schemas accept: what does not resolve is told by `references.ts`.
 */
import type { Json } from '@constat/shared/canonical-json'
import type { Interval, UnixMs } from '@constat/shared/time'
import { ALWAYS } from '../calendar.ts'
import { parseDate } from '../civil.ts'
import { hostZone, instantOf, isZone } from '../zone.ts'
import type { ZoneTable } from '../zone-table.ts'
import { defaultedLeaves } from './defaulted.ts'
import {
  DEFAULT_CONFIRM,
  expandCalendar,
  expandCheck,
  expandHours,
  expandServices,
  expandWatch,
  type CheckDefaults,
} from './expand-check.ts'
import {
  DEFAULT_GRACE_MS,
  expandCredits,
  expandExclusions,
  expandGuarantee,
  expandMeasurement,
  expandReconciliation,
} from './expand-rules.ts'
import { msOr } from './scalar.ts'
import type { CalendarTerms } from './calendar-terms.ts'
import type { CheckTerms, ExpandedContract, GuaranteeTerms, Party, ServiceNode } from './expanded.ts'
import { entriesOf, type Entry, type Library } from './library.ts'
import type { ContractSpec } from './schema-contract.ts'
import { slugsOfWatch } from './watch.ts'

/** Zone rules written into terms that name no dates, and added around those that do. */
export const DEFAULT_ZONE_SPAN: Interval = { startMs: Date.UTC(2010, 0, 1), endMs: Date.UTC(2051, 0, 1) }
const YEAR_MS = 366 * 86_400_000

export function expandContract(entry: Entry<'Contract'>, library: Library): ExpandedContract {
  const { metadata, spec } = entry.document
  const timeZone = defaultZone(spec)
  const parties = expandParties(spec)
  const checks = expandChecks(entry, library)
  const described = new Map(
    entriesOf(library, 'Service').map(({ document: { metadata: about, spec: service } }) => [
      about.name,
      { displayName: about.displayName ?? about.name, description: service?.description ?? '' },
    ]),
  )
  const guarantees = expandGuarantees(spec, {
    timeZone,
    calendar: spec.hours ? hoursName(metadata.name) : 'always',
  })
  const exclusions = expandExclusions(spec.exclusions)
  const credits = spec.credits ? expandCredits(spec.credits) : null
  const used = calendarsUsed({ guarantees, exclusions, credits })
  const partial = {
    guarantees,
    calendars: expandCalendars(entry, library, { timeZone, used }),
    exclusions,
    reconciliation: expandReconciliation(spec.reconciliation, timeZone),
  }
  const zoneTables = tablesOf(spec, [timeZone, ...zonesOf(partial)])
  const terms = {
    schema: 'constat-terms/1' as const,
    name: metadata.name,
    displayName: metadata.displayName ?? metadata.name,
    reference: spec.reference ?? null,
    revision: spec.revision ?? null,
    effective: effectiveOf(spec, timeZone, zoneTables),
    prevailingLanguage: spec.prevailingLanguage ?? 'en',
    parties,
    provider: parties.find(({ role }) => role === 'provider')?.id ?? 'provider',
    sites: (spec.sites ?? []).map(({ id, displayName = id, agents, administeredBy = null }) => {
      return { id, displayName, agents, administeredBy }
    }),
    zones: (spec.zones ?? []).map(({ reference: references, ...zone }) => ({ ...zone, references })),
    charges: chargesOf(spec),
    clauses: spec.clauses ?? [],
    checks,
    services: expandServices(checks, spec.services ?? [], described),
    measurement: expandMeasurement(spec),
    finalisation: {
      graceMs: msOr(spec.finalisation?.grace, DEFAULT_GRACE_MS),
      amendmentsUntil: spec.finalisation?.amendmentsUntil ?? 'claim-deadline',
    },
    ...partial,
    credits,
    zoneTables,
  }
  const written = { contract: entry.source.data, checks: sourcesOfChecks(library) }
  return { ...terms, source: { raw: entry.source.data, defaulted: defaultedLeaves(terms, written) } }
}

function sourcesOfChecks(library: Library): Map<string, Json> {
  return new Map(
    entriesOf(library, 'Check').map(({ document, source }) => [document.metadata.name, source.data]),
  )
}

/** Zone of windows that name none. */
function defaultZone(spec: ContractSpec): string {
  return (
    spec.timeZone ??
    spec.effective?.timeZone ??
    spec.guarantees?.find(({ window }) => window?.timeZone)?.window?.timeZone ??
    'UTC'
  )
}

function hoursName(contract: string): string {
  return `${contract}-hours`
}

/** The built-in calendar, the contract's own hours, and those it names: no others are part of the terms. */
function expandCalendars(
  { document }: Entry<'Contract'>,
  library: Library,
  { timeZone, used }: { timeZone: string; used: ReadonlySet<string> },
): Record<string, CalendarTerms> {
  const listed = entriesOf(library, 'Calendar')
    .filter((entry) => used.has(entry.document.metadata.name))
    .map((entry) => expandCalendar(entry.document))
  const { hours } = document.spec
  const name = hoursName(document.metadata.name)
  const own = hours ? [expandHours(hours, { name, timeZone })] : []
  return Object.fromEntries([ALWAYS, ...listed, ...own].map((calendar) => [calendar.name, calendar]))
}

type Dated = Pick<ExpandedContract, 'guarantees' | 'exclusions' | 'credits'>

function calendarsUsed({ guarantees, exclusions, credits }: Dated): Set<string> {
  const notices = exclusions.kinds.flatMap(({ notice }) =>
    notice && 'calendar' in notice ? [notice.calendar] : [],
  )
  const rights = (credits?.chronic ?? []).map((rule) => ('notice' in rule ? rule.notice : null))
  const counts = [credits?.claim?.deadline, credits?.claim?.providerAnswer, ...rights]
  const limits = counts.flatMap((count) => (count && 'calendar' in count ? [count.calendar] : []))
  return new Set([...guarantees.map(({ calendar }) => calendar), ...notices, ...limits])
}

function expandParties(spec: ContractSpec): Party[] {
  const listed = (spec.parties ?? []).map(({ id, role, name, of = null }) => ({ id, role, name, of }))
  const own: Party[] = []
  if (!listed.some(({ role }) => role === 'customer')) {
    own.push({ id: 'customer', role: 'customer', name: spec.customer ?? 'Customer', of: null })
  }
  if (spec.provider !== undefined)
    own.push({ id: 'provider', role: 'provider', name: spec.provider, of: null })
  return [...own, ...listed]
}

function chargesOf({ charges, monthlyFee }: ContractSpec): ExpandedContract['charges'] {
  if (charges) {
    const monthly = charges.monthly.map(({ service, amount }) => ({ service: service ?? null, amount }))
    return { currency: charges.currency, tax: charges.tax, monthly }
  }
  if (!monthlyFee) return null
  return {
    currency: monthlyFee.currency,
    tax: 'outside-vat',
    monthly: [{ service: null, amount: monthlyFee.amount }],
  }
}

/** Checks of this contract in order of name: watched, named, or probing one of its services. */
function expandChecks({ document: { spec } }: Entry<'Contract'>, library: Library): CheckTerms[] {
  const { brackets, confirm, sample, vantages } = spec.measurement ?? {}
  const short = typeof spec.confirm === 'number' ? { ...DEFAULT_CONFIRM, down: spec.confirm } : spec.confirm
  const hold = sample?.hold ?? spec.hold
  const zones = spec.zones ?? []
  const defaults: CheckDefaults = {
    confirm: confirm ?? short ?? DEFAULT_CONFIRM,
    brackets,
    holdMs: hold === undefined ? null : msOr(hold, 0),
    vantages: vantages ?? 'all',
    lastZone: zones.at(-1)?.id ?? null,
    zoneOfReference: new Map(
      zones.flatMap(({ id, reference }) => reference.map((check) => [check, id] as const)),
    ),
  }
  const uses = usesOf(spec)
  const alone = entriesOf(library, 'Contract').length === 1
  const listed = entriesOf(library, 'Check')
    .map(({ document }) => document)
    .filter(({ metadata, spec: { service } }) => {
      return alone || uses.checks.has(metadata.name) || (service !== undefined && uses.services.has(service))
    })
    .map((document) => expandCheck(document, defaults))
  const all = [...expandWatch(spec, defaults), ...listed]
  return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** What a contract names, directly or in its trees. */
export function usesOf(spec: ContractSpec): { checks: Set<string>; services: Set<string> } {
  const services = new Set((spec.guarantees ?? []).map(({ service }) => service))
  for (const { service } of spec.charges?.monthly ?? []) if (service !== undefined) services.add(service)
  const isolation = spec.measurement?.isolation
  const checks = new Set(isolation?.rule === 'all-references-failed' ? isolation.references : [])
  for (const { reference } of spec.zones ?? []) for (const check of reference) checks.add(check)
  for (const { name, tree } of spec.services ?? []) {
    services.add(name)
    for (const leaf of tree ? leavesOf(tree) : []) {
      if ('check' in leaf) checks.add(leaf.check)
      else services.add(leaf.service)
    }
  }
  return { checks, services }
}

export function leavesOf(tree: ServiceNode): ({ check: string } | { service: string })[] {
  if ('check' in tree || 'service' in tree) return [tree]
  return ('all' in tree ? tree.all : 'any' in tree ? tree.any : tree.of).flatMap(leavesOf)
}

function expandGuarantees(spec: ContractSpec, own: { timeZone: string; calendar: string }): GuaranteeTerms[] {
  const defaults = { ...own, period: 'P1M' as const }
  const urls = spec.watch ?? []
  const watched = slugsOfWatch(urls).map((slug, i) => ({
    ...expandGuarantee(
      {
        id: slug,
        displayName: urls[i]!,
        service: slug,
        metric: 'interval-availability',
        target: { op: 'gte', percent: spec.target ?? '100' },
      },
      defaults,
    ),
    // A small contract that names one clause means it for what it watches.
    clause: spec.clauses?.length === 1 ? spec.clauses[0]!.id : null,
  }))
  return [...watched, ...(spec.guarantees ?? []).map((guarantee) => expandGuarantee(guarantee, defaults))]
}

type Zoned = Pick<ExpandedContract, 'guarantees' | 'calendars' | 'exclusions' | 'reconciliation'>

function zonesOf({ guarantees, calendars, exclusions, reconciliation }: Zoned): string[] {
  return [
    ...guarantees.map(({ window }) => window.timeZone),
    ...Object.values(calendars).flatMap((calendar) =>
      calendar.kind === 'weekly' ? [calendar.timeZone] : [],
    ),
    ...exclusions.kinds.flatMap(({ recurrence }) => (recurrence ? [recurrence.timeZone] : [])),
    reconciliation.providerClock.timeZone,
  ]
}

function tablesOf({ effective }: ContractSpec, zones: readonly string[]): Record<string, ZoneTable> {
  const fromMs = effective?.from === undefined ? undefined : parseDate(effective.from)
  const toMs = effective?.to === undefined ? undefined : parseDate(effective.to)
  // Years around the dates: windows and claims reach past them.
  const span = {
    startMs: Math.min(DEFAULT_ZONE_SPAN.startMs, (fromMs ?? toMs ?? DEFAULT_ZONE_SPAN.endMs) - YEAR_MS),
    endMs: Math.max(DEFAULT_ZONE_SPAN.endMs, (toMs ?? fromMs ?? 0) + 2 * YEAR_MS),
  }
  const names = [...new Set(zones)].filter(isZone).sort()
  return Object.fromEntries(names.map((zone) => [zone, hostZone(zone, span)]))
}

function effectiveOf(
  { effective }: ContractSpec,
  fallback: string,
  tables: Record<string, ZoneTable>,
): ExpandedContract['effective'] {
  const timeZone = effective?.timeZone ?? fallback
  const table = tables[timeZone] ?? hostZone(timeZone, DEFAULT_ZONE_SPAN)
  const at = (text: string | undefined): UnixMs | null => {
    const local = text === undefined ? undefined : parseDate(text)
    return local === undefined ? null : instantOf(table, local)
  }
  return { fromMs: at(effective?.from), toMs: at(effective?.to), timeZone }
}
