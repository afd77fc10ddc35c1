/**
 * Silence: an agent that is killed. What it measured becomes unknown, never down; people hear of the
 * silence once, and of the return once. A collector that was away itself tells of nobody.
 */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentView, ContractView } from '../../collector/src/view/contract.ts'
import type { TimelineView } from '../../collector/src/view/timeline.ts'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
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

/** Twice the interval and the timeout. */
const HOLD_MS = 2 * 2_000 + 1_000
/** What an agent had collected and not yet sent is lost with it. */
const BATCH_MS = 10_000
const SILENT_AFTER_MS = 90_000
const AWAY_MS = 4_000
/** The agent is all there is at its site, and each is told once. */
const GONE = ['agent.silent lost', 'site.unreachable Far away']
const BACK = ['agent.back Far away', 'agent.back lost']
const contract = (url: string): string => `apiVersion: constat/v1
kind: Contract
metadata: {name: silence}
spec:
  provider: Northstar
  target: "99.9"
  timeZone: UTC
  watch: ["${url}"]
  every: PT2S
  timeout: PT1S
  sites: [{id: far, displayName: Far away, agents: [lost], administeredBy: customer}]
`

let target: MoodyServer
let receiver: Receiver
let program: Program
let port: number
let agentDir: string
let steadyDir: string
let agent: ChildProcess
let steady: ChildProcess
let killedMs: number

beforeAll(async () => {
  target = await startMoodyServer()
  receiver = await openReceiver()
  agentDir = makeDataDir()
  steadyDir = makeDataDir()
  port = await freePort()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port })
  const applied = await program.put('/contracts/silence', contract(target.url))
  if (!applied.ok) throw new Error(await applied.text())
  await program.post('/webhooks', { url: receiver.url, types: ['*'], shape: 'generic' })
})

afterAll(async () => {
  for (const child of [agent, steady]) if (child) await endOf(child, 'SIGKILL')
  await program?.kill('SIGTERM')
  await receiver?.close()
  await target?.close()
  for (const folder of [agentDir, steadyDir, program?.dataDir]) if (folder) dropDataDir(folder)
})

const view = (): Promise<ContractView> => program.get<ContractView>('/contracts/silence')

async function agentNamed(name: string): Promise<AgentView> {
  const { items } = await program.get<{ items: AgentView[] }>('/agents')
  const found = items.find((one) => one.name === name)
  if (!found) throw new Error(`no agent ${name}`)
  return found
}

type Told = { type: string; data: { agent?: { name: string }; site?: { displayName: string } } }

/** Types told so far, with the agent or the site each is about; deliveries may pass each other. */
function told(): string[] {
  const all = receiver.received.map(({ body }) => {
    // Our own payload.
    const { type, data } = JSON.parse(body) as Told
    return `${type} ${data.agent?.name ?? data.site?.displayName ?? ''}`.trim()
  })
  return all.toSorted()
}

describe('an agent that is killed', () => {
  it('has measured before', async () => {
    agent = await startAgent(program, { dir: agentDir, name: 'lost' })
    await until(async () => (await view()).state === 'up' && (await view()).guarantees[0]!.knownMs > 4_000, {
      withinMs: 30_000,
      what: 'a contract that is up and measured',
    })
    await endOf(agent, 'SIGKILL')
    killedMs = Date.now()
  })

  it('leaves the service unknown after hold, with less coverage and no downtime', async () => {
    await until(async () => (await view()).state === 'unknown', {
      withinMs: HOLD_MS + 3_000,
      what: 'the service to be unknown',
    })
    const before = (await view()).guarantees[0]!
    const span = `from=${new Date(killedMs - 5_000).toISOString()}&to=${new Date().toISOString()}`
    const { service } = (await view()).services[0]!
    const { segments } = await program.get<TimelineView>(`/services/${service}/timeline?${span}`)
    const last = segments.at(-1)!
    const unknownMs = Date.parse(last.start)
    expect(last.state).toBe('unknown')
    expect(segments.every(({ state }) => state !== 'down')).toBe(true)
    // Its last sample that was sent stands for hold, and not longer.
    expect(unknownMs - killedMs).toBeLessThanOrEqual(HOLD_MS)
    expect(unknownMs - killedMs).toBeGreaterThan(HOLD_MS - BATCH_MS - 2_000 - 1_000)

    await sleep(6_000)
    const after = (await view()).guarantees[0]!
    expect(Number(after.coverage)).toBeLessThan(Number(before.coverage))
    expect(after).toMatchObject({ downMs: { provable: 0, point: 0 } })
    expect(after.verdict).toBe('indeterminate')
  })

  it('is connected no more, and nobody is told yet', async () => {
    expect(await agentNamed('lost')).toMatchObject({ connected: false, silent: false })
    expect(told()).toEqual([])
  })

  it('is told silent once, 90 s after its last word', async () => {
    const { lastSeenAt } = await agentNamed('lost')
    const dueMs = Date.parse(lastSeenAt) + SILENT_AFTER_MS
    const [first] = await receiver.until(2, dueMs - Date.now() + 5_000)
    expect(told()).toEqual(GONE)
    expect(first!.atMs).toBeGreaterThanOrEqual(dueMs)
    expect(first!.atMs - dueMs).toBeLessThan(3_000)
    expect(await agentNamed('lost')).toMatchObject({ silent: true })
    expect((await view()).silentAgents).toEqual(['lost'])
    expect((await view()).sites).toMatchObject([
      { id: 'far', state: 'unreachable', administeredBy: 'customer' },
    ])
    await sleep(2_500)
    expect(told()).toEqual(GONE)
  })

  it('is told back once, when it is started again', async () => {
    agent = await startAgent(program, { dir: agentDir, name: 'lost' })
    await receiver.until(4, 15_000)
    expect(told()).toEqual([...BACK, ...GONE])
    await until(async () => (await view()).state === 'up', { withinMs: 10_000, what: 'the service to be up' })
    expect((await view()).guarantees[0]).toMatchObject({ downMs: { provable: 0, point: 0 } })
    expect(await agentNamed('lost')).toMatchObject({ connected: true, silent: false })
  })
})

describe('a collector that was away', () => {
  it('tells of no agent that comes back to it', async () => {
    steady = await startAgent(program, { dir: steadyDir, name: 'steady' })
    await until(async () => (await agentNamed('steady')).connected, { withinMs: 10_000, what: 'the agent' })
    const { dataDir } = program
    await program.kill('SIGTERM')
    await sleep(AWAY_MS)
    program = await startProgram({ args: ['collector'], dataDir, port })
    for (const name of ['lost', 'steady']) {
      await until(async () => (await agentNamed(name)).connected, {
        withinMs: 25_000,
        what: `${name} to come back`,
      })
    }
    // Two ticks of the collector.
    await sleep(2_500)
    expect(told()).toEqual([...BACK, ...GONE])
  })
})
