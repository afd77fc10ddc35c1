/**
 * Transactions: templates of a step, and the rules that hold between the steps. Pure.
 *
 * `${name}` stands for what an earlier step extracted, `${secret.name}` for a secret of the agent's host,
 * and `$${` for the text `${`. In a URL a variable may stand behind the host alone: what a server answers
 * must not choose which host an agent talks to. A secret goes into headers and bodies, to the origin of
 * the first step, and nowhere else.
 */
import { SECRET_NAME } from './check.ts'

type Part = string | { variable: string } | { secret: string }
/** Parts that stand for themselves, and those that are filled in. The first is a text. */
export type Template = readonly [string, ...Part[]]

export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
const SECRET_PREFIX = 'secret.'
const MARK = /\$\$\{|\$\{([^}]*)\}?/g
const FIXED_ORIGIN = /^https?:\/\/[^/?#]+[/?#]/i
/** Of what is wrong, in a sentence. */
const MAX_SHOWN_CHARS = 80

/** The template, or the sentence that says what is wrong with the text. */
export function parseTemplate(text: string): Template | string {
  const parts: Part[] = []
  let head: string | undefined
  let from = 0
  for (const match of text.matchAll(MARK)) {
    const [mark, name = ''] = match
    const before = text.slice(from, match.index)
    from = match.index + mark.length
    const part = mark === '$${' ? '${' : mark.endsWith('}') ? namedPart(name) : undefined
    if (part === undefined) {
      return `holds ${JSON.stringify(mark.slice(0, MAX_SHOWN_CHARS))}: write \${name}, or $\${ for the text \${`
    }
    if (head === undefined) head = before
    else parts.push(before)
    parts.push(part)
  }
  return head === undefined ? [text] : [head, ...parts, text.slice(from)]
}

function namedPart(name: string): Part | undefined {
  const secret = name.startsWith(SECRET_PREFIX) ? name.slice(SECRET_PREFIX.length) : undefined
  if (secret !== undefined) return SECRET_NAME.test(secret) ? { secret } : undefined
  return VARIABLE_NAME.test(name) ? { variable: name } : undefined
}

export type Values = { variable: (name: string) => string; secret: (name: string) => string }

export function fillTemplate([...parts]: Template, values: Values): string {
  const fill = (part: Part): string => {
    if (typeof part === 'string') return part
    return 'variable' in part ? values.variable(part.variable) : values.secret(part.secret)
  }
  return parts.map(fill).join('')
}

/** What the rules look at. Absent and undefined are one: both a schema's output and a spec fit. */
export type StepShape = {
  name: string
  url: string
  headers?: Readonly<Record<string, string>> | undefined
  body?: string | undefined
  extract?: readonly { variable: string }[] | undefined
}

export type StepProblem = { path: readonly (string | number)[]; message: string }

/** Variables of the steps so far: where each was extracted, and whether it was used since. */
type Known = Map<string, { step: string; used: boolean }>

/** Every problem between the steps, by the place within the list of steps. */
export function transactionProblems(steps: readonly StepShape[]): StepProblem[] {
  const home = originOf(steps[0]?.url ?? '')
  const known: Known = new Map()
  const names = new Set<string>()
  return steps.flatMap((step, i) => {
    const doubled = names.has(step.name)
    names.add(step.name)
    const found = [
      ...(doubled ? [{ path: ['name'], message: 'is the name of an earlier step too' }] : []),
      ...usesOf(step, known),
      ...originProblems(step, home),
      ...extractionProblems(step, known),
    ]
    return found.map(({ path, message }) => ({ path: [i, ...path], message }))
  })
}

/** Names of the secrets that stand in headers and bodies. */
export function secretsOf(steps: readonly StepShape[]): string[] {
  const parts = steps.flatMap((step) => placesOf(step).flatMap(({ text }) => partsOf(text)))
  return [...new Set(parts.flatMap((part) => ('secret' in part ? [part.secret] : [])))]
}

/** The URL of a step as it could be, for rules that want a URL. */
export function sampleUrl(url: string): string {
  const template = parseTemplate(url)
  return typeof template === 'string'
    ? url
    : fillTemplate(template, { variable: () => 'x', secret: () => 'x' })
}

type Place = { path: readonly (string | number)[]; text: string }

function placesOf({ url, headers = {}, body }: StepShape): Place[] {
  const places: Place[] = [{ path: ['url'], text: url }]
  for (const [name, text] of Object.entries(headers)) places.push({ path: ['headers', name], text })
  if (body !== undefined) places.push({ path: ['body'], text: body })
  return places
}

type Filled = Exclude<Part, string>

function partsOf(text: string): Filled[] {
  const template = parseTemplate(text)
  return typeof template === 'string'
    ? []
    : template.filter((part): part is Filled => typeof part !== 'string')
}

/** What is wrong with the templates of a step; marks the variables that they use. */
function usesOf(step: StepShape, known: Known): StepProblem[] {
  return placesOf(step).flatMap(({ path, text }) => {
    const template = parseTemplate(text)
    if (typeof template === 'string') return [{ path, message: template }]
    const names = new Set(partsOf(text).flatMap((part) => ('variable' in part ? [part.variable] : [])))
    for (const name of names) {
      const found = known.get(name)
      if (found) found.used = true
    }
    const unknown = [...names].filter((name) => !known.has(name))
    return unknown.map((name) => ({ path, message: `uses \${${name}}, which no earlier step extracts` }))
  })
}

function originProblems(step: StepShape, home: string | undefined): StepProblem[] {
  const [first, ...rest] = parseTemplateOrText(step.url)
  const problems: StepProblem[] = []
  if (rest.some((part) => typeof part !== 'string' && 'secret' in part)) {
    const message = 'holds a secret, and URLs are written into logs: put it into a header or the body'
    problems.push({ path: ['url'], message })
  } else if (rest.length > 0 && !FIXED_ORIGIN.test(first)) {
    const message = 'has a variable before the path: write the host out, variables stand behind it'
    problems.push({ path: ['url'], message })
  }
  if (originOf(step.url) === home) return problems
  const message = `holds a secret, which goes to ${home ?? 'the origin of the first step'} alone: remove it`
  const places = placesOf(step).filter(({ path }) => path[0] !== 'url')
  const secret = places.filter(({ text }) => partsOf(text).some((part) => 'secret' in part))
  return [...problems, ...secret.map(({ path }) => ({ path, message }))]
}

function parseTemplateOrText(text: string): Template {
  const template = parseTemplate(text)
  return typeof template === 'string' ? [text] : template
}

function originOf(url: string): string | undefined {
  const sample = sampleUrl(url)
  return URL.canParse(sample) ? new URL(sample).origin : undefined
}

function extractionProblems(step: StepShape, known: Known): StepProblem[] {
  return (step.extract ?? []).flatMap(({ variable }, k) => {
    const before = known.get(variable)
    known.set(variable, { step: step.name, used: false })
    if (!before || before.used) return []
    const message = `is extracted already in step ${before.step} and not used since: remove one of the two`
    return [{ path: ['extract', k, 'variable'], message }]
  })
}
