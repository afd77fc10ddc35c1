/**
 * Lanes: one for each webhook, so that a slow one holds up nobody but itself, and notices never an incident. What
 * waits in them is a copy of what was read last. State of one process, no clock, no network.
 */
import type { Due } from '../db/deliveries.ts'

/** Requests to one webhook at once, and how many of them may be notices. */
export const MAX_IN_FLIGHT_PER_WEBHOOK = 2
export const MAX_NOTICES_PER_WEBHOOK = 1

type Lane = { inFlight: Map<string, Due>; waiting: Due[]; hasMore: boolean }

export class Lanes {
  readonly #lanes = new Map<string, Lane>()

  /** `due`: all that may be sent now, up to `most` of each webhook, those first that go first. */
  refill(due: readonly Due[], most: number): void {
    for (const lane of this.#lanes.values()) lane.waiting = []
    for (const one of due) this.#of(one.webhook).waiting.push(one)
    for (const [webhook, lane] of this.#lanes) {
      lane.hasMore = lane.waiting.length >= most
      // Read before it went, or came back, meanwhile.
      lane.waiting = lane.waiting.filter(({ id }) => !lane.inFlight.has(id))
      if (lane.inFlight.size + lane.waiting.length === 0) this.#lanes.delete(webhook)
    }
  }

  /** Those that go now: they are in flight. */
  next(): Due[] {
    return [...this.#lanes.values()].flatMap((lane) => {
      const going: Due[] = []
      while (lane.waiting.length > 0 && hasPlace(lane, lane.waiting[0]!)) {
        const one = lane.waiting.shift()!
        lane.inFlight.set(one.id, one)
        going.push(one)
      }
      return going
    })
  }

  /** True: nothing that was read waits for this webhook any more, and there was more than was read. */
  leave({ id, webhook }: Due): boolean {
    const lane = this.#lanes.get(webhook)
    lane?.inFlight.delete(id)
    return lane !== undefined && lane.waiting.length === 0 && lane.hasMore
  }

  inFlight(): string[] {
    return [...this.#lanes.values()].flatMap((lane) => [...lane.inFlight.keys()])
  }

  /** Nothing waits any more. */
  clear(): void {
    this.refill([], 1)
  }

  #of(webhook: string): Lane {
    const lane = this.#lanes.get(webhook) ?? { inFlight: new Map(), waiting: [], hasMore: false }
    this.#lanes.set(webhook, lane)
    return lane
  }
}

function hasPlace({ inFlight }: Lane, { isNotice }: Due): boolean {
  if (inFlight.size >= MAX_IN_FLIGHT_PER_WEBHOOK) return false
  const notices = [...inFlight.values()].filter((one) => one.isNotice).length
  return !isNotice || notices < MAX_NOTICES_PER_WEBHOOK
}
