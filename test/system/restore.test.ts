/**
 * Restore: the data directory is put back as it was before a revision, while an agent has measured under the
 * revision and holds frames of it. The collector notices, says so, goes past what its agent has, and takes in
 * what is still held.
 */
import { execFileSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPlaced } from '@constat/shared/frame-reader'
import type { CheckConfig } from '@constat/shared/check'
import { findEmbedded } from '../../collector/src/db/embedded.ts'
import { openAddress } from '../../collector/src/db/open.ts'
import type { Database } from '../../collector/src/db/tx.ts'
import { leafCode } from '@constat/evidence/leaf'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  runOnce,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const [dataDir, agentDir, copies] = [makeCollectorDir(), makeDataDir(), makeDataDir()]
const copy = join(copies, 'data')
let port: number
let target: MoodyServer
let receiver: Receiver
let program: Program
let agent: ChildProcess
/** Leaves that were copied, and a few at most that came since. */
let copied = 0

const terms = (...paths: string[]): string => `
apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  provider: Northstar
  target: "99.9"
  timeZone: UTC
  every: PT1S
  timeout: PT0.5S
  watch: [${paths.map((path) => `"${target.url}/${path}"`).join(', ')}]
`

const start = (): Promise<Program> => startProgram({ args: ['collector'], dataDir, port })

beforeAll(async () => {
  port = await freePort()
  target = await startMoodyServer()
  receiver = await openReceiver()
  program = await start()
  await program.post('/webhooks', { url: receiver.url, types: ['evidence.anomaly'], shape: 'generic' })
  await program.put('/contracts/shop', terms('one'))
  agent = await startAgent(program, { dir: agentDir, name: 'north' })
}, 60_000)

afterAll(async () => {
  if (agent) await endOf(agent, 'SIGTERM')
  await program?.kill('SIGTERM')
  await receiver?.close()
  await target?.close()
  for (const dir of [dataDir, agentDir, copies]) dropDataDir(dir)
})

async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const database = await openAddress({ address: (await findEmbedded(dataDir))!, log })
  try {
    return await work(database.sql)
  } finally {
    await database.close()
  }
}

/** Digest and version of each configuration, and the frames that were taken under it. */
function taken(): Promise<{ version: number; digest: string; frames: number }[]> {
  return withDatabase(async (db) => {
    const bodies = (type: number) =>
      db<{ body: Buffer }[]>`select body from entry where log = 1 and type = ${type} order by index`
    const digests = (await bodies(leafCode('frame'))).map(({ body }) =>
      Buffer.from(readPlaced(body).configDigest).toString('hex'),
    )
    return (await bodies(leafCode('configuration'))).map(({ body }) => {
      const digest = createHash('sha256').update(body).digest('hex')
      const { version } = JSON.parse(body.toString()) as CheckConfig
      return { version, digest, frames: digests.filter((one) => one === digest).length }
    })
  })
}

/** Sizes of the heads that frames name, in order; null for one that names none. */
function headsNamed(): Promise<(number | null)[]> {
  return withDatabase(async (db) => {
    const rows = await db<{ body: Buffer }[]>`
      select body from entry where log = 1 and type = ${leafCode('frame')} order by index`
    return rows.map(({ body }) => readPlaced(body).beacon?.size ?? null)
  })
}

const framesOf = async (version: number): Promise<number> =>
  (await taken()).find((one) => one.version === version)?.frames ?? 0

describe('a data directory that is put back', () => {
  it('lies behind an agent that has measured under a later revision', async () => {
    await until(async () => (await framesOf(1)) > 0, { withinMs: 30_000, what: 'frames of version 1' })
    await program.kill('SIGTERM')
    execFileSync('cp', ['-a', dataDir, copy])
    program = await start()
    copied = await withDatabase(async (db) => (await db`select from entry where log = 1`).length)
    await program.put('/contracts/shop', terms('one', 'two'))
    await until(async () => (await framesOf(2)) > 1, { withinMs: 45_000, what: 'frames of version 2' })
    // The proofs of what it has shown are kept.
    await until(async () => (await headsNamed()).some((size) => size !== null && size > copied), {
      withinMs: 60_000,
      what: 'a frame that names a head of what is to be lost',
    })
    // A crash of the host: what the agent knows of the log has to be on its disk.
    await Promise.all([program.kill('SIGTERM'), endOf(agent, 'SIGKILL')])
    dropDataDir(dataDir)
    execFileSync('cp', ['-a', copy, dataDir])
  }, 150_000)

  it('takes in what the agent holds, and goes past what it has', async () => {
    program = await start()
    expect(await framesOf(2)).toBe(0)
    agent = await startAgent(program, { dir: agentDir, name: 'north' })
    await until(async () => (await framesOf(2)) > 0 && (await framesOf(3)) > 1, {
      withinMs: 60_000,
      what: 'held frames of version 2, and new ones of version 3',
    })
    expect((await taken()).map(({ version }) => version)).toEqual([1, 2, 3])
    expect(existsSync(join(agentDir, 'refused'))).toBe(false)
  }, 90_000)

  it('is said: in the log, by /readyz and by a webhook, once', async () => {
    expect(program.output()).toContain('the database of shop is older than its agents')
    const ready = (await (await fetch(`${program.url}/readyz`)).json()) as { reasons: string[] }
    expect(ready.reasons).toEqual([expect.stringContaining('the database of shop is older than its agents')])
    const [told] = await receiver.until(1)
    expect(JSON.parse(told!.body)).toMatchObject({
      type: 'evidence.anomaly',
      // By a receipt, which a crashed agent has from its disk.
      data: { kind: 'restored', contract: 'shop', message: expect.stringContaining('were acknowledged') },
    })
    expect(receiver.received.filter(({ body }) => body.includes('"restored"'))).toHaveLength(1)
  })

  it('is contradicted by the head that the agent has seen, which it keeps', async () => {
    const told = await until(
      () =>
        Promise.resolve(
          receiver.received.map(({ body }) => JSON.parse(body)).find(({ data }) => data.kind === 'witness'),
        ),
      { withinMs: 100_000, what: 'the word of the agent' },
    )
    expect(told).toMatchObject({ type: 'evidence.anomaly', data: { contract: 'shop', witness: 'north' } })
    const [name] = readdirSync(join(agentDir, 'contradictions'))
    const kept = JSON.parse(readFileSync(join(agentDir, 'contradictions', name!), 'utf8'))
    expect(kept).toMatchObject({ origin: expect.stringContaining('/shop'), held: expect.any(String) })
    expect(kept.held).not.toBe(kept.shown)
  }, 120_000)

  it('goes on in frames that name its heads, and in bundles that say what is gone', async () => {
    const heads = await until(
      async () => {
        const named = await headsNamed()
        return named.slice(named.lastIndexOf(null)).length > 1 && named.at(-1) !== null ? named : null
      },
      { withinMs: 120_000, what: 'frames that name a head of the log as it is now' },
    )
    expect(heads.length).toBeGreaterThan(2)
    const bundle = join(copies, 'bundle.zip')
    const window = new Date().toISOString().slice(0, 7)
    const made = await runOnce(['evidence', 'shop', '--window', window, '-o', bundle, '--data', dataDir])
    expect(made.code).toBe(0)
    const { code, out } = await runOnce([bundle, '--json'], {}, 'constat-verify')
    expect([code, JSON.parse(out)]).toMatchObject([0, { beacons: { accused: 0 } }])
    expect(JSON.parse(out).beacons.lost).toBeGreaterThan(0)
  }, 180_000)

  it('has a ledger that holds', async () => {
    expect((await runOnce(['check', '--data', dataDir])).code).toBe(0)
  })
})
