/**
 * Lanes: how many requests each webhook has in flight, so that a slow one holds up nobody but itself, and notices
 * never an incident. State of one process, no clock, no network.
 */
import { NOTICE_FLAG } from './types.ts'

/** Requests to one webhook at once, and how many of them may be notices. */
export const MAX_IN_FLIGHT_PER_WEBHOOK = 2
export const MAX_NOTICES_PER_WEBHOOK = 1

/** One delivery on its way. */
export type Passage = { webhook: string; delivery: string; isNotice: boolean }

export type Lanes = {
  /** False: the webhook has its share, or this delivery is on its way already; nothing was taken. */
  enter(passage: Passage): boolean
  leave(passage: Passage): void
  /** Flags of the jobs that could not enter: webhooks that have their share, or that of notices. */
  full(): string[]
}

export function openLanes(
  most: number = MAX_IN_FLIGHT_PER_WEBHOOK,
  mostNotices: number = MAX_NOTICES_PER_WEBHOOK,
): Lanes {
  /** Webhook → delivery → whether it is a notice. */
  const inFlight = new Map<string, Map<string, boolean>>()
  const noticesIn = (own: ReadonlyMap<string, boolean>): number => [...own.values()].filter(Boolean).length
  return {
    enter({ webhook, delivery, isNotice }) {
      const own = inFlight.get(webhook) ?? new Map<string, boolean>()
      if (own.size >= most || own.has(delivery)) return false
      if (isNotice && noticesIn(own) >= mostNotices) return false
      inFlight.set(webhook, own.set(delivery, isNotice))
      return true
    },
    leave({ webhook, delivery }) {
      const own = inFlight.get(webhook)
      own?.delete(delivery)
      if (own?.size === 0) inFlight.delete(webhook)
    },
    full: () =>
      [...inFlight].flatMap(([webhook, own]) => {
        if (own.size >= most) return [webhook]
        return noticesIn(own) >= mostNotices ? [webhook + NOTICE_FLAG] : []
      }),
  }
}
