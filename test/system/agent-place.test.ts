/**
 * The place of an agent: another host with its key is noticed and told, and one that was revoked leaves its name, and
 * with it its checks, to the agent that is enrolled in its place.
 */
import type { ChildProcess } from 'node:child_process'
import { cpSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AgentView } from '@constat/collector/view/contract'
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
import { openReceiver, type Receiver } from '../support/receiver.ts'

/** Between the first word beside a newer connection and the next that counts lie 15 s. */
const WITHIN_MS = 90_000

let program: Program
let receiver: Receiver
/** It changes its mind every two answers: who sees a change says so at once. */
let target: Server
const folders: string[] = []
const children: ChildProcess[] = []

beforeAll(async () => {
  let asked = 0
  target = createServer((_, response) => {
    asked += 1
    response.writeHead(asked % 4 < 2 ? 200 : 503).end()
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  receiver = await openReceiver()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  const { port } = target.address() as AddressInfo
  const applied = await program.put(
    '/contracts/shop',
    `apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  provider: Northstar
  target: "99.9"
  timeZone: UTC
  watch: ["http://127.0.0.1:${port}/"]
  every: PT1S
  timeout: PT0.5S
  measurement: {vantages: [lyon]}
`,
  )
  if (!applied.ok) throw new Error(await applied.text())
  await program.post('/webhooks', { url: receiver.url, types: ['evidence.anomaly'], shape: 'generic' })
}, 120_000)

afterAll(async () => {
  for (const child of children) await endOf(child, 'SIGKILL')
  await program?.kill('SIGTERM')
  await receiver?.close()
  target?.close()
  for (const folder of [...folders, program?.dataDir]) if (folder) dropDataDir(folder)
})

async function run(dir: string): Promise<ChildProcess> {
  const child = await startAgent(program, { dir, name: 'lyon' })
  children.push(child)
  return child
}

function makeFolder(): string {
  const folder = makeDataDir()
  folders.push(folder)
  return folder
}

const agents = async (): Promise<AgentView[]> => (await program.get<{ items: AgentView[] }>('/agents')).items

test('a second host with the key of an agent is told by API and webhook, once', async () => {
  const dir = makeFolder()
  await run(dir)
  const [alone] = await until(async () => (await agents()).some(({ connected }) => connected) && agents(), {
    withinMs: WITHIN_MS,
    what: 'a connected agent',
  })
  expect(alone).toMatchObject({ name: 'lyon', clonedAt: null })
  const copy = makeFolder()
  cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith('agent.lock') })
  await run(copy)
  await until(async () => (await agents())[0]?.clonedAt, { withinMs: WITHIN_MS, what: 'a clone' })
  await until(() => receiver.received.length > 0, { withinMs: WITHIN_MS, what: 'an anomaly' })
  const told = receiver.received.map(({ body }) => JSON.parse(body) as { type: string; data: object })
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({
    type: 'evidence.anomaly',
    data: {
      kind: 'clone',
      agent: { name: 'lyon' },
      message: expect.stringContaining('two hosts use its key'),
    },
  })
}, 180_000)

test('one that was revoked leaves its name and its checks to the next', async () => {
  const [old] = await agents()
  expect((await program.remove(`/agents/${old!.id}`)).status).toBe(204)
  await run(makeFolder())
  const [next, ...others] = await until(
    async () => (await agents()).some(({ coverage }) => Number(coverage) > 0) && agents(),
    { withinMs: WITHIN_MS, what: 'samples of the next' },
  )
  expect(others).toEqual([])
  expect(next).toMatchObject({ name: 'lyon', connected: true, clonedAt: null })
  expect(next!.id).not.toBe(old!.id)
}, 180_000)
