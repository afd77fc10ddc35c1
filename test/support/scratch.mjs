/**
 * Scratch: the folder in which a run of the tests keeps its data directories. In memory where the host has
 * room for it: a run makes some hundred databases, and writes and removes 13 GB in small files for them.
 * The tests see files like any others, and the same as ever where there is no such room. Plain Node.
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const TMPFS_TYPE = 0x01021994
/** A run holds about 1.5 GB at its highest, beside the programs that it tests. */
const ROOM_BYTES_MIN = 6 * 2 ** 30
const NAME = /^constat-run-(\d+)-/

/** `folder` is null where the usual one is to be taken; `drop` leaves nothing of it. */
export function openScratch() {
  if (!hasRoom()) return { folder: null, drop: () => undefined }
  dropLeft()
  const folder = mkdtempSync(join(MEMORY, `constat-run-${process.pid}-`))
  // Servers that are not ours run under accounts of their own.
  chmodSync(folder, 0o755)
  return { folder, drop: () => rmSync(folder, { recursive: true, force: true }) }
}

function hasRoom() {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY)
    const [, availableKb = '0'] =
      /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
    return type === TMPFS_TYPE && Math.min(bavail * bsize, Number(availableKb) * 1024) >= ROOM_BYTES_MIN
  } catch {
    // Not on Linux, or not here.
    return false
  }
}

/** Of a run that was killed before it could clean up. */
function dropLeft() {
  for (const name of readdirSync(MEMORY)) {
    const [, pid] = NAME.exec(name) ?? []
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(MEMORY, name), { recursive: true, force: true })
  }
}
