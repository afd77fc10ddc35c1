/**
 * Leaves: what one entry of the ledger is. leaf = type (u8) | receivedMs (u64be) | body. The types are
 * part of what is signed: a member is only ever appended. Pure.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { ClockBase } from '../shell.ts'

/** The position plus one is the byte in the leaf. */
export const LEAF_TYPES = [
  /** A batch, exactly as the agent signed it. */
  'frame',
  /** A check configuration that agents sign under: RFC 8785 JSON. */
  'configuration',
  /** An agent may write to this log: its id, public key and pseudonym. */
  'enrolment',
  'revocation',
  'key-change',
  'seed-digest',
  'seed',
  /** A contract revision: digest and source documents. */
  'revision',
  /** What a person declared, signed by the collector and labelled operator-attested. */
  'declaration',
  /** Start, stop, restore, vantage set. */
  'collector-event',
  'closing',
  /** Two frames under one number, or another break of the evidence; cites leaf indexes. */
  'anomaly',
  /** What the collector stated at that instant: an incident opened or closed. */
  'notice',
  /** The second frame under one number: kept as evidence, never folded. */
  'set-aside',
  /** What the other side said of a declared exclusion: accepted or disputed. */
  'declaration-answer',
  /** A provider's statement of a window: the digest of its bytes, which stand beside the log. */
  'statement',
] as const
export type LeafType = (typeof LEAF_TYPES)[number]

/** A body above this is stored beside the log and enters as its digest. */
export const MAX_BODY_BYTES = 60_073

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
export type Draft = {
  type: LeafType
  body: Buffer
  receivedMs: UnixMs
  /** Set on frames. */
  frame?: FramePlace
  /** Set on enrolments and revocations. */
  agent?: Buffer
  /** Bytes that stand beside the log, each by its SHA-256: stored in the transaction of the leaf. */
  beside?: readonly { digest: Buffer; body: Buffer }[]
  /** What the body says, where it is only the digest of what stands beside. */
  text?: string
}

export function leafCode(type: LeafType): number {
  return LEAF_TYPES.indexOf(type) + 1
}

export function leafType(code: number): LeafType {
  const type = LEAF_TYPES[code - 1]
  invariant(type, `leaf type ${code} is not known`)
  return type
}

export function leafBytes({ type, receivedMs, body }: Pick<Draft, 'type' | 'receivedMs' | 'body'>): Buffer {
  invariant(body.length <= MAX_BODY_BYTES, `a leaf body of ${body.length} bytes passes the limit`)
  return rowBytes({ type: leafCode(type), receivedMs, body })
}

/** The leaf that a stored row says it is, whatever it says. */
export function rowBytes({
  type,
  receivedMs,
  body,
}: {
  type: number
  receivedMs: UnixMs
  body: Buffer
}): Buffer {
  const leaf = Buffer.allocUnsafe(9 + body.length)
  leaf[0] = type
  leaf.writeBigUInt64BE(BigInt.asUintN(64, BigInt(receivedMs)), 1)
  body.copy(leaf, 9)
  return leaf
}
