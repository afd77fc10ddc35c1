/**
 * Lock: one agent for one directory, as `@constat/shared/folder-lock` holds it. The file beside it says who holds it,
 * for people: it decides nothing.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@constat/shared/fault'
import { isLocked, lockFolder } from '@constat/shared/folder-lock'
import { DISK } from './spool-fs.ts'
import { parseObject } from './state.ts'

const LOCK_FILE = 'agent.lock'
const USE = 'agent'

export type Lock = { release: () => Promise<void> }

/** Null where nothing can be held there: a directory that cannot be written has no spool to fight over either. */
export async function takeLock(dir: string, platform = process.platform): Promise<Lock | null> {
  const held = await lockFolder({ dir, use: USE, platform })
  if (held === 'taken') {
    const pid = await writtenPid(dir)
    const who = pid === null ? '' : ` (process ${pid})`
    throw new Fault('conflict', `another agent${who} runs in ${dir}`, {
      hint: 'stop it first, or name another directory in CONSTAT_AGENT_DIR',
    })
  }
  if (held === null) return null
  const path = join(dir, LOCK_FILE)
  await DISK.publish(path, Buffer.from(JSON.stringify({ pid: process.pid }))).catch(() => undefined)
  return {
    async release() {
      await rm(path, { force: true }).catch(() => undefined)
      await held.release()
    },
  }
}

/** The process that runs in `dir`; null when none does. */
export async function holderOf(dir: string): Promise<number | null> {
  return (await isLocked({ dir, use: USE })) ? await writtenPid(dir) : null
}

async function writtenPid(dir: string): Promise<number | null> {
  const { pid } = parseObject(await readFile(join(dir, LOCK_FILE), 'utf8').catch(() => ''))
  return typeof pid === 'number' ? pid : null
}
