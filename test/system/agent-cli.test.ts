/**
 * What the agent's program says, and how it ends: to a reader who leaves, in JSON, on a full disk, and of
 * its own host.
 */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
let bundle: string
let web: Server
let url: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'constat-agent-cli-'))
  bundle = join(folder, 'constat-agent.mjs')
  execFileSync(process.execPath, [join(root, 'agent/build.mjs'), bundle])
  web = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
  await new Promise((resolve) => web.once('listening', resolve))
  // A TCP server that listens has an address of this form.
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`
})
afterAll(() => {
  web.close()
  rmSync(folder, { recursive: true })
})

type Ended = { code: number | null; out: string; err: string }

/** `reader`: what is done with its stdout. */
function agent(argv: string[], reader: 'reads' | 'leaves' | number = 'reads'): Promise<Ended> {
  const out = typeof reader === 'number' ? reader : ('pipe' as const)
  const env = { ...process.env, CONSTAT_AGENT_DIR: join(folder, 'nobody') }
  const child = spawn(process.execPath, [bundle, ...argv], { env, stdio: ['ignore', out, 'pipe'] })
  const said = { out: '', err: '' }
  if (reader === 'leaves') child.stdout?.destroy()
  else child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said.out += chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said.err += chunk))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })))
}

describe('a reader who leaves', () => {
  test('hears nothing more; the answer stays the answer, and nobody complains', async () => {
    expect(await agent(['probe', url], 'leaves')).toEqual({ code: 0, out: '', err: '' })
    expect(await agent(['probe', 'http://127.0.0.1:1/'], 'leaves')).toEqual({ code: 1, out: '', err: '' })
    expect(await agent(['--help'], 'leaves')).toEqual({ code: 0, out: '', err: '' })
  })

  test('an answer that cannot be written is not given', async () => {
    const full = openSync('/dev/full', 'w')
    const { code } = await agent(['probe', url], full)
    closeSync(full)
    expect(code).toBe(4)
  })
})

describe('a probe', () => {
  test.each([
    ['http', () => url, ['dns', 'connect', 'ttfb', 'transfer', 'total']],
    ['tcp', () => url.replace('http', 'tcp').replace(/\/$/, ''), ['dns', 'connect', 'total']],
    ['a refused one', () => 'http://127.0.0.1:1/', ['dns', 'connect', 'total']],
    ['host', () => 'host://memory', ['total']],
  ])('of %s shows the phases that happened, in line', async (_, target, phases) => {
    const { out } = await agent(['probe', target()])
    const [verdict, ...lines] = out.trimEnd().split('\n')
    expect(verdict).toMatch(/^(ok|fail \(connect\)) {2}value \d+ {2}\S/)
    expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(phases)
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(lines.every((line) => /^ {2}\w+ +\d+\.\d{3} ms$/.test(line))).toBe(true)
  })

  test('of the host is the same in JSON', async () => {
    const { code, out } = await agent(['probe', 'host://disk', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ url: 'host://disk', outcome: 'ok', cause: 'none' })
  })
})

describe('a check in a file', () => {
  const check = (name: string, spec: string): string =>
    `---\napiVersion: constat/v1\nkind: Check\nmetadata: {name: ${name}}\nspec: {service: s, interval: PT30S, timeout: PT5S, ${spec}}\n`
  const written = (text: string): string => {
    const path = join(folder, 'check.yaml')
    writeFileSync(path, text)
    return path
  }

  test('is run once, and says what was asked and what was compared with what', async () => {
    const file = written(check('page', `http: {url: "${url}", expect: {status: [200, 204], within: PT4S}}`))
    const { code, out } = await agent(['probe', '-f', file])
    expect(code).toBe(0)
    expect(out).toMatch(/^ok {2}value 200/)
    expect(out).toContain(`asked ${url} at 127.0.0.1 port ${new URL(url).port}: status 200`)
    expect(out).toContain('status: wanted 200, 204, seen 200')
    expect(out).toMatch(/pace: wanted at most 4000 ms, seen [\d.]+ ms/)
  })

  test('in JSON, with hops and phases; exit 1 unless ok', async () => {
    const file = written(check('page', `http: {url: "${url}", expect: {status: [204]}}`))
    const { code, out } = await agent(['probe', '-f', file, '--json'])
    expect(code).toBe(1)
    const told = JSON.parse(out)
    expect(told).toMatchObject({
      check: 'page',
      outcome: 'fail',
      cause: 'status',
      fault: 'target',
      value: 200,
    })
    expect(told.hops).toMatchObject([{ host: '127.0.0.1', address: '127.0.0.1', url, status: 200 }])
    const { connectUs, ttfbUs } = told.hops[0].phasesUs
    expect(told.phasesUs).toMatchObject({ connectUs, ttfbUs })
    expect(told.latencyUs).toBeGreaterThanOrEqual(connectUs + ttfbUs)
  })

  test('is chosen by its name where there are several', async () => {
    const file = written(
      check('up', `http: {url: "${url}"}`) + check('down', 'tcp: {host: 127.0.0.1, port: 1}'),
    )
    expect(await agent(['probe', '-f', file, 'up'])).toMatchObject({ code: 0 })
    expect(await agent(['probe', '-f', file, 'down'])).toMatchObject({ code: 1 })
    const unnamed = await agent(['probe', '-f', file])
    expect(unnamed.code).toBe(3)
    expect(unnamed.err).toContain('up, down')
  })

  test.each([
    [
      'a word that is none',
      check('page', 'http: {url: "http://a", bodyContainz: x}'),
      'bodyContainz: is not a key here',
    ],
    [
      'what an agent would not take',
      check('page', 'tcp: {host: a, port: 1}').replace('PT5S', 'PT50S'),
      'timeoutMs',
    ],
    ['no YAML', '{', 'check.yaml:1'],
  ])('with %s is refused', async (_, text, words) => {
    const { code, err } = await agent(['probe', '-f', written(text)])
    expect(code).toBe(3)
    expect(err).toContain(words)
  })

  test('that is not there is said', async () => {
    const { code, err } = await agent(['probe', '-f', join(folder, 'none.yaml')])
    expect([code, err]).toEqual([3, expect.stringContaining('no such file')])
  })
})

test.each([
  [['probe', 'host://heat', '--json'], 3, 'usage'],
  [['probe', '--json'], 3, 'usage'],
  [['nope', '--json'], 3, 'usage'],
  [['status', '--json'], 4, 'not-found'],
  [['run', '--json'], 2, 'bad-config'],
  [['enroll', '--json'], 3, 'usage'],
])('%j ends with one line of JSON on stderr', async (argv, code, fault) => {
  const ended = await agent(argv)
  expect(ended).toMatchObject({ code, out: '' })
  const { error } = JSON.parse(ended.err) as { error: Record<string, string> }
  expect(error).toEqual({
    code: fault,
    message: expect.any(String) as string,
    hint: expect.any(String) as string,
  })
  expect(ended.err.trim().split('\n')).toHaveLength(1)
})
