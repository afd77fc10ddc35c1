/**
 * `transaction`: HTTP steps in order, on cookies and variables of their own; one business process, one
 * sample. Each phase is the sum over the steps, and so is the latency: what is read out of answers between
 * two steps is off the clock. `value` is the number of steps that succeeded; outcome, cause and detail are
 * those of the step that failed, or of the first that was slow. In a step 401 is a failure (http-rules.ts).
 *
 * `auth`, the client certificate and secrets in headers and bodies are for the origin of the first step;
 * steps elsewhere go without. What is filled in stands percent-encoded in URLs and form bodies, escaped in
 * JSON bodies (both by the step's Content-Type), and as it is in headers and other bodies.
 */
import type { HttpRequestSpec, TransactionSpec, TransactionStep } from '@constat/shared/check'
import { HTTP_LIMITS, httpConflicts, isHeaderValue } from '@constat/shared/http-check'
import { NO_PHASES, PHASES } from '@constat/shared/sample'
import { fillTemplate, parseTemplate, secretsOf, transactionProblems } from '@constat/shared/transaction'
import { ProbeFailure, runAttempt, verdictOf, type Attempt } from './attempt.ts'
import { createJar } from './cookies.ts'
import { given, integer, isFields, part, readFields, text } from './fields.ts'
import { openAccess, seenBy } from './http-access.ts'
import { CONNECTION, EXTRACTIONS, readList, REQUEST } from './http-fields.ts'
import { follow, type Journey } from './http-follow.ts'
import { judgeAnswer } from './http-rules.ts'
import type { Judgement, Kind, Probe, ProbeContext, ProbeResult, StepTiming } from './probe.ts'
import { readSecrets, secretText } from './secret.ts'
import { startStopwatch, type Timing } from './stopwatch.ts'

const NO_BYTES = Buffer.alloc(0)

type Visit = Omit<Journey, 'secretBody'> & {
  variables: Map<string, string>
  secrets: ReadonlyMap<string, string>
}

export const probeTransaction: Probe<TransactionSpec> = async (spec, context) => {
  const [first] = spec.steps
  const origin = first ? new URL(first.url).origin : ''
  const opened = await openAccess(spec, origin, context)
  if (opened.kind === 'lacking') return opened.result
  const read = await secretsFor(spec, origin, context)
  if (read.kind === 'lacking') return read.result
  const steps: StepTiming[] = []
  const result = await runAttempt(context, async (attempt) => {
    const { secrets } = read
    const visit: Visit = { access: opened.access, jar: createJar(), variables: new Map(), secrets }
    const judgement = await runSteps(spec, { visit, steps }, attempt)
    return () => judgement
  })
  const sums = sumOf(steps)
  const late = spec.degradedOverMs !== undefined && sums.latencyUs > spec.degradedOverMs * 1_000
  if (result.outcome !== 'ok' || !late) return { ...result, ...sums, steps }
  const detail = `${result.detail}, slower than ${spec.degradedOverMs} ms`
  return { ...result, ...sums, outcome: 'degraded', cause: 'slow', detail, steps }
}

type SecretTexts = { kind: 'read'; secrets: Map<string, string> } | { kind: 'lacking'; result: ProbeResult }

async function secretsFor(
  spec: TransactionSpec,
  origin: string,
  context: ProbeContext,
): Promise<SecretTexts> {
  const names = secretsOf(spec.steps)
  const byName = Object.fromEntries(names.map((name) => [name, name]))
  const read = await readSecrets<string>(byName, context, seenBy(origin, spec))
  if (read.kind === 'lacking') return read
  const texts = Object.entries(read.secrets).map(
    ([name, bytes = NO_BYTES]) => [name, secretText(bytes)] as const,
  )
  return { kind: 'read', secrets: new Map(texts) }
}

async function runSteps(
  { steps }: TransactionSpec,
  { visit, steps: taken }: { visit: Visit; steps: StepTiming[] },
  attempt: Attempt,
): Promise<Judgement> {
  let slow: Judgement | undefined
  for (const [done, step] of steps.entries()) {
    const { timing, judgement } = await runStep(step, visit, attempt)
    taken.push({ name: step.name, ...timing })
    const named = { ...judgement, detail: `step ${step.name}: ${judgement.detail}` }
    if (judgement.outcome === 'degraded') slow ??= named
    else if (judgement.outcome !== 'ok') return { ...named, value: done }
  }
  const value = steps.length
  return slow
    ? { ...slow, value }
    : { outcome: 'ok', cause: 'none', value, detail: value === 1 ? '1 step' : `all ${value} steps` }
}

/** One step on a stopwatch of its own. */
async function runStep(
  step: TransactionStep,
  visit: Visit,
  attempt: Attempt,
): Promise<{ timing: Timing; judgement: Judgement }> {
  const { signal, context } = attempt
  const watch = startStopwatch(context.clock)
  const secretBody = secretsOf([{ ...step, headers: {} }]).length > 0
  try {
    signal.throwIfAborted()
    const response = await follow(filled(step, visit), { ...visit, secretBody }, { ...attempt, watch })
    const timing = watch.stop()
    const { latencyUs } = timing
    const { judgement, values } = await judgeAnswer(step, response, { latencyUs, signOn: 'failed' })
    for (const [variable, value] of values) visit.variables.set(variable, value)
    return { timing, judgement }
  } catch (error) {
    const timing = watch.stop()
    return { timing, judgement: verdictOf(error, { expired: signal.aborted, watch }) }
  }
}

/** The step with everything filled in, in the form of the place where it stands. */
function filled(step: TransactionStep, { variables, secrets }: Visit): HttpRequestSpec {
  const fill = (text: string, form: (value: string) => string): string => {
    const template = parseTemplate(text)
    if (typeof template === 'string') return text
    const variable = (name: string): string => form(variables.get(name) ?? '')
    return fillTemplate(template, { variable, secret: (name) => form(secrets.get(name) ?? '') })
  }
  const headers = Object.entries(step.headers ?? {}).map(([name, text]) => [name, fill(text, asIs)] as const)
  for (const [name, value] of headers) {
    if (!isHeaderValue(value))
      throw unmet(`the header ${name} would hold characters that no header may carry`)
  }
  const [, type = ''] = headers.find(([name]) => name.toLowerCase() === 'content-type') ?? []
  const body = step.body === undefined ? undefined : fill(step.body, bodyForm(type))
  const url = fill(step.url, (value) => encodeURIComponent(wellFormed(value)))
  return { ...step, url, headers: Object.fromEntries(headers), ...given({ body }) }
}

/** How a value stands in a body: so that it cannot end the field or the string that it is in. */
function bodyForm(contentType: string): (value: string) => string {
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    return (value) => encodeURIComponent(wellFormed(value))
  }
  if (/^application\/([\w.-]+\+)?json\b/i.test(contentType))
    return (value) => JSON.stringify(value).slice(1, -1)
  return asIs
}

function asIs(value: string): string {
  return value
}

/** JSON may hold half a surrogate pair, which no URL can; U+FFFD stands in for it. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

function unmet(detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'fail', cause: 'assertion', value: 0, detail })
}

function sumOf(steps: readonly StepTiming[]): Timing {
  const phases = { ...NO_PHASES }
  let latencyUs = 0
  for (const step of steps) {
    latencyUs += step.latencyUs
    for (const phase of PHASES) phases[phase] += step.phases[phase]
  }
  return { latencyUs, phases }
}

const FORMS = {
  steps: part((value, name) => readList(value, { name, max: HTTP_LIMITS.steps, read: readStep })),
  degradedOverMs: integer({ min: 1, max: HTTP_LIMITS.degradedMs }),
  ...CONNECTION,
}
const STEP = { name: text(HTTP_LIMITS.stepNameChars), ...REQUEST, extract: EXTRACTIONS }

export const transactionKind: Kind<TransactionSpec> = {
  read(fields) {
    const read = readFields(fields, FORMS, { needed: ['steps'] })
    if (typeof read === 'string') return read
    const [between] = transactionProblems(read.steps)
    if (between) return `steps: ${between.path.join('.')} ${between.message}`
    const [conflict] = httpConflicts({ requests: read.steps, ...read })
    return conflict ? `${conflict.field} ${conflict.message}` : { kind: 'transaction', ...read }
  },
  ofUrl: () => 'a transaction has no address: write it as a check of a contract',
  probe: probeTransaction,
}

function readStep(value: unknown, at: string): TransactionStep | string {
  if (!isFields(value)) return `${at} must have name and url`
  const read = readFields(value, STEP, { needed: ['name', 'url'], known: [] })
  return typeof read === 'string' ? `${at}: ${read}` : read
}
