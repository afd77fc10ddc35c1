/** What a command fetches from the collector, saved to a file, with how far it is. */
import { createHash } from 'node:crypto'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Fault, messageOf } from '@constat/shared/fault'
import type { World } from './world.ts'

export const MB = 1_000_000
/** Progress is told after this much. */
const TOLD_EVERY_BYTES = MB

/** Writes what comes; the file is there when it is whole, and not before. Fault `unavailable`. */
export async function save(
  bytes: AsyncIterable<Buffer>,
  path: string,
  world: World,
): Promise<{ bytes: number; sha256: string }> {
  const unfinished = `${path}.part`
  const hash = createHash('sha256')
  let count = 0
  let told = 0
  const counted = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      hash.update(piece)
      count += piece.length
      if (count - told >= TOLD_EVERY_BYTES) {
        told = count
        world.progress(`${Math.floor(count / MB)} MB`)
      }
      yield piece
    }
  }
  try {
    await pipeline(bytes, counted, createWriteStream(unfinished))
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw new Fault('unavailable', `the file did not come whole: ${messageOf(error)}`, {
      hint: 'Ask again; the log of the collector says what stopped it.',
    })
  } finally {
    world.progress(null)
  }
  return { bytes: count, sha256: hash.digest('hex') }
}
