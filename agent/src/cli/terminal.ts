/**
 * Terminal: what a command may use of the outside, and how it ends. Exit codes: 0 done, 1 the answer is
 * no, 2 state broken, 3 usage, 4 could not run.
 */
import { Fault, messageOf, type FaultCode } from '@constat/shared/fault'
import type { Environment } from '../settings.ts'
import type { HostClock } from '@constat/shared/time'
import type { Random } from '../shell.ts'

export type Format = 'text' | 'json'

export type Terminal = {
  clock: HostClock
  random: Random
  env: Environment
  /** The file that runs: the bundle, or the sources' main.ts. */
  program: string
  out: (text: string) => void
  err: (text: string) => void
  /** Settles when somebody wants the program to end. */
  stopped: () => Promise<string>
}

export const EXIT = { done: 0, no: 1, broken: 2, usage: 3, failed: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const EXIT_OF: Partial<Record<FaultCode, ExitCode>> = {
  usage: EXIT.usage,
  'bad-config': EXIT.broken,
  evidence: EXIT.broken,
}

/** Says what went wrong in one line, and answers the exit code. */
export function endWith(
  error: unknown,
  { format, terminal }: { format: Format; terminal: Pick<Terminal, 'err'> },
): ExitCode {
  const { code, hint } = error instanceof Fault ? error : { code: 'internal' as const, hint: '' }
  const message = messageOf(error).replaceAll('\n', ' ')
  if (format === 'json') terminal.err(`${JSON.stringify({ error: { code, message, hint } })}\n`)
  else terminal.err(`constat-agent: ${code}: ${message}${hint === '' ? '' : `; ${hint}`}\n`)
  return EXIT_OF[code] ?? EXIT.failed
}
