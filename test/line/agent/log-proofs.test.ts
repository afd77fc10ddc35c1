/** What an agent holds against its log: a real tree and its proofs, and a log that signs what is not so. */
import { beforeEach, describe, expect, test } from 'vitest'
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { leafBytes } from '@constat/evidence/leaf'
import { proveConsistency, proveInclusion } from '@constat/evidence/proof'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, leafHash, type HashReader } from '@constat/evidence/tree'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import { signReceipt } from '@constat/shared/receipt'
import { HeadStore } from '../../../agent/src/head-store.ts'
import {
  LogProofs,
  MAX_HELD_BYTES,
  type ProvenMessage,
  type ProveMessage,
} from '../../../agent/src/log-proofs.ts'
import { createMemoryFs } from '../../support/memory-fs.ts'
import { createKeptLog } from '../../support/silent-log.ts'

const KEY = privateKeyOf(Buffer.alloc(32, 5))
const ORIGIN = 'constat/abc/shop'
const SESSION = 'ab'.repeat(16)
const AT_MS = 1_790_000_000_000

/** A log in memory, of frames alone; `salt` makes another history of the same length. */
class MemoryLog {
  readonly #leaves: Buffer[] = []
  readonly bodies: Buffer[] = []

  append(body: Buffer): number {
    this.bodies.push(body)
    this.#leaves.push(leafHash(leafBytes({ type: 'frame', receivedMs: AT_MS, body })))
    return this.#leaves.length - 1
  }

  get size(): number {
    return this.#leaves.length
  }

  rootAt(size: number): Buffer {
    return frontierRoot(appendLeaves(EMPTY_FRONTIER, this.#leaves.slice(0, size)))
  }

  note(size = this.size): string {
    return signCheckpoint({ origin: ORIGIN, size, root: this.rootAt(size), extensions: [] }, KEY)
  }

  receipt(size = this.size) {
    return signReceipt({ origin: ORIGIN, size, root: this.rootAt(size), atMs: AT_MS + size }, KEY)
  }

  /** As the order of completion has them. */
  #reader(): HashReader {
    const stored: Buffer[] = []
    appendLeaves(EMPTY_FRONTIER, this.#leaves, ({ hash }) => stored.push(Buffer.from(hash)))
    return { readHashes: (indexes) => indexes.map((index) => stored[index]!) }
  }

  async prove({ headSize, receiptSize, frames }: ProveMessage): Promise<ProvenMessage> {
    const { size } = this
    const reader = this.#reader()
    const from = async (oldSize: number): Promise<Buffer> =>
      oldSize === 0 || oldSize > size
        ? Buffer.alloc(0)
        : Buffer.concat(await proveConsistency({ oldSize, newSize: size }, reader))
    const leaves = await Promise.all(
      frames
        .flatMap(({ seq }, place) => (seq < size ? [{ seq, place }] : []))
        .map(async ({ seq, place }) => {
          const path = Buffer.concat(await proveInclusion({ index: seq, size }, reader))
          return { place, index: seq, receivedMs: AT_MS, path }
        }),
    )
    const said = { fromHead: await from(headSize), fromReceipt: await from(receiptSize), leaves }
    return { type: 'proven', origin: ORIGIN, note: this.note(), ...said }
  }
}

let log: MemoryLog
let proofs: LogProofs
beforeEach(() => {
  log = new MemoryLog()
  proofs = new LogProofs(rawPublicKey(KEY))
})

/** Frames are numbered as their leaves are. */
function send(count: number, to = log): void {
  for (let i = 0; i < count; i += 1) {
    const bytes = Buffer.from(`frame ${to.size}`)
    const seq = to.append(bytes)
    proofs.acknowledged({ session: SESSION, seq, bytes, receipt: to.receipt() })
  }
}

const ask = (): ProveMessage => proofs.wanted()[0]!

describe('a log that only grows', () => {
  test('proves every frame that it has acknowledged, and is named by the next one', async () => {
    expect(proofs.beacon(ORIGIN)).toBeNull()
    for (const count of [1, 3, 1, 64, 7]) {
      send(count)
      expect(proofs.take(await log.prove(ask()))).toEqual({ kind: 'proved', frames: count })
      expect([proofs.held, proofs.beacon(ORIGIN)?.size]).toEqual([0, log.size])
      expect(proofs.wanted()).toEqual([])
    }
    expect(proofs.takeLetGo()).toBe(0)
  })

  test('proves the oldest first, so many at a time', async () => {
    send(100)
    expect(ask().frames).toHaveLength(64)
    proofs.take(await log.prove(ask()))
    expect(proofs.held).toBe(36)
    proofs.take(await log.prove(ask()))
    expect(proofs.held).toBe(0)
  })

  test('is asked again for what its head does not cover yet', async () => {
    send(2)
    const wanted = ask()
    const early = new MemoryLog()
    early.append(log.bodies[0]!)
    expect(proofs.take(await early.prove(wanted))).toEqual({ kind: 'proved', frames: 1 })
    expect(proofs.held).toBe(1)
  })

  test('is owed the same after a crash: head, receipt, and the frames that were not proved', async () => {
    const fs = createMemoryFs()
    const store = () => new HeadStore({ dir: '/agent', fs, log: createKeptLog() })
    send(5)
    proofs.take(await log.prove(ask()))
    send(3)
    const first = store()
    first.keepSoon(() => proofs.kept())
    send(1)
    proofs.received(log.receipt())
    await first.kept()
    const again = new LogProofs(rawPublicKey(KEY))
    again.remember(await store().load())
    expect(again.beacon(ORIGIN)).toEqual(proofs.beacon(ORIGIN))
    expect(again.receipts().map(({ size }) => size)).toEqual([9])
    expect(again.wanted()).toEqual(proofs.wanted())
    expect(again.take(await log.prove(again.wanted()[0]!))).toEqual({ kind: 'proved', frames: 4 })
    // Nothing is taken over that the collector has not signed.
    const strange = new LogProofs(rawPublicKey(privateKeyOf(Buffer.alloc(32, 6))))
    strange.remember(await store().load())
    expect(strange.kept()).toEqual({ heads: [], receipts: [], held: [] })
  })

  test.each(['{', '{"heads":1}', '{"heads":["x"],"receipts":["receipt\\n"],"held":[{"seq":1},null]}'])(
    'is owed nothing by a file that says %s',
    async (text) => {
      const fs = createMemoryFs()
      await fs.replace('/agent/heads.json', Buffer.from(text))
      proofs.remember(await new HeadStore({ dir: '/agent', fs, log: createKeptLog() }).load())
      expect(proofs.kept()).toEqual({ heads: [], receipts: [], held: [] })
    },
  )

  test('whose answer comes late is not accused by it', async () => {
    send(2)
    const first = await log.prove(ask())
    send(3)
    const second = await log.prove(ask())
    expect(proofs.take(first).kind).toBe('proved')
    // It proves from the head before the one that is known by now.
    expect(proofs.take(second)).toMatchObject({ kind: 'useless' })
    expect(proofs.take(await log.prove(ask()))).toMatchObject({ kind: 'proved' })
    expect(proofs.takeLetGo()).toBe(0)
  })
})

describe('a log that lies', () => {
  const other = (count: number): MemoryLog => {
    const made = new MemoryLog()
    for (let i = 0; i < count; i += 1) made.append(Buffer.from(`another ${i}`))
    return made
  }

  test('and shows another history, longer or as long, contradicts the head it showed', async () => {
    for (const more of [0, 1, 20]) {
      proofs = new LogProofs(rawPublicKey(KEY))
      log = new MemoryLog()
      send(5)
      const first = log.note()
      proofs.take(await log.prove(ask()))
      send(1)
      const taken = proofs.take(await other(5 + more).prove(ask()))
      expect(taken).toMatchObject({ kind: 'contradicted', origin: ORIGIN, held: first })
      expect(proofs.beacon(ORIGIN)).toBeNull()
    }
  })

  test('and shows a shorter one than it showed', async () => {
    send(5)
    proofs.take(await log.prove(ask()))
    send(1)
    expect(proofs.take(await other(3).prove(ask()))).toMatchObject({ kind: 'contradicted' })
  })

  test('and leaves out what a receipt of it covers', async () => {
    send(3)
    const taken = proofs.take(await other(9).prove(ask()))
    expect(taken).toMatchObject({ kind: 'contradicted', held: expect.stringContaining('receipt\n') })
  })

  test('and was put back to before a frame that it has acknowledged, is caught by the receipt of it', async () => {
    send(2)
    const restored = new MemoryLog()
    restored.append(log.bodies[0]!)
    restored.append(log.bodies[1]!)
    send(1)
    for (let i = 0; i < 5; i += 1) restored.append(Buffer.from(`after ${i}`))
    const shown = await restored.prove(ask())
    // The third frame is not there, and its place is nobody's claim.
    expect(proofs.take({ ...shown, leaves: shown.leaves.slice(0, 2) })).toEqual({ kind: 'proved', frames: 2 })
    expect(proofs.held).toBe(1)
    const again = await restored.prove(ask())
    expect(proofs.take({ ...again, leaves: [] })).toMatchObject({ kind: 'contradicted' })
  })

  test('and has lost what it acknowledged, is contradicted once, and what comes after is proved', async () => {
    send(5)
    proofs.take(await log.prove(ask()))
    send(2)
    const restored = new MemoryLog()
    restored.append(Buffer.from('another'))
    expect(proofs.take(await restored.prove(ask())).kind).toBe('contradicted')
    expect(proofs.wanted()).toEqual([])
    expect(proofs.takeLetGo()).toBe(2)
    send(1, restored)
    expect(proofs.take(await restored.prove(ask()))).toMatchObject({ kind: 'proved', frames: 1 })
  })

  test('and gives the place of another frame', async () => {
    send(3)
    const proven = await log.prove(ask())
    const [first, second] = proven.leaves
    const swapped = {
      ...proven,
      leaves: [
        { ...first!, place: 1 },
        { ...second!, place: 0 },
      ],
    }
    expect(proofs.take(swapped)).toMatchObject({ kind: 'contradicted' })
  })

  test('and is not signed by the key that is pinned, is of no use', async () => {
    send(1)
    const proven = await log.prove(ask())
    const root = log.rootAt(1)
    const note = signCheckpoint(
      { origin: ORIGIN, size: 1, root, extensions: [] },
      privateKeyOf(Buffer.alloc(32, 6)),
    )
    expect(proofs.take({ ...proven, note })).toMatchObject({ kind: 'useless' })
    expect(proofs.held).toBe(1)
  })
})

test('what is not proved is kept within a limit, the oldest let go, and counted', () => {
  const bytes = Buffer.alloc(60_000)
  const count = Math.floor(MAX_HELD_BYTES / bytes.length)
  for (let seq = 0; seq < count + 3; seq += 1) {
    log.append(bytes)
    proofs.acknowledged({ session: SESSION, seq, bytes, receipt: log.receipt() })
  }
  expect([proofs.held, proofs.takeLetGo(), proofs.takeLetGo()]).toEqual([count, 3, 0])
  expect(ask().frames[0]!.seq).toBe(3)
})

test('a frame that the log does not show under a head that covers it is let go, and counted', async () => {
  send(3)
  const proven = await log.prove(ask())
  expect(proofs.take({ ...proven, leaves: proven.leaves.slice(1) })).toEqual({ kind: 'proved', frames: 2 })
  expect([proofs.held, proofs.takeLetGo(), proofs.wanted()]).toEqual([0, 1, []])
})
