/**
 * Reading a scenario: its shape, its documents and its window. Every problem is found before anything is
 * worked out, with its path and its cure. Pure.
 */
import type { Json } from '@constat/shared/canonical-json'
import { Fault } from '@constat/shared/fault'
import type { Interval, UnixMs } from '@constat/shared/time'
import { tableOf } from '../calendar.ts'
import type { CalendarTerms } from '../contract/calendar-terms.ts'
import type { ExpandedContract } from '../contract/expanded.ts'
import type { SourceFile } from '../contract/document.ts'
import { expandCalendar } from '../contract/expand-check.ts'
import { DEFAULT_ZONE_SPAN } from '../contract/expand.ts'
import { parseContract } from '../contract/parse.ts'
import { problemText, type Problem } from '../contract/problem.ts'
import { parseLeniently } from '../contract/refusal.ts'
import type { LossModelSpec } from '../contract/schema-private.ts'
import { parseWindowKey, rollingWindow, windowOfKey } from '../period.ts'
import { hostZone } from '../zone.ts'
import { Findings, listed, type Say } from './findings.ts'
import { readInstant } from './rows.ts'
import { scenarioSchema, type Scenario } from './schema.ts'

/** As much of a scenario as has the right shape, and what was found of the rest. */
export type Reading = { scenario: Scenario; findings: Findings }

/** What the documents of a scenario hold. */
export type Documents = {
  terms: ExpandedContract | null
  calendars: CalendarTerms[]
  /** Private loss models of the chosen contract. */
  lossModels: { name: string; model: LossModelSpec }[]
}

/** Fault `bad-request` where nothing of it can be read. */
export function readScenario(value: unknown): Reading {
  const findings = new Findings()
  // Whatever was parsed from JSON text is JSON.
  const parsed = parseLeniently(scenarioSchema, value as Json)
  for (const { path, message } of parsed.refusals) findings.say(path, message)
  if (parsed.kind === 'ok') return { scenario: parsed.value, findings }
  findings.refuse()
  return { scenario: {}, findings }
}

const NO_DOCUMENTS: Documents = { terms: null, calendars: [], lossModels: [] }

/** `files`: those of `contractFile`, already read. */
export function documentsOf({ scenario, findings }: Reading, files: readonly SourceFile[]): Documents {
  const own = [scenario.contract ?? []].flat()
  const isList = Array.isArray(scenario.contract)
  const inline = own.map((document, i) => ({
    name: isList ? `contract[${i}]` : 'contract',
    text: JSON.stringify(document),
  }))
  const sources = [...inline, ...files]
  if (sources.length === 0) {
    needsContract(scenario, findings.say)
    return NO_DOCUMENTS
  }
  const parsed = parseContract(sources)
  if (parsed.kind === 'refused') {
    const names = new Set(inline.map(({ name }) => name))
    findings.sayOfContract(parsed.problems.map((one) => placed(one, names.has(one.file))))
    return NO_DOCUMENTS
  }
  const calendars = parsed.documents.flatMap((document) =>
    document.kind === 'Calendar' ? [expandCalendar(document)] : [],
  )
  const terms = chosen(parsed.contracts, { scenario, findings })
  if (parsed.contracts.length === 0) needsContract(scenario, findings.say)
  const lossModels = parsed.documents.flatMap((document) =>
    document.kind === 'LossModel' && document.spec.contract === terms?.name
      ? [{ name: document.metadata.name, model: document.spec }]
      : [],
  )
  return { terms, calendars, lossModels }
}

/** A document of the scenario itself is found by its path, one of a file by its line. */
function placed(problem: Problem, isInline: boolean): string {
  if (!isInline) return problemText(problem)
  const { file, path, message } = problem
  return `${file}${path === '' ? '' : path.startsWith('[') ? path : `.${path}`}: ${message}`
}

/** What only a contract gives a meaning to. */
function needsContract(scenario: Scenario, say: Say): void {
  for (const key of ['contractName', 'exclusions', 'history', 'statement'] as const) {
    if (scenario[key] === undefined) continue
    say([key], 'stands without a contract: write one as contract or contractFile, or remove this')
  }
}

function chosen(
  contracts: readonly ExpandedContract[],
  { scenario: { contractName: name }, findings }: Reading,
): ExpandedContract | null {
  const names = listed(contracts.map((one) => one.name))
  if (name !== undefined && contracts.length > 0) {
    const found = contracts.find((one) => one.name === name)
    if (!found) findings.say(['contractName'], `names no contract of the documents: write one of ${names}`)
    return found ?? null
  }
  if (contracts.length > 1)
    findings.say(['contractName'], `is missing, and there are several contracts: write one of ${names}`)
  return contracts.length === 1 ? contracts[0]! : null
}

export type Span = { window: Interval; asOfMs: UnixMs; phase: 'open' | 'closed' }

/** A window measured before its end is open. Null: the scenario has none, or none that can be read. */
export function spanOf({ scenario, findings }: Reading, documents: Documents): Span | null {
  const { window, asOf } = scenario
  const { say } = findings
  const givenMs = asOf === undefined ? undefined : readInstant(asOf, ['asOf'], say)
  if (window === undefined) return null
  const interval =
    typeof window === 'string'
      ? keyed(window, { documents, asOfMs: givenMs, say })
      : windowBetween(window, say)
  if (!interval) return null
  const asOfMs = givenMs ?? interval.endMs
  return { window: interval, asOfMs, phase: asOfMs < interval.endMs ? 'open' : 'closed' }
}

function windowBetween(
  { start, end }: Exclude<NonNullable<Scenario['window']>, string>,
  say: Say,
): Interval | null {
  const startMs = readInstant(start, ['window', 'start'], say)
  const endMs = readInstant(end, ['window', 'end'], say)
  if (startMs === undefined || endMs === undefined) return null
  if (startMs < endMs) return { startMs, endMs }
  say(['window', 'end'], 'should be later than window.start: write the first instant after the window')
  return null
}

type Naming = { documents: Documents; asOfMs: UnixMs | undefined; say: Say }

const KEYS = '2026-10, 2026-Q4, 2026, 2026-W41, 2026-10-05 or rolling-30d'

function keyed(key: string, naming: Naming): Interval | null {
  try {
    return windowNamed(key, naming)
  } catch (error) {
    // A year that the rules of its time zone do not reach.
    if (!(error instanceof Fault)) throw error
    naming.say(['window'], `${error.message}: write {start, end}`)
    return null
  }
}

/** The window of a key: as the guarantees with such windows have it, else in the zone of the contract. */
function windowNamed(key: string, { documents, asOfMs, say }: Naming): Interval | null {
  const { terms, calendars } = documents
  const named = parseWindowKey(key)
  if (!named) {
    say(
      ['window'],
      `is ${JSON.stringify(key)}, which is no window: write a key such as ${KEYS}, or {start, end}`,
    )
    return null
  }
  if (named.kind === 'rolling') {
    if (asOfMs !== undefined) return plain(rollingWindow(asOfMs, named.days))
    say(['asOf'], `is missing: ${key} ends there; write it, or a window of a calendar`)
    return null
  }
  const own = (terms?.guarantees ?? []).flatMap((guarantee) => {
    const found =
      terms && windowOfKey(key, tableOf(terms.zoneTables, guarantee.window.timeZone), guarantee.window)
    return found && found.period === guarantee.window.period ? [{ guarantee, found }] : []
  })
  const [first] = own
  const other = own.find(
    ({ found }) => found.startMs !== first?.found.startMs || found.endMs !== first.found.endMs,
  )
  if (first && other) {
    const both = `${first.guarantee.id} and ${other.guarantee.id}`
    say(['window'], `is not the same time for ${both}: write {start, end} of the one that is meant`)
    return null
  }
  if (first) return plain(first.found)
  const zones = [...new Set(calendars.flatMap((one) => (one.kind === 'weekly' ? [one.timeZone] : [])))]
  const zone = terms?.effective.timeZone ?? (zones.length === 1 ? zones[0]! : 'UTC')
  const found = windowOfKey(key, hostZone(zone, DEFAULT_ZONE_SPAN))
  if (!found)
    say(['window'], `is a window that begins on no day of the contract's periods: write {start, end}`)
  return found ? plain(found) : null
}

function plain({ startMs, endMs }: Interval): Interval {
  return { startMs, endMs }
}
