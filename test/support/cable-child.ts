/**
 * What lies between the two ends of every cable: frames are read from one TAP interface and written to
 * the other, with the weather of the cable in between. One process for all cables; killed, never ended,
 * as its reads wait for ever. The random numbers come from the seed alone.
 */
import { read, write } from 'node:fs'
import { FAIR, type CableOrder, type Weather } from './cable.ts'

/** An Ethernet frame of 1500 bytes of payload, with room for tags. */
const FRAME_BYTES = 2_048
/** How much later a frame comes that is held back: several others pass it. */
const REORDER_MS = 30
/** Frames on their way in one direction; a network buffers no more either. */
const MAX_FLYING = 10_000

const seed = Number(process.argv[2])
const fds = (process.env['CABLE_FDS'] ?? '').split(',').map(Number)
const weathers: Weather[] = Array.from({ length: fds.length / 2 }, () => FAIR)

/** mulberry32: small, and the same everywhere. 0 … 1. */
function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function carry(from: number): void {
  const [source, target] = [fds[from]!, fds[from ^ 1]!]
  const chance = randomFrom(seed * 1_000 + from)
  const isHit = (percent: number): boolean => chance() * 100 < percent
  const buffer = Buffer.alloc(FRAME_BYTES)
  let flying = 0
  const deliver = (frame: Buffer): void => {
    // An end that is down, or gone with its namespace, takes no frame: it is lost, as on a real cable.
    write(target, frame, 0, frame.length, null, () => (flying -= 1))
  }
  const send = (frame: Buffer, afterMs: number): void => {
    if (flying >= MAX_FLYING) return
    flying += 1
    if (afterMs === 0) deliver(frame)
    else setTimeout(deliver, afterMs, frame)
  }
  const pass = (frame: Buffer): void => {
    const { delayMs, lossPercent, duplicatePercent, reorderPercent, isCut } = weathers[from >> 1]!
    if (isCut || isHit(lossPercent)) return
    send(frame, delayMs + (isHit(reorderPercent) ? REORDER_MS : 0))
    if (isHit(duplicatePercent)) send(frame, delayMs)
  }
  const next = (): void => {
    read(source, buffer, 0, FRAME_BYTES, null, (error, bytes) => {
      // An interface that is down says EIO until it is up.
      if (error) return void setTimeout(next, 20)
      pass(Buffer.from(buffer.subarray(0, bytes)))
      next()
    })
  }
  next()
}

for (const from of fds.keys()) carry(from)
process.on('message', (order) => {
  // Only cable.ts speaks to this process.
  const { cable, weather } = order as CableOrder
  weathers[cable] = weather
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.send?.('ready')
