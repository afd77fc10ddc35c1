/**
 * `constat-agent probe WHAT`: one probe, here and now, with its phases: of an address, of a check by its name in
 * the configuration that this agent keeps, or of a Check document (`-f`), before any contract holds it. Of a
 * document it says each host that was asked, and what was compared with what. Exit 1 unless it is ok.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runProbe, specOfUrl } from '@constat/probe/kinds'
import { createPolicy } from '@constat/probe/policy'
import type { ProbeResult } from '@constat/probe/probe'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import type { Json } from '@constat/shared/canonical-json'
import type { ProbeSpec } from '@constat/shared/check'
import { Fault, messageOf } from '@constat/shared/fault'
import { PHASES, type Phases } from '@constat/shared/sample'
import { publicKeyOf } from '@constat/shared/signature'
import { shownName } from '@constat/shared/target'
import { CONFIG_FOLDER, ConfigStore } from '../config-store.ts'
import { readCheck, type AgentCheck } from '../config.ts'
import { createLog } from '../log.ts'
import { probedOf } from '../probed.ts'
import { loadPolicy } from '../policy-file.ts'
import { SECRETS_FOLDER, secretsIn } from '../secrets.ts'
import { readSettings } from '../settings.ts'
import { DISK } from '../spool-fs.ts'
import { loadIdentity } from '../state.ts'
import type { Comparison } from '../compared.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

const DEFAULT_TIMEOUT_MS = 5_000
const MAX_TIMEOUT_MS = 600_000

/** Of a file of documents. */
const MAX_FILE_BYTES = 1024 * 1024

/** `url`: an address or the name of a check. */
export type ProbeOptions = { format: Format; url?: string | undefined; file?: string; timeoutMs?: number }

export async function probeOnce(
  { format, url, file, timeoutMs }: ProbeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS))
    throw new Fault('usage', '--timeout-ms must be from 1 to 600000')
  const { dir, ranges } = readSettings(terminal.env)
  const target =
    file === undefined ? await targetOf(url, { dir, terminal }) : oneOf(await checksInFile(file), url, file)
  const limitMs = timeoutMs ?? target.timeoutMs
  const result = await runProbe(target.spec, {
    timeoutMs: limitMs,
    clock: terminal.clock,
    resolver: createResolver(SYSTEM_RESOLVER, terminal.clock),
    denied: createPolicy(await loadPolicy(dir, ranges)),
    secureContext: secureContextSource(),
    secret: secretsIn(join(dir, SECRETS_FOLDER)),
  })
  const probed = probedOf(target.spec, result, { timeoutMs: limitMs })
  const named = file === undefined ? { url } : { check: target.check }
  if (format === 'json') terminal.out(`${JSON.stringify({ ...named, ...probed })}\n`)
  else for (const line of linesOf(result)) terminal.out(`${line}\n`)
  if (format === 'text' && file !== undefined)
    for (const line of auditLines(result, probed.compared)) terminal.out(`${line}\n`)
  return result.outcome === 'ok' ? EXIT.done : EXIT.no
}

/** `check`: its name; absent for an address. */
type Target = { spec: ProbeSpec; timeoutMs: number; check?: string }

/** An address wins over the name of a check: a name has no scheme. */
async function targetOf(
  text: string | undefined,
  { dir, terminal }: { dir: string; terminal: Terminal },
): Promise<Target> {
  if (text === undefined)
    throw new Fault('usage', "missing required argument 'what': an address, the name of a check, or -f FILE")
  const spec = specOfUrl(text)
  if (typeof spec !== 'string') return { spec, timeoutMs: DEFAULT_TIMEOUT_MS }
  const checks = await keptChecks(dir, terminal)
  if (checks.some(({ name }) => name === text)) return oneOf(checks, text, 'two contracts')
  const names = checks.map(({ name }) => name).join(', ')
  throw new Fault('usage', `${text}: ${spec}`, { hint: names === '' ? '' : `or name a check: ${names}` })
}

/** The check of this name; without a name the only one there is. */
function oneOf(checks: readonly AgentCheck[], name: string | undefined, where: string): Target {
  const named = checks.filter((check) => name === undefined || check.name === name)
  const [check, another] = named
  if (!check || another) {
    const names = [...new Set(checks.map((one) => one.name))].join(', ')
    const problem = check ? 'has more than one check that fits' : 'has no such check'
    throw new Fault('usage', `${where} ${problem}: ${name ?? 'name one of them'}`, { hint: names })
  }
  if (typeof check.probe === 'string') throw new Fault('usage', `${check.name}: ${check.probe}`)
  return { spec: check.probe, timeoutMs: check.timeoutMs, check: check.name }
}

/** Read as a contract is read, and then as an agent reads what it is sent. */
async function checksInFile(path: string): Promise<AgentCheck[]> {
  const size = await stat(path).then((facts) => facts.size, notThere)
  if (size > MAX_FILE_BYTES) throw new Fault('usage', `${path} is larger than ${MAX_FILE_BYTES} bytes`)
  const text = await readFile(path, 'utf8')
  // The reader of documents is larger than the agent, which never needs it while it runs: agent/build.mjs.
  const { readChecks } = await import('@constat/sla/contract/check-file')
  const read = readChecks({ name: path, text })
  if (read.kind === 'refused') throw new Fault('usage', read.problems.join('\n'))
  return read.checks.map((spec, index) => {
    const check = readCheck(JSON.parse(JSON.stringify(spec)) as Json, index)
    if (typeof check === 'string') throw new Fault('usage', `${path}: ${check}`)
    return check
  })
}

function notThere(error: unknown): never {
  throw new Fault('usage', messageOf(error))
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

/** Each host that was asked, with its phases where there were several; then what the check wants. */
function auditLines({ hops = [] }: ProbeResult, compared: readonly Comparison[]): string[] {
  const asked = hops.flatMap(({ host, address, port, url, status, phases }) => {
    const at = [address ?? 'no address', port].filter((part) => part !== null).join(' port ')
    const said = status === undefined ? '' : `: status ${status}`
    const sum = PHASES.reduce((us, phase) => us + phases[phase], 0)
    const own = hops.length > 1 ? phaseLines({ latencyUs: sum, phases }).map((line) => `  ${line}`) : []
    return [`  asked ${url ?? shownName(host)} at ${at}${said}`, ...own]
  })
  const wants = compared.map(
    ({ what, wanted, seen }) => `  ${what}: wanted ${wanted}${seen === null ? '' : `, seen ${seen}`}`,
  )
  return [...asked, ...wants]
}

function milliseconds(us: number): string {
  return `${(us / 1_000).toFixed(3).padStart(10)} ms`
}
