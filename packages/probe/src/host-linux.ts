/**
 * Linux: figures from /proc, read in place: its files come from memory, so that waiting for a thread
 * would cost more than reading. Whether a service is active only systemd knows: `systemctl` asks it.
 */
import { execFile } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { systemCode } from '@constat/shared/fault'
import { unsupported, type HostSource, type Share } from './host-source.ts'

export const LINUX: HostSource = {
  processorTime: async () => processorTime(readFileSync('/proc/stat', 'latin1')),
  memory: async () =>
    shareOf(readFileSync('/proc/meminfo', 'latin1'), { all: 'MemTotal', free: 'MemAvailable' }),
  swap: async () => shareOf(readFileSync('/proc/meminfo', 'latin1'), { all: 'SwapTotal', free: 'SwapFree' }),
  traffic: async (name) => trafficOf(name ?? defaultInterface()),
  processes: countProcesses,
  service: askSystemd,
}

/**
 * Ticks of all processors since the start, and those of them that were not idle. Waiting for a disk is
 * idle; time that a hypervisor took (steal) is not, as the host wanted it.
 */
export function processorTime(stat: string): Share {
  const ticks = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? []
  // Guest time, in the fields from the ninth on, is part of user time already.
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softIrq = 0, steal = 0] = ticks
  const part = user + nice + system + irq + softIrq + steal
  return { part, whole: part + idle + waiting }
}

function shareOf(meminfo: string, { all, free }: { all: string; free: string }): Share {
  const kb = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1])
  const [whole, left] = [kb(all), kb(free)]
  if (Number.isNaN(whole) || Number.isNaN(left))
    throw unsupported(`this kernel does not tell ${free}; it needs Linux 3.14 or later`)
  return { part: whole - left, whole }
}

function trafficOf(name: string): { name: string; bytes: number } {
  // Not below /sys by name: the name would become a path.
  for (const line of readFileSync('/proc/net/dev', 'latin1').split('\n')) {
    const at = line.lastIndexOf(':')
    if (at < 0 || line.slice(0, at).trim() !== name) continue
    const fields = line
      .slice(at + 1)
      .trim()
      .split(/ +/)
      .map(Number)
    return { name, bytes: (fields[0] ?? 0) + (fields[8] ?? 0) }
  }
  throw unsupported(`this host has no interface ${name}; write one that \`ip link\` shows`)
}

function defaultInterface(): string {
  const v4 = defaultRoute(readFileSync('/proc/net/route', 'latin1'))
  const v6 = v4 ?? (existsSync(V6_ROUTES) ? defaultRoute6(readFileSync(V6_ROUTES, 'latin1')) : null)
  if (v6 === null) throw unsupported('this host has no default route; name the interface with `of`')
  return v6
}

const V6_ROUTES = '/proc/net/ipv6_route'

/** Interface, destination, …, metric as the seventh, mask as the eighth field. Least metric first. */
export function defaultRoute(routes: string): string | null {
  const lines = routes.split('\n').map((line) => line.trim().split(/\s+/))
  const whole = lines.filter(
    ([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000',
  )
  const [best] = whole.sort((a, b) => Number(a[6]) - Number(b[6]))
  return best?.[0] ?? null
}

/** Destination, its length, …, metric (hex) as the sixth, interface as the last. lo has the unreachable one. */
export function defaultRoute6(routes: string): string | null {
  const lines = routes.split('\n').map((line) => line.trim().split(/\s+/))
  const whole = lines.filter(
    (fields) => fields[1] === '00' && /^0+$/.test(fields[0] ?? '') && fields.at(-1) !== 'lo',
  )
  const [best] = whole.sort((a, b) => Number.parseInt(a[5] ?? '', 16) - Number.parseInt(b[5] ?? '', 16))
  return best?.at(-1) ?? null
}

/** Processes read between two turns of the event loop: about a millisecond. */
const SLICE = 64
/** The kernel keeps so many bytes of a name. */
const COMM_BYTES = 15
/** One for all: files of hundreds of processes are read in a row, and never two at a time. */
const scratch = Buffer.allocUnsafe(2_048)

async function countProcesses(name: string, signal: AbortSignal): Promise<number> {
  let count = 0
  const own = ownProcesses()
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && !own.has(entry))
  for (let at = 0; at < pids.length && !signal.aborted; at += SLICE) {
    if (at > 0) await turn()
    for (const pid of pids.slice(at, at + SLICE)) if (isNamed(processAt(pid), name)) count += 1
  }
  // Process 1 is always there: where it cannot be seen, others are hidden too.
  if (count === 0 && head('/proc/1/stat') === '')
    throw unsupported('this host hides the processes of other users; let the agent see them (hidepid)')
  return count
}

/** Ancestors looked at. */
const MAX_LAUNCHERS = 16

/** This process, and what started it with its own words (npx, sh -c, sudo): they hold the name asked for. */
function ownProcesses(): Set<string> {
  const own = new Set([String(process.pid)])
  let pid = String(process.ppid)
  while (own.size < MAX_LAUNCHERS && head(`/proc/${pid}/cmdline`).includes('constat-agent')) {
    own.add(pid)
    // After the name in parentheses: state, parent.
    pid = head(`/proc/${pid}/stat`).split(')').at(-1)?.trim().split(' ')[1] ?? ''
  }
  return own
}

/** `own`: the name that the kernel keeps, cut to 15 bytes. */
export type ProcessFacts = { own: string; argv: readonly string[] }

/** Undefined where it is gone, or dead and nobody has buried it. */
function processAt(pid: string): ProcessFacts | undefined {
  const stat = head(`/proc/${pid}/stat`)
  // The name stands in parentheses and may hold some itself.
  const end = stat.lastIndexOf(')')
  const state = stat[end + 2] ?? 'X'
  if (end < 0 || state === 'Z' || state === 'X') return undefined
  return { own: stat.slice(stat.indexOf('(') + 1, end), argv: head(`/proc/${pid}/cmdline`).split('\0') }
}

/** By its own name, or the file name it was started under; where the kernel cut the name, a script by its file. */
export function isNamed(facts: ProcessFacts | undefined, name: string): boolean {
  if (!facts) return false
  const { own, argv } = facts
  if (own === name) return true
  const isCut = Buffer.byteLength(own) === COMM_BYTES && name.startsWith(own)
  const [program = '', script = ''] = argv
  return programOf(program, own) === name || (isCut && fileName(script) === name)
}

/**
 * The program's file name. A process may write one string over its arguments (setproctitle(3), Perl's $0), whose
 * first word is then the program, as in `nginx: master process`; a path with blanks ends in the name that the
 * kernel knows.
 */
function programOf(title: string, own: string): string {
  const whole = fileName(title)
  if (!/\s/.test(title) || (own !== '' && whole.startsWith(own))) return whole
  return fileName(title.trim().split(/\s/)[0] ?? '').replace(/:$/, '')
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The beginning of a file; empty where the process is gone or may not be read. */
function head(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'EMFILE' || systemCode(error) === 'ENFILE') throw error
    return ''
  }
  try {
    return scratch.toString('utf8', 0, readSync(file, scratch, 0, scratch.length, 0))
  } catch (error) {
    // ESRCH: it ended between the two calls.
    if (systemCode(error) === 'ESRCH') return ''
    throw error
  } finally {
    closeSync(file)
  }
}

const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl']
/** There while systemd runs this host (sd_booted(3)). */
const SYSTEMD_FOLDER = '/run/systemd/system'
const MAX_OUTPUT_BYTES = 16 * 1024

async function askSystemd(name: string, signal: AbortSignal): Promise<{ isActive: boolean; state: string }> {
  const program = SYSTEMCTL.find((path) => existsSync(path))
  if (program === undefined || !existsSync(SYSTEMD_FOLDER))
    throw unsupported('systemd does not run this host; check the process by its name in place of the service')
  const asked = ['show', '--no-pager', '--property=LoadState,ActiveState,SubState', '--', name]
  const options = { signal, env: { LC_ALL: 'C' }, maxBuffer: MAX_OUTPUT_BYTES }
  const output = await new Promise<string>((resolve) => {
    execFile(program, asked, options, (_, stdout, stderr) => resolve(`${stdout}\n${stderr}`))
  })
  return serviceState(output)
}

const ACTIVE = new Set(['active', 'reloading', 'refreshing'])

/** What `systemctl show` printed. A unit that systemd does not know is not active. */
export function serviceState(output: string): { isActive: boolean; state: string } {
  const property = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1]
  const active = property('ActiveState')
  if (active === undefined)
    throw unsupported(`systemd does not answer: ${output.trim().split('\n')[0]}; let the agent reach its bus`)
  if (property('LoadState') === 'not-found') return { isActive: false, state: 'not installed' }
  return { isActive: ACTIVE.has(active), state: `${active} (${property('SubState') ?? '-'})` }
}
