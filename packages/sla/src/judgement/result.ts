/**
 * Results: what a judgement says, as plain JSON. The same shape comes out of the collector and of
 * `constat evaluate`. Times in ms, instants in ms since the epoch, percentages as decimal text. Types only.
 */
import type { UnixMs } from '@constat/shared/time'
import type { GuaranteeTerms } from '../contract/expanded.ts'
import type { Budget } from '../budget.ts'
import type { DownMs, Figure } from '../figures.ts'
import type { Verdict } from '../verdict.ts'
import type { IncidentTiming } from './timing.ts'
import type { WorstWindow } from './worst.ts'

/** Percent by figure; null where nothing can be divided by. */
export type Percentages = Record<Figure, string | null>

/** Where an open window is heading, by the binding figure. */
export type Exhaustion = {
  /** When the budget was gone; null while some is left. */
  exhaustedMs: UnixMs | null
  /** When it would be gone at the rate so far; null: not within the window. */
  projectedMs: UnixMs | null
}

/** What was measured, by kind of metric. */
export type Measure =
  | {
      kind: 'downtime'
      downMs: DownMs
      availability: Percentages
      budget: Budget
      exhaustion: Exhaustion
      /** Hour, day and week with the most downtime. */
      worst: WorstWindow[]
    }
  /** Attempts, or their latencies: how many of how many. `missing` slots could have gone either way. */
  | {
      kind: 'share'
      n: number
      within: number
      missing: number
      /** Counted, but at instants that are not proved up: they may be part of an outage. */
      doubtful: { n: number; within: number }
      share: Percentages
      thresholdUs: number | null
      percentileUs: { p50: number; p95: number; p99: number } | null
    }
  /**
   * 100 − the mean error rate of the slices so far. `lost`: their error rates added up, as a reduced fraction
   * (`21/5`), against the `slicesOfWindow` that there are in the end.
   */
  | {
      kind: 'mean'
      slices: number
      slicesOfWindow: number
      lost: Record<Figure, string>
      availability: Percentages
    }
  | { kind: 'timing'; eachMs: number; perIncident: IncidentTiming[] }
  | { kind: 'count'; count: Record<Figure, number> }

export type Scored = {
  verdict: Verdict
  outlook: 'on_track' | 'at_risk' | null
  insufficientEvidence: boolean
  committedMs: number
  elapsedMs: number
  knownMs: number
  coverage: string | null
  measure: Measure
}

/** One site of a guarantee that is judged for each. */
export type SiteScore = { site: string } & Scored

/** What the figures would be if every contested exclusion were accepted, and if none were. */
export type BothWays = { accepted: Scored; refused: Scored }

export type GuaranteeResult = Scored & {
  guarantee: string
  service: string
  clause: string | null
  metric: GuaranteeTerms['metric']
  scope: GuaranteeTerms['scope']
  target: string
  excludedMs: number
  /** Empty where the service is judged as a whole. */
  sites: SiteScore[]
  /** Null where no exclusion is contested. */
  contested: BothWays | null
}
