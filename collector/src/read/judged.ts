/**
 * Judged: guarantees as they stand, each with what it is worth in its window. A judgement is kept while nothing
 * that it rests on has changed, up to the next instant at which time alone changes more than its length. What the
 * windows before came to is kept while the state of the contract is the same, and looked at again now and then:
 * late samples move them.
 */
import { readinessOf } from '@constat/sla/readiness'
import { nextMarkMs } from '@constat/sla/timeline'
import type { CreditStatement } from '@constat/sla/credit/statement'
import type { ContractState, Revision } from '@constat/sla/state/contract-state'
import type { UnixMs } from '@constat/shared/time'
import type { Agents } from '../intake/agents.ts'
import { creditOf, pastOf, statementOf, type Past } from '../judge/credits.ts'
import { bareJudgement, liveJudgement, liveView } from '../judge/live.ts'
import type { LiveJudgement, LiveSources } from '../judge/live.ts'
import { readinessFacts, type Grounds } from '../judge/readiness.ts'
import { countsSlots } from '@constat/sla/judgement/facts'
import type { Readiness } from '../view/parts.ts'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { SlotJudge } from '../judge/slot-judge.ts'
import type { WindowQuestion } from '../judge/window-question.ts'

/** Windows that have ended change rarely: how they went is looked at again after this. */
const PAST_KEPT_MS = 60_000
/** Between two samples only what has elapsed changes: figures are as of an instant this old at most. */
export const STILL_KEPT_MS = 5_000

/** One guarantee in one window, and what it was judged by. */
type Kept = {
  version: string
  readiness: string
  fromMs: UnixMs
  untilMs: UnixMs
  live: LiveJudgement
  view: GuaranteeView
}

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

type JudgedSources = LiveSources & { slots: Pick<SlotJudge, 'version'> }

export class JudgedReads {
  readonly #sources: JudgedSources
  /** Of a state, by guarantee and window. */
  readonly #kept = new WeakMap<ContractState, Map<string, Kept>>()
  readonly #agents: Agents
  readonly #grounds: GroundsOf
  /** Of a state, by guarantee and window: how the windows before it went. */
  readonly #past = new WeakMap<ContractState, Map<string, { atMs: UnixMs; past: Past }>>()

  constructor(sources: JudgedSources, agents: Agents, grounds: GroundsOf) {
    this.#sources = sources
    this.#agents = agents
    this.#grounds = grounds
  }

  /** All of one contract. */
  judged(state: ContractState, asked: readonly WindowQuestion[]): JudgedWindow {
    const facts = readinessFacts(state, this.#agents.enrolled(), this.#grounds(state), revisionsOf(asked))
    const readiness = readinessOf(facts)
    const kept = asked.map((one) => this.#judged(one, readiness))
    const live = kept.map((one) => one.live)
    const credit = (group: readonly LiveJudgement[]) => statementOf(group, (one) => this.#pastOf(one))
    const keys = [...new Set(asked.map(({ window }) => window.key))]
    const statements = new Map(
      keys.map((key) => [key, credit(live.filter((one) => one.asked.window.key === key))] as const),
    )
    const guarantees = kept.map(({ view }) => ({
      ...view,
      credit: creditOf(statements.get(view.window.key) ?? null, view.guarantee),
    }))
    return { guarantees, live, credit }
  }

  /** By the states alone: rulings and committed time rest on nothing else. */
  bare(asked: WindowQuestion): LiveJudgement {
    return bareJudgement(asked, this.#sources)
  }

  #judged(asked: WindowQuestion, readiness: Readiness): Kept {
    const { state, revision, guarantee, window, nowMs } = asked
    let own = this.#kept.get(state)
    if (!own) this.#kept.set(state, (own = new Map()))
    const name = `${guarantee.id}/${window.key}`
    const { timelines, slots } = this.#sources
    const moved = timelines.version(state, revision, guarantee.service)
    const now = {
      version: countsSlots(guarantee) ? `${moved}/${slots.version}` : moved,
      readiness: readiness.lacks.join(' '),
    }
    const kept = own.get(name)
    const isSame = kept?.version === now.version && kept.readiness === now.readiness
    if (isSame && kept.fromMs <= nowMs && nowMs < kept.untilMs) return kept
    const live = liveJudgement(asked, this.#sources)
    const view = liveView(live, this.#sources, readiness)
    const made = { ...now, fromMs: nowMs, untilMs: stillUntilMs(live), live, view }
    own.set(name, made)
    return made
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

/** Up to when time alone changes nothing but what has elapsed: a state, the end of the window or of its grace. */
function stillUntilMs({ asked, facts }: LiveJudgement): UnixMs {
  const { window, revision, nowMs } = asked
  const edges = [window.endMs, window.endMs + revision.terms.finalisation.graceMs]
  const marks = [facts, ...facts.sites].map(({ timeline }) => nextMarkMs(timeline, nowMs))
  return Math.min(nowMs + STILL_KEPT_MS, ...marks, ...edges.filter((edgeMs) => edgeMs > nowMs))
}
