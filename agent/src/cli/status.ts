/** `constat-agent status`: what the running agent last said of itself. Exit 1 when it is not connected. */
import { Fault } from '@constat/shared/fault'
import { formatInstant } from '@constat/shared/time'
import { readSettings } from '../settings.ts'
import { loadIdentity } from '../state.ts'
import { readStatus, STATUS_EVERY_MS, type BlindCheck } from '../status.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

/** A status this much older than it should be is that of an agent which is gone. */
const STALE_FACTOR = 3

export async function showStatus(
  { format, ...given }: { format: Format; dir?: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { dir } = readSettings(terminal.env, given)
  const identity = await loadIdentity(dir)
  if (!identity)
    throw new Fault('not-found', `nobody enrolled in ${dir}`, { hint: 'run constat-agent enroll first' })
  const status = (await readStatus(dir)) ?? {}
  const writtenMs = Number(status['writtenMs'] ?? 0)
  const running =
    terminal.clock.nowMs() - writtenMs < STALE_FACTOR * STATUS_EVERY_MS && isAlive(status['pid'])
  const connected = running && status['connected'] === true
  const facts = { name: identity.name, agent: identity.id.toString('hex'), ...status, running, connected }
  if (format === 'json') terminal.out(`${JSON.stringify(facts)}\n`)
  else terminal.out(textOf(facts))
  return connected ? EXIT.done : EXIT.no
}

function textOf(facts: Record<string, unknown>): string {
  const lines = Object.entries(facts).flatMap(([name, value]) => flat(name, value))
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${shown(name, value)}\n`).join('')
}

/** The members of an object as lines of their own: `host.kernel`; of a list of objects too: `unknown.ping`. */
function flat(name: string, value: unknown): [name: string, value: unknown][] {
  if (name === 'unknown' && Array.isArray(value))
    return value.map((one: Partial<BlindCheck>) => blindLine(one))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[name, value]]
  return Object.entries(value).map(([member, one]) => [`${name}.${member}`, one])
}

/** Of a check of which nothing is known, why. */
function blindLine({
  check,
  cause,
  detail,
  sinceMs = 0,
}: Partial<BlindCheck>): [name: string, value: unknown] {
  return [`unknown.${check}`, `${detail || cause} (${cause}, since ${formatInstant(sinceMs)})`]
}

function shown(name: string, value: unknown): string {
  const isInstant = name.endsWith('Ms') && typeof value === 'number' && value > 1e12
  if (isInstant) return formatInstant(value)
  return typeof value === 'string' ? value : JSON.stringify(value ?? '-')
}

function isAlive(pid: unknown): boolean {
  if (typeof pid !== 'number') return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
