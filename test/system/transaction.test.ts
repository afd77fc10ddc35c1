/**
 * Transactions through a database that dies: none is half done, none hangs, the process lives on.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, type OpenDatabase } from '@constat/collector/db/open'
import { readPostmaster } from '@constat/collector/db/postmaster'
import { isConnectionLost } from '@constat/collector/db/transaction'
import type { Database } from '@constat/collector/db/tx'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
let dataDir = ''
let db: OpenDatabase

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'constat-transaction-'))
  db = await openDatabase({ databaseUrl: null, dataDir, log: quiet })
  await db.sql`create table mark (n int not null unique deferrable initially deferred, note text)`
})

afterAll(async () => {
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  await db.sql`delete from mark`
})

async function marks(): Promise<number[]> {
  return (await db.sql<{ n: number }[]>`select n from mark order by n`).map(({ n }) => n)
}

async function killDatabase(): Promise<void> {
  const postmaster = await readPostmaster(join(dataDir, 'postgres', 'cluster'))
  if (postmaster === null) throw new Error('there is no database to kill')
  process.kill(postmaster.pid, 'SIGKILL')
}

/** Many at once, so that every connection of the pool is tried. */
async function untilHealed(): Promise<void> {
  const endMs = Date.now() + 30_000
  for (;;) {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => db.sql`select pg_sleep(0.02)`))
    if (tries.every(({ status }) => status === 'fulfilled')) return
    if (Date.now() > endMs) throw new Error('the pool did not heal')
    await sleep(100)
  }
}

describe('a transaction', () => {
  it('answers with the value of its step and keeps what it wrote', async () => {
    const value = await db.sql.begin(async (tx) => {
      await tx`insert into mark ${tx([{ n: 1 }, { n: 2 }])}`
      const where = tx`n > ${1}`
      const [row] = await tx<{ n: number }[]>`select n from mark where ${where}`
      await tx.unsafe('insert into mark values (3)')
      return row?.n
    })
    expect(value).toBe(2)
    expect(await marks()).toEqual([1, 2, 3])
  })

  it.each([
    ['its step throws', async () => Promise.reject(new Error('ours')), 'ours'],
    ['a statement fails', () => db.sql.begin((tx) => tx`select 1/0`).then(() => {}), 'division by zero'],
  ])('is undone when %s', async (_name, fails, message) => {
    const failed = db.sql.begin(async (tx) => {
      await tx`insert into mark values (1)`
      await fails()
    })
    await expect(failed).rejects.toThrow(message)
    expect(await marks()).toEqual([])
  })

  it('fails when a statement failed, even where its step went on', async () => {
    const failed = db.sql.begin(async (tx) => {
      await tx`insert into mark values (1)`
      await tx`select 1/0`.catch(() => null)
    })
    await expect(failed).rejects.toThrow('division by zero')
    expect(await marks()).toEqual([])
  })

  it('fails when its commit does', async () => {
    await expect(db.sql.begin((tx) => tx`insert into mark values (1), (1)`)).rejects.toThrow('duplicate key')
    expect(await marks()).toEqual([])
    await untilHealed()
  })
})

describe('a database that dies', () => {
  it.each([1, 2, 3])('in the middle of a statement fails the transaction alone (%i)', async (round) => {
    const open = Array.from({ length: 6 }, (_, i) =>
      db.sql.begin(async (tx) => {
        await tx`insert into mark values (${i})`
        if (i === 0) await killDatabase()
        await tx`select pg_sleep(${5 + round}), ${i}::int`
      }),
    )
    const results = await Promise.allSettled(open)
    for (const result of results) {
      expect(result.status).toBe('rejected')
      if (result.status === 'rejected') expect(isConnectionLost(result.reason)).toBe(true)
    }
    await untilHealed()
    expect(await marks()).toEqual([])
  })

  it('between two statements lets nothing of the second through', async () => {
    let second: unknown = null
    const failed = db.sql.begin(async (tx) => {
      await tx`insert into mark values (1)`
      await killDatabase()
      await sleep(100)
      await untilHealed()
      second = await tx`insert into mark values (2)`.catch((error: unknown) => error)
      await tx`insert into mark values (3)`
    })
    await expect(failed).rejects.toSatisfy(isConnectionLost)
    await untilHealed()
    while (second === null) await sleep(50)
    expect(second).toMatchObject({
      code: 'database',
      message: expect.stringContaining('middle of a transaction'),
    })
    expect(await marks()).toEqual([])
  })

  it('while a step does something else never reports it done', async () => {
    const failed = db.sql.begin(async (tx) => {
      await tx`insert into mark values (1)`
      await killDatabase()
      await sleep(500)
      return 'done'
    })
    await expect(failed).rejects.toSatisfy(isConnectionLost)
    await untilHealed()
    expect(await marks()).toEqual([])
  })
})

/** A session whose statement is under way is ended, as by an administrator. */
async function endSession(client: Database): Promise<void> {
  const [session] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`
  const [underWay] = await Promise.allSettled([
    client`select pg_sleep(20)`,
    sleep(100).then(() => db.sql`select pg_terminate_backend(${session?.pid ?? 0})`),
  ])
  expect(underWay).toMatchObject({ status: 'rejected', reason: expect.toSatisfy(isConnectionLost) })
}

describe('a session that was ended', () => {
  it.each([
    ['statement', (client: Database) => client`select 7 as n`],
    ['text', (client: Database) => client.unsafe('select 7 as n')],
    ['transaction', (client: Database) => client.begin((tx) => tx`select 7 as n`)],
  ])('does not answer the next %s', async (_name, ask) => {
    const client = db.connectAlone()
    await endSession(client)
    expect(await ask(client)).toMatchObject([{ n: 7 }])
    await client.end()
  })
})
