/**
 * Resolver: one name to one address, as the host would see it: literal, hosts file, `localhost`, then
 * DNS with the search list, as glibc goes about it. A fresh channel for every name, so that nothing is cached and
 * a probe measures what it says. `dns.lookup` is not used: its thread pool queues, and the queue would be measured
 * as the target's.
 */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { systemCode } from '@constat/shared/fault'
import { bareName, parseServer } from '@constat/shared/target'
import type { Clock } from '@constat/shared/time'
import type { Address, Resolution, Resolver } from './resolution.ts'
import { ProbeFailure, unknownFailure } from './attempt.ts'
import { candidatesOf, loopbackOf, lookupHosts, parseHosts, parseSearch, watchedFile } from './host-names.ts'
import type { Candidate, HostsTable, SearchRules } from './host-names.ts'
import { routeTrouble } from './route.ts'

/** Before a silent server is asked again, ms; the probe's deadline cuts all of it short. */
const QUERY_TIMEOUT_MS = 2_000
const QUERY_TRIES = 2

export type ResolverOptions = {
  hostsFile: string
  resolvConf: string
  /** The host's own name. Absent: none. */
  hostName?: () => string
  /** Name servers as `IP` or `IP:port`; absent: the host's own. */
  servers?: readonly string[]
}

export const SYSTEM_RESOLVER: ResolverOptions = {
  hostsFile: process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts',
  resolvConf: '/etc/resolv.conf',
  hostName: hostname,
}

export function createResolver(options: ResolverOptions, clock: Clock): Resolver {
  const { servers } = options
  const elapsedMs = (): number => clock.monotonicUs() / 1_000
  const hosts = watchedFile<HostsTable>(options.hostsFile, { parse: parseHosts, elapsedMs })
  const rules = watchedFile<SearchRules>(options.resolvConf, { parse: parseSearch, elapsedMs })
  return {
    async resolve(host, { family, signal }) {
      const literal = isIP(host)
      if (literal !== 0) return addressOf(host)
      // As it is written: glibc, too, finds no absolute name in the hosts file.
      const name = host.toLowerCase()
      const local = lookupHosts(await hosts(), name, family) ?? loopbackOf(bareName(name), family)
      if (local !== undefined) return addressOf(local)
      const { search = ownDomain(options.hostName?.() ?? ''), ndots } = await rules()
      const ask = (one: string): Promise<Address> => query(one, { family, signal, servers })
      return firstOf(candidatesOf(name, { search, ndots }), ask, signal)
    },
  }
}

/** resolv.conf(5): without a search list, what stands behind the first dot of the host's own name. */
function ownDomain(hostName: string): string[] {
  const dot = hostName.indexOf('.')
  return dot < 0 ? [] : [hostName.slice(dot + 1).toLowerCase()]
}

/**
 * The first candidate that has an address, as glibc looks for it: a completed name that is missing, or whose
 * server fails, gives way to the next; any other trouble with one ends the completing.
 */
async function firstOf(
  candidates: readonly Candidate[],
  ask: (name: string) => Promise<Address>,
  signal: AbortSignal,
): Promise<Address> {
  const met: unknown[] = []
  let isOver = false
  for (const { name, isWritten } of candidates) {
    if (isOver && !isWritten) continue
    try {
      return await ask(name)
    } catch (error) {
      if (signal.aborted || error instanceof ProbeFailure) throw error
      met.push(error)
      isOver ||= !isWritten && !isMissing(error) && systemCode(error) !== 'ESERVFAIL'
    }
  }
  // What the name as written met with, where it came first; else what was no plain `no such name`.
  throw candidates[0]?.isWritten ? met[0] : (met.find((error) => !isMissing(error)) ?? met.at(-1))
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
  } catch (error) {
    if (!isMissing(error)) await assertServers(channel.getServers())
    throw error
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** A ProbeFailure where this host can send to none of its name servers: then nobody was asked. */
async function assertServers(servers: readonly string[]): Promise<void> {
  const troubles = await Promise.all(
    servers.map((text) => routeTrouble(addressOf(parseServer(text)?.host ?? text))),
  )
  const [first] = troubles
  if (first !== undefined && troubles.every((trouble) => trouble !== undefined))
    throw unknownFailure('network', `${first}, its name server`)
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
