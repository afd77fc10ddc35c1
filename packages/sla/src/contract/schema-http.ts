/**
 * Schemas of the web probes of a Check: http and transaction, and their expansion to what the agent reads.
 * A field accepted here is a field the agent knows: test/line/probe/transaction.test.ts. Pure.
 */
import {
  HTTP_METHODS,
  type Extraction,
  type HttpConnectionSpec,
  type HttpRequestSpec,
  type ProbeSpec,
  type TransactionSpec,
  type TransactionStep,
} from '@constat/shared/check'
import {
  headerProblem,
  HTTP_LIMITS as LIMITS,
  httpConflicts,
  proxyProblem,
  urlProblem,
  usernameProblem,
  type Conflictable,
} from '@constat/shared/http-check'
import { parseJsonPath } from '@constat/shared/json-path'
import { sampleUrl, transactionProblems, VARIABLE_NAME } from '@constat/shared/transaction'
import { z } from 'zod'
import type { Path } from './problem.ts'
import { msOr, ranged, some, words } from './scalar.ts'
import { family, present, secretName, within } from './schema-network.ts'

/** A text on which one of the shared rules has a sentence to say. */
function ruled(form: string, problem: (text: string) => string | undefined): z.ZodString {
  return z.string(form).check((context) => {
    const message = problem(context.value)
    if (message !== undefined)
      context.issues.push({ code: 'custom', message, input: context.value, continue: true })
  })
}

const url = ruled('should be an http or https URL', urlProblem)
const headerName = ruled('should be the name of a header', (name) => headerProblem(name, ''))
const headerValue = ruled('should be text in quotes', (value) => headerProblem('x-any', value))
/** What an answer carries is no header of ours: only its form is looked at. */
const answeredName = ruled('should be the name of a header', (name) => headerProblem(`x-${name}`, ''))
const jsonPath = ruled('should be a JSON path, such as $.items[0].state', (path) => {
  const parsed = parseJsonPath(path)
  return typeof parsed === 'string' ? parsed : undefined
})
const looked = words('should be text in quotes', 'leave it out or write the text', LIMITS.textChars)
const status = ranged('should be an HTTP status', { min: 100, max: 599 })

function headers(name: z.ZodString, value: z.ZodString) {
  return z
    .record(name, value)
    .refine(
      (members) => Object.keys(members).length <= LIMITS.headers,
      `names more than ${LIMITS.headers} headers`,
    )
}

const plainValue = z
  .union([looked, z.literal(''), z.number(), z.boolean(), z.null()], {
    error: `should be text of at most ${LIMITS.textChars} characters, a number, true, false or null`,
  })
  .refine((value) => typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value), {
    error: 'is an integer past 2^53 - 1, which would be rounded: write its digits in quotes',
  })

const expectation = z.strictObject({
  status: some(status, 'leave it out or list a status', LIMITS.statuses).optional(),
  bodyContains: looked.optional(),
  bodyLacks: looked.optional(),
  headers: headers(answeredName, looked).optional(),
  json: some(
    z.strictObject({ path: jsonPath, equals: plainValue }),
    'leave it out or list a path',
    LIMITS.jsonRules,
  ).optional(),
  within,
})

const request = {
  method: z.enum(HTTP_METHODS).optional(),
  headers: headers(headerName, headerValue).optional(),
  body: z
    .string('should be text in quotes')
    .max(LIMITS.bodyChars, `is longer than ${LIMITS.bodyChars} characters`)
    .optional(),
  expect: expectation.optional(),
  redirects: ranged('should be a number of redirects', { min: 0, max: LIMITS.redirects }).optional(),
  maxBytes: ranged('should be a whole number of bytes', { min: 1, max: LIMITS.bodyBytes }).optional(),
}

const auth = z
  .strictObject({
    basic: z
      .strictObject({ username: ruled('should be a user name', usernameProblem), secret: secretName })
      .optional(),
    bearer: z.strictObject({ secret: secretName }).optional(),
  })
  .refine(({ basic, bearer }) => (basic === undefined) !== (bearer === undefined), {
    error: 'should have exactly one of basic, bearer',
  })

const connection = {
  family,
  auth: auth.optional(),
  clientCertificate: z.strictObject({ certificate: secretName, key: secretName }).optional(),
  authority: secretName.optional(),
  proxy: ruled('should be http://host:port', proxyProblem).optional(),
}

const httpOptions = z.strictObject({ url, ...request, ...connection }).check(({ value, issues }) => {
  for (const { path, message } of conflictsOf({ requests: [value], ...value })) {
    issues.push({ code: 'custom', path: [...path], message, input: value })
  }
})

const extraction = z
  .strictObject({
    variable: z
      .string('should be a name')
      .regex(VARIABLE_NAME, 'should be a name of letters, digits and "_"'),
    json: jsonPath.optional(),
    header: answeredName.optional(),
    between: z.tuple([looked, looked], 'should be two texts: the one before and the one after').optional(),
  })
  .refine(
    ({ json, header, between }) => [json, header, between].filter((one) => one !== undefined).length === 1,
    { error: 'should have exactly one of json, header, between' },
  )

const step = z.strictObject({
  name: words('should be the name of the step', 'name the step', LIMITS.stepNameChars),
  url: ruled('should be an http or https URL', (text) => urlProblem(sampleUrl(text))),
  ...request,
  extract: some(extraction, 'leave it out or list what to extract', LIMITS.extractions).optional(),
})

const transactionOptions = z
  .strictObject({
    steps: z
      .array(step)
      .min(1, 'is empty: list the steps')
      .max(LIMITS.steps, `has more than ${LIMITS.steps} steps`),
    within,
    ...connection,
  })
  .check(({ value, issues }) => {
    const between = transactionProblems(value.steps).map(({ path, message }) => ({
      path: ['steps', ...path],
      message,
    }))
    for (const { path, message } of [...between, ...conflictsOf({ requests: value.steps, ...value })]) {
      issues.push({ code: 'custom', path: [...path], message, input: value })
    }
  })

function conflictsOf(fields: Conflictable): { path: Path; message: string }[] {
  return httpConflicts(fields).map(({ field, message }) => ({ path: [field], message }))
}

export const webOptions = {
  http: httpOptions.optional(),
  transaction: transactionOptions.optional(),
}

type HttpSpec = Extract<ProbeSpec, { kind: 'http' }>
type Step = z.output<typeof step>

export function httpProbe(http: z.output<typeof httpOptions>): HttpSpec {
  return { kind: 'http', ...requestOf(http), ...connectionOf(http) }
}

export function transactionProbe(transaction: z.output<typeof transactionOptions>): TransactionSpec {
  const { steps, within: limit } = transaction
  return present<TransactionSpec>({
    kind: 'transaction',
    steps: steps.map(stepOf),
    degradedOverMs: msOr(limit, undefined),
    ...connectionOf(transaction),
  })
}

function stepOf(written: Step): TransactionStep {
  // The schema has seen to it that exactly one source is there.
  const extractions = written.extract?.map((one) => present(one) as Extraction)
  return { name: written.name, ...requestOf(written), ...(extractions && { extract: extractions }) }
}

function requestOf(written: Omit<Step, 'name' | 'extract'>): HttpRequestSpec {
  const { headers: headersContain, within: limit, ...wanted } = written.expect ?? {}
  return present<HttpRequestSpec>({
    url: written.url,
    method: written.method,
    headers: written.headers,
    body: written.body,
    redirects: written.redirects,
    maxBytes: written.maxBytes,
    ...wanted,
    headersContain,
    degradedOverMs: msOr(limit, undefined),
  })
}

type Connection = Pick<z.output<typeof transactionOptions>, keyof typeof connection>

function connectionOf({ auth: written, clientCertificate, ...rest }: Connection): HttpConnectionSpec {
  const { basic, bearer } = written ?? {}
  return present<HttpConnectionSpec>({
    family: rest.family,
    auth: basic ? { scheme: 'basic', ...basic } : bearer ? { scheme: 'bearer', ...bearer } : undefined,
    clientCertificate,
    authority: rest.authority,
    proxy: rest.proxy,
  })
}
