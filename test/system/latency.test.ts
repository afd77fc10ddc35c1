/**
 * Latency, end to end with the real programs: an agent measures a target whose delays are a known mixture.
 * Share and percentiles are what an independent computation finds in the frames of the ledger, and a rebuild
 * changes nothing.
 */
import type { ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeFrame } from '@constat/shared/batch'
import { nearestRank } from '../support/formulas.ts'
import { openDatabase } from '../../collector/src/db/open.ts'
import type { ViewOf } from '../../collector/src/view/guarantee.ts'
import type { LatencyView } from '../../collector/src/view/timeline.ts'
import type { WindowView } from '../../collector/src/view/window.ts'
import { createKeptLog } from '../support/silent-log.ts'
import {
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

const DELAYS_MS = [0, 0, 20, 0, 120, 0, 0, 40, 0, 300]
const THRESHOLD_MS = 100
const CHECK = 'shop-login'
const SAMPLES = 25

const contract = (url: string): string => `apiVersion: constat/v1
kind: Check
metadata: {name: ${CHECK}}
spec: {service: shop, http: {url: "${url}"}, interval: PT1S, timeout: PT0.9S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  effective: {timeZone: UTC}
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses: [{id: "1", title: Speed, text: "Nine in ten logins within 100 ms"}]
  measurement: {latency: {percentileMethod: nearest-rank, minimumSamples: 10}}
  guarantees:
    - {id: speed, service: shop, clause: "1", metric: share-within, threshold: PT0.1S, target: {op: gte, percent: "90"}, window: {period: P1M, timeZone: UTC}, calendar: always}
`

let target: Server
let program: Program
let agent: ChildProcess | undefined
let port: number
const agentDir = makeDataDir()
const key = new Date().toISOString().slice(0, 7)

beforeAll(async () => {
  let requests = 0
  target = createServer((_, response) => {
    setTimeout(() => response.end('ok'), DELAYS_MS[requests++ % DELAYS_MS.length])
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  // A TCP server that listens has an address of this form.
  const { port: targetPort } = target.address() as AddressInfo
  port = await freePort()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port })
  const applied = await program.put('/contracts/shop', contract(`http://127.0.0.1:${targetPort}/`))
  if (!applied.ok) throw new Error(await applied.text())
  expect(await applied.text()).not.toContain('not judged')
  agent = await startAgent(program, { dir: agentDir, name: 'here' })
})

afterAll(async () => {
  if (agent) await endOf(agent, 'SIGKILL')
  await program.kill('SIGTERM')
  target.closeAllConnections()
  target.close()
  for (const folder of [agentDir, program.dataDir]) dropDataDir(folder)
})

async function speed(): Promise<ViewOf<'share-within'>> {
  const { guarantees } = await program.get<WindowView>(`/contracts/shop/windows/${key}`)
  const found = guarantees[0]
  if (found?.metric !== 'share-within') throw new Error('the window has the guarantee')
  return found
}

const span = (): string =>
  `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}&step=PT2H`
const onePoint = (): Promise<LatencyView> => program.get<LatencyView>(`/checks/${CHECK}/latency?${span()}`)

let told: ViewOf<'share-within'>
let steps: LatencyView

describe('a latency guarantee', () => {
  it('is measured while it runs', async () => {
    const view = await until(async () => ((await speed()).share.n >= SAMPLES ? speed() : null), {
      withinMs: 90_000,
      what: `${SAMPLES} samples`,
    })
    expect(view).toMatchObject({ verdict: 'indeterminate', thresholdUs: THRESHOLD_MS * 1_000 })
    expect(view).not.toHaveProperty('downMs')
  })

  it('counts what stopped coming as missing, for neither side', async () => {
    await endOf(agent!, 'SIGTERM')
    // What the agent sent last may be in the ledger a moment before it is folded.
    const bothSay = async (): Promise<typeof told | null> => {
      const view = await speed()
      steps = await onePoint()
      return view.share.missing >= 5 && steps.points[0]?.n === view.share.n ? view : null
    }
    told = await until(bothSay, {
      withinMs: 90_000,
      what: 'slots that are missing, and one number of samples',
    })
    const { share } = told
    expect(Number(share.provable)).toBeGreaterThan(Number(share.percent))
    expect(Number(share.pessimistic)).toBeLessThan(Number(share.percent))
  })

  it('refuses what passes its limits, and says what to do', async () => {
    const refused = async (query: string): Promise<string> =>
      program.get(`/checks/${CHECK}/latency?${query}`).then(
        () => 'answered',
        (error: unknown) => String(error),
      )
    expect(await refused('from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z')).toMatch(/413.*in parts/)
    expect(await refused('step=PT1S')).toMatch(/413.*longer step/)
    expect(await refused('step=10')).toMatch(/400.*at least 1000 ms/)
    expect(await refused('step=soon')).toMatch(/400/)
    expect(await refused('agent=nobody')).toMatch(/404/)
    await expect(program.get('/checks/nothing/latency')).rejects.toThrow(/404/)
  })
})

describe('the frames in the ledger', () => {
  it('say the same, read by other means', async () => {
    await program.kill('SIGTERM')
    const database = await openDatabase({
      databaseUrl: null,
      dataDir: program.dataDir,
      log: createKeptLog(),
    })
    const rows = await database.sql<{ body: Buffer }[]>`select body from entry where type = 1`
    await database.close()
    const latencyUs = rows.flatMap(({ body }) => {
      const decoding = decodeFrame(body)
      if (decoding.kind !== 'decoded') throw new Error(decoding.detail)
      const { samples } = decoding.frame.batch
      return samples.latencyUs.filter((_, i) => samples.outcome[i]! < 2 && !samples.attempt?.[i])
    })
    const within = latencyUs.filter((us) => us <= THRESHOLD_MS * 1_000).length
    expect(told.share).toMatchObject({ n: latencyUs.length, within })
    // Two delays in ten are above: the mixture itself, not only our own arithmetic.
    expect(within / latencyUs.length).toBeGreaterThan(0.6)
    expect(within / latencyUs.length).toBeLessThan(0.9)
    const [p50, p95, p99] = ['50', '95', '99'].map((p) => nearestRank(latencyUs, p)!)
    expect(steps.points).toMatchObject([{ n: latencyUs.length, p50Us: p50, p95Us: p95, p99Us: p99 }])
    for (const [live, exact] of [
      [told.percentileUs.p50, p50],
      [told.percentileUs.p95, p95],
    ] as const) {
      expect(live).toBeGreaterThanOrEqual(exact!)
      expect(live).toBeLessThanOrEqual(exact! * (1 + Number(told.percentileErrorPercent) / 100))
    }
  })

  it('give the same answers after a rebuild', async () => {
    const { code, out } = await runOnce(['rebuild', '--data', program.dataDir, '--json'])
    expect(JSON.parse(out)).toMatchObject({ differences: 0 })
    expect(code).toBe(0)
    program = await startProgram({ args: ['collector'], dataDir: program.dataDir, port })
    const { n, within } = told.share
    expect((await speed()).share).toMatchObject({ n, within })
    const { at: _, ...point } = (await onePoint()).points[0]!
    expect(steps.points[0]).toMatchObject(point)
  })
})
