/**
 * Network namespaces: hosts that are no hosts. A typed layer over `ip`: namespaces, addresses, routes,
 * links, programs inside. Everything carries the process id of the run that made it, is removed with it,
 * and what a run that died has left is swept by the next one. Needs root and iproute2.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PREFIX = 'cst'
/** No command of iproute2 comes near it; one that hangs must not hold a test. */
const COMMAND_LIMIT_MS = 10_000
/** The kernel's limit for names of interfaces, its final zero aside. */
const INTERFACE_NAME_MAX = 15

export { namespaceProblem } from './network.mjs'

export type Namespace = {
  /** As the kernel has it; `ip netns exec NAME` on a shell looks inside. */
  name: string
  /** `ip -n NAME …`; throws with what ip said. */
  ip(...args: string[]): void
  /** A program inside; it is the child itself, no shell stands between. Killed with the network. */
  start(command: readonly [string, ...string[]], options?: SpawnOptions): ChildProcess
  /** Runs a program inside to its end, and answers what it wrote on stdout. */
  run(command: readonly [string, ...string[]], withinMs?: number): string
}

export type NamespaceOptions = {
  /** Packets for others are passed on. */
  forwards?: boolean
  /** Files that stand in place of the ones in /etc, as `resolv.conf` and `hosts`. */
  etc?: Readonly<Record<string, string>>
}

/** One end of a link: `device` is its name inside `space`; addresses with their prefix length. */
export type End = { space: Namespace | 'host'; device: string; addresses: readonly string[] }

export type Network = {
  add(name: string, options?: NamespaceOptions): Namespace
  /** A plain virtual cable between two namespaces, or one and this host. */
  join(a: End, b: End): void
  /** A name for an interface that no other run has. */
  deviceName(): string
  /** Undone by `close`, in opposite order, before the namespaces go. */
  onClose(undo: () => void): void
  /** Ends every program inside, then removes everything. Safe to call twice. */
  close(): void
}

export function createNetwork(): Network {
  sweepDeadRuns()
  const names = new Set<string>()
  const undos: (() => void)[] = []
  let devices = 0
  const close = (): void => {
    process.removeListener('exit', close)
    for (const undo of undos.splice(0).toReversed()) undo()
    for (const name of names) removeNamespace(name)
    names.clear()
  }
  process.once('exit', close)
  const deviceName = (): string => `${PREFIX}${process.pid}d${(devices += 1)}`
  return {
    deviceName,
    close,
    onClose: (undo) => void undos.push(undo),
    add: (name, options = {}) => {
      const full = `${PREFIX}-${process.pid}-${name}`
      names.add(full)
      return addNamespace(full, options)
    },
    join: (a, b) => {
      const [near, far] = [deviceName(), deviceName()]
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far)
      // A namespace takes its interfaces with it; what stays on this host goes by itself.
      if (a.space === 'host' && b.space === 'host') undos.push(() => ip('link', 'del', a.device))
      plug(near, a)
      plug(far, b)
    },
  }
}

/** Moves the interface `device` of this host to where it belongs, names it, and turns it on. */
export function plug(device: string, { space, device: name, addresses }: End): void {
  if (name.length > INTERFACE_NAME_MAX) throw new RangeError(`${name}: too long for an interface`)
  if (space === 'host') ip('link', 'set', device, 'name', name)
  else ip('link', 'set', device, 'netns', space.name, 'name', name)
  const inside = space === 'host' ? ip : space.ip
  for (const address of addresses) {
    // Nobody else is there: an IPv6 address need not be defended for a second before it can be used.
    inside('addr', 'add', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []))
  }
  inside('link', 'set', 'dev', name, 'up')
}

function addNamespace(name: string, { forwards = false, etc = {} }: NamespaceOptions): Namespace {
  const entries = Object.entries(etc)
  if (entries.length > 0) mkdirSync(etcOf(name), { recursive: true })
  for (const [file, text] of entries) writeFileSync(join(etcOf(name), file), text)
  ip('netns', 'add', name)
  const space: Namespace = {
    name,
    ip: (...args) => ip('-n', name, ...args),
    start: (command, options = {}) => spawn('ip', ['netns', 'exec', name, ...command], options),
    run: (command, withinMs = COMMAND_LIMIT_MS) =>
      execFileSync('ip', ['netns', 'exec', name, ...command], {
        encoding: 'utf8',
        timeout: withinMs,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
  }
  space.ip('link', 'set', 'lo', 'up')
  if (forwards) {
    const on = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding']
    space.run(['sh', '-c', on.map((path) => `echo 1 > ${path}`).join(' && ')])
  }
  return space
}

function removeNamespace(name: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8', timeout: COMMAND_LIMIT_MS })
  for (const pid of pids.stdout.split('\n').filter((line) => /^\d+$/.test(line))) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch (error) {
      // It has ended by itself since it was listed.
      if (!isCode(error, 'ESRCH')) throw error
    }
  }
  spawnSync('ip', ['netns', 'del', name], { timeout: COMMAND_LIMIT_MS })
  rmSync(etcOf(name), { recursive: true, force: true })
}

/** Only those of runs whose process is gone. */
function sweepDeadRuns(): void {
  const list = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8', timeout: COMMAND_LIMIT_MS })
  for (const line of list.stdout.split('\n')) {
    const [, name, pid] = new RegExp(`^(${PREFIX}-(\\d+)-\\S+)`).exec(line) ?? []
    if (name !== undefined && !isAlive(Number(pid))) removeNamespace(name)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !isCode(error, 'ESRCH')
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function etcOf(name: string): string {
  return join('/etc/netns', name)
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8', timeout: COMMAND_LIMIT_MS })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr?.trim() ?? 'it cannot be run'}`)
}
