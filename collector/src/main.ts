/** `constat`: the real clock, randomness and environment enter here and nowhere else. */
import { uptime } from 'node:os'
import { visible } from '@constat/shared/visible'
import type { HostClock } from '@constat/shared/time'
import { failureLines } from './cli/failure.ts'
import { exitCode, type Tone, type World } from './cli/world.ts'
import { runCommand } from './cli/program.ts'
import { systemRandom } from './data-dir.ts'

const clock: HostClock = {
  nowMs: () => Date.now(),
  monotonicUs: () => Math.floor(performance.now() * 1000),
  // Linux counts sleep in its uptime and not in its monotonic clock; elsewhere the two are not so told apart.
  ...(process.platform === 'linux' && { asleepMs: () => uptime() * 1_000 - performance.now() }),
}

/** Red and yellow, for whoever sees colours and has not asked for none (no-color.org). */
const COLOURS: Record<Tone, string> = { bad: '\u001b[31m', warn: '\u001b[33m' }

function painted(text: string, tone: Tone | undefined): string {
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'] && tone !== undefined
  return isColoured ? `${COLOURS[tone]}${text}\u001b[0m` : text
}

function interrupted(withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      process.off('SIGINT', end)
      resolve(false)
    }, withinMs)
    process.once('SIGINT', end)
  })
}

const world: World = {
  clock,
  random: systemRandom,
  environment: process.env,
  out: (text, tone) => void process.stdout.write(`${painted(visible(text), tone)}\n`),
  clear: () => void (process.stdout.isTTY && process.stdout.write('\u001b[2J\u001b[H')),
  interrupted,
  err: (text) => void process.stderr.write(`${visible(text)}\n`),
  progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text ?? ''}`)),
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
