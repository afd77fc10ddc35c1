/** What a ledger says at one size: all that a window is judged by. */
import type { UnixMs } from '@constat/shared/time'
import type { Timelines } from '../fold/timelines.ts'
import type { ContractState } from '../state/contract-state.ts'
import type { KeptStatement } from '../state/statement-record.ts'
import type { SlotReader } from './facts.ts'

export type LedgerState = {
  /** Leaves below this were read; the root of the tree under them, hex. */
  size: number
  root: string
  state: ContractState
  timelines: Timelines
  /** The bytes of a statement. */
  bytesOf: (statement: KeptStatement) => Promise<Buffer>
  latencies: SlotReader
}

/** The newest statement about a window. */
export function statementOn(
  { statements }: Pick<ContractState, 'statements'>,
  { window, untilMs = Infinity }: { window: string; untilMs?: UnixMs },
): KeptStatement | null {
  return statements.findLast((one) => one.window === window && one.receivedMs < untilMs) ?? null
}
