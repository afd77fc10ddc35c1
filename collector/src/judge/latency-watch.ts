/**
 * Latency watch: measures every latency guarantee in its open window again and again, beside the line and
 * never in its way, and any other window when somebody asks. Readers get the last answer at once. Derived.
 */
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { CalendarWindow } from '@constat/sla/period'
import type { Latencies } from '../latency/latencies.ts'
import type { Log } from '../shell.ts'
import { newest, revisionFor, type Register, type Terms } from '../terms/register.ts'
import { answerName, latencyQuestion, type LatencyPlace } from './latency-view.ts'
import { LatencyWindows, type LatencyAnswer } from './latency-window.ts'
import { sitesOf } from './sites.ts'
import type { Timelines } from './timelines.ts'
import { judged, windowNow, type LatencyGuarantee, type Measurable } from './windows.ts'

/** An answer this old is good enough for a window that is open. */
export const LATENCY_EVERY_MS = 10_000

export type LatencyWatchDeps = {
  register: Register
  timelines: Timelines
  latencies: Latencies
  nowMs: () => UnixMs
  nameOf: (agent: string) => string
  log: Log
  /** The figures of a contract are newer than what readers were shown. */
  changed(contract: string): void
}

export class LatencyWatch {
  readonly #deps: LatencyWatchDeps
  readonly #windows: LatencyWindows
  #running: Promise<void> | null = null
  #ranMs: UnixMs = -Infinity

  constructor(deps: LatencyWatchDeps) {
    this.#deps = deps
    this.#windows = new LatencyWindows(deps.latencies, deps.nowMs)
  }

  /** The last answer, or null before the first. */
  last(place: LatencyPlace): LatencyAnswer | null {
    return this.#windows.last(answerName(place))
  }

  /** Makes sure that the answer of one window is there, and of its time. */
  async ask(terms: Terms, guarantee: string, window: CalendarWindow): Promise<void> {
    const whole = this.#placeOf(terms, guarantee, window)
    if (whole && !this.places(whole).every((place) => this.#isFresh(place))) await this.#measure(whole)
  }

  /** The guarantee itself, or each of the sites it is promised for. */
  places(whole: Measurable<LatencyGuarantee>): LatencyPlace[] {
    const { terms, revision, guarantee } = whole
    const { scope, service } = guarantee
    if (scope === 'service') return [{ ...whole, site: null }]
    const { timelines, nameOf } = this.#deps
    const agents = timelines.agentsOf(terms, revision, service).map((id) => ({ id, name: nameOf(id) }))
    return sitesOf(revision.terms, agents).map((site) => {
      const timeline = timelines.site(terms, revision, { service, site })
      return { ...whole, timeline, site }
    })
  }

  #isFresh(place: LatencyPlace): boolean {
    const last = this.last(place)
    const { nowMs, window } = place
    return last !== null && nowMs < window.endMs && nowMs - last.asOfMs < LATENCY_EVERY_MS
  }

  /** Measures what is due, in the background. A call while one runs is that one. */
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
      const revision = newest(terms)
      const own = judged(revision).filter(({ metric }) => metric === 'share-within')
      for (const guarantee of own) {
        const place = this.#placeOf(terms, guarantee.id, windowNow(guarantee, revision, this.#deps.nowMs()))
        if (place) await this.#measure(place)
      }
      if (own.length > 0) this.#deps.changed(terms.contract)
    }
    await this.#deps.latencies.packEnded()
  }

  async #measure(whole: Measurable<LatencyGuarantee>): Promise<void> {
    for (const place of this.places(whole)) {
      await this.#windows.measure(latencyQuestion(place, this.#deps.timelines))
    }
  }

  /** The guarantee in a window, under the revision in force at its start. */
  #placeOf(terms: Terms, id: string, { startMs }: CalendarWindow): Measurable<LatencyGuarantee> | null {
    const revision = revisionFor(terms, id, startMs)
    const guarantee = revision && judged(revision).find((one) => one.id === id)
    if (!revision || guarantee?.metric !== 'share-within') return null
    const window = windowNow(guarantee, revision, startMs)
    const timeline = this.#deps.timelines.service(terms, revision, guarantee.service)
    return { terms, revision, guarantee, window, timeline, nowMs: this.#deps.nowMs() }
  }
}
