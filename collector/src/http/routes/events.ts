/**
 * Events: facts as they happen, one SSE stream a client. A reader that comes back with Last-Event-ID
 * gets what it missed; one that cannot keep up is let go, and comes back the same way.
 */
import { Fault } from '@constat/shared/fault'
import { Hono, type Context } from 'hono'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import { z } from 'zod'
import { typeMatches } from '@constat/sla/alerting/route'
import { envelopeText, EVENT_TYPES, type Event } from '../../alert/types.ts'
import type { AppDeps, Caller, Events } from '../actions.ts'
import { allow, askerOf, sentWith, type Env } from '../caller.ts'
import { describe, name, query } from '../describe.ts'
import { HEARTBEAT_MS, MAX_QUEUED_EVENTS, REPLAY_EVENTS } from '../limits.ts'
import { heard } from '../scope.ts'
import { StreamPlaces } from '../stream-places.ts'

const eventQuery = z.object({
  type: name
    .refine(
      (asked) => EVENT_TYPES.some((type) => typeMatches(asked, type)),
      'is no type of event: incident.opened, incident.* or *',
    )
    .optional()
    .describe('One type, or incident.* for those that begin so'),
  contract: name.optional(),
})

export function eventRoutes({ events, actions, read }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  const places = new StreamPlaces()
  app.get(
    '/events',
    allow('read'),
    describe({
      summary: 'Server-sent events: `event` is the type, `data` JSON; Last-Event-ID replays',
      tag: 'events',
      problems: [400, 429, 503],
    }),
    query(eventQuery),
    (c) => {
      const { type, contract } = c.req.valid('query')
      const isAsked = (event: Event) =>
        (type === undefined || typeMatches(type, event.type)) &&
        (contract === undefined || event.contract === contract)
      const afterId = lastEventId(c)
      // Ended through the variable: the queue begins once there is a place for it.
      let queue: Queue | null = null
      const leave = places.take(askerOf(c.var.caller), () => queue?.end())
      const hear = (event: Event) => (isAsked(event) ? heard(event, c.var.caller, read) : null)
      const own = (queue = createQueue(events, hear))
      // A proxy that buffers would hold the news back.
      c.header('X-Accel-Buffering', 'no')
      return streamSSE(c, async (stream) => {
        stream.onAbort(own.end)
        // onAbort alone may not fire when the connection breaks.
        c.req.raw.signal.addEventListener('abort', own.end)
        // Whoever may not come in any more hears nothing more.
        const letGo = actions.sessions.hold(sentWith(c)?.secret ?? '', own.end)
        try {
          await sendEvents(stream, {
            queue: own,
            events,
            hear,
            contract: contract ?? onlyOf(c.var.caller),
            afterId,
          })
        } finally {
          letGo()
          own.end()
          leave()
        }
      })
    },
  )
  return app
}

function lastEventId(c: Context): number | null {
  const text = c.req.header('last-event-id')
  if (text === undefined || text === '') return null
  const id = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(id)) return id
  throw new Fault('bad-request', 'Last-Event-ID is not the id of an event.')
}

/** What is read for it: of its one contract, or of all, of which it hears its own. */
function onlyOf({ contracts }: Caller): string | null {
  return contracts?.length === 1 ? (contracts[0] ?? null) : null
}

/** An event as this client may hear it; null: not at all. */
type Hear = (event: Event) => Event | null

type Sending = {
  queue: Queue
  events: Events
  hear: Hear
  /** Null: those of several. */
  contract: string | null
  afterId: number | null
}

async function sendEvents(
  stream: SSEStreamingApi,
  { queue, events, hear, contract, afterId }: Sending,
): Promise<void> {
  // A first byte at once: the client knows that it is heard.
  await stream.write(': constat\n\n')
  let toldId = afterId === null ? -1 : await replay(stream, { queue, events, hear, contract, afterId })
  for (;;) {
    const next = await queue.take(HEARTBEAT_MS)
    if (next === 'ended') return
    if (next === 'quiet') await stream.write(': still here\n\n')
    else if (next.id > toldId) {
      await write(stream, next)
      toldId = next.id
    }
  }
}

/** Every event since; the queue has been listening all the while, so nothing falls between. */
async function replay(stream: SSEStreamingApi, from: Sending & { afterId: number }): Promise<number> {
  // An id that was never given (an older ledger was restored) must not silence what comes now.
  let toldId = -1
  for (let cursor = from.afterId; !from.queue.ended(); cursor = toldId) {
    const missed = await from.events.since(cursor, REPLAY_EVENTS, from.contract)
    for (const event of missed) {
      const own = from.hear(event)
      if (own) await write(stream, own)
      toldId = event.id
    }
    if (missed.length < REPLAY_EVENTS) break
  }
  return toldId
}

/** The envelope is the one that webhooks receive. */
async function write(stream: SSEStreamingApi, event: Event): Promise<void> {
  await stream.writeSSE({ id: String(event.id), event: event.type, data: envelopeText(event) })
}

type Queue = {
  /** The next fact; `quiet` when there was none for so long. */
  take(waitMs: number): Promise<Event | 'quiet' | 'ended'>
  ended(): boolean
  end(): void
}

/** Owned by one stream. Past its bound it ends: a reader with holes would be worse than one that returns. */
function createQueue(events: Events, hear: Hear): Queue {
  const waiting: Event[] = []
  let wake: (() => void) | null = null
  let over = false
  const end = (): void => {
    over = true
    unsubscribe()
    wake?.()
  }
  const unsubscribe = events.subscribe((event) => {
    const own = hear(event)
    if (!own) return
    waiting.push(own)
    if (waiting.length > MAX_QUEUED_EVENTS) end()
    else wake?.()
  })
  const rest = (waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  return {
    ended: () => over,
    end,
    async take(waitMs) {
      if (!over && waiting.length === 0) await rest(waitMs)
      wake = null
      return over ? 'ended' : (waiting.shift() ?? 'quiet')
    },
  }
}
