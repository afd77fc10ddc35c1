/**
 * Resolver: one name to one address, as the host would see it: literal, hosts file, `localhost`, then
 * DNS. A fresh channel for every name, so that nothing is cached and a probe measures what it says.
 * `dns.lookup` is not used: its thread pool queues, and the queue would be measured as the target's.
 */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { systemCode } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import {
  loopbackOf,
  lookupHosts,
  parseHosts,
  parseSearch,
  watchedFile,
  type Family,
  type HostsTable,
} from './host-names.ts'

export type Address = { address: string; family: Family }
export type Resolution = { family: Family | undefined; signal: AbortSignal }

export type Resolver = {
  /** Rejects with the code of c-ares: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, ECANCELLED … */
  resolve: (host: string, resolution: Resolution) => Promise<Address>
}

/** Before a silent server is asked again, ms; the probe's deadline cuts all of it short. */
const QUERY_TIMEOUT_MS = 2_000
const QUERY_TRIES = 2

export type ResolverOptions = {
  hostsFile: string
  resolvConf: string
  /** Name servers as `IP` or `IP:port`; absent: the host's own. */
  servers?: readonly string[]
}

export const SYSTEM_RESOLVER: ResolverOptions = {
  hostsFile: process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts',
  resolvConf: '/etc/resolv.conf',
}

export function createResolver(options: ResolverOptions, clock: Clock): Resolver {
  const elapsedMs = (): number => clock.monotonicUs() / 1_000
  const hosts = watchedFile<HostsTable>(options.hostsFile, { parse: parseHosts, elapsedMs })
  const search = watchedFile<string[]>(options.resolvConf, { parse: parseSearch, elapsedMs })
  return {
    async resolve(host, { family, signal }) {
      const literal = isIP(host)
      if (literal !== 0) return addressOf(host)
      const name = host.toLowerCase().replace(/\.$/, '')
      const local = lookupHosts(await hosts(), name, family) ?? loopbackOf(name, family)
      if (local !== undefined) return addressOf(local)
      const names = name.includes('.') ? [name] : [...(await search()).map((d) => `${name}.${d}`), name]
      return firstOf(names, (one) => query(one, { family, signal, servers: options.servers }))
    },
  }
}

/** The first candidate that has an address; only `no such name` moves on to the next. */
async function firstOf(names: readonly string[], ask: (name: string) => Promise<Address>): Promise<Address> {
  let missing: unknown
  for (const name of names) {
    try {
      return await ask(name)
    } catch (error) {
      if (!isMissing(error)) throw error
      missing = error
    }
  }
  throw missing
}

async function query(
  name: string,
  { family, signal, servers }: Resolution & { servers: readonly string[] | undefined },
): Promise<Address> {
  const channel = new dns.Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES })
  if (servers) channel.setServers(servers)
  const cancel = (): void => channel.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    if (family === 6) return addressOf(firstAddress(await channel.resolve6(name), name))
    if (family === 4) return addressOf(firstAddress(await channel.resolve4(name), name))
    try {
      return addressOf(firstAddress(await channel.resolve4(name), name))
    } catch (error) {
      // One address, no race: IPv6 is asked for only where the name has no IPv4 address.
      if (systemCode(error) !== 'ENODATA') throw error
      return addressOf(firstAddress(await channel.resolve6(name), name))
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

function firstAddress(addresses: readonly string[], name: string): string {
  const [first] = addresses
  if (first === undefined) throw Object.assign(new Error(`${name} has no address`), { code: 'ENODATA' })
  return first
}

function addressOf(address: string): Address {
  return { address, family: isIP(address) === 6 ? 6 : 4 }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOTFOUND' || code === 'ENODATA'
}
