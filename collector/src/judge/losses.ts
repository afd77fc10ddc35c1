/**
 * Losses: what the outages of a window cost the customer, by the private model that came with the contract's
 * documents. The documents stand beside the ledger and never in it; whoever may see them is not decided here.
 */
import { createHash } from 'node:crypto'
import { formatInstant } from '@constat/shared/time'
import { parseContract } from '@constat/sla/contract/parse'
import type { LossModelSpec } from '@constat/sla/contract/schema-private'
import { lossStatement } from '@constat/sla/credit/loss-statement'
import { zoneSpan } from '@constat/sla/scenario/money'
import { hostZone } from '@constat/sla/zone'
import { sourceOf, type SourceFile } from '../db/source-rows.ts'
import type { Database } from '../db/tx.ts'
import type { ContractState } from '@constat/sla/state/contract-state'
import type { LiveJudgement } from './live.ts'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { LossView } from '../view/credit.ts'

/** Documents remembered at once. */
const MAX_MODELS_KEPT = 1_000

type Model = { name: string; model: LossModelSpec }

export class Losses {
  readonly #db: Database
  readonly #timelines: Timelines
  /** By the digest of the documents. */
  readonly #models = new Map<string, readonly Model[]>()

  constructor(db: Database, timelines: Timelines) {
    this.#db = db
    this.#timelines = timelines
  }

  /** By every model of the contract. All of `live` in windows of one key. */
  async of(state: ContractState, live: readonly LiveJudgement[]): Promise<LossView[]> {
    const [first] = live
    const models = first ? await this.#modelsOf(state) : []
    if (!first || models.length === 0) return []
    const { window, nowMs } = first.asked
    const services = new Map(live.map((one) => [one.asked.guarantee.service, this.#seen(one)]))
    return models.map(({ name, model }) => {
      const zone = (timeZone: string) => hostZone(timeZone, zoneSpan(window))
      const statement = lossStatement({ name, model, zone, services, window, asOfMs: nowMs })
      return {
        model: statement.model,
        currency: statement.currency,
        total: statement.total,
        lines: statement.lines.map(({ onsetMs, ...line }) => ({ ...line, onsetAt: formatInstant(onsetMs) })),
        showToProvider: model.showToProvider,
      }
    })
  }

  #seen({ asked, judged, facts }: LiveJudgement) {
    const { state, revision, guarantee } = asked
    const vantages = this.#timelines.vantages(state, revision, guarantee.service)
    return {
      timeline: facts.timeline,
      vantages: vantages.map(({ timeline }) => timeline),
      // Also those that began before: an outage over the end of a window costs in both.
      incidents: facts.incidents ?? judged.incidents,
    }
  }

  /** Of the newest documents that hold one. The same documents are read once. */
  async #modelsOf({ contract, life }: ContractState): Promise<readonly Model[]> {
    for (const { revision } of life.revisions.toReversed()) {
      const files = await sourceOf(this.#db, { contract, revision })
      const models = files ? this.#modelsIn(files, contract) : []
      if (models.length > 0) return models
    }
    return []
  }

  #modelsIn(files: SourceFile[], contract: string): readonly Model[] {
    const name = createHash('sha256')
      .update(JSON.stringify([contract, files]))
      .digest('hex')
    const known = this.#models.get(name)
    if (known) return known
    const models = modelsIn(files, contract)
    if (this.#models.size >= MAX_MODELS_KEPT) this.#models.clear()
    this.#models.set(name, models)
    return models
  }
}

function modelsIn(files: SourceFile[], contract: string): Model[] {
  const parsed = parseContract(files)
  // They were taken when they were applied; a newer program may refuse them, and then prices nothing.
  if (parsed.kind === 'refused') return []
  return parsed.documents.flatMap((document) =>
    document.kind === 'LossModel' && document.spec.contract === contract
      ? [{ name: document.metadata.name, model: document.spec }]
      : [],
  )
}
