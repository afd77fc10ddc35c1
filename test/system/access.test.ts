/**
 * Access as a program: what a start prints and leaves behind, tokens listed, taken and renewed by commands
 * beside it, and what the local agent is told of the database.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TokenView } from '@constat/collector/view/access'
import { withoutSecrets } from '@constat/collector/cli/local-agent'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  OWN_CONNECTION,
  runOnce,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'

let program: Program
let port: number
beforeAll(async () => {
  port = await freePort()
  program = await startProgram({
    args: ['up'],
    dataDir: makeCollectorDir(),
    port,
    env: { PGPASSWORD: 'of-the-database' },
  })
}, 60_000)
afterAll(async () => {
  await program?.kill('SIGTERM')
  if (program) dropDataDir(program.dataDir)
})

const beside = (...args: string[]) => runOnce([...args, '--data', program.dataDir])
const kept = () => readFileSync(join(program.dataDir, 'owner.token'), 'utf8')
const ask = (token: string, path = '/contracts') =>
  fetch(`${program.url}/api/v1${path}`, { headers: { ...OWN_CONNECTION, authorization: `Bearer ${token}` } })
const listed = async () => {
  const { out } = await beside('token', 'list', '--json')
  // The command answers this shape.
  return (JSON.parse(out) as { items: TokenView[] }).items
}

describe('a start', () => {
  it('prints the owner link once, and leaves that token alone', async () => {
    expect(program.output()).toContain(`${program.url}/owner?token=${kept()}`)
    expect(statSync(join(program.dataDir, 'owner.token')).mode & 0o777).toBe(0o600)
    expect(await listed()).toMatchObject([{ kind: 'api', role: 'owner', expiresAt: null }])
    expect((await beside('token', 'owner')).out.trim()).toBe(`${program.url}/owner?token=${kept()}`)
  })

  it('tells its agent nothing of the database', () => {
    expect(
      withoutSecrets({
        PATH: '/bin',
        DATABASE_URL: 'x',
        DATABASE_URL_FILE: 'y',
        PGPASSWORD: 'z',
        CONSTAT_OIDC_CLIENT_SECRET: 's',
      }),
    ).toEqual({
      PATH: '/bin',
    })
    if (process.platform !== 'linux') return
    const told = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === program.child.pid)
      .map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'))
      .filter((environment) => environment.includes('CONSTAT_AGENT_DIR='))
    expect(told.length).toBe(1)
    expect(told.join()).not.toMatch(/of-the-database|DATABASE_URL|PGPASSWORD/)
  })

  it('that is refused leaves no token', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const busy = typeof address === 'object' && address ? address.port : 0
    const dataDir = makeCollectorDir()
    const start = await runOnce(['up', '--data', dataDir, '--listen', `127.0.0.1:${busy}`])
    expect(start.code).toBe(4)
    expect(start.out).not.toContain('token')
    expect(existsSync(join(dataDir, 'owner.token'))).toBe(false)
    taken.close()
    dropDataDir(dataDir)
  })
})

describe('a token', () => {
  it('is made for a time, listed, and taken while its stream is open', async () => {
    const made = await beside('token', 'api', '--role', 'viewer', '--expires', 'P90D', '--json')
    const { id, token, expiresAt } = JSON.parse(made.out) as { id: string; token: string; expiresAt: string }
    const days = (Date.parse(expiresAt) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(90)
    const { out } = await beside('token', 'list')
    expect(out).toContain(id)
    expect(out).not.toContain(token)
    const stream = await ask(token, '/events')
    let isOver = false
    void stream.text().then(() => (isOver = true))
    expect(await beside('token', 'revoke', id)).toMatchObject({ code: 0, err: '' })
    expect((await ask(token)).status).toBe(401)
    await until(() => isOver, { withinMs: 15_000, what: 'the end of the stream' })
    expect(await beside('token', 'revoke', id)).toMatchObject({ code: 4, out: '' })
    expect((await beside('token', 'api', '--role', 'viewer', '--expires', 'soon')).code).toBe(3)
  })

  it('of the owner is renewed, also after it was taken', async () => {
    const old = kept()
    const renewed = await beside('token', 'owner', '--renew')
    expect(renewed.out.trim()).toBe(`${program.url}/owner?token=${kept()}`)
    expect([(await ask(old)).status, (await ask(kept())).status]).toEqual([401, 200])
    const [owner] = await listed()
    await beside('token', 'revoke', owner?.id ?? '')
    const lost = await beside('status')
    expect(lost.code).toBe(4)
    expect(lost.err).toContain('constat token owner --renew')
    expect((await beside('token', 'owner')).err).toContain('constat token owner --renew')
    await beside('token', 'owner', '--renew')
    expect((await beside('status')).code).toBe(0)
    const { items } = await program.get<{ items: { by: string; deed: string }[] }>('/audit')
    expect(items.map(({ by, deed }) => `${by} ${deed}`).slice(0, 2)).toEqual([
      'operator issued',
      'operator revoked',
    ])
    expect(items.at(-1)).toMatchObject({ by: 'start', deed: 'issued' })
  })
})

describe('people', () => {
  it('are invited, listed and removed beside the collector', async () => {
    expect((await beside('people', 'invite', 'Ada', '--role', 'provider')).code).toBe(3)
    expect((await beside('people', 'invite', 'Ada', '--role', 'viewer', '--contract', 'none')).code).toBe(4)
    const invited = await beside('people', 'invite', 'Ada', '--role', 'viewer')
    const url = invited.out.trim()
    expect(url.startsWith(`${program.url}/invitation/inv_`)).toBe(true)
    const password = 'four quiet herons walk'
    const body = new URLSearchParams({ password, again: password })
    const headers = { ...OWN_CONNECTION, origin: program.url }
    const joined = await fetch(url, { method: 'POST', body, headers, redirect: 'manual' })
    expect([joined.status, joined.headers.get('set-cookie')]).toEqual([
      303,
      expect.stringContaining('constat_session='),
    ])
    expect((await beside('people', 'invite', 'ada', '--role', 'viewer')).code).toBe(4)
    expect((await beside('people', 'list')).out).toMatch(/tok_\w+ +Ada +viewer +all +password /)
    expect((await beside('people', 'remove', 'ADA ')).out).toBe('Ada: removed, and their sessions with it\n')
    expect(await beside('people', 'remove', 'Ada')).toMatchObject({ code: 4, out: '' })
    const cookie = joined.headers.get('set-cookie')?.split(';')[0] ?? ''
    const after = await fetch(`${program.url}/api/v1/contracts`, { headers: { ...OWN_CONNECTION, cookie } })
    expect(after.status).toBe(401)
  })
})

describe('a later start', () => {
  it('prints no token, and says where the link is', async () => {
    await program.kill('SIGTERM')
    program = await startProgram({ args: ['up'], dataDir: program.dataDir, port })
    expect(program.output()).toContain('constat token owner')
    expect(program.output()).not.toContain('cst_')
    expect((await ask(kept())).status).toBe(200)
  })
})

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    // It ended meanwhile.
    return 0
  }
}
