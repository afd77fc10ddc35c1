/**
 * Problems of a contract's documents: where, and what to do about it. Pure.
 */

export type Path = readonly (string | number)[]

export type Problem = {
  file: string
  /** `spec.guarantees[0].target.percent`; empty for the document as a whole. */
  path: string
  /** From 1. */
  line: number
  column: number
  /** A sentence that says what to do. */
  message: string
}

/** Of a file as a whole. */
export function wholeProblem(file: string, message: string): Problem {
  return { file, path: '', line: 1, column: 1, message }
}

/** Most problems told at once: more would not be read. */
export const MAX_PROBLEMS = 500

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/

export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (PLAIN_KEY.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}

/** `contract.yaml:12:5 spec.provider: …` */
export function problemText({ file, path, line, column, message }: Problem): string {
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`
}
