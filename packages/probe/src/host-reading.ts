/**
 * Readings: the figure of this host that a check asks for. Which source tells it is the system's matter:
 * /proc on Linux, a library elsewhere. Loaded with the first host check.
 */
import { cpus, loadavg } from 'node:os'
import type { HostSpec } from '@constat/shared/check'
import { diskUse } from './host-disk.ts'
import { growthOf } from './host-growth.ts'
import { inTime, roundedUp, unsupported, type HostSource, type Reader, type Share } from './host-source.ts'
import type { HostReading } from './host.ts'

/** Bytes on µs → kbit/s. */
const KBIT_PER_S = 8_000
const CENTI = 100

/** A disk has a deadline of its own; where another reading passes it, the agent could not tell. */
export function readHost(spec: HostSpec, reader: Reader): Promise<HostReading> {
  const reading = readMetric(spec, reader)
  if (spec.metric === 'disk') return reading
  const detail = `this host did not tell its ${spec.metric} in time; allow the check a longer timeout`
  return inTime(reading, {
    signal: reader.signal,
    late: { outcome: 'unknown', cause: 'resources', value: 0, detail },
  })
}

async function readMetric(spec: HostSpec, reader: Reader): Promise<HostReading> {
  const source = await sourceOf(process.platform)
  switch (spec.metric) {
    case 'cpu':
      return readProcessors(spec, { source, reader })
    case 'load':
      return readLoad()
    case 'memory':
      return percent(await source.memory(), 'of the memory is in use')
    case 'swap':
      return readSwap(await source.swap())
    case 'disk':
      return readDisk(spec, reader)
    case 'network':
      return readTraffic(spec, { source, reader })
    case 'process':
      return readProcesses(spec.name, { source, reader })
    case 'service':
      return readService(spec.name, { source, reader })
  }
}

async function sourceOf(platform: NodeJS.Platform): Promise<HostSource> {
  if (platform === 'linux') return (await import('./host-linux.ts')).LINUX
  return (await import('./host-elsewhere.ts')).sourceElsewhere(platform)
}

type From = { source: HostSource; reader: Reader }

async function readProcessors(spec: object, { source, reader }: From): Promise<HostReading> {
  return percent(await growthOf(spec, { read: source.processorTime, reader }), 'of the processors is in use')
}

/** Of one minute, in percent of one core each: 100 is one runnable program for every core. */
function readLoad(): HostReading {
  if (process.platform === 'win32')
    throw unsupported('Windows keeps no load average; use the metric cpu in its place')
  const minute = loadavg()[0] ?? 0
  const cores = Math.max(1, cpus().length)
  // The kernel gives two decimals: hundredths are whole numbers.
  const value = roundedUp({ part: Math.round(minute * CENTI), whole: cores })
  return { value, detail: `load ${minute.toFixed(2)} on ${cores} cores: ${value} % of a core each` }
}

/** A host without swap has none of it in use. */
function readSwap(swap: Share): HostReading {
  return swap.whole > 0 ? percent(swap, 'of the swap is in use') : { value: 0, detail: 'no swap is set up' }
}

async function readDisk({ of }: { of?: string }, { signal }: Reader): Promise<HostReading> {
  const { place, ...share } = await diskUse(of, signal)
  return percent(share, `of ${place} is in use`)
}

async function readTraffic(
  spec: { of?: string },
  { source, reader: { clock, ...rest } }: From,
): Promise<HostReading> {
  let name = ''
  const read = async (): Promise<Share> => {
    const traffic = await source.traffic(spec.of)
    name = traffic.name
    return { part: traffic.bytes, whole: clock.monotonicUs() }
  }
  const { part, whole } = await growthOf(spec, { read, reader: { clock, ...rest } })
  const value = roundedUp({ part: part * KBIT_PER_S, whole })
  return { value, detail: `${value} kbit/s in and out of ${name}` }
}

async function readProcesses(name: string, { source, reader }: From): Promise<HostReading> {
  const value = await source.processes(name, reader.signal)
  const verb = value === 1 ? 'process' : 'processes'
  return { value, detail: value === 0 ? `no process is named ${name}` : `${value} ${verb} named ${name}` }
}

async function readService(name: string, { source, reader }: From): Promise<HostReading> {
  const { isActive, state } = await source.service(name, reader.signal)
  return { value: isActive ? 1 : 0, detail: `the service ${name} is ${state}` }
}

function percent(share: Share, what: string): HostReading {
  const value = roundedUp({ part: share.part * 100, whole: share.whole })
  return { value, detail: `${value} % ${what}` }
}
