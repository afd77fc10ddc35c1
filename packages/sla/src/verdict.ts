/**
 * Verdicts: does a window keep its target? Exact, by integer cross-multiplication.
 * Pure. `not_met` as soon as the binding figure passes the allowance of the whole window; `met` only at
 * close and only if even the pessimistic figure keeps the target; else nobody can say. (spec: window)
 */
import { budgetOf, keepsTarget, type Budget } from './budget.ts'
import type { DownMs, Figure } from './figures.ts'
import { compare, decimal, fraction } from './fraction.ts'
import type { Measured } from './window.ts'

export const VERDICTS = ['met', 'not_met', 'indeterminate'] as const
export type Verdict = (typeof VERDICTS)[number]

export type Judgement = {
  verdict: Verdict
  /** Only of an open window that is not lost yet. */
  outlook: 'on_track' | 'at_risk' | null
  /** Coverage is below what the contract asks for, or there was nothing to cover. */
  insufficientEvidence: boolean
  /** Spent by the binding figure. */
  budget: Budget
}

export type JudgeQuestion = {
  measured: Pick<Measured, 'windowCommittedMs' | 'committedMs' | 'knownMs' | 'downMs'>
  /** Percent as a decimal string, `99.9`. */
  target: string
  /** Which figure loses the window. */
  bindingFigure: Figure
  /** Share as a decimal string, `0.95`. */
  minimumCoverage: string
  phase: 'open' | 'closed'
}

export function judge(question: JudgeQuestion): Judgement {
  const { measured, target, bindingFigure, minimumCoverage, phase } = question
  const { windowCommittedMs: committedMs, downMs } = measured
  const verdict = verdictOf({ committedMs, downMs, target, bindingFigure, phase })
  return {
    verdict,
    outlook:
      phase === 'open' && verdict === 'indeterminate' ? outlookOf({ committedMs, downMs, target }) : null,
    insufficientEvidence: isThin(measured, minimumCoverage),
    budget: budgetOf({ committedMs, target, spentMs: downMs[bindingFigure] }),
  }
}

/** The verdict of a closed interval of which only bounds of the downtime are known. */
export function boundedVerdict(given: {
  committedMs: number
  minDownMs: number
  maxDownMs: number
  target: string
}): Verdict {
  const { committedMs, minDownMs, maxDownMs, target } = given
  if (!keepsTarget({ committedMs, downMs: minDownMs, target })) return 'not_met'
  return keepsTarget({ committedMs, downMs: maxDownMs, target }) ? 'met' : 'indeterminate'
}

type VerdictQuestion = Pick<JudgeQuestion, 'target' | 'bindingFigure' | 'phase'> & {
  committedMs: number
  downMs: DownMs
}

function verdictOf({ committedMs, downMs, target, bindingFigure, phase }: VerdictQuestion): Verdict {
  if (!keepsTarget({ committedMs, downMs: downMs[bindingFigure], target })) return 'not_met'
  // A window that committed to nothing has kept nothing either.
  if (phase === 'open' || committedMs === 0) return 'indeterminate'
  return keepsTarget({ committedMs, downMs: downMs.pessimistic, target }) ? 'met' : 'indeterminate'
}

/** At risk: more than half of the allowance is spent, or too much went unseen to be proved met. */
function outlookOf(given: { committedMs: number; downMs: DownMs; target: string }): 'on_track' | 'at_risk' {
  const { committedMs, downMs, target } = given
  const isHalfSpent = !keepsTarget({ committedMs, downMs: 2 * downMs.point, target })
  return isHalfSpent || !keepsTarget({ committedMs, downMs: downMs.pessimistic, target })
    ? 'at_risk'
    : 'on_track'
}

function isThin({ committedMs, knownMs }: JudgeQuestion['measured'], minimumCoverage: string): boolean {
  return committedMs === 0 || compare(fraction(knownMs, committedMs), decimal(minimumCoverage)) < 0
}
