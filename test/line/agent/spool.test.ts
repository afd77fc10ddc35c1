/**
 * The spool: what survives a crash, a damaged file, a full disk and its own limits. A plain map of what
 * was put in and acknowledged is the oracle.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeRecord, readSegment, RECORD_HEAD_BYTES, SEGMENT_HEAD } from '../../../agent/src/segment.ts'
import { DISK, type SpoolFs } from '../../../agent/src/spool-fs.ts'
import { Spool, SPOOL_LIMITS, type SpoolLimits } from '../../../agent/src/spool.ts'
import { createMemoryFs, type MemoryFs } from '../../support/memory-fs.ts'
import { createKeptLog, type KeptLog } from '../../support/silent-log.ts'

const DIR = '/spool'
const A = 'aa'.repeat(16)
const B = 'bb'.repeat(16)

type World = { fs: MemoryFs; log: KeptLog; nowMs: number }

function createWorld(): World {
  return { fs: createMemoryFs(), log: createKeptLog(), nowMs: 1_790_000_000_000 }
}

function open(world: World, limits: Partial<SpoolLimits> = {}, fs: SpoolFs = world.fs): Promise<Spool> {
  // The timer never fires by itself here: every write is asked for.
  const slow = { ...SPOOL_LIMITS, freeFloorBytes: 0, lingerMs: 1_000_000, retryMs: 1_000_000 }
  return Spool.open({
    dir: DIR,
    fs,
    nowMs: () => world.nowMs,
    log: world.log,
    limits: { ...slow, ...limits },
  })
}

function frame(seq: number, length = 100): Buffer {
  return Buffer.alloc(length, seq % 251)
}

function fill(spool: Spool, session: string, seqs: number[], length = 100): void {
  for (const seq of seqs) spool.append({ session, seq, bytes: frame(seq, length) })
}

/** Everything that waits, by session, with its bytes proved. */
async function contents(spool: Spool, length = 100): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {}
  for (const session of spool.sessions()) {
    const seqs: number[] = []
    for (let next = spool.from(session, 0); next; next = spool.from(session, next.seq + 1)) {
      expect(await spool.read(session, next.seq)).toEqual(frame(next.seq, length))
      seqs.push(next.seq)
    }
    found[session] = seqs
  }
  return found
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function segments({ fs }: World): string[] {
  return [...fs.files.keys()].filter((path) => path.endsWith('.seg')).sort()
}

test('frames wait in order, and a session goes when its last one is acknowledged', async () => {
  const spool = await open(createWorld())
  fill(spool, A, [0, 1, 2])
  fill(spool, B, [0])
  spool.acknowledge(A, 1)
  expect(await contents(spool)).toEqual({ [A]: [2], [B]: [0] })
  spool.acknowledge(A, 2)
  expect(spool.sessions()).toEqual([B])
})

test('what is acknowledged before it is written is never written', async () => {
  const world = createWorld()
  const spool = await open(world)
  fill(spool, A, [0, 1, 2])
  spool.acknowledge(A, 2)
  await spool.flush()
  expect([...world.fs.files.keys()]).toEqual([])
})

test('a restart finds what was not acknowledged, and nothing else', async () => {
  const world = createWorld()
  const spool = await open(world)
  fill(spool, A, range(0, 9))
  await spool.flush()
  spool.acknowledge(A, 3)
  fill(spool, B, [0, 1])
  await spool.flush()
  const again = await open(world)
  expect(await contents(again)).toEqual({ [A]: range(4, 9), [B]: [0, 1] })
  again.acknowledge(A, 9)
  again.acknowledge(B, 1)
  await again.flush()
  expect(segments(world)).toEqual([])
  expect((await open(world)).sessions()).toEqual([])
})

test('whatever happened before a crash, what was flushed and not acknowledged is there', async () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant('append' as const), session: fc.constantFrom(A, B) }),
    fc.record({
      act: fc.constant('acknowledge' as const),
      session: fc.constantFrom(A, B),
      share: fc.nat({ max: 100 }),
    }),
    fc.record({ act: fc.constant('flush' as const) }),
    fc.record({ act: fc.constant('restart' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = createWorld()
      let spool = await open(world, { segmentBytes: 500 })
      const next: Record<string, number> = { [A]: 0, [B]: 0 }
      const waiting: Record<string, number[]> = { [A]: [], [B]: [] }
      for (const one of [...steps, { act: 'restart' as const }]) {
        if (one.act === 'append') {
          const seq = next[one.session]!
          next[one.session] = seq + 1
          fill(spool, one.session, [seq])
          waiting[one.session]!.push(seq)
        } else if (one.act === 'acknowledge') {
          const seqs = waiting[one.session]!
          const upTo = seqs[Math.floor((seqs.length - 1) * (one.share / 100))]
          if (upTo === undefined) continue
          spool.acknowledge(one.session, upTo)
          waiting[one.session] = seqs.filter((seq) => seq > upTo)
        } else if (one.act === 'flush') await spool.flush()
        else {
          await spool.flush()
          spool = await open(world, { segmentBytes: 500 })
        }
      }
      const expected = Object.fromEntries(Object.entries(waiting).filter(([, seqs]) => seqs.length > 0))
      expect(await contents(spool)).toEqual(expected)
      expect(spool.drops).toBe(0)
    }),
    { numRuns: 150 },
  )
})

describe('a crash in the middle of a write', () => {
  const RECORD = RECORD_HEAD_BYTES + 100
  const whole = SEGMENT_HEAD.length + 3 * RECORD
  test.each([
    ['at the end of a record', whole - RECORD, [0, 1]],
    ['one byte short', whole - 1, [0, 1]],
    ['within the head of a record', whole - RECORD + 5, [0, 1]],
    ['within the first record', SEGMENT_HEAD.length + 50, []],
    ['within the head of the file', 3, []],
    ['before anything', 0, []],
    ['not at all', whole, [0, 1, 2]],
  ])('cut %s', async (_, bytes, left) => {
    const world = createWorld()
    const spool = await open(world)
    fill(spool, A, [0, 1, 2])
    await spool.flush()
    const [path = ''] = segments(world)
    expect(world.fs.files.get(path)).toHaveLength(whole)
    world.fs.files.set(path, world.fs.files.get(path)!.subarray(0, bytes))
    const again = await open(world)
    expect(await contents(again)).toEqual(left.length > 0 ? { [A]: left } : {})
    // What follows is written and found again behind the cut.
    fill(again, B, [0])
    await again.flush()
    expect(await contents(await open(world))).toMatchObject({ [B]: [0] })
  })
})

describe('a flipped bit', () => {
  const RECORD = RECORD_HEAD_BYTES + 100
  test.each([
    ['in a frame', SEGMENT_HEAD.length + RECORD + RECORD_HEAD_BYTES + 7],
    ['in a session', SEGMENT_HEAD.length + RECORD + 14],
    ['in a number', SEGMENT_HEAD.length + RECORD + RECORD_HEAD_BYTES - 1],
    ['in a length', SEGMENT_HEAD.length + RECORD + 6],
    ['in a magic', SEGMENT_HEAD.length + RECORD],
    ['in a checksum', SEGMENT_HEAD.length + RECORD + 9],
  ])('%s loses that record alone, sets it aside and says so', async (_, at) => {
    const world = createWorld()
    const spool = await open(world)
    fill(spool, A, [0, 1, 2, 3])
    await spool.flush()
    const [path = ''] = segments(world)
    world.fs.files.get(path)![at]! ^= 0x10
    const again = await open(world)
    expect(await contents(again)).toEqual({ [A]: [0, 2, 3] })
    expect(world.log.lines.filter(({ message }) => message.includes('damaged'))).toHaveLength(1)
    const aside = [...world.fs.files].find(([name]) => name.includes('/damaged/'))
    expect(aside?.[1]).toHaveLength(RECORD)
  })
  test('in the head of a file sets the whole file aside', async () => {
    const world = createWorld()
    const spool = await open(world)
    fill(spool, A, [0])
    await spool.flush()
    const [path = ''] = segments(world)
    world.fs.files.get(path)![2]! ^= 1
    const again = await open(world)
    expect(again.sessions()).toEqual([])
    expect(world.fs.files.has(path)).toBe(false)
    expect([...world.fs.files.keys()].some((name) => name.includes('/damaged/'))).toBe(true)
  })
  test('anywhere never stops a start, nor invents a frame', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 10_000 }), fc.integer({ min: 1, max: 255 }), async (place, mask) => {
        const world = createWorld()
        const spool = await open(world)
        fill(spool, A, [0, 1, 2, 3])
        await spool.flush()
        const [path = ''] = segments(world)
        const file = world.fs.files.get(path)!
        file[place % file.length]! ^= mask
        const found = (await contents(await open(world)))[A] ?? []
        expect(found.length).toBeGreaterThanOrEqual(place % file.length < SEGMENT_HEAD.length ? 0 : 3)
        for (const seq of found) expect([0, 1, 2, 3]).toContain(seq)
      }),
      { numRuns: 200 },
    )
  })
  test('in what was acknowledged only sends some frames twice', async () => {
    const world = createWorld()
    const spool = await open(world)
    fill(spool, A, [0, 1])
    await spool.flush()
    spool.acknowledge(A, 0)
    await spool.flush()
    world.fs.files.set(`${DIR}/acked.json`, Buffer.from('{"'))
    expect(await contents(await open(world))).toEqual({ [A]: [0, 1] })
    expect(world.log.lines.some(({ message }) => message.includes('sent twice'))).toBe(true)
  })
})

describe('a disk that will not take it', () => {
  test.each(['ENOSPC', 'EROFS', 'EIO', 'EACCES'])(
    '%s: memory alone, said once, and back by itself',
    async (code) => {
      const world = createWorld()
      const spool = await open(world)
      world.fs.broken.code = code
      fill(spool, A, [0, 1])
      await spool.flush()
      fill(spool, A, [2])
      await spool.flush()
      expect(spool.mode).toBe('memory')
      expect(await contents(spool)).toEqual({ [A]: [0, 1, 2] })
      expect(world.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
      world.fs.broken.code = null
      await spool.flush()
      expect(spool.mode).toBe('disk')
      expect(await contents(await open(world))).toEqual({ [A]: [0, 1, 2] })
    },
  )
  test('full in the middle of a write: nothing is lost, nothing is doubled', async () => {
    const world = createWorld()
    const spool = await open(world)
    fill(spool, A, [0])
    await spool.flush()
    world.fs.room.bytes = 150
    fill(spool, A, [1, 2])
    await spool.flush()
    expect(spool.mode).toBe('memory')
    world.fs.room.bytes = Infinity
    fill(spool, A, [3])
    await spool.flush()
    expect(await contents(spool)).toEqual({ [A]: [0, 1, 2, 3] })
    expect(await contents(await open(world))).toEqual({ [A]: [0, 1, 2, 3] })
  })
  test('nearly full: the floor is left free', async () => {
    const world = createWorld()
    world.fs.room.bytes = 10_000
    const spool = await open(world, { freeFloorBytes: 10_001 })
    fill(spool, A, [0])
    await spool.flush()
    expect(spool.mode).toBe('memory')
    expect(segments(world)).toEqual([])
  })
  test('read-only from the start: the agent starts all the same', async () => {
    const world = createWorld()
    world.fs.broken.code = 'EROFS'
    const spool = await open(world)
    expect(spool.mode).toBe('memory')
    fill(spool, A, [0])
    expect(await contents(spool)).toEqual({ [A]: [0] })
  })
  test('memory alone has a limit too: the oldest go and are counted', async () => {
    const world = createWorld()
    world.fs.broken.code = 'EROFS'
    const spool = await open(world, { memoryBytes: 1_000 })
    fill(spool, A, range(0, 10))
    expect(await contents(spool)).toEqual({ [A]: range(1, 10) })
    expect(spool.drops).toBe(1)
  })
})

describe('limits', () => {
  test('at the limit the oldest whole segment goes, and its frames are counted', async () => {
    const world = createWorld()
    const record = RECORD_HEAD_BYTES + 100
    const segmentBytes = SEGMENT_HEAD.length + 5 * record
    const spool = await open(world, { segmentBytes, diskBytes: 3 * segmentBytes })
    for (const seq of range(0, 14)) {
      fill(spool, A, [seq])
      await spool.flush()
    }
    expect(spool.drops).toBe(0)
    expect(segments(world)).toHaveLength(3)
    fill(spool, A, [15])
    await spool.flush()
    expect(spool.drops).toBe(5)
    expect(await contents(spool)).toEqual({ [A]: range(5, 15) })
    await spool.flush()
    expect(segments(world)).toHaveLength(3)
    expect(world.log.lines.some(({ message }) => message.includes('oldest frames are lost'))).toBe(true)
    expect(await contents(await open(world, { segmentBytes, diskBytes: 3 * segmentBytes }))).toEqual({
      [A]: range(5, 15),
    })
  })
  test('frames older than the limit go', async () => {
    const world = createWorld()
    const spool = await open(world, { segmentBytes: 100, ageMs: 1_000 })
    fill(spool, A, [0])
    await spool.flush()
    world.nowMs += 1_000
    fill(spool, A, [1])
    await spool.flush()
    expect(spool.drops).toBe(0)
    world.nowMs += 1
    fill(spool, A, [2])
    await spool.flush()
    expect(await contents(spool)).toEqual({ [A]: [1, 2] })
    expect(spool.drops).toBe(1)
  })
})

test('reading and writing a segment agree, and a torn tail is where it is said to be', () => {
  const records = [
    { session: A, seq: 0, bytes: frame(0) },
    { session: B, seq: 4_294_967_295, bytes: frame(9, 0) },
  ]
  const file = Buffer.concat([SEGMENT_HEAD, ...records.map(encodeRecord), Buffer.from('CSTRtorn')])
  expect(readSegment(file)).toEqual({
    records: [
      { session: A, seq: 0, offset: SEGMENT_HEAD.length + RECORD_HEAD_BYTES, length: 100 },
      {
        session: B,
        seq: 4_294_967_295,
        offset: SEGMENT_HEAD.length + 2 * RECORD_HEAD_BYTES + 100,
        length: 0,
      },
    ],
    damaged: [],
    soundBytes: file.length - 8,
  })
})

test('the real file system keeps the contract that the one in memory stands for', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'constat-spool-'))
  const world = createWorld()
  const openThere = (): Promise<Spool> =>
    Spool.open({
      dir: join(dir, 'spool'),
      fs: DISK,
      nowMs: () => world.nowMs,
      log: world.log,
      limits: { ...SPOOL_LIMITS, freeFloorBytes: 0 },
    })
  try {
    const spool = await openThere()
    fill(spool, A, range(0, 99))
    await spool.flush()
    spool.acknowledge(A, 49)
    await spool.close()
    const again = await openThere()
    expect(await contents(again)).toEqual({ [A]: range(50, 99) })
    again.acknowledge(A, 99)
    await again.close()
    expect((await DISK.list(join(dir, 'spool'))).filter((name) => name.endsWith('.seg'))).toEqual([])
    expect(world.log.lines).toEqual([])
  } finally {
    await rm(dir, { recursive: true })
  }
})
