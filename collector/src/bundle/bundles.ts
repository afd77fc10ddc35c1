/**
 * Bundles: the evidence of one window as one file, for whoever is to check it without this collector. What is
 * closed is taken from the ledger as it stands, under the first checkpoint that covers it, so that it is the same
 * file for ever; what goes on is judged under the newest one.
 */
import { HASH_BYTES } from '@constat/evidence/tree'
import type { Policy } from '@constat/evidence/policy'
import { MAX_ZIP_BYTES } from '@constat/evidence/zip'
import { Fault } from '@constat/shared/fault'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { newestClosing, type ContractState } from '@constat/sla/state/contract-state'
import { windowGroup } from '@constat/sla/state/in-force'
import type { Callers } from '../callers/threads.ts'
import type { Contracts } from '../contract/contracts.ts'
import { bodyBytes } from '../db/bundle-rows.ts'
import { entryRange, newestCheckpoint } from '../db/ledger-rows.ts'
import type { PgConfig } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { proved } from '../ledger/proved.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import type { Asker } from '../view/parts.ts'
import type { BundleFile } from '../view/reads.ts'
import type { Bundled } from './bundled.ts'
import { coveringCheckpoint } from './cosigned.ts'
import { LogFiles, type LogFilesDeps } from './log-files.ts'
import { bundleBytes } from './write.ts'

/** Written at once, over all callers: each reads a log from its first leaf on. */
export const MAX_BUNDLES_AT_ONCE = 2
const RETRY_AFTER_S = 5
/** From the first byte to the last. */
const WITHIN_MS = 30 * 60_000
/** Of a leaf beside its body: length, type, instant, hash. */
const LEAF_BYTES = 2 + 9 + HASH_BYTES
/** Terms, keys, checkpoints, bodies beside the log, headers. */
const ROOM_BYTES = 256 * 1024 * 1024

export type BundleDeps = {
  db: Database
  shell: Pick<Shell, 'clock' | 'identity'>
  contracts: Pick<Contracts, 'of'>
  sequencer: Pick<Sequencer, 'headOf'>
  callers: Pick<Callers, 'run'>
  pgConfig: PgConfig
  publicUrl: string
  /** Whose word makes a checkpoint count; null: nobody's but the log's. */
  witnesses: { policy: Policy | null } & LogFilesDeps['witnesses']
  /** SHA-256 of the program that checks it; null where this collector has none to offer. */
  verifier?: () => Promise<string | null>
}

export class Bundles {
  /** The log itself, file by file. */
  readonly log: LogFiles
  readonly #deps: BundleDeps
  /** Who is having one written: one at a time for a token. */
  readonly #writing = new Set<string>()

  constructor(deps: BundleDeps) {
    this.#deps = deps
    this.log = new LogFiles(deps)
  }

  /**
   * Null: there is no such window. Faults: `rate-limited` while others are written, `unavailable` before a
   * checkpoint covers it, `too-large` past what a zip holds, `evidence` where the ledger lies.
   */
  async open(contract: string, window: string, by: Asker): Promise<BundleFile | null> {
    const { contracts, shell } = this.#deps
    const state = contracts.of(contract)
    if (!state || !windowGroup(state.life, window, shell.clock.nowMs())) return null
    if (this.#writing.size >= MAX_BUNDLES_AT_ONCE || this.#writing.has(by.key)) {
      throw new Fault('rate-limited', 'Another bundle is being written; ask again in a moment.', {
        retryAfterS: RETRY_AFTER_S,
      })
    }
    this.#writing.add(by.key)
    const leave = (): void => void this.#writing.delete(by.key)
    try {
      const bundled = await this.#bundled(state, window, by)
      if (bundled)
        return { name: `${contract}-${window}.zip`, bytes: await begun(this.#pieces(bundled), leave) }
      leave()
      return null
    } catch (error) {
      leave()
      throw error
    }
  }

  /** As the bundle of the window has it, under a checkpoint. Null: there is no such window. Faults as `open`. */
  async result(contract: string, window: string, by: Asker): Promise<string | null> {
    const { contracts, shell } = this.#deps
    const state = contracts.of(contract)
    if (!state || !windowGroup(state.life, window, shell.clock.nowMs())) return null
    const found = (await this.#closed(state, window)) ?? (await this.#interim(state, window, by))
    return found?.result ?? null
  }

  #pieces(bundled: Bundled): AsyncGenerator<Buffer> {
    const { db, shell, publicUrl } = this.#deps
    return bundleBytes(bundled, { db, identity: shell.identity, publicUrl })
  }

  async #bundled(state: ContractState, window: string, by: Asker): Promise<Bundled | null> {
    const { contract, log } = state
    const closed = await this.#closed(state, window)
    const found = closed ?? (await this.#interim(state, window, by))
    const head = this.#deps.sequencer.headOf(contract)
    if (!found || !head) return null
    await this.#requireRoom({ log, size: found.signed.size })
    const verifier = (await this.#deps.verifier?.()) ?? null
    const { policy } = this.#deps.witnesses
    return { contract, window, origin: head.origin, log, verifier, policy, ...found }
  }

  async #closed({ log, closings }: ContractState, window: string) {
    const head = newestClosing({ closings }, window)
    if (!head) return null
    const { db, witnesses } = this.#deps
    const signed = await coveringCheckpoint(db, witnesses.policy, { log, size: head.leaf + 1 })
    if (!signed) throw unsigned()
    const [row] = await proved(
      db,
      log,
      await entryRange(db, { log, from: head.leaf, to: head.leaf + 1, limit: 1 }),
    )
    const result = (await openBody(db, row!.body)).toString()
    return { signed, result, semantics: head.semantics }
  }

  async #interim({ log, contract }: ContractState, window: string, by: Asker) {
    const { db, callers, pgConfig } = this.#deps
    const signed = await newestCheckpoint(db, log)
    if (!signed) throw unsigned()
    const { size } = signed
    const [last] = await entryRange(db, { log, from: size - 1, to: size, limit: 1 })
    const asOfMs = last!.receivedMs
    const job = { pgConfig, log: { id: log, contract }, size, window, asOfMs }
    const result = await callers.run('interim', job, by)
    return result === null ? null : { signed, result, semantics: SEMANTICS_VERSION }
  }

  async #requireRoom({ log, size }: { log: number; size: number }): Promise<void> {
    const bytes = (await bodyBytes(this.#deps.db, { log, size })) + size * LEAF_BYTES + ROOM_BYTES
    if (bytes <= MAX_ZIP_BYTES) return
    throw new Fault(
      'too-large',
      'The log up to this window is larger than one bundle can be, which is 2 GiB.',
      {
        hint: 'Take the bundle of an earlier window, which holds less of the log.',
      },
    )
  }
}

/**
 * The pieces, the first of them read: what is wrong from the beginning is told before anything is sent. `leave` is
 * called once, whichever way it ends; whoever does not read on in time is let go.
 */
async function begun(pieces: AsyncGenerator<Buffer>, leave: () => void): Promise<AsyncIterable<Buffer>> {
  let first: IteratorResult<Buffer> | null = await pieces.next()
  const late = new Fault('unavailable', `it was not read within ${WITHIN_MS / 60_000} minutes`)
  const timer = setTimeout(() => {
    leave()
    void pieces.throw(late).catch(() => undefined)
  }, WITHIN_MS).unref()
  const end = (): void => {
    clearTimeout(timer)
    leave()
  }
  const next = async (): Promise<IteratorResult<Buffer>> => {
    try {
      const piece = first ?? (await pieces.next())
      first = null
      if (piece.done) end()
      return piece
    } catch (error) {
      end()
      throw error
    }
  }
  const close = (): Promise<IteratorResult<Buffer>> => {
    end()
    return pieces.return(undefined)
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: close }) }
}

function unsigned(): Fault {
  return new Fault('unavailable', 'No checkpoint covers this window yet; one is signed within seconds.', {
    retryAfterS: RETRY_AFTER_S,
  })
}
