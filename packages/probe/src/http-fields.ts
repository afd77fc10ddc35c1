/**
 * Fields of HTTP checks and of the steps of a transaction, read from a configuration. Pure. The limits and
 * rules are those that a contract is held to as well.
 */
import { HTTP_METHODS } from '@constat/shared/check'
import type { Extraction, HttpConnectionSpec, HttpRequestSpec } from '@constat/shared/check'
import {
  headerProblem,
  HTTP_LIMITS as LIMITS,
  proxyProblem,
  urlProblem,
  usernameProblem,
} from '@constat/shared/http-check'
import { parseJsonPath } from '@constat/shared/json-path'
import { sampleUrl, VARIABLE_NAME } from '@constat/shared/transaction'
import * as form from './fields.ts'

type JsonRule = NonNullable<HttpRequestSpec['json']>[number]

const headerTexts = form.textByName({ maxItems: LIMITS.headers, maxChars: LIMITS.headerValueChars })

/** Of one request. */
export const REQUEST = {
  url: form.ruled(form.text(LIMITS.urlChars), (url) =>
    urlProblem(sampleUrl(url)) === undefined ? undefined : 'url must be http or https',
  ),
  method: form.oneOf(HTTP_METHODS),
  headers: form.ruled(headerTexts, headerProblems),
  body: form.text(LIMITS.bodyChars),
  status: form.integers({ min: 100, max: 599, maxItems: LIMITS.statuses }),
  bodyContains: form.text(LIMITS.textChars),
  bodyLacks: form.text(LIMITS.textChars),
  headersContain: form.ruled(headerTexts, headerProblems),
  json: form.part((value, name) => readList(value, { name, max: LIMITS.jsonRules, read: readJsonRule })),
  redirects: form.integer({ min: 0, max: LIMITS.redirects }),
  degradedOverMs: form.integer({ min: 1, max: LIMITS.degradedMs }),
  maxBytes: form.integer({ min: 1, max: LIMITS.bodyBytes }),
}

/** Of the connections of a check. */
export const CONNECTION = {
  proxy: form.ruled(form.text(LIMITS.urlChars), (proxy) => {
    const problem = proxyProblem(proxy)
    return problem === undefined ? undefined : `proxy ${problem}`
  }),
  family: form.family,
  auth: form.part(readAuth),
  clientCertificate: form.part(readCertificate),
  authority: form.secret,
}

export const EXTRACTIONS = form.part((value, name) =>
  readList(value, { name, max: LIMITS.extractions, read: readExtraction }),
)

/** A list of which every member reads, or the sentence of the first that does not. */
export function readList<T extends object>(
  value: unknown,
  { name, max, read }: { name: string; max: number; read: (item: unknown, at: string) => T | string },
): T[] | string {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    return `${name} must be a list of 1 to ${max}`
  }
  const items: T[] = []
  for (const [i, item] of value.entries()) {
    const taken = read(item, `${name}[${i}]`)
    if (typeof taken === 'string') return taken
    items.push(taken)
  }
  return items
}

/** What an answer must hold is no header of ours: only its name has a form. */
function headerProblems(headers: Record<string, string>, field: string): string | undefined {
  const isOurs = field === 'headers'
  const problems = Object.entries(headers).flatMap(([header, text]) => {
    const problem = headerProblem(isOurs ? header : `x-${header}`, isOurs ? text : '')
    return problem === undefined ? [] : [`${field}: ${JSON.stringify(header)} ${problem}`]
  })
  return problems.length === 0 ? undefined : problems.join('; ')
}

function readJsonRule(value: unknown, at: string): JsonRule | string {
  if (!form.isFields(value)) return `${at} must have path and equals`
  const { path, equals, ...rest } = value
  const steps = typeof path === 'string' ? parseJsonPath(path) : 'should be text'
  if (typeof steps === 'string') return `${at}.path ${steps}`
  const isPlain = equals === null || ['string', 'number', 'boolean'].includes(typeof equals)
  if (!isPlain || Object.keys(rest).length > 0) return `${at} must have path and a plain value as equals`
  // Tried just above.
  return { path: path as string, equals: equals as JsonRule['equals'] }
}

/** A name that is no name of a secret names none: auth says both. */
const SECRET: form.Form<string> = (value, name) => {
  const found = form.secret(value, name)
  return 'wrong' in found ? { wrong: `${found.wrong}; ${name} is missing` } : found
}

function readAuth(value: unknown): NonNullable<HttpConnectionSpec['auth']> | string {
  if (!form.isFields(value)) return 'auth must have a scheme'
  const { scheme } = value
  const username = scheme === 'basic' ? { username: form.text(LIMITS.usernameChars) } : {}
  const forms: { secret: form.Form<string>; username?: form.Form<string> } = { secret: SECRET, ...username }
  const read = form.readFields(value, forms, { needed: ['secret'], known: ['scheme'] })
  if (typeof read === 'string') return `auth: ${read}`
  const { secret, username: user = '' } = read
  if (scheme === 'bearer') return { scheme, secret }
  if (scheme !== 'basic') return 'auth.scheme must be basic or bearer'
  const wrong = usernameProblem(user)
  return wrong === undefined ? { scheme, username: user, secret } : `auth.username ${wrong}`
}

function readCertificate(value: unknown): { certificate: string; key: string } | string {
  if (!form.isFields(value)) return 'clientCertificate must have certificate and key'
  const forms = { certificate: form.secret, key: form.secret }
  const read = form.readFields(value, forms, { needed: [], known: [] })
  if (typeof read === 'string') return `clientCertificate: ${read}`
  const { certificate, key } = read
  if (certificate === undefined || key === undefined) return 'clientCertificate must have certificate and key'
  return { certificate, key }
}

function readExtraction(value: unknown, at: string): Extraction | string {
  if (!form.isFields(value)) return `${at} must have a variable`
  const { variable, ...source } = value
  if (typeof variable !== 'string' || !VARIABLE_NAME.test(variable)) {
    return `${at}.variable must be a name of letters, digits and _`
  }
  const [[key, from] = [], ...others] = Object.entries(source)
  if (others.length > 0) return `${at} must have one of json, header, between`
  if (key === 'json' && typeof from === 'string') {
    const steps = parseJsonPath(from)
    return typeof steps === 'string' ? `${at}.json ${steps}` : { variable, json: from }
  }
  if (key === 'header' && typeof from === 'string' && headerProblem(`x-${from}`, '') === undefined) {
    return { variable, header: from }
  }
  if (key === 'between' && isPair(from)) return { variable, between: from }
  return `${at} must have one of json (a path), header (a name), between (two texts)`
}

function isPair(value: unknown): value is [string, string] {
  const isText = (text: unknown): boolean =>
    typeof text === 'string' && text !== '' && text.length <= LIMITS.textChars
  return Array.isArray(value) && value.length === 2 && value.every(isText)
}
