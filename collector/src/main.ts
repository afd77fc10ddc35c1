/** `constat`: the real clock, randomness and environment enter here and nowhere else. */
import { uptime } from 'node:os'
import { visible } from '@constat/shared/visible'
import type { HostClock } from '@constat/shared/time'
import { failureLines } from './cli/failure.ts'
import { exitCode, type World } from './cli/world.ts'
import { runCommand } from './cli/program.ts'
import { systemRandom } from './data-dir.ts'

const clock: HostClock = {
  nowMs: () => Date.now(),
  monotonicUs: () => Math.floor(performance.now() * 1000),
  // Linux counts sleep in its uptime and not in its monotonic clock; elsewhere the two are not so told apart.
  ...(process.platform === 'linux' && { asleepMs: () => uptime() * 1_000 - performance.now() }),
}

const world: World = {
  clock,
  random: systemRandom,
  environment: process.env,
  out: (text) => void process.stdout.write(`${visible(text)}\n`),
  err: (text) => void process.stderr.write(`${visible(text)}\n`),
  isTerminal: process.stderr.isTTY,
  isOutTerminal: process.stdout.isTTY,
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
}

const args = process.argv.slice(2)
try {
  process.exitCode = await runCommand(args, world)
} catch (error) {
  process.exitCode = exitCode(error)
  for (const line of failureLines(error, args)) world.err(line)
}
