/**
 * What a probe is: a function from a declared target to one result. Every expected failure of the
 * network is a value here; only a bug throws. Types alone.
 */
import type { SecureContext } from 'node:tls'
import type { ProbeSpec } from '@constat/shared/check'
import type { Cause, Outcome, Phases } from '@constat/shared/sample'
import type { Clock } from '@constat/shared/time'
import type { Authorities } from './certificate-path.ts'
import type { Policy } from './policy.ts'
import type { Resolver } from './resolution.ts'

/** What a sample will say, less when and which check. `detail` is for people and is never signed, `code` is. */
export type ProbeResult = {
  outcome: Outcome
  cause: Cause
  /** µs on the monotonic clock, from the start of the probe to its end. */
  latencyUs: number
  value: number
  phases: Phases
  /** What was said where it is not ok, in the words of who said it: a status, rcode, errno, reply (CODE). */
  code?: string
  detail: string
  /** Of a transaction: where the time of each step went, as far as it came. For people, never signed. */
  steps?: StepTiming[]
  /** Each host that was asked, in order. For people, never signed. */
  hops?: Hop[]
}

/** One host that was asked, as far as it came. */
export type Hop = {
  host: string
  /** The address dialled; null where the name had none. */
  address: string | null
  /** Null where the kind has none. */
  port: number | null
  /** Of HTTP: what was asked for, and what the answer said. */
  url?: string
  status?: number
  phases: Phases
}

export type StepTiming = { name: string; latencyUs: number; phases: Phases }

/** Verdict of a probe whose exchange ran to its end. */
export type Judgement = Pick<ProbeResult, 'outcome' | 'cause' | 'value' | 'code' | 'detail'>

export type ProbeContext = {
  /** The whole probe, resolving included, is over by then, but for `stoodStillMs`. 1 … 2³¹−1. */
  timeoutMs: number
  /**
   * For how long in all this host stood still since the probe began, ms. The target is given as much more, at most
   * `graceMs`. Absent: never.
   */
  stoodStillMs?: () => number
  clock: Clock
  resolver: Resolver
  /** What the owner of the host lets checks do. Asked before every connection, and before a secret is read. */
  denied: Policy
  /** Of the check, for the policy. Set by `runProbe`. */
  kind?: ProbeSpec['kind']
  /**
   * Trust and protocol settings, loaded at the first TLS handshake: those shared by all probes, or of a
   * check's own material. Rejects where that is not PEM.
   */
  secureContext: (material?: TlsMaterial) => Promise<Trust>
  /**
   * The file of this name that the host's owner gave to the agent. A text in place of the bytes is the
   * sentence that says why there is none and what to do. secret.ts has what probes do with it.
   */
  secret: (name: string) => Promise<Buffer | string>
  /** Of a DNS query, 0 … 65535. Absent: one that nobody can guess. */
  queryId?: () => number
}

/** Settings of a handshake, and the authorities that they trust. */
export type Trust = { tls: SecureContext; authorities: Authorities }

/** PEM of a check's own. `ca` replaces the public authorities. */
export type TlsMaterial = { ca?: Buffer; cert?: Buffer; key?: Buffer }

export type Probe<S extends ProbeSpec> = (spec: S, context: ProbeContext) => Promise<ProbeResult>

/** One kind of check. A sentence in place of a spec says what is wrong with it. */
export type Kind<S extends ProbeSpec> = {
  /** Fields of a configuration, unchecked so far. */
  read: (fields: Record<string, unknown>) => S | string
  /** The spec that a URL stands for, its scheme being one of this kind. */
  ofUrl: (url: URL) => S | string
  probe: Probe<S>
}
