/** `constat-verify`: the real terminal enters here and nowhere else. */
import { Fault, messageOf } from '@constat/shared/fault'
import { visible } from '@constat/shared/visible'
import { EXIT, runProgram } from './cli.ts'
import type { World } from './world.ts'

const world: World = {
  nowMs: () => Date.now(),
  env: process.env,
  out: (text) => void process.stdout.write(`${visible(text)}\n`),
  err: (text) => void process.stderr.write(`${visible(text)}\n`),
  progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text ?? ''}`)),
}

/** Whoever reads may go first (`| head -1`): the answer stays the answer. */
process.stdout.on('error', (error) => {
  if (!('code' in error && error.code === 'EPIPE')) process.exit(EXIT.failed)
})

try {
  process.exitCode = await runProgram(process.argv.slice(2), world)
} catch (error) {
  const { code, hint } = error instanceof Fault ? error : { code: 'internal' as const, hint: '' }
  const message = messageOf(error).replaceAll('\n', ' ')
  const isJson = process.argv.includes('--json')
  if (isJson) world.err(JSON.stringify({ error: { code, message, hint } }))
  else world.err(`constat-verify: ${code}: ${message}${hint === '' ? '' : `; ${hint}`}`)
  process.exitCode = code === 'usage' ? EXIT.usage : EXIT.failed
}
