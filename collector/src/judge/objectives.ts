/**
 * Objectives: one event for each guarantee and window where its budget burns too fast, and one where it is
 * not met. Each is a notice in the ledger, written with the event in one transaction, so a collector that
 * starts again does not repeat it. Safe to run at every step.
 */
import type { UnixMs } from '@constat/shared/time'
import { incidentsIn, type ContractState } from '@constat/sla/state/contract-state'
import { objectiveKey, type ObjectiveEvent, type ObjectiveNotice } from '@constat/sla/state/objective-notices'
import { get } from '@constat/sla/state/persistent-map'
import { objectiveFact } from '../alert/facts.ts'
import type { Contracts } from '../contract/contracts.ts'
import { jsonDraft } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { isBurningNow } from './burn.ts'
import type { LiveJudgement } from './live.ts'
import { questionsNow, type WindowQuestion } from './window-question.ts'

/** Between two looks at a guarantee: silence and what is not an outage spend budget too. */
const QUIET_MS = 15_000
/** While its service is down, its budget goes on without new samples. */
const DOWN_MS = 5_000

export type ObjectiveDeps = {
  sequencer: Sequencer
  contracts: Contracts
  nowMs: () => UnixMs
  judge: (asked: WindowQuestion) => LiveJudgement
  publicUrl: string
}

export class Objectives {
  readonly #deps: ObjectiveDeps
  readonly #looked = new Map<string, { isDown: boolean; atMs: UnixMs }>()

  constructor(deps: ObjectiveDeps) {
    this.#deps = deps
  }

  /** Every guarantee of a contract in the window that is open now. */
  async advance(state: ContractState): Promise<void> {
    const open = incidentsIn(state).filter(({ closedMs }) => closedMs === null)
    const down = new Set(open.map(({ service }) => service))
    for (const asked of questionsNow(state, this.#deps.nowMs())) {
      const isDown = down.has(asked.guarantee.service)
      if (isNotified(asked, 'breached') || !this.#isDue(asked, isDown)) continue
      const live = this.#deps.judge(asked)
      const event = eventOf(live)
      if (event && !isNotified(asked, event)) await this.#notify(live, event)
    }
  }

  /** By the clock first: whether anything moved costs more to find out than to wait for. */
  #isDue({ state, guarantee, nowMs }: WindowQuestion, isDown: boolean): boolean {
    const name = `${state.contract}/${guarantee.id}`
    const last = this.#looked.get(name)
    // An outage that has just begun or ended is looked at soon.
    const pauseMs = isDown || last?.isDown ? DOWN_MS : QUIET_MS
    if (last && Math.abs(nowMs - last.atMs) < pauseMs) return false
    this.#looked.set(name, { isDown, atMs: nowMs })
    return true
  }

  async #notify({ asked, judged }: LiveJudgement, deed: ObjectiveEvent): Promise<void> {
    const { sequencer, contracts, publicUrl } = this.#deps
    const { guarantee, window, nowMs } = asked
    const { contract, log } = asked.state
    const notice: ObjectiveNotice = { kind: 'objective', deed, guarantee: guarantee.id, window: window.key }
    const { result } = judged
    const fact = objectiveFact({
      type: deed === 'breached' ? 'objective.breached' : 'objective.at_risk',
      contract,
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
    await contracts.inTurn(contract, async () => {
      const state = contracts.of(contract)
      if (!state || isNotified({ ...asked, state }, deed)) return
      const draft = jsonDraft(notice, { type: 'notice', receivedMs: nowMs })
      await sequencer.append({ log, drafts: [draft], facts: [fact] })
    })
  }
}

function isNotified({ state, guarantee, window }: WindowQuestion, deed: ObjectiveEvent): boolean {
  const key = objectiveKey({ guarantee: guarantee.id, window: window.key, deed })
  return get(state.objectives, key) !== undefined
}

function eventOf(live: LiveJudgement): ObjectiveEvent | null {
  if (live.judged.result.verdict === 'not_met') return 'breached'
  return isBurningNow(live) ? 'at_risk' : null
}
