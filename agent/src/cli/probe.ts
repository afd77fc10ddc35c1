/**
 * `constat-agent probe WHAT`: one probe, here and now, with its phases: of an address, or of a check by its
 * name in the configuration that this agent keeps. Exit 1 unless it is ok.
 */
import { join } from 'node:path'
import { denyRule } from '@constat/probe/address'
import { runProbe, specOfUrl } from '@constat/probe/kinds'
import type { ProbeResult } from '@constat/probe/probe'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import type { ProbeSpec } from '@constat/shared/check'
import { Fault } from '@constat/shared/fault'
import { PHASES, type Phases } from '@constat/shared/sample'
import { publicKeyOf } from '@constat/shared/signature'
import { CONFIG_FOLDER, ConfigStore } from '../config-store.ts'
import type { AgentCheck } from '../config.ts'
import { createLog } from '../log.ts'
import { SECRETS_FOLDER, secretsIn } from '../secrets.ts'
import { readSettings } from '../settings.ts'
import { DISK } from '../spool-fs.ts'
import { loadIdentity } from '../state.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

const DEFAULT_TIMEOUT_MS = 5_000
const MAX_TIMEOUT_MS = 600_000

export type ProbeOptions = { format: Format; url: string; timeoutMs?: number }

export async function probeOnce(
  { format, url, timeoutMs }: ProbeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS))
    throw new Fault('usage', '--timeout-ms must be from 1 to 600000')
  const { dir, policy } = readSettings(terminal.env)
  const target = await targetOf(url, { dir, terminal })
  const result = await runProbe(target.spec, {
    timeoutMs: timeoutMs ?? target.timeoutMs,
    clock: terminal.clock,
    resolver: createResolver(SYSTEM_RESOLVER, terminal.clock),
    denied: denyRule(policy),
    secureContext: secureContextSource(),
    secret: secretsIn(join(dir, SECRETS_FOLDER)),
  })
  if (format === 'json') terminal.out(`${JSON.stringify({ url, ...result })}\n`)
  else for (const line of linesOf(result)) terminal.out(`${line}\n`)
  return result.outcome === 'ok' ? EXIT.done : EXIT.no
}

type Target = { spec: ProbeSpec; timeoutMs: number }

/** An address wins over the name of a check: a name has no scheme. */
async function targetOf(
  text: string,
  { dir, terminal }: { dir: string; terminal: Terminal },
): Promise<Target> {
  const spec = specOfUrl(text)
  if (typeof spec !== 'string') return { spec, timeoutMs: DEFAULT_TIMEOUT_MS }
  const checks = await keptChecks(dir, terminal)
  const [check, another] = checks.filter(({ name }) => name === text)
  if (another) throw new Fault('usage', `${text}: two contracts have a check of this name; write its address`)
  if (!check) {
    const names = checks.map(({ name }) => name).join(', ')
    throw new Fault('usage', `${text}: ${spec}`, { hint: names === '' ? '' : `or name a check: ${names}` })
  }
  if (typeof check.probe === 'string') throw new Fault('usage', `${text}: ${check.probe}`)
  return { spec: check.probe, timeoutMs: check.timeoutMs }
}

async function keptChecks(dir: string, { clock, err }: Terminal): Promise<AgentCheck[]> {
  const identity = await loadIdentity(dir)
  if (!identity) return []
  const log = createLog({ clock, level: 'warn', format: 'text', write: err })
  const collectorKey = publicKeyOf(identity.collectorKey)
  const store = new ConfigStore({ dir: join(dir, CONFIG_FOLDER), fs: DISK, log, collectorKey })
  return (await store.load()).flatMap(({ checks }) => checks)
}

function linesOf({ outcome, cause, value, detail, latencyUs, phases, steps = [] }: ProbeResult): string[] {
  const verdict = `${outcome}${cause === 'none' ? '' : ` (${cause})`}  value ${value}  ${detail.replaceAll(/\s+/g, ' ').trim()}`
  const each = steps.flatMap((step) => [`  ${step.name}`, ...phaseLines(step).map((line) => `  ${line}`)])
  const head = steps.length > 0 ? ['  all steps'] : []
  const sums = phaseLines({ latencyUs, phases }).map((line) => (steps.length > 0 ? `  ${line}` : line))
  return [verdict, ...each, ...head, ...sums]
}

/** A phase that did not happen is left out: a host check has none, a refused connection ends with `connect`. */
function phaseLines({ latencyUs, phases }: { latencyUs: number; phases: Phases }): string[] {
  const lines = PHASES.filter((phase) => phases[phase] > 0).map(
    (phase) => `  ${phase.replace(/Us$/, '').padEnd(9)} ${milliseconds(phases[phase])}`,
  )
  return [...lines, `  ${'total'.padEnd(9)} ${milliseconds(latencyUs)}`]
}

function milliseconds(us: number): string {
  return `${(us / 1_000).toFixed(3).padStart(10)} ms`
}
