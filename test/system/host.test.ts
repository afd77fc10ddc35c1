/**
 * A host check from its contract to an incident: a real process that runs, is killed, and runs again, and
 * a disk beside it that is only measured.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ContractView } from '../../collector/src/view/contract.ts'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
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

const NAME = 'constat-shop'
const documents = `apiVersion: constat/v1
kind: Check
metadata: {name: shop-runs}
spec: {service: shop, interval: PT1S, timeout: PT0.5S, reprobe: PT0.5S, vantages: [shop-1], host: {process: ${NAME}}}
---
apiVersion: constat/v1
kind: Check
metadata: {name: shop-disk}
spec: {service: storage, interval: PT1S, timeout: PT0.5S, vantages: [shop-1], host: {metric: disk, failOver: 99}}
---
apiVersion: constat/v1
kind: Check
metadata: {name: shop-attic}
spec: {service: attic, interval: PT1S, timeout: PT0.5S, vantages: [shop-1], host: {metric: disk, of: /no/such/mount}}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: hosting}
spec:
  effective: {timeZone: UTC}
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses: [{id: "1", title: Hosting, text: "The shop runs"}]
  guarantees:
    - {id: runs, service: shop, clause: "1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: P1M, timeZone: UTC}, calendar: always}
`

let program: Program
let dataDir: string
let agentDir: string
let agent: ChildProcess | undefined
let shop: ChildProcess

async function openShop(): Promise<void> {
  shop = spawn(join(dataDir, NAME), ['600'], { stdio: 'ignore' })
  await once(shop, 'spawn')
}

beforeAll(async () => {
  dataDir = makeCollectorDir()
  agentDir = makeDataDir()
  copyFileSync('/bin/sleep', join(dataDir, NAME))
  chmodSync(join(dataDir, NAME), 0o755)
  await openShop()
  program = await startProgram({ args: ['collector'], dataDir, port: await freePort() })
})
afterAll(async () => {
  shop.kill('SIGKILL')
  if (agent) await endOf(agent, 'SIGKILL')
  await program?.kill('SIGTERM')
  for (const dir of [dataDir, agentDir]) dropDataDir(dir)
})

async function stateOf(service: string): Promise<string | undefined> {
  const { services } = await program.get<ContractView>('/contracts/hosting')
  return services.find((one) => one.service === service)?.state
}

async function becomes(service: string, state: string): Promise<void> {
  const what = `${service} to be ${state}`
  await until(async () => (await stateOf(service)) === state, { withinMs: 20_000, what })
}

const incidents = async (): Promise<IncidentView[]> =>
  (await program.get<{ items: IncidentView[] }>('/incidents')).items

it('is up while the program runs; a disk that is not there is unknown, not down', async () => {
  const applied = await program.put('/contracts/hosting', documents)
  expect([applied.status, await applied.text()]).toMatchObject([200, expect.any(String)])
  agent = await startAgent(program, { dir: agentDir, name: 'shop-1' })
  await becomes('shop', 'up')
  await becomes('storage', 'up')
  expect(await stateOf('attic')).toBe('unknown')
  expect(await incidents()).toEqual([])
})

it('is an incident by a threshold once the program is killed, and over when it runs again', async () => {
  await endOf(shop, 'SIGKILL')
  await becomes('shop', 'down')
  const limit = { withinMs: 20_000, what: 'an incident' }
  const incident = await until(async () => (await incidents())[0], limit)
  expect(incident).toMatchObject({ service: 'shop', check: 'shop-runs', cause: 'threshold', closedAt: null })
  await openShop()
  await becomes('shop', 'up')
  await until(async () => (await incidents())[0]!.closedAt !== null, { withinMs: 20_000, what: 'its end' })
  expect(await incidents()).toHaveLength(1)
})
