/**
 * Declaring: a person says that some time should not count, or answers what the other side said. Checked
 * against the terms, every problem at once, before a leaf is written; whether it excuses is the engine's to say.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { DECISION } from '@constat/sla/judgement/declaration'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { Answer, DeclaredExclusion, ExclusionAnswer, ExclusionRecord, Side } from './declarations.ts'
import { effectiveFromMs, newest, type Terms } from './register.ts'

/** Declarations of one contract at most. */
export const MAX_EXCLUSIONS = 5_000
/** Answers to one declaration at most. */
export const MAX_ANSWERS = 100
/** Longest that one declaration may cover, and furthest that it may lie ahead. */
const YEAR_MS = 366 * 86_400_000

export type ExclusionDraft = {
  kind: string
  service: string | null
  startMs: UnixMs
  endMs: UnixMs
  announcedMs: UnixMs | null
  announced: { startMs: UnixMs; endMs: UnixMs } | null
  reason: string
}

/** What is wrong with a draft; empty: nothing. */
export function draftProblems(terms: Terms, draft: ExclusionDraft, nowMs: UnixMs): string[] {
  const { terms: contract } = newest(terms)
  return [
    ...kindProblems(contract, draft),
    ...serviceProblems(contract, draft),
    ...spanProblems(draft, { fromMs: effectiveFromMs(terms), nowMs }),
    ...announcementProblems(draft, nowMs),
    ...(terms.exclusions.length >= MAX_EXCLUSIONS
      ? [`a contract takes ${MAX_EXCLUSIONS} declarations at most`]
      : []),
  ]
}

function kindProblems({ exclusions }: ExpandedContract, { kind }: ExclusionDraft): string[] {
  const names = exclusions.kinds.map(({ id }) => id)
  const known = exclusions.kinds.find(({ id }) => id === kind)
  if (!known) {
    const offered = names.length === 0 ? 'the contract has none' : `the contract has ${names.join(', ')}`
    return [`kind: there is no exclusion ${JSON.stringify(kind)}; ${offered}`]
  }
  return known.recurrence && known.needs === 'nothing'
    ? [`kind: ${kind} recurs by the contract itself: it needs no declaration`]
    : []
}

function serviceProblems({ services }: ExpandedContract, { service }: ExclusionDraft): string[] {
  if (service === null || services.some(({ name }) => name === service)) return []
  const names = services.map(({ name }) => name)
  return [`service: there is no ${JSON.stringify(service)}; the contract has ${names.join(', ')}`]
}

function spanProblems(
  { startMs, endMs }: ExclusionDraft,
  { fromMs, nowMs }: { fromMs: UnixMs; nowMs: UnixMs },
): string[] {
  if (startMs >= endMs) return ['end: should be later than start']
  const problems = []
  if (endMs <= fromMs) problems.push(`end: the contract takes effect at ${formatInstant(fromMs)}, after it`)
  if (endMs - startMs > YEAR_MS) problems.push('end: one declaration covers a year at most')
  if (startMs > nowMs + YEAR_MS) problems.push('start: should be within a year from now')
  return problems
}

function announcementProblems({ announcedMs, announced }: ExclusionDraft, nowMs: UnixMs): string[] {
  const problems = []
  if (announcedMs !== null && announcedMs > nowMs)
    problems.push('announcedAt: should not be in the future; leave it out where this is the announcement')
  if (announced && announced.startMs >= announced.endMs)
    problems.push('announcedEnd: should be later than announcedStart')
  return problems
}

/** The party that speaks for a side: the provider, or the customer that the contract names. */
export function partyOf({ parties, provider }: ExpandedContract, side: Side): string {
  if (side === 'provider') return provider
  return parties.find(({ role }) => role === 'customer')?.id ?? 'customer'
}

export function declaredOf(
  terms: Terms,
  draft: ExclusionDraft,
  { id, side, nowMs }: { id: string; side: Side; nowMs: UnixMs },
): DeclaredExclusion {
  const party = partyOf(newest(terms).terms, side)
  return { ...draft, id, side, party, declaredMs: nowMs }
}

export type AnswerGiven = {
  answer: Answer
  note: string
  /** An expert, a mediator or a court has decided: recorded by the customer. */
  isDecision: boolean
}

/** Fault `conflict` for who may not answer, `too-large` past the limit. */
export function answerOf(
  terms: Terms,
  { declared, answers }: ExclusionRecord,
  given: AnswerGiven & { side: Side; nowMs: UnixMs },
): ExclusionAnswer {
  const { answer, note, side, nowMs, isDecision } = given
  if (isDecision && side !== 'customer') {
    throw new Fault('conflict', 'The owner records what an expert, a mediator or a court decided.')
  }
  if (!isDecision && side === declared.side) {
    throw new Fault('conflict', 'Your side declared this exclusion: the other side accepts or disputes it.')
  }
  if (answers.length >= MAX_ANSWERS) {
    throw new Fault('too-large', `This exclusion has ${MAX_ANSWERS} answers: no more are taken.`)
  }
  const party = isDecision ? DECISION : partyOf(newest(terms).terms, side)
  return { exclusion: declared.id, answer, side, party, note, atMs: nowMs }
}
