/**
 * Restored: a database that is older than what was signed from it. Agents show what they hold of this collector's
 * own hand, its newest receipts and configurations; what is not in the ledger was lost with the newer database.
 * That is said in the log of the contract and told. A lost configuration is taken up again, so that frames under
 * it are known and the next configuration is newer than what any of its agents has.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import type { CheckConfig } from '@constat/shared/check'
import { messageOf } from '@constat/shared/fault'
import { receiptHolds, type Receipt } from '@constat/shared/receipt'
import { publicKeyOf, verifyBytes } from '@constat/shared/signature'
import { configurationNamed, configurationOf } from '@constat/sla/state/contract-state'
import { restoredFact } from '../alert/facts.ts'
import type { Recalled } from '../intake/connection.ts'
import { jsonDraft } from '../ledger/body.ts'
import type { Head } from '../ledger/head.ts'
import type { Log } from '../shell.ts'
import type { AssignDeps } from './assign.ts'

export type RestoredDeps = AssignDeps & { log: Log; publicUrl: string }

export class Restored {
  readonly #deps: RestoredDeps
  /** Logs of which something is missing. */
  readonly #behind = new Map<string, string>()

  constructor(deps: RestoredDeps) {
    this.#deps = deps
  }

  /** Contracts, or logs that are not here, of which something was lost. */
  behind(): string[] {
    return [...this.#behind.values()]
  }

  /** Never rejects: what is not taken now is shown again at the next connection. */
  readonly recall = async ({ receipt, config }: Recalled): Promise<void> => {
    try {
      if (receipt) await this.#compare(receipt)
      if (config) await this.#takeUp(config)
    } catch (error) {
      this.#deps.log.warn('what an agent recalls was not taken', { reason: messageOf(error) })
    }
  }

  /** Something else that was signed of this log is not in it. */
  readonly lost = (head: Head, what: string): Promise<void> => this.#note(head, what)

  async #compare(receipt: Receipt): Promise<void> {
    const { sequencer, identity } = this.#deps
    const { origin, size } = receipt
    if (!receiptHolds(receipt, publicKeyOf(identity.publicKey))) return
    const head = sequencer.headByOrigin(origin)
    if (!head) return this.#missing(origin)
    if (size > head.size)
      await this.#note(head, `${size} leaves of it were acknowledged, and ${head.size} are here`)
  }

  async #takeUp({ json, signature }: NonNullable<Recalled['config']>): Promise<void> {
    const { contracts, sequencer, identity, nowMs } = this.#deps
    if (!verifyBytes('config', Buffer.from(json), signature, publicKeyOf(identity.publicKey))) return
    // Signed by this collector: what it wrote.
    const value = JSON.parse(json) as CheckConfig & { [key: string]: Json }
    const head = sequencer.headByOrigin(value.origin)
    if (!head) return this.#missing(value.origin)
    const { digest } = configurationOf(json, 0)
    await contracts.inTurn(head.contract, async () => {
      const state = contracts.ofLog(head.id)
      const isOlder = value.version < (state?.configuration?.config.version ?? 0)
      if (!state || isOlder || configurationNamed(state, Buffer.from(digest, 'hex'))) return
      await this.#note(head, `its agents have version ${value.version} of what they run, which is not here`)
      const draft = jsonDraft(value, { type: 'configuration', receivedMs: nowMs() })
      if (canonicalJson(value) === json) await sequencer.append({ log: head.id, drafts: [draft] })
    })
  }

  /** Nothing can be written of it until its contract is applied again, under the same origin. */
  #missing(origin: string): void {
    const what = 'agents hold receipts of it, and it is not here: apply its contract again'
    this.#say(origin, { name: origin, what })
  }

  async #note(head: Head, what: string): Promise<void> {
    const { sequencer, nowMs, publicUrl } = this.#deps
    const { id, contract, origin, size } = head
    if (!this.#say(origin, { name: contract, what })) return
    const said = { contract, what, size, atMs: nowMs() }
    const body = { kind: 'restore', what }
    await sequencer.append({
      log: id,
      drafts: [jsonDraft(body, { type: 'collector-event', receivedMs: said.atMs })],
      facts: [restoredFact({ ...said, publicUrl })],
    })
  }

  /** False where it was said before. */
  #say(origin: string, { name, what }: { name: string; what: string }): boolean {
    if (this.#behind.has(origin)) return false
    this.#behind.set(origin, name)
    this.#deps.log.warn(`the database of ${name} is older than its agents`, { what })
    return true
  }
}
