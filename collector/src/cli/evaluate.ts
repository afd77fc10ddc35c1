/** `constat evaluate`: the engine on a file, no server, so that anybody can check it. */
import { readFileSync } from 'node:fs'
import { Fault, messageOf } from '@constat/shared/fault'
import { answer } from '@constat/sla/query/answer'
import { EXIT, type World } from './world.ts'

/** Bytes of a scenario at most. */
export const MAX_SCENARIO_BYTES = 256 * 1024 * 1024

export function evaluate(path: string, world: World): number {
  const scenario = readScenario(path)
  if (!isRecord(scenario)) throw new Fault('bad-request', `${path} is not a JSON object`)
  const { queries } = scenario
  if (!Array.isArray(queries)) {
    throw new Fault('bad-request', `${path} has no list "queries"`, {
      hint: 'Write {"queries": [{"id": "1", "category": "period_length", "given": {…}}]}.',
    })
  }
  world.out(JSON.stringify({ answers: queries.map((query) => answer(query)) }, null, 2))
  return EXIT.done
}

function readScenario(path: string): unknown {
  let text: string
  try {
    // `-` reads standard input, as elsewhere.
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read: ${messageOf(error)}`)
  }
  if (text.length > MAX_SCENARIO_BYTES)
    throw new Fault('too-large', `${path} passes ${MAX_SCENARIO_BYTES} bytes`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Fault('bad-request', `${path} is not JSON: ${messageOf(error)}`)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
