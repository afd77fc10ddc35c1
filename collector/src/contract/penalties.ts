/**
 * Penalties: a step of one as somebody takes it: checked against where it stands, then a leaf with its words and its
 * event, or nothing. Only a window that is final has a penalty; the amount is that of its closing.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import {
  penaltyAmount,
  penaltyStanding,
  stepProblem,
  type PenaltyStanding,
} from '@constat/sla/credit/penalty'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { ClosingHead } from '@constat/sla/state/closing'
import { closingVersions, newest, penaltySteps, type ContractState } from '@constat/sla/state/contract-state'
import type { Side } from '@constat/sla/state/declarations'
import { windowGroup } from '@constat/sla/state/in-force'
import { penaltyLeaf, type PenaltyStep } from '@constat/sla/state/penalty-record'
import { put, values } from '@constat/sla/state/persistent-map'
import { penaltyFact } from '../alert/facts.ts'
import { keepSaid, noteDraft, openNote } from '../ledger/said.ts'
import type { AnswerDeps, Speaker } from './answer-terms.ts'
import { partyOf } from './declare.ts'
import { PENALTY_QUOTA, requireRoom, type Written } from './quotas.ts'

export type PenaltyDeed = Pick<PenaltyStep, 'window' | 'act' | 'how'> & {
  contract: string
  /** Null: of an acceptance, a decision or a settlement the whole. */
  amount: string | null
  /** Null: now. */
  doneMs: UnixMs | null
  note: string
  by: Speaker
}

/** The penalty of a closed window, and what it rests on. */
export type Penalty = {
  /** Terms that priced it. */
  terms: ExpandedContract
  timeZone: string
  /** When the first closing was written. */
  finalMs: UnixMs
  /** The closing that stands now, and the one that the claim cites. */
  newest: ClosingHead
  cited: ClosingHead
  currency: string
  standing: PenaltyStanding
}

/** Null: the window is not final, or no credits are agreed on in it. */
export function penaltyOf(state: ContractState, key: string, asOfMs: UnixMs): Penalty | null {
  const versions = closingVersions(state, key)
  const [first] = versions
  const last = versions.at(-1)
  if (!first || !last?.credit) return null
  const terms = termsOf(state, last)
  const timeZone = terms && zoneIn(terms, last)
  if (!terms || timeZone === null) return null
  const steps = penaltySteps(state, key)
  const window = { endMs: last.endMs, finalMs: first.atMs, timeZone }
  const own = penaltyStanding({ terms, steps, window, asOfMs })
  // Years that were listed since are those of the same calendar: the terms that priced the window end with theirs.
  const listed = { ...terms, calendars: { ...terms.calendars, ...newest(state).terms.calendars } }
  const standing = own.uncounted ? penaltyStanding({ terms: listed, steps, window, asOfMs }) : own
  const cited = versions.find(({ version }) => version === standing.current[0]?.version) ?? last
  return {
    terms,
    timeZone,
    finalMs: first.atMs,
    newest: last,
    cited,
    currency: last.credit.currency,
    standing,
  }
}

/** By which the window was judged and priced. */
function termsOf(
  { life }: ContractState,
  { revision, contractDigest }: ClosingHead,
): ExpandedContract | null {
  const found = life.revisions.find((one) => one.revision === revision && one.digest === contractDigest)
  return found?.terms ?? null
}

/** Of its first guarantee: the days of a claim are counted there. */
function zoneIn({ guarantees }: ExpandedContract, head: ClosingHead): string | null {
  const first = guarantees.find(({ id }) => id === head.guarantees[0]?.guarantee) ?? guarantees[0]
  return first?.window.timeZone ?? null
}

/** Faults: `not-found`, `conflict` out of order, `bad-request`, those of the quota. */
export function takePenaltyStep(deed: PenaltyDeed, deps: AnswerDeps): Promise<void> {
  return deps.contracts.inTurn(deed.contract, () => stepInTurn(deed, deps))
}

async function stepInTurn(deed: PenaltyDeed, deps: AnswerDeps): Promise<void> {
  const { contract, window, act } = deed
  const { contracts, sequencer, shell, db, publicUrl } = deps
  const state = contracts.of(contract)
  const nowMs = shell.clock.nowMs()
  const penalty = state && penaltyOf(state, window, nowMs)
  if (!state || !windowGroup(state.life, window, nowMs))
    throw new Fault('not-found', `there is no window ${window}`)
  if (!penalty) throw notFinal(window)
  const step = stepOf(deed, { state, penalty, nowMs })
  const note = deed.note.trim()
  const last = penalty.standing.current.at(-1)
  const lastNote = last ? ((await openNote(db, last.note)) ?? '') : null
  const isRepeated = last !== undefined && isSame(last, step) && lastNote === note
  if (isRepeated && (deed.doneMs === null || deed.doneMs === last.doneMs)) return
  const theoretical = penalty.newest.credit?.total ?? '0'
  const problem = stepProblem(penalty.standing, step, theoretical)
  if (problem !== null) throw new Fault('conflict', problem)
  if (act === 'dispute' && note === '') {
    throw new Fault('bad-request', 'note: should say what is disputed, and why.')
  }
  requireRoom(writtenBy(state, step.side), { atMs: nowMs, bytes: note.length }, PENALTY_QUOTA)
  const said = noteDraft(note, shell.random)
  const kept = { ...step, note: said?.digest.toString('hex') ?? null }
  const untilMs = act === 'notify' ? answerUntilOf(state, kept, nowMs) : null
  await sequencer.append({
    log: state.log,
    drafts: [penaltyLeaf(kept)],
    within: (tx) => keepSaid(tx, said),
    facts: factsOf(kept, { contract, note, penalty, publicUrl, answerUntilMs: untilMs }),
  })
}

function notFinal(window: string): Fault {
  return new Fault('conflict', `Window ${window} is not final, or has no credits: it has no penalty yet.`, {
    hint: 'A window becomes final after its end and its grace.',
  })
}

type Given = { state: ContractState; penalty: Penalty; nowMs: UnixMs }

/** The step as it would stand, whether or not it may be taken. */
function stepOf(deed: PenaltyDeed, { state, penalty, nowMs }: Given): PenaltyStep {
  const { window, act, how, by } = deed
  const closing = act === 'notify' ? penalty.newest : penalty.cited
  return {
    window,
    version: closing.version,
    digest: closing.digest,
    act,
    amount: amountOf(deed, penalty),
    how,
    doneMs: doneMsOf(deed, penalty, nowMs),
    side: by.side,
    party: partyOf(newest(state).terms, by.side),
    signedIn: by.signedIn,
    note: null,
    atMs: nowMs,
  }
}

/** What is claimed is what the closing came to; of an answer, a decision or a settlement what was said, or all. */
function amountOf(
  { act, amount }: PenaltyDeed,
  { newest: closing, standing, terms }: Penalty,
): string | null {
  if (act === 'notify') return closing.credit?.total ?? null
  if (act === 'dispute' || act === 'withdraw') return null
  const { notified, accepted, decided } = standing.amounts
  const usual = act === 'settle' ? (decided ?? accepted ?? notified) : notified
  if (amount === null) return usual
  const written = penaltyAmount(amount, terms)
  if (written !== null) return written
  throw new Fault(
    'bad-request',
    `amount: ${amount} should be a decimal like 1800.00, as the contract rounds money.`,
  )
}

/** No clock runs from the future, nor from before there was anything to claim. */
function doneMsOf({ doneMs }: PenaltyDeed, { finalMs, standing }: Penalty, nowMs: UnixMs): UnixMs {
  if (doneMs === null) return nowMs
  // Before the window was final nobody knew what to claim.
  const fromMs = standing.current.at(-1)?.doneMs ?? finalMs
  if (doneMs <= nowMs && doneMs >= fromMs) return doneMs
  throw new Fault('bad-request', `at: should lie between ${formatInstant(fromMs)} and now.`)
}

function isSame(a: PenaltyStep, b: PenaltyStep): boolean {
  return a.act === b.act && a.amount === b.amount && a.how === b.how && a.side === b.side
}

function writtenBy({ penalties }: ContractState, side: Side): Written[] {
  return values(penalties)
    .flat()
    .filter((step) => step.side === side)
    .map(({ atMs }) => ({ atMs, bytes: 0 }))
    .toSorted((a, b) => a.atMs - b.atMs)
}

/** Until when the claim that is just made is to be answered. */
function answerUntilOf(state: ContractState, step: PenaltyStep, nowMs: UnixMs): UnixMs | null {
  const penalties = put(state.penalties, step.window, [...penaltySteps(state, step.window), step])
  return penaltyOf({ ...state, penalties }, step.window, nowMs)?.standing.answerUntilMs ?? null
}

type Told = {
  contract: string
  note: string
  penalty: Penalty
  publicUrl: string
  answerUntilMs: UnixMs | null
}

/** The claim and the answers to it are told; what the customer records of itself is not news to it. */
function factsOf(step: PenaltyStep, { contract, note, penalty, publicUrl, answerUntilMs }: Told) {
  const { act, window, version, amount, party, atMs } = step
  const { standing, currency } = penalty
  if (act !== 'notify' && act !== 'accept' && act !== 'dispute') return []
  const told = {
    window,
    version,
    kind: act,
    amount,
    currency,
    claimed: (act === 'notify' ? amount : standing.amounts.notified) ?? '0',
    saidBy: party,
    answerUntil: answerUntilMs === null ? null : formatInstant(answerUntilMs),
    message: note,
  }
  const type = act === 'notify' ? ('penalty.notified' as const) : ('penalty.answered' as const)
  return [penaltyFact({ type, contract, penalty: told, atMs, publicUrl })]
}
