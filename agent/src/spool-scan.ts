/**
 * Spool scan: what a start finds on disk. A torn tail is cut, a damaged part is set aside and said, and
 * nothing that is found keeps the agent from starting.
 */
import { basename, join } from 'node:path'
import { messageOf } from '@constat/shared/fault'
import { readSegment, type SegmentReading } from './segment.ts'
import type { UnixMs } from '@constat/shared/time'
import type { Log } from './shell.ts'
import type { SpoolFs } from './spool-fs.ts'
import { SpoolIndex, type Segment } from './spool-index.ts'
import type { SpoolMarks } from './spool-marks.ts'

/** Where frames are kept. */
export type SpoolPlace = { dir: string; fs: SpoolFs; nowMs: () => UnixMs; log: Log }

export type SpoolScan = {
  index: SpoolIndex
  segments: Segment[]
  /** Number of the next segment. */
  nextId: number
  /** Why the folder cannot be used; null when it can. */
  problem: string | null
}

const SEGMENT_NAME = /^(\d{10})\.seg$/

export async function scanSpool(options: SpoolPlace, marks: SpoolMarks): Promise<SpoolScan> {
  const { dir, fs, log } = options
  const scan: SpoolScan = { index: new SpoolIndex(), segments: [], nextId: 1, problem: null }
  try {
    await fs.makeFolder(dir)
    if ((await marks.load()) === 'damaged') {
      log.warn('the spool has lost what was acknowledged; some frames are sent twice', { dir })
    }
    const names = (await fs.list(dir)).filter((name) => SEGMENT_NAME.test(name)).sort()
    for (const name of names) {
      scan.nextId = Number(name.slice(0, 10)) + 1
      await scanSegment(join(dir, name), { scan, marks, options, isLast: name === names.at(-1) })
    }
  } catch (error) {
    scan.problem = messageOf(error)
  }
  return scan
}

type Scanning = { scan: SpoolScan; marks: SpoolMarks; options: SpoolPlace; isLast: boolean }

async function scanSegment(path: string, { scan, marks, options, isLast }: Scanning): Promise<void> {
  const { fs, log, nowMs } = options
  try {
    const file = await fs.read(path)
    const reading = readSegment(file)
    if (!reading) return await setAside(path, options)
    await repair(path, { file, reading, isLast, options })
    const sizeBytes = reading.soundBytes
    // The true time is not kept: age counts from this start, which only keeps frames for longer.
    const segment: Segment = { path, sizeBytes, live: 0, writtenMs: nowMs(), sessions: new Set() }
    for (const { session, seq, offset, length } of reading.records) {
      segment.sessions.add(session)
      if (seq <= (marks.get(session)?.acked ?? -1)) continue
      scan.index.put({ session, seq, length, bytes: null, place: { segment, offset }, gone: false })
    }
    if (segment.live > 0) scan.segments.push(segment)
    else await fs.remove(path)
  } catch (error) {
    log.error('a segment of the spool cannot be read; it is left alone', { path, reason: messageOf(error) })
  }
}

type Repair = { file: Buffer; reading: SegmentReading; isLast: boolean; options: SpoolPlace }

async function repair(path: string, { file, reading, isLast, options }: Repair): Promise<void> {
  const { fs, log } = options
  const tailBytes = file.length - reading.soundBytes
  const parts = reading.damaged.map((part) => ({ ...part }))
  if (tailBytes > 0 && isLast) {
    log.info('the spool ends in a torn record, which is cut', { path, tailBytes })
  } else if (tailBytes > 0) {
    parts.push({ fromByte: reading.soundBytes, toByte: file.length })
  }
  for (const { fromByte, toByte } of parts) {
    const aside = await damagedPath(`${basename(path)}-${fromByte}`, options)
    await fs.replace(aside, file.subarray(fromByte, toByte))
    log.error('a part of the spool is damaged; it is set aside', { path, fromByte, toByte, aside })
  }
  if (tailBytes > 0) await fs.truncate(path, reading.soundBytes)
}

async function setAside(path: string, options: SpoolPlace): Promise<void> {
  const aside = await damagedPath(basename(path), options)
  await options.fs.move(path, aside)
  options.log.error('a file of the spool is no spool segment; it is set aside', { path, aside })
}

async function damagedPath(name: string, { dir, fs }: SpoolPlace): Promise<string> {
  const folder = join(dir, 'damaged')
  await fs.makeFolder(folder)
  return join(folder, name)
}
