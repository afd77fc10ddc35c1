/**
 * Transactions: templates of a step, and the rules that hold between the steps. Pure.
 *
 * `${name}` stands for what an earlier step extracted; `$${` is the text `${`. Headers and bodies take the
 * value as it is, a URL takes it percent-encoded and only behind the host: what a server answers must not
 * choose which host an agent talks to.
 */

/** A part that stands for itself, or a variable. */
export type Template = readonly (string | { variable: string })[]

export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
const MARK = /\$\$\{|\$\{([^}]*)\}?/g
const FIXED_ORIGIN = /^https?:\/\/[^/?#]+[/?#]/i

/** The template, or the sentence that says what is wrong with the text. */
export function parseTemplate(text: string): Template | string {
  const parts: (string | { variable: string })[] = []
  let from = 0
  for (const match of text.matchAll(MARK)) {
    const [mark, variable = ''] = match
    parts.push(text.slice(from, match.index))
    from = match.index + mark.length
    if (mark === '$${') parts.push('${')
    else if (!mark.endsWith('}') || !VARIABLE_NAME.test(variable)) {
      return `holds ${JSON.stringify(mark.slice(0, 80))}: write \${name}, or $\${ for the text \${`
    } else parts.push({ variable })
  }
  parts.push(text.slice(from))
  return parts
}

export function fillTemplate(template: Template, valueOf: (variable: string) => string): string {
  return template.map((part) => (typeof part === 'string' ? part : valueOf(part.variable))).join('')
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

/** Every problem between the steps, by the place within the list of steps. */
export function transactionProblems(steps: readonly StepShape[]): StepProblem[] {
  const problems: StepProblem[] = []
  const names = new Set<string>()
  /** Variables of the steps so far: where each was extracted, and whether it was used since. */
  const known = new Map<string, { step: string; used: boolean }>()
  for (const [i, step] of steps.entries()) {
    if (names.has(step.name))
      problems.push({ path: [i, 'name'], message: 'is the name of an earlier step too' })
    names.add(step.name)
    for (const { path, text } of templatesOf(step)) {
      for (const message of templateProblems(text, known)) problems.push({ path: [i, ...path], message })
    }
    if (hidesOrigin(step.url)) {
      const message = 'has a variable before the path: write the host out, variables stand behind it'
      problems.push({ path: [i, 'url'], message })
    }
    for (const [k, { variable }] of (step.extract ?? []).entries()) {
      const before = known.get(variable)
      if (before && !before.used) {
        const message = `is extracted already in step ${before.step} and not used since: remove one of the two`
        problems.push({ path: [i, 'extract', k, 'variable'], message })
      }
      known.set(variable, { step: step.name, used: false })
    }
  }
  return problems
}

/** The URL of a step as it could be, for rules that want a URL. */
export function sampleUrl(url: string): string {
  const template = parseTemplate(url)
  return typeof template === 'string' ? url : fillTemplate(template, () => 'x')
}

function hidesOrigin(url: string): boolean {
  const template = parseTemplate(url)
  return typeof template !== 'string' && template.length > 1 && !FIXED_ORIGIN.test(String(template[0]))
}

function templatesOf({ url, headers = {}, body }: StepShape): TemplatePlace[] {
  const places: TemplatePlace[] = [{ path: ['url'], text: url }]
  for (const [name, text] of Object.entries(headers)) places.push({ path: ['headers', name], text })
  if (body !== undefined) places.push({ path: ['body'], text: body })
  return places
}

type TemplatePlace = { path: readonly (string | number)[]; text: string }

/** Marks what is used. */
function templateProblems(text: string, known: Map<string, { step: string; used: boolean }>): string[] {
  const template = parseTemplate(text)
  if (typeof template === 'string') return [template]
  const problems: string[] = []
  for (const part of template) {
    if (typeof part === 'string') continue
    const found = known.get(part.variable)
    if (found) found.used = true
    else problems.push(`uses \${${part.variable}}, which no earlier step extracts`)
  }
  return [...new Set(problems)]
}
