/**
 * Contracts: the state of each, as its leaves tell it. Fed by what was committed and by nothing else, in the
 * order of the log, before whoever appended it is answered. What has to be checked and then written is done one
 * at a time for a contract: see `inTurn`. Derived; the ledger is the ground.
 */
import { Fault, invariant, messageOf } from '@constat/shared/fault'
import { configurationNamed, emptyState, nameIn, take } from '@constat/sla/state/contract-state'
import type { Configuration, ContractState, Membership } from '@constat/sla/state/contract-state'
import type { StateLeaf } from '@constat/sla/state/leaf'
import { rareEntriesFrom, type EntryRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { leafType } from '@constat/evidence/leaf'
import { lieAmong } from '../ledger/proved.ts'
import { Lie } from '../ledger/lie.ts'
import type { Committed, Sequencer } from '../ledger/sequencer.ts'

/** Commands of one contract that may wait for their turn. */
export const MAX_WAITING_COMMANDS = 1_000

type Place = { id: number; contract: string }

export class Contracts {
  readonly #db: Database
  /** Resolves when it is known what has been stored. */
  readonly #settled: () => Promise<void>
  readonly #byLog = new Map<number, ContractState>()
  readonly #logs = new Map<string, number>()
  /** First leaf of a log that was not taken. */
  readonly #next = new Map<number, number>()
  readonly #turns = new Map<string, { last: Promise<unknown>; waiting: number }>()

  constructor(db: Database, settled: () => Promise<void> = () => Promise.resolve()) {
    this.#db = db
    this.#settled = settled
  }

  /**
   * Takes every leaf below the sizes of these logs that was not taken yet. Safe to run twice. A log that lies is
   * taken as far as it holds and stopped, where there is who stops it; else its `Lie` is thrown.
   */
  async catchUp(
    heads: readonly (Place & { size: number })[],
    stopping: Pick<Sequencer, 'stop'> | null = null,
  ): Promise<void> {
    for (const head of heads) {
      try {
        await this.#catchUpOne(head)
      } catch (error) {
        if (!stopping || !(error instanceof Lie)) throw error
        stopping.stop(error)
      }
    }
  }

  async #catchUpOne(head: Place & { size: number }): Promise<void> {
    this.add(head)
    const from = this.#next.get(head.id) ?? 0
    const rows = await rareEntriesFrom(this.#db, { log: head.id, from })
    const lie = await lieAmong(this.#db, head, rows)
    const end = Math.min(head.size, lie?.said.index ?? Infinity)
    for (const row of rows) if (row.index < end) this.#take(head.id, await this.#read(head, row))
    this.#next.set(head.id, Math.max(end, from))
    if (lie) throw lie
  }

  /** A leaf that has lost what stands beside it lies as well. */
  async #read(head: Place, row: EntryRow): Promise<StateLeaf> {
    try {
      return await leafOf(this.#db, row)
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'evidence') throw error
      this.#next.set(head.id, row.index)
      throw new Lie(head, { index: row.index, part: 'body', what: error.message })
    }
  }

  add({ id, contract }: Place): void {
    if (this.#byLog.has(id)) return
    this.#byLog.set(id, emptyState({ id, contract }))
    this.#logs.set(contract, id)
    this.#next.set(id, 0)
  }

  /** What was committed just now. */
  committed({ log, firstIndex, drafts }: Committed): void {
    const next = this.#next.get(log)
    invariant(next === firstIndex, `log ${log} is read up to leaf ${next}, and ${firstIndex} was committed`)
    for (const [i, { type, body, receivedMs, agent, text }] of drafts.entries()) {
      if (type === 'frame') continue
      const index = firstIndex + i
      const said = text ?? body.toString()
      this.#take(log, { type, index, receivedMs, text: said, agent: agent?.toString('hex') ?? null })
    }
    this.#next.set(log, firstIndex + drafts.length)
  }

  /** Contracts that were applied. */
  all(): ContractState[] {
    return [...this.#byLog.values()].filter(isApplied)
  }

  of(contract: string): ContractState | null {
    const state = this.#byLog.get(this.#logs.get(contract) ?? -1)
    return state && isApplied(state) ? state : null
  }

  ofLog(log: number): ContractState | null {
    return this.#byLog.get(log) ?? null
  }

  nameOf(log: number, agent: string): string {
    const state = this.#byLog.get(log)
    return state ? nameIn(state, agent) : agent
  }

  /** Whether a leaf of the log enrols this agent now: whoever reads its frames finds its key there. */
  isMember(log: number, agent: string): boolean {
    const members = this.#byLog.get(log)?.members
    return members !== undefined && writersOf(members).has(agent)
  }

  /** What agents sign under; null when the log does not know it. */
  configuration(log: number, digest: Uint8Array): Configuration | null {
    const state = this.#byLog.get(log)
    return state ? configurationNamed(state, digest) : null
  }

  /**
   * Runs what reads a contract and then writes to its log: alone for that contract, on a state that holds
   * everything that was stored. What it appends is in the state when the append is answered.
   */
  async inTurn<T>(contract: string, command: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(contract) ?? { last: Promise.resolve(), waiting: 0 }
    this.#turns.set(contract, turn)
    if (turn.waiting >= MAX_WAITING_COMMANDS) {
      throw new Fault('unavailable', `${contract} has too much to do just now; try again in a moment`)
    }
    turn.waiting += 1
    const own = turn.last.then(async () => {
      await this.#settled()
      return command()
    })
    turn.last = own.catch((error: unknown) => messageOf(error))
    try {
      return await own
    } finally {
      turn.waiting -= 1
      if (turn.waiting === 0) this.#turns.delete(contract)
    }
  }

  #take(log: number, leaf: StateLeaf): void {
    const state = this.#byLog.get(log)
    invariant(state, `log ${log} is known`)
    this.#byLog.set(log, take(state, leaf))
  }
}

function isApplied({ life }: ContractState): boolean {
  return life.revisions.length > 0
}

/** A stored leaf as a state reads it. */
export async function leafOf(db: Database, row: EntryRow): Promise<StateLeaf> {
  const body = await openBody(db, row.body)
  const { type, index, receivedMs, agent } = row
  return {
    type: leafType(type),
    index,
    receivedMs,
    text: body.toString(),
    agent: agent?.toString('hex') ?? null,
  }
}

const WRITERS = new WeakMap<readonly Membership[], ReadonlySet<string>>()

function writersOf(members: readonly Membership[]): ReadonlySet<string> {
  let writers = WRITERS.get(members)
  if (!writers) {
    writers = new Set(members.filter(({ toMs }) => toMs === null).map(({ agent }) => agent))
    WRITERS.set(members, writers)
  }
  return writers
}
