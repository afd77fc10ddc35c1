/**
 * Lock: one agent for one directory. A file names the process and when it started, so that a number
 * which the system gave to another process since then does not keep the agent from starting.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, systemCode } from '@constat/shared/fault'
import { createFile } from './spool-fs.ts'
import { parseObject } from './state.ts'

const LOCK_FILE = 'agent.lock'

export type Lock = { release: () => Promise<void> }

/** Null where the directory cannot be written: then there is no spool to fight over either. */
export async function takeLock(dir: string): Promise<Lock | null> {
  const path = join(dir, LOCK_FILE)
  const own = { pid: process.pid, startedAt: await startOf(process.pid) }
  for (let tries = 0; ; tries += 1) {
    try {
      await createFile(path, Buffer.from(JSON.stringify(own)))
      return { release: () => rm(path, { force: true }) }
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') return null
    }
    const holder = parseObject(await readFile(path, 'utf8').catch(() => ''))
    if (tries > 1 || (await isAlive(holder))) {
      throw new Fault('conflict', `another agent (process ${String(holder['pid'])}) runs in ${dir}`, {
        hint: 'stop it first, or name another directory in CONSTAT_AGENT_DIR',
      })
    }
    await rm(path, { force: true })
  }
}

/** The process that runs in `dir`; null when none does. */
export async function holderOf(dir: string): Promise<number | null> {
  const holder = parseObject(await readFile(join(dir, LOCK_FILE), 'utf8').catch(() => ''))
  const { pid } = holder
  return typeof pid === 'number' && (await isAlive(holder)) ? pid : null
}

async function isAlive({ pid, startedAt }: Record<string, unknown>): Promise<boolean> {
  if (typeof pid !== 'number') return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (systemCode(error) !== 'EPERM') return false
  }
  return (await startOf(pid)) === startedAt
}

/** Start of a process in clock ticks since boot (proc(5), field 22); null where there is no /proc. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}
