/**
 * Exclusions on a real collector with a real agent: a target breaks, both sides declare and answer, and the
 * figures, the credit and what is told follow; a rebuild and a start later everything stands as it stood.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExclusionView } from '../../collector/src/view/exclusion.ts'
import type { GuaranteeView, ViewOf } from '../../collector/src/view/guarantee.ts'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import type { WindowView } from '../../collector/src/view/window.ts'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import {
  OWN_CONNECTION,
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  runOnce,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

const LIMIT = { withinMs: 30_000 }

const contractText = (url: string): string => `apiVersion: constat/v1
kind: Check
metadata: {name: shop-page}
spec: {service: shop, http: {url: "${url}"}, interval: PT1S, timeout: PT0.9S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  timeZone: UTC
  alertAfter: PT0S
  parties:
    - {id: acme, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses:
    - {id: "3.1", title: Availability, text: "The shop is available"}
    - {id: "4", title: Exclusions, text: "What does not count"}
    - {id: "5", title: Credits, text: "What it costs"}
  charges: {currency: EUR, tax: outside-vat, monthly: [{amount: "1000.00"}]}
  exclusions:
    denominatorMode: remove
    kinds:
      - {id: planned, clause: "4", needs: announcement, notice: {elapsed: PT1H}}
      - {id: customer-cause, clause: "4", needs: customer-acceptance}
  guarantees:
    - {id: shop-up, service: shop, clause: "3.1", metric: interval-availability, target: {op: gte, percent: "99.99999"}, window: {period: P1M, timeZone: UTC}, calendar: always}
    - {id: shop-answer, service: shop, clause: "3.1", metric: response-time, clock: {start: alert-sent, stop: provider-acknowledgement}, target: {op: lte, each: PT30M}, window: {period: P1M, timeZone: UTC}, calendar: always}
    - {id: shop-requests, service: shop, clause: "3.1", metric: request-share, target: {op: gte, percent: "50"}, window: {period: P1M, timeZone: UTC}, calendar: always}
    - {id: shop-count, service: shop, clause: "3.1", metric: incident-count, target: {op: lte, count: 9}, window: {period: P1M, timeZone: UTC}, calendar: always}
  credits:
    clause: "5"
    base: monthly-charge-of-contract
    exclusive: false
    schedules:
      shop-up: {kind: flat, percent: "5"}
    sameCause: highest-only
    rounding: {money: half-up, digits: 2}
---
apiVersion: constat/v1
kind: LossModel
metadata: {name: shop-loss}
spec:
  contract: shop
  currency: EUR
  showToProvider: false
  services:
    - {service: shop, timeZone: UTC, perMinute: [], otherwise: "60", perIncident: "100"}
`

let server: MoodyServer
let receiver: Receiver
let program: Program
let agent: ChildProcess
let agentDir: string
let provider: string
let viewer: string
let outage: { startMs: number; endMs: number }

const tokenOf = async (role: string): Promise<string> => {
  const args = ['token', 'api', '--role', role, '--data', program.dataDir, '--json']
  const own = role === 'provider' ? ['--contract', 'shop'] : []
  const { out, err } = await runOnce([...args, ...own])
  const token = /cst_[\w-]+|"token": ?"([^"]+)"/.exec(out)
  if (!token) throw new Error(`no token in ${out}${err}`)
  return token[1] ?? token[0]
}

/** What any answer of this test may hold. */
type Answered = Partial<ExclusionView> &
  Partial<Pick<WindowView, 'losses' | 'credits'>> & { problems?: string[] }

async function as(
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Answered }> {
  const response = await fetch(`${program.url}/api/v1${path}`, {
    method,
    headers: { ...OWN_CONNECTION, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // The assertions check what it holds.
  return { status: response.status, body: (await response.json()) as Answered }
}

const key = (): string => new Date().toISOString().slice(0, 7)
const window = (): Promise<WindowView> => program.get<WindowView>(`/contracts/shop/windows/${key()}`)
async function guarantee<G extends GuaranteeView>(id: string): Promise<G> {
  const found = (await window()).guarantees.find((one) => one.guarantee === id)
  if (!found) throw new Error(`the window has ${id}`)
  // The contract of this test says of which metric each is.
  return found as G
}
const up = (): Promise<ViewOf<'interval-availability'>> =>
  guarantee<ViewOf<'interval-availability'>>('shop-up')
const told = (type: string): { type: string; data: Record<string, unknown> }[] =>
  receiver.received
    // Our own payloads.
    .map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> })
    .filter((one) => one.type === type)
const iso = (atMs: number): string => new Date(atMs).toISOString()
/** Around the outage with room on both sides. */
const around = () => ({ start: iso(outage.startMs - 5_000), end: iso(outage.endMs + 5_000) })

beforeAll(async () => {
  server = await startMoodyServer()
  receiver = await openReceiver()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  const applied = await program.put('/contracts/shop', contractText(server.url))
  const answer = await applied.text()
  if (!applied.ok) throw new Error(answer)
  expect(JSON.parse(answer)).toMatchObject({ warnings: [] })
  await program.post('/webhooks', { url: receiver.url, types: ['*'], shape: 'generic' })
  agentDir = mkdtempSync(join(tmpdir(), 'constat-agent-'))
  agent = await startAgent(program, { dir: agentDir, name: 'desk' })
  provider = await tokenOf('provider')
  viewer = await tokenOf('viewer')
}, 60_000)

afterAll(async () => {
  if (agent) await endOf(agent, 'SIGKILL')
  await program?.kill('SIGKILL')
  await receiver?.close()
  await server?.close()
  for (const dir of [agentDir, program?.dataDir]) if (dir) dropDataDir(dir)
})

describe('an outage that somebody wants excused', () => {
  it('is not met, priced, and told once', async () => {
    const isUp = async (): Promise<boolean> =>
      (await program.get<{ state: string }>('/contracts/shop')).state === 'up'
    await until(isUp, { ...LIMIT, what: 'the shop to be up' })
    const startMs = await server.become('503')
    const open = async (): Promise<IncidentView | undefined> =>
      (await program.get<{ items: IncidentView[] }>('/incidents?open=true')).items[0]
    const incident = await until(open, { ...LIMIT, what: 'an incident' })
    // The owner knows; the clock of the provider runs on all the same.
    await program.post(`/incidents/${incident.id}/acknowledge`)
    const clockOf = async () =>
      (await guarantee<ViewOf<'restoration-time' | 'response-time'>>('shop-answer')).perIncident
    // It starts when somebody's system has accepted the message.
    await until(async () => (await clockOf())[0]?.isRunning === true, {
      ...LIMIT,
      what: 'the clock to start',
    })
    expect(await clockOf()).toMatchObject([{ id: incident.id }])
    expect((await as(provider, 'POST', `/incidents/${incident.id}/acknowledge`)).status).toBe(200)
    await until(async () => !(await clockOf())[0]?.isRunning, { ...LIMIT, what: 'the clock to stop' })
    await server.become('ok')
    await until(async () => (await open()) === undefined, { ...LIMIT, what: 'the incident to close' })
    const reason = { reason: 'Our own probe saw the shop answer.' }
    expect((await as(provider, 'POST', `/incidents/${incident.id}/dispute`, reason)).status).toBe(201)
    const closed = await program.get<IncidentView>(`/incidents/${incident.id}`)
    outage = { startMs: Math.min(startMs, Date.parse(closed.onsetAt)), endMs: Date.parse(closed.endAt!) }
    const view = await up()
    expect(view).toMatchObject({ verdict: 'not_met', excludedMs: 0, contested: null })
    expect(view.credit).toMatchObject({
      amount: '50.00',
      currency: 'EUR',
      lines: [{ clause: '5', rule: 'schedule', amount: '50.00' }],
    })
    await until(() => told('objective.breached').length > 0, { ...LIMIT, what: 'the breach to be told' })
    expect(told('objective.breached')[0]!.data).toMatchObject({ guarantee: 'shop-up', verdict: 'not_met' })
  })

  it('counts every metric of the contract', async () => {
    await until(
      async () => {
        const requests = await guarantee('shop-requests')
        return requests.metric === 'request-share' && requests.share.n > requests.share.within
      },
      { ...LIMIT, what: 'attempts to be counted' },
    )
    expect(await guarantee('shop-count')).toMatchObject({ count: { point: 1 } })
  })

  it('shows the loss to the owner alone', async () => {
    const { losses, credits } = await window()
    expect(losses).toMatchObject([{ model: 'shop-loss', currency: 'EUR' }])
    expect(Number(losses[0]!.total)).toBeGreaterThan(100)
    expect(credits).toMatchObject({ state: 'theoretical', total: '50.00', exclusive: false })
    for (const token of [provider, viewer]) {
      const { body } = await as(token, 'GET', `/contracts/shop/windows/${key()}`)
      expect(body.losses).toEqual([])
      expect(body.credits?.total).toBe('50.00')
    }
  })

  it('shows the last thirty days, which no contract promises', async () => {
    const rolling = await program.get<WindowView>('/contracts/shop/windows/rolling-30d')
    expect(rolling).toMatchObject({ key: 'rolling-30d', state: 'open', credits: null, losses: [] })
    expect(Date.parse(rolling.end) - Date.parse(rolling.start)).toBe(30 * 86_400_000)
    const shown = rolling.guarantees.find((one) => one.metric === 'interval-availability')
    // The pessimistic figure goes on growing between the two questions.
    const { provable, point } = (await up()).downMs
    expect(shown).toMatchObject({ state: 'open', downMs: { provable, point } })
  })

  it('prices by the newest loss model, though nothing of what both sides share has changed', async () => {
    const dearer = contractText(server.url).replace('perIncident: "100"', 'perIncident: "1000"')
    const applied = await program.put('/contracts/shop', dearer)
    expect(await applied.json()).toMatchObject({ revision: 1, changed: false })
    const { losses } = await window()
    expect(Number(losses[0]!.total)).toBeGreaterThan(1_000)
  })

  it.each<[string, () => Record<string, unknown>, RegExp]>([
    ['of an unknown kind', () => ({ kind: 'weather' }), /weather.*planned, customer-cause/],
    ['of an unknown service', () => ({ service: 'till' }), /"till".*shop/],
    ['that ends before it begins', () => ({ end: iso(outage.startMs - 60_000) }), /later than start/],
    ['announced in the future', () => ({ announcedAt: iso(Date.now() + 3_600_000) }), /future/],
    ['with no instant', () => ({ start: 'yesterday' }), /RFC 3339/],
  ])('takes no declaration %s', async (_, change, problem) => {
    const body = { contract: 'shop', kind: 'planned', ...around(), ...change() }
    const refused = await as(provider, 'POST', '/exclusions', body)
    expect(refused.status).toBe(400)
    expect((refused.body.problems ?? []).join(' ')).toMatch(problem)
  })

  it('takes none of a viewer', async () => {
    const body = { contract: 'shop', kind: 'planned', ...around() }
    expect((await as(viewer, 'POST', '/exclusions', body)).status).toBe(403)
  })

  it('is excused by no word of the provider alone', async () => {
    const announcedAt = iso(outage.startMs - 7_200_000)
    const body = { kind: 'planned', ...around(), announcedAt, reason: 'a release' }
    const { status, body: view } = await as(provider, 'POST', '/exclusions', body)
    expect(status).toBe(201)
    expect(view).toMatchObject({
      side: 'provider',
      declaredBy: 'northstar',
      afterwards: true,
      standing: 'refused',
      refusals: ['not-announced'],
      announcementOnRecord: false,
    })
    expect((await up()).verdict).toBe('not_met')
    await until(() => told('exclusion.proposed').length === 1, { ...LIMIT, what: 'the proposal to be told' })
    // The customer remembers the announcement: then it was in time, and nothing of it counts any more.
    expect((await as(provider, 'POST', `/exclusions/${view.id}/accept`)).status).toBe(409)
    const accepted = await program.post<ExclusionView>(`/exclusions/${view.id}/accept`, { note: 'we knew' })
    expect(accepted).toMatchObject({ standing: 'counts', announcementOnRecord: true, refusals: [] })
    const after = await up()
    expect(after.verdict).not.toBe('not_met')
    expect(after.excludedMs).toBeGreaterThan(0)
    expect(after.downMs.point).toBe(0)
    expect(after.credit).toMatchObject({ amount: '0.00', lines: [] })
    // And takes it back: told both ways from here on, or refused by the record.
    const disputed = await program.post<ExclusionView>(`/exclusions/${view.id}/dispute`)
    expect(disputed.standing).toBe('refused')
    expect((await up()).verdict).toBe('not_met')
  })

  it('is told both ways while one side waits for the other', async () => {
    const body = { kind: 'customer-cause', service: 'shop', ...around(), reason: 'their firewall' }
    const { body: view } = await as(provider, 'POST', '/exclusions', body)
    expect(view).toMatchObject({ standing: 'waiting', refusals: ['not-accepted'] })
    const open = await up()
    expect(open.verdict).toBe('not_met')
    expect(open.contested).toMatchObject({ refused: { verdict: 'not_met' } })
    expect(open.contested!.accepted.verdict).not.toBe('not_met')
    const disputed = await program.post<ExclusionView>(`/exclusions/${view.id}/dispute`, { note: 'no' })
    expect(disputed).toMatchObject({ standing: 'contested', answers: [{ answer: 'disputed', by: 'acme' }] })
    const accepted = await program.post<ExclusionView>(`/exclusions/${view.id}/accept`)
    expect(accepted.standing).toBe('counts')
    expect(accepted.effects.find((one) => one.guarantee === 'shop-up')!.excusedMs).toBeGreaterThan(0)
    expect(await up()).toMatchObject({ contested: null })
    expect((await up()).verdict).not.toBe('not_met')
  })

  it('stands the same after a rebuild and a new start, and is not told again', async () => {
    const before = await program.get<{ items: ExclusionView[] }>('/exclusions?contract=shop')
    const breaches = told('objective.breached').length
    await endOf(agent, 'SIGTERM')
    await program.kill('SIGTERM')
    const rebuilt = await runOnce(['rebuild', '--data', program.dataDir, '--json'])
    expect(JSON.parse(rebuilt.out)).toMatchObject({ differences: 0 })
    program = await startProgram({ args: ['collector'], dataDir: program.dataDir, port: await freePort() })
    const after = await program.get<{ items: ExclusionView[] }>('/exclusions?contract=shop')
    expect(after).toEqual(before)
    expect((await up()).verdict).not.toBe('not_met')
    expect(told('objective.breached')).toHaveLength(breaches)
    expect(told('exclusion.proposed')).toHaveLength(2)
    const { items } = await program.get<{ items: IncidentView[] }>('/incidents')
    expect(items[0]!.acknowledgedAt).not.toBeNull()
    expect(items[0]!.disputed).toBe(true)
  })
})
