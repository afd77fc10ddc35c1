/**
 * Lanes: how many requests each webhook has in flight, so that a slow one cannot hold every worker.
 * State of one process, no clock, no network.
 */

/** Requests to one webhook at once. */
export const MAX_IN_FLIGHT_PER_WEBHOOK = 2

export type Lanes = {
  /** False: the webhook has its share; nothing was taken. */
  enter(webhook: string): boolean
  leave(webhook: string): void
  /** The webhooks that have their share. */
  full(): string[]
}

export function openLanes(most: number = MAX_IN_FLIGHT_PER_WEBHOOK): Lanes {
  const inFlight = new Map<string, number>()
  return {
    enter(webhook) {
      const n = inFlight.get(webhook) ?? 0
      if (n >= most) return false
      inFlight.set(webhook, n + 1)
      return true
    },
    leave(webhook) {
      const n = inFlight.get(webhook) ?? 0
      if (n <= 1) inFlight.delete(webhook)
      else inFlight.set(webhook, n - 1)
    },
    full: () => [...inFlight].filter(([, n]) => n >= most).map(([webhook]) => webhook),
  }
}
