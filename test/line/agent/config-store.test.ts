/**
 * Configurations kept on disk: the newest of a burst is the one that is found again, whole. On the real
 * disk, since the fault it guards against (two writes sharing a draft) is one of real files.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalJson } from '@constat/shared/canonical-json'
import { signLook, type Look } from '@constat/shared/look'
import { privateKeyOf, signBytes } from '@constat/shared/signature'
import { readCheck } from '../../../agent/src/config.ts'
import { ConfigStore, MAX_KEPT_BYTES, MAX_LOGS } from '../../../agent/src/config-store.ts'
import { DISK } from '../../../agent/src/spool-fs.ts'

const key = privateKeyOf(Buffer.alloc(32, 5))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'constat-config-'))
})
// A thread of the pool may still be at it.
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))

function open(dir: string, said: string[]): ConfigStore {
  const log = {
    info: (text: string) => void said.push(text),
    warn: (text: string) => void said.push(text),
    error: (text: string) => void said.push(text),
  }
  return new ConfigStore({ dir, fs: DISK, log, collectorKey: createPublicKey(key) })
}

function signed(version: number): Parameters<ConfigStore['accept']>[0] {
  const padding = 'x'.repeat(version % 2 === 0 ? 10 : 40)
  const probe = { kind: 'http', url: `http://example.com/${padding}` } as const
  const check = { name: 'site', intervalMs: 10_000, timeoutMs: 1_000, reprobeMs: 2_000, probe }
  const json = canonicalJson({
    origin: 'test/burst',
    version,
    checks: [{ ...check, confirm: { down: 2, up: 2 } }],
  })
  return { json, signature: signBytes('config', Buffer.from(json), key), mine: [0] }
}

test.each([2, 3, 20])('of %i configurations at once, the last is found again', async (count) => {
  const dir = join(folder, `burst-${count}`)
  const said: string[] = []
  const store = open(dir, said)
  for (let version = 1; version <= count; version += 1) expect(store.accept(signed(version))).not.toBeNull()
  await store.kept()
  const again = await open(dir, said).load()
  expect(again.map(({ version }) => version)).toEqual([count])
  expect(said).toEqual([])
})

describe('what is kept is bounded', () => {
  type Wanted = { origin: string; checks: number; version?: number; urlChars?: number; mine?: number }

  function sent({ origin, checks, version = 1, urlChars = 10, mine = checks }: Wanted) {
    const probe = { kind: 'http', url: `http://example.com/${'x'.repeat(urlChars)}` } as const
    const times = { intervalMs: 10_000, timeoutMs: 1_000, reprobeMs: 2_000, confirm: { down: 2, up: 2 } }
    const all = Array.from({ length: checks }, (_, i) => ({ name: `check-${i}`, ...times, probe }))
    const json = canonicalJson({ origin, version, checks: all })
    const indexes = Array.from({ length: mine }, (_, i) => i)
    return { json, signature: signBytes('config', Buffer.from(json), key), mine: indexes }
  }

  test('by the number of logs; those that are known go on', async () => {
    const said: string[] = []
    const dir = join(folder, 'logs')
    const store = open(dir, said)
    for (let i = 0; i < MAX_LOGS; i += 1)
      expect(store.accept(sent({ origin: `log-${i}`, checks: 1 }))).not.toBeNull()
    expect(store.accept(sent({ origin: 'one-more', checks: 1 }))).toBeNull()
    expect(store.accept(sent({ origin: 'log-0', checks: 1, version: 2 }))).not.toBeNull()
    expect(said).toEqual(['a configuration was refused'])
    await store.kept()
    expect(await open(dir, said).load()).toHaveLength(MAX_LOGS)
  })

  test('by the number of checks', () => {
    const store = open(join(folder, 'checks'), [])
    expect(store.accept(sent({ origin: 'a', checks: 4_096 }))).not.toBeNull()
    expect(store.accept(sent({ origin: 'b', checks: 1 }))).toBeNull()
    expect(store.accept(sent({ origin: 'a', checks: 4_095, version: 2 }))).not.toBeNull()
    expect(store.accept(sent({ origin: 'b', checks: 1 }))).not.toBeNull()
  })

  test('by bytes', () => {
    const store = open(join(folder, 'bytes'), [])
    const half = { checks: 1, urlChars: MAX_KEPT_BYTES / 2 - 1_000 }
    expect(store.accept(sent({ origin: 'a', ...half }))).not.toBeNull()
    expect(store.accept(sent({ origin: 'b', ...half }))).not.toBeNull()
    expect(store.accept(sent({ origin: 'c', checks: 1, urlChars: 4_000 }))).toBeNull()
  })

  test('one that asks for nothing is not kept, unless it takes something back', async () => {
    const said: string[] = []
    const dir = join(folder, 'nothing')
    const store = open(dir, said)
    expect(store.accept(sent({ origin: 'a', checks: 1, mine: 0 }))).toBeNull()
    expect(store.accept(sent({ origin: 'a', checks: 1, version: 2 }))).not.toBeNull()
    expect(store.accept(sent({ origin: 'a', checks: 1, version: 3, mine: 0 }))?.checks).toEqual([])
    expect(said).toEqual([])
  })
})

describe('a request to look now', () => {
  const other = privateKeyOf(Buffer.alloc(32, 6))
  function asked(changes: Partial<Look>, signer = key): string[] {
    const said: string[] = []
    const store = open(join(folder, 'looks'), said)
    const config = store.accept(signed(3))!
    const look = { origin: config.origin, configDigest: config.digest, check: 0, atMs: 1_000, ...changes }
    const take = (atMs: number): string => {
      const one = { ...look, atMs }
      return store.lookedAt({ ...one, signature: signLook(one, signer) })?.name ?? 'refused'
    }
    return [take(look.atMs), take(look.atMs), take(look.atMs + 1), ...said]
  }
  const SAID = 'a request to look now was refused: it is not signed by the pinned collector'

  test('is taken once, and again when it is newer', () => {
    expect(asked({})).toEqual(['site', 'refused', 'site'])
  })
  test.each<[string, Partial<Look>]>([
    ['another log', { origin: 'test/other' }],
    ['a check that does not run here', { check: 1 }],
    ['another configuration', { configDigest: Buffer.alloc(32) }],
  ])('of %s is refused', (_, changes) => {
    expect(asked(changes)).toEqual(['refused', 'refused', 'refused'])
  })
  test('of somebody else is refused, and said', () => {
    expect(asked({}, other)).toEqual(['refused', 'refused', 'refused', SAID, SAID, SAID])
  })
  test('that was changed on the way is refused', () => {
    const store = open(join(folder, 'looks'), [])
    const { origin, digest } = store.accept(signed(3))!
    const look = { origin, configDigest: digest, check: 0, atMs: 1_000 }
    expect(store.lookedAt({ ...look, atMs: 1_001, signature: signLook(look, key) })).toBeNull()
  })
})

test.each([
  [{ intervalMs: 10_000 }, true],
  [{ intervalMs: 9_999 }, false],
  [{ intervalMs: 9_999, brackets: true }, true],
  [{ intervalMs: 60_000, brackets: false }, false],
  [{ intervalMs: 60_000, brackets: 'no' }, 'site: brackets'],
])('brackets of %j: %s', (said, brackets) => {
  const probe = { kind: 'tcp', host: 'a.test', port: 1 } as const
  const check = {
    name: 'site',
    timeoutMs: 1_000,
    reprobeMs: 2_000,
    confirm: { down: 2, up: 1 },
    probe,
    ...said,
  }
  const read = readCheck(check, 0)
  expect(typeof read === 'string' ? read : read.brackets).toBe(brackets)
})
