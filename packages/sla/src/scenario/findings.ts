/**
 * Findings of a scenario: problems, each with its JSON path and its cure, told all at once; and notes of what
 * was given and changes nothing, told beside the answer. Nothing given is passed over in silence. Pure.
 */
import { Fault } from '@constat/shared/fault'
import { pathText, type Path } from '../contract/problem.ts'

export type Note = { path: string; message: string }
export type Say = (path: Path, message: string) => void

/** Most problems told at once, and most notes: more would not be read. */
const MAX_TOLD = 500
/** Most problems of the rows of one series. */
export const MAX_ROW_PROBLEMS = 10

export class Findings {
  readonly #problems: string[] = []
  readonly #notes: Note[] = []
  #isContractAlone = true

  readonly say: Say = (path, message) => {
    this.#isContractAlone = false
    this.#problems.push(path.length === 0 ? message : `${pathText(path)}: ${message}`)
  }

  /** What the terms cannot answer, such as a year that no calendar covers, is a problem of what asks it: null. */
  asking<T>(path: Path, answer: () => T): T | null {
    try {
      return answer()
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'bad-contract') throw error
      const { message, hint } = error
      const problem = `${message}: ${hint.slice(0, 1).toLowerCase()}${hint.slice(1).replace(/\.$/, '')}`
      // Guarantees of one calendar ask the same.
      if (!this.#problems.includes(`${pathText(path)}: ${problem}`)) this.say(path, problem)
      return null
    }
  }

  readonly note: Say = (path, message) => {
    if (this.#notes.length < MAX_TOLD) this.#notes.push({ path: pathText(path), message })
  }

  /** Problems of the contract's own documents, which name their places. */
  sayOfContract(problems: readonly string[]): void {
    this.#problems.push(...problems)
  }

  get notes(): readonly Note[] {
    return this.#notes
  }

  /** Fault `bad-contract` where only the documents have problems, else `bad-request`. */
  refuse(): void {
    const count = this.#problems.length
    if (count === 0) return
    const what = this.#isContractAlone ? 'contract' : 'scenario'
    throw new Fault(
      this.#isContractAlone ? 'bad-contract' : 'bad-request',
      `the ${what} has ${count} problem${count === 1 ? '' : 's'}`,
      {
        problems: this.#problems.slice(0, MAX_TOLD),
        ...(!this.#isContractAlone && { hint: 'Its JSON Schema is docs/scenario.schema.json.' }),
      },
    )
  }
}

/** `a, b and 3 more`. */
export function listed(names: readonly string[], most = 8): string {
  const rest = names.length - most
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ')
}
