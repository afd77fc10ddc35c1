/** Findings: what a mirror says of a log, in the order in which it comes to it. Types only. */
import type { InterimBody } from '@constat/sla/judgement/window-result'
import type { Failure } from './failure.ts'
import type { FrameCounts } from './frames.ts'

export type Finding =
  | { kind: 'head'; size: number; root: string; frames: FrameCounts }
  /** What a window that goes on comes to; told when it comes to something else. */
  | { kind: 'figures'; result: InterimBody }
  /** What the collector has published comes out: a closing, by its version, or a window that goes on. */
  | { kind: 'reproduced'; window: string; version: number | null; size: number }
  /** Figures of the step `figures`; every other one breaks the evidence. */
  | { kind: 'failure'; failure: Failure; isBroken: boolean }
