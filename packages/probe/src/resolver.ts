/**
 * Resolver: one name to one address, as the host would see it: literal, hosts file, `localhost`, then
 * DNS with the search list, as glibc goes about it. Nothing is cached, so a probe measures what it says. Of Node.js only
 * the list of the host's name servers is used: its resolver reads answers otherwise than glibc, and the thread pool of
 * `dns.lookup` queues, and the queue would be measured as the target's.
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
import { MAX_SERVERS, queryHost, type HostServer } from './host-query.ts'
import { routeTrouble } from './route.ts'

const DNS_PORT = 53

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
      const ask = (one: string): Promise<Address> => query(one, { family, signal, servers, clock })
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

type Asked = Resolution & { servers: readonly string[] | undefined; clock: Clock }

async function query(name: string, { family, signal, servers, clock }: Asked): Promise<Address> {
  const texts = (servers ?? new dns.Resolver().getServers()).slice(0, MAX_SERVERS)
  const asking = { servers: texts.map(serverOf), signal, clock }
  const ask = async (type: 'A' | 'AAAA'): Promise<Address> =>
    addressOf((await queryHost({ name, type }, asking))[0]!)
  try {
    if (family !== undefined) return await ask(family === 6 ? 'AAAA' : 'A')
    return await ask('A').catch((error: unknown) => {
      // One address, no race: IPv6 is asked for only where the name has no IPv4 address.
      if (systemCode(error) !== 'ENODATA') throw error
      return ask('AAAA')
    })
  } catch (error) {
    if (!isMissing(error)) await assertServers(asking.servers)
    throw error
  }
}

/** `text` as dns.Resolver writes a server: `IP`, `IP:port` or `[IP]:port`. */
function serverOf(text: string): HostServer {
  const { host = text, port = DNS_PORT } = parseServer(text) ?? {}
  return { ...addressOf(host), port }
}

/** A ProbeFailure where this host can send to none of its name servers: then nobody was asked. */
async function assertServers(servers: readonly HostServer[]): Promise<void> {
  const troubles = await Promise.all(servers.map(routeTrouble))
  const [first] = troubles
  if (first !== undefined && troubles.every((trouble) => trouble !== undefined))
    throw unknownFailure('network', `${first}, its name server`)
}

function addressOf(address: string): Address {
  return { address, family: isIP(address) === 6 ? 6 : 4 }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOTFOUND' || code === 'ENODATA'
}
