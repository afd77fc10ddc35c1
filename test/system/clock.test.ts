/**
 * Clocks that are wrong: agents whose wall clock is an hour off from the start, is set forward and back,
 * and runs too fast, against a real collector. The target keeps its own book of when it was asked: every
 * sample in the ledger has to stand, within the bound that its batch signs, where that book has it.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findEmbedded } from '@constat/collector/db/embedded'
import { openAddress } from '@constat/collector/db/open'
import { decodeFrame, type Batch } from '@constat/shared/batch'
import { CAUSES, OUTCOMES } from '@constat/shared/sample'
import type { AgentView, ContractView } from '../../collector/src/view/contract.ts'
import type { TimelineView } from '../../collector/src/view/timeline.ts'
import type { ClockAgent, Skew } from '../support/clock-agent-child.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  makeDataDir,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { createKeptLog } from '../support/silent-log.ts'

const HOUR_MS = 3_600_000
const EVERY_MS = 1_000
/** Of whole milliseconds on either side. */
const ROUNDING_MS = 2
const BUSY_MS = 250
const CHILD = fileURLToPath(new URL('../support/clock-agent-child.ts', import.meta.url))
const contract = (url: string): string => `apiVersion: constat/v1
kind: Contract
metadata: {name: clocks}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, watch: ["${url}"], every: PT1S, timeout: PT0.9S}
`

/** How the agents differ: whether they can tell a sleep, and how far ahead their clocks start. */
const AGENTS = {
  told: { sleep: 'told', aheadMs: 0 },
  untold: { sleep: 'untold', aheadMs: 0 },
  ahead: { sleep: 'told', aheadMs: HOUR_MS },
} as const
type Name = keyof typeof AGENTS
const NAMES = Object.keys(AGENTS) as Name[]

let target: Server
/** When the target was asked, in true time. */
const book: number[] = []
let program: Program
let dataDir: string
const dirs = new Map<Name, string>()
const children = new Map<Name, ChildProcess>()

beforeAll(async () => {
  dataDir = makeCollectorDir()
  target = createServer((_, response) => {
    book.push(Date.now())
    response.end('ok')
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  // A TCP server that listens has an address of this form.
  const { port } = target.address() as AddressInfo
  program = await startProgram({ args: ['collector'], dataDir, port: await freePort() })
  const applied = await program.put('/contracts/clocks', contract(`http://127.0.0.1:${port}/`))
  if (!applied.ok) throw new Error(await applied.text())
})

afterAll(async () => {
  for (const child of children.values()) child.kill('SIGKILL')
  await program?.kill('SIGTERM')
  target?.close()
  for (const dir of [dataDir, ...dirs.values()]) dropDataDir(dir)
})

async function start(name: Name, aheadMs: number): Promise<void> {
  const dir = dirs.get(name) ?? makeDataDir()
  dirs.set(name, dir)
  const { token } = await program.post<{ token: string }>('/agents/tokens', { name })
  const options: ClockAgent = { dir, url: program.url, token, name, sleep: AGENTS[name].sleep, aheadMs }
  const child = fork(CHILD, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
  children.set(name, child)
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`the agent ended with ${code}`)))
  })
}

function skewAll(skew: Skew): void {
  for (const child of children.values()) child.send(skew)
}

async function agents(): Promise<AgentView[]> {
  return (await program.get<{ items: AgentView[] }>('/agents')).items
}

/** Waits until every agent is shown this far off its start, within its own bound and what drifts meanwhile. */
async function shownAhead(movedMs: number, { slackMs = 5 } = {}): Promise<void> {
  const isRight = ({ name, connected, clockOffsetMs, clockErrorMs }: AgentView): boolean => {
    const aheadMs = (AGENTS[name as Name].aheadMs as number) + movedMs
    return connected && Math.abs(clockOffsetMs + aheadMs) <= clockErrorMs + slackMs
  }
  let seen: AgentView[] = []
  await until(
    async () => {
      seen = await agents()
      return seen.length === NAMES.length && seen.every(isRight)
    },
    { withinMs: 10_000, what: () => `clocks ${movedMs} ms ahead of their start: ${JSON.stringify(seen)}` },
  )
  for (const one of seen) expect(one.clockErrorMs).toBeLessThan(1_000)
}

describe('agents whose clocks lie', () => {
  it('start, one of them an hour ahead, and are shown with their offsets', async () => {
    await Promise.all(NAMES.map((name) => start(name, AGENTS[name].aheadMs)))
    await shownAhead(0)
    await sleep(2 * EVERY_MS)
  })

  let movedMs = 0
  it.each([HOUR_MS, -HOUR_MS, -HOUR_MS, HOUR_MS])('are set by %d ms', async (stepMs) => {
    skewAll({ stepMs })
    await shownAhead((movedMs += stepMs))
    await sleep(1.5 * EVERY_MS)
  })

  it('run too fast', async () => {
    skewAll({ driftPpm: 5_000 })
    await sleep(4 * EVERY_MS)
    skewAll({ driftPpm: 0 })
    await shownAhead(20, { slackMs: 10 })
  })

  it('start again with a clock an hour off, configuration in hand', async () => {
    await Promise.all(
      NAMES.map(async (name, index) => {
        const child = children.get(name)!
        child.disconnect()
        await once(child, 'exit')
        await start(name, index % 2 === 0 ? HOUR_MS : -HOUR_MS)
      }),
    )
    await sleep(3 * EVERY_MS)
    await until(async () => (await agents()).every((one) => Math.abs(one.clockOffsetMs) > HOUR_MS - 1_000), {
      withinMs: 10_000,
      what: 'offsets of an hour',
    })
  })
})

type Taken = { agent: string; batch: Batch }

async function ledger(): Promise<Taken[]> {
  const address = (await findEmbedded(dataDir))!
  const database = await openAddress({ address, log: createKeptLog() })
  try {
    const rows = await database.sql<{ agent: Buffer; body: Buffer }[]>`
      select agent, body from entry where type = 1 order by index`
    return rows.map(({ agent, body }) => {
      const decoding = decodeFrame(body)
      if (decoding.kind === 'refused') throw new Error(decoding.detail)
      return { agent: agent.toString('hex'), batch: decoding.frame.batch }
    })
  } finally {
    await database.close()
  }
}

describe('the ledger after that', () => {
  it('has every answer where the target has the question', async () => {
    const offMs: number[] = []
    for (const { batch } of await ledger()) {
      const { samples, clock, baseS } = batch
      for (const [i, outcome] of samples.outcome.entries()) {
        if (OUTCOMES[outcome] !== 'ok') continue
        const atMs = baseS * 1_000 + samples.offsetMs[i]!
        const endMs = atMs + samples.latencyUs[i]! / 1_000
        const awayMs = Math.min(...book.map((askedMs) => Math.max(atMs - askedMs, askedMs - endMs)))
        offMs.push(awayMs - clock.errorMs - ROUNDING_MS)
      }
    }
    // A busy machine may take a moment between the instant of a sample and the start of its stopwatch.
    expect(Math.max(...offMs)).toBeLessThan(BUSY_MS)
    expect(offMs.filter((ms) => ms > 0).length).toBeLessThan(offMs.length / 3)
    expect(offMs.length).toBeGreaterThan(20)
  })

  it('marks each jump, and what it spoilt is unknown for that reason', async () => {
    const taken = await ledger()
    for (const agent of new Set(taken.map((one) => one.agent))) {
      const steps = taken.filter((one) => one.agent === agent).map(({ batch }) => batch.clock.stepMs)
      const marked = steps.filter((ms) => Math.abs(ms) > HOUR_MS / 2)
      expect(marked.map((ms) => Math.round(ms / HOUR_MS))).toEqual([1, -1, -1, 1])
    }
    const bad = taken.flatMap(({ batch: { samples } }) =>
      samples.outcome.flatMap((outcome, i) =>
        OUTCOMES[outcome] === 'ok' ? [] : [`${OUTCOMES[outcome]} ${CAUSES[samples.cause?.[i] ?? 0]?.[0]}`],
      ),
    )
    expect(bad.filter((one) => !/^unknown (suspended|missed|interference)$/.test(one))).toEqual([])
  })

  it('holds no downtime and no incident, and the service is known again', async () => {
    const view = await program.get<ContractView>('/contracts/clocks')
    expect(view.guarantees[0]).toMatchObject({ downMs: { provable: 0, point: 0 } })
    expect(await program.get<{ items: unknown[] }>('/incidents')).toMatchObject({ items: [] })
    const span = `from=${new Date(Date.now() - 120_000).toISOString()}&to=${new Date(Date.now() + 2 * HOUR_MS).toISOString()}`
    const { service } = view.services[0]!
    const { segments } = await program.get<TimelineView>(`/services/${service}/timeline?${span}`)
    expect(segments.map(({ state }) => state)).not.toContain('down')
    expect(view.state).toBe('up')
    const upMs = segments
      .filter(({ state }) => state === 'up')
      .map(({ start, end }) => [Date.parse(start), Date.parse(end)])
    expect(Math.min(...upMs.map(([from]) => from!))).toBeGreaterThanOrEqual(book[0]! - EVERY_MS)
    expect(Math.max(...upMs.map(([, to]) => to!))).toBeLessThanOrEqual(Date.now() + EVERY_MS)
  })
})
