/**
 * Elsewhere than on Linux: figures by the library systeminformation, which knows where macOS and Windows
 * keep them and starts programs of theirs for most. Imported with the first reading that needs it. It
 * guards the names that it hands to a shell; the ones that reach it here were checked before.
 */
import { cpus, freemem, networkInterfaces, totalmem } from 'node:os'
import { unsupported, type HostSource, type Share } from './host-source.ts'

export function sourceElsewhere(platform: NodeJS.Platform): HostSource {
  const isWindows = platform === 'win32'
  return {
    processorTime: async () => processorTime(),
    memory: async () => (isWindows ? { part: totalmem() - freemem(), whole: totalmem() } : macMemory()),
    swap: async () => {
      const { swaptotal, swapused } = await (await library()).mem()
      return { part: swapused, whole: swaptotal }
    },
    traffic,
    processes: (name) => countProcesses(isWindows ? windowsNames(name) : (other) => other === name),
    service: async (name) => {
      if (isWindows) return serviceState(name)
      throw unsupported('services can be asked about on Linux and Windows; name its process instead')
    },
  }
}

async function library() {
  return (await import('systeminformation')).default
}

function processorTime(): Share {
  const times = cpus().map((one) => one.times)
  const part = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0)
  return { part, whole: part + times.reduce((sum, { idle }) => sum + idle, 0) }
}

/** The system's free memory leaves out what it can have back at once. */
async function macMemory(): Promise<Share> {
  const { total, available } = await (await library()).mem()
  return { part: total - available, whole: total }
}

/** The library answers 0 bytes for an interface that is not there: whether it is, the system says. */
async function traffic(given: string | undefined): Promise<{ name: string; bytes: number }> {
  const { networkInterfaceDefault, networkStats } = await library()
  const name = given ?? (await networkInterfaceDefault())
  const [found] = name in networkInterfaces() ? await networkStats(name) : []
  if (!found)
    throw unsupported(`no interface ${name} has an address here; write the name that the system shows`)
  return { name, bytes: found.rx_bytes + found.tx_bytes }
}

async function countProcesses(isNamed: (name: string) => boolean): Promise<number> {
  const { list } = await (await library()).processes()
  return list.filter(({ name, state }) => state !== 'zombie' && isNamed(name)).length
}

/** As Windows compares: in any case, with or without the ending. */
function windowsNames(name: string): (other: string) => boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/\.exe$/, '')
  return (other) => bare(other) === bare(name)
}

async function serviceState(name: string): Promise<{ isActive: boolean; state: string }> {
  const found = await (await library()).services(name)
  const service = found.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (!service) return { isActive: false, state: 'not installed' }
  return { isActive: service.running, state: service.running ? 'running' : 'stopped' }
}
