/**
 * The penalty of a closed window: theoretical until the customer notifies it, then answered by the provider, and
 * ended by a withdrawal or a settlement. Which step may follow which, whose it is, and what it may say. Silence
 * binds nobody unless a clause says so; where it does, what is said later still counts more. Pure.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { compare, decimal, minus, parseFraction, ZERO } from '../fraction.ts'
import type { Side } from '../state/declarations.ts'
import type { PenaltyAct, PenaltyStep } from '../state/penalty-record.ts'
import { answerDeadlineMs, claimClock, nextDeadline, type NextDeadline } from './claim.ts'
import { moneyText } from './money.ts'

export const PENALTY_STATUSES = [
  'theoretical',
  'notified',
  'accepted',
  'accepted-in-part',
  'disputed',
  'decided',
  'settled',
  'withdrawn',
] as const
export type PenaltyStatus = (typeof PENALTY_STATUSES)[number]

/** Who takes a step: the customer claims and records, the provider answers. */
export const SIDE_OF: Readonly<Record<PenaltyAct, Side>> = {
  notify: 'customer',
  accept: 'provider',
  dispute: 'provider',
  withdraw: 'customer',
  settle: 'customer',
  decide: 'customer',
}

/** What may be done where the penalty stands. An answer may be changed until it is settled or decided. */
const MAY: Readonly<Record<PenaltyStatus, readonly PenaltyAct[]>> = {
  theoretical: ['notify'],
  notified: ['accept', 'dispute', 'withdraw', 'settle'],
  accepted: ['dispute', 'withdraw', 'settle'],
  'accepted-in-part': ['accept', 'dispute', 'withdraw', 'settle', 'decide'],
  disputed: ['accept', 'withdraw', 'settle', 'decide'],
  decided: ['decide', 'withdraw', 'settle'],
  settled: [],
  withdrawn: ['notify'],
}

export type PenaltyAmounts = {
  notified: string | null
  accepted: string | null
  decided: string | null
  settled: string | null
}

/** Silence past the time to answer, where a clause gives it a meaning. */
export type BySilence = { means: 'acceptance' | 'rejection'; clause: string | null; sinceMs: UnixMs }

export type PenaltyStanding = {
  /** What was said, and by silence what a clause makes of it. */
  status: PenaltyStatus
  bySilence: BySilence | null
  amounts: PenaltyAmounts
  /** When the claim that stands was notified. */
  notifiedMs: UnixMs | null
  /** First instant after the time to claim, and after the time to answer; null: the contract sets none. */
  claimUntilMs: UnixMs | null
  answerUntilMs: UnixMs | null
  /** Notified after the time to claim. */
  isLate: boolean
  /** Steps of the claim that stands; those of one that was withdrawn stand before it. */
  current: readonly PenaltyStep[]
  may: readonly PenaltyAct[]
  next: NextDeadline | null
  /** Why a time cannot be counted: a calendar that does not list the year; null: it can. */
  uncounted: string | null
}

export type PenaltyQuestion = {
  terms: ExpandedContract
  steps: readonly PenaltyStep[]
  /** End of the window, when its first closing was written, zone of its guarantees. */
  window: { endMs: UnixMs; finalMs: UnixMs; timeZone: string }
  asOfMs: UnixMs
}

export function penaltyStanding({ terms, steps, window, asOfMs }: PenaltyQuestion): PenaltyStanding {
  const current = steps.slice(
    Math.max(
      0,
      steps.findLastIndex(({ act }) => act === 'notify'),
    ),
  )
  const said = statusOf(current)
  const claim = counted(() => claimClock(terms, window)?.deadlineMs ?? null)
  const claimUntilMs = claim.value
  const notice = current.find(({ act }) => act === 'notify')
  const notifiedMs = notice?.doneMs ?? null
  // The time to answer runs from when the provider could read of it here: a notice can be dated back.
  const knownMs = notice ? Math.max(notice.doneMs, notice.atMs) : null
  const { timeZone } = window
  const answer = counted(() =>
    knownMs === null ? null : answerDeadlineMs(terms, { fromMs: knownMs, timeZone }),
  )
  const answerUntilMs = answer.value
  const bySilence = said === 'notified' ? silenceOf(terms, { answerUntilMs, asOfMs }) : null
  const status = bySilence ? (bySilence.means === 'acceptance' ? 'accepted' : 'disputed') : said
  const isWaiting = ['theoretical', 'withdrawn', 'notified'].includes(status)
  const running = { ...window, notifiedMs: said === 'withdrawn' ? null : knownMs, asOfMs }
  return {
    status,
    bySilence,
    amounts: amountsOf(current, bySilence),
    notifiedMs,
    claimUntilMs,
    answerUntilMs,
    isLate: notifiedMs !== null && claimUntilMs !== null && notifiedMs >= claimUntilMs,
    current,
    may: mayOf({ said, status, isWaited: said === 'notified' && asOfMs < (answerUntilMs ?? 0) }),
    next: isWaiting ? counted(() => nextDeadline(terms, running)).value : null,
    uncounted: claim.why ?? answer.why,
  }
}

/** Silence is rebuttable; and while the provider may answer in time, nothing is settled without its answer. */
function mayOf({ said, status, isWaited }: Record<'said' | 'status', PenaltyStatus> & { isWaited: boolean }) {
  if (isWaited) return MAY[said].filter((act) => act !== 'settle')
  return said === status ? MAY[said] : [...new Set<PenaltyAct>(['accept', 'dispute', ...MAY[status]])]
}

/** A day of a year that no calendar lists is never guessed, and hides nothing else. */
export function counted<T>(count: () => T): { value: T | null; why: string | null } {
  try {
    return { value: count(), why: null }
  } catch (error) {
    if (error instanceof Fault && error.code === 'bad-contract') return { value: null, why: error.message }
    throw error
  }
}

function statusOf(current: readonly PenaltyStep[]): PenaltyStatus {
  const last = current.at(-1)
  switch (last?.act) {
    case undefined:
      return 'theoretical'
    case 'notify':
      return 'notified'
    case 'accept':
      return isWhole(last.amount, current) ? 'accepted' : 'accepted-in-part'
    case 'dispute':
      return 'disputed'
    case 'withdraw':
      return 'withdrawn'
    case 'settle':
      return 'settled'
    case 'decide':
      return 'decided'
  }
}

function isWhole(amount: string | null, current: readonly PenaltyStep[]): boolean {
  const claimed = current[0]?.amount
  return amount !== null && claimed != null && compare(decimal(amount), decimal(claimed)) >= 0
}

function silenceOf(
  { credits }: ExpandedContract,
  { answerUntilMs, asOfMs }: { answerUntilMs: UnixMs | null; asOfMs: UnixMs },
): BySilence | null {
  const silence = credits?.claim?.silence ?? 'none'
  if (silence === 'none' || answerUntilMs === null || asOfMs < answerUntilMs) return null
  return { means: silence, clause: credits?.clause ?? null, sinceMs: answerUntilMs }
}

/** A dispute takes an acceptance before it back; a decision and a settlement stand beside it. */
function amountsOf(current: readonly PenaltyStep[], bySilence: BySilence | null): PenaltyAmounts {
  const last = (act: PenaltyAct): string | null =>
    current.findLast((step) => step.act === act)?.amount ?? null
  const notified = last('notify')
  const answer = current.findLast(({ act }) => act === 'accept' || act === 'dispute')
  const accepted = answer?.act === 'accept' ? answer.amount : null
  return {
    notified,
    accepted: bySilence?.means === 'acceptance' ? notified : accepted,
    decided: last('decide'),
    settled: last('settle'),
  }
}

/** A step as somebody wants to take it. */
export type PenaltyWanted = { act: PenaltyAct; side: Side; amount: string | null; doneMs: UnixMs }

/** Why a step cannot be taken, as a sentence; null: it can. `theoretical`: what the newest closing comes to. */
export function stepProblem(
  standing: PenaltyStanding,
  wanted: PenaltyWanted,
  theoretical: string,
): string | null {
  const { act, side, amount } = wanted
  if (side !== SIDE_OF[act]) {
    return SIDE_OF[act] === 'provider'
      ? 'The provider answers a claim: the owner records what it decided, set off or withdrew.'
      : 'The customer claims, withdraws and settles: the provider accepts or disputes.'
  }
  if (act === 'settle' && standing.status === 'notified' && !standing.may.includes(act)) {
    return 'The provider may still answer: settle it once it has, or once its time to answer is over.'
  }
  if (!standing.may.includes(act)) return orderProblem(standing.status, act)
  if (act === 'notify' && compare(decimal(theoretical), ZERO) <= 0) {
    return 'The newest closing of this window comes to no credit: there is nothing to claim.'
  }
  return amountProblem(standing, amount, act)
}

function orderProblem(status: PenaltyStatus, act: PenaltyAct): string {
  const after: Partial<Record<PenaltyStatus, string>> = {
    theoretical: 'nobody has notified it yet: notify it first',
    settled: 'it is settled: nothing follows that',
    withdrawn: 'the claim was withdrawn: notify it anew first',
    decided: 'it was decided: settle or withdraw it',
    accepted: 'it was accepted in whole: settle it',
  }
  return `This penalty cannot take "${act}" now, as ${after[status] ?? `it stands as ${status}`}.`
}

function amountProblem(
  { bySilence, amounts: { notified, accepted, decided } }: PenaltyStanding,
  amount: string | null,
  act: PenaltyAct,
): string | null {
  if (amount === null || notified === null) return null
  if (compare(decimal(amount), decimal(notified)) > 0) {
    return `${amount} is more than the ${notified} that was claimed.`
  }
  if (act === 'accept' && compare(decimal(amount), ZERO) <= 0) {
    return 'Accepting nothing is a dispute: dispute it, with a reason.'
  }
  if (act === 'settle' && decided !== null && compare(decimal(amount), decimal(decided)) > 0) {
    return `${amount} is more than the ${decided} that was decided.`
  }
  // What silence means is not a word of the provider's: it may still say it.
  return act === 'accept' &&
    accepted !== null &&
    !bySilence &&
    compare(decimal(amount), decimal(accepted)) === 0
    ? `${accepted} was accepted before.`
    : null
}

/** An amount as the contract writes money: `1800.00`; null where it is none, is negative or is too fine. */
export function penaltyAmount(text: string, { credits }: ExpandedContract): string | null {
  const value = parseFraction(text)
  if (!credits || !value || compare(value, ZERO) < 0) return null
  const written = moneyText(value, credits.rounding)
  return compare(decimal(written), value) === 0 ? written : null
}

/** What of a claim neither side has agreed to. */
export function openAmount(
  { notified, accepted, decided, settled }: PenaltyAmounts,
  digits: number,
): string | null {
  if (notified === null) return null
  const agreed = settled ?? decided ?? accepted ?? '0'
  const left = minus(decimal(notified), decimal(agreed))
  return moneyText(left, { money: 'down', digits })
}
