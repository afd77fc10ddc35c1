/**
 * Hostile ledger: stands in for sequencer and database before a intake. It commits in groups as the real
 * one does, and fails when told: with nothing stored, or with everything stored and nobody told. It
 * holds the intake to its promise: no number of a session is stored twice, none is jumped unannounced.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { readPlaced } from '@constat/shared/frame-reader'
import type { Receipt } from '@constat/shared/receipt'
import type { Database } from '../../collector/src/db/tx.ts'
import type { Draft } from '../../collector/src/ledger/draft.ts'
import type { Append, Appended, Sequencer } from '../../collector/src/ledger/sequencer.ts'

export type Commit = 'done' | 'lost' | 'unheard'

type Request = Append & { resolve: (appended: Appended) => void; reject: (error: unknown) => void }

export class HostileLedger {
  readonly leaves: Draft[] = []
  /** What becomes of the next commits, in order; `done` when none is left. */
  readonly fates: Commit[] = []
  /** Types of the events that were stored. */
  readonly events: string[] = []
  readonly #origins: readonly string[]
  #waiting: Request[] = []
  #running: Promise<void> | null = null

  /** The log of an origin is its position plus one. */
  constructor(origins: readonly string[]) {
    this.#origins = origins
  }

  frames(): Draft[] {
    return this.leaves.filter(({ type }) => type === 'frame')
  }

  /** What a intake calls of a sequencer, and nothing more. */
  sequencer(): Sequencer {
    const own = {
      headByOrigin: (origin: string) => {
        const at = this.#origins.indexOf(origin)
        return at < 0 ? null : { id: at + 1 }
      },
      append: (request: Append) => this.#append(request),
      lieIn: () => null,
      drain: () => this.#running ?? Promise.resolve(),
    }
    // A class with private members has no other implementation; the intake uses these of it.
    return own as unknown as Sequencer
  }

  /** Answers the two queries of a intake from the leaves. */
  database(): Database {
    const query = (text: TemplateStringsArray, ...values: unknown[]): Promise<unknown[]> => {
      const sql = text.join('?')
      if (sql.includes('from cursor')) return Promise.resolve(this.#cursor(values))
      if (sql.includes('from entry')) return Promise.resolve(this.#numbered(values))
      return Promise.reject(new Error(`a intake does not ask: ${sql}`))
    }
    // The intake only calls it as a tag.
    return query as unknown as Database
  }

  #append(request: Append): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...request, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      await turn()
      const fate = this.fates.shift() ?? 'done'
      const firstIndexes = group.map((request) => (fate === 'lost' ? 0 : this.#store(request)))
      if (fate === 'done') {
        for (const [i, { resolve }] of group.entries())
          resolve({ firstIndex: firstIndexes[i]!, receipt: RECEIPT })
        continue
      }
      // Whatever waits behind was admitted on top of what has just failed: it fails with it.
      for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(new Error('connection lost'))
    }
    this.#running = null
  }

  #store({ drafts, facts = [] }: Append): number {
    this.events.push(...facts.map(({ type }) => type))
    const firstIndex = this.leaves.length
    for (const draft of drafts) {
      if (draft.type === 'frame') this.#assertContinues(draft)
      this.leaves.push(draft)
    }
    return firstIndex
  }

  #assertContinues({ frame, body }: Draft): void {
    if (!frame) throw new Error('a frame leaf has its place')
    const last = this.#last(frame.agent, frame.session)
    const expected = (last?.seq ?? -1) + 1 + readPlaced(body).gapCount
    if (frame.seq !== expected) throw new Error(`frame ${frame.seq} is stored where ${expected} belongs`)
  }

  #last(agent: Buffer, session: Buffer) {
    return this.frames().findLast(
      ({ frame }) => frame && frame.agent.equals(agent) && frame.session.equals(session),
    )?.frame
  }

  #cursor([agent, session]: unknown[]): unknown[] {
    // Both are the buffers that the query names.
    const last = this.#last(agent as Buffer, session as Buffer)
    return last ? [{ agent, session, log: 1, seq: last.seq, digest: last.digest }] : []
  }

  #numbered([session, seq, agent, limit]: unknown[]): unknown[] {
    return this.leaves
      .map((draft, index) => ({ draft, index }))
      .filter(({ draft: { frame } }) => {
        // As above: the buffers that the query names.
        return (
          frame?.seq === seq &&
          frame?.session.equals(session as Buffer) &&
          frame.agent.equals(agent as Buffer)
        )
      })
      .slice(0, Number(limit))
      .map(({ draft, index }) => ({ index, body: draft.body }))
  }
}

const RECEIPT: Receipt = {
  origin: 'log.example/one',
  size: 1,
  root: Buffer.alloc(32),
  atMs: 0,
  signature: Buffer.alloc(64),
}
