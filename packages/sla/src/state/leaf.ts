/** A leaf as a contract's state reads it: what it says, when it was received, and where it stands. Types only. */
import type { UnixMs } from '@constat/shared/time'

export type StateLeaf = {
  /** Name of the leaf type; the types that a state does not read say nothing to it. */
  type: string
  /** Place in the log. */
  index: number
  receivedMs: UnixMs
  /** RFC 8785 JSON, also where it lies beside the log. */
  text: string
  /** Hex; of enrolments and revocations. */
  agent: string | null
}
