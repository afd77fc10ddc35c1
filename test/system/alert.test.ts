/**
 * Alerts for real: PostgreSQL, HTTP receivers, processes and databases that are killed.
 */
import { spawn } from 'node:child_process'
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MAX_LISTENERS, openBus } from '@constat/collector/alert/bus'
import { Delivering, type DeliveryOptions } from '@constat/collector/alert/deliver'
import { MAX_ANSWER_BYTES } from '@constat/collector/alert/post'
import { MAX_PAYLOAD_BYTES, type Event, type EventType, type Fact } from '@constat/collector/alert/types'
import {
  cleanDeliveries,
  DELIVERIES_KEPT_MS,
  firstAccepted,
  isIncidentOver,
  PAUSED_KEPT_MS,
} from '@constat/collector/db/deliveries'
import { eventsSince, writeEvent } from '@constat/collector/db/events'
import { migrateDatabase } from '@constat/collector/db/migrate'
import { openDatabase, type OpenDatabase } from '@constat/collector/db/open'
import { readPostmaster } from '@constat/collector/db/postmaster'
import { listDeliveries, type DeliveryView } from '@constat/collector/db/delivery-list'
import {
  createWebhook,
  editWebhook,
  enableWebhook,
  listWebhooks,
  MAX_WEBHOOKS,
  removeWebhook,
  replayDelivery,
  testWebhook,
  type WebhookChanges,
} from '@constat/collector/db/webhooks'
import { systemCode } from '@constat/shared/fault'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { openReceiver, type Receiver, type Respond } from '../support/receiver.ts'

const random = { bytes: randomBytes }
const quiet = { info: () => {}, warn: () => {}, error: () => {} }

let dataDir = ''
let db: OpenDatabase
let closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'constat-alert-'))
  db = await openDatabase({ databaseUrl: null, dataDir, log: quiet })
  await migrateDatabase(db, { log: quiet })
}, 60_000)

afterAll(async () => {
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
})

afterEach(async () => {
  for (const close of closing.reverse()) await close()
  closing = []
  await db.sql`truncate webhook, delivery, event, log cascade`
})

async function receiver(respond?: Respond): Promise<Receiver> {
  const opened = await openReceiver(respond)
  closing.push(() => opened.close())
  return opened
}

function deliver(options: Partial<DeliveryOptions> = {}): Delivering {
  const delivering = new Delivering({
    sql: db.sql,
    clock: REAL_CLOCK,
    random,
    log: quiet,
    allowPrivate: true,
    retryDelaysMs: [50, 50, 50],
    pollMs: 100,
    ...options,
  })
  closing.push(() => delivering.stop())
  return delivering
}

function hook(url: string, types: EventType[] | ['*'] = ['*']): Promise<{ id: string; secret: string }> {
  return createWebhook(db.sql, { draft: { url, types }, nowMs: Date.now(), random })
}

function fact(n: number, type: EventType = 'incident.opened'): Fact {
  return { type, contract: 'acme', atMs: Date.now(), data: { id: `inc-${n}`, service: 'portal' } }
}

function told(n: number, type?: EventType): Promise<Event> {
  return db.sql.begin((tx) => writeEvent(tx, fact(n, type)))
}

async function deliveries(webhook: string): Promise<DeliveryView[]> {
  return await listDeliveries(db.sql, { webhook, limit: 100 })
}

/** Waits until every delivery of the webhook has left `pending`. */
async function settled(webhook: string, timeoutMs = 15_000): Promise<DeliveryView[]> {
  const endMs = Date.now() + timeoutMs
  for (;;) {
    const items = await deliveries(webhook).catch(nothingYet)
    if (items.length > 0 && items.every(({ state }) => state !== 'pending')) return items
    if (Date.now() > endMs) throw new Error(`not settled: ${JSON.stringify(items.slice(0, 3))}`)
    await sleep(20)
  }
}

/** A connection of ours that went with the database says so at its next use; the one after is a new one. */
function nothingYet(error: unknown): DeliveryView[] {
  if (['EPIPE', 'ECONNRESET', 'CONNECTION_CLOSED'].includes(systemCode(error) ?? '')) return []
  throw error
}

describe('a told fact', () => {
  it('reaches every subscribed webhook exactly once, signed', async () => {
    const all = await receiver()
    const some = await receiver()
    const { id, secret } = await hook(all.url)
    const closed = await hook(some.url, ['incident.closed'])
    deliver()
    const first = await told(1)
    await told(2, 'incident.closed')
    await settled(id)
    await settled(closed.id)
    await sleep(300)
    expect(all.received.map(({ body }) => incidentOf(body)).toSorted()).toEqual(['inc-1', 'inc-2'])
    expect(some.received).toHaveLength(1)
    expect(await deliveries(id)).toHaveLength(2)
    expect(await deliveries(closed.id)).toHaveLength(1)
    for (const { body, headers } of all.received)
      expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
    const one = all.received.find(({ body }) => body.includes('inc-1'))
    expect(JSON.parse(one?.body ?? '')).toEqual({
      type: 'incident.opened',
      timestamp: new Date(first.atMs).toISOString(),
      data: { id: 'inc-1', service: 'portal' },
    })
    expect(() => new Webhook(closed.secret).verify(one?.body ?? '', one?.headers ?? {})).toThrow()
  })

  it('leaves nothing behind when its transaction is rolled back', async () => {
    const to = await receiver()
    const { id } = await hook(to.url)
    deliver()
    const failed = db.sql.begin(async (tx) => {
      await writeEvent(tx, fact(1))
      throw new Error('rolled back')
    })
    await expect(failed).rejects.toThrow('rolled back')
    await told(2)
    await settled(id)
    await sleep(300)
    expect(to.received.map(({ body }) => body.includes('inc-2'))).toEqual([true])
    expect(await eventsSince(db.sql, { id: 0, limit: 10, contract: null })).toHaveLength(1)
  })

  it('may hold what jsonb refuses, and is refused at 20 kB', async () => {
    const event = await db.sql.begin((tx) => writeEvent(tx, { ...fact(1), data: { cause: 'a\0b\uD800c' } }))
    expect(event.data).toEqual({ cause: 'a\\u0000b\uFFFDc' })
    const sized = (bytes: number): Fact => {
      const bare = { ...fact(1), data: { text: '' } }
      const overhead = Buffer.byteLength(
        JSON.stringify({ type: bare.type, timestamp: new Date(bare.atMs).toISOString(), data: bare.data }),
      )
      return { ...bare, data: { text: 'x'.repeat(bytes - overhead) } }
    }
    await db.sql.begin((tx) => writeEvent(tx, sized(MAX_PAYLOAD_BYTES - 1)))
    await expect(db.sql.begin((tx) => writeEvent(tx, sized(MAX_PAYLOAD_BYTES)))).rejects.toMatchObject({
      code: 'too-large',
    })
  })
})

describe('an answer', () => {
  it('of 500, then 200: the same id, a new time, a good signature each time', async () => {
    const to = await receiver((response, n) => {
      response.statusCode = n === 1 ? 500 : 200
      response.end('oops\0')
    })
    const { id, secret } = await hook(to.url)
    // Half-second steps would hide in the header's whole seconds.
    deliver({ retryDelaysMs: [1_100] })
    await told(1)
    const [item] = await settled(id)
    expect(item).toMatchObject({ state: 'delivered', attempts: 2, lastStatus: 200, lastBody: 'oops\uFFFD' })
    expect(item?.tries.map(({ status }) => status)).toEqual([500, 200])
    const [first, second] = to.received
    expect(first?.id).toBe(item?.messageId)
    expect(second?.id).toBe(first?.id)
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp'])
    for (const { body, headers } of to.received)
      expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
  })

  it('that never is good ends after the last retry', async () => {
    const to = await receiver(
      (response) => void response.writeHead(503).end('x'.repeat(MAX_ANSWER_BYTES + 1)),
    )
    const { id } = await hook(to.url)
    deliver({ retryDelaysMs: [20, 20] })
    await told(1)
    const [item] = await settled(id)
    expect(item).toMatchObject({ state: 'failed', attempts: 3, lastStatus: 503, nextAt: null })
    expect(item?.lastBody).toHaveLength(MAX_ANSWER_BYTES)
    await sleep(300)
    expect(to.received).toHaveLength(3)
  })

  it('of 410 disables the webhook, with all that was waiting for it', async () => {
    const to = await receiver((response) => void response.writeHead(410).end())
    const { id } = await hook(to.url)
    await told(1)
    await told(2)
    await told(3)
    deliver()
    const items = await settled(id)
    expect(items.map(({ state }) => state)).toEqual(['disabled', 'disabled', 'disabled'])
    expect(to.received.length).toBeLessThanOrEqual(2)
    const before = to.received.length
    expect((await listWebhooks(db.sql))[0]?.disabledAt).not.toBeNull()
    await told(4)
    await sleep(300)
    expect(await deliveries(id)).toHaveLength(3)
    expect(to.received).toHaveLength(before)
    await expect(testWebhook(db.sql, { id, nowMs: Date.now() })).rejects.toMatchObject({ code: 'conflict' })
    expect(await enableWebhook(db.sql, id)).toMatchObject({ id, url: to.url, disabledAt: null })
    expect(await enableWebhook(db.sql, 'hook_none')).toBeNull()
    await told(5)
    await to.until(before + 1)
  })

  it('that is paused is sent what waited, in order, once it goes on; what waits too long is let go', async () => {
    const to = await receiver()
    const { id } = await hook(to.url)
    deliver()
    const change = (changes: WebhookChanges) =>
      editWebhook(db.sql, { id, changes, nowMs: Date.now(), random })
    expect(await change({ paused: true })).toMatchObject({ state: 'paused' })
    await told(1)
    await told(2)
    await sleep(400)
    expect(to.received).toHaveLength(0)
    expect(await deliveries(id)).toMatchObject(
      [1, 2].map(() => ({ state: 'pending', attempts: 0, nextAt: null })),
    )
    await expect(testWebhook(db.sql, { id, nowMs: Date.now() })).rejects.toMatchObject({ code: 'conflict' })
    expect(await change({ paused: false })).toMatchObject({ state: 'active', pausedAt: null })
    await settled(id)
    expect(to.received.map(({ body }) => incidentOf(body))).toEqual(['inc-1', 'inc-2'])
    await change({ paused: true })
    await told(3)
    await cleanDeliveries(db.sql, Date.now() + PAUSED_KEPT_MS - 60_000)
    expect(await listDeliveries(db.sql, { webhook: id, state: 'pending', limit: 9 })).toHaveLength(1)
    await cleanDeliveries(db.sql, Date.now() + PAUSED_KEPT_MS + 60_000)
    expect(await listDeliveries(db.sql, { webhook: id, state: 'disabled', limit: 9 })).toMatchObject([
      { lastError: 'the webhook was paused for too long' },
    ])
  })

  it('that is edited keeps its secret, hears of its contracts alone, and another address is asked anew', async () => {
    const [gone, to] = [await receiver((response) => void response.writeHead(410).end()), await receiver()]
    const { id, secret } = await hook(gone.url)
    const edit = (changes: WebhookChanges) => editWebhook(db.sql, { id, changes, nowMs: Date.now(), random })
    deliver()
    await told(1)
    await settled(id)
    await db.sql`insert into log (id, contract, origin, size, frontier, root, created_ms)
      values (1, 'acme', 'o/acme', 0, '', '', 0), (2, 'other', 'o/other', 0, '', '', 0) on conflict do nothing`
    expect(await edit({ types: ['incident.opened'] })).toMatchObject({ state: 'disabled' })
    const edited = { url: to.url, contracts: ['other'], shape: 'generic' as const }
    expect(await edit(edited)).toMatchObject({ ...edited, state: 'active', types: ['incident.opened'] })
    await told(2)
    await edit({ contracts: ['other', 'acme'] })
    await told(3, 'incident.closed')
    await told(4)
    await to.until(1)
    await sleep(200)
    expect(to.received.map(({ body }) => incidentOf(body))).toEqual(['inc-4'])
    expect(new Webhook(secret).verify(to.received[0]!.body, to.received[0]!.headers)).toBeTruthy()
    await expect(edit({ contracts: ['nobody'] })).rejects.toMatchObject({
      problems: [expect.stringContaining('unknown contracts: nobody')],
    })
    await expect(edit({ url: 'nowhere', types: ['no.such'] })).rejects.toMatchObject({
      problems: [expect.stringContaining('unknown types'), 'url is not an absolute address'],
    })
    expect(await edit({})).toMatchObject({ contracts: ['other', 'acme'] })
    expect(await editWebhook(db.sql, { id: 'hook_none', changes: {}, nowMs: 0, random })).toBeNull()
  })

  it('with a key of its own is signed by it too, for whoever has the public half', async () => {
    const to = await receiver()
    const draft = { url: to.url, types: ['*'], ed25519: true }
    const { id, secret } = await createWebhook(db.sql, { draft, nowMs: Date.now(), random })
    const [{ publicKey } = { publicKey: '' }] = await listWebhooks(db.sql)
    deliver()
    await told(1)
    await settled(id)
    const [{ body, headers } = { body: '', headers: {} as Record<string, string> }] = to.received
    expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
    const [, v1a = ''] = headers['webhook-signature']!.split(' ')
    // As docs/webhooks.md has it.
    const key = createPublicKey({
      key: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: Buffer.from(publicKey!.slice(5), 'base64').toString('base64url'),
      },
      format: 'jwk',
    })
    const isGood = (text: string) =>
      verify(
        null,
        Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`),
        key,
        Buffer.from(v1a.replace('v1a,', ''), 'base64'),
      )
    expect([v1a.slice(0, 4), isGood(body), isGood(`${body} `)]).toEqual(['v1a,', true, false])
    const without = { id, changes: { ed25519: false }, nowMs: Date.now(), random }
    expect(await editWebhook(db.sql, without)).toMatchObject({ publicKey: null })
    await told(2)
    await to.until(2)
    expect(to.received[1]!.headers['webhook-signature']).not.toContain('v1a')
  })

  it('that redirects is not followed', async () => {
    const secret = await receiver()
    const to = await receiver((response) => void response.writeHead(307, { location: secret.url }).end())
    const { id } = await hook(to.url)
    deliver({ retryDelaysMs: [20] })
    await told(1)
    const [item] = await settled(id)
    expect(item).toMatchObject({
      state: 'failed',
      attempts: 2,
      lastStatus: 307,
      lastError: 'redirects are not followed',
    })
    expect(secret.received).toHaveLength(0)
  })

  it.each([
    ['seconds', () => '2', 2_000],
    ['a date', () => new Date(Date.now() + 3_000).toUTCString(), 1_900],
  ])('with Retry-After in %s is obeyed', async (_name, retryAfter, leastMs) => {
    const to = await receiver((response, n) => {
      if (n === 1) response.writeHead(429, { 'retry-after': retryAfter() }).end()
      else response.end()
    })
    const { id } = await hook(to.url)
    deliver()
    await told(1)
    await settled(id)
    const [first, second] = to.received
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(leastMs)
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThan(5_000)
  })

  it('that does not come is given up, and what follows a switch of protocols too', async () => {
    const hanging = await receiver(() => {})
    const switching = await receiver((response) => {
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    })
    const [a, b] = await Promise.all([hook(hanging.url), hook(switching.url)])
    deliver({ timeoutMs: 200, retryDelaysMs: [] })
    await told(1)
    expect(await settled(a.id)).toMatchObject([{ state: 'failed', lastError: 'no answer within 200 ms' }])
    expect(await settled(b.id)).toMatchObject([{ state: 'failed', lastStatus: null }])
  })

  it.each([
    ['with bare line feeds', 'HTTP/1.1 200 OK\nX-By: appliance\nContent-Length: 2\n\nok'],
    ['with a folded line', 'HTTP/1.1 200 OK\r\nX: a;\r\n\tb\r\nContent-Length: 2\r\n\r\nok'],
    ['with a control', 'HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 2\r\n\r\nok'],
    [
      'with two framings',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['with 60 kB of headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(60_000)}\r\nContent-Length: 2\r\n\r\nok`],
    ['with bytes after it', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok and more'],
    ['with the body of a 204', 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n{}'],
  ])('%s is an answer', async (_name, bytes) => {
    const to = await receiver((response) => void response.socket?.end(bytes, 'latin1'))
    const { id } = await hook(to.url)
    deliver({ retryDelaysMs: [] })
    await told(1)
    expect(await settled(id)).toMatchObject([{ state: 'delivered', attempts: 1 }])
  })

  it('of 200 counts, however its body ends', async () => {
    const endless = await receiver((response) => void response.writeHead(200).write('begun'))
    const { id } = await hook(endless.url)
    deliver({ timeoutMs: 300 })
    await told(1)
    expect(await settled(id)).toMatchObject([{ state: 'delivered', attempts: 1, lastBody: 'begun' }])
  })
})

describe('an address', () => {
  it('is checked at connect, on every attempt', async () => {
    const to = await receiver()
    const asked: string[] = []
    const lookup = async (name: string) => {
      asked.push(name)
      return [{ address: '127.0.0.1', family: 4 }]
    }
    const named = await hook(`http://ops.example:${to.port}/hook`)
    const written = await hook(to.url)
    const mapped = await hook(`http://[::ffff:127.0.0.1]:${to.port}/hook`)
    const decimal = await hook(`http://2130706433:${to.port}/hook`)
    deliver({ allowPrivate: false, lookup, retryDelaysMs: [20] })
    await told(1)
    for (const { id } of [named, written, mapped, decimal]) {
      const [item] = await settled(id)
      expect(item).toMatchObject({ state: 'failed', attempts: 2 })
      expect(item?.lastError).toMatch(/refused \(loopback\)/)
    }
    expect(asked).toEqual(['ops.example', 'ops.example'])
    expect(to.received).toHaveLength(0)
  })

  it('on loopback is reached by name where that is allowed', async () => {
    const to = await receiver()
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const { id } = await hook(`http://ops.example:${to.port}/hook`)
    deliver({ lookup })
    await told(1)
    expect(await settled(id)).toMatchObject([{ state: 'delivered' }])
    expect(to.received[0]?.headers['host']).toBe(`ops.example:${to.port}`)
  })
})

describe('a slow endpoint', () => {
  it('has two requests in flight at most and holds nobody else', async () => {
    let inFlight = 0
    let most = 0
    const slow = await receiver(async (response) => {
      inFlight += 1
      most = Math.max(most, inFlight)
      await sleep(1_500)
      inFlight -= 1
      response.end()
    })
    const quick = await receiver()
    const [a, b] = await Promise.all([hook(slow.url), hook(quick.url)])
    for (let n = 0; n < 40; n += 1) await told(n)
    const startMs = Date.now()
    deliver()
    await quick.until(40)
    expect(Date.now() - startMs).toBeLessThan(15_000)
    expect((await settled(b.id)).every(({ attempts }) => attempts === 1)).toBe(true)
    expect(most).toBe(2)
    await removeWebhook(db.sql, a.id)
  }, 30_000)
})

describe('an incident', () => {
  it('passes by a flood of notices and endpoints that do not answer', async () => {
    const hanging = await receiver(async (response) => {
      await sleep(10_000)
      response.end()
    })
    const quick = await receiver(async (response) => {
      await sleep(100)
      response.end()
    })
    for (let n = 0; n < 30; n += 1) await hook(`${hanging.url}/${n}`)
    await hook(quick.url)
    for (let n = 0; n < 40; n += 1) await told(n, 'exclusion.proposed')
    deliver({ timeoutMs: 2_000, retryDelaysMs: [60_000] })
    await quick.until(3)
    await told(99)
    const types = () => quick.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)
    const startMs = Date.now()
    while (!types().includes('incident.opened') && Date.now() - startMs < 10_000) await sleep(20)
    // Those that were on their way, and not the forty.
    expect(types().indexOf('incident.opened')).toBeGreaterThan(0)
    expect(types().indexOf('incident.opened')).toBeLessThan(30)
  }, 60_000)
})

describe('a crash', () => {
  it('of the process between send and record sends the same id again and loses nothing', async () => {
    const child = await startChild()
    let killed = false
    const to = await receiver((response) => {
      if (!killed) child.kill('SIGKILL')
      killed = true
      response.end()
    })
    const { id } = await hook(to.url)
    const gone = once(child, 'exit')
    await told(1)
    await gone
    await told(2)
    expect((await deliveries(id)).map(({ attempts }) => attempts)).toEqual([0, 0])
    deliver()
    const items = await settled(id)
    expect(items.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['delivered', 1],
      ['delivered', 1],
    ])
    const sent = to.received.map(({ body, id: message }) => `${incidentOf(body)} ${message}`)
    const [second, first] = items.map(({ messageId }) => messageId)
    expect(sent.toSorted()).toEqual([`inc-1 ${first}`, `inc-1 ${first}`, `inc-2 ${second}`].toSorted())
  }, 60_000)

  it('of the database in mid-send is waited out: one request, recorded', async () => {
    const to = await receiver(async (response) => {
      if (to.received.length === 1) await killDatabase()
      response.end()
    })
    const { id } = await hook(to.url)
    deliver()
    await told(1)
    await to.until(1)
    await untilDatabase()
    expect(await settled(id, 30_000)).toMatchObject([{ state: 'delivered', attempts: 1 }])
    await told(2)
    await settled(id, 30_000)
    await sleep(500)
    expect(to.received).toHaveLength(2)
  }, 90_000)

  it('of the database between sends is recovered from', async () => {
    const to = await receiver()
    const { id } = await hook(to.url)
    deliver()
    await killDatabase()
    await untilDatabase()
    await told(1)
    expect(await settled(id, 30_000)).toMatchObject([{ state: 'delivered', attempts: 1 }])
  }, 90_000)

  it('of what writes attempts down, more often than there are deliveries, is made good', async () => {
    const to = await receiver()
    const { id } = await hook(to.url)
    deliver()
    await db.sql.unsafe(`
      create sequence refusals;
      create function refuse_update() returns trigger language plpgsql as '
        begin
          if nextval(''refusals'') <= 30 then raise exception ''the database went away''; end if;
          return new;
        end';
      create trigger refuse_update before update on delivery for each row execute function refuse_update()`)
    closing.push(async () => {
      await db.sql`drop function refuse_update cascade`
      await db.sql`drop sequence refusals`
    })
    for (let n = 0; n < 20; n += 1) await told(n)
    const items = await settled(id, 60_000)
    expect(items.every(({ state, attempts }) => state === 'delivered' && attempts === 1)).toBe(true)
    const [refusals] = await db.sql<{ n: number }[]>`select last_value as n from refusals`
    expect(refusals?.n).toBeGreaterThan(30)
    expect(new Set(to.received.map(({ id: message }) => message)).size).toBe(20)
    expect(to.received).toHaveLength(20)
  }, 90_000)
})

describe('a stop', () => {
  it('frees what it cuts short for the next start', async () => {
    let answering = false
    const to = await receiver((response) => {
      if (answering) response.end()
    })
    const { id } = await hook(to.url)
    const first = deliver()
    await told(1)
    await to.until(1)
    const startMs = Date.now()
    await first.stop()
    expect(Date.now() - startMs).toBeLessThan(6_000)
    expect(await deliveries(id)).toMatchObject([{ state: 'pending', attempts: 0 }])
    answering = true
    deliver()
    await settled(id)
    expect(to.received.map(({ id: message }) => message)).toEqual([to.received[0]?.id, to.received[0]?.id])
  }, 30_000)
})

describe('webhooks', () => {
  it('are listed without their secret and removed with what waits', async () => {
    const to = await receiver()
    const { id, secret } = await hook(to.url, ['incident.opened'])
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const [view] = await listWebhooks(db.sql)
    expect(view).toMatchObject({
      id,
      url: to.url,
      types: ['incident.opened'],
      shape: 'generic',
      disabledAt: null,
    })
    expect(JSON.stringify(view)).not.toContain(secret.slice(6))
    await told(1)
    expect(await removeWebhook(db.sql, id)).toBe(true)
    expect(await removeWebhook(db.sql, id)).toBe(false)
    deliver()
    expect(await settled(id)).toMatchObject([{ state: 'disabled', attempts: 0 }])
    expect(to.received).toHaveLength(0)
  })

  it('are a hundred at most, also when made at once', async () => {
    const made = await Promise.allSettled(
      Array.from({ length: MAX_WEBHOOKS + 5 }, (_, n) => hook(`https://ops.example/${n}`)),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_WEBHOOKS)
    const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    expect(refused).toHaveLength(5)
    for (const reason of refused) expect(reason).toMatchObject({ code: 'conflict' })
  })

  it('with a bad draft are refused with every problem', async () => {
    const draft = { url: 'ftp://x/', types: ['nothing'] }
    await expect(createWebhook(db.sql, { draft, nowMs: 0, random })).rejects.toMatchObject({
      code: 'bad-request',
      problems: ['unknown types: nothing', 'url begins with neither https:// nor http://'],
    })
  })

  it('are tested through the same queue, and deliveries replayed under the same id', async () => {
    const to = await receiver()
    const { id, secret } = await hook(to.url, ['incident.closed'])
    deliver()
    const test = await testWebhook(db.sql, { id, nowMs: Date.now() })
    const [item] = await settled(id)
    expect(item).toMatchObject({ id: test.delivery, type: 'webhook.test', state: 'delivered' })
    expect(
      new Webhook(secret).verify(to.received[0]?.body ?? '', to.received[0]?.headers ?? {}),
    ).toMatchObject({
      type: 'webhook.test',
    })
    const replayed = await replayDelivery(db.sql, { id: test.delivery, nowMs: Date.now() })
    expect(replayed.delivery).not.toBe(test.delivery)
    await to.until(2)
    expect(to.received[1]?.id).toBe(to.received[0]?.id)
    expect(to.received[1]?.body).toBe(to.received[0]?.body)
    await expect(replayDelivery(db.sql, { id: 'dlv_x', nowMs: 0 })).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(testWebhook(db.sql, { id: 'hook_x', nowMs: 0 })).rejects.toMatchObject({ code: 'not-found' })
    expect(await eventsSince(db.sql, { id: 0, limit: 10, contract: null })).toEqual([])
  })

  it('that hold alerts hear of no beginning after the end, late or replayed', async () => {
    const to = await receiver((response, n) => {
      response.statusCode = n === 1 ? 500 : 202
      response.end()
    })
    const draft = { url: `${to.url}?routing_key=R`, types: ['*'], shape: 'pagerduty' }
    const { id } = await createWebhook(db.sql, { draft, nowMs: Date.now(), random })
    deliver({ retryDelaysMs: [600] })
    await told(1)
    await to.until(1)
    const end = fact(1, 'incident.closed')
    const closedAt = new Date().toISOString()
    await db.sql.begin((tx) => writeEvent(tx, { ...end, data: { ...end.data, closedAt } }))
    const first = (await settled(id)).find(({ type }) => type === 'incident.opened')
    await replayDelivery(db.sql, { id: first?.id ?? '', nowMs: Date.now() })
    await to.until(4)
    await told(1, 'incident.reopened')
    await told(2)
    await to.until(6)
    const actions = to.received.map(({ body }) => /"event_action":"(\w+)","dedup_key":"(inc-\d)"/.exec(body))
    const said = actions.map((found) => `${found?.[1]} ${found?.[2]}`)
    expect(said.slice(0, 4)).toEqual(['trigger inc-1', 'resolve inc-1', 'resolve inc-1', 'resolve inc-1'])
    expect(said.slice(4).toSorted()).toEqual(['trigger inc-1', 'trigger inc-2'])
  })

  it('page their deliveries newest first, each once', async () => {
    const { id } = await hook('https://ops.example/')
    for (let n = 0; n < 7; n += 1) await told(n)
    // Several of one instant: the id decides between them.
    await db.sql`update delivery set created_ms = 1000 where payload ~ 'inc-[2345]'`
    const seen: string[] = []
    for (let before: string | undefined; seen.length < 7; before = seen.at(-1)) {
      const page = await listDeliveries(db.sql, { webhook: id, before, limit: 3 })
      expect(page).toHaveLength(Math.min(3, 7 - seen.length))
      seen.push(...page.map((item) => item.id))
    }
    expect(new Set(seen).size).toBe(7)
    expect(seen).toEqual((await deliveries(id)).map((item) => item.id))
    expect(await listDeliveries(db.sql, { webhook: id, before: seen.at(-1), limit: 3 })).toEqual([])
    const other = await hook('https://other.example/')
    for (const [webhook, before] of [
      [id, "1.x' or true"],
      [other.id, seen[0]],
    ] as const) {
      const wrong = listDeliveries(db.sql, { webhook, before, limit: 3 })
      await expect(wrong).rejects.toMatchObject({ code: 'bad-request' })
    }
  })

  it('find what was sent about an incident by index: it is asked for after every delivery', async () => {
    const { id } = await hook('https://ops.example/')
    for (const n of [1, 2]) await told(n)
    const [first] = await deliveries(id)
    await db.sql`update delivery set state = 'delivered', delivered_ms = 7`
    const alone = db.connectAlone()
    // The few rows of a test are read faster in a row; an index that does not fit is not taken even so.
    await alone`set enable_seqscan = off`
    const scans = async (): Promise<number> => {
      await alone`select pg_stat_force_next_flush()`
      const [row] = await alone<{ scans: number }[]>`
        select idx_scan::int4 as scans from pg_stat_user_indexes where indexrelname = 'delivery_incident'`
      return row!.scans
    }
    const before = await scans()
    const found = await firstAccepted(alone, ['inc-2', 'inc-3'])
    const afterFirst = await scans()
    expect(await isIncidentOver(alone, first!.id)).toBe(false)
    expect([found, afterFirst > before, (await scans()) > afterFirst]).toEqual([
      [{ incident: 'inc-2', acceptedMs: 7 }],
      true,
      true,
    ])
    await alone.end()
  })

  it('forget deliveries after 90 days, never one that is pending', async () => {
    const { id } = await hook('https://ops.example/')
    const nowMs = Date.now()
    for (const n of [1, 2, 3]) await told(n)
    const [a, b, c] = (await deliveries(id)).map((item) => item.id)
    await db.sql`update delivery set state = 'delivered', created_ms = ${nowMs - DELIVERIES_KEPT_MS} where id = ${a ?? ''}`
    await db.sql`update delivery set state = 'failed', created_ms = ${nowMs - DELIVERIES_KEPT_MS - 1} where id = ${b ?? ''}`
    await db.sql`update delivery set created_ms = ${nowMs - 2 * DELIVERIES_KEPT_MS} where id = ${c ?? ''}`
    expect(await cleanDeliveries(db.sql, nowMs)).toBe(1)
    expect((await deliveries(id)).map((item) => item.id)).toEqual([a, c])
  })
})

describe('the bus', () => {
  it('hands out what was committed, in order, each once, past a listener that throws', async () => {
    await told(0)
    const bus = await openBus({ db: db.sql, log: quiet })
    const seen: Event[] = []
    bus.subscribe(() => {
      throw new Error('a broken stream')
    })
    const leave = bus.subscribe((event) => seen.push(event))
    const told40 = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const event = await told(n + 1)
        bus.publish()
        return event
      }),
    )
    await waitFor(() => seen.length >= 40)
    expect(seen.map(({ id }) => id)).toEqual(told40.map(({ id }) => id).toSorted((a, b) => a - b))
    leave()
    await told(41)
    bus.publish()
    await sleep(200)
    expect(seen).toHaveLength(40)
    const others = await bus.since(0, 100, 'other')
    expect(others).toEqual([])
    expect(await bus.since(seen[37]?.id ?? 0, 2, 'acme')).toEqual(seen.slice(38, 40))
  })

  it('has a limit of listeners', async () => {
    const bus = await openBus({ db: db.sql, log: quiet })
    const leave = Array.from({ length: MAX_LISTENERS }, () => bus.subscribe(() => {}))
    expect(() => bus.subscribe(() => {})).toThrow('too many event streams')
    leave[0]?.()
    bus.subscribe(() => {})
  })
})

function incidentOf(body: string): string {
  return /inc-\d+/.exec(body)?.[0] ?? ''
}

async function startChild() {
  const script = join(import.meta.dirname, '../support/deliver-child.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(db.embedded?.address)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  closing.push(async () => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

async function killDatabase(): Promise<void> {
  const postmaster = await readPostmaster(join(dataDir, 'postgres', 'cluster'))
  if (postmaster === null) throw new Error('there is no database to kill')
  process.kill(postmaster.pid, 'SIGKILL')
}

async function untilDatabase(): Promise<void> {
  await waitFor(async () => {
    await sleep(200)
    const rows = await db.sql`select 1`.catch(() => [])
    return rows.length === 1
  }, 60_000)
}

async function waitFor(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error('waited in vain')
    await sleep(10)
  }
}
