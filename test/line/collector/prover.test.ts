/**
 * The prover, on its real threads: every frame gets its own proof, in order, however the frames are spread;
 * a thread that dies is told to whoever waits, and replaced.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { rawPublicKey } from '@constat/shared/signature'
import { packParcel, openParcel } from '../../../collector/src/intake/parcel.ts'
import { startProver, type Prover } from '../../../collector/src/intake/prover.ts'
import { authorOf, Session } from '../../support/hostile-frames.ts'
import { createKeptLog } from '../../support/silent-log.ts'

const PLACE = { origin: 'log.example/one', configDigest: Buffer.alloc(32, 0xc0) }
const authors = [1, 2, 3].map(authorOf)
const sessions = authors.map((author, i) => new Session(author, PLACE, Buffer.alloc(16, i + 1)))
let prover: Prover | null = null

function start(threads: number): { prover: Prover; log: ReturnType<typeof createKeptLog> } {
  const log = createKeptLog()
  prover = startProver({ threads, log })
  return { prover, log }
}

afterEach(async () => {
  await prover?.close()
})

/** A frame of one of three agents; every fifth is signed by another, every seventh is cut short. */
function frameOf(i: number): { bytes: Uint8Array; publicKey: Buffer; expected: string } {
  const whose = i % sessions.length
  const bytes = sessions[whose]!.next()
  const isForged = i % 5 === 4
  const isCut = i % 7 === 6
  const signer = authors[isForged ? (whose + 1) % authors.length : whose]!
  const expected = isCut ? 'malformed' : isForged ? 'bad-signature' : 'sound'
  return { bytes: isCut ? bytes.subarray(0, 80) : bytes, publicKey: rawPublicKey(signer.key), expected }
}

test.each([
  [1, 1],
  [1, 40],
  [2, 7],
  [2, 250],
  [4, 33],
])('%i threads, %i frames: each has its own proof', async (threads, count) => {
  const frames = Array.from({ length: count }, (_, i) => frameOf(i))
  const proofs = await start(threads).prover.prove(frames)
  expect(proofs.map((proof) => (proof === 'sound' ? proof : proof.reason))).toEqual(
    frames.map(({ expected }) => expected),
  )
})

test('a bad signature is told with the place of its frame', async () => {
  const session = new Session(authors[0]!, PLACE, Buffer.alloc(16, 0x77))
  session.next()
  const forged = { bytes: session.next(), publicKey: rawPublicKey(authors[1]!.key) }
  const [proof] = await start(1).prover.prove([forged])
  expect(proof).toMatchObject({ reason: 'bad-signature', seq: 1 })
  expect(proof !== 'sound' && Buffer.from(proof!.session).equals(Buffer.alloc(16, 0x77))).toBe(true)
})

test('two groups at once keep apart', async () => {
  const { prover: running } = start(2)
  const groups = Array.from({ length: 6 }, (_, g) => Array.from({ length: 20 }, (__, i) => frameOf(g + i)))
  const proofs = await Promise.all(groups.map((group) => running.prove(group)))
  const said = proofs.map((group) => group.map((proof) => (proof === 'sound' ? proof : proof.reason)))
  expect(said).toEqual(groups.map((group) => group.map(({ expected }) => expected)))
})

describe('a thread that dies', () => {
  /** Ends at its first parcel. */
  const mortal = new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from 'node:worker_threads'
      parentPort.once('message', () => { throw new Error('out of order') })`)}`,
  )

  test('is told to whoever waits, and another takes its place', async () => {
    const log = createKeptLog()
    prover = startProver({ threads: 1, log, module: mortal })
    for (const _ of [1, 2]) {
      await expect(prover.prove([frameOf(0)])).rejects.toMatchObject({ code: 'unavailable' })
    }
    expect(log.lines.map(({ facts }) => facts)).toEqual([
      { reason: 'out of order' },
      { reason: 'out of order' },
    ])
  })

  test('after the end nothing is begun', async () => {
    const { prover: running, log } = start(2)
    expect(await running.prove([frameOf(0)])).toEqual(['sound'])
    await running.close()
    await expect(running.prove([frameOf(0)])).rejects.toMatchObject({ code: 'unavailable' })
    expect(log.lines).toEqual([])
  })
})

test('a parcel opens as it was packed', () => {
  const frames = [0, 1, 2].map((n) => ({ bytes: Buffer.alloc(n * 500, n), publicKey: Buffer.alloc(32, n) }))
  expect(openParcel(packParcel(frames))).toEqual(frames)
  expect(openParcel(packParcel([]))).toEqual([])
})
