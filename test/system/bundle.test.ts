/**
 * Bundles of a real ledger: each comes out of the verifier as it is shown, is the same bytes at every time, and is
 * checked by hand with public tools as its README says.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAnchors } from '@constat/evidence/certificate'
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { newestClosing } from '@constat/sla/state/contract-state'
import { runProgram as runVerify } from '@constat/verify/cli'
import type { Finding } from '@constat/verify/finding'
import { MirrorStore } from '@constat/verify/mirror-store'
import { verifyBundle } from '@constat/verify/verify'
import type { AppDeps } from '../../collector/src/http/actions.ts'
import { createApp } from '../../collector/src/http/app.ts'
import { signCheckpoints } from '../../collector/src/ledger/checkpoints.ts'
import { AgentProofs } from '../../collector/src/witness/agent-proofs.ts'
import { Timestamps } from '../../collector/src/witness/timestamps.ts'
import {
  sendMany,
  AMENDED,
  bundleOf,
  CLOSED,
  CONTRACT,
  OPEN,
  OWNER,
  STORY_START,
  tellStory,
} from '../support/bundle-story.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { archived, leavesOf, openBundle } from '../support/forge.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { worldApp, worldDeps, worldToken } from '../support/world-app.ts'
import { createKeptLog } from '../support/silent-log.ts'
import { serveAuthority, TimestampAuthority, type RunningAuthority } from '../support/timestamp-authority.ts'

const NO_PINS = { logKey: null, terms: null }

let dataDir: string
let world: ClosingWorld
const bundles = new Map<string, Buffer>()

beforeAll(async () => {
  dataDir = makeCollectorDir()
  world = await openClosingWorld({ dataDir, wallMs: STORY_START, log: createKeptLog() })
  await tellStory(world)
  await signed()
  for (const window of [AMENDED, CLOSED, OPEN]) bundles.set(window, await bundleOf(world, window))
})

afterAll(async () => {
  await world.close()
  dropDataDir(dataDir)
})

const signed = (): Promise<void> => signCheckpoints(world.database.sql, world.shell, world.line().sequencer)

describe('a bundle', () => {
  test.each([AMENDED, CLOSED, OPEN])('of %s comes out as it is shown', async (window) => {
    const report = await verifyBundle(bundles.get(window)!, NO_PINS)
    expect(report.failures).toEqual([])
    expect(report.verdict).toBe('reproduced')
    const state = world.line().contracts.of(CONTRACT)!
    const closing = newestClosing(state, window)
    expect(report.result).toMatchObject(
      closing ? { kind: 'closing', version: closing.version, digest: closing.digest } : { kind: 'interim' },
    )
  })

  test('holds what the story told', async () => {
    const types = new Set(leavesOf(openBundle(bundles.get(OPEN)!)).map(({ type }) => type))
    expect([...types].toSorted()).toEqual([
      'closing',
      'configuration',
      'declaration',
      'declaration-answer',
      'enrolment',
      'frame',
      'notice',
      'revision',
      'statement',
    ])
    const amended = await verifyBundle(bundles.get(AMENDED)!, NO_PINS)
    expect(amended.result).toMatchObject({ version: 2, revision: 1 })
    expect(amended.late.map(({ agent }) => agent)).toEqual(['lyon'])
    const open = await verifyBundle(bundles.get(OPEN)!, NO_PINS)
    expect(open.result).toMatchObject({ revision: 2 })
    const closed = await verifyBundle(bundles.get(CLOSED)!, NO_PINS)
    expect(closed.silences.map(({ agent }) => agent)).toEqual(['lyon'])
  })

  test('is the same bytes at every time, whatever came since', async () => {
    expect((await bundleOf(world, OPEN)).equals(bundles.get(OPEN)!)).toBe(true)
    await world.restart()
    await world.moveTo(world.clock.nowMs() + 60_000)
    await world.join('nice')
    await signed()
    expect((await bundleOf(world, AMENDED)).equals(bundles.get(AMENDED)!)).toBe(true)
    const later = await verifyBundle(await bundleOf(world, OPEN), NO_PINS)
    expect(later.failures).toEqual([])
    expect(later.size).toBeGreaterThan(openBundle(bundles.get(OPEN)!).manifest.size)
  })

  test('is not to be had of a window that there is not, nor twice at once by one token', async () => {
    const { model } = world.line()
    expect(await model.bundle(CONTRACT, '2031-01-01', OWNER)).toBeNull()
    expect(await model.bundle('nobody', AMENDED, OWNER)).toBeNull()
    const first = await model.bundle(CONTRACT, AMENDED, OWNER)
    await expect(model.bundle(CONTRACT, AMENDED, OWNER)).rejects.toMatchObject({ code: 'rate-limited' })
    // Whoever goes away in the middle leaves a place to the next.
    for await (const _ of first!.bytes) break
    expect((await bundleOf(world, AMENDED)).equals(bundles.get(AMENDED)!)).toBe(true)
  })

  test('has the files that the log is served as, to readers', async () => {
    const { get } = await worldApp(world)
    // More than a tile of them, so that there are hashes over hashes.
    await sendMany(world, 300)
    await signed()
    const zip = await bundleOf(world, OPEN)
    expect((await verifyBundle(zip, NO_PINS)).failures).toEqual([])
    expect(openBundle(zip).files.map(({ path }) => path)).toContain('log/tile/1/000.p/1')
    const files = openBundle(zip).files.filter(({ path }) => path.startsWith('log/'))
    expect(files.length).toBeGreaterThan(2)
    for (const { path, bytes } of files) {
      const answer = await get(`/log/${CONTRACT}/${path.replace('log/', '')}`)
      expect(answer.status, path).toBe(200)
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes), path).toBe(true)
      const isFixed = answer.headers.get('cache-control')!.includes('immutable')
      expect(isFixed).toBe(path !== 'log/checkpoint')
    }
    const { size } = openBundle(zip).manifest
    const missing = [
      'tile/0/001',
      `tile/0/001.p/${size - 255}`,
      'tile/1/000.p/2',
      'tile/0/x000',
      'tile/entries/002.p/1',
    ]
    for (const path of missing) expect((await get(`/log/${CONTRACT}/${path}`)).status, path).toBe(404)
    expect((await get('/log/nobody/checkpoint')).status).toBe(404)
  })

  test('is checked by hand as its README says', () => {
    const folder = mkdtempSync(join(tmpdir(), 'constat-bundle-'))
    try {
      const bundle = openBundle(bundles.get(AMENDED)!)
      unpacked(folder, bundles.get(AMENDED)!)
      const readme = bundle.files[0]!.bytes.toString()
      const commands = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text).join('\n')
      const place = leavesOf(bundle).findIndex(({ type }) => type === 'frame')
      const env = { ...process.env, PLACE: String(place) }
      const said = execFileSync('sh', ['-e', '-c', commands], { cwd: folder, env, encoding: 'utf8' })
      expect(said).toContain(
        'files hold\nSignature Verified Successfully\nSignature Verified Successfully\nroot holds\nentry holds\nsigned by keys/agent-',
      )
      const [terms] = /^[0-9a-f]{64}(?= {2}terms\/revision-1)/m.exec(said)!
      expect(said.trimEnd().endsWith(`\n${terms}`)).toBe(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('an authority that dates', () => {
  let folder: string
  let authority: TimestampAuthority
  let running: RunningAuthority
  let answer: (query: Buffer) => Buffer
  const open = (): Promise<Timestamps> => {
    const { shell, database } = world
    const witnesses = { policy: null, witnessedSize: () => 0 }
    const config = { url: running.url, anchors: authority.root.certificate }
    return Timestamps.open(config, { db: database.sql, shell, witnesses })
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'constat-tsa-'))
    authority = new TimestampAuthority(folder)
    answer = (query) => authority.answer(query)
    running = await serveAuthority(authority, (query) => answer(query))
  })

  afterAll(async () => {
    await running.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is asked again for what it did not grant, later and later, and says why meanwhile', async () => {
    const { contracts } = world.line()
    const timestamps = await open()
    const log = contracts.of(CONTRACT)!.log
    answer = () => Buffer.from('gone')
    await timestamps.look(contracts)
    expect(timestamps.of(log)).toEqual({ size: 0, at: null, authority: null, problem: 'malformed' })
    expect(timestamps.isStamped(log)).toBe(false)
    await timestamps.look(contracts)
    expect(running.asked).toHaveLength(1)
    answer = (query) => authority.answer(query)
    await world.moveTo(world.clock.nowMs() + 60_000)
    await timestamps.look(contracts)
    expect(timestamps.of(log)).toMatchObject({ authority: 'CN=signer', problem: null })
    expect(new Set(running.asked).size).toBe(running.asked.length)
  })

  test('has dated what each closed window stands under, once', async () => {
    const { contracts } = world.line()
    const asked = running.asked.length
    const again = await open()
    await again.look(contracts)
    expect(running.asked).toHaveLength(asked)
    const size = again.of(contracts.of(CONTRACT)!.log)!.size
    expect(size).toBeGreaterThan(0)
    const authorities = readAnchors(readFileSync(authority.root.certificate, 'utf8'))!
    for (const window of [AMENDED, CLOSED]) {
      const zip = await bundleOf(world, window)
      const report = await verifyBundle(zip, { ...NO_PINS, authorities })
      expect([report.failures, report.verdict]).toEqual([[], 'reproduced'])
      expect(report.dated.at(-1)).toMatchObject({ size: openBundle(zip).manifest.size, isKnown: true })
    }
  })

  test('is held to its word with openssl, as the README of the bundle says', async () => {
    const dir = join(folder, 'unpacked')
    const zip = await bundleOf(world, AMENDED)
    unpacked(dir, zip)
    const [command] = /^for token[^]*?^done$/m.exec(openBundle(zip).files[0]!.bytes.toString())!
    const check = (CA: string): string =>
      execFileSync('sh', ['-c', `${command} 2>&1`], {
        cwd: dir,
        env: { ...process.env, CA },
        encoding: 'utf8',
      })
    expect(check(authority.root.certificate)).toMatch(/^dated \w{3} .* GMT$[^]*^Verification: OK$/m)
    expect(() => check(new TimestampAuthority(join(folder, 'other')).root.certificate)).toThrow(
      'Command failed',
    )
  })
})

test('what an agent holds against the log is told once, over a restart too, and is a restore where the log signed it', async () => {
  const { database, shell } = world
  const { sequencer, contracts, agents } = world.line()
  const { origin, size } = openBundle(await bundleOf(world, OPEN)).manifest
  const agent = agents.enrolled().find(({ name }) => name === 'paris')!
  const lost: string[] = []
  const forked = (held: string): Promise<void> =>
    new AgentProofs({
      db: database.sql,
      shell,
      sequencer,
      contracts,
      bus: { publish: () => undefined },
      publicUrl: 'http://127.0.0.1:1',
      lost: (_, what) => Promise.resolve(void lost.push(what)),
    }).forked(agent, { origin, what: 'it does not extend', held, shown })
  const note = (root: Buffer, at: number): string =>
    signCheckpoint({ origin, size: at, root, extensions: [] }, shell.identity.key)
  const head = sequencer.headByOrigin(origin)!
  const shown = note(head.root, head.size)
  const gone = note(Buffer.alloc(32, 9), size + 1_000)
  const words = async () => (await world.told()).filter(({ data }) => data['witness'] === 'paris')
  await forked(gone)
  await forked(gone)
  expect(await words()).toHaveLength(1)
  expect(lost).toHaveLength(2)
  await forked(note(Buffer.alloc(32, 9), size - 1))
  expect(lost).toHaveLength(3)
  // Its own head, and the bare word of the agent.
  await forked(shown)
  await forked('receipt\nmade up\n')
  expect([lost.length, (await words()).length]).toEqual([3, 1])
  world.clock.stepWallMs(2 * 86_400_000)
  await forked(gone)
  expect(await words()).toHaveLength(1)
})

describe('a mirror', () => {
  let served: Served
  let folder: string
  const mirror = async (dir: string, { token = '', log = served.logKey } = {}): Promise<Ran> => {
    const lines: string[] = []
    const code = await runVerify(
      [
        'mirror',
        `${served.url}/log/${CONTRACT}`,
        '--log',
        log,
        '--dir',
        join(folder, dir),
        '--once',
        '--json',
      ],
      {
        nowMs: () => world.clock.nowMs(),
        env: token === '' ? {} : { CONSTAT_TOKEN: token },
        out: (text) => void lines.push(text),
        err: () => undefined,
        progress: () => undefined,
      },
    )
    return { code, found: lines.map((line) => JSON.parse(line) as Finding) }
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'constat-mirror-'))
    served = await serveWorld(world)
  })

  afterAll(async () => {
    await served.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('works out again all that is published: every closing, and what goes on', async () => {
    const { code, found } = await mirror('own', { token: served.token })
    expect(found.filter(({ kind }) => kind === 'failure')).toEqual([])
    const { closings } = await verifyBundle(await bundleOf(world, OPEN), NO_PINS)
    const reproduced = found.flatMap((one) => (one.kind === 'reproduced' ? [one] : []))
    expect(reproduced.filter(({ version }) => version !== null)).toHaveLength(closings!.reproduced)
    expect(reproduced.filter(({ version }) => version === null).map(({ window }) => window)).toEqual([OPEN])
    expect(found.some((one) => one.kind === 'figures' && one.result.window === OPEN)).toBe(true)
    expect(code).toBe(0)
  })

  test('goes on from what it has, and says what changed', async () => {
    await sendMany(world, 3)
    await signed()
    const before = served.asked.length
    const { code, found } = await mirror('own', { token: served.token })
    expect([code, found.filter(({ kind }) => kind === 'failure')]).toEqual([0, []])
    const entries = served.asked.slice(before).filter((path) => path.includes('/tile/entries/'))
    expect(entries).toHaveLength(1)
  })

  test('reads a log that is open to everybody, and no other, without a token', async () => {
    await expect(mirror('anybody')).rejects.toMatchObject({ code: 'forbidden' })
    const { deps } = served
    expect(await deps.actions.publishLog({ contract: CONTRACT, open: true })).toMatchObject({ changed: true })
    expect(await deps.actions.publishLog({ contract: CONTRACT, open: true })).toMatchObject({
      changed: false,
    })
    await signed()
    expect((await mirror('anybody')).code).toBe(0)
    const tile = await fetch(`${served.url}/log/${CONTRACT}/tile/entries/000.p/1`)
    expect(tile.headers.get('cache-control')).toContain('public')
    const other = await fetch(`${served.url}/log/nobody/checkpoint`)
    const listed = await fetch(`${served.url}/api/v1/contracts`)
    expect([other.status, listed.status]).toEqual([401, 401])
    await deps.actions.publishLog({ contract: CONTRACT, open: false })
    await signed()
    await expect(mirror('anybody')).rejects.toMatchObject({ code: 'forbidden' })
  })

  test.each<[string, RegExp, string]>([
    ['does not come out', /"digest":"[0-9a-f]{4}/, '"digest":"0000'],
    ['stands on entries that the log does not show', /"size":\d+/, '"size":1000000000'],
  ])('tells a figure that is published and %s', async (_, pattern, put) => {
    served.change = (path, body) => (path.includes('/result/') ? body.replace(pattern, put) : body)
    const { code, found } = await mirror('own', { token: served.token })
    served.change = null
    expect(found.at(-1)).toMatchObject({
      kind: 'failure',
      isBroken: false,
      failure: { step: 'figures', reason: 'other-result' },
    })
    expect(code).toBe(1)
  })

  test('tells a figure that is called a closing, which the log does not hold', async () => {
    served.change = (path, body) =>
      path.includes('/result/') ? body.replace('"kind":"interim"', '"kind":"closing"') : body
    const { code, found } = await mirror('own', { token: served.token })
    served.change = null
    expect([code, found.at(-1)]).toEqual([
      1,
      expect.objectContaining({ failure: expect.objectContaining({ reason: 'other-result' }) }),
    ])
  })

  test.each([404, 503])(
    'tells a figure that is withheld by %i, and not one of a busy log',
    async (status) => {
      served.withheld = status
      const { code, found } = await mirror('own', { token: served.token })
      expect([code, found.at(-1)]).toEqual([
        1,
        expect.objectContaining({
          isBroken: false,
          failure: expect.objectContaining({ step: 'figures', reason: 'withheld' }),
        }),
      ])
      served.withheld = 429
      expect((await mirror('own', { token: served.token })).code).toBe(0)
      served.withheld = null
    },
  )

  test('says nothing of a figure that was judged by rules that it does not have', async () => {
    served.change = (path, body) =>
      path.includes('/result/') ? body.replace(/"semantics":\d+/, '"semantics":99') : body
    const { code, found } = await mirror('own', { token: served.token })
    served.change = null
    expect([code, found.at(-1)]).toEqual([
      4,
      expect.objectContaining({ failure: expect.objectContaining({ reason: 'unknown-semantics' }) }),
    ])
  })

  test('keeps both heads of a log that has signed two histories, and takes no step on', async () => {
    const { origin, size } = openBundle(await bundleOf(world, OPEN)).manifest
    const forked = (at: number): string => {
      const head = { origin, size: at, root: Buffer.alloc(32, 9), extensions: [] }
      // Answers are handled as bytes, one character each.
      return Buffer.from(signCheckpoint(head, world.shell.identity.key)).toString('latin1')
    }
    for (const at of [size - 1, size, size + 1]) {
      served.change = (path, body) => (path.endsWith('/checkpoint') ? forked(at) : body)
      served.beyond = at > size
      if (at > size) served.change = forkedBeyond(forked(at), at)
      const { code, found } = await mirror('own', { token: served.token })
      expect(found.at(-1), String(at)).toMatchObject({
        kind: 'failure',
        isBroken: true,
        failure: { step: 'checkpoints', reason: 'forked' },
      })
      expect(code).toBe(2)
    }
    Object.assign(served, { change: null, beyond: false })
    expect(readdirSync(join(folder, 'own')).filter((name) => name.startsWith('contradiction-'))).toHaveLength(
      3,
    )
    expect((await mirror('own', { token: served.token })).code).toBe(0)
  })

  test('is one for a folder, and notices what was changed in it', async () => {
    const held = await MirrorStore.open(join(folder, 'own'))
    await expect(mirror('own', { token: served.token })).rejects.toMatchObject({ code: 'conflict' })
    await held.close()
    const path = join(folder, 'own', 'entries')
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
    await expect(mirror('own', { token: served.token })).rejects.toMatchObject({ code: 'evidence' })
  })
})

type Ran = { code: number; found: Finding[] }
type Served = {
  url: string
  token: string
  logKey: string
  deps: AppDeps
  /** Paths, in order. */
  asked: string[]
  /** What a server that lies makes of an answer. */
  change: ((path: string, body: string) => string) | null
  /** What it answers in place of results. */
  withheld: number | null
  /** It says that it has one entry more than there is. */
  beyond: boolean
  close: () => Promise<void>
}

/** A head beyond what is there: the entries of it are answered with one more of the last one's kind. */
function forkedBeyond(note: string, size: number): (path: string, body: string) => string {
  return (path, body) => {
    if (path.endsWith('/checkpoint')) return note
    return path.endsWith(`.p/${size % 256}`) ? `${body}\0\x09${'\x0a'.repeat(9)}` : body
  }
}

async function serveWorld(of: ClosingWorld): Promise<Served> {
  const { deps } = await worldDeps(of)
  const app = createApp(deps)
  const served: Omit<Served, 'url' | 'close'> = {
    token: await worldToken(of, { role: 'viewer', contract: CONTRACT }),
    logKey: deps.read.contract(CONTRACT)!.log.key,
    deps,
    asked: [],
    change: null,
    withheld: null,
    beyond: false,
  }
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    served.asked.push(path)
    if (served.withheld !== null && path.includes('/result/')) {
      response.writeHead(served.withheld, { 'retry-after': '0' }).end()
      return
    }
    const asked = served.beyond ? path.replace(/\.p\/(\d+)$/, (_, width) => `.p/${Number(width) - 1}`) : path
    const { authorization } = request.headers
    const headers = { host: '127.0.0.1:1', ...(authorization !== undefined && { authorization }) }
    void Promise.resolve(app.request(asked, { headers })).then(async (answer) => {
      const body = Buffer.from(await answer.arrayBuffer()).toString('latin1')
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(Buffer.from(served.change?.(path, body) ?? body, 'latin1'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return Object.assign(served, { url: `http://127.0.0.1:${port}`, close })
}

/** With the files as any program unpacks them. */
function unpacked(folder: string, zip: Buffer): void {
  for (const { path, bytes } of archived(zip)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
}
