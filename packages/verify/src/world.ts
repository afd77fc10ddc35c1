/** The outside world as an argument: only `main.ts` and the tests make one. Types only. */
import type { UnixMs } from '@constat/shared/time'

export type World = {
  nowMs: () => UnixMs
  env: Readonly<Record<string, string | undefined>>
  /** One line of the answer, and one beside it. */
  out(text: string): void
  err(text: string): void
  /** Rewrites one line of a terminal, and says nothing elsewhere. Null ends it. */
  progress(text: string | null): void
}
