/**
 * Unknown says why, with real processes: an agent that is killed, a host on which nobody can ping, and a
 * target behind a firewall that asks for a challenge. The words are the same in the API, on a terminal and on
 * pages, in both languages, and the blocked time stands beside the coverage.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentView, ContractView, ServiceView } from '../../collector/src/view/contract.ts'
import type { TimelineView } from '../../collector/src/view/timeline.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  OWN_CONNECTION,
  runOnce,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'

const LIMIT = { withinMs: 40_000 }
const PINGS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'].flatMap(
  (folder) => ['fping', 'ping'].map((name) => `${folder}/${name}`).filter((path) => existsSync(path)),
)

const contract = (url: string): string => `apiVersion: constat/v1
kind: Check
metadata: {name: gateway}
spec: {service: vpn, icmp: {host: 127.0.0.1, packets: 1}, interval: PT4S, timeout: PT3S, vantages: [lyon]}
---
apiVersion: constat/v1
kind: Check
metadata: {name: page}
spec: {service: shop, http: {url: "${url}"}, interval: PT4S, timeout: PT3S, vantages: [lyon]}
---
apiVersion: constat/v1
kind: Check
metadata: {name: branch}
spec: {service: branch, http: {url: "${url}ok"}, interval: PT4S, timeout: PT3S, vantages: [paris]}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: reasons}
spec:
  timeZone: UTC
  parties: [{id: northstar, role: provider, name: Northstar}]
  guarantees:
    - {id: vpn-up, service: vpn, metric: interval-availability, target: {op: gte, percent: "99.9"}}
    - {id: shop-up, service: shop, metric: interval-availability, target: {op: gte, percent: "99.9"}}
    - {id: branch-up, service: branch, metric: interval-availability, target: {op: gte, percent: "99.9"}}
`

let target: Server
let program: Program
let lyon: ChildProcess
let paris: ChildProcess
const dirs = { lyon: makeDataDir(), paris: makeDataDir() }

const OWN_MOUNTS = [...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--mount']
/** Where the host lets nobody have mounts of their own, its ping cannot be hidden. */
const canHide = PINGS.length === 0 || spawnSync('unshare', [...OWN_MOUNTS, 'true']).status === 0

/** A mount namespace of its own in which no ping program can be run; without one there is nothing to hide. */
function startWithoutPing(command: readonly [string, ...string[]], options: SpawnOptions = {}): ChildProcess {
  if (PINGS.length === 0) return spawn(command[0], command.slice(1), options)
  const hide = PINGS.map((path) => `mount --bind /dev/null ${path} 2>/dev/null || true`).join('\n')
  return spawn('unshare', [...OWN_MOUNTS, 'sh', '-c', `${hide}\nexec "$@"`, 'sh', ...command], options)
}

/** Every other path than `/ok` stands behind a challenge, as that of a content network does. */
function startTarget(): Promise<Server> {
  const server = createServer(({ url }, response) => {
    if (url === '/ok') response.end('ok')
    else
      response
        .writeHead(503, { 'cf-mitigated': 'challenge', 'content-type': 'text/html' })
        .end('<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>')
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

beforeAll(async () => {
  target = await startTarget()
  // A server that listens on a port has an address with one.
  const { port } = target.address() as AddressInfo
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  const applied = await program.put('/contracts/reasons', contract(`http://127.0.0.1:${port}/`))
  if (!applied.ok) throw new Error(await applied.text())
  const inside = { space: { start: startWithoutPing }, url: program.url }
  lyon = await startAgent(program, { dir: dirs.lyon, name: 'lyon', inside })
  paris = await startAgent(program, { dir: dirs.paris, name: 'paris' })
})

afterAll(async () => {
  for (const child of [lyon, paris]) if (child) await endOf(child, 'SIGKILL')
  await program?.kill('SIGKILL')
  target?.closeAllConnections()
  target?.close()
  for (const dir of [dirs.lyon, dirs.paris, program?.dataDir]) if (dir) dropDataDir(dir)
})

const view = (): Promise<ContractView> => program.get<ContractView>('/contracts/reasons')

async function service(name: string): Promise<ServiceView> {
  return (await view()).services.find((one) => one.service === name)!
}

/** Waits until a service gives one reason, of one agent. */
function reasonOf(name: string, reason: string): Promise<ServiceView> {
  const what = `${name} to be unknown: ${reason}`
  return until(
    async () => {
      const found = await service(name)
      return found.reasons.some((one) => one.reason === reason) && found
    },
    { ...LIMIT, what },
  )
}

/** A slow machine may have one probe told otherwise: asked again until all of it stands there. */
async function printing(
  name: 'constat' | 'constat-agent',
  { args, env = {} }: { args: string[]; env?: Record<string, string> },
  wanted: readonly RegExp[],
): Promise<void> {
  let out = ''
  await until(
    async () => {
      out = (await runOnce(args, env, name)).out
      return wanted.every((one) => one.test(out))
    },
    { ...LIMIT, what: () => `${wanted.join(', ')} in:\n${out}` },
  )
}

async function words(path: string, lang: 'en' | 'fr'): Promise<string> {
  const token = readFileSync(join(program.dataDir, 'owner.token'), 'utf8')
  const headers = { ...OWN_CONNECTION, authorization: `Bearer ${token}`, 'accept-language': lang }
  const page = await fetch(`${program.url}${path}`, { headers })
  return (await page.text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
}

describe.runIf(canHide)('a service is unknown, and says why', () => {
  it('where the host has no ping', async () => {
    const { reasons, state } = await reasonOf('vpn', 'no-program')
    expect(state).toBe('unknown')
    expect(reasons).toMatchObject([{ reason: 'no-program', name: 'lyon' }])
  })

  it('where a firewall answers in place of the target, which counts as blocked time', async () => {
    expect((await reasonOf('shop', 'blocked')).state).toBe('unknown')
    const shop = await until(
      async () => {
        const found = (await view()).guarantees.find(({ guarantee }) => guarantee === 'shop-up')!
        return (found.blockedMs ?? 0) > 4_000 && found
      },
      { ...LIMIT, what: 'blocked time' },
    )
    expect(shop.metric).toBe('interval-availability')
    if (shop.metric !== 'interval-availability') return
    expect(shop.downMs).toMatchObject({ provable: 0, point: 0 })
    // What is unknown and not blocked came before the first answer.
    const rest = shop.unknown.filter(({ reason }) => reason !== 'blocked')
    expect(shop.blockedMs! + rest.reduce((sum, { ms }) => sum + ms, 0)).toBe(shop.unknownMs)
    expect(shop.elapsedCommittedMs - shop.knownMs).toBe(shop.unknownMs)
  })

  it('where its only agent was killed', async () => {
    await until(async () => (await service('branch')).state === 'up', {
      ...LIMIT,
      what: 'the branch to be up',
    })
    await endOf(paris, 'SIGKILL')
    const { reasons } = await reasonOf('branch', 'silent')
    expect(reasons).toMatchObject([{ reason: 'silent', name: 'paris' }])
    const since = Date.parse(reasons[0]!.since!)
    const span = `from=${new Date(since - 4_000).toISOString()}&to=${new Date().toISOString()}`
    const { segments, vantages } = await program.get<TimelineView>(`/services/branch/timeline?${span}`)
    const last = segments.at(-1)!
    expect(last.state).toBe('unknown')
    expect(last.reasons).toMatchObject([
      { reason: 'silent', name: 'paris', start: last.start, end: last.end },
    ])
    // Its last sample stood for a hold: twice the interval, and the timeout.
    expect(Date.parse(last.start) - since).toBe(11_000)
    expect(Object.values(vantages)[0]!.at(-1)).toMatchObject({ reasons: [{ reason: 'silent' }] })
  })

  it('on a terminal', async () => {
    await printing('constat', { args: ['status', '--data', program.dataDir] }, [
      /vpn unknown: neither fping nor ping is installed on lyon/,
      /shop unknown: a firewall or a rate limit answered lyon in the target’s place/,
      /branch unknown: agent paris silent since \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
      /shop-up .*coverage 0\.\d{4}, blocked .+ \(unknown, not up\)/,
      /agent lyon: connected.*\n +gateway unknown: neither fping nor ping is installed on lyon/,
    ])
  })

  it('to whoever asks the agent itself', async () => {
    const env = { CONSTAT_AGENT_DIR: dirs.lyon }
    await printing('constat-agent', { args: ['status', '--json'], env }, [
      /"check":"gateway","cause":"no-program"/,
      /"check":"page","cause":"blocked"/,
    ])
    await printing('constat-agent', { args: ['status'], env }, [
      /unknown\.gateway +neither fping nor ping is installed: install one of them \(no-program, since /,
    ])
  })

  it('on pages, in both languages', async () => {
    const asked: [path: string, en: RegExp, fr: RegExp][] = [
      ['/', /neither fping nor ping is installed on lyon/, /ni fping ni ping n’est installé sur lyon/],
      ['/contracts/reasons', /agent paris silent since/, /agent paris muet depuis/],
      ['/contracts/reasons', /blocked \d/, /bloqué \d/],
      [
        '/contracts/reasons/services/shop',
        /a firewall or a rate limit answered lyon/,
        /un pare-feu ou une limitation de débit a répondu à lyon/,
      ],
      ['/contracts/reasons/services/branch', /agent paris silent since/, /agent paris muet depuis/],
      ['/setup/agents', /gateway: neither fping nor ping/, /gateway.: ni fping ni ping/],
    ]
    for (const [path, en, fr] of asked) {
      expect(await words(path, 'en'), path).toMatch(en)
      expect(await words(path, 'fr'), path).toMatch(fr)
    }
  })

  it('and the agents are told apart in the API', async () => {
    const { items } = await program.get<{ items: AgentView[] }>('/agents')
    const told = items.flatMap(({ name, unknown }) =>
      unknown.map(({ check, reason }) => `${name} ${check} ${reason}`),
    )
    expect(told.toSorted()).toEqual(['lyon gateway no-program', 'lyon page blocked', 'paris branch silent'])
  })
})
