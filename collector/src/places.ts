/**
 * Places: who may stay at the port. A connection is a guest until its peer has proved to be an agent; guests are
 * counted in total and by address. Where there is no room left, one whose peer keeps us waiting gives way, the
 * oldest of the address that has the most: whoever comes to say something has time to say it. Each connection
 * has one request answered at a time, and an address so many connections in a minute.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Rates } from './rates.ts'

/** Guests at most. People, programs and agents that have not introduced themselves yet. */
export const MAX_GUESTS = 1_024
/** Of one address: behind a proxy everybody comes from the same one, event streams included. */
export const MAX_GUESTS_OF_ADDRESS = 512

/** Connections of one address in a minute, agents that have proved who they are left out. */
export const MAX_CONNECTIONS_PER_MINUTE = 6_000

type Guest = { socket: Socket; answering: { request: IncomingMessage; response: ServerResponse } | null }

export class Places {
  /** address → port of the other end → guest; those that were answered last stand last. */
  readonly #guests = new Map<string, Map<number, Guest>>()
  readonly #rates: Rates
  #count = 0

  constructor(monotonicMs: () => number) {
    this.#rates = new Rates(MAX_CONNECTIONS_PER_MINUTE, monotonicMs)
  }

  /** A connection has come. It, or another one, may be cut at once. */
  enter(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    // It went before it was looked at.
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy()
    const address = networkOf(remoteAddress)
    if (this.#rates.take(address) > 0) return void socket.destroy()
    const own = this.#guests.get(address) ?? new Map<number, Guest>()
    if (own.size >= MAX_GUESTS_OF_ADDRESS) {
      if (!this.#giveWay(address)) return void socket.destroy()
    } else if (this.#count >= MAX_GUESTS && !this.#giveWay(this.#fullest())) return void socket.destroy()
    this.#guests.set(address, own)
    own.set(remotePort, { socket, answering: null })
    this.#count += 1
    socket.once('close', () => this.#remove(address, remotePort, socket))
  }

  /** Its peer is an agent: it takes no place of a guest any longer. */
  keep(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    if (remoteAddress === undefined || remotePort === undefined) return
    const address = networkOf(remoteAddress)
    this.#rates.giveBack(address)
    this.#remove(address, remotePort)
  }

  /** False, and the connection is cut, when the answer to an earlier request of it is still under way. */
  begin(request: IncomingMessage, response: ServerResponse | null): boolean {
    const { remoteAddress = '', remotePort = 0 } = request.socket
    const own = this.#guests.get(networkOf(remoteAddress))
    const guest = own?.get(remotePort)
    if (!own || !guest || guest.answering) {
      request.socket.destroy()
      return false
    }
    if (!response) return true
    guest.answering = { request, response }
    response.once('close', () => {
      guest.answering = null
      // Its time to say something begins anew.
      if (own.delete(remotePort)) own.set(remotePort, guest)
    })
    return true
  }

  #giveWay(address: string): boolean {
    for (const [port, guest] of this.#guests.get(address) ?? []) {
      if (!isWaitedFor(guest)) continue
      this.#remove(address, port)
      guest.socket.destroy()
      return true
    }
    return false
  }

  #fullest(): string {
    let fullest = ''
    let most = 0
    for (const [address, { size }] of this.#guests) if (size > most) [fullest, most] = [address, size]
    return fullest
  }

  /** Where a socket is named, only that one: the port may have another connection by now. */
  #remove(address: string, port: number, socket?: Socket): void {
    const own = this.#guests.get(address)
    const guest = own?.get(port)
    if (!own || !guest || (socket && guest.socket !== socket)) return
    own.delete(port)
    this.#count -= 1
    if (own.size === 0) this.#guests.delete(address)
  }
}

/** We wait for its request to come or its answer to be read; nothing is being worked out for it. */
function isWaitedFor({ answering }: Guest): boolean {
  return !answering?.request.complete || answering.response.writableEnded
}

/** One host has a /64 of IPv6 to itself; an IPv4 address stands for itself. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail === undefined) return groups.slice(0, 4).join(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - groups.length - after.length }, () => '0')
  return [...groups, ...zeros, ...after].slice(0, 4).join(':')
}
