/**
 * Bus: hands committed events to listeners inside this process, in the order of their ids, each once.
 * It reads them back from the database, so events that another process wrote are not missed either.
 */
import { Fault, messageOf } from '@constat/shared/fault'
import { eventsSince, newestEventId } from '../db/events.ts'
import type { Database } from '../db/tx.ts'
import type { Log } from '../shell.ts'
import type { Event } from './types.ts'

/** Listeners at once: more than there may be live streams, whose own limits say who gets in. */
export const MAX_LISTENERS = 512
const READ_AT_ONCE = 200

export type Listener = (event: Event) => void

export type EventBus = {
  /** Events after `id`, oldest first; `contract` null: all contracts. For the replay of a stream. */
  since(id: number, limit: number, contract: string | null): Promise<Event[]>
  /** Throws `unavailable` when there are too many listeners. A listener must not block. */
  subscribe(listener: Listener): () => void
  /** Call after a commit that wrote events. */
  publish(): void
}

export async function openBus({ db, log }: { db: Database; log: Log }): Promise<EventBus> {
  const listeners = new Set<Listener>()
  let lastId = await newestEventId(db)
  let reading = false
  let again = false

  function hand(event: Event, listener: Listener): void {
    try {
      listener(event)
    } catch (error) {
      // One broken stream must not keep the event from the others.
      log.error('an event listener failed', { event: event.id, error: messageOf(error) })
    }
  }

  async function handOut(): Promise<void> {
    const events = await eventsSince(db, { id: lastId, limit: READ_AT_ONCE, contract: null })
    for (const event of events) {
      lastId = event.id
      for (const listener of listeners) hand(event, listener)
    }
    if (events.length === READ_AT_ONCE) again = true
  }

  async function drain(): Promise<void> {
    reading = true
    try {
      do {
        again = false
        await handOut()
      } while (again)
    } catch (error) {
      // The next publish reads on from the same id: nothing is lost, only late.
      log.warn('events could not be read', { error: messageOf(error) })
    } finally {
      reading = false
    }
  }

  return {
    since: (id, limit, contract) => eventsSince(db, { id, limit, contract }),
    subscribe(listener) {
      if (listeners.size >= MAX_LISTENERS) throw new Fault('unavailable', 'too many event streams are open')
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    publish() {
      again = true
      if (!reading) void drain()
    },
  }
}
