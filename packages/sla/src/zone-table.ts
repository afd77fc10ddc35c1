/**
 * Zone tables: the rules of one time zone over one span, as plain data. Pure.
 * Hosts differ in their tzdb release, so a contract's terms carry the tables they use and the calendar
 * computes from a table only; `zone.ts` is where a host's tzdb becomes one.
 */
import type { UnixMs } from '@constat/shared/time'

/**
 * Offsets of `zone` for instants in [fromMs, toMs). Pairs are [first instant, seconds east of UTC], sorted;
 * the first pair stands at `fromMs`.
 */
export type ZoneTable = {
  readonly zone: string
  readonly fromMs: UnixMs
  readonly toMs: UnixMs
  readonly transitions: readonly (readonly [UnixMs, number])[]
}
