/**
 * Slot watch: judges every guarantee that counts slot samples, beside the line and never in its way: those of
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
import { declarationsOf } from '../terms/declarations.ts'
import { newest, type Register, type Terms } from '../terms/register.ts'
import { countsSlots, factsOf, sitesAsked, stateFacts, type FactSources } from './facts.ts'
import { judgeWindowOf } from './judgement.ts'
import { answerName, latencyQuestion, placesOf, withAnswers } from './latency-view.ts'
import { LatencyWindows } from './latency-window.ts'
import { checksOf } from '@constat/sla/service-tree'
import { measurableAt, phaseOf, windowNow, type Measurable } from './windows.ts'

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
  /** What a percentile may be above the true one, in percent: `0` where it is exact. */
  percentileErrorPercent: string
}

type Answered = SlotAnswer & {
  /** What it was made from; null: it is made again when it is due. */
  signature: string | null
  dueMs: UnixMs
}

export type LatencyWatchDeps = {
  register: Register
  latencies: Latencies
  facts: FactSources
  nowMs: () => UnixMs
  log: Log
  /** The figures of a contract are newer than what readers were shown. */
  changed(contract: string): void
}

export class LatencyWatch {
  readonly #deps: LatencyWatchDeps
  readonly #windows: LatencyWindows
  readonly #answers = new Kept<Answered>(MAX_KEPT_BYTES)
  /** Contracts of which everything is due, whatever was answered. */
  readonly #stale = new Set<string>()
  #running: Promise<void> | null = null
  #ranMs: UnixMs = -Infinity

  constructor(deps: LatencyWatchDeps) {
    this.#deps = deps
    this.#windows = new LatencyWindows(deps.latencies, deps.nowMs)
  }

  /** The last answer, or null before the first. */
  last(asked: Measurable): SlotAnswer | null {
    return this.#answers.get(answerName(asked)) ?? null
  }

  /** Makes sure that the answer of one window is there, and of its time. */
  async ask(asked: Measurable): Promise<void> {
    if (!countsSlots(asked.guarantee)) return
    const last = this.#answers.get(answerName(asked))
    const isFresh = last && last.signature === null && asked.nowMs < last.dueMs && asked.nowMs >= last.asOfMs
    if (!isFresh || this.#stale.has(asked.terms.contract)) await this.#judge(asked)
  }

  /** What was declared of a contract, or its terms, changed: the next answers are made anew, and soon. */
  forget(contract: string): void {
    this.#stale.add(contract)
    this.#ranMs = -Infinity
  }

  /** Judges what is due, in the background. A call while one runs is that one. */
  advance(): void {
    const nowMs = this.#deps.nowMs()
    if (this.#running || Math.abs(nowMs - this.#ranMs) < LATENCY_EVERY_MS) return
    this.#ranMs = nowMs
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#deps.log.error('latencies could not be measured; they will be again', {
          reason: messageOf(error),
        })
      })
      .finally(() => {
        this.#running = null
      })
  }

  /** Ends after what runs has ended. */
  async close(): Promise<void> {
    this.#ranMs = Infinity
    await this.#running
  }

  async #run(): Promise<void> {
    for (const terms of this.#deps.register.all()) {
      const isStale = this.#stale.delete(terms.contract)
      if (await this.#runOf(terms, isStale ? 'all' : 'due')) this.#deps.changed(terms.contract)
    }
    await this.#deps.latencies.packEnded()
  }

  async #runOf(terms: Terms, which: 'all' | 'due'): Promise<boolean> {
    const revision = newest(terms)
    const own = revision.terms.guarantees.filter(countsSlots)
    for (const guarantee of own) {
      const nowMs = this.#deps.nowMs()
      const { startMs } = windowNow(guarantee, revision, nowMs)
      const asked = measurableAt(terms, guarantee.id, { atMs: startMs, nowMs })
      const last = asked && this.#answers.get(answerName(asked))
      if (asked && (which === 'all' || !last || nowMs >= last.dueMs || nowMs < last.asOfMs))
        await this.#judge(asked)
    }
    return own.length > 0
  }

  async #judge(asked: Measurable): Promise<void> {
    const { facts: sources, nowMs } = this.#deps
    const facts = stateFacts({ ...asked, asOfMs: asked.nowMs }, sources)
    const bare = this.#judged(asked, facts)
    const beganMs = nowMs()
    const added = canAdd(asked, bare) ? await this.#added(asked, bare, facts) : null
    const answer = added ?? (await this.#whole(asked, facts, bare))
    const tookMs = Math.max(0, nowMs() - beganMs)
    const pauseMs = Math.max(LATENCY_EVERY_MS, added ? 0 : PAUSE_FACTOR * tookMs)
    const value = { ...answer, dueMs: asked.nowMs + pauseMs }
    this.#answers.set(answerName(asked), { value, bytes: ANSWER_BYTES })
  }

  #judged(asked: Measurable, facts: ServiceFacts): Judged {
    const declarations = declarationsOf(asked.terms)
    return judgeWindowOf({ ...asked, asOfMs: asked.nowMs, phase: phaseOf(asked), declarations, facts })
  }

  /** Speed, from the sums of the chunks that have settled and the samples of those that still grow. */
  async #added(
    asked: Measurable,
    bare: Judged,
    facts: ServiceFacts,
  ): Promise<Omit<Answered, 'dueMs'> | null> {
    const { timelines } = this.#deps.facts
    const answers = []
    for (const place of placesOf(facts, sitesAsked(asked, this.#deps.facts))) {
      const question = latencyQuestion(place, { asked, judged: bare, timelines })
      answers.push({ site: place.site, answer: await this.#windows.measure(question) })
    }
    const [first] = answers
    if (!first) return null
    const { asOfMs, percentileErrorPercent } = first.answer
    return { judged: withAnswers(bare, answers, asked), asOfMs, percentileErrorPercent, signature: null }
  }

  /** Every sample of the window, through the whole engine. One that has ended is kept until it changes. */
  async #whole(asked: Measurable, facts: ServiceFacts, bare: Judged): Promise<Omit<Answered, 'dueMs'>> {
    const asOfMs = Math.min(asked.nowMs, asked.window.endMs)
    const signature = asked.nowMs < asked.window.endMs ? null : this.#signature(asked, facts, bare)
    const last = this.#answers.get(answerName(asked))
    if (last && signature !== null && last.signature === signature) return last
    const sources = { ...this.#deps.facts, latencies: this.#deps.latencies }
    const whole = await factsOf({ ...asked, asOfMs: asked.nowMs }, sources)
    return { judged: this.#judged(asked, whole), asOfMs, percentileErrorPercent: '0', signature }
  }

  /** Everything that the judgement of an ended window depends on: samples by their number, states as they are. */
  #signature(asked: Measurable, facts: ServiceFacts, { rulings }: Judged): string {
    const { terms, revision, guarantee, window } = asked
    const span = { fromMs: window.startMs, toMs: window.endMs }
    const sizes = checksOf(revision.terms, guarantee.service).flatMap((check) =>
      this.#deps.facts.timelines
        .expected(terms, revision, check)
        .map(({ agent, startMs, endMs }) => [
          agent,
          startMs,
          endMs,
          this.#deps.latencies.sizes({ log: terms.log, check: check.name, agent }, span),
        ]),
    )
    const seen = [facts, ...facts.sites].map(({ timeline }) => {
      const { at, mark } = within(timeline, window)
      return [at, mark]
    })
    const parts = [phaseOf(asked), sizes, seen, rulings]
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  }
}

/** Only speed, only while the window is open, and only where nothing has to be told both ways. */
function canAdd({ guarantee, window, nowMs }: Measurable, { result, commitment }: Judged): boolean {
  const isPlain = result.contested === null && !(commitment.isKept && commitment.excluded.length > 0)
  return guarantee.metric === 'share-within' && nowMs < window.endMs && isPlain
}
