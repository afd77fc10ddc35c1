/**
 * Windows: which window of a guarantee an instant or a key means, under which revision it is judged, and how
 * far its life has come. Pure.
 */
import { tableOf } from '@constat/sla/calendar'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import {
  parseWindowKey,
  rollingWindow,
  windowAt,
  windowOfKey,
  windowBeside,
  type CalendarWindow,
} from '@constat/sla/period'
import type { UnixMs } from '@constat/shared/time'
import { newest, revisionFor, type Revision, type Terms } from '../terms/register.ts'
import type { WindowState } from './view.ts'

/** One guarantee in one window, under the revision that judges it, as of an instant. */
export type Measurable = {
  terms: Terms
  revision: Revision
  guarantee: GuaranteeTerms
  window: CalendarWindow
  nowMs: UnixMs
}

export function windowNow(guarantee: GuaranteeTerms, { terms }: Revision, nowMs: UnixMs): CalendarWindow {
  const table = tableOf(terms.zoneTables, guarantee.window.timeZone)
  return windowAt({ ...guarantee.window, table }, nowMs)
}

/** The window of `key`, when it is one of this guarantee's period and has begun. */
export function windowKeyed(
  guarantee: GuaranteeTerms,
  { terms }: Revision,
  { key, nowMs }: { key: string; nowMs: UnixMs },
): CalendarWindow | null {
  const window = windowOfKey(key, tableOf(terms.zoneTables, guarantee.window.timeZone), guarantee.window)
  return window && window.period === guarantee.window.period && window.startMs <= nowMs ? window : null
}

/** Windows from now back to the one in which the contract took effect, newest first. */
export function windowsSince(
  guarantee: GuaranteeTerms,
  revision: Revision,
  { fromMs, nowMs, limit }: { fromMs: UnixMs; nowMs: UnixMs; limit: number },
): CalendarWindow[] {
  const table = tableOf(revision.terms.zoneTables, guarantee.window.timeZone)
  const found: CalendarWindow[] = []
  let window = windowNow(guarantee, revision, nowMs)
  while (window.endMs > fromMs && found.length < limit) {
    found.push(window)
    window = windowBeside(window, table, -1)
  }
  return found
}

/** The guarantee in the window that holds `atMs`, under the revision in force at its start. */
export function measurableAt(
  terms: Terms,
  id: string,
  { atMs, nowMs }: { atMs: UnixMs; nowMs: UnixMs },
): Measurable | null {
  const revision = revisionFor(terms, id, atMs)
  const guarantee = revision?.terms.guarantees.find((one) => one.id === id)
  if (!revision || !guarantee) return null
  return { terms, revision, guarantee, window: windowNow(guarantee, revision, atMs), nowMs }
}

/** What states alone can tell of the last days: for display, as no contract promises a window that moves. */
export function rollingAsked(terms: Terms, key: string, nowMs: UnixMs): Measurable[] {
  const parsed = parseWindowKey(key)
  if (parsed?.kind !== 'rolling') return []
  const revision = newest(terms)
  const told = revision.terms.guarantees.filter(({ metric }) => metric === 'interval-availability')
  return told.map((guarantee) => {
    const window = { ...rollingWindow(nowMs, parsed.days), period: guarantee.window.period }
    return { terms, revision, guarantee, window, nowMs }
  })
}

/** Of a window that no closing is written of: only a closing makes it final. */
export function stateOfWindow(window: CalendarWindow, nowMs: UnixMs): WindowState {
  return nowMs < window.endMs ? 'open' : 'grace'
}

/** Figures as a closing would have them from the end of the grace on; before, the window counts as open. */
export function phaseOf({ window, revision, nowMs }: Measurable): 'open' | 'closed' {
  return nowMs < window.endMs + revision.terms.finalisation.graceMs ? 'open' : 'closed'
}

/** A window is measured up to its end, an open one up to now. */
export function asOfOf({ window, nowMs }: Measurable): UnixMs {
  return Math.min(nowMs, window.endMs)
}
