/**
 * Three agents whose slots are far apart, and a target that breaks: the first failure of one has the others look
 * at once, so that two of three agree within seconds. Real processes; how often the target is asked is counted.
 */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContractView } from '../../collector/src/view/contract.ts'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import { startMoodyServer, type Mood, type MoodyServer } from '../support/moody-server.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'

const NAMES = ['lyon', 'lille', 'nantes'] as const
const INTERVAL_MS = 30_000
const TIMEOUT_MS = 3_000
/** A machine that runs everything else beside it. */
const LATE_MS = 2_000

const contractText = (url: string): string => `apiVersion: constat/v1
kind: Check
metadata: {name: shop}
spec: {service: shop, http: {url: "${url}"}, interval: PT30S, timeout: PT3S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  provider: Northstar
  timeZone: UTC
  measurement: {quorum: {down: 2, minKnown: 2}}
  guarantees:
    - {id: shop-up, service: shop, metric: interval-availability, target: {op: gte, percent: "99.9"}}
    - {id: shop-requests, service: shop, metric: request-share, target: {op: gte, percent: "99.9"}}
`

let target: MoodyServer
let program: Program
let startedMs: number
const dirs: string[] = []
const agents: ChildProcess[] = []

beforeAll(async () => {
  target = await startMoodyServer()
  startedMs = Date.now()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  const applied = await program.put('/contracts/shop', contractText(target.url))
  if (!applied.ok) throw new Error(await applied.text())
  for (const name of NAMES) {
    const dir = makeDataDir()
    dirs.push(dir)
    agents.push(await startAgent(program, { dir, name }))
  }
  await until(async () => (await program.get<ContractView>('/contracts/shop')).state === 'up', {
    withinMs: 30_000,
    what: 'the shop to be up',
  })
})

afterAll(async () => {
  for (const child of agents) await endOf(child, 'SIGKILL')
  await program?.kill('SIGKILL')
  await target?.close()
  for (const dir of [...dirs, program?.dataDir]) if (dir) dropDataDir(dir)
})

const incidents = async (): Promise<IncidentView[]> =>
  (await program.get<{ items: IncidentView[] }>('/incidents?contract=shop')).items

/** The onset is the first failed look of the second vantage: both have one within the bound, or it opens late. */
async function outage(mood: Mood): Promise<{ opened: IncidentView; askedPerS: number }> {
  const known = new Set((await incidents()).map(({ id }) => id))
  const asked = target.requests()
  const brokenMs = await target.become(mood)
  const opened = await until(async () => (await incidents()).find(({ id }) => !known.has(id)), {
    withinMs: INTERVAL_MS + TIMEOUT_MS + 10_000,
    what: `an incident for ${mood}`,
  })
  const lastedS = (Date.now() - brokenMs) / 1_000
  return { opened, askedPerS: (target.requests() - asked) / lastedS }
}

async function mend(id: string): Promise<void> {
  await target.become('ok')
  await until(async () => (await incidents()).some((one) => one.id === id && one.closedAt !== null), {
    withinMs: 20_000,
    what: 'the incident to close',
  })
  // Nobody looks at a change any more, and nobody was looked at a moment ago.
  await sleep(3_000)
}

describe.each<[Mood, number]>([
  ['503', 0],
  ['hang', TIMEOUT_MS],
])('a target that says %s', (mood, timeoutMs) => {
  it('is known to two of three within 3 s of the first failed look, whatever the slots', async () => {
    const { opened } = await outage(mood)
    const down = opened.vantages.filter(({ state }) => state === 'down')
    const firstMs = Math.min(...down.map(({ since }) => Date.parse(since)))
    const knownMs = Date.parse(opened.openedAt) - firstMs
    expect(knownMs).toBeLessThan(3_000 + timeoutMs + LATE_MS)
    // Two looks two seconds apart: sooner would be one look alone.
    expect(knownMs).toBeGreaterThanOrEqual(1_900)
    await mend(opened.id)
  })
})

describe('a target that flaps', () => {
  it('is asked at most once in 2 s by each vantage', async () => {
    const asked = target.requests()
    const seconds = 24
    for (let i = 0; i < seconds * 2; i += 1) {
      await target.become(i % 3 === 0 ? 'ok' : '503')
      await sleep(500)
    }
    const most = NAMES.length * (seconds / 2 + 3)
    expect(target.requests() - asked).toBeLessThanOrEqual(most)
    expect(target.requests() - asked).toBeGreaterThan(NAMES.length)
    await target.become('ok')
  })
})

describe('the looks', () => {
  it('are marked: shares of requests count slots alone', async () => {
    const { guarantees } = await program.get<ContractView>('/contracts/shop')
    const found = guarantees.find(({ metric }) => metric === 'request-share')
    if (found?.metric !== 'request-share') throw new Error('the contract promises a share of requests')
    const slots = NAMES.length * ((Date.now() - startedMs) / INTERVAL_MS + 2)
    expect(found.share.n).toBeLessThanOrEqual(slots)
    // Most of them are looks.
    expect(target.requests()).toBeGreaterThan(1.5 * slots)
  })
})
