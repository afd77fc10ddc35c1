/**
 * Losses: what the outages of a window cost the customer, by the private model that came with the contract's
 * documents. The documents stand beside the ledger and never in it; whoever may see them is not decided here.
 */
import { formatInstant } from '@constat/shared/time'
import { parseContract } from '@constat/sla/contract/parse'
import type { LossModelSpec } from '@constat/sla/contract/schema-private'
import { lossStatement } from '@constat/sla/credit/loss-statement'
import { zoneSpan } from '@constat/sla/scenario/money'
import { hostZone } from '@constat/sla/zone'
import { sourceOf } from '../db/source-rows.ts'
import type { Database } from '../db/tx.ts'
import { newest, type Terms } from '../terms/register.ts'
import type { LiveJudgement } from './live.ts'
import type { Timelines } from './timelines.ts'
import type { LossView } from './credit-view.ts'

type Model = { name: string; model: LossModelSpec }

export class Losses {
  readonly #db: Database
  readonly #timelines: Timelines
  readonly #models = new Map<string, { revision: number; models: readonly Model[] }>()

  constructor(db: Database, timelines: Timelines) {
    this.#db = db
    this.#timelines = timelines
  }

  /** Its documents may have changed. */
  forget(contract: string): void {
    this.#models.delete(contract)
  }

  /** By every model of the contract. All of `live` in windows of one key. */
  async of(terms: Terms, live: readonly LiveJudgement[]): Promise<LossView[]> {
    const [first] = live
    const models = first ? await this.#modelsOf(terms) : []
    if (!first) return []
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
    const { terms, revision, guarantee } = asked
    const vantages = this.#timelines.vantages(terms, revision, guarantee.service)
    return {
      timeline: facts.timeline,
      vantages: vantages.map(({ timeline }) => timeline),
      // Also those that began before: an outage over the end of a window costs in both.
      incidents: facts.incidents ?? judged.incidents,
    }
  }

  /** Of the newest documents that hold one. */
  async #modelsOf(terms: Terms): Promise<readonly Model[]> {
    const { revision: last } = newest(terms)
    const known = this.#models.get(terms.contract)
    if (known?.revision === last) return known.models
    const models = await this.#read(terms)
    this.#models.set(terms.contract, { revision: last, models })
    return models
  }

  async #read({ contract, revisions }: Terms): Promise<Model[]> {
    for (const { revision } of revisions.toReversed()) {
      const files = await sourceOf(this.#db, { contract, revision })
      const found = files ? modelsIn(files, contract) : []
      if (found.length > 0) return found
    }
    return []
  }
}

function modelsIn(files: { name: string; text: string }[], contract: string): Model[] {
  const parsed = parseContract(files)
  // They were taken when they were applied; a newer program may refuse them, and then prices nothing.
  if (parsed.kind === 'refused') return []
  return parsed.documents.flatMap((document) =>
    document.kind === 'LossModel' && document.spec.contract === contract
      ? [{ name: document.metadata.name, model: document.spec }]
      : [],
  )
}
