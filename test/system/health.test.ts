/**
 * Health of a running collector: its database stopped, its disk full, its clock set. What it says of that, to
 * programs, to people and in its log, and that nothing measured is lost or moved meanwhile.
 */
import { execFileSync, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DISK_FLOOR_BYTES } from '@constat/collector/health'
import type { IncidentView, TimelineView } from '../../collector/src/view/timeline.ts'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import {
  OWN_CONNECTION,
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  runOnce,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'

const LIMIT = { withinMs: 60_000 }
const HOUR_MS = 3_600_000
const STEPPED = fileURLToPath(new URL('../support/stepped-clock.mjs', import.meta.url))
const NAMES = ['lyon', 'paris'] as const

const contract = (url: string): string => `apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, watch: ["${url}"], every: PT1S, timeout: PT0.9S}
`

/** A collector with two agents that measure a shop; the shop is up. */
type World = {
  program: Program
  server: MoodyServer
  agents: Map<string, ChildProcess>
  close(): Promise<void>
}

async function openWorld(dataDir: string, env: Record<string, string> = {}): Promise<World> {
  const server = await startMoodyServer()
  const program = await startProgram({ args: ['collector'], dataDir, port: await freePort(), env })
  const applied = await program.put('/contracts/shop', contract(server.url))
  if (!applied.ok) throw new Error(await applied.text())
  const dirs = NAMES.map((name) => [name, makeDataDir()] as const)
  const agents = new Map<string, ChildProcess>()
  for (const [name, dir] of dirs) agents.set(name, await startAgent(program, { dir, name }))
  await until(async () => (await stateOf(program)) === 'up', { ...LIMIT, what: 'the shop to be up' })
  return {
    program,
    server,
    agents,
    close: async () => {
      for (const agent of agents.values()) await endOf(agent, 'SIGKILL')
      await program.kill('SIGTERM')
      await server.close()
      for (const dir of [...dirs.map(([, one]) => one), dataDir]) dropDataDir(dir)
    },
  }
}

const stateOf = async (program: Program): Promise<string> =>
  (await program.get<{ state: string }>('/contracts/shop')).state

async function readyz({ url }: Program): Promise<{ status: number; reasons: string }> {
  const answer = await fetch(`${url}/readyz`, { headers: OWN_CONNECTION })
  const { reasons } = (await answer.json()) as { reasons: string[] }
  return { status: answer.status, reasons: reasons.join('; ') }
}

async function untilReady(program: Program, status: number, reasons: RegExp): Promise<void> {
  let seen = ''
  await until(
    async () => {
      const now = await readyz(program)
      seen = `${now.status} ${now.reasons}`
      return now.status === status && reasons.test(now.reasons)
    },
    { ...LIMIT, what: () => `${status} and ${reasons}, not ${seen}` },
  )
}

/** Waits until most of this time is known; a busy machine misses some of its slots. */
async function untilSeen(program: Program, fromMs: number, toMs: number): Promise<void> {
  const isSeen = async (): Promise<boolean> =>
    (await unseenMs(program, fromMs, toMs)) < ((toMs - fromMs) * NAMES.length) / 2
  await until(isSeen, { ...LIMIT, what: 'what was measured meanwhile' })
}

/** Time that vantages did not see, between two instants, ms, theirs together. */
async function unseenMs(program: Program, fromMs: number, toMs: number): Promise<number> {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString())
  const { services } = await program.get<{ services: { service: string }[] }>('/contracts/shop')
  const path = `/services/${services[0]!.service}/timeline?from=${from}&to=${to}`
  const { vantages } = await program.get<TimelineView>(path)
  const unseen = Object.values(vantages)
    .flat()
    .filter(({ state }) => state === 'unknown')
  return unseen.reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0)
}

describe('a database that is stopped', () => {
  let world: World
  beforeAll(async () => (world = await openWorld(makeCollectorDir())))
  afterAll(() => world?.close())

  it('is told with 503 and a sentence, and what was measured meanwhile is not lost', async () => {
    const { program } = world
    const postmaster = Number(
      readFileSync(join(program.dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0],
    )
    const family = [postmaster, ...childrenOf(postmaster)]
    const fromMs = Date.now()
    for (const pid of family) process.kill(pid, 'SIGSTOP')
    try {
      await untilReady(program, 503, /^the database is away: no answer within 3 s/)
      const answer = await program.put('/contracts/shop', contract(world.server.url))
      expect(answer.status).toBe(503)
      expect(await answer.json()).toMatchObject({
        code: 'database',
        detail: /^The database is away: no answer/,
      })
      const page = await fetch(`${program.url}/`, {
        headers: { ...OWN_CONNECTION, accept: 'text/html', cookie: 'constat_session=cst_x' },
      })
      expect(page.status).toBe(503)
      expect(await page.text()).toContain('The database is away')
      expect((await runOnce(['status', '--data', program.dataDir])).out).toContain(
        'collector: the database is away',
      )
    } finally {
      for (const pid of family) process.kill(pid, 'SIGCONT')
    }
    await untilReady(program, 200, /^$/)
    const toMs = Date.now()
    await untilSeen(program, fromMs, toMs)
    // An error in the log names itself.
    expect(program.output()).not.toContain('"error":{}')
  })
})

describe('a clock that is set by an hour', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld(makeCollectorDir(), { NODE_OPTIONS: `--import ${STEPPED}` })
  })
  afterAll(() => world?.close())

  it('is told, in doubt until an agent of another host has spoken; an outage stands where it was', async () => {
    const { program, server, agents } = world
    await untilReady(program, 200, /^$/)
    program.child.kill('SIGUSR2')
    await untilReady(program, 200, /set forward by 3600 s.*no agent is told a time/)
    const downMs = await server.become('503')
    const [incident] = await until(
      async () => {
        const { items } = await program.get<{ items: IncidentView[] }>('/incidents?open=true')
        return items.length > 0 && items
      },
      { ...LIMIT, what: 'an incident' },
    )
    await server.become('ok')
    const upMs = Date.now()
    await until(async () => (await stateOf(program)) === 'up', { ...LIMIT, what: 'the shop to be up again' })
    const { onsetAt, endAt } = await until(
      async () => {
        const one = await program.get<IncidentView>(`/incidents/${incident!.id}`)
        return one.endAt !== null && one
      },
      { ...LIMIT, what: 'the end of the incident' },
    )
    // Two agents look at it every second; a busy machine may be late.
    expect(Math.abs(Date.parse(onsetAt) - downMs)).toBeLessThan(HOUR_MS / 60)
    expect(Math.abs(Date.parse(endAt!) - upMs)).toBeLessThan(HOUR_MS / 60)
    expect((await runOnce(['status', '--data', program.dataDir])).out).toContain(
      'collector: the clock of this host was set forward by 3600 s',
    )
    // An agent that starts asks for the time at once, and its own clock has not moved.
    const lyon = agents.get('lyon')!
    const dir = dirOf(lyon)
    await endOf(lyon, 'SIGTERM')
    agents.set('lyon', await startAgent(program, { dir, name: 'lyon' }))
    await untilReady(program, 200, /set forward by 3600 s.*as agents show/)
    program.child.kill('SIGUSR2')
    await untilReady(program, 200, /^$/)
    const { items } = await program.get<{ items: IncidentView[] }>('/incidents')
    expect(items).toHaveLength(1)
  })
})

/** A file system of its own that is soon full; null where none may be mounted. */
function mountSmall(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'constat-full-'))
  const args = ['-t', 'tmpfs', '-o', `size=${2.5 * DISK_FLOOR_BYTES},mode=0755`, 'constat-full', folder]
  if (process.getuid?.() === 0 && spawnSync('mount', args).status === 0) return folder
  rmSync(folder, { recursive: true })
  return null
}
const disk = mountSmall()

describe.runIf(disk !== null)('a disk that is nearly full', () => {
  let world: World
  const data = join(disk ?? '', 'data')
  beforeAll(async () => {
    mkdirSync(data)
    chmodSync(data, 0o755)
    execFileSync('cp', ['-a', `${makeCollectorDir()}/.`, data])
    world = await openWorld(data)
  })
  afterAll(async () => {
    await world?.close()
    if (disk !== null) {
      spawnSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })

  it('takes no frame before PostgreSQL fails, says so, and has all of it when there is room', async () => {
    const { program } = world
    const { bavail, bsize } = statfsSync(data)
    const fromMs = Date.now()
    const filler = join(disk ?? '', 'filler')
    writeFileSync(filler, Buffer.alloc(bavail * bsize - DISK_FLOOR_BYTES / 2))
    await untilReady(program, 503, /^the disk is full: \d+ MiB left of the 256 that are kept free/)
    // People may still write: their words are few.
    expect((await program.put('/contracts/shop', contract(world.server.url))).status).toBe(200)
    const fullMs = Date.now()
    rmSync(filler)
    await untilReady(program, 200, /^$/)
    await untilSeen(program, fromMs, fullMs)
    expect(program.output()).not.toContain('could not be committed')
  })
})

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

/** The folder that an agent was started on. */
function dirOf({ pid }: ChildProcess): string {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return environment.find((one) => one.startsWith('CONSTAT_AGENT_DIR='))!.slice('CONSTAT_AGENT_DIR='.length)
}
