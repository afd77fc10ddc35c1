/**
 * Health: whether the database answers, the disk has room, the ledger takes leaves, the fold keeps up and the
 * clock is whose it was. Looked at every few seconds and whenever somebody asks. Not pure.
 */
import { statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, type Fault } from '@constat/shared/fault'
import { awayFault } from './db/away.ts'
import type { Database } from './db/tx.ts'
import type { HeldClock } from './held-clock.ts'
import type { Pipeline } from './pipeline.ts'
import type { Trouble } from './view/health.ts'

/** What is kept free for PostgreSQL, which stops in the middle of a write where there is nothing left. */
export const DISK_FLOOR_BYTES = 256 * 2 ** 20
/** Frames are taken again only above this, so that they do not start and stop with every file. */
const DISK_ENOUGH_BYTES = 320 * 2 ** 20
const LOOK_EVERY_MS = 5_000
/** A database that takes longer to answer nothing is away. */
const DATABASE_WITHIN_MS = 3_000
const MAX_UNFOLDED_LEAVES = 100_000

export type HealthDeps = {
  db: Database
  clock: HeldClock
  /** Where the embedded database writes; null where the operator's does. */
  dataDir: string | null
}

export class Health {
  readonly #deps: HealthDeps
  #pipeline: Troubled | null = null
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<readonly Trouble[]> | null = null
  #asked: Promise<string | null> | null = null
  #database: string | null = null
  #freeBytes = Infinity
  #isFull = false
  readonly #waiting = new Set<(fault: Fault) => void>()

  constructor(deps: HealthDeps) {
    this.#deps = deps
  }

  /** The first look has been taken when this resolves. */
  async start(pipeline: Troubled): Promise<void> {
    this.#pipeline = pipeline
    await this.look()
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  /** No frame is taken while this holds. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** What is wrong now. Whoever asks during a look has its answer. */
  look(): Promise<readonly Trouble[]> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null))
    return this.#looking
  }

  /** As of the last look; it costs nothing. */
  known(): readonly Trouble[] {
    const troubles: Trouble[] = []
    const { clock } = this.#deps
    if (this.#database !== null) troubles.push({ kind: 'database', reason: this.#database })
    if (this.#isFull)
      troubles.push({ kind: 'disk', freeBytes: this.#freeBytes, floorBytes: DISK_FLOOR_BYTES })
    if (this.#pipeline) troubles.push(...troublesOf(this.#pipeline))
    const { step } = clock
    if (step !== null) troubles.push({ kind: 'clock', ...step })
    return troubles
  }

  /** The answer of `work`, or a fault as soon as it is known that the database, which it may wait for, is away. */
  async within<T>(work: Promise<T>): Promise<T> {
    let give: (fault: Fault) => void = () => undefined
    const away = new Promise<never>((_, reject) => {
      give = reject
    })
    this.#waiting.add(give)
    try {
      return await Promise.race([work, away])
    } finally {
      this.#waiting.delete(give)
    }
  }

  async #look(): Promise<readonly Trouble[]> {
    const { dataDir } = this.#deps
    this.#freeBytes = dataDir === null ? Infinity : await freeBytesOf(dataDir)
    this.#isFull = this.#freeBytes < (this.#isFull ? DISK_ENOUGH_BYTES : DISK_FLOOR_BYTES)
    this.#database = await this.#askDatabase()
    if (this.#database !== null) {
      const fault = awayFault(this.#database)
      for (const give of this.#waiting) give(fault)
    }
    return this.known()
  }

  /** Null: it answers. Never more than one question at a time: those before wait in a database that is stopped. */
  async #askDatabase(): Promise<string | null> {
    const asked = (this.#asked ??= this.#deps.db`select 1`
      .then(
        () => null,
        (error: unknown) => messageOf(error),
      )
      .finally(() => (this.#asked = null)))
    const limit = new AbortController()
    const late = sleep(DATABASE_WITHIN_MS, `no answer within ${DATABASE_WITHIN_MS / 1_000} s`, {
      signal: limit.signal,
    }).catch(() => null)
    return Promise.race([asked, late]).finally(() => limit.abort())
  }
}

/** Blocks that ordinary users may write; a folder that cannot be asked has an unknown number of them. */
async function freeBytesOf(dataDir: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(dataDir)
    return bavail * bsize
  } catch {
    return Infinity
  }
}

type Troubled = Pick<Pipeline, 'sequencer' | 'fold' | 'setAside' | 'restored'>

function troublesOf({ sequencer, fold, setAside, restored }: Troubled): Trouble[] {
  const troubles: Trouble[] = sequencer
    .heads()
    .filter(({ id, size }) => size - fold.next(id) > MAX_UNFOLDED_LEAVES)
    .map(({ contract }) => ({ kind: 'fold-behind', contract }))
  if (sequencer.trouble !== null) troubles.push({ kind: 'ledger', reason: sequencer.trouble })
  const contracts = setAside.all().length
  if (contracts > 0) troubles.push({ kind: 'set-aside', contracts })
  for (const { contract, said } of sequencer.lies())
    troubles.push({ kind: 'lie', contract, index: said.index })
  for (const contract of restored.behind()) troubles.push({ kind: 'restored', contract })
  return troubles
}
