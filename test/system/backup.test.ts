/**
 * Backup: taken of a collector that runs, brought back elsewhere, and there it is the same collector: the same
 * answers, tokens and numbers, with a ledger that holds. What is damaged or would be written over is refused.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  makeDataDir,
  runOnce,
  startProgram,
  type Program,
} from '../support/program.ts'
import { openSender } from '../support/sender.ts'

type Event = { id: number; type: string }

const [dataDir, folders] = [makeCollectorDir(), makeDataDir()]
const [backup, restored] = [join(folders, 'backup'), join(folders, 'restored')]
let program: Program
let said: unknown
/** An invitation that nobody has taken when the backup is made. */
let outstanding = ''

/** What must not be another one after a restore. */
async function facts({ get }: Program): Promise<unknown> {
  const window = new Date().toISOString().slice(0, 7)
  const [revisions, { guarantees }, webhooks, tokens, people] = await Promise.all([
    get('/contracts/shop/revisions'),
    get<{ guarantees: { revision: number; clause: string; window: unknown }[] }>(
      `/contracts/shop/windows/${window}`,
    ),
    get('/webhooks'),
    get('/tokens'),
    get<{ items: { name: string; hasPassword: boolean }[] }>('/people'),
  ])
  return {
    revisions,
    terms: guarantees.map((one) => [one.revision, one.clause, one.window]),
    webhooks,
    tokens,
    people: people.items.map(({ name, hasPassword }) => ({ name, hasPassword })),
  }
}

beforeAll(async () => {
  program = await startProgram({ args: ['collector'], dataDir, port: await freePort() })
  // What editors and people leave in a folder is a file like any other.
  mkdirSync(join(dataDir, 'contracts'))
  writeFileSync(join(dataDir, 'contracts', '.mon contrat.yaml~'), 'x')
  // Nobody listens there: what was told waits, and is sent again by the collector that is brought back.
  await program.post('/webhooks', { url: 'http://127.0.0.1:9/hook', types: ['*'], shape: 'generic' })
  await program.post('/tokens', { role: 'viewer' })
  const url = (await runOnce(['people', 'invite', 'Ada', '--role', 'viewer', '--data', dataDir])).out.trim()
  const body = new URLSearchParams({ password: 'four quiet herons walk', again: 'four quiet herons walk' })
  const joined = await fetch(url, {
    method: 'POST',
    body,
    headers: { origin: program.url },
    redirect: 'manual',
  })
  expect(joined.status).toBe(303)
  // Addresses so long that the terms stand beside the log.
  const terms = fleetContract('shop', ['north']).replaceAll(':9/', `:9/${'long/'.repeat(300)}`)
  expect((await program.put('/contracts/shop', terms)).status).toBe(200)
  const sender = await openSender(program, 'north')
  await sender.stream(sealSession(sender, 60), 16)
  sender.close()
  said = await facts(program)
  outstanding = (await runOnce(['people', 'invite', 'Bo', '--role', 'owner', '--data', dataDir])).out.trim()
}, 60_000)

afterAll(async () => {
  await program?.kill('SIGTERM')
  for (const dir of [dataDir, folders]) dropDataDir(dir)
})

describe('a backup', () => {
  it('is taken while the collector runs, for its owner alone', async () => {
    const { code, out } = await runOnce(['backup', '-o', backup, '--data', dataDir, '--json'])
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, folder: backup, files: 3 })
    expect(statSync(backup).mode & 0o077).toBe(0)
    expect(readdirSync(join(backup, 'files'))).toEqual(['collector.key', 'contracts', 'owner.token'])
    expect(readdirSync(folders)).toEqual(['backup'])
  })

  it('is not written over', async () => {
    const { code, err } = await runOnce(['backup', '-o', backup, '--data', dataDir])
    expect([code, err]).toEqual([4, expect.stringContaining(`${backup} is there already`)])
  })

  it.each([
    ['a table with one byte more', 'tables/entry.copy.gz', 'tables/entry.copy.gz: '],
    ['another key', 'files/collector.key', 'files/collector.key: changed'],
  ])('%s is refused, and nothing is begun', async (_, file, told) => {
    const [damaged, target] = [join(folders, 'damaged'), join(folders, 'never')]
    cpSync(backup, damaged, { recursive: true })
    appendFileSync(join(damaged, file), 'x')
    const { code, err } = await runOnce(['restore', damaged, '--data', target])
    expect([code, err]).toEqual([2, expect.stringContaining(told)])
    expect(existsSync(target)).toBe(false)
    dropDataDir(damaged)
  })

  it.each([
    ['no folder', undefined, 4, 'there is no '],
    ['no manifest', '{}', 3, 'is not the manifest of a backup'],
    [
      'a folder of its own',
      { files: [{ path: 'postgres/x', mode: 0o600, sha256: '0'.repeat(64) }] },
      3,
      'is not the manifest',
    ],
    [
      'a path out of it',
      { files: [{ path: '../x', mode: 0o600, sha256: '0'.repeat(64) }] },
      3,
      'is not the manifest',
    ],
    ['a schema of later', { migrations: [Date.now()] }, 4, 'the database is newer than this program'],
  ])('%s is refused', async (_, manifest, code, told) => {
    const odd = join(folders, 'odd')
    if (manifest !== undefined) {
      cpSync(backup, odd, { recursive: true })
      const text =
        typeof manifest === 'string' ? manifest : JSON.stringify({ ...manifestOf(odd), ...manifest })
      writeFileSync(join(odd, 'manifest.json'), text)
    }
    const target = join(folders, 'never')
    const ended = await runOnce(['restore', odd, '--data', target])
    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(told)])
    expect(existsSync(join(target, 'collector.key'))).toBe(false)
    for (const dir of [odd, target]) dropDataDir(dir)
  })
})

function manifestOf(folder: string): object {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as object
}

describe('what is brought back', () => {
  it('holds, leaf by leaf', async () => {
    await program.kill('SIGTERM')
    const { code, out } = await runOnce(['restore', backup, '--data', restored, '--json'])
    expect({ code, ...JSON.parse(out) }).toMatchObject({
      code: 0,
      ok: true,
      logs: [{ contract: 'shop', frames: 60 }],
    })
  }, 60_000)

  it('is not restored over', async () => {
    const { code, err } = await runOnce(['restore', backup, '--data', restored])
    expect([code, err]).toEqual([4, expect.stringContaining("is a collector's already")])
  })

  it('is the same collector: answers, tokens, and numbers that go on', async () => {
    program = await startProgram({ args: ['collector'], dataDir: restored, port: await freePort() })
    expect(await facts(program)).toEqual(said)
    const before = (await program.get<{ items: Event[] }>('/audit')).items
    await program.post('/tokens', { role: 'viewer' })
    const after = (await program.get<{ items: Event[] }>('/audit')).items
    expect(after.length).toBe(before.length + 1)
    expect(readFileSync(join(restored, 'contracts', '.mon contrat.yaml~'), 'utf8')).toBe('x')
    expect((await runOnce(['check', '--data', restored])).code).toBe(0)
    // It may have let somebody in since the backup was taken.
    const { pathname } = new URL(outstanding)
    expect((await fetch(program.url + pathname)).status).toBe(404)
  }, 60_000)

  it('is what the doctor says it is', async () => {
    const { code, out } = await runOnce(['doctor', '--data', restored, '--json'])
    const { findings } = JSON.parse(out) as { findings: { about: string; level: string; what: string }[] }
    expect(code).toBe(0)
    expect(findings.map(({ about, level }) => `${about} ${level}`)).toEqual([
      'Node.js ok',
      'data directory ok',
      'disk ok',
      'database ok',
      'collector ok',
      'agent north warn',
      'webhooks ok',
    ])
    expect(findings.find(({ about }) => about === 'agent north')?.what).toMatch(/^not connected for \d+ min/)
  })
})
