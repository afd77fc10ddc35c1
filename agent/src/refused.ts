/**
 * Refused frames: what the collector would not take, kept beside the spool with its reason, so that a
 * person can look. Never sent again. The oldest go beyond a limit.
 */
import { join } from 'node:path'
import { messageOf } from '@constat/shared/fault'
import type { Log } from './shell.ts'
import type { SpoolFs } from './spool-fs.ts'

/** Frames kept at most. */
export const MAX_REFUSED_FRAMES = 200

export type RefusedFrame = { session: string; seq: number; bytes: Buffer; reason: string; detail: string }

export type RefusedFrames = {
  keep: (frame: RefusedFrame) => Promise<void>
  count: () => number
}

export function createRefusedFrames({ dir, fs, log }: { dir: string; fs: SpoolFs; log: Log }): RefusedFrames {
  let count = 0

  async function trim(): Promise<void> {
    const names = (await fs.list(dir)).filter((name) => name.endsWith('.json')).sort()
    for (const name of names.slice(0, Math.max(0, names.length - MAX_REFUSED_FRAMES))) {
      await fs.remove(join(dir, name))
      await fs.remove(join(dir, name.replace(/json$/, 'frame')))
    }
  }
  return {
    count: () => count,
    async keep({ session, seq, bytes, reason, detail }) {
      count += 1
      const name = `${session}-${String(seq).padStart(10, '0')}`
      try {
        await fs.makeFolder(dir)
        await fs.replace(join(dir, `${name}.frame`), bytes)
        await fs.replace(
          join(dir, `${name}.json`),
          Buffer.from(JSON.stringify({ session, seq, reason, detail })),
        )
        await trim()
      } catch (error) {
        log.error('a refused frame could not be kept', { session, seq, reason: messageOf(error) })
      }
    },
  }
}
