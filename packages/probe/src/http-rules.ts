/**
 * HTTP rules: what an answer means; judged after the clock has stopped. One rule above all: an answer counts
 * as the reference clients count it, Chromium and curl, as they are what a service's users would have got.
 * Where the two differ Chromium is followed, and the check can choose: `status`, `redirects`, `headersContain`
 * and the rest say what it wants. What is an answer at all stands in http-reader.ts and http-head.ts.
 *
 * After redirects, without a `status` list:
 *   2xx                              ok
 *   401 with WWW-Authenticate        ok for a bare URL: the service is there and asks who we are, as a
 *                                    sign-on page does. With `auth`, or in a transaction: fail `status`
 *   403, 429, a firewall's challenge blocked: something in front of the service turned the agent away
 *   407                              blocked: the proxy asks who we are; the service was not asked
 *   3xx that is not followed         fail `redirect`
 *   anything else (404, 5xx …)       fail `status`; a maintenance page that answers 503 is an outage,
 *                                    one that answers 200 needs `bodyContains` or `bodyLacks`
 * A firewall's mark (`cf-mitigated: challenge`, `x-amzn-waf-action`) is no shelter for an outage: it counts on
 * the statuses that challenges have (202, 403, 405, 429), and on 503 where the body is a challenge too.
 * With a `status` list: a listed status is ok, 407 and 429 are blocked, anything else is fail `status`.
 *
 * Then, in this order: a body above `maxBytes`, where the check states it, is fail `size` (the default cap
 * only ends the reading: assertions look at what was read); a header that is not as asked is fail `assertion`;
 * a body that no client can read (a coding that does not decompress), or not within the limits of
 * http-body.ts, is fail `unreadable`, whatever is asked of it; a text, a JSON value or something to take out
 * that is not as asked is fail `assertion`; slower than `degradedOverMs` is degraded `slow`.
 */
import type { Extraction, HttpRequestSpec } from '@constat/shared/check'
import type { Cause } from '@constat/shared/sample'
import { lengthProblem, type BodyExtraction, type Questions } from './body-inspect.ts'
import { given } from './fields.ts'
import { readBody } from './http-body.ts'
import { spelled, type HttpHeaders } from './http-head.ts'
import type { HttpResponse } from './http-reader.ts'
import type { Judgement } from './probe.ts'

export type HttpAnswer = Omit<HttpResponse, 'surplusBytes'>

/** Whether a 401 that asks for a sign-on shows a service at work, or a step that failed. */
export type SignOn = 'expected' | 'failed'

/** `values`: what was taken out of a good answer, by the name of the variable. */
export type Verdict = { judgement: Judgement; values: ReadonlyMap<string, string> }

const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Followed where the check does not say: as many as Chromium follows. */
const DEFAULT_REDIRECTS = 20
/** What stands in the challenge pages of Cloudflare and AWS. */
const CHALLENGE_TEXTS = ['/cdn-cgi/challenge-platform/', '_cf_chl_opt', 'awswaf', 'AwsWaf', 'gokuProps']
const NO_VALUES: ReadonlyMap<string, string> = new Map()

type Asked = HttpRequestSpec & { extract?: readonly Extraction[] }

/** The status first: a failure that it tells needs no body. */
export async function judgeAnswer(
  spec: Asked,
  answer: HttpAnswer,
  { latencyUs, signOn }: { latencyUs: number; signOn: SignOn },
): Promise<Verdict> {
  const value = answer.status
  const code = `${value}`
  const said =
    (await judgeStatus(spec, answer, signOn)) ?? judgeSize(spec, answer) ?? judgeHeaders(spec, answer)
  if (said) return { judgement: { ...said, value, code }, values: NO_VALUES }
  const found = await judgeBody(spec, answer)
  if ('outcome' in found) return { judgement: { ...found, value, code }, values: NO_VALUES }
  const isSlow = spec.degradedOverMs !== undefined && latencyUs > spec.degradedOverMs * 1_000
  const judgement: Judgement = isSlow
    ? { outcome: 'degraded', cause: 'slow', value, code, detail: `slower than ${spec.degradedOverMs} ms` }
    : { outcome: 'ok', cause: 'none', value, detail: `status ${value}` }
  return { judgement, values: found.values }
}

type Said = Omit<Judgement, 'value' | 'code'>

function fail(cause: Cause, detail: string): Said {
  return { outcome: 'fail', cause, detail }
}

function blocked(detail: string): Said {
  return { outcome: 'blocked', cause: 'blocked', detail }
}

/** The verdict that the status alone brings, or undefined when it is a good one. */
async function judgeStatus(spec: Asked, answer: HttpAnswer, signOn: SignOn): Promise<Said | undefined> {
  const { status, headers } = answer
  const wanted = spec.status
  const isMarked = bearsFirewallMark(headers)
  if (wanted ? wanted.includes(status) : Math.floor(status / 100) === 2 && !(isMarked && status === 202))
    return undefined
  const asks = status === 401 && headers['www-authenticate'] !== undefined
  if (!wanted && asks && signOn === 'expected') return undefined
  if (status === 407) return blocked('status 407: the proxy asks for credentials')
  const isChallenge = !wanted && (status === 403 || (isMarked && (await showsChallenge(answer))))
  if (status === 429 || isChallenge) return blocked(`status ${status}: turned away before the service`)
  if (!wanted && leadsElsewhere(answer)) {
    return fail('redirect', `status ${status}: a redirect that is not followed`)
  }
  return fail('status', `status ${status}`)
}

/** Challenges that say what they are. */
function bearsFirewallMark(headers: HttpHeaders): boolean {
  return headers['cf-mitigated'] === 'challenge' || headers['x-amzn-waf-action'] !== undefined
}

/** Statuses of challenges alone; 503 is also that of an outage, and has to show it. */
async function showsChallenge(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 503) return answer.status === 202 || answer.status === 405
  return (await bodyOf(answer, { bodyContainsOneOf: CHALLENGE_TEXTS })).kind === 'as asked'
}

function judgeSize({ maxBytes }: Asked, { oversize }: HttpAnswer): Said | undefined {
  return oversize && maxBytes !== undefined ? fail('size', `the body passes ${maxBytes} bytes`) : undefined
}

function judgeHeaders({ headersContain = {} }: Asked, { headers }: HttpAnswer): Said | undefined {
  for (const [name, text] of Object.entries(headersContain)) {
    const value = headerText(headers, name)
    if (value === undefined) return fail('assertion', `there is no header ${name}`)
    if (!value.includes(text)) return fail('assertion', `the header ${name} does not hold the expected text`)
  }
  return undefined
}

/** The value of a header by its name in any case; several of one name are one, joined by commas. */
function headerText(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return value === undefined ? undefined : spelled(typeof value === 'string' ? value : value.join(', '))
}

async function judgeBody(spec: Asked, answer: HttpAnswer): Promise<Said | Pick<Verdict, 'values'>> {
  const { bodyContains, bodyLacks, json, extract = [] } = spec
  const values = new Map<string, string>()
  for (const extraction of extract) {
    if (!('header' in extraction)) continue
    const { variable, header } = extraction
    const value = headerText(answer.headers, header)
    if (value === undefined) return fail('assertion', `no ${variable}: there is no header ${header}`)
    const problem = lengthProblem(variable, value)
    if (problem !== undefined) return fail('assertion', problem)
    values.set(variable, value)
  }
  const found = await bodyOf(answer, {
    ...given({ bodyContains, bodyLacks, json }),
    extract: extract.filter((one): one is BodyExtraction => !('header' in one)),
  })
  if (found.kind === 'unread') return { outcome: 'unknown', cause: 'resources', detail: found.reason }
  if (found.kind === 'unreadable') return fail('unreadable', `the body cannot be read: ${found.reason}`)
  if (found.kind === 'otherwise') return fail('assertion', found.reason)
  for (const [variable, value] of found.values) values.set(variable, value)
  return { values }
}

/** The memory of the body goes with it: one look is all there is. */
function bodyOf({ body, headers, oversize }: HttpAnswer, questions: Questions): ReturnType<typeof readBody> {
  return readBody(body, { headers, cut: oversize }, questions)
}

/** A redirect to somewhere: one without a place is an answer like any other. */
function leadsElsewhere({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  return REDIRECTS.has(status) && (headers.location ?? '') !== ''
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
  return leadsElsewhere(answer) && redirectLimit(spec) > 0 && spec.status?.includes(answer.status) !== true
}
