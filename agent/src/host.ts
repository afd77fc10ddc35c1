/**
 * Host context: what whoever looks at an incident wants to know of the host that measured: its system,
 * its size, what it runs in, what keeps its clock. Read from a few small files at most once a day, shown
 * by `constat-agent status`. It never leaves the host and decides nothing.
 */
import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem, type, uptime, version } from 'node:os'
import { systemCode } from '@constat/shared/fault'
import type { Clock, UnixMs } from '@constat/shared/time'

export type HostContext = ReturnType<typeof contextNow>

/** Text of a file; null where there is none, empty where it may not be read. */
export type ReadText = (path: string) => string | null

const KEPT_US = 24 * 3_600 * 1_000_000
const MAX_FIELD_CHARS = 120

/** Answers what was read last, and reads again after a day. */
export function createHostContext(clock: Clock, read: ReadText = readText): () => HostContext {
  let kept: { context: HostContext; atUs: number } | null = null
  return () => {
    const nowUs = clock.monotonicUs()
    if (kept === null || nowUs - kept.atUs >= KEPT_US)
      kept = { context: contextNow(clock.nowMs(), read), atUs: nowUs }
    return kept.context
  }
}

function contextNow(nowMs: UnixMs, read: ReadText) {
  const processors = cpus()
  return {
    /** As people call it: `Debian GNU/Linux 12 (bookworm)`. */
    system: systemName(read),
    kernel: `${type()} ${release()}`,
    architecture: arch(),
    processor: short(processors[0]?.model ?? 'unknown'),
    cores: processors.length,
    memoryMb: Math.round(totalmem() / (1024 * 1024)),
    /** Containers and virtual machines around it; `none` for bare metal. */
    virtualisation: virtualisationOf(read),
    /** The program that was found keeping the clock. */
    timeSync: timeSyncOf(read),
    node: process.version,
    bootedMs: Math.round(nowMs - uptime() * 1_000),
  }
}

/** os-release(5); elsewhere what the system calls itself. */
function systemName(read: ReadText): string {
  const release = read('/etc/os-release') ?? read('/usr/lib/os-release') ?? ''
  const pretty = /^PRETTY_NAME=["']?([^"'\n]+)/m.exec(release)?.[1]
  return short(pretty ?? version())
}

/** Marks that container engines leave, and what the firmware says of the machine. */
export function virtualisationOf(read: ReadText): string {
  const marks = [
    read('/.dockerenv') === null ? '' : 'docker',
    read('/run/.containerenv') === null ? '' : 'podman',
    read('/run/systemd/container')?.trim() ?? '',
  ]
  const container = marks.find((mark) => mark !== '')
  const around = [container, machineOf(read)].filter((one) => one !== undefined && one !== '')
  return around.length === 0 ? 'none' : short(around.join(' in a '))
}

/** Empty for a machine of its own, as far as can be told. */
function machineOf(read: ReadText): string {
  // A hypervisor says in this flag of x86 processors that it is there.
  const isVirtual = /^flags\s*:.*\bhypervisor\b/m.test(read('/proc/cpuinfo') ?? '')
  const hypervisor = read('/sys/hypervisor/type')?.trim() ?? ''
  if (!isVirtual && hypervisor === '') return ''
  const firmware = [read('/sys/class/dmi/id/sys_vendor'), read('/sys/class/dmi/id/product_name')]
  const maker =
    hypervisor === ''
      ? firmware
          .map((one) => one?.trim())
          .filter(Boolean)
          .join(' ')
      : hypervisor
  return maker === '' ? 'virtual machine' : `virtual machine (${maker})`
}

/** By what the usual programs leave while they run. */
export function timeSyncOf(read: ReadText): string {
  if (read('/run/systemd/timesync/synchronized') !== null) return 'systemd-timesyncd, synchronised'
  for (const [path, name] of CLOCK_KEEPERS) if (read(path) !== null) return name
  return 'none found'
}

const CLOCK_KEEPERS = [
  ['/run/chrony/chronyd.pid', 'chrony'],
  ['/run/chronyd.pid', 'chrony'],
  ['/run/ntpd.pid', 'ntpd'],
  ['/run/openntpd.pid', 'openntpd'],
  ['/run/systemd/timesync', 'systemd-timesyncd, not synchronised yet'],
] as const

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // It is there, be it a folder or somebody else's.
    const code = systemCode(error)
    return code === 'EACCES' || code === 'EISDIR' || code === 'EPERM' ? '' : null
  }
}

function short(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_FIELD_CHARS)
}
