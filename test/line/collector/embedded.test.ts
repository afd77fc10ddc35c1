/**
 * What surrounds the embedded database and needs none: the pid file, the claim of one owner, private
 * folders, and what `npm start` asks before anything is installed.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEmbedded } from '@constat/collector/db/embedded'
import { claimOwner } from '@constat/collector/db/owner'
import { privateFolder } from '@constat/collector/db/postgres-binaries'
import { isAlive, readPostmaster } from '@constat/collector/db/postmaster'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { installReason, nodeProblem } from '../../../collector/bin/prepare.mjs'
import { startProgram, type Program } from '../../support/processes.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'constat-line-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('postmaster.pid', () => {
  const whole = [
    '4711',
    '/data/cluster',
    '1795373977',
    '5432',
    '/run/socket',
    '',
    '  2146529  4',
    'ready   ',
    '',
  ]

  test.each([
    ['no file', null, null],
    ['empty', '', null],
    ['cut after its first lines', '4711\n/data\n1795373977\n', null],
    ['starting', [...whole.slice(0, 7), 'starting', ''].join('\n'), false],
    ['ready', whole.join('\n'), true],
  ])('%s', async (_, text, ready) => {
    if (text !== null) writeFileSync(join(folder, 'postmaster.pid'), text)
    const expected = ready === null ? null : { pid: 4711, port: 5432, socketDir: '/run/socket', ready }
    expect(await readPostmaster(folder)).toEqual(expected)
  })

  test('a process that took the number is not a postmaster', async () => {
    expect(await isAlive({ pid: process.pid, clusterDir: folder })).toBe(false)
    mkdirSync(join(folder, 'postgres/cluster'), { recursive: true })
    const text = [String(process.pid), ...whole.slice(1)].join('\n')
    writeFileSync(join(folder, 'postgres/cluster/postmaster.pid'), text)
    expect(await findEmbedded(folder)).toBeNull()
  })
})

describe('the claim of one owner', () => {
  test('is refused while its holder lives, and free after', async () => {
    const first = await claimOwner({ folder, dataDir: '/the/data' })
    const refused = claimOwner({ folder, dataDir: '/the/data' })
    await expect(refused).rejects.toMatchObject({ code: 'conflict' })
    await expect(refused).rejects.toThrow('another collector is running on this data (/the/data)')
    await first.release()
    await (await claimOwner({ folder, dataDir: '/the/data' })).release()
  })

  test('is taken from a holder that was killed', async () => {
    const path = join(folder, 'owner.sock')
    const holder = await holdClaim(path)
    await expect(claimOwner({ folder, dataDir: folder })).rejects.toThrow('another collector')
    holder.child.kill('SIGKILL')
    await holder.exited
    expect(statSync(path).isSocket()).toBe(true)
    await (await claimOwner({ folder, dataDir: folder })).release()
  })

  test('has one winner when many start over a dead one', async () => {
    const holder = await holdClaim(join(folder, 'owner.sock'))
    holder.child.kill('SIGKILL')
    await holder.exited
    const claims = await Promise.allSettled(
      Array.from({ length: 8 }, async () => claimOwner({ folder, dataDir: folder })),
    )
    const winners = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []))
    expect(winners).toHaveLength(1)
    await winners[0]?.release()
  })
})

describe('a private folder', () => {
  test('is made closed, and closed again when it was open', async () => {
    const path = join(folder, 'mine')
    await privateFolder({ path, account: null })
    expect(statSync(path).mode & 0o777).toBe(0o700)
    chmodSync(path, 0o777)
    await privateFolder({ path, account: null })
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  test('is refused where somebody laid a link', async () => {
    const path = join(folder, 'link')
    symlinkSync(folder, path)
    await expect(privateFolder({ path, account: null })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('npm start', () => {
  test.each([
    ['18.20.4', false],
    ['20.18.9', false],
    ['20.19.0', true],
    ['20.20.2', true],
    ['22.0.0', true],
    ['24.11.1', true],
  ])('Node.js %s is new enough: %s', (version, isEnough) => {
    const problem = nodeProblem(version)
    if (isEnough) expect(problem).toBeNull()
    else expect(problem).toContain(`needs Node.js 20.19 or newer; this is ${version}`)
  })

  const WANTED = {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/ours': { link: true },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  }

  test.each([
    ['nothing installed', null, 'nothing is installed yet'],
    ['all there', { 'node_modules/a': { version: '1.0.0' }, 'node_modules/ours': { link: true } }, null],
    ['one missing', { 'node_modules/ours': { link: true } }, 'a is missing'],
    ['one workspace missing', { 'node_modules/a': { version: '1.0.0' } }, 'ours is missing'],
    [
      'another version',
      { 'node_modules/a': { version: '0.9.0' }, 'node_modules/ours': { link: true } },
      'a has changed',
    ],
  ])('%s', (_, installed, reason) => {
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: WANTED }))
    if (installed !== null) {
      mkdirSync(join(folder, 'node_modules'))
      writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }))
    }
    expect(installReason(folder)).toBe(reason)
  })
})

/** A program that claims like a collector and can be killed like one. */
async function holdClaim(path: string): Promise<Program> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`
  const holder = startProgram([process.execPath, '-e', script])
  await holder.firstLine
  return holder
}
