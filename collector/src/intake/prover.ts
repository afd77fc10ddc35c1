/**
 * Prover: frames are proved on threads of their own, so that the collector's main one only admits what is
 * sound. A thread that dies takes its parcel with it: whoever waits is told, agents send again, and the
 * next parcel begins another thread.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Fault, messageOf } from '@constat/shared/fault'
import type { Log } from '../shell.ts'
import { packParcel, type Answer, type Parcel } from './parcel.ts'
import type { Proof, Prove, Submission } from '@constat/evidence/frame-proof'

export type Prover = { prove: Prove; close: () => Promise<void> }

/** One thread proves some 8,000 frames a second: more cores than this have better things to do. */
export const PROVER_THREADS = Math.min(4, availableParallelism())
/** Fewer frames than this are not worth another thread's wake-up. */
const MIN_PARCEL_FRAMES = 8

type Waiting = { resolve: (unsound: Answer['unsound']) => void; reject: (error: unknown) => void }
type Thread = { worker: Worker; waiting: Map<number, Waiting> }

export type ProverOptions = {
  threads: number
  log: Log
  /** What a thread runs. */
  module?: URL
}

export function startProver({ threads, log, module = threadModule() }: ProverOptions): Prover {
  const places: (Thread | null)[] = Array.from({ length: threads }, () => null)
  let parcels = 0
  let turn = 0
  let isClosed = false

  function threadAt(place: number): Thread {
    const running = places[place]
    if (running) return running
    const thread = openThread(module, (reason) => {
      if (places[place] === thread) places[place] = null
      if (!isClosed) log.error('a thread that proves frames ended; another takes its place', { reason })
    })
    places[place] = thread
    return thread
  }

  async function proveParcel(frames: readonly Submission[]): Promise<Proof[]> {
    turn = (turn + 1) % threads
    const { worker, waiting } = threadAt(turn)
    const parcel: Parcel = { id: (parcels += 1), bytes: packParcel(frames) }
    const unsound = await new Promise<Answer['unsound']>((resolve, reject) => {
      waiting.set(parcel.id, { resolve, reject })
      worker.postMessage(parcel, [parcel.bytes])
    })
    const proofs: Proof[] = frames.map(() => 'sound')
    for (const [index, proof] of unsound) proofs[index] = proof
    return proofs
  }

  return {
    prove: async (frames) => {
      if (isClosed) throw new Fault('unavailable', 'the collector is stopping; send again in a moment')
      const each = Math.max(MIN_PARCEL_FRAMES, Math.ceil(frames.length / threads))
      const parts: Promise<Proof[]>[] = []
      for (let from = 0; from < frames.length; from += each) {
        parts.push(proveParcel(frames.slice(from, from + each)))
      }
      return (await Promise.all(parts)).flat()
    },
    close: async () => {
      isClosed = true
      for (const thread of places) await thread?.worker.terminate()
    },
  }
}

function openThread(module: URL, ended: (reason: string) => void): Thread {
  // Flags of the process, such as those of a profiler, are not for its threads.
  const worker = new Worker(module, { execArgv: [] })
  const waiting: Thread['waiting'] = new Map()
  let reason = 'it stopped'
  worker.on('message', ({ id, unsound }: Answer) => {
    waiting.get(id)?.resolve(unsound)
    waiting.delete(id)
  })
  worker.on('error', (error: unknown) => (reason = messageOf(error)))
  worker.on('exit', () => {
    ended(reason)
    for (const { reject } of waiting.values()) {
      reject(new Fault('unavailable', 'a frame could not be looked at; send again in a moment'))
    }
  })
  // It never keeps the process: what waits for it does.
  worker.unref()
  return { worker, waiting }
}

/** Beside the bundle it is built; in a checkout it is run from its source. */
function threadModule(): URL {
  const built = new URL('./prover-thread.mjs', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : new URL('../../bin/prover-thread.mjs', import.meta.url)
}
