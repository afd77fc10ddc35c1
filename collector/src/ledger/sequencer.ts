/**
 * Sequencer: gives leaves their place. Everything waiting is committed as one group, in one
 * transaction with the agents' cursors, and only then told. A request that carries its own statements, or
 * facts for people, is a group by itself, so that a fault of the judge cannot stop the intake. After any
 * failed commit the heads are read back: what the database says has happened is what has happened.
 */
import { EMPTY_EDGE, growTiles, type Tile } from '@constat/evidence/tile'
import { frontierRoot, leafHash, EMPTY_ROOT } from '@constat/evidence/tree'
import { Fault, invariant, messageOf } from '@constat/shared/fault'
import { signReceipt, type Receipt } from '@constat/shared/receipt'
import type { Fact } from '../alert/types.ts'
import { writeEvents } from '../db/events.ts'
import {
  insertEntries,
  insertLog,
  insertTiles,
  keepBlob,
  logRows,
  moveCursors,
  moveHeads,
  type CursorRow,
  type EntryRow,
  type LogRow,
} from '../db/ledger-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Shell } from '../shell.ts'
import { openHead, originOf, type Head } from './head.ts'
import { leafBytes, leafCode } from '@constat/evidence/leaf'
import type { Draft } from './draft.ts'
import { Lie } from './lie.ts'

/** Leaves in one group commit at most. */
export const MAX_GROUP_LEAVES = 1_000
/** Leaves that may wait; one more is refused, and its agent sends again. */
export const MAX_WAITING_LEAVES = 20_000
const REOPEN_PAUSE_MS = 200

export type Append = {
  log: number
  drafts: readonly Draft[]
  /** Further statements of the same transaction. */
  within?: (tx: Tx) => Promise<void>
  /** Events that are written with the leaves: all of it is stored, or nothing. */
  facts?: readonly Fact[]
}
export type Appended = { firstIndex: number; receipt: Receipt }
/** Leaves that are durable now, in order. */
export type Committed = {
  log: number
  firstIndex: number
  drafts: readonly Draft[]
  facts: readonly Fact[]
}
/** Who hears of leaves, in order, before whoever appended them is answered. */
export type CommitListener = {
  committed(committed: Committed): void
  /** How far each log is after an answer was lost: what was stored all the same is read from there. */
  found(heads: readonly Head[]): Promise<void>
}

type Waiting = Append & { resolve: (appended: Appended) => void; reject: (error: unknown) => void }
type Plan = {
  head: Head
  drafts: Draft[]
  facts: readonly Fact[]
  edge: Head['edge']
  root: Buffer
  tiles: Tile[]
  size: number
}

export class Sequencer {
  readonly #db: Database
  readonly #shell: Shell
  readonly #listener: CommitListener
  readonly #heads = new Map<number, Head>()
  readonly #lies = new Map<number, Lie>()
  #waiting: Waiting[] = []
  #waitingLeaves = 0
  #running: Promise<void> | null = null
  #trouble: string | null = null
  #reopening: Promise<void> | null = null
  #isClosing = false

  constructor(db: Database, shell: Shell, listener: CommitListener = NOBODY) {
    this.#db = db
    this.#shell = shell
    this.#listener = listener
  }

  /** Reads and proves every head. A log that lies is there, and is not extended. */
  async open(): Promise<void> {
    const rows = await logRows(this.#db)
    const heads = await Promise.all(rows.map((row) => this.#openHead(row)))
    for (const head of heads) {
      // The object stays the same: other stages hold on to it.
      const known = this.#heads.get(head.id)
      if (known) Object.assign(known, head)
      else this.#heads.set(head.id, head)
    }
  }

  async #openHead(row: LogRow): Promise<Head> {
    try {
      return await openHead(this.#db, row, this.#shell.identity)
    } catch (error) {
      if (!(error instanceof Lie)) throw error
      this.stop(error)
      return { ...row, edge: EMPTY_EDGE, signedSize: row.size }
    }
  }

  /** Nothing is appended to the log any more, nor signed of it, until this process has ended. */
  stop(lie: Lie): void {
    if (!this.#lies.has(lie.log)) this.#lies.set(lie.log, lie)
  }

  /** What was found of the logs that are not extended. */
  lies(): Lie[] {
    return [...this.#lies.values()]
  }

  lieIn(log: number): Lie | null {
    return this.#lies.get(log) ?? null
  }

  heads(): Head[] {
    return [...this.#heads.values()]
  }

  headOf(contract: string): Head | null {
    return this.heads().find((head) => head.contract === contract) ?? null
  }

  headByOrigin(origin: string): Head | null {
    return this.heads().find((head) => head.origin === origin) ?? null
  }

  /** A new log, empty. */
  async create(contract: string): Promise<Head> {
    const { clock, identity } = this.#shell
    const id = Math.max(0, ...this.#heads.keys()) + 1
    const origin = originOf(identity, contract)
    const root = Buffer.from(EMPTY_ROOT)
    const row = { id, contract, origin, size: 0, frontier: Buffer.alloc(0), root, createdMs: clock.nowMs() }
    try {
      await this.#db.begin((tx) => insertLog(tx, row))
    } catch (error) {
      // It may be there all the same.
      await this.open()
      const known = this.headOf(contract)
      if (known) return known
      throw error
    }
    const head = { id, contract, origin, size: 0, root, edge: EMPTY_EDGE, signedSize: 0 }
    this.#heads.set(id, head)
    return head
  }

  /** Resolves after the commit. Rejects when nothing of it is known to be stored: ask again. */
  append(request: Append): Promise<Appended> {
    const lie = this.lieIn(request.log)
    if (lie) return Promise.reject(lie)
    if (this.#waitingLeaves + request.drafts.length > MAX_WAITING_LEAVES) {
      return Promise.reject(new Fault('unavailable', 'the ledger is behind; send again in a moment'))
    }
    this.#waitingLeaves += request.drafts.length
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...request, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Why nothing can be committed just now; null when it can. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** Resolves when it is known what has been stored. */
  async settled(): Promise<void> {
    await this.#reopening
  }

  /** Gives up on a database that is away: whoever waits is told, and sends again later. */
  close(): Promise<void> {
    this.#isClosing = true
    return this.drain()
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the loop belongs to the same group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) await this.#commit(this.#nextGroup())
    this.#running = null
  }

  #nextGroup(): Waiting[] {
    let count = 0
    let leaves = 0
    for (const request of this.#waiting) {
      const isFull = leaves + request.drafts.length > MAX_GROUP_LEAVES
      if (count > 0 && (isFull || isAlone(request))) break
      count += 1
      leaves += request.drafts.length
      if (isAlone(request)) break
    }
    this.#waitingLeaves -= leaves
    return this.#waiting.splice(0, count)
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const plans = this.#plan(group)
      const firsts = this.#firstIndexes(group)
      await this.#db.begin(async (tx) => {
        await writePlans(tx, plans)
        for (const { within, facts = [] } of group) {
          await within?.(tx)
          await writeEvents(tx, facts)
        }
      })
      const receipts = this.#settle(plans)
      for (const [i, request] of group.entries()) {
        request.resolve({ firstIndex: firsts[i]!, receipt: receipts.get(request.log)! })
      }
    } catch (error) {
      // Whatever waits behind was admitted on top of what has just failed: it fails with it.
      for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error)
      this.#waitingLeaves = 0
      this.#reopening = this.#reopen(error)
      await this.#reopening
      this.#reopening = null
    }
  }

  #plan(group: readonly Waiting[]): Plan[] {
    const byLog = new Map<number, Draft[]>()
    for (const { log, drafts } of group) {
      const own = byLog.get(log)
      if (own) own.push(...drafts)
      else byLog.set(log, [...drafts])
    }
    return [...byLog].map(([log, drafts]) => {
      const head = this.#heads.get(log)
      invariant(head, `log ${log} is not open`)
      const { edge, completed } = growTiles(
        head.edge,
        drafts.map((draft) => leafHash(leafBytes(draft))),
      )
      const root = drafts.length > 0 ? frontierRoot(edge.frontier) : head.root
      const facts = group.flatMap((request) => (request.log === log ? (request.facts ?? []) : []))
      return { head, drafts, facts, edge, root, tiles: completed, size: edge.frontier.size }
    })
  }

  #firstIndexes(group: readonly Waiting[]): number[] {
    const next = new Map<number, number>()
    return group.map(({ log, drafts }) => {
      const first = next.get(log) ?? this.#heads.get(log)!.size
      next.set(log, first + drafts.length)
      return first
    })
  }

  /** The commit has happened: heads move, receipts are signed, the next stage hears of it. */
  #settle(plans: readonly Plan[]): Map<number, Receipt> {
    const { clock, identity } = this.#shell
    const receipts = new Map<number, Receipt>()
    for (const { head, drafts, facts, edge, root, size } of plans) {
      const firstIndex = head.size
      Object.assign(head, { size, root, edge })
      const fields = { origin: head.origin, size, root, atMs: clock.nowMs() }
      receipts.set(head.id, signReceipt(fields, identity.key))
      if (drafts.length > 0) this.#listener.committed({ log: head.id, firstIndex, drafts, facts })
    }
    return receipts
  }

  async #reopen(error: unknown): Promise<void> {
    this.#shell.log.error('a group could not be committed; reading the heads back', {
      reason: messageOf(error),
    })
    this.#trouble = messageOf(error)
    while (!this.#isClosing) {
      try {
        await this.#readBack()
        this.#trouble = null
        return
      } catch (failure) {
        // A tree that is not the one that was signed will not heal: everybody who waits is told so.
        if (failure instanceof Fault && failure.code === 'evidence') return this.#giveUp(failure)
        this.#say(failure)
        await new Promise((resolve) => setTimeout(resolve, REOPEN_PAUSE_MS))
      }
    }
  }

  /** What the database says has happened is told before anything else is written. */
  async #readBack(): Promise<void> {
    await this.open()
    await this.#listener.found(this.heads())
  }

  /** The same trouble is told once, not five times a second. */
  #say(failure: unknown): void {
    const reason = messageOf(failure)
    if (reason !== this.#trouble) this.#shell.log.error('the heads of the logs cannot be read', { reason })
    this.#trouble = reason
  }

  #giveUp(failure: Fault): void {
    this.#trouble = failure.message
    this.#shell.log.error(failure.message, { hint: failure.hint })
    for (const { reject } of this.#waiting.splice(0)) reject(failure)
    this.#waitingLeaves = 0
  }
}

/** For whoever only reads heads. */
const NOBODY: CommitListener = { committed: () => undefined, found: () => Promise.resolve() }

function isAlone({ within, facts = [] }: Append): boolean {
  return within !== undefined || facts.length > 0
}

async function writePlans(tx: Tx, plans: readonly Plan[]): Promise<void> {
  const rows = plans.flatMap(entryRows)
  const tiles = plans.flatMap(({ head, tiles: own }) =>
    own.map(({ level, index, bytes }) => ({ log: head.id, level, n: index, hashes: bytes })),
  )
  const moves = plans
    .filter(({ drafts }) => drafts.length > 0)
    .map(({ head, edge, root, size }) => ({
      id: head.id,
      fromSize: head.size,
      size,
      frontier: Buffer.concat(edge.frontier.hashes),
      root,
    }))
  const blobs = plans.flatMap(({ drafts }) => drafts.flatMap(({ beside = [] }) => beside))
  // Sent together: the statements of one transaction are pipelined.
  const [areMoved] = await Promise.all([
    moveHeads(tx, moves),
    insertEntries(tx, rows),
    moveCursors(tx, newestCursors(plans)),
    insertTiles(tx, tiles),
    ...blobs.map((blob) => keepBlob(tx, blob)),
  ])
  if (!areMoved) throw new Fault('conflict', 'another collector has moved the head of a log')
}

function entryRows({ head, drafts }: Plan): EntryRow[] {
  return drafts.map(({ type, body, receivedMs, frame, agent }, i) => ({
    log: head.id,
    index: head.size + i,
    type: leafCode(type),
    receivedMs,
    body,
    agent: frame?.agent ?? agent ?? null,
    session: frame?.session ?? null,
    seq: frame?.seq ?? null,
    fromMs: frame?.fromMs ?? null,
    toMs: frame?.toMs ?? null,
  }))
}

/** One cursor for each session of the group: its last frame. */
function newestCursors(plans: readonly Plan[]): CursorRow[] {
  const newest = new Map<string, CursorRow>()
  for (const { head, drafts } of plans) {
    for (const { frame, type } of drafts) {
      if (!frame || type !== 'frame') continue
      const { agent, session, seq, digest } = frame
      newest.set(`${agent.toString('hex')}${session.toString('hex')}`, {
        agent,
        session,
        log: head.id,
        seq,
        digest,
      })
    }
  }
  return [...newest.values()]
}
