/** Penalties as they are shown: where each stands, with the words beside its steps read back. */
import { compare, decimal, ZERO } from '@constat/sla/fraction'
import { openAmount } from '@constat/sla/credit/penalty'
import { closedWindows, penaltySteps, type ContractState } from '@constat/sla/state/contract-state'
import type { PenaltyStep } from '@constat/sla/state/penalty-record'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { penaltyOf, type Penalty } from '../contract/penalties.ts'
import type { Database } from '../db/tx.ts'
import { openNote } from '../ledger/said.ts'
import type { ContractView } from '../view/contract.ts'
import type { PenaltyStepView, PenaltyView } from '../view/penalty.ts'

/** The first that runs out of all its windows; those whose time is over have none. */
export function nextDeadlineOf(
  state: ContractState,
  nowMs: UnixMs,
): NonNullable<ContractView['nextDeadline']> | null {
  const running = closedWindows(state).flatMap(({ window, credit }) => {
    const isClaimed = penaltySteps(state, window).length > 0
    if (!isClaimed && (!credit || compare(decimal(credit.total), ZERO) <= 0)) return []
    const next = penaltyOf(state, window, nowMs)?.standing.next
    return next ? [{ window, ...next }] : []
  })
  const first = running.toSorted((a, b) => a.atMs - b.atMs)[0]
  return first ? { window: first.window, what: first.what, at: formatInstant(first.atMs) } : null
}

/** Of windows that come to a credit or were claimed, newest first. */
export async function penaltyViews(
  db: Database,
  state: ContractState,
  nowMs: UnixMs,
): Promise<PenaltyView[]> {
  const views: PenaltyView[] = []
  for (const { window, credit } of closedWindows(state).toReversed()) {
    const isWorth = credit !== null && compare(decimal(credit.total), ZERO) > 0
    if (!isWorth && penaltySteps(state, window).length === 0) continue
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
    open: openAmount(amounts, terms.credits?.rounding.digits ?? 2),
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
