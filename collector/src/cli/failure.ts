/** Failure: how a command says that it could not do what it was asked; as JSON for whoever asked for JSON. */
import { Fault, messageOf } from '@constat/shared/fault'

/** Whether the caller reads JSON. */
export function asksJson(args: readonly string[]): boolean {
  return args.includes('--json')
}

/** Lines for standard error. */
export function failureLines(error: unknown, args: readonly string[]): string[] {
  const { code, message, hint, problems } = failureOf(error)
  if (asksJson(args)) return [JSON.stringify({ error: { code, message, hint, problems } })]
  return [
    `${code}: ${message}${hint === '' ? '' : `. ${hint}`}`,
    ...problems.map((problem) => `  ${problem}`),
  ]
}

type Failure = Pick<Fault, 'message' | 'hint' | 'problems'> & { code: string }

function failureOf(error: unknown): Failure {
  if (error instanceof Fault) return error
  return { code: 'internal', message: messageOf(error), hint: '', problems: [] }
}
