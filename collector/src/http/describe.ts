/**
 * What a route says of itself in the OpenAPI document, and how its query and body are read. A query or
 * body that does not fit is refused with every problem at once. Pure.
 */
import { Fault } from '@constat/shared/fault'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { describeRoute, resolver, validator } from 'hono-openapi'
import { z } from 'zod'
import {
  DEFAULT_PAGE_ITEMS,
  MAX_BODY_BYTES,
  MAX_FORM_FIELDS,
  MAX_NAME_CHARS,
  MAX_PAGE_ITEMS,
} from './limits.ts'
import { PROBLEM_TYPE } from './problem.ts'

/** Codes of the document are those a client may meet; the text of each is in docs/errors.md. */
const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    problems: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem' })

export function listOf(item: z.ZodType) {
  return z.object({ items: z.array(item), next: z.string().nullable().describe('Cursor of the next page') })
}

export type RouteText = {
  summary: string
  tag: string
  /** Absent: no JSON in the answer. */
  answer?: z.ZodType
  /** Media type of an answer that is a file. */
  media?: string
  status?: 200 | 201 | 202 | 204
  /** Problems it may answer with, beside 401 and 403. */
  problems?: (400 | 404 | 409 | 413 | 422 | 429 | 503)[]
  /** Media types of a body that is not JSON after a schema. */
  rawBody?: string[]
}

const SAID = {
  400: 'The request does not fit',
  401: 'No token, or a wrong one',
  403: 'This token may not do that',
  404: 'There is none of that name',
  409: 'It is in the way of something else',
  413: 'Beyond a limit',
  422: 'Refused, every problem named',
  429: 'Too often: one at a time, and so many in a minute',
  503: 'Not able to answer now',
} as const

const FILE = { type: 'string', format: 'binary' } as const

export function describe(route: RouteText) {
  const { summary, tag, answer, media, status = 200, problems = [], rawBody } = route
  const failures = ([401, 403, ...problems] as const).map((code) => [
    String(code),
    { description: SAID[code], content: { [PROBLEM_TYPE]: { schema: resolver(problem) } } },
  ])
  const success = answer
    ? { description: 'Done', content: { 'application/json': { schema: resolver(answer) } } }
    : { description: 'Done', ...(media !== undefined && { content: { [media]: { schema: FILE } } }) }
  const text = { type: 'string' } as const
  return describeRoute({
    summary,
    tags: [tag],
    responses: { [String(status)]: success, ...Object.fromEntries(failures) },
    ...(rawBody && {
      requestBody: {
        required: true,
        content: Object.fromEntries(rawBody.map((media) => [media, { schema: text }])),
      },
    }),
  })
}

/** A name, an id or a cursor. */
export const name = z.string().min(1).max(MAX_NAME_CHARS)

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(DEFAULT_PAGE_ITEMS),
  cursor: name.optional(),
})

/** A parameter that the route does not have would be a filter without effect: it is refused by name. */
export function query<S extends z.ZodObject>(schema: S) {
  const known = Object.keys(schema.shape)
  return validator('query', schema, (result, c) => {
    const unknown = Object.keys(c.req.query()).filter((key) => !known.includes(key))
    const message = `is no parameter here; there are ${known.join(', ')}`
    const problems = unknown.map((key) => ({ path: [key.slice(0, MAX_NAME_CHARS)], message }))
    refuse({ success: result.success && problems.length === 0, error: [...problems, ...issuesOf(result)] })
  })
}

function issuesOf(result: Refusable): readonly Issue[] {
  return result.success ? [] : (result.error ?? [])
}

export function jsonBody<S extends z.ZodType>(schema: S) {
  return validator('json', schema, refuse)
}

/** A body that may be left out: there is nothing that must be said. */
export async function optionalBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const text = await c.req.text()
  return readForm(schema, text.trim() === '' ? {} : jsonOf(text))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('bad-request', 'The body is no JSON.', { hint: 'Send {} or {"note": "…"}, or nothing.' })
  }
}

/** The query of a page, read as the API reads its own. */
export function readQuery<S extends z.ZodType>(schema: S, c: Context): z.output<S> {
  return readForm(schema, c.req.query())
}

export function readForm<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (!result.success) throw misfit(result.error.issues)
  return result.data
}

/** The fields of a form of many bytes, which could be a great many. */
export async function readFields(c: Context): Promise<URLSearchParams> {
  const text = await c.req.text()
  let fields = 1
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) fields += 1
  if (fields <= MAX_FORM_FIELDS) return new URLSearchParams(text)
  throw new Fault('too-large', `The form has more than ${MAX_FORM_FIELDS} fields.`)
}

type Issue = { message: string; path?: readonly unknown[] | undefined }

type Refusable = { success: boolean; error?: readonly Issue[] }

function refuse(result: Refusable): void {
  if (!result.success) throw misfit(result.error ?? [])
}

function misfit(issues: readonly Issue[]): Fault {
  const problems = issues.map(({ message, path = [] }) => {
    const where = path.map((part) => String(keyOf(part))).join('.')
    return where === '' ? message : `${where}: ${message}`
  })
  return new Fault('bad-request', 'The request does not fit.', { problems })
}

function keyOf(part: unknown): unknown {
  return typeof part === 'object' && part !== null && 'key' in part ? part.key : part
}

/** Stops reading a body past `maxBytes`. */
export function limitBody(maxBytes: number = MAX_BODY_BYTES) {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new Fault('too-large', `The body is larger than ${maxBytes} bytes.`)
    },
  })
}

export function missing(what: string): Fault {
  return new Fault('not-found', `There is no such ${what}.`)
}

/** A path parameter that the route's own pattern guarantees. */
export function param(c: Context, key: string): string {
  return c.req.param(key) ?? ''
}
