/**
 * The second site: a collector with TLS of its own, and a host on another network that joins it with the
 * pasted command. The host is a network namespace; where none can be made, another loopback address.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startConnectProxy } from '../support/connect-proxy.ts'
import { createNetwork, namespaceProblem, type Namespace, type Network } from '../support/netns.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  runOnce,
  until,
} from '../support/program.ts'

const CONSTAT = fileURLToPath(new URL('../../collector/bin/constat.mjs', import.meta.url))
const START_MS = 60_000
/** The promise: from the paste to a connected agent. */
const JOINED_WITHIN_MS = 10_000

const problem = namespaceProblem()
const way = problem === null ? 'in a network namespace' : `on 127.0.0.2 (${problem})`

type Ended = { code: number | null; out: string; err: string }
type Agent = { name: string; connected: boolean }

let network: Network | null = null
let space: Namespace | null = null
let address = '127.0.0.2'
let port = 0
let url = ''
let collector: ChildProcess
let said = ''
const dataDir = makeCollectorDir()
const folder = mkdtempSync(join(tmpdir(), 'constat-site-'))
const running = new Set<ChildProcess>()

beforeAll(async () => {
  if (problem === null) {
    network = createNetwork()
    space = network.add('site')
    const net = `10.203.${process.pid % 250}`
    address = `${net}.1`
    network.join(
      { space: 'host', device: network.deviceName(), addresses: [`${address}/24`] },
      { space, device: 'eth0', addresses: [`${net}.2/24`] },
    )
  }
  port = await freePort()
  url = `https://${address}:${port}`
  const listen = problem === null ? `${address}:${port}` : `0.0.0.0:${port}`
  collector = spawn(process.execPath, [CONSTAT, 'up', '--data', dataDir, '--listen', listen], {
    env: { ...process.env, CONSTAT_LOG_LEVEL: 'info', CONSTAT_PUBLIC_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [collector.stdout, collector.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until(() => /connected to the collector/.exec(said), { withinMs: START_MS, what: () => said })
}, START_MS * 2)

afterAll(async () => {
  for (const child of running) await endOf(child, 'SIGKILL')
  for (const dir of ['lyon', 'second', 'v6', 'wget']) removeAgent(join(folder, dir))
  await endOf(collector, 'SIGTERM')
  network?.close()
  dropDataDir(dataDir)
  rmSync(folder, { recursive: true, force: true })
}, START_MS)

/** On the other host, with an environment of its own. */
function start(command: [string, ...string[]], env: Record<string, string> = {}): ChildProcess {
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder, ...env }
  const options = { cwd: folder, env: own, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] }
  const child = space ? space.start(command, options) : spawn(command[0], command.slice(1), options)
  running.add(child)
  return child
}

async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => (texts.out += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (texts.err += chunk.toString()))
  // Not `close`: the agent in the background may hold what it inherited.
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  running.delete(child)
  return { code, ...texts }
}

function paste(line: string, env: Record<string, string> = {}): Promise<Ended> {
  return ended(start(['sh', '-c', line], env))
}

function agentDo(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return ended(start([process.execPath, bundle(), ...args], env))
}

/** What the collector gives away, fetched once. */
function bundle(): string {
  const path = join(folder, 'agent.mjs')
  if (!existsSync(path)) execFileSync('curl', ['-fsSk', '-o', path, `${url}/agent/constat-agent.mjs`])
  return path
}

function removeAgent(dir: string): void {
  if (existsSync(join(dir, 'constat-agent.mjs')))
    execFileSync(process.execPath, [join(dir, 'constat-agent.mjs'), 'uninstall', '--dir', dir], {
      stdio: 'ignore',
    })
}

function ask<T>(path: string, body?: unknown): Promise<T> {
  const token = readFileSync(join(dataDir, 'owner.token'), 'utf8')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const method = body === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/api/v1${path}`,
      // A kept connection may be closed by the time that it is asked on again.
      { method, headers, rejectUnauthorized: false, agent: false },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        // The API answers the shape that the caller names; the assertions check it.
        response.on('end', () => resolve(JSON.parse(text) as T))
      },
    )
    asked.once('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

const lineFor = async (name: string) => (await ask<{ command: string }>('/agents/tokens', { name })).command
const tokenFor = async (name: string) => (await ask<{ token: string }>('/agents/tokens', { name })).token
const agents = async () => (await ask<{ items: Agent[] }>('/agents')).items
const pinOfLine = (line: string) => / --pin (\S+)/.exec(line)?.[1] ?? ''

function connectedAs(name: string, withinMs: number): Promise<Agent> {
  return until(async () => (await agents()).find((one) => one.name === name && one.connected), {
    withinMs,
    what: `${name} connected`,
  })
}

describe(`a host ${way}`, () => {
  test('the start says the key, and commands of this host work over it', async () => {
    expect(said).toContain(`Constat listens on ${url}`)
    const pin = /TLS key: (sha256\/\S+)/.exec(said)?.[1]
    expect(pinOfLine(await lineFor('nobody'))).toBe(pin)
    const status = await runOnce(['status', '--data', dataDir])
    expect(status.out).toContain('agent local: connected')
    expect((await runOnce(['token', 'agent', '--name', 'x', '--data', dataDir])).out).toContain(
      `--pin ${pin}`,
    )
  })

  test('joins with the pasted command within 10 s', async () => {
    const dir = join(folder, 'lyon')
    const line = await lineFor('lyon')
    const pasted = paste(line, { CONSTAT_AGENT_DIR: dir })
    await connectedAs('lyon', JOINED_WITHIN_MS)
    const { code, out, err } = await pasted
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(out).toContain('enrolled as lyon')
    expect(out).toContain('connected; it runs in the background')
    expect(JSON.parse(readFileSync(join(dir, 'agent.json'), 'utf8'))).toMatchObject({
      urls: [url],
      tlsPin: pinOfLine(line),
    })
  }, 60_000)

  test('the line works once, and not over an agent that is there', async () => {
    const again = await paste(await lineFor('lyon'), { CONSTAT_AGENT_DIR: join(folder, 'lyon') })
    expect(again.code).toBe(4)
    expect(again.err).toMatch(/already belongs to agent lyon/)
  }, 60_000)

  test('a wrong pin is refused before a byte is sent', async () => {
    const line = await lineFor('wrong')
    const other = `sha256/${Buffer.alloc(32, 7).toString('base64')}`
    const pasted = await paste(line.replaceAll(pinOfLine(line).slice(7), other.slice(7)), {
      CONSTAT_AGENT_DIR: join(folder, 'wrong'),
    })
    expect(pasted.code).toBe(4)
    expect(pasted.err).toContain('could not be reached; curl or wget says why above')
    const token = await tokenFor('wrong')
    const dir = join(folder, 'wrong')
    const enrolled = await agentDo(['enroll', '--url', url, '--token', token, '--pin', other, '--dir', dir])
    expect(enrolled.code).toBe(4)
    expect(enrolled.err).toContain('another key')
    expect(existsSync(dir)).toBe(false)
    const unpinned = await agentDo(['enroll', '--url', url, '--token', token, '--dir', dir])
    expect(unpinned.err).toContain('give --pin')
    expect((await agents()).some(({ name }) => name === 'wrong')).toBe(false)
  }, 60_000)

  test('a changed script is not run', async () => {
    const line = await lineFor('changed')
    const digest = /[0-9a-f]{64}/.exec(line)?.[0] ?? ''
    const pasted = await paste(line.replace(digest, '0'.repeat(64)), {
      CONSTAT_AGENT_DIR: join(folder, 'changed'),
    })
    expect(pasted.code).toBe(4)
    expect(pasted.err).toContain('install.sh is not the one this line was made for')
  }, 60_000)

  test.each([
    ['none', null, /Node.js is not installed on this host/],
    [
      'an old one',
      '#!/bin/sh\n[ "$1" = --version ] && { echo v18.1.0; exit 0; }\nexit 1\n',
      /v18.1.0 is too old/,
    ],
  ])(
    'a host with this Node.js: %s',
    async (name, node, sentence) => {
      const bin = binOf(name, ['curl'])
      if (node !== null) writeFileSync(join(bin, 'node'), node, { mode: 0o755 })
      const pasted = await paste(`PATH=${bin}; ${await lineFor('old')}`)
      expect(pasted.code).toBe(4)
      expect(pasted.err).toMatch(sentence)
    },
    60_000,
  )

  test('joins with wget where there is no curl', async () => {
    const bin = binOf('wget', ['wget', 'node'])
    const dir = join(folder, 'wget')
    const pasted = await paste(`PATH=${bin}; ${await lineFor('wget')}`, { CONSTAT_AGENT_DIR: dir })
    expect(pasted, pasted.err).toMatchObject({ code: 0 })
    removeAgent(dir)
    const bare = await paste(`PATH=${binOf('neither', ['node'])}; ${await lineFor('wget')}`)
    expect(bare.code).toBe(4)
    expect(bare.err).toContain('could not be reached; curl or wget says why above')
  }, 60_000)

  test('two addresses, the first dead', async () => {
    const dir = join(folder, 'second')
    const pin = pinOfLine(await lineFor('x'))
    const dead = `https://${address}:${await freePort()}`
    const urls = ['--url', dead, '--url', url, '--pin', pin, '--dir', dir]
    expect(await agentDo(['install', '--token', await tokenFor('second'), ...urls])).toMatchObject({
      code: 0,
    })
    await connectedAs('second', 20_000)
    const { out } = await agentDo(['status', '--dir', dir, '--json'])
    expect(JSON.parse(out)).toMatchObject({ connected: true, url: `${url.replace('https', 'wss')}/agent/v1` })
  }, 60_000)

  test('through a proxy, and not through one that refuses', async () => {
    const proxy = await startConnectProxy({ host: address, credentials: 'me:secret' })
    const pin = pinOfLine(await lineFor('x'))
    const dir = join(folder, 'proxied')
    const args = ['enroll', '--url', url, '--pin', pin, '--token', await tokenFor('proxied'), '--dir', dir]
    // To a loopback address none goes but one that is named by hand.
    const variable = problem === null ? 'HTTPS_PROXY' : 'CONSTAT_PROXY'
    const at = (credentials: string) => ({ [variable]: `http://${credentials}${address}:${proxy.port}` })
    const refused = await agentDo(args, at(''))
    expect(refused.code).toBe(4)
    expect(refused.err).toContain('wants a name and a password (407)')
    const enrolled = await agentDo(args, at('me:secret@'))
    expect(enrolled, enrolled.err).toMatchObject({ code: 0 })
    // Kept: a service has no such environment.
    const env = { CONSTAT_AGENT_DIR: dir, ...(problem === null ? {} : at('me:secret@')) }
    const child = start([process.execPath, bundle(), 'run'], env)
    const before = proxy.asked.length
    await connectedAs('proxied', 20_000)
    expect(proxy.asked.length).toBeGreaterThan(before)
    expect(new Set(proxy.asked)).toEqual(new Set([`${address}:${port}`]))
    await endOf(child, 'SIGTERM')
    await proxy.close()
  }, 60_000)

  test('refuses to speak in the clear beyond its own host', async () => {
    const args = ['enroll', '--url', `http://${address === '127.0.0.2' ? '192.0.2.1' : address}:${port}`]
    const { code, err } = await agentDo([...args, '--token', 't', '--dir', join(folder, 'clear')])
    expect(code).toBe(3)
    expect(err).toContain('is not encrypted')
    expect(err).toContain('--insecure')
  })

  test('is told what to write when it speaks HTTP to HTTPS', () => {
    const answer = execFileSync('curl', ['-s', `http://${address}:${port}/`], { encoding: 'utf8' })
    expect(answer).toBe(`This collector speaks HTTPS only: write https://${address}:${port}\n`)
  })

  test('is rid of it again', async () => {
    const dir = join(folder, 'lyon')
    const { code, out } = await agentDo(['uninstall', '--dir', dir])
    expect(code).toBe(0)
    expect(out).toContain('lyon is removed from this host')
    expect(existsSync(dir)).toBe(false)
    await until(async () => (await agents()).some((one) => one.name === 'lyon' && !one.connected), {
      withinMs: 20_000,
      what: 'lyon gone',
    })
  }, 60_000)
})

describe('this host alone', () => {
  test('on ::1, without TLS, with the pasted command', async () => {
    const own = makeCollectorDir()
    const here = `[::1]:${await freePort()}`
    const child = spawn(process.execPath, [CONSTAT, 'collector', '--data', own, '--listen', here], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      let out = ''
      child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
      await until(() => /Owner link/.exec(out), { withinMs: START_MS, what: () => out })
      const line = (await runOnce(['token', 'agent', '--name', 'v6', '--data', own])).out
      expect(line).toContain(`--url http://${here}`)
      const env = { ...process.env, CONSTAT_AGENT_DIR: join(folder, 'v6') }
      const shell = spawn('sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      const { code, err } = await ended(shell)
      expect(code, err).toBe(0)
      expect((await runOnce(['status', '--data', own])).out).toContain('agent v6: connected')
      removeAgent(join(folder, 'v6'))
    } finally {
      await endOf(child, 'SIGTERM')
      dropDataDir(own)
    }
  }, 120_000)

  test('a busy port is told before a database is made', async () => {
    const own = makeDataDir()
    const taken = await runOnce([
      'collector',
      '--data',
      own,
      '--listen',
      problem === null ? `${address}:${port}` : `0.0.0.0:${port}`,
    ])
    expect(taken.code).toBe(4)
    expect(taken.err).toContain('cannot listen on')
    expect(existsSync(join(own, 'postgres'))).toBe(false)
    dropDataDir(own)
  })
})

/** A PATH with little on it. */
function binOf(name: string, tools: readonly string[]): string {
  const bin = join(folder, `bin-${name.replaceAll(' ', '-')}`)
  mkdirSync(bin)
  for (const tool of ['sh', 'mktemp', 'sha256sum', 'rm', ...tools]) symlinkSync(which(tool), join(bin, tool))
  return bin
}

function which(tool: string): string {
  return execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim()
}
