/**
 * Inputs of a scenario: everything that it gives, read and checked, every problem at once; and notes of what
 * was given and changes nothing. Pure.
 */
import type { Interval, UnixMs } from '@constat/shared/time'
import { tableOf } from '../calendar.ts'
import type { ExpandedContract } from '../contract/expanded.ts'
import type { SourceFile } from '../contract/document.ts'
import type { Path } from '../contract/problem.ts'
import type { PastWindow } from '../credit/statement.ts'
import { parseFraction } from '../fraction.ts'
import { DECISION, sideOf, type Declaration } from '../judgement/declaration.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import { POLICIES } from '../policy/table.ts'
import { statementOfJson, statementProblems } from '../reconciliation/provider-statement.ts'
import type { ProviderStatement } from '../reconciliation/provider-statement.ts'
import type { Timeline } from '../timeline.ts'
import { listed, type Findings, type Say } from './findings.ts'
import type { Samples } from './measured.ts'
import { documentsOf, spanOf, type Reading, type Span } from './read.ts'
import { BOUNDLESS, farText, isFar, readInstant, sampleColumns, shown, stateTimeline } from './rows.ts'
import type { Bounds, SeriesColumns } from './rows.ts'
import type { ExclusionInput, IncidentInput, Scenario } from './schema.ts'

/** What people did about an outage, joined to the measured incident that it overlaps. */
export type ToldIncident = {
  service: string
  startMs: UnixMs
  /** Null: as far as anybody looked. */
  endMs: UnixMs | null
  people: Partial<IncidentFacts>
}

/** Whether people tell of that outage. */
export function overlaps(
  { startMs, endMs: toldMs }: ToldIncident,
  { onsetMs, endMs }: Pick<IncidentFacts, 'onsetMs' | 'endMs'>,
  asOfMs: UnixMs,
): boolean {
  return startMs < (endMs ?? Infinity) && onsetMs < Math.max(toldMs ?? asOfMs, startMs + 1)
}

export type Inputs = ReturnType<typeof inputsOf>

/** What the parts of a scenario are read with. */
type Context = { scenario: Scenario; findings: Findings; terms: ExpandedContract | null; bounds: Bounds }

/** Fault with every problem of the scenario and of its documents. */
export function inputsOf(reading: Reading, files: readonly SourceFile[]) {
  const { scenario, findings } = reading
  const documents = documentsOf(reading, files)
  const span = spanOf(reading, documents)
  const context = { scenario, findings, terms: documents.terms, bounds: boundsOf(scenario, span) }
  checkNames(context)
  checkAsOf(context, span)
  const inputs = {
    ...reading,
    documents,
    span,
    samples: samplesOf(context),
    states: statesOf(context),
    declarations: declarationsOf(context),
    incidents: incidentsOf(context),
    history: historyOf(context),
    statement: statementOf(context),
  }
  findings.refuse()
  return inputs
}

/** Farther from the window than this, an instant is a mistake. */
const FAR_MS = 3653 * 86_400_000

/** What comes after `asOf` nobody knew then; without one the window is told with all that came after it. */
function boundsOf({ asOf }: Scenario, span: Span | null): Bounds {
  if (!span) return BOUNDLESS
  const { startMs, endMs } = span.window
  return {
    fromMs: startMs - FAR_MS,
    untilMs: endMs + FAR_MS,
    cutMs: asOf === undefined ? Infinity : span.asOfMs,
  }
}

function checkAsOf({ scenario: { asOf }, findings, bounds }: Context, span: Span | null): void {
  if (asOf === undefined || !span) return
  if (isFar(span.asOfMs, bounds)) findings.say(['asOf'], farText(asOf, span.asOfMs, bounds))
  else if (span.asOfMs <= span.window.startMs)
    findings.note(['asOf'], 'is not after the beginning of the window: nothing of it is measured yet')
}

function instantNear(value: unknown, path: Path, { findings: { say }, bounds }: Context): UnixMs | null {
  const atMs = readInstant(value, path, say)
  if (atMs === undefined) return null
  if (isFar(atMs, bounds)) say(path, farText(value, atMs, bounds))
  return atMs
}

/** Names that nothing in the documents has would be answered with silence. */
function checkNames({ scenario, terms, findings: { say } }: Context): void {
  for (const [i, policy] of (scenario.policies ?? []).entries()) {
    const known = POLICIES.map(({ name }) => name)
    if (!known.includes(policy))
      say(['policies', i], `there is no policy ${JSON.stringify(policy)}: write one of ${known.join(', ')}`)
  }
  if (!terms) return
  const services = terms.services.map(({ name }) => name)
  const guarantees = terms.guarantees.map(({ id }) => id)
  const ask = (name: string | undefined | null, path: Path): void => {
    if (name === undefined || name === null || services.includes(name)) return
    say(path, `${terms.name} has no service ${name}: write one of ${listed(services)}`)
  }
  for (const name of Object.keys(scenario.states ?? {})) ask(name, ['states', name])
  for (const part of ['incidents', 'exclusions'] as const)
    for (const [i, { service }] of (scenario[part] ?? []).entries()) ask(service, [part, i, 'service'])
  for (const [i, { service }] of (scenario.statement?.incidents ?? []).entries())
    ask(service, ['statement', 'incidents', i, 'service'])
  for (const name of Object.keys(scenario.statement?.availability ?? {})) {
    if (name === '*' || services.includes(name) || guarantees.includes(name)) continue
    const known = listed([...new Set([...guarantees, ...services])])
    say(['statement', 'availability', name], `is no guarantee and no service: write * or one of ${known}`)
  }
  for (const name of Object.keys(scenario.history ?? {})) {
    if (guarantees.includes(name)) continue
    say(['history', name], `${terms.name} has no guarantee ${name}: write one of ${listed(guarantees)}`)
  }
  checkVantages(scenario, terms, say)
}

function checkVantages({ samples = {} }: Scenario, { checks, name }: ExpandedContract, say: Say): void {
  for (const [check, byVantage] of Object.entries(samples)) {
    const vantages = checks.find((one) => one.name === check)?.vantages
    if (vantages === undefined) {
      const known = listed(checks.map((one) => one.name))
      say(['samples', check], `${name} has no check ${check}: write one of ${known}`)
      continue
    }
    for (const vantage of Object.keys(byVantage)) {
      if (vantages === 'all' || vantages.includes(vantage)) continue
      say(['samples', check, vantage], `may not run this check: its vantages are ${listed(vantages)}`)
    }
  }
}

function samplesOf({ scenario: { samples = {} }, findings, bounds }: Context): Samples {
  const seriesOf = (check: string, vantage: string, rows: readonly unknown[]): SeriesColumns => {
    const path = ['samples', check, vantage]
    const { columns, left } = sampleColumns(rows, { path, say: findings.say, bounds })
    if (left > 0) findings.note(path, `${left} row(s) from asOf on are left out: nobody knew them then`)
    return columns
  }
  return new Map(
    Object.entries(samples).map(([check, byVantage]) => [
      check,
      new Map(Object.entries(byVantage).map(([vantage, rows]) => [vantage, seriesOf(check, vantage, rows)])),
    ]),
  )
}

function statesOf({ scenario: { states = {} }, findings, bounds }: Context): Map<string, Timeline> {
  return new Map(
    Object.entries(states).map(([service, rows]) => {
      const path = ['states', service]
      const { timeline, left, since } = stateTimeline(rows, { path, say: findings.say, bounds })
      if (left > 0) findings.note(path, `${left} row(s) from asOf on are left out: nobody knew them then`)
      if (since !== null)
        findings.note(path, 'begins more than ten years before the window: its first state holds since then')
      return [service, timeline]
    }),
  )
}

function declarationsOf(context: Context): Declaration[] {
  const seen = new Map<string, number>()
  return (context.scenario.exclusions ?? []).flatMap((one, i) => {
    const declared = declarationOf(one, i, context)
    const before = declared && seen.get(declared.id)
    if (declared && before !== undefined) {
      const message = `is taken: exclusions[${before}] has the id ${declared.id} too; give each its own, or none`
      context.findings.say(['exclusions', i, 'id'], message)
    }
    if (declared) seen.set(declared.id, i)
    return declared ?? []
  })
}

function declarationOf(one: ExclusionInput, index: number, context: Context): Declaration | null {
  const at = (key: keyof ExclusionInput): UnixMs | null =>
    one[key] === undefined ? null : instantNear(one[key], ['exclusions', index, key], context)
  const interval = intervalOf(
    { startMs: at('start'), endMs: at('end') },
    ['exclusions', index, 'end'],
    context,
  )
  const [announcedStartMs, announcedEndMs] = [at('announcedStart'), at('announcedEnd')]
  const announcedMs = at('announcedAt')
  const declaredMs = at('declaredAt') ?? announcedMs
  const [acceptedBy, contestedBy] = [[one.acceptedBy ?? []].flat(), [one.contestedBy ?? []].flat()]
  notePeople({ acceptedBy, contestedBy, declaredBy: one.declaredBy ?? [] }, index, context)
  if (!interval) return null
  return {
    id: one.id ?? String(index + 1),
    kind: one.kind,
    service: one.service ?? null,
    interval,
    announcedMs,
    announced:
      announcedStartMs === null && announcedEndMs === null
        ? null
        : { startMs: announcedStartMs ?? interval.startMs, endMs: announcedEndMs ?? interval.endMs },
    declaredMs,
    declaredBy: one.declaredBy ?? null,
    acceptedBy,
    contestedBy,
  }
}

function intervalOf(
  { startMs, endMs }: { startMs: UnixMs | null; endMs: UnixMs | null },
  path: Path,
  { findings: { say } }: Context,
): Interval | null {
  if (startMs === null || endMs === null) return null
  if (startMs < endMs) return { startMs, endMs }
  say(path, 'should be later than its start: write the first instant after it')
  return null
}

/** The word of somebody who is no party of the contract counts for nothing. */
function notePeople(
  people: Record<'acceptedBy' | 'contestedBy' | 'declaredBy', string | readonly string[]>,
  index: number,
  { terms, findings: { note } }: Context,
): void {
  if (!terms) return
  for (const [key, ids] of Object.entries(people)) {
    for (const id of [ids].flat()) {
      if ((id === DECISION && key !== 'declaredBy') || sideOf(terms.parties, id) !== null) continue
      const known = listed(terms.parties.map((party) => party.id))
      note(
        ['exclusions', index, key],
        `${id} stands on neither side of ${terms.name}: its parties are ${known}`,
      )
    }
  }
}

function incidentsOf(context: Context): ToldIncident[] {
  const { terms, findings } = context
  return (context.scenario.incidents ?? []).flatMap((one, i) => {
    const at = (key: keyof IncidentInput): UnixMs | null =>
      one[key] === undefined ? null : instantNear(one[key], ['incidents', i, key], context)
    const [startMs, endMs] = [at('start'), at('end')]
    if (endMs !== null) intervalOf({ startMs, endMs }, ['incidents', i, 'end'], context)
    if (terms && one.zone !== undefined && !terms.zones.some(({ id }) => id === one.zone))
      findings.note(['incidents', i, 'zone'], `${terms.name} has no zone ${one.zone}`)
    const people = {
      ...(one.zone !== undefined && { zone: one.zone }),
      cause: one.cause ?? null,
      alertedMs: at('alertedAt'),
      notifiedMs: at('notifiedAt'),
      acknowledgedMs: at('acknowledgedAt'),
      providerClosedMs: at('providerClosedAt'),
    }
    return startMs === null ? [] : [{ service: one.service, startMs, endMs, people }]
  })
}

/** Windows judged before, by guarantee, oldest first. */
function historyOf({ scenario: { history = {} }, findings: { say } }: Context): Map<string, PastWindow[]> {
  const pastOf = (one: (typeof history)[string][number], path: Path): PastWindow => {
    if (typeof one === 'string') return { verdict: one, credit: null }
    const { verdict, credit = null } = one
    if (credit !== null && !parseFraction(credit))
      say([...path, 'credit'], `is ${shown(credit)}, which is no amount: write a decimal such as "1800.00"`)
    return { verdict, credit }
  }
  return new Map(
    Object.entries(history).map(([guarantee, windows]) => [
      guarantee,
      windows.map((one, i) => pastOf(one, ['history', guarantee, i])),
    ]),
  )
}

function statementOf({ scenario, terms, findings, bounds }: Context): ProviderStatement | null {
  const { statement } = scenario
  if (!statement || !terms) return null
  const { reconciliation, zoneTables } = terms
  const context = {
    rules: reconciliation,
    table: tableOf(zoneTables, reconciliation.providerClock.timeZone),
  }
  const problems = statementProblems(statement, context)
  for (const { path, message } of problems) findings.say(['statement', ...path], message)
  if (problems.length > 0) return null
  const read = statementOfJson(statement, context)
  for (const { line, readings } of read.incidents) {
    const path = ['statement', 'incidents', line - 1]
    for (const [key, atMs] of [
      ['start', readings[0]!.startMs],
      ['end', readings[0]!.endMs],
    ] as const)
      if (atMs !== Infinity && isFar(atMs, bounds)) findings.say([...path, key], farText(null, atMs, bounds))
  }
  return read
}
