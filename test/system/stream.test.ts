/**
 * The line, end to end, with the real program: a target breaks in each way, and the incident, its cause,
 * its figures and its webhooks are what happened.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Webhook } from 'standardwebhooks'
import type { ContractView } from '../../collector/src/view/contract.ts'
import type { IncidentView, TimelineView } from '../../collector/src/view/timeline.ts'
import { startMoodyServer, type Mood, type MoodyServer } from '../support/moody-server.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  runOnce,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

type List<T> = { items: T[] }
const EVERY_MS = 2_000
const TIMEOUT_MS = 1_000

let target: MoodyServer
let receiver: Receiver
let program: Program
let secret: string
let startedMs: number

beforeAll(async () => {
  target = await startMoodyServer()
  receiver = await openReceiver()
  startedMs = Date.now()
  program = await startProgram({
    args: ['up', '--watch', target.url, '--target', '99.9', '--every', 'PT2S', '--timeout', 'PT1S'],
    dataDir: makeCollectorDir(),
    port: await freePort(),
  })
  const types = ['incident.opened', 'incident.closed']
  const made = await program.post<{ secret: string }>('/webhooks', {
    url: receiver.url,
    types,
    shape: 'generic',
  })
  secret = made.secret
})

afterAll(async () => {
  await program?.kill('SIGTERM')
  await receiver?.close()
  await target?.close()
  if (program) dropDataDir(program.dataDir)
})

const contract = (): Promise<ContractView> => program.get<ContractView>('/contracts/watch')
const incidents = async (): Promise<IncidentView[]> =>
  (await program.get<List<IncidentView>>('/incidents')).items

describe('the first minute', () => {
  it('prints address, owner link and the first sample within 10 s of being ready', async () => {
    await program.line(/Constat listens on http:\/\/127\.0\.0\.1:\d+/)
    await program.line(/First sample of \S+ at \S+: ok, [\d.]+ ms/, 10_000)
    expect(Date.now() - startedMs).toBeLessThan(40_000)
  })

  it('shows a bar that is up, and what is measured moves', async () => {
    const before = await until(async () => ((await contract()).state === 'up' ? contract() : null), {
      withinMs: 60_000,
      what: 'the contract to be up',
    })
    const known = before.guarantees[0]!.knownMs
    await until(async () => (await contract()).guarantees[0]!.knownMs > known + 3_000, {
      withinMs: 20_000,
      what: 'more known time',
    })
    const page = await fetch(program.url, { headers: { cookie: await sessionCookie() } })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<svg')
  })
})

const MOODS: [Mood, string][] = [
  ['503', 'status'],
  ['refuse', 'connect'],
  ['hang', 'timeout'],
  ['reset', 'reset'],
]

describe.each(MOODS)('a target that says %s', (mood, cause) => {
  it(`opens one incident with cause ${cause} and closes it on recovery`, async () => {
    const told = receiver.received.length
    const known = new Set((await incidents()).map(({ id }) => id))
    const brokenMs = await target.become(mood)
    const opened = await until(async () => (await incidents()).find(({ id }) => !known.has(id)), {
      withinMs: 20_000,
      what: `an incident for ${mood}`,
    })
    expect(opened.cause).toBe(cause)
    expect(opened.closedAt).toBeNull()
    // Confirmation: the second failure, one re-probe later and each as long as a timeout; 2 s for us.
    const onsetMs = Date.parse(opened.onsetAt)
    expect(onsetMs).toBeGreaterThanOrEqual(brokenMs - TIMEOUT_MS)
    expect(Date.parse(opened.openedAt) - onsetMs).toBeLessThan(2_000 + TIMEOUT_MS + 2_000)

    const mendedMs = await target.become('ok')
    const closed = await until(
      async () => (await incidents()).find(({ id, closedAt }) => id === opened.id && closedAt),
      {
        withinMs: 20_000,
        what: 'the incident to close',
      },
    )
    const { provable, point, pessimistic } = closed.downMs
    const truth = mendedMs - brokenMs
    expect(provable).toBeLessThanOrEqual(truth)
    expect(provable).toBeLessThanOrEqual(point)
    expect(pessimistic).toBeGreaterThanOrEqual(truth)
    expect(pessimistic - truth).toBeLessThan(3 * EVERY_MS + 2 * TIMEOUT_MS)

    const hooks = (await receiver.until(told + 2, 20_000)).slice(told)
    const bodies = hooks.map(({ body, headers }) => new Webhook(secret).verify(body, headers) as HookBody)
    expect(bodies.map(({ type }) => type)).toEqual(['incident.opened', 'incident.closed'])
    expect(new Set(bodies.map(({ data }) => data.id))).toEqual(new Set([opened.id]))
  })
})

describe('afterwards', () => {
  it('has told of nothing twice', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(receiver.received.length).toBe(2 * MOODS.length)
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(receiver.received.length)
  })

  it('draws the same outages on the timeline of the service', async () => {
    const { services } = await contract()
    const from = new Date(startedMs).toISOString()
    const to = new Date().toISOString()
    const timeline = await program.get<TimelineView>(
      `/services/${services[0]!.service}/timeline?from=${from}&to=${to}`,
    )
    expect(timeline.segments.filter(({ state }) => state === 'down').length).toBe(MOODS.length)
    expect(Object.keys(timeline.vantages).length).toBe(1)
  })

  it('rebuilds to the same bytes', async () => {
    await program.kill('SIGTERM')
    const { code, out } = await runOnce(['rebuild', '--data', program.dataDir, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ differences: 0, incidents: MOODS.length })
  })
})

type HookBody = { type: string; data: { id: string } }

async function sessionCookie(): Promise<string> {
  const [, link] = await program.line(/Owner link: (\S+)/)
  const response = await fetch(link!, { redirect: 'manual' })
  return (response.headers.get('set-cookie') ?? '').split(';')[0]!
}
