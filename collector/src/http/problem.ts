/**
 * Problems: the one place where a Fault, a refusal of the framework or a bug becomes an answer
 * (RFC 9457). What a bug says stays in the log: its text may hold anything. Pure.
 */
import { Fault, type FaultCode } from '@constat/shared/fault'
import { HTTPException } from 'hono/http-exception'
import { STATUS_CODES } from 'node:http'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { awayFaultOf } from '../db/away.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export type Problem = {
  /** Always `about:blank`: `code` is the stable name, and `title` the phrase of the status. */
  type: 'about:blank'
  title: string
  status: ContentfulStatusCode
  detail: string
  code: FaultCode
  problems?: readonly string[]
}

const STATUS = {
  usage: 400,
  'bad-request': 400,
  unauthorised: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'too-large': 413,
  'bad-contract': 422,
  'rate-limited': 429,
  'bad-config': 500,
  evidence: 500,
  internal: 500,
  network: 502,
  database: 503,
  disk: 503,
  unavailable: 503,
} as const satisfies Record<FaultCode, ContentfulStatusCode>

export function problemOf(error: unknown): Problem {
  const fault = faultOf(error)
  const status = STATUS[fault.code]
  const detail = fault.hint === '' ? fault.message : `${fault.message} ${fault.hint}`
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code: fault.code,
  }
  return fault.problems.length === 0 ? problem : { ...problem, problems: fault.problems }
}

/** Null for a bug: the log has to tell of it. */
export function knownFault(error: unknown): Fault | null {
  return error instanceof Fault ? error : awayFaultOf(error)
}

function faultOf(error: unknown): Fault {
  const known = knownFault(error)
  if (known) return known
  if (error instanceof HTTPException) return new Fault(codeOfStatus(error.status), sentenceOf(error))
  return new Fault('internal', 'The collector failed to answer. Its log has the reason.')
}

function sentenceOf(error: HTTPException): string {
  return error.message === '' ? 'The request was refused.' : error.message
}

function codeOfStatus(status: number): FaultCode {
  if (status === 401) return 'unauthorised'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not-found'
  if (status === 413) return 'too-large'
  return status < 500 ? 'bad-request' : 'internal'
}

/** The answer to an API caller. */
export function problemResponse(error: unknown): Response {
  const problem = problemOf(error)
  const headers: Record<string, string> = {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...retryAfter(error),
  }
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer realm="constat"'
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

/** When to try again, as a header; none where nobody knows. */
export function retryAfter(error: unknown): Record<string, string> {
  const { retryAfterS } = faultOf(error)
  return retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) }
}
