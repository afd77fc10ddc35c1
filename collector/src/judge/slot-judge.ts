/**
 * Slot judge: judges every guarantee that counts slot samples, beside the line and never in its way: those of
 * open windows again and again, any other when somebody asks. Speed in an open window is added up chunk by
 * chunk; everything else is judged whole, no oftener than its cost allows. Readers get the last answer at
 * once. Derived.
 */
import { createHash } from 'node:crypto'
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { Judged, ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import { within } from '@constat/sla/timeline'
import { Kept } from '../latency/kept.ts'
import type { Latencies } from '../latency/latencies.ts'
import type { Log } from '../shell.ts'
import type { ContractState } from '@constat/sla/state/contract-state'
import type { Contracts } from '../contract/contracts.ts'
import { countsSlots, factsOf, sitesAsked, stateFacts } from '@constat/sla/judgement/facts'
import { judgeWindowOf } from '@constat/sla/judgement/promise'
import { answerName, latencyQuestion, placesOf, withAnswers } from './latency-view.ts'
import { LatencyWindows } from './latency-window.ts'
import { watching } from '@constat/sla/assembly/slots'
import type { Timelines } from '@constat/sla/fold/timelines'
import { asOfOf, phaseOf, questionsNow, type WindowQuestion } from './window-question.ts'

/** What changes by a leaf is looked at this soon. */
const LOOK_EVERY_MS = 1_000
/** An answer this old is good enough for a window that is open. */
export const LATENCY_EVERY_MS = 10_000
/** Of all the time, this part at most goes into judging one guarantee whole: one in so many. */
const PAUSE_FACTOR = 20
const MAX_KEPT_BYTES = 16 * 1024 * 1024
/** A judgement holds its incidents and sites: most have few. */
const ANSWER_BYTES = 4_000

export type SlotAnswer = {
  judged: Judged
  asOfMs: UnixMs
}

type Answered = SlotAnswer & {
  /** The state of the contract that it was made from. */
  version: number
  /** What it was made from; null: it is made again when it is due. */
  signature: string | null
  dueMs: UnixMs
}

type Judgement = Omit<Answered, 'dueMs' | 'version'>

export type SlotJudgeDeps = {
  contracts: Contracts
  latencies: Latencies
  timelines: Timelines
  nowMs: () => UnixMs
  log: Log
}

export class SlotJudge {
  readonly #deps: SlotJudgeDeps
  readonly #windows: LatencyWindows
  readonly #answers = new Kept<Answered>(MAX_KEPT_BYTES)
  #running: Promise<void> | null = null
  #ranMs: UnixMs = -Infinity
  #isClosed = false
  /** Rises with each answer: whoever shows one knows whether there is a newer one. */
  #version = 0

  constructor(deps: SlotJudgeDeps) {
    this.#deps = deps
    this.#windows = new LatencyWindows(deps.latencies, deps.nowMs)
  }

  get version(): number {
    return this.#version
  }

  /** The last answer, or null before the first. */
  last(asked: WindowQuestion): SlotAnswer | null {
    return this.#answers.get(answerName(asked)) ?? null
  }

  /** Makes sure that the answer of one window is there, and of its time. */
  async ask(asked: WindowQuestion): Promise<void> {
    if (!countsSlots(asked.guarantee)) return
    const last = this.#answers.get(answerName(asked))
    const isSettled = last?.signature === null
    if (!isSettled || this.#isDue(asked, last)) await this.#judge(asked)
  }

  /** Judges what is due, in the background. A call while one runs is that one. */
  advance(): void {
    const nowMs = this.#deps.nowMs()
    if (this.#isClosed || this.#running || Math.abs(nowMs - this.#ranMs) < LOOK_EVERY_MS) return
    this.#ranMs = nowMs
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#deps.log.error('samples could not be judged; they will be again', {
          reason: messageOf(error),
        })
      })
      .finally(() => {
        this.#running = null
      })
  }

  /** Ends after what runs has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #run(): Promise<void> {
    for (const state of this.#deps.contracts.all()) await this.#runOf(state)
    if (!this.#isClosed) await this.#deps.latencies.packEnded()
  }

  /** One contract whose samples cannot be read stops no other. */
  async #runOf(state: ContractState): Promise<void> {
    for (const asked of questionsNow(state, this.#deps.nowMs())) {
      if (this.#isClosed) return
      if (!countsSlots(asked.guarantee) || !this.#isDue(asked, this.#answers.get(answerName(asked)))) continue
      await this.#judge(asked).catch((error: unknown) => {
        const { contract } = state
        const reason = messageOf(error)
        this.#deps.log.error('samples could not be judged; they will be again', { contract, reason })
      })
    }
  }

  /** By the clock, or because what was declared of the contract, or its terms, changed. */
  #isDue({ state, nowMs }: WindowQuestion, last: Answered | null | undefined): boolean {
    return !last || last.version !== state.version || nowMs >= last.dueMs || nowMs < last.asOfMs
  }

  async #judge(asked: WindowQuestion): Promise<void> {
    const { timelines, nowMs } = this.#deps
    const facts = stateFacts({ ...asked, asOfMs: asked.nowMs }, timelines.asOf(asked.nowMs))
    const bare = this.#judged(asked, facts)
    const beganMs = nowMs()
    const added = canAdd(asked, bare) ? await this.#added(asked, bare, facts) : null
    const answer = added ?? (await this.#whole(asked, facts, bare))
    const tookMs = Math.max(0, nowMs() - beganMs)
    const pauseMs = Math.max(LATENCY_EVERY_MS, added ? 0 : PAUSE_FACTOR * tookMs)
    const value = { ...answer, version: asked.state.version, dueMs: asked.nowMs + pauseMs }
    this.#version += 1
    this.#answers.set(answerName(asked), { value, bytes: ANSWER_BYTES })
  }

  #judged(asked: WindowQuestion, facts: ServiceFacts): Judged {
    return judgeWindowOf({ ...asked, asOfMs: asked.nowMs, phase: phaseOf(asked), facts })
  }

  /** Speed, from the sums of the chunks that have settled and the samples of those that still grow. */
  async #added(asked: WindowQuestion, bare: Judged, facts: ServiceFacts): Promise<Judgement | null> {
    const { timelines } = this.#deps
    const { state, revision, guarantee, window } = asked
    const span = { window, asOfMs: asOfOf(asked) }
    const watched = watching(timelines.observed(state, revision), guarantee.service, span)
    const answers = []
    for (const place of placesOf(facts, sitesAsked(asked, timelines))) {
      const question = latencyQuestion(place, { asked, judged: bare, watched })
      answers.push({ site: place.site, answer: await this.#windows.measure(question) })
    }
    const [first] = answers
    if (!first) return null
    const { asOfMs } = first.answer
    return { judged: withAnswers(bare, answers, asked), asOfMs, signature: null }
  }

  /** Every sample of the window, through the whole engine. One that has ended is kept until it changes. */
  async #whole(asked: WindowQuestion, facts: ServiceFacts, bare: Judged): Promise<Judgement> {
    const asOfMs = Math.min(asked.nowMs, asked.window.endMs)
    const signature = asked.nowMs < asked.window.endMs ? null : this.#signature(asked, facts, bare)
    const last = this.#answers.get(answerName(asked))
    if (last && signature !== null && last.signature === signature) return last
    const told = this.#deps.timelines.asOf(asked.nowMs)
    const whole = await factsOf({ ...asked, asOfMs: asked.nowMs }, { ...this.#deps, told })
    return { judged: this.#judged(asked, whole), asOfMs, signature }
  }

  /** Everything that the judgement of an ended window depends on: samples by their number, states as they are. */
  #signature(asked: WindowQuestion, facts: ServiceFacts, { rulings }: Judged): string {
    const { state, revision, guarantee, window } = asked
    const { timelines, latencies } = this.#deps
    const span = { fromMs: window.startMs, toMs: window.endMs }
    const watched = watching(timelines.observed(state, revision), guarantee.service, {
      window,
      asOfMs: window.endMs,
    })
    const sizes = watched.map(({ check, vantage: { agent }, watch }) => [
      agent.id,
      watch,
      latencies.sizes({ log: state.log, check: check.name, agent: agent.id }, span),
    ])
    const seen = [facts, ...facts.sites].map(({ timeline }) => {
      const { at, mark } = within(timeline, window)
      return [at, mark]
    })
    const parts = [phaseOf(asked), sizes, seen, rulings]
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  }
}

/** Only speed, only while the window is open, and only where nothing has to be told both ways. */
function canAdd({ guarantee, window, nowMs }: WindowQuestion, { result, commitment }: Judged): boolean {
  const isPlain = result.contested === null && !(commitment.isKept && commitment.excluded.length > 0)
  return guarantee.metric === 'share-within' && nowMs < window.endMs && isPlain
}
