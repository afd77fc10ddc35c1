/**
 * HTTP rules: what an answer means. Pure; runs after the clock has stopped.
 *
 * After redirects, without a `status` list:
 *   2xx                              ok
 *   401 with WWW-Authenticate        ok for a bare URL: the service is there and asks who we are, as a
 *                                    sign-on page does. With `auth`, or in a transaction: fail `status`
 *   403, 429, or a firewall's mark   blocked: something in front of the service turned the agent away
 *   407                              blocked: the proxy asks who we are; the service was not asked
 *   3xx that is not followed         fail `redirect`
 *   anything else (404, 5xx …)       fail `status`; a maintenance page that answers 503 is an outage,
 *                                    one that answers 200 needs `bodyContains` or `bodyLacks`
 * With a `status` list: a listed status is ok, 407 and 429 are blocked, anything else is fail `status`.
 * Then, in this order: a body above `maxBytes`, where the check states it, is fail `size` (the default cap
 * only ends the reading: assertions look at what was read); a header, a text or a JSON value that is not as
 * asked is fail `assertion`; slower than `degradedOverMs` is degraded `slow`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { HttpRequestSpec } from '@constat/shared/check'
import { parseJsonPath, valueAt } from '@constat/shared/json-path'
import type { Body } from './http-body.ts'
import type { Judgement } from './probe.ts'

export type HttpAnswer = {
  status: number
  headers: IncomingHttpHeaders
  body: Body
  /** True when the body went past the cap. */
  oversize: boolean
}

/** Whether a 401 that asks for a sign-on shows a service at work, or a step that failed. */
export type SignOn = 'expected' | 'failed'

export const MAX_BODY_BYTES = 1024 * 1024
const DEFAULT_REDIRECTS = 5
/** Of a found value, in a sentence. */
const MAX_SHOWN_CHARS = 60

export function judgeAnswer(
  spec: HttpRequestSpec,
  answer: HttpAnswer,
  { latencyUs, signOn }: { latencyUs: number; signOn: SignOn },
): Judgement {
  const value = answer.status
  const said = judgeStatus(spec, answer, signOn)
  if (said) return { ...said, value }
  if (answer.oversize && spec.maxBytes !== undefined) {
    return { outcome: 'fail', cause: 'size', value, detail: `the body passes ${spec.maxBytes} bytes` }
  }
  const detail = missingHeader(spec, answer.headers) ?? wrongText(spec, answer) ?? wrongValue(spec, answer)
  if (detail !== undefined) return { outcome: 'fail', cause: 'assertion', value, detail }
  if (spec.degradedOverMs !== undefined && latencyUs > spec.degradedOverMs * 1_000) {
    return { outcome: 'degraded', cause: 'slow', value, detail: `slower than ${spec.degradedOverMs} ms` }
  }
  return { outcome: 'ok', cause: 'none', value, detail: `status ${value}` }
}

/** The verdict that the status alone brings, or undefined when it is a good one. */
function judgeStatus(
  spec: HttpRequestSpec,
  { status, headers }: HttpAnswer,
  signOn: SignOn,
): Omit<Judgement, 'value'> | undefined {
  const wanted = spec.status
  const good = wanted ? wanted.includes(status) : status >= 200 && status <= 299
  if (good) return undefined
  const asks = status === 401 && headers['www-authenticate'] !== undefined
  if (!wanted && asks && signOn === 'expected') return undefined
  if (status === 407) return blocked('status 407: the proxy asks for credentials')
  if (status === 429 || (!wanted && (status === 403 || bearsFirewallMark(headers)))) {
    return blocked(`status ${status}: turned away before the service`)
  }
  if (!wanted && isRedirect(status) && headers.location !== undefined) {
    return { outcome: 'fail', cause: 'redirect', detail: `status ${status}: a redirect that is not followed` }
  }
  return { outcome: 'fail', cause: 'status', detail: `status ${status}` }
}

function blocked(detail: string): Omit<Judgement, 'value'> {
  return { outcome: 'blocked', cause: 'blocked', detail }
}

/** Challenge pages that say what they are, whatever their status. */
function bearsFirewallMark(headers: IncomingHttpHeaders): boolean {
  return headers['cf-mitigated'] === 'challenge' || headers['x-amzn-waf-action'] !== undefined
}

function missingHeader(spec: HttpRequestSpec, headers: IncomingHttpHeaders): string | undefined {
  for (const [name, text] of Object.entries(spec.headersContain ?? {})) {
    const value = headerText(headers, name)
    if (value === undefined) return `there is no header ${name}`
    if (!value.includes(text)) return `the header ${name} does not hold the expected text`
  }
  return undefined
}

/** The value of a header by its name in any case; several of one name are one, joined by commas. */
export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

function wrongText(spec: HttpRequestSpec, { body: { text }, oversize }: HttpAnswer): string | undefined {
  const { bodyContains, bodyLacks } = spec
  if (bodyContains === undefined && bodyLacks === undefined) return undefined
  if (text.kind === 'unreadable') return `the body cannot be read: ${text.reason}`
  if (bodyContains !== undefined && !text.value.includes(bodyContains)) {
    const part = oversize ? ` in its first ${MAX_BODY_BYTES} bytes` : ''
    return `the body does not hold the expected text${part}`
  }
  const unwanted = bodyLacks !== undefined && text.value.includes(bodyLacks)
  return unwanted ? 'the body holds the text that must not be there' : undefined
}

function wrongValue(spec: HttpRequestSpec, { body }: HttpAnswer): string | undefined {
  const rules = spec.json ?? []
  if (rules.length === 0) return undefined
  const read = body.json()
  if (read.kind === 'unreadable') return `the body cannot be read as JSON: ${read.reason}`
  for (const { path, equals } of rules) {
    const steps = parseJsonPath(path)
    const found = typeof steps === 'string' ? undefined : valueAt(steps, read.value)
    if (found === undefined) return `there is nothing at ${path}`
    if (found !== equals) return `${path} is ${shown(found)}, not ${shown(equals)}`
  }
  return undefined
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`
}

/** Whether anything is asked about the body. */
export function asksBody({ bodyContains, bodyLacks, json }: HttpRequestSpec): boolean {
  return bodyContains !== undefined || bodyLacks !== undefined || json !== undefined
}

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** Redirects that the check wants followed. */
export function redirectLimit(spec: HttpRequestSpec): number {
  const names3xx = spec.status?.some((status) => status >= 300 && status <= 399) ?? false
  return spec.redirects ?? (names3xx ? 0 : DEFAULT_REDIRECTS)
}

/** Whether this answer is to be followed: a redirect to somewhere that is not itself the wanted answer. */
export function wantsRedirect(
  spec: HttpRequestSpec,
  answer: Pick<HttpAnswer, 'status' | 'headers'>,
): boolean {
  if (!isRedirect(answer.status) || answer.headers.location === undefined) return false
  return redirectLimit(spec) > 0 && spec.status?.includes(answer.status) !== true
}
