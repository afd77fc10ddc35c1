/**
 * Samples: one probe of one target by one agent. The enums here are signed as small integers, so a
 * member is only ever appended, never moved: test/line/shared/batch.test.ts pins their order. Pure.
 */
import type { UnixMs } from './time.ts'

/**
 * `ok` · `degraded`: answered, but outside the check's own limit · `fail` · `unknown`: the agent could
 * not tell · `blocked`: a firewall or rate limit answered in the target's place. (spec: sample)
 */
export const OUTCOMES = ['ok', 'degraded', 'fail', 'unknown', 'blocked'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Whose a failure looks like. It decides no figure: it tells people where to look first. */
export type FaultOwner = 'none' | 'target' | 'resolver' | 'agent'

/** What failed, and whose it looks like. The position is the signed code. */
export const CAUSES = [
  ['none', 'none'],
  /** The resolver did not answer, or answered SERVFAIL or REFUSED. */
  ['dns', 'resolver'],
  /** The name does not exist (NXDOMAIN) or has no address. */
  ['name', 'target'],
  /** Connection refused, or a router on the way says that there is no route. */
  ['connect', 'target'],
  ['tls', 'target'],
  ['timeout', 'target'],
  /** The connection was cut before the answer was whole. */
  ['reset', 'target'],
  /** The answer is not of the protocol. */
  ['protocol', 'target'],
  ['status', 'target'],
  ['assertion', 'target'],
  ['redirect', 'target'],
  ['size', 'target'],
  ['slow', 'target'],
  ['blocked', 'target'],
  ['certificate', 'target'],
  ['loss', 'target'],
  ['threshold', 'target'],
  /** The agent ran out of files, ports or memory (EMFILE, ENFILE, EADDRNOTAVAIL, ENOMEM). */
  ['resources', 'agent'],
  /** The agent's own host has no route there, or no link. */
  ['network', 'agent'],
  /** The agent's own event loop lagged while the probe was in flight. */
  ['interference', 'agent'],
  /** The host slept or its clock jumped. */
  ['suspended', 'agent'],
  /** The slot passed without a probe. */
  ['missed', 'agent'],
  /** The policy of the agent's host, or its packet filter, does not allow it. */
  ['denied', 'agent'],
  /** The check asks for something this agent cannot do. */
  ['unsupported', 'agent'],
  /** The body is not what its headers say: it does not decompress, or not within the agent's limits. */
  ['unreadable', 'target'],
  /** A program of the host that the check needs is not installed: neither fping nor ping. */
  ['no-program', 'agent'],
] as const satisfies readonly (readonly [string, FaultOwner])[]
export type Cause = (typeof CAUSES)[number][0]

/** Where the time went, µs each, 0 where a phase did not happen. The order is signed. */
export const PHASES = ['dnsUs', 'connectUs', 'tlsUs', 'ttfbUs', 'transferUs'] as const
export type Phases = Record<(typeof PHASES)[number], number>

export type Sample = {
  /** Index in the check configuration that the batch names. 0 … 4095. */
  check: number
  /** When the request was sent: wall clock, corrected once by the agent. */
  atMs: UnixMs
  outcome: Outcome
  cause: Cause
  /** 0 for the probe of a slot, k for the k-th re-probe after it. 0 … 255. */
  attempt: number
  /** Monotonic clock, from the start of the probe to its end. 0 … 2³²−1. */
  latencyUs: number
  /** What the kind measures: HTTP status, days to expiry, percent lost. 0 where it has none. Int32. */
  value: number
  phases: Phases
  /** What was said where it is not ok, or what was waited for: 503, NXDOMAIN, ECONNREFUSED, no first byte. See CODE. */
  code?: string
}

/** A code: printable ASCII without blanks at its ends, this long at most. */
export const MAX_CODE_CHARS = 64
export const CODE = /^[!-~](?:[ -~]{0,62}[!-~])?$/

export const NO_PHASES: Phases = Object.freeze({ dnsUs: 0, connectUs: 0, tlsUs: 0, ttfbUs: 0, transferUs: 0 })

const CAUSE_CODES = new Map<string, number>(CAUSES.map(([name], code) => [name, code]))
const OUTCOME_CODES = new Map<string, number>(OUTCOMES.map((name, code) => [name, code]))

export function causeCode(cause: Cause): number {
  return CAUSE_CODES.get(cause)!
}

export function outcomeCode(outcome: Outcome): number {
  return OUTCOME_CODES.get(outcome)!
}

export function faultOwner(cause: Cause): FaultOwner {
  return CAUSES[causeCode(cause)]![1]
}
