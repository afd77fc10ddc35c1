/** Window questions: one guarantee in one window, under the terms in force there, as of an instant. Pure. */
import { parseWindowKey, rollingWindow, type CalendarWindow } from '@constat/sla/period'
import type { UnixMs } from '@constat/shared/time'
import type { ContractState } from '@constat/sla/state/contract-state'
import { promisedAt, promisesAt, type Promised, type WindowGroup } from '@constat/sla/state/in-force'
import type { WindowState } from '../view/parts.ts'

export type WindowQuestion = Promised & { state: ContractState; nowMs: UnixMs }

/** The guarantee in the window that holds `atMs`; null where nothing is promised then. */
export function questionAt(
  state: ContractState,
  id: string,
  { atMs, nowMs }: { atMs: UnixMs; nowMs: UnixMs },
): WindowQuestion | null {
  const promised = promisedAt(state.life, id, atMs)
  return promised && { ...promised, state, nowMs }
}

/** Every guarantee in the window that is open now. */
export function questionsNow(state: ContractState, nowMs: UnixMs): WindowQuestion[] {
  return promisesAt(state.life, nowMs).map((promised) => ({ ...promised, state, nowMs }))
}

export function questionsOf(state: ContractState, group: WindowGroup, nowMs: UnixMs): WindowQuestion[] {
  return group.promised.map((promised) => ({ ...promised, state, nowMs }))
}

/** What states alone can tell of the last days: for display, as no contract promises a window that moves. */
export function rollingQuestions(state: ContractState, key: string, nowMs: UnixMs): WindowQuestion[] {
  const parsed = parseWindowKey(key)
  if (parsed?.kind !== 'rolling') return []
  return questionsNow(state, nowMs)
    .filter(({ guarantee }) => guarantee.metric === 'interval-availability')
    .map((question) => {
      const { period } = question.guarantee.window
      return { ...question, window: { ...rollingWindow(nowMs, parsed.days), period }, length: null }
    })
}

/** Of a window that no closing is written of: only a closing makes it final. */
export function stateOfWindow(window: CalendarWindow, nowMs: UnixMs): WindowState {
  return nowMs < window.endMs ? 'open' : 'grace'
}

/** Figures as a closing would have them from the end of the grace on; before, the window counts as open. */
export function phaseOf({ window, revision, nowMs }: WindowQuestion): 'open' | 'closed' {
  return nowMs < window.endMs + revision.terms.finalisation.graceMs ? 'open' : 'closed'
}

/** A window is measured up to its end, an open one up to now. */
export function asOfOf({ window, nowMs }: WindowQuestion): UnixMs {
  return Math.min(nowMs, window.endMs)
}
