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
import { given, isFields, readFields, type FieldReader } from './fields.ts'

type JsonRule = NonNullable<HttpRequestSpec['json']>[number]

/** What was read of a request: all of it optional, the URL being missed by the caller. */
export function readRequest(field: FieldReader): Partial<HttpRequestSpec> {
  return given({
    url: readUrl(field),
    method: field.oneOf('method', HTTP_METHODS),
    headers: readHeaders(field, 'headers'),
    body: field.text('body', LIMITS.bodyChars),
    status: field.integers('status', { min: 100, max: 599, maxItems: LIMITS.statuses }),
    bodyContains: field.text('bodyContains', LIMITS.textChars),
    bodyLacks: field.text('bodyLacks', LIMITS.textChars),
    headersContain: readHeaders(field, 'headersContain'),
    json: field.part('json', (value) =>
      readList(value, { name: 'json', max: LIMITS.jsonRules, read: readJsonRule }),
    ),
    redirects: field.integer('redirects', { min: 0, max: LIMITS.redirects }),
    degradedOverMs: field.integer('degradedOverMs', { min: 1, max: LIMITS.degradedMs }),
    maxBytes: field.integer('maxBytes', { min: 1, max: LIMITS.bodyBytes }),
  })
}

export function readConnection(field: FieldReader): HttpConnectionSpec {
  const proxy = field.text('proxy', LIMITS.urlChars)
  const problem = proxy === undefined ? undefined : proxyProblem(proxy)
  if (problem !== undefined) field.part('proxy', () => `proxy ${problem}`)
  return given({
    family: field.oneOf('family', [4, 6] as const),
    auth: field.part('auth', readAuth),
    clientCertificate: field.part('clientCertificate', readCertificate),
    authority: field.secret('authority'),
    proxy,
  })
}

export function readExtractions(field: FieldReader): Extraction[] | undefined {
  const limits = { name: 'extract', max: LIMITS.extractions, read: readExtraction }
  return field.part('extract', (value) => readList(value, limits))
}

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

function readUrl(field: FieldReader): string | undefined {
  const url = field.text('url', LIMITS.urlChars)
  const problem = url === undefined ? undefined : urlProblem(sampleUrl(url))
  if (problem !== undefined) field.part('url', () => 'url must be http or https')
  return url
}

function readHeaders(
  field: FieldReader,
  name: 'headers' | 'headersContain',
): Record<string, string> | undefined {
  const limits = { maxItems: LIMITS.headers, maxChars: LIMITS.headerValueChars }
  const headers = field.texts(name, limits)
  for (const [header, text] of Object.entries(headers ?? {})) {
    // What an answer must hold is no header of ours: only its name has a form.
    const problem = headerProblem(name === 'headers' ? header : `x-${header}`, name === 'headers' ? text : '')
    if (problem !== undefined) field.part(name, () => `${name}: ${JSON.stringify(header)} ${problem}`)
  }
  return headers
}

function readJsonRule(value: unknown, at: string): JsonRule | string {
  if (!isFields(value)) return `${at} must have path and equals`
  const { path, equals, ...rest } = value
  const steps = typeof path === 'string' ? parseJsonPath(path) : 'should be text'
  if (typeof steps === 'string') return `${at}.path ${steps}`
  const isPlain = equals === null || ['string', 'number', 'boolean'].includes(typeof equals)
  if (!isPlain || Object.keys(rest).length > 0) return `${at} must have path and a plain value as equals`
  // Tried just above.
  return { path: path as string, equals: equals as JsonRule['equals'] }
}

function readAuth(value: unknown): NonNullable<HttpConnectionSpec['auth']> | string {
  if (!isFields(value)) return 'auth must have a scheme'
  const field = readFields(value, ['scheme'])
  const secret = field.secret('secret')
  const username = value['scheme'] === 'basic' ? field.text('username', LIMITS.usernameChars) : undefined
  if (secret === undefined) field.missing('secret')
  const problem = field.problem()
  if (problem !== undefined || secret === undefined) return `auth: ${problem}`
  if (value['scheme'] === 'bearer') return { scheme: 'bearer', secret }
  if (value['scheme'] !== 'basic') return 'auth.scheme must be basic or bearer'
  const wrong = usernameProblem(username ?? '')
  return wrong === undefined
    ? { scheme: 'basic', username: username ?? '', secret }
    : `auth.username ${wrong}`
}

function readCertificate(value: unknown): { certificate: string; key: string } | string {
  if (!isFields(value)) return 'clientCertificate must have certificate and key'
  const field = readFields(value, [])
  const certificate = field.secret('certificate')
  const key = field.secret('key')
  const problem = field.problem()
  if (problem !== undefined) return `clientCertificate: ${problem}`
  if (certificate === undefined || key === undefined) return 'clientCertificate must have certificate and key'
  return { certificate, key }
}

function readExtraction(value: unknown, at: string): Extraction | string {
  if (!isFields(value)) return `${at} must have a variable`
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
