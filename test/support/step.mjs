/**
 * Step: one program of `npm test`, and the end of all that it starts. The program has a process group of
 * its own. When it ends, passes its limit, when we are told to stop, or when whoever started us is gone
 * however it went (our standard input closes), nothing of its family is left. Plain Node.
 *
 *   node test/support/step.mjs LIMIT_MS PROGRAM [ARGUMENT…]
 *
 * Exit code: that of the program; 124 past its limit, 125 when it left processes behind, 130 when stopped.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { commandOf, familyOf } from './family.mjs'

/** A collector closes its database in this time. */
const GRACE_MS = 5_000
const KILL_LIMIT_MS = 15_000
/** How long what a healthy program leaves may take to end by itself: databases whose collector was killed. */
const LINGER_MS = 10_000
const LOOK_MS = 2_000

const [limitText = '', program = '', ...args] = process.argv.slice(2)
const say = (line) => process.stderr.write(`${line}\n`)
// Whoever read us may be gone; there is work left all the same.
process.stderr.on('error', () => undefined)

// Heard before there is anything to end.
const stopped = new Promise((settle) => {
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, settle)
  process.stdin.once('end', settle).resume()
})

const mark = `CONSTAT_TEST_STEP=${randomUUID()}`
const child = spawn(program, args, {
  detached: true,
  env: { ...process.env, ...Object.fromEntries([mark.split('=')]) },
  stdio: ['ignore', 'inherit', 'inherit'],
})
const family = familyOf(child.pid ?? -1, mark)
const looking = setInterval(() => family.look(), LOOK_MS)

const outcome = new Promise((settle) => {
  child.once('error', (error) => settle({ code: 127, reason: `${program}: ${error.message}` }))
  child.once('exit', (code) => settle({ code: code ?? 1, reason: null }))
  const late = { code: 124, reason: `took longer than ${Number(limitText) / 1000} s and was ended` }
  setTimeout(() => settle(late), Number(limitText)).unref()
  void stopped.then(() => settle({ code: 130, reason: null }))
})

const { code, reason } = await outcome
if (reason !== null) say(reason)
clearInterval(looking)
process.exit(await leave(code))

async function leave(exitCode) {
  if (child.pid === undefined) return exitCode
  const isOver = child.exitCode !== null || child.signalCode !== null
  if (isOver && (await family.isGone(LINGER_MS))) return exitCode
  const left = isOver ? family.look().map((pid) => `  ${pid} ${commandOf(pid)}`) : []
  const isGone = await family.end({ graceMs: GRACE_MS, limitMs: KILL_LIMIT_MS })
  if (!isGone) say(`could not be ended: ${family.look().join(', ')}`)
  if (left.length === 0) return exitCode
  say(`left behind, and ended now:\n${left.join('\n')}`)
  return exitCode === 0 ? 125 : exitCode
}
