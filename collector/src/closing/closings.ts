/**
 * Closings as the leaves tell them: of each window every version in order, without the results, which are
 * read back from the ledger when somebody asks. Derived.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { Verdict } from '@constat/sla/verdict'
import { entriesOfType, entryRange } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { leafCode } from '../ledger/leaf.ts'
import { readClosing, type ClosingBody, type WindowResults } from './body.ts'

export type ClosingHead = Omit<ClosingBody, 'kind' | 'trace' | 'results'> & {
  log: number
  leaf: number
  /** When the leaf was written. */
  atMs: UnixMs
  guarantees: { guarantee: string; verdict: Verdict; coverage: string | null; credit: string | null }[]
  credit: { total: string; currency: string } | null
  outages: WindowResults['outages']
}

export class Closings {
  /** contract → key → versions, the first one first. */
  readonly #byContract = new Map<string, Map<string, ClosingHead[]>>()

  async open(db: Database, logs: readonly { id: number }[]): Promise<void> {
    this.#byContract.clear()
    for (const { id } of logs) {
      for (const row of await entriesOfType(db, { log: id, type: leafCode('closing') })) {
        const body = readClosing(await openBody(db, row.body))
        this.take(headOf(body, { log: id, leaf: row.index, atMs: row.receivedMs }))
      }
    }
  }

  take(head: ClosingHead): void {
    const windows = this.#byContract.get(head.contract) ?? new Map<string, ClosingHead[]>()
    this.#byContract.set(head.contract, windows)
    const versions = windows.get(head.window) ?? []
    // A leaf is read once more after a commit whose answer was lost.
    const others = versions.filter(({ version }) => version !== head.version)
    windows.set(
      head.window,
      [...others, head].sort((a, b) => a.version - b.version),
    )
  }

  /** Every version of a window, the first one first; empty while it is not final. */
  versions(contract: string, window: string): readonly ClosingHead[] {
    return this.#byContract.get(contract)?.get(window) ?? []
  }

  newest(contract: string, window: string): ClosingHead | null {
    return this.versions(contract, window).at(-1) ?? null
  }

  /** Every version of every window of a contract. */
  all(contract: string): ClosingHead[] {
    return [...(this.#byContract.get(contract)?.values() ?? [])].flat()
  }

  /** The newest version of each closed window, oldest window first. */
  closed(contract: string): ClosingHead[] {
    const windows = this.#byContract.get(contract)?.values() ?? []
    return [...windows].flatMap((versions) => versions.at(-1) ?? []).sort((a, b) => a.endMs - b.endMs)
  }
}

export function headOf(body: ClosingBody, place: { log: number; leaf: number; atMs: UnixMs }): ClosingHead {
  const { kind: _kind, trace: _trace, results, ...rest } = body
  const { credit } = results
  return {
    ...rest,
    ...place,
    guarantees: results.guarantees.map(({ result: { guarantee, verdict, coverage } }) => ({
      guarantee,
      verdict,
      coverage,
      credit: credit?.byGuarantee[guarantee] ?? null,
    })),
    outages: results.outages,
    credit: credit && { total: credit.total, currency: credit.currency },
  }
}

/** The whole closing, read back. Fault `evidence` where the leaf is not what its head says. */
export async function closingBody(db: Database, { log, leaf, digest }: ClosingHead): Promise<ClosingBody> {
  const [row] = await entryRange(db, { log, from: leaf, to: leaf + 1, limit: 1 })
  const body = row && row.type === leafCode('closing') ? readClosing(await openBody(db, row.body)) : null
  if (body?.digest === digest) return body
  throw new Fault('evidence', `leaf ${leaf} is not the closing that was read there before`, {
    hint: 'Do not delete anything: run `constat rebuild`, which checks every closing.',
  })
}
