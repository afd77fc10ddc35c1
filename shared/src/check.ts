/**
 * Check configuration: what an agent is asked to probe. Declarative only: there is nothing here that
 * an agent could execute. Both wire ends read it, and its digest stands in every batch. Pure.
 */
import { jsonDigest } from './canonical-json.ts'

/** Options of one probe, by kind. Durations in ms. */
export type ProbeSpec =
  | {
      kind: 'http'
      url: string
      method?: 'GET' | 'HEAD' | 'POST'
      headers?: Record<string, string>
      body?: string
      /** Status codes that count as success. Absent: 200 … 299, and a redirect to the sign-on page. */
      status?: number[]
      bodyContains?: string
      /** Redirects followed, 0 … 10. Absent: 0 when `status` names a 3xx, else 5. */
      redirects?: number
      /** Answered, but slower than this: `degraded`. */
      degradedOverMs?: number
      /** Bytes of body read at most. Absent: 1 MiB. */
      maxBytes?: number
      family?: 4 | 6
    }
  | { kind: 'tcp'; host: string; port: number; family?: 4 | 6 }
  | { kind: 'tls'; host: string; port: number; serverName?: string; family?: 4 | 6 }
  | { kind: 'dns'; name: string; type: string; server?: string }
  | { kind: 'icmp'; host: string; packets: number; family?: 4 | 6 }

export type CheckSpec = {
  name: string
  intervalMs: number
  timeoutMs: number
  /** Re-probe after a first failure no sooner than this, ms after the send. */
  reprobeMs: number
  /** Consecutive failures that confirm down, and good samples that confirm up. */
  confirm: { down: number; up: number }
  probe: ProbeSpec
}

/** Checks of one contract's log. A sample names its check by position here. */
export type CheckConfig = {
  /** Log origin of the contract. */
  origin: string
  /** Rises with every change; an agent never goes back. */
  version: number
  checks: CheckSpec[]
}

/** SHA-256 over the RFC 8785 form: what a batch carries as `configDigest`. */
export function configDigest(config: CheckConfig): Buffer {
  return jsonDigest(config)
}

/** Most checks in one configuration. */
export const MAX_CHECKS = 4096
