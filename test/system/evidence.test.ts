/**
 * Evidence: single bytes are changed in the database of a collector, while it runs and while it is stopped, and
 * each time the check names the entry that lies. While it runs, the lie is found without anybody asking, told
 * once, and the log is not extended over it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findEmbedded } from '../../collector/src/db/embedded.ts'
import { openAddress, openDatabase, type OpenDatabase } from '../../collector/src/db/open.ts'
import type { Database } from '../../collector/src/db/tx.ts'
import type { ContractView } from '../../collector/src/view/contract.ts'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  runOnce,
  startProgram,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { dialSender, openSender, type Sender } from '../support/sender.ts'

type Checked = {
  ok: boolean
  logs: { size: number; lie: { index: number; part: string; what: string } | null }[]
}

const FRAMES = 300
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const dataDir = makeCollectorDir()
let port: number
let program: Program
let receiver: Receiver
let sender: Sender

beforeAll(async () => {
  port = await freePort()
  receiver = await openReceiver()
  program = await startProgram({ args: ['collector'], dataDir, port })
  await program.post('/webhooks', { url: receiver.url, types: ['evidence.anomaly'], shape: 'generic' })
  // Addresses so long that the terms stand beside the log.
  const terms = fleetContract('shop', ['north']).replaceAll(':9/', `:9/${'long/'.repeat(300)}`)
  expect((await program.put('/contracts/shop', terms)).status).toBe(200)
  sender = await openSender(program, 'north')
  // Two sessions, so that one number stands twice.
  for (const count of [FRAMES, 10]) await sender.stream(sealSession(sender, count), 16)
}, 60_000)

afterAll(async () => {
  sender?.close()
  await program?.kill('SIGTERM')
  await receiver?.close()
  dropDataDir(dataDir)
})

async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const address = await findEmbedded(dataDir)
  const database: OpenDatabase = address
    ? await openAddress({ address, log })
    : await openDatabase({ databaseUrl: null, dataDir, log })
  try {
    return await work(database.sql)
  } finally {
    await database.close()
  }
}

async function check(): Promise<{ code: number; checked: Checked; err: string }> {
  const { code, out, err } = await runOnce(['check', '--data', dataDir, '--json'])
  return { code, checked: JSON.parse(out) as Checked, err }
}

/** What is expected to be named, and how it is mended. */
type Made = { index: number; part: string; mend: (db: Database) => Promise<unknown> }
type Change = { name: string; make(db: Database): Promise<Made> }

async function sizeOf(db: Database): Promise<number> {
  const [row] = await db<{ size: number }[]>`select size from log where id = 1`
  return row!.size
}

/** The n-th frame of the log. */
async function frameAt(db: Database, n: number): Promise<{ index: number; body: Buffer }> {
  const [row] = await db<{ index: number; body: Buffer }[]>`
    select index, body from entry where log = 1 and type = 1 order by index offset ${n} limit 1`
  return row!
}

/** One byte of a frame, in the signature at its end. */
function signatureChange(n: number): Change['make'] {
  return async (db) => {
    const { index, body } = await frameAt(db, n)
    const changed = Buffer.from(body)
    changed[changed.length - 1]! ^= 1
    await db`update entry set body = ${changed} where log = 1 and index = ${index}`
    return {
      index,
      part: 'frame',
      mend: (again) => again`update entry set body = ${body} where log = 1 and index = ${index}`,
    }
  }
}

async function timeChange(db: Database): Promise<Made> {
  const { index } = await frameAt(db, 20)
  await db`update entry set received_ms = received_ms + 1 where log = 1 and index = ${index}`
  const mend = (again: Database) =>
    again`update entry set received_ms = received_ms - 1 where log = 1 and index = ${index}`
  return { index, part: 'leaf', mend }
}

const CHANGES: Change[] = [
  { name: 'a byte of a signature', make: signatureChange(40) },
  { name: 'a byte of a signature past the last full tile', make: signatureChange(FRAMES + 5) },
  { name: 'the time at which a frame came', make: timeChange },
  {
    name: 'a frame in the place of a later one of the same agent',
    async make(db) {
      const [old, late] = [await frameAt(db, 5), await frameAt(db, 60)]
      await db`update entry set body = ${old.body} where log = 1 and index = ${late.index}`
      const mend = (again: Database) =>
        again`update entry set body = ${late.body} where log = 1 and index = ${late.index}`
      return { index: late.index, part: 'frame', mend }
    },
  },
  {
    name: 'a byte of a tile',
    async make(db) {
      const [tile] = await db<
        { hashes: Buffer }[]
      >`select hashes from tile where log = 1 and level = 0 and n = 0`
      const changed = Buffer.from(tile!.hashes)
      changed[32 * 77 + 3]! ^= 1
      await db`update tile set hashes = ${changed} where log = 1 and level = 0 and n = 0`
      const mend = (again: Database) =>
        again`update tile set hashes = ${tile!.hashes} where log = 1 and level = 0 and n = 0`
      return { index: 77, part: 'tile', mend }
    },
  },
  {
    name: 'a byte of what stands beside the log',
    async make(db) {
      const [blob] = await db<{ digest: Buffer; body: Buffer }[]>`select digest, body from blob limit 1`
      const [leaf] = await db<{ index: number }[]>`select index from entry
        where log = 1 and position(${Buffer.from(blob!.digest.toString('hex'))} in body) > 0 order by index limit 1`
      const changed = Buffer.from(blob!.body)
      changed[10]! ^= 1
      await db`update blob set body = ${changed} where digest = ${blob!.digest}`
      const mend = (again: Database) =>
        again`update blob set body = ${blob!.body} where digest = ${blob!.digest}`
      return { index: leaf!.index, part: 'body', mend }
    },
  },
  {
    name: 'a column that repeats the number of a frame',
    async make(db) {
      const { index } = await frameAt(db, 30)
      await db`update entry set to_ms = to_ms + 1 where log = 1 and index = ${index}`
      const mend = (again: Database) =>
        again`update entry set to_ms = to_ms - 1 where log = 1 and index = ${index}`
      return { index, part: 'frame', mend }
    },
  },
  {
    name: 'how far a session is',
    async make(db) {
      const [cursor] = await db<
        { session: Buffer; seq: number }[]
      >`select session, seq from cursor order by seq desc limit 1`
      await db`update cursor set seq = seq - 1 where session = ${cursor!.session}`
      const mend = (again: Database) =>
        again`update cursor set seq = ${cursor!.seq} where session = ${cursor!.session}`
      return { index: (await frameAt(db, FRAMES - 1)).index, part: 'cursor', mend }
    },
  },
]

async function expectNamed({ make }: Change): Promise<void> {
  const { index, part, mend } = await withDatabase(make)
  const { code, checked, err } = await check()
  expect({ code, ok: checked.ok }).toEqual({ code: 2, ok: false })
  expect(checked.logs[0]!.lie).toMatchObject({ index, part })
  expect(err).toContain('keep a copy of the data directory')
  await withDatabase(mend)
}

describe('a ledger with nothing changed', () => {
  it('holds while the collector runs', async () => {
    const { code, checked } = await check()
    expect(checked.logs[0]!.size).toBeGreaterThan(FRAMES + 10)
    expect({ code, ok: checked.ok }).toEqual({ code: 0, ok: true })
  })
})

describe('a changed byte while the collector runs', () => {
  let changed: Made

  it('is found without a question, told once, and shown', async () => {
    changed = await withDatabase(timeChange)
    // A round of so few leaves is over in two seconds, and the next one begins five after it.
    const [told] = await receiver.until(1, 45_000)
    expect(JSON.parse(told!.body)).toMatchObject({
      type: 'evidence.anomaly',
      data: { kind: 'lie', contract: 'shop', index: changed.index, part: 'leaf' },
    })
    const { trouble } = await program.get<ContractView>('/contracts/shop')
    expect(trouble).toContain(`lies at leaf ${changed.index}`)
    const ready = (await (await fetch(`${program.url}/readyz`)).json()) as { reasons: string[] }
    expect(ready.reasons.at(-1)).toContain('it is not extended')
  }, 60_000)

  it('stops the log: what agents send is refused, and not for good', async () => {
    await expect(sender.stream(sealSession(sender, 1), 1)).rejects.toThrow('log-stopped')
    await withDatabase(changed.mend)
  })

  it.each(CHANGES)('is named by the check: $name', expectNamed)
})

describe('a changed byte while the collector is stopped', () => {
  it.each(CHANGES.slice(0, 1))('is named by the check: $name', async (change) => {
    await program.kill('SIGTERM')
    await expectNamed(change)
  })

  it('is named by a rebuild, which rebuilds nothing', async () => {
    const { index, mend } = await withDatabase(timeChange)
    const { code, err } = await runOnce(['rebuild', '--data', dataDir])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`leaf ${index} (leaf)`) })
    await withDatabase(mend)
    expect((await runOnce(['rebuild', '--data', dataDir])).code).toBe(0)
  })

  it('where it was told is seen at the start: the log is not extended, nor is it told again', async () => {
    const { mend } = await withDatabase(timeChange)
    const size = await withDatabase(sizeOf)
    program = await startProgram({ args: ['collector'], dataDir, port })
    expect((await program.get<ContractView>('/contracts/shop')).trouble).toContain('lies at leaf')
    await program.kill('SIGTERM')
    expect(await withDatabase(sizeOf)).toBe(size)
    expect(receiver.received).toHaveLength(1)
    await withDatabase(mend)
  })

  it('that was mended leaves a log that goes on', async () => {
    program = await startProgram({ args: ['collector'], dataDir, port })
    sender = await dialSender(program.url, { key: sender.key, name: 'north', token: null })
    await sender.stream(sealSession(sender, 5), 5)
    const { code, checked } = await check()
    expect({ code, ok: checked.ok }).toEqual({ code: 0, ok: true })
  })
})
