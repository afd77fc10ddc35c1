/** What a scoring policy is: a share of good time, and how its tool writes it. Types only. */
import type { Fraction } from '../fraction.ts'
import type { Stretch } from './stretch.ts'

export type Score =
  /** Good over counted time, 0 … 1. */
  | { kind: 'share'; share: Fraction }
  /** Nothing was counted: what the tool then says. */
  | { kind: 'empty'; says: string }

export type Policy = {
  name: string
  /** The formula, in one sentence. */
  formula: string
  /** Digits behind the point, and what happens to the rest. */
  digits: number
  mode: 'truncate' | 'round'
  score: (stretches: readonly Stretch[]) => Score
}
