/** Penalties as they are shown: where each stands, with the words beside its steps read back. */
import { compare, decimal, ZERO } from '@constat/sla/fraction'
import type { NextDeadline } from '@constat/sla/credit/claim'
import { openAmount } from '@constat/sla/credit/penalty'
import { closedWindows, penaltySteps, type ContractState } from '@constat/sla/state/contract-state'
import type { PenaltyStep } from '@constat/sla/state/penalty-record'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { penaltyOf, type Penalty } from '../contract/penalties.ts'
import type { Database } from '../db/tx.ts'
import { openNote } from '../ledger/said.ts'
import type { ContractView } from '../view/contract.ts'
import type { PenaltyStepView, PenaltyView } from '../view/penalty.ts'

/** Closed windows looked at for one contract at most, newest first. */
const MAX_WINDOWS = 400

type Due = NextDeadline & { window: string }
/** Of a state, every deadline of its penalties, the first one first: what is over is left out when somebody asks. */
const DUE = new WeakMap<ContractState, readonly Due[]>()

/** The first that runs out of all its windows; those whose time is over have none. */
export function nextDeadlineOf(state: ContractState, nowMs: UnixMs): ContractView['nextDeadline'] {
  let due = DUE.get(state)
  if (!due) DUE.set(state, (due = dueIn(state)))
  const first = due.find(({ atMs }) => atMs > nowMs)
  return first ? { window: first.window, what: first.what, at: formatInstant(first.atMs) } : null
}

function dueIn(state: ContractState): Due[] {
  return worthIn(state)
    .flatMap((window) => {
      // As of the beginning of time nothing is over yet.
      const next = penaltyOf(state, window, 0)?.standing.next
      return next ? [{ window, ...next }] : []
    })
    .toSorted((a, b) => a.atMs - b.atMs)
}

/** Closed windows that come to a credit or were claimed, newest first. */
function worthIn(state: ContractState): string[] {
  return closedWindows(state)
    .toReversed()
    .slice(0, MAX_WINDOWS)
    .filter(({ window, credit }) => {
      const isWorth = credit !== null && compare(decimal(credit.total), ZERO) > 0
      return isWorth || penaltySteps(state, window).length > 0
    })
    .map(({ window }) => window)
}

/** Of windows that come to a credit or were claimed, newest first. */
export async function penaltyViews(
  db: Database,
  state: ContractState,
  nowMs: UnixMs,
): Promise<PenaltyView[]> {
  const views: PenaltyView[] = []
  for (const window of worthIn(state)) {
    const view = await penaltyView(db, state, { key: window, nowMs })
    if (view) views.push(view)
  }
  return views
}

/** Null: the window is not final, or has no credits. */
export async function penaltyView(
  db: Database,
  state: ContractState,
  { key, nowMs }: { key: string; nowMs: UnixMs },
): Promise<PenaltyView | null> {
  const penalty = penaltyOf(state, key, nowMs)
  if (!penalty) return null
  const steps: PenaltyStepView[] = []
  for (const step of penaltySteps(state, key)) steps.push(await stepView(db, step))
  return { contract: state.contract, window: key, ...standingView(penalty), steps }
}

function standingView({ newest, cited, currency, terms, standing }: Penalty) {
  const { status, bySilence, amounts, notifiedMs, claimUntilMs, answerUntilMs, isLate, next } = standing
  const isClaimed = standing.current.length > 0
  return {
    start: formatInstant(newest.startMs),
    end: formatInstant(newest.endMs),
    status,
    currency,
    clause: terms.credits?.clause ?? null,
    theoretical: newest.credit?.total ?? '0',
    newestVersion: newest.version,
    citedVersion: isClaimed ? cited.version : null,
    ...amounts,
    open: status === 'withdrawn' ? null : openAmount(amounts, terms.credits?.rounding.digits ?? 2),
    notifiedAt: instantOrNull(notifiedMs),
    late: isLate,
    claimUntil: instantOrNull(claimUntilMs),
    answerUntil: instantOrNull(answerUntilMs),
    bySilence: bySilence && {
      means: bySilence.means,
      clause: bySilence.clause,
      since: formatInstant(bySilence.sinceMs),
    },
    nextDeadline: next && { what: next.what, at: formatInstant(next.atMs) },
    uncounted: standing.uncounted,
    may: [...standing.may],
  }
}

async function stepView(db: Database, step: PenaltyStep): Promise<PenaltyStepView> {
  const { act, side, party, amount, how, doneMs, atMs, version, note } = step
  return {
    act,
    side,
    by: party,
    amount,
    how,
    doneAt: formatInstant(doneMs),
    recordedAt: formatInstant(atMs),
    version,
    note: await openNote(db, note),
  }
}

function instantOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}
