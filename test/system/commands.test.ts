/**
 * Commands: what each says and ends with. Right, wrong, without a collector, beside one, and against
 * what another one holds. Exit 0 done, 1 the answer is no, 3 usage, 4 could not run.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '@constat/verify/verify'
import type { ContractView } from '../../collector/src/view/contract.ts'
import { openBundle } from '../support/forge.ts'
import { authorOf, goodSamples, Session } from '../support/hostile-frames.ts'
import { sendFrame, welcomed } from '../support/hostile-socket.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  makeDataDir,
  OWN_CONNECTION,
  runOnce,
  startProgram,
  until,
  type Ended,
  type Program,
} from '../support/program.ts'

const USAGE = 3
const FAILED = 4
const NOWHERE = makeDataDir()
const FILES = makeDataDir()
const WATCHED = `apiVersion: constat/v1
kind: Contract
metadata: {name: intranet}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, watch: ["http://127.0.0.1:9/"]}
`
let program: Program

beforeAll(async () => {
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
})

afterAll(async () => {
  await program?.kill('SIGTERM')
  for (const folder of [program?.dataDir, NOWHERE, FILES]) if (folder) dropDataDir(folder)
})

function fileOf(name: string, text: string): string {
  const path = join(FILES, name)
  writeFileSync(path, text)
  return path
}

/** Beside the collector that runs. */
const beside = (...args: string[]) => runOnce([...args, '--data', program.dataDir])
const elsewhere = (...args: string[]) => runOnce([...args, '--data', NOWHERE])

describe('help', async () => {
  const said = new Map<string, Ended>()
  const below = async (...path: string[]): Promise<string[][]> => {
    const help = await runOnce([...path, '--help'])
    said.set(path.join(' '), help)
    const commands = help.out.split('\nCommands:\n')[1] ?? ''
    const names = [...commands.matchAll(/^ {2}(?!help\b)([a-z][\w-]*)/gm)].map(([, name]) => name!)
    const found: string[][] = []
    for (const name of names) found.push([...path, name], ...(await below(...path, name)))
    return found
  }
  const paths = (await below()).map((path) => path.join(' '))

  it('lists the commands that others rely on', () => {
    const known = [
      'up',
      'collector',
      'apply',
      'explain',
      'get',
      'evaluate',
      'status',
      'token',
      'check',
      'rebuild',
    ]
    expect(paths).toEqual(expect.arrayContaining([...known, 'token agent', 'token api']))
  })

  it.each(paths)('%s --help says what it is and ends with 0', (path) => {
    const { code, out, err } = said.get(path)!
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(new RegExp(`^Usage: constat ${path}\\b`))
    expect(out.split('\n').length).toBeGreaterThan(4)
  })

  it('--version is a version', async () =>
    expect(await runOnce(['--version'])).toMatchObject({ code: 0, err: '' }))
})

const MISTAKES: [string, string[], RegExp][] = [
  ['an unknown command', ['aply'], /unknown command 'aply'/],
  ['an unknown option', ['status', '--jsn'], /unknown option '--jsn'/],
  ['an argument too many', ['status', 'now'], /too many arguments/],
  ['an argument missing', ['explain'], /missing required argument 'contract'/],
  ['an option missing', ['apply'], /required option '-f, --file <path>'/],
  ['a role missing', ['token', 'api'], /required option '--role <role>'/],
  ['no command below token', ['token'], /Usage: constat token/],
  ['a kind that is not', ['get', 'things'], /^usage: .*contracts, agents, incidents, exclusions, webhooks/],
  ['a role that is not', ['token', 'api', '--role', 'boss'], /owner, viewer, provider/],
  ['a provider of everything', ['token', 'api', '--role', 'provider'], /--contract NAME/],
  ['a file that is not', ['apply', '-f', join(FILES, 'none')], /cannot be read/],
  ['a folder without documents', ['apply', '-f', NOWHERE], /holds no \.yaml/],
  ['a scenario that is not', ['evaluate', join(FILES, 'none')], /cannot be read/],
  ['a URL that cannot be watched', ['up', '--watch', 'gopher://x'], /cannot be watched/],
  ['a target beyond 100', ['up', '--watch', 'http://x', '--target', '101'], /spec\.target/],
]

describe('a mistake', () => {
  it.each(MISTAKES)('%s ends with 3 and says which', async (_, args, pattern) => {
    const { code, out, err } = await runOnce(args, { CONSTAT_DATA_DIR: NOWHERE })
    expect({ code, out }).toEqual({ code: USAGE, out: '' })
    expect(err).toMatch(pattern)
  })

  it('names every wrong value of the environment at once', async () => {
    const environment = {
      CONSTAT_LISTEN: 'nowhere',
      CONSTAT_LANG: 'de',
      CONSTAT_LOG_LEVEL: 'loud',
      CONSTAT_ALLOW_PRIVATE: 'perhaps',
      CONSTAT_PUBLIC_URL: 'constat',
      DATABASE_URL: 'mysql://me:hunter2@db/x',
    }
    const { code, err } = await runOnce(['collector', '--data', NOWHERE], environment)
    expect(code).toBe(USAGE)
    expect(err.trim().split('\n').length).toBe(1 + Object.keys(environment).length)
    for (const name of Object.keys(environment)) expect(err).toContain(`  ${name}`)
    expect(err).not.toContain('hunter2')
  })
})

describe('without a collector', () => {
  const ALONE = [
    ['status'],
    ['get', 'agents'],
    ['explain', 'intranet'],
    ['token', 'agent'],
    ['token', 'api', '--role', 'owner'],
  ]
  it.each(ALONE)('%s %s says what to do', async (...args) => {
    const { code, out, err } = await elsewhere(...args.filter((arg) => arg !== undefined))
    expect({ code, out }).toEqual({ code: FAILED, out: '' })
    expect(err).toMatch(/^unavailable: no collector runs on .*npm start.*--data/)
    expect(err.trim().split('\n').length).toBe(1)
  })

  it('apply checks the documents first, and then says so too', async () => {
    const { code, err } = await elsewhere('apply', '-f', fileOf('watched.yaml', WATCHED))
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^unavailable: /)
  })
})

describe('apply', () => {
  const BAD = `apiVersion: constat/v1
kind: Contract
metadata: {name: Bad Name}
spec:
  provider: Northstar
  target: 999
  timeZone: Europe/Pariss
  wach: [https://intranet.example]
  every: 10s
`
  it('names five mistakes with their places, and applies nothing', async () => {
    const folder = join(FILES, 'bad')
    mkdirSync(folder)
    writeFileSync(join(folder, 'a-good.yaml'), WATCHED.replace('intranet', 'good'))
    writeFileSync(join(folder, 'b-bad.yaml'), BAD)
    const { code, out, err } = await beside('apply', '-f', folder)
    expect({ code, out }).toEqual({ code: USAGE, out: '' })
    expect(err).toMatch(/^bad-contract: 5 problem\(s\): nothing was applied/)
    const places = [...err.matchAll(/^ {2}(b-bad\.yaml:\d+:\d+) \S+: /gm)].map(([, place]) => place)
    const lines = ['3:18', '6:11', '7:13', '8:3', '9:10']
    expect(places).toEqual(lines.map((line) => `b-bad.yaml:${line}`))
    expect((await program.get<{ items: unknown[] }>('/contracts')).items).toEqual([])
  })

  it('puts a contract in force, once', async () => {
    const path = fileOf('watched.yaml', WATCHED)
    expect(await beside('apply', '-f', path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^intranet: revision 1 applied \(terms [0-9a-f]{16}…\)\n$/),
    })
    expect(await beside('apply', '-f', path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^intranet: revision 1 is in force already/),
    })
    const again = await beside('apply', '-f', path, '--json')
    expect(JSON.parse(again.out)).toMatchObject({ contract: 'intranet', revision: 1, changed: false })
    const changed = fileOf('changed.yaml', WATCHED.replace('99.9', '99.5'))
    expect((await beside('apply', '-f', changed)).out).toMatch(/revision 2 applied/)
    expect((await beside('apply', '-f', changed)).out).toMatch(/revision 2 is in force already/)
  })

  it('explain shows the terms, and which of them nobody wrote', async () => {
    const { code, out } = await beside('explain', 'intranet')
    expect(code).toBe(0)
    // What was written stands as it is; what was not is marked.
    for (const written of [/percent: 99\.5$/m, /url: http:\/\/127\.0\.0\.1:9\/$/m, /timeZone: UTC$/m])
      expect(out).toMatch(written)
    for (const absent of [/hold: PT2M10S \(default\)$/m, /bindingFigure: provable \(default\)$/m])
      expect(out).toMatch(absent)
    expect(await beside('explain', 'none')).toMatchObject({
      code: FAILED,
      err: 'not-found: there is no contract none\n',
    })
  })
})

describe('token', () => {
  it('agent prints one command that joins, once', async () => {
    const { code, out } = await beside('token', 'agent', '--name', 'paris')
    expect(code).toBe(0)
    const token = / --url (\S+) --token (join_[\w-]+)'\n$/.exec(out)
    expect(token?.[1]).toBe(program.url)
    expect(out.split('\n')).toHaveLength(2)
    const hello = { key: authorOf(1).key, token: token![2]!, name: 'other' }
    const { peer } = await welcomed(program.url, hello, 'intranet')
    peer.end()
    const { items } = await program.get<{ items: { name: string }[] }>('/agents')
    expect(items.map(({ name }) => name)).toEqual(['paris'])
  })

  const ROLES: [string, string[], Record<string, number>][] = [
    ['owner', [], { 'GET /contracts/intranet': 200, 'GET /agents': 200, 'POST /agents/tokens': 201 }],
    ['viewer', [], { 'GET /contracts/intranet': 200, 'GET /agents': 200, 'POST /agents/tokens': 403 }],
    [
      'provider',
      ['--contract', 'intranet'],
      { 'GET /contracts/intranet': 200, 'GET /agents': 403, 'POST /agents/tokens': 403 },
    ],
  ]
  it.each(ROLES)('api --role %s may do what that role may', async (role, flags, allowed) => {
    const { code, out } = await beside('token', 'api', '--role', role, ...flags)
    expect(code).toBe(0)
    for (const [request, status] of Object.entries(allowed)) {
      const [method, path] = request.split(' ')
      const headers = {
        ...OWN_CONNECTION,
        authorization: `Bearer ${out.trim()}`,
        'content-type': 'application/json',
      }
      const body = method === 'POST' ? { body: '{}' } : {}
      const answer = await fetch(`${program.url}/api/v1${path}`, { method: method!, headers, ...body })
      expect([request, answer.status]).toEqual([request, status])
    }
  })

  it('api refuses a contract that is not there', async () => {
    const { code, err } = await beside('token', 'api', '--role', 'provider', '--contract', 'intrnet')
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^not-found: there is no contract intrnet/)
  })
})

describe('report', () => {
  it.each(['pdf', 'csv'])('is written as %s to the file that was named', async (format) => {
    const [window] = (await program.get<{ items: { key: string }[] }>('/contracts/intranet/windows')).items
    const output = fileOf(`report.${format}`, '')
    const flags = ['--window', window!.key, '--format', format, '--lang', 'fr', '-o', output]
    const { code, out } = await beside('report', 'intranet', ...flags)
    expect(code).toBe(0)
    expect(out).toMatch(/report\.(pdf|csv): \d+ bytes, SHA-256 [0-9a-f]{64}$/m)
    expect(readFileSync(output, 'latin1')).toMatch(format === 'pdf' ? /^%PDF-1\.7/ : /guarantee;name;/)
    expect(await beside('report', 'intranet', '--window', '1999-01')).toMatchObject({ code: FAILED })
  })
})

describe('status', () => {
  it('ends with 0 while nothing is known to be broken, in words and as JSON', async () => {
    const words = await beside('status')
    expect(words.code).toBe(0)
    expect(words.out).toMatch(/^intranet: Unknown\. .*budget left/m)
    expect(words.out).toMatch(/^agent paris: last heard /m)
    const { code, out } = await beside('status', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ contracts: [{ name: 'intranet' }], agents: [{ name: 'paris' }] })
  })

  it('tells of one contract alone, and that there is none of a name', async () => {
    expect((await beside('status', '--contract', 'intranet')).out).toMatch(
      /^ {2}\S+ {2}\d{4}-\d\d {2}(on track|at risk) {2}.* {2}coverage \d/m,
    )
    expect(await beside('status', '--contract', 'none')).toMatchObject({
      code: FAILED,
      err: 'not-found: there is no contract none\n',
    })
  })

  it('ends with 1 when a target is not met, that contract first', async () => {
    const strict = fileOf('strict.yaml', WATCHED.replace('intranet', 'strict').replace('99.9', '100'))
    expect((await beside('apply', '-f', strict)).code).toBe(0)
    const author = authorOf(1)
    const { peer, log } = await welcomed(program.url, { key: author.key }, 'strict')
    const session = new Session(author, log, randomBytes(16))
    // Two failures, half a second apart: provably down in between.
    const base = { baseS: Math.floor(Date.now() / 1000) + 1 }
    const down = { ...goodSamples(0, 500), outcome: [2, 2], cause: [3, 3] }
    expect(await sendFrame(peer, session.next({ ...base, samples: down }))).toBe('taken')
    peer.end()
    await until(
      async () => {
        const { guarantees } = await program.get<ContractView>('/contracts/strict')
        return guarantees[0]?.verdict === 'not_met'
      },
      { withinMs: 10_000, what: 'a verdict' },
    )
    const { code, out } = await beside('status', '--json')
    expect(code).toBe(1)
    // The command's own shape.
    const { contracts } = JSON.parse(out) as { contracts: ContractView[] }
    expect(contracts.map(({ name }) => name)).toEqual(['strict', 'intranet'])
  })
})

describe('evidence', () => {
  const window = new Date().toISOString().slice(0, 7)
  const zip = join(FILES, 'bundle.zip')

  it('writes one file, which the program that the collector gives away finds sound', async () => {
    // A checkpoint is signed within seconds of the last leaf; the one before it has no frame yet.
    await until(
      async () => {
        const { code } = await beside('evidence', 'strict', '--window', window, '-o', zip)
        if (code !== 0) return false
        const { out } = await runOnce([zip, '--json'], {}, 'constat-verify')
        return (JSON.parse(out) as Report).frames?.samples === 2
      },
      { withinMs: 60_000, what: 'a bundle with the frame' },
    )
    const bundle = openBundle(readFileSync(zip))
    const folder = join(FILES, 'elsewhere')
    mkdirSync(folder)
    const own = join(folder, 'constat-verify.mjs')
    const program = await fetchVerifier()
    writeFileSync(own, program)
    expect(createHash('sha256').update(program).digest('hex')).toBe(bundle.manifest.verifier)
    const keyed = ['--log-key', bundle.manifest.logKey, '--json']
    const { status, stdout, stderr } = spawnSync(process.execPath, [own, zip, ...keyed], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    // The command's own shape.
    const report = JSON.parse(stdout) as Report
    expect(report).toMatchObject({
      verdict: 'reproduced',
      contract: 'strict',
      window,
      frames: { samples: 2 },
    })
    expect(report.result).toMatchObject({ kind: 'interim' })
  })

  it('says in words what holds, and with its exit code what does not', async () => {
    const verify = (path: string) => runOnce([path], {}, 'constat-verify')
    const sound = await verify(zip)
    expect(sound).toMatchObject({ code: 0, err: '' })
    expect(sound.out).toMatch(/^strict, window .* \(still open\)\n[^]*^REPRODUCED: /m)
    const cut = fileOf('cut.zip', '')
    writeFileSync(cut, readFileSync(zip).subarray(0, -1))
    expect((await verify(cut)).code).toBe(2)
    expect(await verify(join(FILES, 'none.zip'))).toMatchObject({ code: USAGE, out: '' })
    expect((await runOnce([zip, '--log-key', 'soon'], {}, 'constat-verify')).code).toBe(USAGE)
  })

  it('knows no window that there is not, and leaves no half file', async () => {
    const missing = join(FILES, 'missing.zip')
    const { code, err } = await beside('evidence', 'strict', '--window', '2031-01', '-o', missing)
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^not-found: /)
    expect(readdirSync(FILES).filter((name) => name.startsWith('missing'))).toEqual([])
  })

  it('is read by readers of the contract alone', async () => {
    const path = `/api/v1/contracts/strict/evidence/${window}.zip`
    const { out } = await beside('token', 'api', '--role', 'provider', '--contract', 'intranet')
    const token = out.trim().split('\n')[0]!
    const statusOf = async (headers: Record<string, string>) =>
      (await fetch(program.url + path, { headers })).status
    expect(await statusOf({})).toBe(401)
    expect(await statusOf({ authorization: `Bearer ${token}` })).toBe(404)
  })

  const fetchVerifier = async (): Promise<Buffer> => {
    const response = await fetch(`${program.url}/verify/constat-verify.mjs`)
    return Buffer.from(await response.arrayBuffer())
  }
})

describe('evaluate', () => {
  const WRONG: [string, unknown, RegExp][] = [
    ['no object', [], /is not a JSON object/],
    ['nothing to answer', {}, /asks nothing: it has no window/],
    ['single questions', { queries: [] }, /single questions.*test\/support\/questions\.ts/],
  ]
  it.each(WRONG)('ends with 3 for %s', async (name, scenario, pattern) => {
    const { code, err } = await runOnce(['evaluate', fileOf(`${name}.json`, JSON.stringify(scenario))])
    expect(code).toBe(USAGE)
    expect(err).toMatch(pattern)
  })
})

describe('evaluate, a whole scenario', () => {
  const example = (name: string) => new URL(`../../docs/scenarios/${name}.json`, import.meta.url).pathname
  const RUNS: [string, string[], number, string][] = [
    ['notice-in-time', [], 0, 'met'],
    ['notice-one-minute-short', [], 0, 'not_met'],
    ['notice-in-time', ['--check'], 0, 'met'],
    ['notice-one-minute-short', ['--check'], 1, 'not_met'],
  ]
  it.each(RUNS)('%s %j ends with %i: %s', async (name, flags, wanted, verdict) => {
    const { code, out } = await runOnce(['evaluate', example(name), ...flags])
    // The command's own shape.
    const { guarantees } = JSON.parse(out) as { guarantees: { verdict: string }[] }
    expect([code, guarantees.map((one) => one.verdict)]).toEqual([wanted, [verdict]])
  })

  it('says in its help what a scenario is', async () => {
    const { code, out } = await runOnce(['evaluate', '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(/--check[^]*docs\/scenarios/)
  })
})

describe('what another one holds', () => {
  it('a port: says which, and how to go on', async () => {
    const server = createServer()
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const dataDir = makeDataDir()
    const { code, err } = await runOnce(['collector', '--data', dataDir, '--listen', `127.0.0.1:${port}`])
    await new Promise((resolve) => server.close(resolve))
    dropDataDir(dataDir)
    expect(code).toBe(FAILED)
    expect(err).toMatch(
      new RegExp(`^network: cannot listen on http://127.0.0.1:${port}: .*CONSTAT_LISTEN`, 'm'),
    )
  })

  it('the data of a collector: a second one is told, and the first goes on', async () => {
    const { code, err } = await beside('collector', '--listen', `127.0.0.1:${await freePort()}`)
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^conflict: another collector is running on this data/m)
    expect((await beside('status')).err).toBe('')
  })

  it('the data of a collector: rebuild is refused', async () => {
    const { code, err } = await beside('rebuild')
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^conflict: a collector runs on .*Stop it/m)
  })

  it('a database that is not reached: says where, without the password', async () => {
    const environment = { DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/none' }
    const { code, err } = await runOnce(['collector', '--data', NOWHERE], environment)
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^database: the database 127\.0\.0\.1:9\/none cannot be used: .*DATABASE_URL/m)
    expect(err).not.toContain('hunter2')
  })

  it('nobody any more: after a collector was killed, a command says that it does not answer', async () => {
    await program.kill('SIGKILL')
    const { code, err } = await beside('status')
    expect(code).toBe(FAILED)
    expect(err).toMatch(/^unavailable: the collector at http:\/\/127\.0\.0\.1:\d+ does not answer\. Start it/)
  })
})
