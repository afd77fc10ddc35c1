/**
 * Reading a scenario: the whole of it checked, every problem at once, before anything is worked out. Pure.
 */
import { Fault } from '@constat/shared/fault'
import type { Interval, UnixMs } from '@constat/shared/time'
import type { CalendarTerms, ExpandedContract } from '../contract/expanded.ts'
import type { SourceFile } from '../contract/document.ts'
import { expandCalendar } from '../contract/expand-check.ts'
import { parseContract } from '../contract/parse.ts'
import { problemText } from '../contract/problem.ts'
import type { LossModelSpec } from '../contract/schema-private.ts'
import type { PastWindow } from '../credit/statement.ts'
import { parseFraction } from '../fraction.ts'
import type { Declaration } from '../judgement/declaration.ts'
import { instantAt } from './rows.ts'
import { scenarioSchema, type ExclusionInput, type Scenario } from './schema.ts'

/** What the documents of a scenario hold. */
export type Documents = {
  terms: ExpandedContract | null
  calendars: CalendarTerms[]
  /** Private loss models of the chosen contract. */
  lossModels: { name: string; model: LossModelSpec }[]
}

const MAX_TOLD = 50

/** Fault `bad-request` with every problem and its path. */
export function readScenario(value: unknown): Scenario {
  const parsed = scenarioSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.slice(0, MAX_TOLD).map(({ path, message }) => {
    return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`
  })
  throw new Fault('bad-request', `the scenario has ${problems.length} problem(s)`, {
    problems,
    hint: 'Its JSON Schema is docs/scenario.schema.json.',
  })
}

/** `files`: those of `contractFile`, already read. Fault `bad-contract` with every problem. */
export function documentsOf(scenario: Scenario, files: readonly SourceFile[]): Documents {
  const own =
    scenario.contract === undefined
      ? []
      : [{ name: 'contract', text: JSON.stringify(scenario.contract, null, 1) }]
  const sources = [...own, ...files]
  if (sources.length === 0) return { terms: null, calendars: [], lossModels: [] }
  const parsed = parseContract(sources)
  if (parsed.kind === 'refused') {
    throw new Fault('bad-contract', `the contract has ${parsed.problems.length} problem(s)`, {
      problems: parsed.problems.map(problemText),
    })
  }
  const calendars = parsed.documents.flatMap((document) =>
    document.kind === 'Calendar' ? [expandCalendar(document)] : [],
  )
  const terms = chosen(parsed.contracts, scenario.contractName)
  const lossModels = parsed.documents.flatMap((document) =>
    document.kind === 'LossModel' && document.spec.contract === terms?.name
      ? [{ name: document.metadata.name, model: document.spec }]
      : [],
  )
  return { terms, calendars, lossModels }
}

/** Windows judged before, by guarantee, oldest first. */
export function historyOf({ history = {} }: Scenario): Map<string, PastWindow[]> {
  return new Map(
    Object.entries(history).map(([guarantee, windows]) => [
      guarantee,
      windows.map((one) =>
        typeof one === 'string'
          ? { verdict: one, credit: null }
          : { verdict: one.verdict, credit: creditOf(one.credit, guarantee) },
      ),
    ]),
  )
}

function creditOf(text: string | undefined, guarantee: string): string | null {
  if (text === undefined) return null
  if (parseFraction(text)) return text
  throw new Fault('bad-request', `history.${guarantee}: ${JSON.stringify(text)} is no amount`, {
    hint: 'Write a decimal in quotes, such as "1800.00".',
  })
}

function chosen(contracts: readonly ExpandedContract[], name: string | undefined): ExpandedContract | null {
  const hint = `Write "contractName": one of ${contracts.map((one) => one.name).join(', ')}.`
  if (name !== undefined) {
    const found = contracts.find((one) => one.name === name)
    if (!found) throw new Fault('bad-request', `there is no contract ${name} in the documents`, { hint })
    return found
  }
  if (contracts.length > 1) throw new Fault('bad-request', 'the documents hold several contracts', { hint })
  return contracts[0] ?? null
}

export type Span = { window: Interval; asOfMs: UnixMs; phase: 'open' | 'closed' }

/** A window measured before its end is open. Null: the scenario has none. */
export function spanOf({ window, asOf }: Scenario): Span | null {
  if (!window) return null
  const startMs = instantAt(window.start, 'window.start')
  const endMs = instantAt(window.end, 'window.end')
  if (startMs >= endMs) throw new Fault('bad-request', 'window.end should be later than window.start')
  const asOfMs = asOf === undefined ? endMs : instantAt(asOf, 'asOf')
  return { window: { startMs, endMs }, asOfMs, phase: asOfMs < endMs ? 'open' : 'closed' }
}

export function declarationsOf({ exclusions = [] }: Scenario): Declaration[] {
  const declared = exclusions.map((one, i) => declarationOf(one, `exclusions[${i}]`, i))
  const seen = new Set<string>()
  for (const { id } of declared) {
    if (seen.has(id)) throw new Fault('bad-request', `two exclusions have the id ${id}`, { hint: RENAME })
    seen.add(id)
  }
  return declared
}

const RENAME = 'Give each an id of its own, or none: then it is its place in the list.'

/** A name that nothing in the contract has would be answered with silence. */
export function requireServices(scenario: Scenario, { services, name }: ExpandedContract): void {
  const known = new Set(services.map((service) => service.name))
  const named = [
    ...Object.keys(scenario.states ?? {}),
    ...(scenario.incidents ?? []).map(({ service }) => service),
    ...(scenario.exclusions ?? []).flatMap(({ service }) => service ?? []),
  ]
  const strange = [...new Set(named)].filter((service) => !known.has(service))
  if (strange.length === 0) return
  throw new Fault('bad-request', `${name} has no service ${strange.slice(0, MAX_TOLD).join(', ')}`, {
    hint: `Its services are ${[...known].join(', ')}.`,
  })
}

function declarationOf(one: ExclusionInput, place: string, index: number): Declaration {
  const at = (key: keyof ExclusionInput): UnixMs | null =>
    one[key] === undefined ? null : instantAt(one[key], `${place}.${key}`)
  const interval = { startMs: at('start') ?? 0, endMs: at('end') ?? 0 }
  if (interval.startMs >= interval.endMs)
    throw new Fault('bad-request', `${place}.end should be later than its start`)
  const announcedStartMs = at('announcedStart')
  const announcedEndMs = at('announcedEnd')
  const hasAnnounced = announcedStartMs !== null || announcedEndMs !== null
  return {
    id: one.id ?? String(index + 1),
    kind: one.kind,
    service: one.service ?? null,
    interval,
    announcedMs: at('announcedAt'),
    announced: hasAnnounced
      ? { startMs: announcedStartMs ?? interval.startMs, endMs: announcedEndMs ?? interval.endMs }
      : null,
    declaredMs: at('declaredAt') ?? at('announcedAt'),
    declaredBy: one.declaredBy ?? null,
    acceptedBy: listOf(one.acceptedBy),
    contestedBy: listOf(one.contestedBy),
  }
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}
