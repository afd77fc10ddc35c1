/**
 * Window judgement: every guarantee of one window, then what they are worth together, with the trace of what
 * decided. The same state of the ledger, window and instant give the same bytes: a live collector, a late
 * settlement and a rebuild all end here.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { outagesOf, type OutageLength } from '../credit/chronic-rights.ts'
import { creditStatement, type CreditQuestion, type PastWindow } from '../credit/statement.ts'
import type { Judged, ServiceFacts } from './judge-guarantee.ts'
import { commitmentOf } from './committed.ts'
import { creditTrace, traceOf, type TraceStep } from './trace.ts'
import { absentOutagesMs, reconcileGuarantee } from '../reconciliation/of-guarantee.ts'
import type { ProviderStatement } from '../reconciliation/provider-statement.ts'
import type { Rules } from '../semantics.ts'
import {
  resultsBy,
  type ClosedGuarantee,
  type ClosingBody,
  type ClosingHead,
  type WindowResults,
} from '../state/closing.ts'
import { closedWindows } from '../state/contract-state.ts'
import type { Promised, WindowGroup } from '../state/in-force.ts'
import { factsOf } from './facts.ts'
import { judgeWindowOf } from './promise.ts'
import { saysWhatIsAbsent, statementIn, statementLinesIn } from '../reconciliation/statement-bytes.ts'
import type { KeptStatement } from '../state/statement-record.ts'
import { statementOn, type LedgerState } from './ledger-state.ts'

export type JudgedPromise = Promised & { judged: Judged; facts: ServiceFacts }
export type WindowJudgement = { results: WindowResults; trace: TraceStep[] }
export type WindowAsked = { group: WindowGroup; asOfMs: UnixMs; phase: 'open' | 'closed'; rules: Rules }

/** One guarantee as it stands in the results. */
type One = { closed: ClosedGuarantee; trace: TraceStep[] }
type Priced = CreditQuestion['judged'][number]
/** By guarantee, what an earlier version found of it, where nothing that it rests on has changed since. */
export type Kept = ReadonlyMap<string, One>
export const NOTHING_KEPT: Kept = new Map<string, One>()

/** What a closing says of guarantees whose service is none of these. */
export function keptOf({ results, trace }: ClosingBody, services: ReadonlySet<string>): Kept {
  const untouched = results.guarantees.filter(({ result }) => !services.has(result.service))
  return new Map(
    untouched.map((closed) => {
      const { guarantee } = closed.result
      const own = trace.filter((step) => step.guarantee === guarantee && step.step !== 'credit')
      return [guarantee, { closed, trace: own }]
    }),
  )
}

export async function judgeWindow(
  state: LedgerState,
  asked: WindowAsked,
  kept: Kept = NOTHING_KEPT,
): Promise<WindowJudgement> {
  const judged: JudgedPromise[] = []
  const found: (One & { priced: Priced })[] = []
  const isWhole = countsStatements(state, asked.group)
  for (const promised of asked.group.promised) {
    const known = isWhole ? undefined : kept.get(promised.guarantee.id)
    if (known) found.push({ ...known, priced: judgedAgain(promised, known.closed) })
    else {
      const one = await judgePromise(state, promised, asked)
      judged.push(one)
      found.push({ closed: closedGuarantee(one), trace: traceOfOne(one), priced: one.judged })
    }
  }
  const absentMs = isWhole ? await absentIn(state, asked, judged) : null
  const question = creditQuestion(state, {
    group: asked.group,
    judged: found.map(({ priced }) => priced),
    absentMs,
  })
  const credit = question && creditStatement(question)
  const guarantees = found.map(({ closed }) => closed)
  return {
    results: resultsBy(asked.rules, { guarantees, credit, outages: outagesIn(question) }),
    trace: [...found.flatMap(({ trace }) => trace), ...creditTrace(credit)],
  }
}

/** As it was judged. The time that was promised follows from the terms and the rulings: it is not kept. */
export function judgedAgain(promised: Promised, closed: ClosedGuarantee): Judged {
  const { revision, guarantee, window, inForce } = promised
  const { result, incidents, rulings } = closed
  const counting = rulings.filter(({ counts }) => counts)
  const asked = { terms: revision.terms, guarantee, window, inForce, rulings: counting }
  return { result, incidents, rulings, commitment: commitmentOf(asked) }
}

/** Every guarantee of a window with the facts it was judged by, for whoever asks more of them. */
export async function judgedPromises(state: LedgerState, asked: WindowAsked): Promise<JudgedPromise[]> {
  const judged: JudgedPromise[] = []
  for (const promised of asked.group.promised) judged.push(await judgePromise(state, promised, asked))
  return judged
}

function traceOfOne({ revision, guarantee, window, judged }: JudgedPromise): TraceStep[] {
  return traceOf({ terms: revision.terms, revision: revision.revision, guarantee, window, judged })
}

async function judgePromise(
  { state, timelines, latencies }: LedgerState,
  promised: Promised,
  { asOfMs, phase, rules }: WindowAsked,
): Promise<JudgedPromise> {
  const question = { state, ...promised, asOfMs, rules }
  const facts = await factsOf(question, { timelines, latencies, told: timelines })
  const judged = judgeWindowOf({ ...question, phase, facts })
  return { ...promised, judged, facts }
}

function closedGuarantee({ revision, guarantee, window, judged }: JudgedPromise): ClosedGuarantee {
  const { key, startMs, endMs } = window
  return {
    revision: revision.revision,
    contractDigest: revision.digest,
    window: { key, startMs, endMs, timeZone: guarantee.window.timeZone },
    result: judged.result,
    incidents: judged.incidents,
    rulings: judged.rulings,
  }
}

/** Priced by the terms in force when the window began. Null where nothing was judged. */
export function creditQuestion(
  state: LedgerState,
  given: {
    group: WindowGroup
    judged: readonly Priced[]
    absentMs: ReadonlyMap<string, readonly number[]> | null
  },
): CreditQuestion | null {
  const { group, judged, absentMs } = given
  const first = group.promised[0]
  if (!first) return null
  const past = group.promised.map(
    ({ guarantee, window }) => [guarantee.id, pastOf(state, guarantee.id, window.startMs)] as const,
  )
  const earlier = earlierOutages(state, group.startMs)
  return { terms: first.revision.terms, judged, history: new Map(past), absentMs, earlier }
}

function outagesIn(question: CreditQuestion | null): WindowResults['outages'] {
  const services = new Set(question?.judged.map(({ result }) => result.service))
  return Object.fromEntries(
    [...services].flatMap((service) => {
      const found = question ? outagesOf(service, question) : []
      return found.length === 0 ? [] : [[service, found]]
    }),
  )
}

function earlierOutages(state: LedgerState, startMs: UnixMs): Map<string, OutageLength[]> {
  const earlier = new Map<string, OutageLength[]>()
  for (const { outages } of closedBefore(state, startMs)) {
    for (const [service, own] of Object.entries(outages)) {
      const known = earlier.get(service) ?? []
      // A month and a week of it see the same outage.
      const fresh = own.filter(({ onsetMs }) => !known.some((one) => one.onsetMs === onsetMs))
      earlier.set(service, [...known, ...fresh])
    }
  }
  return earlier
}

/** Whether what the provider has stated of the window is part of what it is worth. */
function countsStatements({ state }: LedgerState, { key, promised }: WindowGroup): boolean {
  const misreport = promised[0]?.revision.terms.credits?.misreport
  return misreport != null && statementOn(state, { window: key }) !== null
}

/** Windows of the guarantee before this one, oldest first. */
function pastOf(state: LedgerState, guarantee: string, startMs: UnixMs): PastWindow[] {
  return closedBefore(state, startMs)
    .flatMap(({ guarantees }) => guarantees.filter((one) => one.guarantee === guarantee))
    .map(({ verdict, credit }) => ({ verdict, credit }))
}

/** Windows that had ended by then, each by its newest version. */
function closedBefore({ state }: LedgerState, startMs: UnixMs): ClosingHead[] {
  return closedWindows(state).filter(({ endMs }) => endMs <= startMs)
}

/** What the provider's statement of this window leaves out, by service; null: there is none to be read. */
async function absentIn(
  state: LedgerState,
  { group, asOfMs }: Pick<WindowAsked, 'group' | 'asOfMs'>,
  judged: readonly JudgedPromise[],
): Promise<Map<string, number[]> | null> {
  const kept = statementOn(state.state, { window: group.key })
  const first = judged[0]
  const statement = kept && first && readOrNull(await state.bytesOf(kept), { kept, ...first })
  if (!statement) return null
  const found = new Map<string, number[]>()
  for (const { revision, window, judged: one, facts } of judged) {
    const { terms } = revision
    const { timeline } = facts
    // What its lines claim as excused decides nothing here: only what it leaves out does.
    const judged = { ...one, rulings: [] }
    const result = reconcileGuarantee({ terms, judged, timeline, statement, window, asOfMs })
    if (result) found.set(one.result.service, absentOutagesMs(result))
  }
  return found
}

/** It could be read when it was handed in; under other terms it may say nothing. */
function readOrNull(
  bytes: Buffer,
  { kept, revision, window }: Pick<JudgedPromise, 'revision' | 'window'> & { kept: KeptStatement },
): ProviderStatement | null {
  try {
    if (kept.reader === undefined) return statementIn(bytes, revision.terms)
    const reading = statementLinesIn(bytes, { ...revision.terms, window })
    return saysWhatIsAbsent(reading) ? reading : null
  } catch (error) {
    if (error instanceof Fault && error.code !== 'internal') return null
    throw error
  }
}
