/**
 * Bundles of a real ledger: each comes out of the verifier as it is shown, is the same bytes at every time, and is
 * checked by hand with public tools as its README says.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newestClosing } from '@constat/sla/state/contract-state'
import { verifyBundle } from '@constat/verify/verify'
import { signCheckpoints } from '../../collector/src/ledger/checkpoints.ts'
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
import { worldApp } from '../support/world-app.ts'
import { createKeptLog } from '../support/silent-log.ts'

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

/** With the files as any program unpacks them. */
function unpacked(folder: string, zip: Buffer): void {
  for (const { path, bytes } of archived(zip)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
}
