/**
 * Route: whether this host could send to an address at all, asked of its own routing table. Connecting a
 * datagram socket looks the route up and sends nothing.
 */
import { createSocket } from 'node:dgram'
import { systemCode } from '@constat/shared/fault'
import { unknownFailure } from './connect.ts'
import type { Address } from './resolver.ts'

/** Any port will do: nothing is sent. 9 is discard (RFC 863). */
const PORT = 9
/** No route, no network, and of IPv6 no source address to send from. */
const NO_ROUTE = new Set(['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL'])

/** Rejects with the error of the system, or a ProbeFailure `network` where there is no route. */
export async function assertRoute({ address, family }: Address): Promise<void> {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve())
      socket.once('error', reject)
      socket.connect(PORT, address)
    })
  } catch (error) {
    if (!NO_ROUTE.has(systemCode(error) ?? '')) throw error
    throw unknownFailure('network', `this host has no route to ${address}`)
  } finally {
    socket.close()
  }
}
