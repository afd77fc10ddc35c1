/**
 * Disks: how full the file system of a mount point is, as `df` counts it: the blocks in use, of those
 * and the ones that an ordinary user may still have. By statfs, which asks the file system and starts no
 * program. A place that is no mount point is refused: a disk that is not mounted would else answer with
 * the figures of the disk below it.
 */
import { readFileSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { dirname, isAbsolute, parse, resolve } from 'node:path'
import { messageOf, systemCode } from '@constat/shared/fault'
import { inTime, unsupported, type Share } from './host-source.ts'

type DiskUse = Share & { place: string }

/**
 * Disks asked at once. One that hangs holds a thread of the pool until it answers, and the agent's own
 * files need threads too.
 */
const MAX_ASKED = 2
const MOUNTS_FILE = '/proc/self/mountinfo'

/** Asked and not answered yet, by place: a disk that hangs is not asked a second time. */
const asked = new Map<string, Promise<DiskUse>>()

/** `part` and `whole` are blocks. A disk that does not answer before the deadline has failed. */
export async function diskUse(of: string | undefined, signal: AbortSignal): Promise<DiskUse> {
  if (of !== undefined && !isAbsolute(of)) throw unsupported(`${of} is no absolute path; write it in full`)
  const place = of === undefined ? parse(resolve('/')).root : resolve(of)
  while (!asked.has(place) && asked.size >= MAX_ASKED) await roomToAsk(signal)
  const asking = asked.get(place) ?? ask(place)
  asked.set(place, asking)
  const detail = `${place} did not answer in time`
  return inTime(asking, { signal, late: { outcome: 'fail', cause: 'timeout', value: 0, detail } })
}

async function roomToAsk(signal: AbortSignal): Promise<void> {
  const ends = [...asked.values()].map((one) => one.then(ignore, ignore))
  const detail = `other disks do not answer, so this one was not asked: look at ${[...asked.keys()].join(' and ')}`
  await inTime(Promise.race(ends), {
    signal,
    late: { outcome: 'unknown', cause: 'resources', value: 0, detail },
  })
}

function ignore(): void {
  // Only that it ended counts; whoever asked hears how.
}

async function ask(place: string): Promise<DiskUse> {
  try {
    await needMountPoint(place)
    const { blocks, bfree, bavail } = await statfs(place)
    const part = blocks - bfree
    const whole = part + bavail
    if (whole <= 0) throw unsupported(`${place} has no blocks to count; name a disk`)
    return { place, part, whole }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    throw unsupported(`${place} cannot be read: ${messageOf(error)}; let the agent's user enter it`)
  } finally {
    asked.delete(place)
  }
}

/** On Linux by the kernel's list, which does not touch the disk; elsewhere by the device of the folder above. */
async function needMountPoint(place: string): Promise<void> {
  const above = dirname(place)
  if (process.platform === 'linux') {
    const root = mountPoints(readFileSync(MOUNTS_FILE, 'utf8')).get(place)
    if (root?.includes(HIDDEN)) throw unsupported(`the service unit hides ${place} from the agent; ${UNHIDE}`)
    if (root !== undefined) return
  } else if (above === place || (await stat(place)).dev !== (await stat(above)).dev) return
  throw unsupported(`nothing is mounted on ${place}; mount it, or write the mount point that df shows for it`)
}

/** What systemd mounts over a place that a service is not to see (`ProtectHome`, `InaccessiblePaths`). */
const HIDDEN = '/systemd/inaccessible/'
const UNHIDE = 'set ProtectHome=read-only with `systemctl edit` and restart it'

/**
 * Mount points, and for each the folder of its file system that is seen there: the fifth and fourth field
 * of each line, blanks written as octal escapes (proc(5)). Of several on one place the last is on top.
 */
export function mountPoints(mountinfo: string): Map<string, string> {
  const plain = (field: string): string =>
    field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  const mounts = mountinfo.split('\n').map((line) => line.split(' '))
  return new Map(
    mounts.flatMap(([, , , root, point]) => (root && point ? [[plain(point), plain(root)]] : [])),
  )
}
