/**
 * What the agent's program says, and how it ends: to a reader who leaves, in JSON, on a full disk, and of
 * its own host.
 */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
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
