/**
 * What callers ask of the collector is worked on by threads: whose turn it is, and what ends with its thread.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { startCallers, type Callers } from '../../../collector/src/callers/threads.ts'
import {
  MAX_WAITING,
  MAX_WAITING_OF_TOKEN,
  OWNERS_THREADS,
  THREADS,
  Turns,
  type Turn,
} from '../../../collector/src/callers/turns.ts'
import type { Kind } from '../../../collector/src/callers/work.ts'
import type { Asker } from '../../../collector/src/view/parts.ts'
import { SMALL } from '../../support/contract-text.ts'

const provider = (key: string): Asker => ({ key, role: 'provider' })
const owner: Asker = { key: 'owner', role: 'owner' }
const turn = (by: Asker, kind: Kind = 'contract'): Turn => ({ by, kind })

describe('turns', () => {
  it('are one at a time for a token, and those of owners first', () => {
    const turns = new Turns()
    const first = turn(provider('a'))
    for (const one of [first, turn(provider('a')), turn(provider('b')), turn(owner)]) turns.add(one)
    const taken = [turns.take(), turns.take(), turns.take(), turns.take()]
    expect(taken.map((one) => one?.by.key)).toEqual(['owner', 'a', 'b', undefined])
    turns.ended(first)
    expect(turns.take()?.by.key).toBe('a')
  })

  it('leave a thread that only owners take', () => {
    const turns = new Turns()
    for (const key of ['a', 'b', 'c']) turns.add(turn(provider(key)))
    const taken = [turns.take(), turns.take(), turns.take()]
    expect(taken.filter((one) => one !== null)).toHaveLength(THREADS - OWNERS_THREADS)
    turns.add(turn(owner))
    expect(turns.take()?.by).toBe(owner)
  })

  it('of previews leave a thread to what is quick', () => {
    const turns = new Turns()
    for (const key of ['a', 'b']) turns.add(turn(provider(key), 'preview'))
    turns.add(turn(provider('c'), 'statement'))
    expect([turns.take()?.kind, turns.take()?.kind, turns.take()]).toEqual(['preview', 'statement', null])
  })

  it('are refused past the share of a token, and of all others than owners', () => {
    const turns = new Turns()
    for (let n = 0; n < MAX_WAITING_OF_TOKEN; n += 1) turns.add(turn(provider('a')))
    expect(() => turns.add(turn(provider('a')))).toThrow(
      expect.objectContaining({ code: 'rate-limited', retryAfterS: expect.any(Number) }),
    )
    for (let n = MAX_WAITING_OF_TOKEN; n < MAX_WAITING; n += 1) turns.add(turn(provider(`other ${n}`)))
    expect(() => turns.add(turn(provider('b')))).toThrow(expect.objectContaining({ code: 'unavailable' }))
    turns.add(turn(owner))
    expect(turns.take()?.by).toBe(owner)
  })
})

const threadOf = (script: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(
      `import { parentPort } from "node:worker_threads"
       parentPort.on("message", ({ given }) => { ${script} })
       parentPort.postMessage({ kind: "ready" })`,
    )}`,
  )
/** Each is what it was told to be by the text of its document. */
const OBEDIENT = threadOf(`
  const text = given[0].text
  if (text === "hang") for (;;);
  if (text === "die") process.exit(1)
  if (text === "grow") { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)) }
  parentPort.postMessage({ kind: "made", made: text })
`)

describe('the threads of callers', () => {
  let callers: Callers
  afterEach(() => callers.close())

  const ask = (text: string, by: Asker = owner) => callers.run('contract', [{ name: 'x', text }], by)

  it('give up what takes too long, too much memory, or ends, and work on for everybody else', async () => {
    callers = startCallers({ module: OBEDIENT, withinMs: () => 60_000, heapMb: 32 })
    const others = ask('well', provider('b'))
    await expect(ask('grow')).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('memory'),
    })
    expect(await others).toBe('well')
    await expect(ask('die')).rejects.toMatchObject({ code: 'unavailable' })
    expect(await ask('well')).toBe('well')
    await callers.close()
    callers = startCallers({ module: OBEDIENT, withinMs: () => 200 })
    await expect(ask('hang')).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('0.2 s'),
    })
    expect(await ask('well')).toBe('well')
  }, 120_000)

  it('end when they have had nothing to do, and are not given work any more', async () => {
    callers = startCallers({ module: OBEDIENT, idleMs: 0 })
    for (let n = 0; n < 10; n += 1) {
      expect(await ask('well')).toBe('well')
      // Their time is over in this turn; they end in a later one.
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }, 120_000)

  it('read contracts, and say what is wrong with one', async () => {
    callers = startCallers()
    expect(await ask(SMALL)).toMatchObject({ kind: 'ok', contracts: [{ name: 'intranet' }] })
    expect(await ask('[,,,,')).toMatchObject({ kind: 'refused' })
    await expect(
      callers.run('statement', { bytes: Buffer.from('%PDF-1.7'), terms: {} as never }, owner),
    ).rejects.toMatchObject({ code: 'bad-request', hint: expect.stringContaining('CSV') })
  }, 120_000)
})
