/**
 * HTTP rules: what an answer means. Pure; runs after the clock has stopped.
 *
 * A bare URL (no `status` list), after redirects:
 *   2xx                              ok
 *   401 with WWW-Authenticate        ok: the service is there and asks who we are, as a sign-on page does
 *   403, 429, or a firewall's mark   blocked: something in front of the service turned the agent away
 *   3xx that is not followed         fail `redirect`
 *   anything else (404, 5xx …)       fail `status`; a maintenance page that answers 503 is an outage,
 *                                    one that answers 200 needs `bodyContains` to be told apart
 * With a `status` list: a listed status is ok, 429 is blocked, anything else is fail `status`.
 * Then: `bodyContains` absent from the body is fail `assertion`; a body above `maxBytes`, where the check
 * states it, is fail `size` (the default cap only ends the reading); slower than `degradedOverMs` is
 * degraded `slow`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { ProbeSpec } from '@constat/shared/check'
import type { Judgement } from './probe.ts'

export type HttpSpec = Extract<ProbeSpec, { kind: 'http' }>

export type HttpAnswer = {
  status: number
  headers: IncomingHttpHeaders
  /** Decoded text of what was read; empty where nothing asks for it. */
  body: string
  /** True when the body went past the cap. */
  oversize: boolean
}

export const MAX_BODY_BYTES = 1024 * 1024
const DEFAULT_REDIRECTS = 5

export function judgeAnswer(spec: HttpSpec, answer: HttpAnswer, latencyUs: number): Judgement {
  const value = answer.status
  const said = judgeStatus(spec, answer)
  if (said) return { ...said, value }
  if (answer.oversize && spec.maxBytes !== undefined) {
    return { outcome: 'fail', cause: 'size', value, detail: `the body passes ${spec.maxBytes} bytes` }
  }
  if (spec.bodyContains !== undefined && !answer.body.includes(spec.bodyContains)) {
    return { outcome: 'fail', cause: 'assertion', value, detail: 'the body does not hold the expected text' }
  }
  if (spec.degradedOverMs !== undefined && latencyUs > spec.degradedOverMs * 1_000) {
    return { outcome: 'degraded', cause: 'slow', value, detail: `slower than ${spec.degradedOverMs} ms` }
  }
  return { outcome: 'ok', cause: 'none', value, detail: `status ${value}` }
}

/** The verdict that the status alone brings, or undefined when it is a good one. */
function judgeStatus(spec: HttpSpec, { status, headers }: HttpAnswer): Omit<Judgement, 'value'> | undefined {
  const wanted = spec.status
  const good = wanted ? wanted.includes(status) : status >= 200 && status <= 299
  if (good) return undefined
  if (!wanted && status === 401 && headers['www-authenticate'] !== undefined) return undefined
  if (status === 429 || (!wanted && (status === 403 || bearsFirewallMark(headers)))) {
    return {
      outcome: 'blocked',
      cause: 'blocked',
      detail: `status ${status}: turned away before the service`,
    }
  }
  if (!wanted && isRedirect(status) && headers.location !== undefined) {
    return { outcome: 'fail', cause: 'redirect', detail: `status ${status}: a redirect that is not followed` }
  }
  return { outcome: 'fail', cause: 'status', detail: `status ${status}` }
}

/** Challenge pages that say what they are, whatever their status. */
function bearsFirewallMark(headers: IncomingHttpHeaders): boolean {
  return headers['cf-mitigated'] === 'challenge' || headers['x-amzn-waf-action'] !== undefined
}

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** Redirects that the check wants followed. */
export function redirectLimit(spec: HttpSpec): number {
  const names3xx = spec.status?.some((status) => status >= 300 && status <= 399) ?? false
  return spec.redirects ?? (names3xx ? 0 : DEFAULT_REDIRECTS)
}

/** Whether this answer is to be followed: a redirect to somewhere that is not itself the wanted answer. */
export function wantsRedirect(spec: HttpSpec, answer: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  if (!isRedirect(answer.status) || answer.headers.location === undefined) return false
  return redirectLimit(spec) > 0 && spec.status?.includes(answer.status) !== true
}
