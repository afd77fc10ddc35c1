/**
 * Judged: guarantees as they stand, each with what it is worth in its window. What the windows before came to is
 * kept while the state of the contract is the same, and looked at again now and then: late samples move them.
 */
import { readinessOf } from '@constat/sla/readiness'
import type { CreditStatement } from '@constat/sla/credit/statement'
import type { ContractState, Revision } from '@constat/sla/state/contract-state'
import type { UnixMs } from '@constat/shared/time'
import type { Agents } from '../intake/agents.ts'
import { creditOf, pastOf, statementOf, type Past } from '../judge/credits.ts'
import { bareJudgement, liveJudgement, liveView } from '../judge/live.ts'
import type { LiveJudgement, LiveSources } from '../judge/live.ts'
import { readinessFacts, type Grounds } from '../judge/readiness.ts'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { WindowQuestion } from '../judge/window-question.ts'

/** Windows that have ended change rarely: how they went is looked at again after this. */
const PAST_KEPT_MS = 60_000

export type JudgedWindow = {
  guarantees: GuaranteeView[]
  live: LiveJudgement[]
  /** What a group of one key comes to in money. */
  credit(live: readonly LiveJudgement[]): CreditStatement | null
}

/** Each once: by which terms the questions are judged. */
export function revisionsOf(asked: readonly WindowQuestion[]): Revision[] {
  return [...new Set(asked.map(({ revision }) => revision))]
}

/** What a claim of the contract stands on, now. */
export type GroundsOf = (state: ContractState) => Grounds

export class JudgedReads {
  readonly #sources: LiveSources
  readonly #agents: Agents
  readonly #grounds: GroundsOf
  /** Of a state, by guarantee and window: how the windows before it went. */
  readonly #past = new WeakMap<ContractState, Map<string, { atMs: UnixMs; past: Past }>>()

  constructor(sources: LiveSources, agents: Agents, grounds: GroundsOf) {
    this.#sources = sources
    this.#agents = agents
    this.#grounds = grounds
  }

  /** All of one contract. */
  judged(state: ContractState, asked: readonly WindowQuestion[]): JudgedWindow {
    const facts = readinessFacts(state, this.#agents.enrolled(), this.#grounds(state), revisionsOf(asked))
    const readiness = readinessOf(facts)
    const live = asked.map((one) => liveJudgement(one, this.#sources))
    const credit = (group: readonly LiveJudgement[]) => statementOf(group, (one) => this.#pastOf(one))
    const keys = [...new Set(asked.map(({ window }) => window.key))]
    const statements = new Map(
      keys.map((key) => [key, credit(live.filter((one) => one.asked.window.key === key))] as const),
    )
    const guarantees = live.map((one) => ({
      ...liveView(one, this.#sources, readiness),
      credit: creditOf(statements.get(one.asked.window.key) ?? null, one.asked.guarantee.id),
    }))
    return { guarantees, live, credit }
  }

  /** By the states alone: rulings and committed time rest on nothing else. */
  bare(asked: WindowQuestion): LiveJudgement {
    return bareJudgement(asked, this.#sources)
  }

  #pastOf(asked: WindowQuestion): Past {
    const { state, guarantee, window, nowMs } = asked
    let own = this.#past.get(state)
    if (!own) this.#past.set(state, (own = new Map()))
    const name = `${guarantee.id}/${window.key}`
    const kept = own.get(name)
    if (kept && Math.abs(nowMs - kept.atMs) < PAST_KEPT_MS) return kept.past
    const past = pastOf(asked, (earlier) => liveJudgement(earlier, this.#sources))
    own.set(name, { atMs: nowMs, past })
    return past
  }
}
