/**
 * Alerting documents on the real line and a real database, under a clock that only the test moves: endpoints that come
 * and go with the documents, escalation over restarts and refused transactions, messages held in quiet hours.
 */
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Heartbeats } from '../../collector/src/alert/heartbeat.ts'
import { Delivering } from '../../collector/src/alert/deliver.ts'
import { dueDeliveries } from '../../collector/src/db/deliveries.ts'
import { deliveryOf } from '../../collector/src/db/delivery-list.ts'
import {
  editWebhook,
  listWebhooks,
  removeWebhook,
  renewSecret,
  testWebhook,
} from '../../collector/src/db/webhooks.ts'
import { createApp } from '../../collector/src/http/app.ts'
import { openMailer } from '../../collector/src/message/mailer.ts'
import { openSpeech } from '../../collector/src/message/speech.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { openMailServer } from '../support/mail-server.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { openReceiver } from '../support/receiver.ts'
import { createKeptLog } from '../support/silent-log.ts'
import { createRunningClock } from '../support/simulated-clock.ts'
import { LINK_KEY, worldDeps } from '../support/world-app.ts'

const CONTRACT = `apiVersion: constat/v1
kind: Contract
metadata: {name: acme}
spec:
  provider: Northstar
  target: "99.9"
  timeZone: Europe/Paris
  watch: ["https://portal.example/"]
  every: PT10S
  timeout: PT2S
  alertAfter: PT0S
`
/** Each message by itself. */
const EACH = `  grouping: {hold: PT0S}
  damping: {within: PT0S}
`
const ALERTING = (more: string, endpoints = '{id: ops, url: "https://ops.example/hook"}') => `${CONTRACT}---
apiVersion: constat/v1
kind: Alerting
metadata: {name: duty}
spec:
  contract: acme
  endpoints: [${endpoints}, {id: boss, email: boss@acme.example, language: fr, operatedBy: customer}]
${more}${EACH}`
const ESCALATION = `  routes: [{types: ["incident.*"], to: [ops]}]
  escalation: [{after: PT10M, to: [ops]}, {after: PT30M, to: [boss]}]
`
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const START_MS = Date.parse('2026-11-30T09:00:00Z')

type Sent = {
  type: string
  endpoint: string
  state: string
  nextMs: number | null
  at: string
  step: number | null
}

let world: ClosingWorld
const dataDir = makeCollectorDir()

beforeAll(async () => {
  world = await openClosingWorld({ dataDir, wallMs: START_MS, log: createKeptLog() })
  await world.apply(ALERTING(ESCALATION))
  await world.join('paris')
})

afterAll(async () => {
  await world.line().close()
  await world.close()
  dropDataDir(dataDir)
})

/** Deliveries to endpoints of the contract, in the order in which they were written. */
function sent(): Promise<Sent[]> {
  return world.database.sql<Sent[]>`
    select d.type, coalesce(w.endpoint, w.url) as endpoint, d.state, d.next_ms as "nextMs",
      d.payload::jsonb ->> 'timestamp' as at, (d.payload::jsonb #>> '{data,escalation,step}')::int as step
    from delivery d join webhook w on w.id = d.webhook
    order by d.payload::jsonb ->> 'timestamp', d.next_ms, d.type, w.endpoint`
}

const ownHooks = async () =>
  (await listWebhooks(world.database.sql)).filter(({ contract }) => contract === 'acme')

const told = async (): Promise<string[]> =>
  (await sent()).map(({ type, endpoint, step }) => `${type} ${endpoint}${step === null ? '' : ` ${step}`}`)

/** Every 10 s from `fromMs` on, for so many minutes. */
async function see(outcome: 'ok' | 'fail', minutes: number): Promise<void> {
  const fromMs = world.clock.nowMs()
  const untilMs = fromMs + minutes * MINUTE_MS
  world.clock.advanceUs((untilMs - fromMs) * 1_000)
  await world.send('paris', { contract: 'acme', fromMs, untilMs, stepMs: 10_000, outcome: () => outcome })
  // A step that was under way did not have what was sent.
  await world.line().advance()
}

async function forget(): Promise<void> {
  await world.database.sql`truncate delivery`
}

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.reverse()) await close()
  closing = []
})

/** The real sender, with the words of the pages. */
async function deliver(smtp: string | null): Promise<Delivering> {
  const { database, clock, shell } = world
  const mailer = smtp === null ? null : openMailer({ url: smtp, from: 'Constat <constat@acme.example>' })
  const speech = openSpeech({
    termsOf: (contract) => world.line().model.terms(contract),
    nowMs: () => clock.nowMs(),
    language: 'en',
    publicUrl: 'http://127.0.0.1:1',
    linkKey: LINK_KEY,
    mailer,
    filesOf: () => Promise.resolve([]),
  })
  const delivering = new Delivering({
    ...shell,
    ...speech,
    clock: createRunningClock(clock),
    sql: database.sql,
    allowPrivate: true,
    delivered: (type) => world.line().delivered(type),
    retryDelaysMs: [50, 50],
    pollMs: 100,
  })
  closing.push(async () => {
    await delivering.stop()
    mailer?.close()
  })
  return delivering
}

async function eventually<T>(look: () => Promise<T>, isIt: (found: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const found = await look()
    if (isIt(found) || tries > 200) return found
    await sleep(50)
  }
}

const openIncident = async () => {
  const open = await world.line().model.incidents({ open: true, contract: 'acme', limit: 10 })
  return open[0]?.id ?? null
}

describe('an escalation', () => {
  it('takes each step once, over a restart and a transaction that is refused', async () => {
    await see('ok', 2)
    await see('fail', 1)
    expect(await told()).toEqual(['incident.opened duty/ops'])
    const pagedMs = world.clock.nowMs()
    await world.jumpTo(pagedMs + 10 * MINUTE_MS - 1)
    expect(await told()).toHaveLength(1)
    await world.jumpTo(pagedMs + 10 * MINUTE_MS)
    const first = ['incident.opened duty/ops', 'incident.escalated duty/ops 1']
    expect(await told()).toEqual(first)
    await world.restart()
    expect(await told()).toEqual(first)
    // As a death in the middle of it: the step and what it tells are refused together.
    const { sql } = world.database
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$
        begin if new.type = 'incident.escalated' then raise exception 'refused'; end if; return new; end $$;
      create trigger refuse before insert on delivery for each row execute function refuse()`)
    await world.jumpTo(pagedMs + 31 * MINUTE_MS)
    expect(await told()).toEqual(first)
    await world.crash()
    await sql`drop function refuse cascade`
    await world.restart()
    await world.moveTo(world.clock.nowMs() + 1_000)
    const second = [...first, 'incident.escalated duty/boss 2']
    expect(await told()).toEqual(second)
    await world.restart()
    expect(await told()).toEqual(second)
  })

  it('repeats its last step until somebody answers, and whoever it told is told the end', async () => {
    await world.moveTo(world.clock.nowMs() + 31 * MINUTE_MS)
    expect((await told()).at(-1)).toBe('incident.escalated duty/boss 3')
    const incident = await openIncident()
    await world.line().judge.acknowledge(incident ?? '', 'owner')
    await world.moveTo(world.clock.nowMs() + 90 * MINUTE_MS)
    await see('ok', 3)
    expect(await openIncident()).toBeNull()
    expect((await told()).slice(4)).toEqual([
      'incident.acknowledged duty/boss',
      'incident.acknowledged duty/ops',
      'incident.closed duty/boss',
      'incident.closed duty/ops',
    ])
  })

  it('is none for what late data alone shows', async () => {
    await forget()
    const nowMs = world.clock.nowMs()
    await world.jumpTo(nowMs + 20 * MINUTE_MS)
    const late = { contract: 'acme', fromMs: nowMs, untilMs: nowMs + 10 * MINUTE_MS, stepMs: 10_000 }
    const down = (atMs: number) => atMs >= nowMs + 2 * MINUTE_MS && atMs < nowMs + 5 * MINUTE_MS
    const outcome = (atMs: number) => (down(atMs) ? ('fail' as const) : ('ok' as const))
    await world.send('paris', { ...late, outcome })
    await world.line().advance()
    await world.moveTo(world.clock.nowMs() + 40 * MINUTE_MS)
    expect((await told()).filter((line) => line.startsWith('incident.'))).toEqual([])
  })
})

describe('quiet hours', () => {
  const NIGHT = `  quietHours:
    timeZone: Europe/Paris
    weekly: [{days: [MO, TU, WE, TH, FR, SA, SU], start: "22:00", end: "07:00"}]
    except: [incident.escalated]
`
  it('hold an outage that begins and ends in them, and tell it in order at their end', async () => {
    await world.apply(ALERTING(NIGHT))
    await world.jumpTo(Date.parse('2026-11-30T23:00:00Z'))
    await see('ok', 2)
    await forget()
    await see('fail', 2)
    await see('ok', 3)
    const endMs = Date.parse('2026-12-01T06:00:00Z')
    const held = (await sent()).filter(
      ({ type, endpoint }) => type.startsWith('incident.') && endpoint === 'duty/ops',
    )
    expect(held.map(({ type, nextMs, state }) => [type, (nextMs ?? 0) >= endMs, state])).toEqual([
      ['incident.opened', true, 'pending'],
      ['incident.closed', true, 'pending'],
    ])
    const order = held.map(({ nextMs }) => nextMs ?? 0)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(new Set(order).size).toBe(2)
    const due = async (nowMs: number) =>
      (await dueDeliveries(world.database.sql, { nowMs, most: 100, inFlight: [] })).length
    expect([await due(endMs - 1), (await due(endMs + 60_000)) >= 4]).toEqual([0, true])
  })
})

describe('a letter', () => {
  it('goes by the mail server, again after 4xx, under one id, in the language of its endpoint', async () => {
    const server = await openMailServer((n) => (n === 1 ? 451 : 250))
    closing.push(() => server.close())
    await forget()
    await world.apply(ALERTING(''))
    await deliver(`smtp://127.0.0.1:${server.port}`)
    await see('fail', 1)
    const [first, second] = await server.until(2)
    expect(second?.id).toBe(first?.id)
    expect(second?.to).toEqual(['boss@acme.example'])
    expect(second?.subject).toMatch(/^https:\/\/portal.example\/ en panne depuis|^portal.* en panne depuis/)
    expect(second?.headers).toMatch(/Auto-Submitted: auto-generated/i)
    const { deps } = await worldDeps(world)
    const app = createApp(deps)
    const link = new URL(/https?:\/\/\S+\/acknowledge\/\S+/.exec(second?.text ?? '')?.[0] ?? '')
    const path = link.pathname + link.search
    // What scans mails opens its links, and does nothing by it.
    expect(await (await app.request(path)).text()).toContain('Je m’en occupe')
    const incident = await openIncident()
    expect((await deps.read.incident(incident ?? ''))?.acknowledgedAt).toBeNull()
    const body = new URLSearchParams({ key: link.searchParams.get('key') ?? '' })
    const headers = { 'sec-fetch-site': 'same-origin' }
    const elsewhere = await app.request('/acknowledge/inc_other', { method: 'POST', body, headers })
    expect(elsewhere.status).toBe(404)
    expect((await app.request(link.pathname, { method: 'POST', body, headers })).status).toBe(303)
    expect((await deps.read.incident(incident ?? ''))?.acknowledgedAt).not.toBeNull()
    await see('ok', 3)
    await server.until(4)
    // It took a message, and its document says that the customer runs it.
    const lacks = (): Promise<readonly string[]> =>
      Promise.resolve(deps.read.contract('acme')?.readiness.lacks ?? [])
    await eventually(
      async () => {
        world.clock.advanceUs(11_000_000)
        await world.line().advance()
        return lacks()
      },
      (found) => !found.some((lack) => lack.startsWith('alert-path')),
    )
  })

  it('that a server refuses for good has failed; without a server it says what to do', async () => {
    const server = await openMailServer(() => 550)
    closing.push(() => server.close())
    await forget()
    const boss = (await listWebhooks(world.database.sql)).find(({ endpoint }) => endpoint === 'duty/boss')
    const test = { id: boss?.id ?? '', nowMs: world.clock.nowMs() }
    const refusing = await deliver(`smtp://127.0.0.1:${server.port}`)
    const { delivery } = await testWebhook(world.database.sql, test)
    const sentOf = (id: string) =>
      eventually(
        () => deliveryOf(world.database.sql, id),
        (one) => (one?.attempts ?? 0) > 0,
      )
    expect(await sentOf(delivery)).toMatchObject({ state: 'failed', attempts: 1, lastStatus: 550 })
    await refusing.stop()
    await deliver(null)
    const without = await testWebhook(world.database.sql, test)
    expect(await sentOf(without.delivery)).toMatchObject({
      state: 'pending',
      lastError: expect.stringContaining('set CONSTAT_SMTP_URL'),
    })
  })
})

describe('what ends', () => {
  const DAY_MS = 86_400_000
  const MORE = `apiVersion: constat/v1
kind: Contract
metadata: {name: ends}
spec:
  effective: {timeZone: UTC}
  parties: [{id: customer, role: customer, name: Acme}, {id: northstar, role: provider, name: Northstar}]
  clauses: [{id: "1", title: Up, text: "Available"}]
  charges: {currency: EUR, tax: outside-vat, monthly: [{amount: "1000.00"}]}
  measurement: {clause: "1"}
  finalisation: {grace: PT1H}
  guarantees:
    - {id: day, service: shop, clause: "1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: P1D, timeZone: UTC}, calendar: always}
  credits:
    clause: "1"
    base: monthly-charge-of-contract
    exclusive: false
    schedules: {day: {kind: flat, percent: "5"}}
    claim: {deadline: {days: 10, dayKind: calendar, after: window-final, calendar: always}, formalNotice: required, silence: none}
    rounding: {money: half-up, digits: 2}
---
apiVersion: constat/v1
kind: Check
metadata: {name: shop-tls, displayName: Shop certificate}
spec: {service: shop, tls: {host: shop.example, port: 443}, interval: PT1H, timeout: PT5S, confirm: {down: 1, up: 1, by: slots}}
---
apiVersion: constat/v1
kind: Alerting
metadata: {name: duty}
spec:
  contract: ends
  endpoints: [{id: ops, url: "https://ops.example/hook"}]
  routes: [{types: [certificate.expiring, claim.deadline], to: [ops]}]
`
  let fromMs = 0
  let endMs = 0
  const ending = async () => {
    const rows = await world.told()
    return rows
      .filter(({ type }) => type === 'certificate.expiring' || type === 'claim.deadline')
      .map(({ type, data }) => `${type} ${String(data['daysLeft'])}`)
  }
  /** So many days with an hourly look at the certificate, which ends at `endMs`. */
  async function pass(days: number, outcome: 'ok' | 'fail' = 'ok'): Promise<void> {
    const value = (atMs: number) => Math.floor((endMs - atMs) / DAY_MS)
    for (let day = 0; day < days; day += 1) {
      const seen = { contract: 'ends', fromMs, untilMs: fromMs + DAY_MS, stepMs: 3_600_000, value }
      fromMs += DAY_MS
      await world.jumpTo(fromMs)
      await world.send('paris', { ...seen, outcome: () => outcome })
      await world.line().advance()
    }
  }

  it('is told at its marks, once each, over restarts', async () => {
    fromMs = Math.ceil(world.clock.nowMs() / DAY_MS) * DAY_MS
    endMs = fromMs + 33.5 * DAY_MS
    await world.jumpTo(fromMs)
    await world.apply(MORE)
    await world.join('paris')
    await pass(2)
    expect(await ending()).toEqual([])
    await pass(2)
    expect(await ending()).toEqual(['certificate.expiring 29'])
    await world.restart()
    endMs = fromMs + 4.5 * DAY_MS
    await pass(4)
    const marks = [
      'certificate.expiring 29',
      'certificate.expiring 3',
      'certificate.expiring 2',
      'certificate.expiring 0',
    ]
    expect(await ending()).toEqual(marks)
    // Another certificate, and a day that was not as promised.
    endMs = fromMs + 90 * DAY_MS
    await pass(1, 'fail')
    await pass(1)
    // Windows are closed a while after a return, one at a step.
    await world.moveTo(world.clock.nowMs() + 90 * MINUTE_MS)
    await pass(4)
    expect(await ending()).toEqual([...marks, 'claim.deadline 7'])
    await world.restart()
    await pass(6)
    expect(await ending()).toEqual([...marks, 'claim.deadline 7', 'claim.deadline 1'])
    const sentTo = (await sent()).filter(({ type }) => type === 'claim.deadline')
    expect(sentTo.map(({ endpoint }) => endpoint)).toEqual(['duty/ops', 'duty/ops'])
  })
})

describe('a heartbeat', () => {
  it('is sent while the collector is well, and what goes wrong is shown', async () => {
    const answers = [200, 500, 200]
    const to = await openReceiver((response, n) => {
      response.statusCode = answers[n - 1] ?? 200
      response.end()
    })
    closing.push(() => to.close())
    await world.apply(ALERTING(`  heartbeat: {url: "${to.url}?key=secret", every: PT30S}\n`))
    let isWell = true
    const { sql: db } = world.database
    const { clock, shell } = world
    const beats = new Heartbeats({ db, clock, log: shell.log, allowPrivate: true, isWell: () => isWell })
    closing.push(() => beats.stop())
    const shown = () =>
      beats
        .of('acme')
        .map(({ address, everyMs, lastAt, error }) => [address, everyMs, lastAt !== null, error])
    const beat = async (n: number) => {
      await beats.look()
      await to.until(n)
      await eventually(
        () => Promise.resolve(to.received.length),
        () => shown()[0]?.[2] === true,
      )
    }
    await beat(1)
    expect(shown()).toEqual([[new URL(to.url).origin, 30_000, true, null]])
    await beats.look()
    clock.advanceUs(29_000_000)
    await beats.look()
    expect(to.received).toHaveLength(1)
    clock.advanceUs(1_000_000)
    isWell = false
    await beats.look()
    expect(to.received).toHaveLength(1)
    isWell = true
    await beat(2)
    await eventually(
      () => Promise.resolve(shown()[0]?.[3]),
      (error) => error !== null,
    )
    expect(shown()).toEqual([[new URL(to.url).origin, 30_000, true, 'HTTP 500']])
    clock.advanceUs(30_000_000)
    await beat(3)
    await eventually(
      () => Promise.resolve(shown()[0]?.[3]),
      (error) => error === null,
    )
    expect(to.received.map(({ path }) => path)).toEqual([
      '/hook?key=secret',
      '/hook?key=secret',
      '/hook?key=secret',
    ])
    await world.apply(ALERTING(''))
    clock.advanceUs(30_000_000)
    await beats.look()
    expect(shown()).toEqual([])
  })
})

describe('endpoints of documents', () => {
  const rows = async () =>
    (await ownHooks()).map(({ endpoint, url, shape, endedAt, types }) => ({
      endpoint,
      url,
      shape,
      types,
      ended: endedAt !== null,
    }))

  const opsHook = async () => (await ownHooks()).find(({ endpoint }) => endpoint === 'duty/ops')

  it('stand beside those made by hand, and end with the documents that name them', async () => {
    await world.apply(ALERTING(ESCALATION))
    expect((await rows()).filter(({ ended }) => !ended)).toEqual([
      { endpoint: 'duty/boss', url: 'mailto:boss@acme.example', shape: 'email', types: [], ended: false },
      {
        endpoint: 'duty/ops',
        url: 'https://ops.example/hook',
        shape: 'generic',
        types: ['incident.*'],
        ended: false,
      },
    ])
    const ops = await opsHook()
    await world.apply(ALERTING('', '{id: chat, url: "https://chat.example/x", shape: slack}'))
    expect((await rows()).map(({ endpoint, ended }) => [endpoint, ended])).toEqual([
      ['duty/boss', false],
      ['duty/ops', true],
      ['duty/chat', false],
    ])
    // What was held for it is not sent any more; back again, it is the one it was.
    const waiting = (await sent()).filter(
      ({ type, endpoint, state }) =>
        endpoint === 'duty/ops' && state === 'pending' && type.startsWith('incident.'),
    )
    expect(waiting).toEqual([])
    await world.apply(ALERTING(ESCALATION))
    expect((await listWebhooks(world.database.sql)).find(({ id }) => id === ops?.id)?.endedAt).toBeNull()
  })

  it('stay where a contract is applied alone, and rest while the document is paused', async () => {
    await world.apply(CONTRACT)
    expect((await rows()).filter(({ ended }) => !ended)).toHaveLength(2)
    await world.apply(ALERTING('  paused: true\n'))
    expect((await rows()).filter(({ ended }) => !ended)).toHaveLength(0)
    await world.apply(ALERTING(ESCALATION))
  })

  it('are removed in the document alone; their secrets can be renewed', async () => {
    const { sql } = world.database
    const ops = await opsHook()
    await expect(removeWebhook(sql, ops?.id ?? '')).rejects.toMatchObject({ code: 'conflict' })
    const nowMs = world.clock.nowMs()
    const renewed = await renewSecret(sql, { id: ops?.id ?? '', nowMs, random: world.shell.random })
    expect(renewed?.secret).toMatch(/^whsec_/)
    const [row] = await sql<{ secret: string; lastSecret: string }[]>`
      select secret, last_secret as "lastSecret" from webhook where id = ${ops?.id ?? ''}`
    expect(row).toEqual({ secret: renewed?.secret, lastSecret: expect.stringMatching(/^whsec_.{40}/) })
  })

  it('that no shape takes are refused before anything is written', async () => {
    const bad = '{id: pager, url: "https://events.pagerduty.com/v2/enqueue", shape: pagerduty}'
    await expect(world.apply(ALERTING('', bad))).rejects.toThrow(
      'Alerting duty: endpoint pager: a pagerduty address ends in ?routing_key=',
    )
  })
})

describe('what has one cause', () => {
  const STORM = `${CONTRACT.replace('{name: acme}', '{name: storm, displayName: Acme shops}').replace(
    'watch: ["https://portal.example/"]',
    'watch: ["https://shop.example/", "https://mail.example/", "https://vpn.example/"]',
  )}---
apiVersion: constat/v1
kind: Alerting
metadata: {name: people}
spec:
  contract: storm
  endpoints: [{id: mail, email: night@acme.example, language: en}, {id: machine, url: "https://machine.example/hook"}]
  routes: [{types: ["incident.*"], to: [mail, machine]}]
  escalation: [{after: PT20M, to: [mail]}]
`
  const SERVICES = ['shop', 'mail', 'vpn']

  /** What people are told, and how many of the messages that were to be sent each of them carries. */
  const people = () =>
    world.database.sql<{ type: string; state: string; carries: number; data: Record<string, unknown> }[]>`
      select d.type, d.state, d.payload::jsonb -> 'data' as data,
        (select count(*)::int from delivery o where o.carrier = d.id) as carries
      from delivery d join webhook w on w.id = d.webhook
      where w.endpoint = 'people/mail' and d.carrier is null and d.state <> 'gathered'
      order by d.payload::jsonb ->> 'timestamp', d.created_ms, d.id`
  const types = async () => (await people()).map(({ type, carries }) => [type, carries])
  const machines = async () =>
    (await told()).filter((line) => line.includes('people/machine')).map((line) => line.split(' ')[0])

  /** Every 10 s; `down` names the services that fail. */
  async function pass(minutes: number, down: readonly string[]): Promise<void> {
    const fromMs = world.clock.nowMs()
    const untilMs = fromMs + minutes * MINUTE_MS
    world.clock.advanceUs((untilMs - fromMs) * 1_000)
    const outcome = (_: number, check: string) =>
      down.some((name) => check.includes(name)) ? ('fail' as const) : ('ok' as const)
    await world.send('paris', { contract: 'storm', fromMs, untilMs, stepMs: 10_000, outcome })
    await world.line().advance()
  }

  /** `14:00`, of the hour that begins so many hours after this one. */
  function hourAfter(hours: number): string {
    const atMs = world.clock.nowMs() + 31 * MINUTE_MS + hours * HOUR_MS
    return `${new Date(atMs).toISOString().slice(11, 13)}:00`
  }

  async function wait(ms: number): Promise<void> {
    await world.jumpTo(world.clock.nowMs() + ms)
  }

  it('is one letter, over a death in the middle of it, and one when all of it is over', async () => {
    await world.apply(STORM)
    await world.join('paris')
    await pass(2, [])
    await forget()
    await pass(1, SERVICES)
    expect(await machines()).toEqual(SERVICES.map(() => 'incident.opened'))
    expect(await types()).toEqual([])
    const { sql } = world.database
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$
        begin if new.type = 'incident.grouped' then raise exception 'refused'; end if; return new; end $$;
      create trigger refuse before insert on delivery for each row execute function refuse()`)
    await wait(10_000)
    expect(await types()).toEqual([])
    await world.crash()
    await sql`drop function refuse cascade`
    await world.restart()
    await wait(1_000)
    expect(await types()).toEqual([['incident.grouped', 3]])
    await world.restart()
    await wait(1_000)
    const [letter] = await people()
    expect(letter?.data).toMatchObject({ contract: 'storm', closedAt: null, calling: true })
    expect(letter?.data['causes']).toContain('agent:paris')
    // The letter is taken: each of the incidents has been told, and one button takes all of them in hand.
    const server = await openMailServer(() => 250)
    closing.push(() => server.close())
    await deliver(`smtp://127.0.0.1:${server.port}`)
    const [sentLetter] = await server.until(1)
    expect(sentLetter?.subject).toMatch(/^3 services are down since .*seen by paris alone$/)
    expect(sentLetter?.text).toMatch(/shop\.example.*: down since/)
    await eventually(
      async () => (await people())[0]?.state,
      (state) => state === 'delivered',
    )
    await world.line().advance()
    const open = await world.line().model.incidents({ open: true, contract: 'storm', limit: 10 })
    expect(open.map(({ alertedAt }) => alertedAt === null)).toEqual([false, false, false])
    const link = new URL(/https?:\/\/\S+\/acknowledge\/\S+/.exec(sentLetter?.text ?? '')?.[0] ?? '')
    const app = createApp((await worldDeps(world)).deps)
    expect(await (await app.request(link.pathname + link.search)).text()).toContain(
      '3 incidents of one cause',
    )
    const body = new URLSearchParams({ key: link.searchParams.get('key') ?? '' })
    const headers = { 'sec-fetch-site': 'same-origin' }
    expect((await app.request(link.pathname, { method: 'POST', body, headers })).status).toBe(303)
    const inHand = await world.line().model.incidents({ open: true, contract: 'storm', limit: 10 })
    expect(inHand.every(({ acknowledgedAt }) => acknowledgedAt !== null)).toBe(true)
    await wait(61_000)
    await pass(2, ['vpn'])
    await pass(2, [])
    expect(await types()).toEqual([
      ['incident.grouped', 3],
      ['incident.grouped', 3],
      ['incident.grouped', 2],
      ['incident.grouped', 1],
    ])
    expect((await people()).at(-1)?.data['closedAt']).not.toBeNull()
    expect((await server.until(4)).at(-1)?.subject).toMatch(/^All 3 services are up again/)
    const [waiting] = await sql`select from delivery where state = 'gathered' and carrier is null`
    expect(waiting).toBeUndefined()
    expect((await machines()).filter((type) => type === 'incident.closed')).toHaveLength(3)
  })

  it('that flaps is told once, then how it stands', async () => {
    await pass(31, [])
    await forget()
    for (const down of [['shop'], [], ['shop'], [], ['shop'], [], ['shop'], []]) {
      await pass(2, down)
      await wait(10_000)
    }
    expect((await types()).map(([type]) => type)).toEqual([
      'incident.opened',
      'incident.closed',
      'incident.opened',
      'incident.closed',
      'incident.flapping',
    ])
    await world.restart()
    await pass(17, [])
    expect((await types()).slice(5)).toEqual([['incident.flapping', 3]])
    expect((await people()).at(-1)?.data).toMatchObject({
      stable: true,
      services: [{ opens: 4, down: false }],
    })
    expect((await machines()).filter((type) => type === 'incident.closed')).toHaveLength(4)
  })

  it('and was over before quiet hours let it through is not told as if it went on', async () => {
    const night = `  quietHours: {timeZone: UTC, weekly: [{days: [MO, TU, WE, TH, FR, SA, SU], start: "${hourAfter(1)}", end: "${hourAfter(2)}"}],
    except: [incident.closed]}
`
    await pass(31, [])
    await world.apply(STORM + night)
    await world.jumpTo(Math.ceil((world.clock.nowMs() + 1) / HOUR_MS) * HOUR_MS)
    await pass(2, [])
    await forget()
    await pass(2, ['shop', 'vpn'])
    await pass(2, [])
    await wait(10_000)
    const before = await people()
    expect(before.every(({ data }) => data['closedAt'] !== null)).toBe(true)
    await wait(HOUR_MS)
    await wait(10_000)
    const [held] = (await people()).slice(before.length)
    expect(held).toMatchObject({ type: 'incident.grouped', data: { calling: false } })
    expect(held?.data['closedAt']).not.toBeNull()
    const [kept] = await world.database.sql<{ groups: unknown[] }[]>`
      select state -> 'groups' as groups from gathering g join webhook w on w.id = g.webhook
      where w.endpoint = 'people/mail'`
    expect(kept?.groups).toEqual([])
  })
})

describe('PagerDuty', () => {
  const PAGED = `${CONTRACT.replace('{name: acme}', '{name: paged}')}---
apiVersion: constat/v1
kind: Alerting
metadata: {name: duty}
spec:
  contract: paged
  endpoints: [{id: pager, url: "https://events.pagerduty.com/v2/enqueue?routing_key=r0", shape: pagerduty}]
`
  const SECRET = 'pd-signing-secret-0123456789'

  it('tells who has an incident in hand: once, signed, of what it was sent, and never the secret', async () => {
    await world.apply(PAGED)
    await world.join('paris')
    const see = (outcome: 'ok' | 'fail') => {
      const fromMs = world.clock.nowMs()
      const untilMs = fromMs + MINUTE_MS
      world.clock.advanceUs(MINUTE_MS * 1_000)
      return world.send('paris', {
        contract: 'paged',
        fromMs,
        untilMs,
        stepMs: 10_000,
        outcome: () => outcome,
      })
    }
    await see('fail')
    const { sql: db } = world.database
    const hook = (await listWebhooks(db)).find(({ contract }) => contract === 'paged')!
    const edit = { id: hook.id, nowMs: world.clock.nowMs(), random: world.shell.random }
    const edited = await editWebhook(db, { ...edit, changes: { answerSecret: SECRET } })
    expect(edited).toMatchObject({ answers: true })
    expect(JSON.stringify(edited)).not.toContain(SECRET)
    const ops = (await ownHooks()).find(({ endpoint }) => endpoint === 'duty/ops')!
    await expect(
      editWebhook(db, { ...edit, id: ops.id, changes: { answerSecret: SECRET } }),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
    const [open] = await world.line().model.incidents({ open: true, contract: 'paged', limit: 10 })
    const id = open!.id
    const app = createApp((await worldDeps(world)).deps)
    const answer = (incident: string, { secret = SECRET, to = hook.id, event = 'e1' } = {}) => {
      const agent = { summary: 'Ada Lovelace' }
      const data = { incident_key: incident }
      const said = {
        id: event,
        event_type: 'incident.acknowledged',
        occurred_at: '2026-12-01T02:00:00Z',
        agent,
        data,
      }
      const body = JSON.stringify({ event: said })
      const signature = `v1=${createHmac('sha256', secret).update(body).digest('hex')}`
      const headers = { 'x-pagerduty-signature': `v1=${'0'.repeat(64)},${signature}` }
      return app.request(`/acknowledge/pagerduty/${to}`, { method: 'POST', body, headers })
    }
    const found = async () => (await world.line().model.incident(id))!
    expect((await answer(id, { secret: 'another-secret-of-somebody' })).status).toBe(401)
    expect((await answer(id, { to: 'hook_none' })).status).toBe(404)
    expect((await answer(id, { to: ops.id })).status).toBe(404)
    expect((await answer('inc_other')).status).toBe(204)
    expect(await found()).toMatchObject({ acknowledgedAt: null, remarks: [] })
    expect((await answer(id)).status).toBe(204)
    const first = await found()
    expect(first).toMatchObject({ acknowledgedBy: 'owner', providerAcknowledgedAt: null })
    expect(first.remarks.map(({ kind, text }) => [kind, text])).toEqual([
      ['note', 'PagerDuty: Ada Lovelace, 2026-12-01T02:00:00Z'],
    ])
    expect((await answer(id)).status).toBe(204)
    expect(await found()).toEqual(first)
    await editWebhook(db, { ...edit, changes: { answerSecret: null } })
    expect((await answer(id, { event: 'e2' })).status).toBe(404)
    await see('ok')
  })
})

describe('a reopened incident', () => {
  const AGAIN = CONTRACT.replace('{name: acme}', '{name: again}').replace('portal', 'again')
  const MORE = `  measurement: {vantages: [paris, lyon], quorum: {down: 1, minKnown: 1}}
---
apiVersion: constat/v1
kind: Alerting
metadata: {name: night}
spec:
  contract: again
  endpoints: [{id: pager, url: "https://pager.example/hook"}]
  escalation: [{after: PT10M, to: [pager]}]
`
  const own = async (): Promise<string[]> =>
    (await told()).filter((line) => line.includes('night/pager') && line.startsWith('incident.'))

  it('waits for an answer anew, with every step, until somebody answers again', async () => {
    await world.apply(AGAIN + MORE)
    await world.join('paris')
    await world.join('lyon')
    await forget()
    const send = async (agent: string, outcome: 'ok' | 'fail', [from, to]: [number, number]) =>
      world.send(agent, {
        contract: 'again',
        fromMs: from,
        untilMs: to,
        stepMs: 10_000,
        outcome: () => outcome,
      })
    const startMs = world.clock.nowMs()
    const at = (minutes: number): number => startMs + minutes * MINUTE_MS
    world.clock.advanceUs(MINUTE_MS * 1_000)
    await send('lyon', 'fail', [startMs, at(1)])
    const [open] = await world.line().model.incidents({ open: true, contract: 'again', limit: 10 })
    const id = open?.id ?? ''
    await world.line().judge.acknowledge(id, 'viewer')
    const answeredAt = (await world.line().model.incident(id))?.acknowledgedAt
    // Paris is not heard, and by what Lyon says it is over.
    world.clock.advanceUs(9 * MINUTE_MS * 1_000)
    await send('lyon', 'ok', [at(1), at(10)])
    expect((await world.line().model.incident(id))?.closedAt).not.toBeNull()
    await send('paris', 'fail', [startMs, at(10)])
    await world.line().advance()
    expect(await world.line().model.incident(id)).toMatchObject({
      closedAt: null,
      acknowledgedAt: answeredAt,
      unansweredSince: new Date(at(10)).toISOString(),
    })
    const before = await own()
    expect(before.at(-1)).toBe('incident.reopened night/pager')
    await world.jumpTo(at(20) - 1)
    expect(await own()).toEqual(before)
    await world.restart()
    await world.jumpTo(at(20))
    expect(await own()).toEqual([...before, 'incident.escalated night/pager 1'])
    await world.jumpTo(at(21))
    await world.line().judge.acknowledge(id, 'viewer')
    await world.jumpTo(at(40))
    expect(await own()).toEqual([
      ...before,
      'incident.escalated night/pager 1',
      'incident.acknowledged night/pager',
    ])
    expect((await world.line().model.incident(id))?.acknowledgedAt).toBe(answeredAt)
  })
})
