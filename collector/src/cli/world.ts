/** The world of a command: what it reads and where it writes, and what its end means. */
import { Fault, type FaultCode } from '@constat/shared/fault'
import type { HostClock } from '@constat/shared/time'
import type { Environment } from '../config.ts'
import type { Random } from '../shell.ts'

/** How a line stands out where a person reads it in colour. */
export type Tone = 'bad' | 'warn'

export type World = {
  clock: HostClock
  random: Random
  environment: Environment
  /** One line of the answer. */
  out(text: string, tone?: Tone): void
  /** Empties the screen of a terminal, for an answer that is given anew; says nothing elsewhere. */
  clear(): void
  /** Resolves with true when a person ends what goes on, with false after so long. */
  interrupted(withinMs: number): Promise<boolean>
  /** One line beside it. */
  err(text: string): void
  /** How far long work is: rewrites one line of a terminal, and says nothing elsewhere. Null ends it. */
  progress(text: string | null): void
  /** Whether a person reads standard error, and standard output. */
  isTerminal: boolean
  isOutTerminal: boolean
  /** IANA zone of this host. */
  timeZone: string
}

/** 0 done · 1 the answer is no · 2 evidence or state broken · 3 usage · 4 could not run. */
export const EXIT = { done: 0, no: 1, broken: 2, usage: 3, failed: 4 } as const

const BY_CODE: Partial<Record<FaultCode, number>> = {
  usage: EXIT.usage,
  'bad-config': EXIT.usage,
  'bad-contract': EXIT.usage,
  'bad-request': EXIT.usage,
  evidence: EXIT.broken,
}

export function exitCode(error: unknown): number {
  return error instanceof Fault ? (BY_CODE[error.code] ?? EXIT.failed) : EXIT.failed
}
