/**
 * A try with a real collector and a real agent: what answers, what answers 503, what refuses, a name that is
 * gone; exit codes; and that nothing of it was kept. Then the same contract in force: its incident says the
 * status that failed, on the terminal, in the API and in what is sent.
 */
import { execFile, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import type { TriedView } from '../../collector/src/view/trial.ts'
import { dnsRefusal } from '../support/dns-refusal.ts'
import { startFaultServer, type FaultServer } from '../support/fault-server.ts'
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
import { startDatagramTalker } from '../support/talker.ts'

const CONSTAT = fileURLToPath(new URL('../../collector/bin/constat.mjs', import.meta.url))
const AGENT = fileURLToPath(new URL('../../agent/bin/constat-agent.mjs', import.meta.url))
const AGENT_DIR = makeDataDir()
const FILES = makeDataDir()
const NXDOMAIN = 3
const LIMIT = { withinMs: 30_000 }

let program: Program
let agent: ChildProcess
let web: FaultServer
let names: { port: number; close: () => Promise<void> }
let receiver: Receiver

beforeAll(async () => {
  web = await startFaultServer()
  names = await startDatagramTalker((query) => [dnsRefusal(query, NXDOMAIN)])
  receiver = await openReceiver()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
}, 60_000)

afterAll(async () => {
  if (agent) await endOf(agent, 'SIGTERM')
  await program?.kill('SIGTERM')
  for (const folder of [program?.dataDir, AGENT_DIR, FILES]) if (folder) dropDataDir(folder)
  await Promise.all([web?.close(), names?.close(), receiver?.close()])
})

/** Not blocking: the servers that are probed are of this process. */
function run(file: string, args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...args], (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

const constat = (...args: string[]) => run(CONSTAT, [...args, '--data', program.dataDir])

const at = (path: string): string => `http://127.0.0.1:${web.port}/${path}`

function checkText(name: string, probe: string): string {
  return `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}}
spec: {service: shop, ${probe}, interval: PT1S, timeout: PT0.9S}
`
}

function written(name: string, checks: readonly string[]): string {
  const contract = `apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  timeZone: UTC
  alertAfter: PT0S
  parties:
    - {id: acme, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  guarantees:
    - {id: shop-up, service: shop, metric: interval-availability, target: {op: gte, percent: "99.9"}, window: {period: P1M, timeZone: UTC}, calendar: always}
`
  const path = join(FILES, name)
  writeFileSync(path, [...checks, contract].join('---\n'))
  return path
}

const good = (): string => checkText('good', `http: {url: "${at('')}"}`)
const broken = (): string => checkText('broken', `http: {url: "${at('status/503')}"}`)
const refused = (): string => checkText('refused', 'tcp: {host: 127.0.0.1, port: 1}')
const gone = (): string =>
  checkText('gone', `dns: {name: gone.example, type: A, server: "127.0.0.1:${names.port}"}`)

describe('a try', () => {
  it('says so when no agent is connected, and ends with 4', async () => {
    const { code, err } = await constat('apply', '-f', written('good.yaml', [good()]), '--try')
    expect(code).toBe(4)
    expect(err).toContain('No agent is connected')
  })

  it('is done when every check is ok', async () => {
    agent = await startAgent(program, { dir: AGENT_DIR, name: 'lyon' })
    await program.line(/agent enrolled/)
    const file = written('good.yaml', [good()])
    const { code, out } = await until(
      async () => {
        const done = await constat('apply', '-f', file, '--try')
        return done.code === 4 ? null : done
      },
      { ...LIMIT, what: 'an agent that is connected' },
    )
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(out).toMatch(/^good, seen from lyon: ok {2}value 200 {2}status 200$/m)
    expect(out).toContain(`asked ${at('')} at 127.0.0.1 port ${web.port}: status 200`)
    expect(out).toMatch(/connect \d+\.\d+ ms, .*total \d+\.\d+ ms/)
    expect(out).toContain('Nothing was applied.')
  })

  it('tells each failure as `constat-agent probe` does, and ends with 1', async () => {
    const file = written('all.yaml', [good(), broken(), refused(), gone()])
    const { code, out } = await constat('apply', '-f', file, '--try', '--json')
    expect(code).toBe(1)
    const tried = JSON.parse(out) as TriedView
    expect(tried).toMatchObject({ contract: 'shop', ok: false })
    const said = tried.checks.map(({ check, result }) => [
      check,
      result?.outcome,
      result?.cause,
      result?.code,
    ])
    expect(said.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual([
      ['broken', 'fail', 'status', '503'],
      ['gone', 'fail', 'name', 'NXDOMAIN'],
      ['good', 'ok', 'none', undefined],
      ['refused', 'fail', 'connect', 'ECONNREFUSED'],
    ])
    const own = await run(AGENT, ['probe', '-f', file, 'broken', '--json'])
    const { latencyUs: _, phases: __, phasesUs: ___, hops, compared, ...rest } = JSON.parse(own.out)
    const ours = tried.checks.find(({ check }) => check === 'broken')
    expect({ check: 'broken', ...ours?.result }).toMatchObject(rest)
    expect(ours?.result?.hops).toMatchObject(
      hops.map(({ phasesUs: ____, ...hop }: object & { phasesUs: unknown }) => hop),
    )
    expect(ours?.result?.compared.map(({ wanted }) => wanted)).toEqual(
      compared.map(({ wanted }: { wanted: string }) => wanted),
    )
  })

  it('keeps nothing', async () => {
    expect(await program.get('/contracts')).toMatchObject({ items: [] })
    const status = JSON.parse(readFileSync(join(AGENT_DIR, 'status.json'), 'utf8')) as object
    expect(status).toMatchObject({ samples: 0, checks: 0, spoolFrames: 0, connected: true })
  })

  it('refuses what is no contract, every problem named, and ends with 3', async () => {
    const path = join(FILES, 'wrong.yaml')
    writeFileSync(
      path,
      'apiVersion: constat/v1\nkind: Contract\nmetadata: {name: shop}\nspec: {watch: [x]}\n',
    )
    expect(await constat('apply', '-f', path, '--try')).toMatchObject({ code: 3, out: '' })
    const both = await constat('apply', '-f', written('good.yaml', [good()]), '--try', '--stop-probing')
    expect(both).toMatchObject({ code: 3, err: expect.stringContaining('--try applies nothing') })
  })
})

describe('the incident of the contract in force', () => {
  it('says what failed, everywhere', async () => {
    await program.post('/webhooks', {
      url: `${receiver.url}/generic`,
      types: ['incident.opened'],
      shape: 'generic',
    })
    await program.post('/webhooks', {
      url: `${receiver.url}/constat`,
      types: ['incident.opened'],
      shape: 'ntfy',
    })
    const { code, out } = await constat('apply', '-f', written('broken.yaml', [broken()]))
    expect({ code, out }).toMatchObject({ code: 0 })
    const incident = await until(
      async () => (await program.get<{ items: IncidentView[] }>('/incidents?open=true')).items[0],
      { ...LIMIT, what: 'an incident' },
    )
    expect(incident).toMatchObject({
      cause: 'status',
      failure: { agent: 'lyon', code: '503', target: at('status/503'), at: incident.onsetAt },
    })
    const { latencyUs, connectedUs } = incident.failure ?? {}
    expect(connectedUs).toBeGreaterThan(0)
    expect(connectedUs).toBeLessThanOrEqual(latencyUs ?? 0)
    const words = new RegExp(
      `503 from ${at('status/503')}, [\\d.]+\\sms after the connection, seen from lyon`,
    )
    expect((await constat('status')).out).toMatch(words)
    const received = await receiver.until(2)
    const bodies = received.map(({ body }) => JSON.parse(body) as object)
    expect(bodies.find((body) => 'data' in body)).toMatchObject({ data: { failure: incident.failure } })
    expect(bodies.find((body) => 'topic' in body)).toMatchObject({
      title: expect.stringMatching(/^shop is down since .*: 503 from the only place$/),
      message: expect.stringMatching(words),
    })
    const page = await fetch(`${program.url}/incidents/${incident.id}`, {
      headers: { authorization: `Bearer ${readFileSync(join(program.dataDir, 'owner.token'), 'utf8')}` },
    })
    expect(await page.text()).toMatch(
      /503 from http:[^<]+, [\d.]+\u00a0ms after the connection, seen from lyon\./,
    )
  })
})
