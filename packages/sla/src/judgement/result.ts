/**
 * Results: what a judgement says, as plain JSON: what closings keep, the API shows and `constat evaluate`
 * answers. Lengths in ms, instants as RFC 3339 text, percentages as decimal text. Types only.
 */
import type { GuaranteeTerms } from '../contract/expanded.ts'
import type { ScoredAs } from '../metric/shape.ts'
import type { Measure } from '../metric/table.ts'

export type Scored = ScoredAs<Measure>

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
  /** Worst first; empty where the service is judged as a whole. */
  sites: SiteScore[]
  /** Null where no exclusion is contested. */
  contested: BothWays | null
}
