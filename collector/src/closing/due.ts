/**
 * When a window may be closed, and until when its result may be amended. Pure. What has not come by the
 * earliest instant may still come: every version stays, and the next one says what changed.
 */
import type { UnixMs } from '@constat/shared/time'
import { claimClock } from '@constat/sla/credit/claim'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import { checksOf } from '@constat/sla/service-tree'
import type { Promised, WindowGroup } from '@constat/sla/state/in-force'

const DAY_MS = 86_400_000
/** Incidents open at the end of a window hold its closing up for this long at most. */
export const DECIDING_MS = 30 * DAY_MS
/** Amendments end after this where the contract says no claim deadline. */
export const AMENDABLE_MS = 30 * DAY_MS

/** Window end + what its last samples may still decide + grace: of all its guarantees the latest. */
export function earliestCloseMs({ promised }: WindowGroup): UnixMs {
  return Math.max(...promised.map(earliestOf))
}

function earliestOf({ revision, guarantee, window }: Promised): UnixMs {
  const { finalisation } = revision.terms
  const waits = checksOf(revision.terms, guarantee.service).map(
    ({ fold, spec }) => (fold.confirm.down - 1) * spec.intervalMs + fold.holdMs,
  )
  return window.endMs + Math.max(0, ...waits) + finalisation.graceMs
}

/**
 * Whether what was open at the end is decided by now: it has ended, or it has lasted long enough to count
 * and no clock runs on it. Waited for within a limit.
 */
export function isDecided(
  group: WindowGroup,
  { incidents, nowMs }: { incidents: readonly IncidentRecord[]; nowMs: UnixMs },
): boolean {
  if (nowMs >= earliestCloseMs(group) + DECIDING_MS) return true
  return group.promised.every(({ revision, guarantee, window }) => {
    const isTimed = 'clock' in guarantee
    const { minimumOutageMs } = revision.terms.measurement
    return incidents.every(({ service, onsetMs, endMs, closeReason }) => {
      const isOpen = endMs === null && closeReason === null
      if (service !== guarantee.service || !isOpen || onsetMs >= window.endMs) return true
      return !isTimed && nowMs - onsetMs > minimumOutageMs
    })
  })
}

/** The first instant at which nothing is accepted any more, for a window that became final at `finalMs`. */
export function amendableUntilMs({ endMs, promised }: WindowGroup, finalMs: UnixMs): UnixMs {
  const first = promised[0]
  if (!first) return finalMs
  const { terms } = first.revision
  if (terms.finalisation.amendmentsUntil === 'window-final') return finalMs
  const { timeZone } = first.guarantee.window
  const clock = claimClock(terms, { endMs, finalMs, timeZone })
  // A deadline that ran out before the window was final leaves nothing to amend for.
  return clock ? Math.max(finalMs, clock.deadlineMs) : finalMs + AMENDABLE_MS
}
