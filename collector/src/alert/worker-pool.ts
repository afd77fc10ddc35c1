/**
 * Worker pool: the workers that take jobs, and their replacement. A worker that cannot report a finished job,
 * because the database went away, ends for good and holds the job; workers that could not look up their
 * task once never ask again. After every such failure the pool is replaced, as soon as the database
 * answers: held jobs are freed, new workers start, the old ones finish what they have in flight. Not pure.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@constat/shared/fault'
import type { Runner } from 'graphile-worker'
import type { Log } from '../shell.ts'

const REPLACE_PAUSE_MS = 500
const REPLACE_PAUSE_MAX_MS = 5_000

export type WorkerPoolParts = {
  /** Starts workers; throws while the database is away. */
  startWorkers(): Promise<Runner>
  /** Frees the jobs that these workers held when they died. */
  free(workers: readonly string[]): Promise<void>
  log: Log
}

export class WorkerPool {
  readonly #parts: WorkerPoolParts
  readonly #dead = new Set<string>()
  readonly #retiring = new Set<Promise<void>>()
  #runner: Runner | null = null
  #replacing: Promise<void> | null = null
  #isBroken = false
  #isStopping = false

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const runner = await this.#parts.startWorkers()
    this.#runner = runner
    runner.promise.catch((error: unknown) => {
      this.#parts.log.error('delivery workers ended', { error: messageOf(error) })
    })
    runner.events.on('worker:fatalError', ({ worker }) => {
      this.#dead.add(worker.workerId)
      this.#mend()
    })
    runner.events.on('worker:getJob:error', () => {
      // One that is already being replaced may fail as it likes.
      if (runner === this.#runner) this.#mend()
    })
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#replacing
    if (this.#runner !== null) this.#retire(this.#runner)
    await Promise.all(this.#retiring)
  }

  #mend(): void {
    this.#isBroken = true
    if (!this.#isStopping) this.#replacing ??= this.#replace()
  }

  async #replace(): Promise<void> {
    for (let tries = 1; this.#isBroken && !this.#isStopping; tries += 1) {
      await sleep(Math.min(REPLACE_PAUSE_MS * tries, REPLACE_PAUSE_MAX_MS))
      if (this.#isStopping) break
      try {
        await this.#swap()
      } catch (error) {
        this.#isBroken = true
        if (tries === 1) this.#parts.log.warn('delivery waits for the database', { error: messageOf(error) })
      }
    }
    this.#replacing = null
  }

  async #swap(): Promise<void> {
    this.#isBroken = false
    const died = [...this.#dead]
    await this.#parts.free(died)
    const old = this.#runner
    await this.start()
    for (const worker of died) this.#dead.delete(worker)
    if (old !== null) this.#retire(old)
    this.#parts.log.warn('delivery workers replaced', { died: died.length })
  }

  #retire(runner: Runner): void {
    const retired = end(runner, this.#parts.log).finally(() => this.#retiring.delete(retired))
    this.#retiring.add(retired)
  }
}

async function end(runner: Runner, log: Log): Promise<void> {
  try {
    await runner.stop()
  } catch (error) {
    log.warn('delivery workers did not stop cleanly', { error: messageOf(error) })
  }
}
