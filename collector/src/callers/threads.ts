/**
 * The threads that callers pay for: what somebody sends is read there, and never on the collector's main one. Work
 * that takes too long, or too much memory, ends with its thread; who asked is told so, and nobody else waits.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Fault, messageOf, systemCode, type FaultCode } from '@constat/shared/fault'
import type { Asker } from '../view/parts.ts'
import { Turns } from './turns.ts'
import { LIMITS, MAX_HEAP_MB, type Kind, type Work } from './work.ts'

/** A thread loads its program within this, also on a busy machine. */
const START_WITHIN_MS = 60_000
/** A thread that has had nothing to do for this long ends, and gives its memory back. */
const IDLE_MS = 30_000

/** What a thread says. */
export type Told =
  | { kind: 'ready' }
  | { kind: 'made'; made: Work[Kind]['made'] }
  | { kind: 'refused'; code: FaultCode; message: string; hint: string; problems: string[] }
  | { kind: 'failed'; reason: string }

export type Callers = {
  /** Faults: those of the work; `rate-limited` past a token's share; `too-large` past time or memory. */
  run<K extends Kind>(kind: K, given: Work[K]['given'], by: Asker): Promise<Work[K]['made']>
  close(): Promise<void>
}

type CallersOptions = {
  module?: URL
  withinMs?: (kind: Kind) => number
  heapMb?: number
  idleMs?: number
}

type Pending = {
  kind: Kind
  by: Asker
  given: Work[Kind]['given']
  resolve: (made: Work[Kind]['made']) => void
  reject: (error: Error) => void
}

/** `module`: what a thread runs; the limits are for tests, which have no patience. */
export function startCallers({
  module = threadModule(),
  withinMs = (kind) => LIMITS[kind].withinMs,
  heapMb = MAX_HEAP_MB,
  idleMs = IDLE_MS,
}: CallersOptions = {}): Callers {
  const turns = new Turns<Pending>()
  const pool = openPool(module, { heapMb, idleMs })
  let isClosed = false

  const advance = (): void => {
    for (let next = turns.take(); next && !isClosed; next = turns.take()) void work(next)
  }
  const work = async (pending: Pending): Promise<void> => {
    let worker: Worker | null = null
    try {
      worker = await pool.take()
      worker.postMessage({ kind: pending.kind, given: pending.given }, [])
      const answer = await told(worker, { withinMs: withinMs(pending.kind) })
      pool.rest(worker)
      worker = null
      pending.resolve(madeOf(answer))
    } catch (error) {
      void worker?.terminate()
      pending.reject(error instanceof Error ? error : new Error(messageOf(error)))
    } finally {
      turns.ended(pending)
      advance()
    }
  }
  return {
    run: (kind, given, by) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw new Fault('unavailable', 'the collector is stopping; send again in a moment')
        turns.add({ kind, by, given, resolve, reject })
        advance()
      }),
    close: async () => {
      isClosed = true
      await pool.close()
    },
  }
}

type Pool = {
  /** A thread that waits for work, one that rested where there is any. */
  take(): Promise<Worker>
  rest(worker: Worker): void
  close(): Promise<void>
}

function openPool(module: URL, { heapMb, idleMs }: { heapMb: number; idleMs: number }): Pool {
  const all = new Set<Worker>()
  const resting = new Map<Worker, NodeJS.Timeout>()
  const begin = (): Worker => {
    // Flags of the process, such as those of a profiler, are not for its threads.
    const limits = { maxOldGenerationSizeMb: heapMb }
    const worker = new Worker(module, { execArgv: [], resourceLimits: limits })
    // It never keeps the process: what waits for it does.
    worker.unref()
    all.add(worker)
    worker.once('exit', () => {
      all.delete(worker)
      resting.delete(worker)
    })
    return worker
  }
  return {
    take: async () => {
      for (const [worker, timer] of resting) {
        clearTimeout(timer)
        resting.delete(worker)
        return worker
      }
      const worker = begin()
      await told(worker, { withinMs: START_WITHIN_MS }).catch((error: unknown) => {
        void worker.terminate()
        throw error
      })
      return worker
    },
    rest: (worker) => {
      const end = (): void => {
        // At once, and not when it has ended: until then it would be given work.
        resting.delete(worker)
        void worker.terminate()
      }
      resting.set(worker, setTimeout(end, idleMs).unref())
    },
    close: async () => {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

/** The next thing that a thread says. Fault where it says nothing in time, or ends. */
function told(worker: Worker, { withinMs }: { withinMs: number }): Promise<Told> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => end(() => reject(tooMuch(`${withinMs / 1_000} s`))), withinMs)
    const onMessage = (answer: Told): void => end(() => resolve(answer))
    const onError = (error: unknown): void => end(() => reject(faultOf(error)))
    const onExit = (): void =>
      end(() => reject(new Fault('unavailable', 'the work ended before it was done; ask again')))
    const end = (settle: () => void): void => {
      clearTimeout(late)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      settle()
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
  })
}

function faultOf(error: unknown): Error {
  if (systemCode(error) === 'ERR_WORKER_OUT_OF_MEMORY') return tooMuch('the memory of a thread')
  return error instanceof Error ? error : new Error(messageOf(error))
}

function tooMuch(what: string): Fault {
  return new Fault('too-large', `What was sent takes more than ${what} to work on.`, {
    hint: 'Send less at once.',
  })
}

function madeOf(answer: Told): Work[Kind]['made'] {
  if (answer.kind === 'made') return answer.made
  if (answer.kind === 'refused') {
    const { code, message, hint, problems } = answer
    throw new Fault(code, message, { hint, problems })
  }
  throw new Error(answer.kind === 'failed' ? answer.reason : 'a thread began twice')
}

/** Beside the bundle it is built; in a checkout it is run from its source. */
function threadModule(): URL {
  const built = new URL('./caller-thread.mjs', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : new URL('../../bin/caller-thread.mjs', import.meta.url)
}
