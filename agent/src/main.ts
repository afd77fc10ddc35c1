/**
 * The agent as a program: the only file with the real clock, randomness, environment and signals. `run`
 * goes a short way, so that a running agent does not carry the command line parser in memory.
 */
import { randomBytes } from 'node:crypto'
import { uptime } from 'node:os'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import type { HostClock } from '@constat/shared/time'
import { visible } from '@constat/shared/visible'
import { endWith, EXIT, type Terminal } from './cli/terminal.ts'

const clock: HostClock = {
  nowMs: () => Date.now(),
  monotonicUs: () => performance.now() * 1_000,
  // Linux counts sleep in its uptime and not in its monotonic clock; elsewhere the two are not so told apart.
  ...(process.platform === 'linux' && { asleepMs: () => uptime() * 1_000 - performance.now() }),
}

const terminal: Terminal = {
  clock,
  random: { bytes: randomBytes },
  env: process.env,
  program: fileURLToPath(import.meta.url),
  out: (text) => void process.stdout.write(visible(text)),
  err: (text) => void process.stderr.write(visible(text)),
  stopped: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
      // Started by `constat up`, it ends with it: the channel closes however that process went.
      if (process.channel) process.once('disconnect', () => resolve('disconnect'))
    }),
}

/** Whoever reads may go first (`| head -1`): nothing more is said then, and the answer stays the answer. */
function readerGone(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') return
  process.exit(EXIT.failed)
}
process.stdout.on('error', readerGone)
// A log that nobody can write any more does not end the measuring.
process.stderr.on('error', () => {})

const argv = process.argv.slice(2)
const isPlainRun = argv[0] === 'run' && argv.slice(1).every((option) => option === '--json')
const format = argv.includes('--json') ? 'json' : 'text'

try {
  if (isPlainRun) {
    const { run } = await import('./cli/run.ts')
    process.exitCode = await run({ format }, terminal)
  } else {
    const { runProgram } = await import('./cli/program.ts')
    process.exitCode = await runProgram(argv, terminal)
  }
} catch (error) {
  process.exitCode = endWith(error, { format, terminal })
}
// Whatever still holds the event loop (a name that resolves slowly, a socket) must not hold the exit.
setTimeout(() => process.exit(), 200).unref()
