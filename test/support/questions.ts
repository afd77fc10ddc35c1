/**
 * Single questions, answered by the engine: `npx tsx test/support/questions.ts FILE` reads
 * `{"queries": [{"id", "category", "given"}]}` and prints `{"answers": [{"id", …}]}`. It ends with 3 when a
 * question cannot be answered; each one is named with its reason, and the others are answered all the same.
 */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Fault, messageOf } from '@constat/shared/fault'
import { z } from 'zod'
import { FOLD } from './question-fold.ts'
import { parsed, type Answer, type Category } from './question-shapes.ts'
import { TIME } from './question-time.ts'

/** A new category is one entry of one of the two. */
export const CATEGORIES: Readonly<Record<string, Category>> = { ...TIME, ...FOLD }

const query = z.object({
  id: z.string(),
  category: z.string(),
  given: z.record(z.string(), z.unknown()),
})
const file = z.object({ queries: z.array(z.unknown()) })

/** The answer under the question's id. Fault `bad-request` that names what is wrong with the question. */
export function answer(value: unknown): Answer {
  const { id, category, given } = parsed(query, value, 'query')
  const answering = Object.hasOwn(CATEGORIES, category) ? CATEGORIES[category] : undefined
  if (!answering) {
    throw new Fault('bad-request', `${id}: unknown category ${JSON.stringify(category)}`, {
      hint: `Known categories: ${Object.keys(CATEGORIES).join(', ')}.`,
    })
  }
  try {
    return { id, ...answering(given) }
  } catch (error) {
    throw new Fault('bad-request', `${id}: ${messageOf(error)}`, { cause: error })
  }
}

function main(path: string): void {
  const answers: Answer[] = []
  for (const one of parsed(file, JSON.parse(readFileSync(path, 'utf8')), path).queries) {
    try {
      answers.push(answer(one))
    } catch (error) {
      const hint = error instanceof Fault && error.hint !== undefined ? ` ${error.hint}` : ''
      process.stderr.write(`${messageOf(error)}${hint}\n`)
      process.exitCode = 3
    }
  }
  process.stdout.write(`${JSON.stringify({ answers }, null, 2)}\n`)
}

const [, script, path] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href) main(path ?? '/dev/stdin')
