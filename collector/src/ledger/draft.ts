/** Drafts: leaves before the sequencer has given them an index. Types only. */
import type { Leaf } from '@constat/evidence/leaf'
import type { UnixMs } from '@constat/shared/time'
import type { ClockBase } from '../shell.ts'

/** What pages show of an agent: its clock against the collector's, and what waits in its spool. */
export type AgentHealth = {
  clockOffsetMs: number
  clockErrorMs: number
  spoolFrames: number
  clockBase: ClockBase | null
}

/** Where a frame stands in its session, the span of its samples, and what it says of its agent. */
export type FramePlace = {
  agent: Buffer
  session: Buffer
  seq: number
  digest: Buffer
  fromMs: UnixMs | null
  toMs: UnixMs | null
  health: AgentHealth
  /** Every sample of it is good. */
  isGood: boolean
}

/** A leaf before the sequencer has given it an index. */
export type Draft = Leaf & {
  /** Set on frames. */
  frame?: FramePlace
  /** Set on enrolments and revocations. */
  agent?: Buffer
  /** Bytes that stand beside the log, each by its SHA-256: stored in the transaction of the leaf. */
  beside?: readonly { digest: Buffer; body: Buffer }[]
  /** What the body says, where it is only the digest of what stands beside. */
  text?: string
}
