/**
 * Objectives: tells once for each guarantee and window that its budget burns too fast, and once that it is
 * not met. What was told is a notice in the ledger, written with the message in one transaction, so a
 * collector that starts again does not repeat it. Safe to run at every step.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import { objectiveFact } from '../alert/facts.ts'
import { tell } from '../db/events.ts'
import type { Draft } from '../ledger/leaf.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { objectiveKey, type ObjectiveDeed, type ObjectiveNotice } from '../terms/objective-notices.ts'
import { newest, type Register, type Terms } from '../terms/register.ts'
import { isBurningNow } from './burn.ts'
import type { LiveJudgement } from './live.ts'
import { measurableAt, windowNow, type Measurable } from './windows.ts'

/** Between two looks at a guarantee: silence and what is not an outage spend budget too. */
const QUIET_MS = 15_000
/** While its service is down, its budget goes on without new samples. */
const DOWN_MS = 5_000

export type ObjectiveDeps = {
  sequencer: Sequencer
  register: Register
  nowMs: () => UnixMs
  judge: (asked: Measurable) => LiveJudgement
  isDown: (contract: string, service: string) => boolean
  publicUrl: string
  told(): void
}

export class Objectives {
  readonly #deps: ObjectiveDeps
  readonly #looked = new Map<string, { isDown: boolean; atMs: UnixMs }>()

  constructor(deps: ObjectiveDeps) {
    this.#deps = deps
  }

  async advance(): Promise<void> {
    for (const terms of this.#deps.register.all()) {
      for (const { id } of newest(terms).terms.guarantees) await this.#look(terms, id)
    }
  }

  async #look(terms: Terms, id: string): Promise<void> {
    const revision = newest(terms)
    const guarantee = revision.terms.guarantees.find((one) => one.id === id)
    if (!guarantee) return
    const nowMs = this.#deps.nowMs()
    if (!this.#isDue({ terms, guarantee, nowMs })) return
    const { startMs } = windowNow(guarantee, revision, nowMs)
    const asked = measurableAt(terms, id, { atMs: startMs, nowMs })
    if (!asked || this.#isTold(asked, 'breached')) return
    const live = this.#deps.judge(asked)
    const deed = deedOf(live)
    if (deed && !this.#isTold(asked, deed)) await this.#tell(live, deed)
  }

  #isTold({ terms, guarantee, window }: Measurable, deed: ObjectiveDeed): boolean {
    return terms.objectives.has(objectiveKey({ guarantee: guarantee.id, window: window.key, deed }))
  }

  /** By the clock first: whether anything moved costs more to find out than to wait for. */
  #isDue({ terms, guarantee, nowMs }: Pick<Measurable, 'terms' | 'guarantee' | 'nowMs'>): boolean {
    const name = `${terms.contract}/${guarantee.id}`
    const isDown = this.#deps.isDown(terms.contract, guarantee.service)
    const last = this.#looked.get(name)
    // An outage that has just begun or ended is looked at soon.
    const pauseMs = isDown || last?.isDown ? DOWN_MS : QUIET_MS
    if (last && Math.abs(nowMs - last.atMs) < pauseMs) return false
    this.#looked.set(name, { isDown, atMs: nowMs })
    return true
  }

  async #tell({ asked, judged }: LiveJudgement, deed: ObjectiveDeed): Promise<void> {
    const { sequencer, register, publicUrl, told } = this.#deps
    const { terms, guarantee, window, nowMs } = asked
    const notice: ObjectiveNotice = { kind: 'objective', deed, guarantee: guarantee.id, window: window.key }
    // Strings alone.
    const body = Buffer.from(canonicalJson(notice as unknown as Json))
    const draft: Draft = { type: 'notice', receivedMs: nowMs, body }
    const { result } = judged
    const fact = objectiveFact({
      type: deed === 'breached' ? 'objective.breached' : 'objective.at_risk',
      contract: terms.contract,
      objective: {
        guarantee: guarantee.id,
        service: guarantee.service,
        clause: guarantee.clause,
        critical: guarantee.critical,
        metric: guarantee.metric,
        window: window.key,
        target: result.target,
        verdict: result.verdict,
        budget: result.measure.kind === 'downtime' ? { ...result.measure.budget } : null,
      },
      atMs: nowMs,
      publicUrl,
    })
    const { firstIndex } = await sequencer.append({
      log: terms.log,
      drafts: [draft],
      within: async (tx) => {
        await tell(tx, fact)
      },
    })
    register.take(terms.log, { ...draft, index: firstIndex, agent: null })
    told()
  }
}

function deedOf(live: LiveJudgement): ObjectiveDeed | null {
  if (live.judged.result.verdict === 'not_met') return 'breached'
  return isBurningNow(live) ? 'at_risk' : null
}
