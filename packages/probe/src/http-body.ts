/**
 * Bodies: inspected within limits of time and memory, once the clock has stopped. What a server sends may
 * be made to take long (compression, JSON), so all but small plain bodies are read on a thread of its own:
 * the loop, and with it every other probe, goes on. One that passes a limit is unreadable, which is a
 * failure of whoever sent it.
 */
import { Worker } from 'node:worker_threads'
import { inspectBody, type BodyOrder, type Finding, type Questions } from './body-inspect.ts'
import type { HttpHeaders } from './http-head.ts'

/** Plain bodies up to this are read at once: some hundred µs at most. */
const MAX_DIRECT_BYTES = 16 * 1024
/** Processor time for one body; 16 MiB of compressed text take a tenth of it. */
export const BODY_BUDGET_MS = 2_000
/** A host too busy to give the thread its time is not held to be a slow body: it is waited for, and given up. */
const MAX_LOOKS = 4
const MAX_THREAD_MB = 256
/** A thread without work ends: most agents need it seldom or never. */
const IDLE_MS = 30_000

/** In the bundled agent the thread's program is a text in the bundle; in a checkout it is a file. */
declare const CONSTAT_BODY_THREAD: string | undefined

/** Nobody looked: the trouble is this host's. */
export type Unread = { kind: 'unread'; reason: string }

/** `cut`: the cap ended the reading before the body did. */
export function readBody(
  bytes: Buffer<ArrayBuffer>,
  { headers, cut }: { headers: HttpHeaders; cut: boolean },
  questions: Questions,
): Promise<Finding | Unread> {
  const coding = headers['content-encoding'] ?? ''
  const contentType = headers['content-type'] ?? ''
  const order = { bytes, coding, contentType, cut, questions }
  const isPlain = coding === '' || bytes.length === 0
  if (isPlain && bytes.length <= MAX_DIRECT_BYTES) return Promise.resolve(inspectBody(order))
  // The thread gets the memory itself, which must hold nothing else.
  const isAlone = bytes.length === bytes.buffer.byteLength
  return readers.inspect(isAlone ? order : { ...order, bytes: new Uint8Array(bytes) })
}

type Job = { order: BodyOrder; done: (finding: Finding | Unread) => void }

/** One thread, one body at a time: the others wait their turn, which is off their clocks. */
class Readers {
  readonly #waiting: Job[] = []
  #worker: Worker | null = null
  #job: Job | null = null
  /** Processor time of this process when the thread began with the job, and looks at it since. */
  #begun: { cpuUs: number; looks: number } | null = null
  /** The budget of the job, or the wait without one. */
  #timer: NodeJS.Timeout | null = null

  inspect(order: BodyOrder): Promise<Finding | Unread> {
    return new Promise((done) => {
      this.#waiting.push({ order, done })
      this.#next()
    })
  }

  #next(): void {
    if (this.#job) return
    if (this.#timer) clearTimeout(this.#timer)
    const job = this.#waiting.shift()
    if (!job) {
      this.#worker?.unref()
      this.#timer = setTimeout(() => this.#end(), IDLE_MS).unref()
      return
    }
    this.#job = job
    this.#begun = null
    const worker = (this.#worker ??= this.#open())
    // What waits for a finding keeps the process.
    worker.ref()
    worker.postMessage(job.order, [job.order.bytes.buffer])
  }

  #open(): Worker {
    const worker = startThread()
    worker.on('message', (said: Finding | 'begun') => {
      if (this.#worker !== worker) return
      if (said !== 'begun') return this.#settle(said)
      this.#begun = { cpuUs: cpuUs(), looks: 0 }
      this.#timer = setTimeout(() => this.#look(), BODY_BUDGET_MS)
    })
    // Without a listener an error would end the agent; the exit that follows says enough.
    worker.on('error', () => void worker.terminate())
    worker.on('exit', () => {
      if (this.#worker === worker) this.#end()
    })
    return worker
  }

  /** Ends the thread where it had its time, or cannot get it. */
  #look(): void {
    if (!this.#begun) return
    this.#begun.looks += 1
    const isSpent = cpuUs() - this.#begun.cpuUs >= BODY_BUDGET_MS * 1_000
    if (!isSpent && this.#begun.looks < MAX_LOOKS) {
      this.#timer = setTimeout(() => this.#look(), BODY_BUDGET_MS)
      return
    }
    if (!isSpent) this.#begun = null
    this.#end()
  }

  /** A body that the thread was at takes too much; one that it never had time for is not to blame. */
  #end(): void {
    const isToBlame = this.#begun !== null
    void this.#worker?.terminate()
    this.#worker = null
    if (!this.#job) return
    const reason = isToBlame
      ? `reading it takes more than ${BODY_BUDGET_MS} ms or ${MAX_THREAD_MB} MB`
      : 'this host has no time or no thread to read it'
    this.#settle({ kind: isToBlame ? 'unreadable' : 'unread', reason })
  }

  #settle(finding: Finding | Unread): void {
    const job = this.#job
    if (this.#timer) clearTimeout(this.#timer)
    this.#job = null
    job?.done(finding)
    this.#next()
  }
}

const readers = new Readers()

function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function startThread(): Worker {
  // Flags of the process, such as those of a profiler, are not for its threads.
  const options = { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_THREAD_MB } }
  return typeof CONSTAT_BODY_THREAD === 'string'
    ? new Worker(CONSTAT_BODY_THREAD, { ...options, eval: true })
    : new Worker(new URL('../bin/body-thread.mjs', import.meta.url), options)
}
