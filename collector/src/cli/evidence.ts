/**
 * `constat evidence`: everything that a window is judged on, as one file that `constat-verify` checks without this
 * collector. The file is there when it is whole, and not before.
 */
import { createHash } from 'node:crypto'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Fault, messageOf } from '@constat/shared/fault'
import { openClient } from './client.ts'
import { configOf } from './serve.ts'
import { EXIT, type World } from './world.ts'

export type EvidenceFlags = { window: string; output: string; json?: boolean; data?: string }

const MB = 1_000_000
/** Progress is told after this much. */
const TOLD_EVERY_BYTES = MB

export async function evidence(contract: string, flags: EvidenceFlags, world: World): Promise<number> {
  const { window, output, data } = flags
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const name = `${encodeURIComponent(window)}.zip`
  const bytes = await client.read(`/contracts/${encodeURIComponent(contract)}/evidence/${name}`)
  const saved = await save(bytes, output, world)
  if (flags.json) world.out(JSON.stringify({ file: output, ...saved }))
  else {
    world.out(`${output}: ${(saved.bytes / MB).toFixed(1)} MB, SHA-256 ${saved.sha256}`)
    world.out('Its README says how it is checked, by constat-verify and by hand.')
  }
  return EXIT.done
}

async function save(
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
    throw new Fault('unavailable', `the bundle did not come whole: ${messageOf(error)}`, {
      hint: 'Ask again; the log of the collector says what stopped it.',
    })
  } finally {
    world.progress(null)
  }
  return { bytes: count, sha256: hash.digest('hex') }
}
