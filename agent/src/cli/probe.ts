/** `constat-agent probe URL`: one probe, here and now, with its phases. Exit 1 unless it is ok. */
import { join } from 'node:path'
import { denyRule } from '@constat/probe/address'
import { runProbe, specOfUrl } from '@constat/probe/kinds'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import { Fault } from '@constat/shared/fault'
import { PHASES } from '@constat/shared/sample'
import { SECRETS_FOLDER, secretsIn } from '../secrets.ts'
import { readSettings } from '../settings.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

const DEFAULT_TIMEOUT_MS = 5_000
const MAX_TIMEOUT_MS = 600_000

export type ProbeOptions = { format: Format; url: string; timeoutMs?: number }

export async function probeOnce(
  { format, url, timeoutMs = DEFAULT_TIMEOUT_MS }: ProbeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS))
    throw new Fault('usage', '--timeout-ms must be from 1 to 600000')
  const spec = specOfUrl(url)
  if (typeof spec === 'string') throw new Fault('usage', `${url}: ${spec}`)
  const { dir, policy } = readSettings(terminal.env)
  const result = await runProbe(spec, {
    timeoutMs,
    clock: terminal.clock,
    resolver: createResolver(SYSTEM_RESOLVER, terminal.clock),
    denied: denyRule(policy),
    secureContext: secureContextSource(),
    secret: secretsIn(join(dir, SECRETS_FOLDER)),
  })
  if (format === 'json') terminal.out(`${JSON.stringify({ url, ...result })}\n`)
  else {
    const { outcome, cause, value, detail, latencyUs, phases } = result
    terminal.out(`${outcome}${cause === 'none' ? '' : ` (${cause})`}  value ${value}  ${detail}\n`)
    for (const phase of PHASES)
      terminal.out(`  ${phase.replace(/Us$/, '').padEnd(9)} ${milliseconds(phases[phase])}\n`)
    terminal.out(`  ${'total'.padEnd(9)} ${milliseconds(latencyUs)}\n`)
  }
  return result.outcome === 'ok' ? EXIT.done : EXIT.no
}

function milliseconds(us: number): string {
  return `${(us / 1_000).toFixed(3).padStart(10)} ms`
}
