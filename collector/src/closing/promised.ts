/**
 * What was promised in a window: each guarantee with the revision that judges it there. A revision takes
 * effect at the next window start; what it promises for the first time is judged from the moment it was
 * applied. A closing is of one key over all guarantees of a contract that have such a window, because
 * credits have rules that reach over several of them. Pure.
 */
import { tableOf } from '@constat/sla/calendar'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import { windowAt, windowBeside, type CalendarWindow } from '@constat/sla/period'
import type { Interval, UnixMs } from '@constat/shared/time'
import { promisedFromMs, takesEffectMs, type Revision, type Terms } from '../terms/register.ts'

export type Promised = { revision: Revision; guarantee: GuaranteeTerms; window: CalendarWindow }

/** All guarantees of one key. Bounds are the widest, as guarantees may read different clocks. */
export type WindowGroup = Interval & { key: string; promised: Promised[] }

/** Windows looked at for one guarantee at most: thirty years of days. */
export const MAX_WINDOWS = 11_000

/** Windows that began before `untilMs` and ended after anybody could measure, oldest first. */
export function windowGroups(terms: Terms, untilMs: UnixMs): WindowGroup[] {
  const groups = new Map<string, Promised[]>()
  for (const { id, shapes } of promisesOf(terms)) {
    for (const window of shapes.flatMap((shape) => windowsOf(shape, { terms, id, untilMs }))) {
      const found = promisedIn(terms, id, window)
      if (!found) continue
      const own = groups.get(window.key)
      if (!own) groups.set(window.key, [found])
      else if (!own.some(({ guarantee }) => guarantee.id === id)) own.push(found)
    }
  }
  return [...groups].map(groupOf).sort((a, b) => a.endMs - b.endMs || (a.key < b.key ? -1 : 1))
}

export function windowGroup(terms: Terms, key: string, untilMs: UnixMs): WindowGroup | null {
  return windowGroups(terms, untilMs).find((group) => group.key === key) ?? null
}

function groupOf([key, promised]: [string, Promised[]]): WindowGroup {
  const startMs = Math.min(...promised.map(({ window }) => window.startMs))
  const endMs = Math.max(...promised.map(({ window }) => window.endMs))
  return { key, startMs, endMs, promised }
}

type Shape = { revision: Revision; guarantee: GuaranteeTerms }

/** Each guarantee once, with every shape of window that some revision gives it. */
function promisesOf({ revisions }: Terms): { id: string; shapes: Shape[] }[] {
  const found = new Map<string, Map<string, Shape>>()
  for (const revision of revisions) {
    for (const guarantee of revision.terms.guarantees) {
      const shapes = found.get(guarantee.id) ?? new Map<string, Shape>()
      found.set(guarantee.id, shapes.set(JSON.stringify(guarantee.window), { revision, guarantee }))
    }
  }
  return [...found].map(([id, shapes]) => ({ id, shapes: [...shapes.values()] }))
}

function windowsOf(
  { revision, guarantee }: Shape,
  { terms, id, untilMs }: { terms: Terms; id: string; untilMs: UnixMs },
): CalendarWindow[] {
  const table = tableOf(revision.terms.zoneTables, guarantee.window.timeZone)
  // Of what ended before the first revision was applied nobody can know anything.
  const fromMs = Math.max(promisedFromMs(terms, id), terms.revisions[0]?.appliedMs ?? 0)
  const windows: CalendarWindow[] = []
  let window = windowAt({ ...guarantee.window, table }, fromMs)
  while (window.startMs < untilMs && windows.length < MAX_WINDOWS) {
    windows.push(window)
    window = windowBeside(window, table, 1)
  }
  return windows
}

/** Null where the terms in force then promise nothing of the kind, or have another window for it. */
export function promisedIn({ revisions }: Terms, id: string, window: CalendarWindow): Promised | null {
  const inForce = revisions.findLast((one) => takesEffectMs(one) <= window.startMs)
  const later = revisions.filter((one) => {
    const atMs = takesEffectMs(one)
    return window.startMs < atMs && atMs < window.endMs
  })
  for (const revision of inForce ? [inForce, ...later] : later) {
    const guarantee = revision.terms.guarantees.find((one) => one.id === id)
    const { toMs } = revision.terms.effective
    if (!guarantee || (toMs !== null && toMs <= window.startMs)) continue
    const table = tableOf(revision.terms.zoneTables, guarantee.window.timeZone)
    const own = windowAt({ ...guarantee.window, table }, window.startMs)
    const isSame = own.key === window.key && own.startMs === window.startMs
    return isSame ? { revision, guarantee, window: own } : null
  }
  return null
}
