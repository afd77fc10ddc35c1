/**
 * Route: whether this host could send to an address at all, asked of its own routing table and link. Connecting
 * a datagram socket looks the route up and sends nothing. A router on the way that says `unreachable` is
 * the target's network; only where this host has no route or no link is it this host's own trouble.
 */
import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { systemCode } from '@constat/shared/fault'
import { unknownFailure } from './attempt.ts'
import type { Address } from './resolution.ts'

/** Any port will do: nothing is sent. 9 is discard (RFC 863). */
const PORT = 9
/** No route, one of the kinds unreachable, prohibit and blackhole, no network, and of IPv6 no source address. */
const NO_ROUTE = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'ENETDOWN', 'EADDRNOTAVAIL'])
/** What Linux makes of the ICMP words of a router (net/ipv4/icmp.c, net/ipv6/icmp.c). */
const REFUSALS = {
  4: /^(?:ENETUNREACH|EHOSTUNREACH|EHOSTDOWN|ENONET)$/,
  6: /^(?:ENETUNREACH|EHOSTUNREACH|EACCES)$/,
}

/** Rejects with the error of the system, or a ProbeFailure `network` where there is no route or no link. */
export async function assertRoute(to: Address): Promise<void> {
  const trouble = await routeTrouble(to)
  if (trouble !== undefined) throw unknownFailure('network', trouble)
}

/** The sentence that says what this host lacks to send there, or undefined. */
export async function routeTrouble({ address, family }: Address): Promise<string | undefined> {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    const source = await sourceTowards(address, socket)
    // Interfaces without a link are not in this list: a route through one of them leads nowhere.
    const live = Object.values(networkInterfaces()).flatMap((known) => known ?? [])
    if (live.some((known) => known.address === source)) return undefined
    return `this host's link towards ${address} is down`
  } catch (error) {
    if (!NO_ROUTE.has(systemCode(error) ?? '')) throw error
    return `this host has no route to ${address}`
  } finally {
    socket.close()
  }
}

/** The address that this host would send from. */
function sourceTowards(address: string, socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket.address().address.replace(/%.*$/, '')))
    socket.once('error', reject)
    socket.connect(PORT, address)
  })
}

/**
 * What an error on the way to an address says, thrown: a ProbeFailure where this host could not send there; an
 * error with a code that is the target's where a router refused; else the error as it is.
 */
export async function throwBlame(error: unknown, to: Address, signal: AbortSignal): Promise<never> {
  const code = systemCode(error) ?? ''
  if (signal.aborted || NO_ROUTE.has(code)) await assertRoute(to)
  if (signal.aborted || !REFUSALS[to.family].test(code)) throw error
  const message = `a router on the way says that ${to.address} cannot be reached (${code})`
  throw Object.assign(new Error(message, { cause: error }), { code: 'EHOSTUNREACH' })
}
