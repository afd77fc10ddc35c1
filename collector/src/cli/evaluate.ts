/**
 * `constat evaluate`: the engine on a file, no server, so that anybody can check it. It answers a question, so
 * it ends with 0 whatever the verdict; with `--check` a promise that was not kept is a no. People on a terminal
 * get a summary; programs that read a pipe, or ask for it, the whole answer as JSON.
 */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { readScenario } from '@constat/sla/scenario/read'
import { summaryLines } from './evaluate-summary.ts'
import { EXIT, type World } from './world.ts'

/** Bytes of a scenario at most. */
export const MAX_SCENARIO_BYTES = 256 * 1024 * 1024

export type EvaluateFlags = { check?: boolean; json?: boolean }

export function evaluate(
  path: string,
  { check, json }: EvaluateFlags,
  world: Pick<World, 'out' | 'isOutTerminal'>,
): number {
  const value = readJson(path)
  if (!isRecord(value)) throw new Fault('bad-request', `${path} is not a JSON object`)
  if (Object.hasOwn(value, 'queries')) {
    throw new Fault('bad-request', `${path} asks single questions (queries): evaluate judges scenarios`, {
      hint: 'In a checkout, npx tsx test/support/questions.ts FILE answers them.',
    })
  }
  if (!Object.hasOwn(value, 'window')) {
    throw new Fault('bad-request', `${path} asks nothing: it has no window`, {
      hint: 'Write {"window": "2026-10", …}, or {"window": {"start": "…", "end": "…"}, …}.',
    })
  }
  const reading = readScenario(value)
  const files = [reading.scenario.contractFile ?? []].flat().map((file) => readBeside(path, file))
  const judged = evaluateScenario(reading, files)
  const lines = world.isOutTerminal && !json ? summaryLines(judged) : [JSON.stringify(judged, null, 2)]
  for (const line of lines) world.out(line)
  const isBroken = judged.guarantees.some(({ verdict }) => verdict === 'not_met')
  return check && isBroken ? EXIT.no : EXIT.done
}

/** A contract beside its scenario. */
function readBeside(scenario: string, file: string): { name: string; text: string } {
  const path = resolve(scenario === '-' ? '.' : dirname(scenario), file)
  return { name: file, text: readText(path) }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path))
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('bad-request', `${path} is not JSON: ${messageOf(error)}`)
  }
}

function readText(path: string): string {
  let text: string
  try {
    // A file that cannot fit is told before it is read.
    if (path !== '-' && statSync(path).size > MAX_SCENARIO_BYTES) throw tooLarge(path)
    // `-` reads standard input, as elsewhere.
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('usage', `${path} cannot be read: ${messageOf(error)}`)
  }
  if (text.length <= MAX_SCENARIO_BYTES) return text
  throw tooLarge(path)
}

function tooLarge(path: string): Fault {
  const hint = 'Judge a shorter window, or fewer vantages, at a time.'
  return new Fault('too-large', `${path} passes ${MAX_SCENARIO_BYTES} bytes`, { hint })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
