/**
 * Refold: one log read again from its first leaf, as far as a size. Nothing that stands is used or written,
 * but packed latencies, which are only a cache of the same leaves. A rebuild walks the closings of a log in
 * the order of their sizes, so the log is read once.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { rareEntries, type EntryRow } from '../db/ledger-rows.ts'
import type { IncidentRow } from '../db/incident-rows.ts'
import type { Database } from '../db/tx.ts'
import { Fold, nothingTouched } from '../fold/fold.ts'
import { readIncident } from '../judge/ledger-notes.ts'
import { Latencies } from '../latency/latencies.ts'
import { openBody } from '../ledger/body.ts'
import { rootAt } from '../ledger/head.ts'
import { leafType, type LeafType } from '../ledger/leaf.ts'
import { Register, type Revision } from '../terms/register.ts'
import { readClosing } from './body.ts'
import { headOf, type ClosingHead } from './closings.ts'
import { closedTimelines, copyOfTerms, inOrder, type LedgerState } from './ledger-state.ts'
import { readStatementLeaf, statementBytes, type KeptStatement } from './statement.ts'

export type RefoldDeps = {
  db: Database
  log: { id: number; contract: string }
  nowMs: () => UnixMs
  /** Terms to fold by as well, from the first leaf on. */
  extra?: Revision
}

export class Refold {
  readonly #deps: RefoldDeps
  readonly #register = new Register()
  readonly #fold: Fold
  readonly #latencies: Latencies
  readonly #incidents = new Map<string, IncidentRow>()
  readonly #closings: ClosingHead[] = []
  readonly #statements: KeptStatement[] = []
  #rare: EntryRow[] | null = null
  #next = 0

  constructor(deps: RefoldDeps) {
    const { db, log, nowMs } = deps
    this.#deps = deps
    const terms = this.#register.add(log)
    // First, so that the newest revision stays the one in force.
    if (deps.extra) terms.revisions.push(deps.extra)
    this.#fold = new Fold(db, this.#register)
    this.#latencies = new Latencies({ db, register: this.#register, fold: this.#fold, nowMs })
  }

  /** What the leaves below `size` say. Sizes only ever grow. */
  async to(size: number): Promise<LedgerState> {
    const { db, log } = this.#deps
    const nameOf = (agent: string): string => this.#register.nameOf(agent)
    this.#rare ??= await rareEntries(db, log.id)
    for (; (this.#rare[this.#next]?.index ?? size) < size; this.#next += 1) {
      await this.#take(this.#rare[this.#next]!)
    }
    await this.#fold.catchUp(log.id, size, nothingTouched())
    const terms = this.#register.of(log.contract)
    invariant(terms, `log ${log.id} has terms below leaf ${size}`)
    return {
      size,
      root: (await rootAt(db, log.id, size)).toString('hex'),
      terms: copyOfTerms(terms),
      timelines: closedTimelines(this.#fold.tracks, nameOf),
      nameOf,
      incidents: inOrder(this.#incidents.values()),
      closings: [...this.#closings],
      statements: [...this.#statements],
      bytesOf: (statement) => statementBytes(db, statement),
      latencies: this.#latencies,
    }
  }

  async #take(row: EntryRow): Promise<void> {
    const { db, log } = this.#deps
    const type = leafType(row.type)
    // Frames before a revision were folded without its rules, so the fold comes level first.
    if (type === 'revision') await this.#fold.catchUp(log.id, row.index, nothingTouched())
    const body = await openBody(db, row.body)
    const { index, receivedMs, agent } = row
    this.#register.take(log.id, { type, index, receivedMs, body, agent })
    this.#note(type, { ...row, body })
  }

  #note(type: LeafType, { body, index, receivedMs }: EntryRow): void {
    if (type === 'notice' || type === 'declaration') {
      const incident = readIncident(body)
      if (incident) this.#incidents.set(incident.id, incident)
    }
    if (type === 'statement') this.#statements.push(readStatementLeaf(body))
    if (type === 'closing') {
      const place = { log: this.#deps.log.id, leaf: index, atMs: receivedMs }
      this.#closings.push(headOf(readClosing(body), place))
    }
  }
}
