/** The event of a day's root. Pure. Always fits into a payload: it holds the head as its log has signed it, alone. */
import type { UnixMs } from '@constat/shared/time'
import type { Fact } from '../alert/types.ts'

/** The last head that a log signed on a day: it has to be the beginning of every later one. */
export type DayRoot = {
  contract: string
  /** `2026-11-30`, UTC. */
  day: string
  head: { origin: string; size: number; root: Uint8Array }
  note: string
  atMs: UnixMs
  publicUrl: string
}

export function rootFact({ contract, day, head, note, atMs, publicUrl }: DayRoot): Fact {
  const { origin, size } = head
  const root = Buffer.from(head.root).toString('hex')
  const links = { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}/evidence` }
  const data = { id: `${contract}/${day}`, contract, day, origin, size, root, checkpoint: note, links }
  return { type: 'evidence.root', contract, atMs, data }
}
