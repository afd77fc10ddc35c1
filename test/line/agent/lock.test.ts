/** One agent for one directory: held while its process lives, free the moment it is gone, never held by two. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { holderOf, takeLock } from '../../../agent/src/lock.ts'

let dir: string
const children: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'constat-lock-'))
})
afterEach(async () => {
  // Waited for: the next directory may be given the same inode.
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(dir, { recursive: true })
})

const CHILD = new URL('../../support/holding-lock-child.ts', import.meta.url)

/** A process that tries to take it, and says what came of it. */
async function trying(platform: string): Promise<{ child: ChildProcess; said: string }> {
  const child = fork(CHILD, [dir, platform], { execArgv: ['--import', 'tsx'] })
  children.push(child)
  const [said] = (await once(child, 'message')) as [string]
  return { child, said }
}

describe.each(['linux', 'darwin'] as const)('as on %s', (platform) => {
  test('a second one is told who holds it; a released one is free', async () => {
    const lock = await takeLock(dir, platform)
    await expect(takeLock(dir, platform)).rejects.toMatchObject({
      code: 'conflict',
      message: `another agent (process ${process.pid}) runs in ${dir}`,
    })
    await lock?.release()
    await (await takeLock(dir, platform))?.release()
  })

  test('what a killed one left behind holds nothing', async () => {
    const { child, said } = await trying(platform)
    expect(said).toBe('held')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await takeLock(dir, platform))?.release()
  })
})

test('of five that find a stale lock at once, one holds it', async () => {
  // The file names a process that lives, as a number that was given away again does.
  writeFileSync(join(dir, 'agent.lock'), JSON.stringify({ pid: process.pid, startedAt: null }))
  const tries = await Promise.all(Array.from({ length: 5 }, () => trying('linux')))
  expect(tries.map(({ said }) => said).filter((said) => said === 'held')).toHaveLength(1)
}, 60_000)

test('another way to the same directory is the same directory', async () => {
  const other = `${dir}-way`
  symlinkSync(dir, other)
  const lock = await takeLock(dir)
  try {
    await expect(takeLock(other)).rejects.toMatchObject({ code: 'conflict' })
    expect(await holderOf(other)).toBe(process.pid)
  } finally {
    await lock?.release()
    rmSync(other)
  }
  expect(await holderOf(dir)).toBeNull()
})
