/**
 * Thirty deaths in one run: collector, database and agents are killed with SIGKILL at seeded moments, under
 * load, while targets break and mend. Nothing acknowledged is lost, nothing is counted twice, and what was
 * folded in pieces is what one undisturbed fold of the whole ledger gives; made again, it tells the same.
 */
import { execSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, leafHash } from '@constat/evidence/tree'
import { concatenate } from '@constat/sla/timeline'
import { foldSamples, tailOf } from '@constat/sla/vantage'
import { openDatabase, type OpenDatabase } from '../../collector/src/db/open.ts'
import { chunkRows } from '../../collector/src/db/fold-rows.ts'
import { entryRange, logRows, type EntryRow } from '../../collector/src/db/ledger-rows.ts'
import { frameOf, readPage } from '@constat/sla/fold/page'
import { valueAt } from '@constat/sla/fold/readings'
import type { Chunk } from '@constat/sla/fold/track'
import { leafBytes, leafType } from '@constat/evidence/leaf'
import { configurationNamed, newest } from '@constat/sla/state/contract-state'
import { Contracts } from '../../collector/src/contract/contracts.ts'
import { foldRules } from '@constat/sla/assembly/rules'
import type { AgentView, ContractView } from '../../collector/src/view/contract.ts'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import {
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
import { startStubbornSender, type StubbornSender } from '../support/stubborn-sender.ts'

const DEATHS = 30
/** Longer than a sample holds. */
const SILENT_MS = 5_000
const SEED = 20_261_122
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

let target: MoodyServer
let program: Program
let port: number
let sender: StubbornSender
let beganMs = 0
let endedMs = 0
let told: Told
const dataDir = makeCollectorDir()
const agentDirs = ['north', 'south'].map((name) => ({
  name,
  dir: mkdtempSync(join(tmpdir(), 'constat-agent-')),
}))
const agents = new Map<string, ChildProcess>()

/** Mulberry32: small, seeded, good enough to choose victims. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const small = (name: string, extra: string): string => `
apiVersion: constat/v1
kind: Contract
metadata: {name: ${name}}
spec: {provider: Northstar, target: "99.9", timeZone: Europe/Paris, alertAfter: PT0S, ${extra}}
`

async function startCollector(): Promise<void> {
  program = await startProgram({ args: ['collector'], dataDir, port, env: { CONSTAT_LOG_LEVEL: 'warn' } })
}

async function startOne(name: string): Promise<void> {
  agents.set(
    name,
    await startAgent(
      program,
      agentDirs.find((one) => one.name === name)!,
    ),
  )
}

type Told = { incidents: IncidentView[]; timelines: unknown[]; latencies: unknown[] }

/** Of all that is over: incidents, and until the last agent was stopped each service and each check. */
async function whatIsTold(): Promise<Told> {
  const span = `from=${new Date(beganMs).toISOString()}&to=${new Date(endedMs).toISOString()}`
  const { items } = await program.get<{ items: IncidentView[] }>('/incidents?contract=real&limit=200')
  const { guarantees } = await program.get<ContractView>('/contracts/real')
  const timelines: unknown[] = []
  const latencies: unknown[] = []
  for (const { service } of guarantees) {
    timelines.push(await program.get(`/services/${service}/timeline?contract=real&${span}`))
    latencies.push(await program.get(`/checks/${service}/latency?contract=real&${span}&step=PT1M`))
  }
  return { incidents: items, timelines, latencies }
}

beforeAll(async () => {
  beganMs = Date.now()
  target = await startMoodyServer()
  port = await freePort()
  await startCollector()
  const urls = Array.from({ length: 12 }, (_, i) => `"${target.url}${i}"`).join(', ')
  const real = await program.put(
    '/contracts/real',
    small('real', `every: PT1S, timeout: PT0.5S, measurement: {vantages: [north, south]}, watch: [${urls}]`),
  )
  expect(real.status, await real.text()).toBe(200)
  const many = Array.from({ length: 50 }, (_, i) => `"http://127.0.0.1:9/${i}"`).join(', ')
  const load = await program.put(
    '/contracts/load',
    small('load', `every: PT10S, timeout: PT5S, measurement: {vantages: [sender]}, watch: [${many}]`),
  )
  expect(load.status, await load.text()).toBe(200)
  for (const { name } of agentDirs) await startOne(name)
  sender = await startStubbornSender(program, 'sender')
})

afterAll(async () => {
  for (const child of agents.values()) await endOf(child, 'SIGKILL')
  await program?.kill('SIGKILL')
  await target?.close()
  dropDataDir(dataDir)
  for (const { dir } of agentDirs) dropDataDir(dir)
})

it(`lives through ${DEATHS} deaths`, { timeout: 400_000 }, async () => {
  const random = seeded(SEED)
  const moods = ['503', 'ok', 'reset', 'ok', 'refuse', 'ok'] as const
  for (let death = 0; death < DEATHS; death += 1) {
    await target.become(moods[death % moods.length]!)
    await sleep(300 + random() * 1_500)
    const victim = Math.floor(random() * 4)
    if (victim === 0) {
      await program.kill('SIGKILL')
      await sleep(random() * 400)
      await startCollector()
    } else if (victim === 1) {
      killDatabase()
    } else {
      const { name } = agentDirs[victim - 2]!
      await endOf(agents.get(name)!, 'SIGKILL')
      await startOne(name)
    }
  }
  await target.become('ok')
  await sender.finish()
  await until(isDrained, { withinMs: 60_000, what: 'the agents to have sent everything' })
  expect(sender.connections()).toBeGreaterThan(3)
  expect(sender.acknowledged()).toBeGreaterThan(500)
  endedMs = Date.now()
  for (const child of agents.values()) await endOf(child, 'SIGTERM')
  await until(async () => (await whatIsTold()).incidents.every(({ closedAt }) => closedAt !== null), {
    withinMs: 60_000,
    what: 'every incident to be closed',
  })
  // What the last samples hold for, and what is unknown after it, are in the figures too.
  await sleep(SILENT_MS)
  told = await whatIsTold()
  await program.kill('SIGTERM')
})

it('has lost nothing that was acknowledged and holds nothing twice', { timeout: 120_000 }, async () => {
  await withDatabase(async (database) => {
    const { sql } = database
    const sent = await sql<{ seq: number }[]>`
      select seq from entry where agent = ${sender.agent} and session = ${sender.session} and type = 1 order by seq`
    expect(sent.map(({ seq }) => seq)).toEqual(Array.from({ length: sender.acknowledged() + 1 }, (_, i) => i))
    const twice = await sql`
      select agent, session, seq from entry where type = 1 group by agent, session, seq having count(*) > 1`
    expect(twice.length).toBe(0)
    for (const row of await logRows(sql)) {
      const leaves = await allLeaves(database, row.id, row.size)
      // The author's own text stands beside the ledger: it may hold what is nobody else's.
      expect(
        leaves.some(({ type, body }) => leafType(type) === 'revision' && body.includes('apiVersion')),
      ).toBe(false)
      expect(leaves.map(({ index }) => index)).toEqual(Array.from({ length: row.size }, (_, i) => i))
      const hashes = leaves.map((leaf) => leafHash(leafBytes({ ...leaf, type: leafType(leaf.type) })))
      expect(frontierRoot(appendLeaves(EMPTY_FRONTIER, hashes)).equals(row.root)).toBe(true)
    }
  })
})

it('folded in pieces what one undisturbed fold gives', { timeout: 120_000 }, async () => {
  await withDatabase(async (database) => {
    const { sql } = database
    const logs = await logRows(sql)
    const contracts = new Contracts(sql)
    await contracts.catchUp(logs)
    const stored = await chunkRows(sql)
    let compared = 0
    for (const { id, size } of logs) {
      const state = contracts.ofLog(id)!
      const contract = newest(state)
      const frames = (await allLeaves(database, id, size)).filter(({ type }) => type === 1)
      for (const [place, readings] of samplesByPlace(
        frames,
        (digest) => configurationNamed(state, Buffer.from(digest, 'hex'))!.config,
      )) {
        const [agent, check] = place
        const rules = foldRules(
          contract.terms.checks.find(({ name }) => name === check)!,
          contract.terms,
        )
        const whole = foldSamples(rules, readings)
        const chunks = stored
          .filter((row) => row.log === id && row.agent === agent && row.check === check)
          .map(({ body }) => JSON.parse(body) as Chunk)
        const last = chunks.at(-1)!
        expect(chunks.reduce((sum, { samples }) => sum + samples, 0)).toBe(readings.atMs.length)
        expect(concatenate([...chunks.map(({ pieces }) => pieces), tailOf(rules, last.closing)])).toEqual(
          whole,
        )
        compared += 1
      }
    }
    expect(compared).toBe(50 + 2 * 12)
  })
})

it('rebuilds to the same bytes', async () => {
  const { code, out } = await runOnce(['rebuild', '--data', dataDir, '--json'])
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 0, differences: 0, logs: 2 })
})

it('tells the same of it as before', { timeout: 120_000 }, async () => {
  await startCollector()
  expect(told.incidents.length).toBeGreaterThan(3)
  expect(await whatIsTold()).toEqual(told)
})

function killDatabase(): void {
  const file = join(dataDir, 'postgres/cluster/postmaster.pid')
  // It may just be starting again, with no such file or no such process: then this moment killed nobody.
  execSync(`kill -9 $(head -n 1 ${file}) 2>/dev/null || true`, { stdio: 'ignore' })
}

async function isDrained(): Promise<boolean> {
  try {
    const { items } = await program.get<{ items: AgentView[] }>('/agents')
    const real = items.filter(({ name }) => name !== 'sender')
    return real.length === 2 && real.every(({ connected, spoolBatches }) => connected && spoolBatches <= 1)
  } catch {
    // The database may be on its way back.
    return false
  }
}

async function withDatabase(work: (database: OpenDatabase) => Promise<void>): Promise<void> {
  const database = await openDatabase({ databaseUrl: null, dataDir, log })
  try {
    await work(database)
  } finally {
    await database.close()
  }
}

async function allLeaves({ sql }: OpenDatabase, id: number, size: number): Promise<EntryRow[]> {
  return entryRange(sql, { log: id, from: 0, to: size, limit: size })
}

type Samples = { atMs: number[]; outcome: number[] }

/** Every sample of every vantage, sorted by instant, session, number, position: nothing of the fold's own order. */
function samplesByPlace(
  rows: readonly EntryRow[],
  configOf: (digest: string) => Parameters<typeof readPage>[1] extends (d: Uint8Array) => infer C ? C : never,
): [[string, string], Samples][] {
  const all = new Map<string, { at: number; outcome: number; key: string }[]>()
  for (const row of rows) {
    const frame = frameOf(row)
    const { reports } = readPage([frame], (digest) => configOf(Buffer.from(digest).toString('hex')))
    for (const { agent, config, readings } of reports) {
      for (const [index, own] of readings.entries()) {
        if (!own) continue
        const place = `${agent} ${config.checks[index]!.name}`
        const list = all.get(place) ?? []
        all.set(place, list)
        own.atMs.forEach((at, i) => {
          const rank = `${frame.session.toString('hex')}.${String(frame.seq).padStart(12, '0')}.${String(i).padStart(6, '0')}`
          list.push({ at, outcome: valueAt(own.outcome, i), key: rank })
        })
      }
    }
  }
  return [...all].map(([place, list]) => {
    const [agent, check] = place.split(' ')
    list.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
    const samples = { atMs: list.map(({ at }) => at), outcome: list.map(({ outcome }) => outcome) }
    return [[agent!, check!], samples]
  })
}
