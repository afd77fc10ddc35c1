/** `constat`: the real clock, randomness and environment enter here and nowhere else. */
import { Fault, messageOf } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import { exitCode, type World } from './cli/world.ts'
import { runCommand } from './cli/program.ts'
import { systemRandom } from './data-dir.ts'

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicUs: () => Math.floor(performance.now() * 1000),
}

const world: World = {
  clock,
  random: systemRandom,
  environment: process.env,
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  isTerminal: process.stderr.isTTY,
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
}

try {
  process.exitCode = await runCommand(process.argv.slice(2), world)
} catch (error) {
  process.exitCode = exitCode(error)
  if (error instanceof Fault) {
    world.err(`${error.code}: ${error.message}${error.hint === '' ? '' : `. ${error.hint}`}`)
    for (const problem of error.problems) world.err(`  ${problem}`)
  } else world.err(`internal: ${messageOf(error)}`)
}
