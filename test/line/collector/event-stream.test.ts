/**
 * The event stream: replay from Last-Event-ID, nothing lost or told twice between replay and live, the
 * caller's scope, the heartbeat, and what happens to a reader that leaves or cannot keep up.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Event } from '@constat/collector/alert/types'
import {
  HEARTBEAT_MS,
  MAX_OWNER_STREAMS,
  MAX_QUEUED_EVENTS,
  MAX_STREAMS,
  MAX_STREAMS_OF_TOKEN,
  REPLAY_EVENTS,
} from '@constat/collector/http/limits'
import { StreamPlaces } from '@constat/collector/http/stream-places'
import { asker } from '../../support/ask.ts'
import { plainDeps } from '../../support/plain-deps.ts'

const fact = (n: number, contract: string | null = 'intranet'): Omit<Event, 'id'> => ({
  type: contract === null ? 'agent.silent' : 'incident.opened',
  contract,
  atMs: Date.UTC(2026, 10, 22, 17) + n,
  data: { n },
})

afterEach(() => void vi.useRealTimers())

/** Opens a stream and reads from it piece by piece. */
async function open({ app = plainDeps(), as = 'owner-token', lastId = '', query = '' } = {}) {
  const leave = new AbortController()
  const answer = await asker(app).app.request(`/api/v1/events${query}`, {
    headers: { authorization: `Bearer ${as}`, ...(lastId !== '' && { 'last-event-id': lastId }) },
    signal: leave.signal,
  })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (wanted: string | RegExp): Promise<string> => {
    while (!(typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))) {
      const piece = await reader!.read()
      if (piece.done) return `${text}<end>`
      text += piece.value
    }
    return text
  }
  return { app, answer, until, leave, reader: reader! }
}

const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))

describe('the event stream', () => {
  it('tells a fact as webhooks do: type, timestamp, data', async () => {
    const { app, answer, until } = await open()
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    await until(': constat')
    app.events.tell(fact(1))
    const data = '{"type":"incident.opened","timestamp":"2026-11-22T17:00:00.001Z","data":{"n":1}}'
    expect(await until('id: 1')).toContain(`event: incident.opened\ndata: ${data}\nid: 1\n\n`)
  })

  it('does not tell the provider whom the customer wakes, nor what it has left to do', async () => {
    const { app, until } = await open({ as: 'provider-token' })
    await until(': constat')
    for (const type of ['incident.escalated', 'claim.deadline', 'incident.opened'] as const)
      app.events.tell({ ...fact(1, 'acme-hosting-2026'), type })
    expect(idsOf(await until('id: 3'))).toEqual([3])
  })

  it.each([
    ['?type=agent.silent', [3]],
    ['?type=incident.*', [1, 2, 4]],
    ['?contract=acme-hosting-2026', [2]],
    ['?type=incident.opened&contract=intranet', [1, 4]],
  ])('holds what %s asks for alone, when it replays and after', async (query, ids) => {
    const app = plainDeps()
    app.events.tell(fact(1))
    const { until } = await open({ app, query, lastId: '0' })
    await until(': constat')
    app.events.tell(fact(2, 'acme-hosting-2026'))
    app.events.tell(fact(3, null))
    app.events.tell(fact(4))
    expect(idsOf(await until(`id: ${ids.at(-1)}`))).toEqual(ids)
  })

  it('starts with what comes next, unless it is told where to start', async () => {
    const app = plainDeps()
    for (let n = 1; n <= 3; n += 1) app.events.tell(fact(n))
    const fresh = await open({ app })
    await fresh.until(': constat')
    const back = await open({ app, lastId: '1' })
    app.events.tell(fact(4))
    expect(idsOf(await fresh.until('id: 4'))).toEqual([4])
    expect(idsOf(await back.until('id: 4'))).toEqual([2, 3, 4])
  })

  it('replays more than one read, in order, and nothing twice when facts come meanwhile', async () => {
    const app = plainDeps()
    const count = REPLAY_EVENTS * 2 + 1
    for (let n = 1; n <= count; n += 1) app.events.tell(fact(n))
    const { since } = app.deps.events
    let reads = 0
    app.deps.events.since = async (...asked) => {
      reads += 1
      // Told while the replay reads: it is in the answer and in the queue.
      if (reads === 3) app.events.tell(fact(count + 1))
      return since(...asked)
    }
    const { until } = await open({ app, lastId: '0' })
    await until(`id: ${count + 1}\n`)
    app.events.tell(fact(count + 2))
    const ids = idsOf(await until(`id: ${count + 2}\n`))
    expect(ids).toEqual(Array.from({ length: count + 2 }, (_, n) => n + 1))
  })

  it('goes on after an id that was never given', async () => {
    const { app, until } = await open({ lastId: '9000' })
    await until(': constat')
    await new Promise((resolve) => setTimeout(resolve, 5))
    app.events.tell(fact(1))
    expect(idsOf(await until('id: 1'))).toEqual([1])
  })

  it.each(['-1', 'x', '1.5', '99999999999999999'])('refuses the id %j', async (lastId) => {
    expect((await open({ lastId })).answer.status).toBe(400)
  })

  it('keeps to the scope, live and replayed; facts about hosts are not the provider’s', async () => {
    const app = plainDeps()
    app.events.tell(fact(1))
    app.events.tell(fact(2, 'acme-hosting-2026'))
    app.events.tell(fact(3, null))
    const { until } = await open({ app, as: 'provider-token', lastId: '0' })
    await until('id: 2')
    app.events.tell(fact(4))
    app.events.tell(fact(5, null))
    app.events.tell(fact(6, 'acme-hosting-2026'))
    expect(idsOf(await until('id: 6'))).toEqual([2, 6])
  })

  it('says every 15 s that it is still there', async () => {
    vi.useFakeTimers()
    const { until } = await open()
    await until(': constat')
    let told = ''
    const said = until(': still here').then((text) => (told = text))
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS - 1)
    expect(told).toBe('')
    await vi.advanceTimersByTimeAsync(1)
    expect(await said).toContain(': still here')
  })

  it.each(['abort', 'cancel'] as const)('lets go of a reader that leaves by %s', async (way) => {
    const { app, until, leave, reader } = await open()
    await until(': constat')
    expect(app.events.listeners.size).toBe(1)
    if (way === 'abort') leave.abort()
    else await reader.cancel()
    await vi.waitFor(() => expect(app.events.listeners.size).toBe(0))
  })

  it(`holds ${MAX_QUEUED_EVENTS} facts for a slow reader, and ends past that`, async () => {
    const app = plainDeps()
    const { answer, reader } = await open({ app })
    expect(answer.status).toBe(200)
    // Some are on their way in the stream's own buffers; the rest wait. None is read here.
    for (let n = 1; n <= MAX_QUEUED_EVENTS; n += 1) app.events.tell(fact(n))
    expect(app.events.listeners.size).toBe(1)
    app.events.tell(fact(0))
    expect(app.events.listeners.size).toBe(0)
    let ended = false
    while (!ended) ended = (await reader.read()).done
  })

  const opened = async (app: ReturnType<typeof asker>['app'], token: string, signal?: AbortSignal) => {
    const headers = { authorization: `Bearer ${token}` }
    return app.request('/api/v1/events', { headers, ...(signal && { signal }) })
  }

  it(`serves a token ${MAX_STREAMS_OF_TOKEN} streams and no more, and again when one has left`, async () => {
    const { app } = asker(plainDeps())
    const leave = new AbortController()
    const first = await opened(app, 'provider-token', leave.signal)
    for (let n = 1; n < MAX_STREAMS_OF_TOKEN; n += 1)
      expect((await opened(app, 'provider-token')).status).toBe(200)
    const refused = await opened(app, 'provider-token')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([
      429,
      expect.stringMatching(/^\d+$/),
    ])
    expect((await opened(app, 'viewer-token')).status).toBe(200)
    leave.abort()
    await first.body?.cancel()
    await vi.waitFor(async () => expect((await opened(app, 'provider-token')).status).toBe(200))
  })

  it('always lets an owner in: the stream that is open longest gives way', async () => {
    const deps = plainDeps()
    const { app } = asker(deps)
    const first = await opened(app, 'owner-token')
    for (let n = 1; n < MAX_OWNER_STREAMS + 2; n += 1)
      expect((await opened(app, 'owner-token')).status).toBe(200)
    expect(deps.events.listeners.size).toBe(MAX_OWNER_STREAMS)
    const reader = first.body!.getReader()
    let isOver = false
    while (!isOver) isOver = (await reader.read()).done
  })

  it(`serves ${MAX_STREAMS} to all others together`, () => {
    const places = new StreamPlaces()
    const by = (n: number) => ({
      key: `token ${Math.floor(n / MAX_STREAMS_OF_TOKEN)}`,
      role: 'viewer' as const,
    })
    for (let n = 0; n < MAX_STREAMS; n += 1) places.take(by(n), () => undefined)
    expect(() => places.take(by(MAX_STREAMS), () => undefined)).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    )
    const leave = places.take({ key: 'owner', role: 'owner' }, () => undefined)
    leave()
  })
})
