/**
 * Faults: a failure of the world (disk, network, bad input) with a stable code and a sentence that
 * says what to do. Expected outcomes are values of a union; bugs are `invariant`. Pure.
 */

/** Stable, documented in docs/errors.md; `usage` faults are the caller's, the rest the world's. */
export type FaultCode =
  | 'usage'
  | 'bad-config'
  | 'bad-contract'
  | 'bad-request'
  | 'unauthorised'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'too-large'
  | 'rate-limited'
  | 'database'
  | 'disk'
  | 'network'
  | 'evidence'
  | 'unavailable'
  | 'internal'

export class Fault extends Error {
  readonly code: FaultCode
  /** What to do about it, as one sentence. Empty when `message` already says it. */
  readonly hint: string
  /** Every problem found, when several were found at once. */
  readonly problems: readonly string[]
  /** When to try again, seconds; null: nobody knows. */
  readonly retryAfterS: number | null

  constructor(
    code: FaultCode,
    message: string,
    {
      hint = '',
      problems = [],
      retryAfterS = null,
      cause,
    }: { hint?: string; problems?: readonly string[]; retryAfterS?: number | null; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Fault'
    this.code = code
    this.hint = hint
    this.problems = problems
    this.retryAfterS = retryAfterS
  }
}

/** A broken promise of our own code. Never for bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`)
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a Node.js system error (`ECONNREFUSED`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
