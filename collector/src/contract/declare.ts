/**
 * Declaring: a person says that some time should not count, or answers what the other side said. Checked
 * against the terms, every problem at once, before a leaf is written; whether it excuses is the engine's to say.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { DECISION } from '@constat/sla/judgement/declaration'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { newest, type ContractState } from '@constat/sla/state/contract-state'
import {
  answerLeaf,
  declarationLeaf,
  spokenOf,
  type Answer,
  type DeclaredExclusion,
  type ExclusionAnswer,
  type ExclusionRecord,
  type Side,
} from '@constat/sla/state/declarations'
import { effectiveFromMs, serviceNames } from '@constat/sla/state/in-force'
import { exclusionFact } from '../alert/facts.ts'
import type { SaidRow } from '../db/said-rows.ts'
import type { Tx } from '../db/tx.ts'
import { keepSaid, noteDraft } from '../ledger/said.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Random, Shell } from '../shell.ts'
import type { Contracts } from './contracts.ts'
import { ANSWER_QUOTA, EXCLUSION_QUOTA, requireRoom, type Written } from './quotas.ts'

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
export function draftProblems(state: ContractState, draft: ExclusionDraft, nowMs: UnixMs): string[] {
  return [
    ...kindProblems(state, draft),
    ...serviceProblems(state, draft),
    ...spanProblems(draft, { fromMs: effectiveFromMs(state.life), nowMs }),
    ...announcementProblems(draft, nowMs),
  ]
}

/** Of any revision: the one that is in force in the interval says whether the kind is one of its own. */
function kindProblems({ life }: ContractState, { kind }: ExclusionDraft): string[] {
  const kinds = life.revisions.flatMap(({ terms }) => terms.exclusions.kinds)
  const names = [...new Set(kinds.map(({ id }) => id))]
  const known = kinds.findLast(({ id }) => id === kind)
  if (!known) {
    const offered = names.length === 0 ? 'the contract has none' : `the contract has ${names.join(', ')}`
    return [`kind: there is no exclusion ${JSON.stringify(kind)}; ${offered}`]
  }
  return known.recurrence && known.needs === 'nothing'
    ? [`kind: ${kind} recurs by the contract itself: it needs no declaration`]
    : []
}

function serviceProblems({ life }: ContractState, { service }: ExclusionDraft): string[] {
  const names = serviceNames(life)
  if (service === null || names.has(service)) return []
  return [`service: there is no ${JSON.stringify(service)}; the contract has ${[...names].join(', ')}`]
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

export type AnswerGiven = {
  answer: Answer
  note: string
  /** An expert, a mediator or a court has decided: recorded by the customer. */
  isDecision: boolean
}

/** Fault `conflict` for who may not answer, `too-large` past the limit. */
export function answerOf(
  state: ContractState,
  { declared, answers }: ExclusionRecord,
  given: Omit<AnswerGiven, 'note'> & { side: Side; nowMs: UnixMs; said: Beside },
): ExclusionAnswer {
  const { answer, side, nowMs, isDecision, said } = given
  if (isDecision && side !== 'customer') {
    throw new Fault('conflict', 'The owner records what an expert, a mediator or a court decided.')
  }
  if (!isDecision && side === declared.side) {
    throw new Fault('conflict', 'Your side declared this exclusion: the other side accepts or disputes it.')
  }
  if (answers.length >= MAX_ANSWERS) {
    throw new Fault('too-large', `This exclusion has ${MAX_ANSWERS} answers: no more are taken.`)
  }
  const party = isDecision ? DECISION : partyOf(newest(state).terms, side)
  return { exclusion: declared.id, answer, side, party, ...said, atMs: nowMs }
}

export type DeclareDeps = {
  contracts: Contracts
  sequencer: Sequencer
  shell: Shell
  publicUrl: string
}

export type Declared = { kind: 'declared'; id: string } | { kind: 'refused'; problems: string[] }

/** Somebody says that some time should not count: a leaf and its event, or neither. Faults of the quota. */
export function declareExclusion(
  { contract, side, draft }: { contract: string; side: Side; draft: ExclusionDraft },
  { contracts, sequencer, shell, publicUrl }: DeclareDeps,
): Promise<Declared> {
  return contracts.inTurn(contract, async () => {
    const state = contracts.of(contract)
    if (!state) throw new Fault('not-found', `there is no contract ${contract}`)
    const nowMs = shell.clock.nowMs()
    const problems = draftProblems(state, draft, nowMs)
    if (problems.length > 0) return { kind: 'refused', problems }
    requireRoom(declaredBy(state, side), { atMs: nowMs, bytes: draft.reason.length }, EXCLUSION_QUOTA)
    const party = partyOf(newest(state).terms, side)
    const { reason, ...rest } = draft
    const said = noteDraft(reason, shell.random)
    const id = idOf(shell.random)
    const declared = { ...rest, ...besideOf(said), id, side, party, declaredMs: nowMs }
    const exclusion = spokenOf(declared, reason)
    await sequencer.append({
      log: state.log,
      drafts: [declarationLeaf(declared)],
      within: (tx) => keepSaid(tx, said),
      facts: [exclusionFact({ contract, exclusion, publicUrl, atMs: nowMs })],
    })
    return { kind: 'declared', id: declared.id }
  })
}

function declaredBy({ exclusions }: ContractState, side: Side): Written[] {
  return exclusions.flatMap(({ declared }) =>
    declared.side === side ? [{ atMs: declared.declaredMs, bytes: declared.bytes }] : [],
  )
}

/** In order of time: a day is measured from its end. */
function answeredBy({ exclusions }: ContractState, side: Side): Written[] {
  return exclusions
    .flatMap(({ answers }) => answers.filter((one) => one.side === side))
    .map(({ atMs, bytes }) => ({ atMs, bytes }))
    .toSorted((a, b) => a.atMs - b.atMs)
}

type Beside = Pick<DeclaredExclusion, 'said' | 'bytes'>

function besideOf(said: SaidRow | null): Beside {
  return { said: said && said.digest.toString('hex'), bytes: said?.text.length ?? 0 }
}

function idOf(random: Random): string {
  return `exc_${random.bytes(10).toString('hex')}`
}

/** What the other side says of it. Faults: `not-found`, those of `answerOf` and of the quota. */
export async function answerExclusion(
  { exclusion, side, given }: { exclusion: string; side: Side; given: AnswerGiven },
  { contracts, sequencer, shell }: DeclareDeps,
): Promise<void> {
  const has = ({ exclusions }: ContractState) => exclusions.some(({ declared }) => declared.id === exclusion)
  const contract = contracts.all().find(has)?.contract
  if (contract === undefined) throw new Fault('not-found', `there is no exclusion ${exclusion}`)
  await contracts.inTurn(contract, async () => {
    const state = contracts.of(contract)
    const record = state?.exclusions.find(({ declared }) => declared.id === exclusion)
    if (!state || !record) throw new Fault('not-found', `there is no exclusion ${exclusion}`)
    const nowMs = shell.clock.nowMs()
    const said = noteDraft(given.note, shell.random)
    const answer = answerOf(state, record, { ...given, side, nowMs, said: besideOf(said) })
    requireRoom(answeredBy(state, side), { atMs: nowMs, bytes: given.note.length }, ANSWER_QUOTA)
    const within = (tx: Tx) => keepSaid(tx, said)
    await sequencer.append({ log: state.log, drafts: [answerLeaf(answer)], within })
  })
}
