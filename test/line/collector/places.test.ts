/** Whose place is whose: by address, and by network where one host has many. */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  MAX_CONNECTIONS_PER_MINUTE,
  MAX_GUESTS,
  MAX_GUESTS_OF_ADDRESS,
  networkOf,
  Places,
} from '../../../collector/src/places.ts'

describe('a network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['fe80::1', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network))
})

/** What of a socket the places look at. */
class Guest extends EventEmitter {
  destroyed = false
  readonly remoteAddress: string
  readonly remotePort: number
  constructor(remoteAddress: string, remotePort: number) {
    super()
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
  }
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function entered(places: Places, address: string, count: number): Guest[] {
  return Array.from({ length: count }, (_, i) => {
    const guest = new Guest(address, 1_000 + i)
    // The places ask no more of a socket than a guest has.
    places.enter(guest as unknown as Socket)
    return guest
  })
}

const staying = (guests: readonly Guest[]): number => guests.filter(({ destroyed }) => !destroyed).length

describe('in a minute', () => {
  it(`an address comes ${MAX_CONNECTIONS_PER_MINUTE} times, and an agent does not count`, () => {
    let ms = 0
    const places = new Places(() => ms)
    const come = (address: string): Guest => {
      const [guest] = entered(places, address, 1)
      if (!guest!.destroyed) guest!.emit('close')
      return guest!
    }
    for (let n = 0; n < MAX_CONNECTIONS_PER_MINUTE; n += 1) expect(come('192.0.2.1').destroyed).toBe(false)
    expect([come('192.0.2.1').destroyed, come('192.0.2.2').destroyed]).toEqual([true, false])
    ms += 60_000 / MAX_CONNECTIONS_PER_MINUTE
    const [agent] = entered(places, '192.0.2.1', 1)
    expect(agent!.destroyed).toBe(false)
    places.keep(agent as unknown as Socket)
    expect([come('192.0.2.1').destroyed, come('192.0.2.1').destroyed]).toEqual([false, true])
  })
})

describe('a connection', () => {
  /** What of a request and its answer the places look at. */
  const asked = (places: Places, guest: Guest) => {
    const response = new EventEmitter()
    const request = { socket: guest, complete: true }
    const begun = places.begin(request as unknown as IncomingMessage, response as unknown as ServerResponse)
    return { begun, response }
  }

  it('has its next request taken once the one before is answered, and is cut where it does not wait', () => {
    const places = new Places(() => 0)
    const [guest] = entered(places, '192.0.2.1', 1)
    const first = asked(places, guest!)
    first.response.emit('close')
    expect([first.begun, asked(places, guest!).begun, guest!.destroyed]).toEqual([true, true, false])
    expect([asked(places, guest!).begun, guest!.destroyed]).toEqual([false, true])
  })

  it('that never came in has nothing answered', () => {
    const guest = new Guest('192.0.2.1', 1)
    expect([asked(new Places(() => 0), guest).begun, guest.destroyed]).toEqual([false, true])
  })
})

describe('where there is no room', () => {
  it('the oldest of the same address gives way', () => {
    const places = new Places(() => 0)
    const guests = entered(places, '192.0.2.1', MAX_GUESTS_OF_ADDRESS + 3)
    expect(guests.map(({ destroyed }) => destroyed).indexOf(false)).toBe(3)
    expect(staying(guests)).toBe(MAX_GUESTS_OF_ADDRESS)
  })

  it('somebody of the address that has the most gives way to one of another', () => {
    const places = new Places(() => 0)
    const [most, some] = [entered(places, '192.0.2.1', 500), entered(places, '192.0.2.2', 400)]
    const few = entered(places, '192.0.2.3', MAX_GUESTS - 900 + 10)
    expect([most, some, few].map(staying)).toEqual([490, 400, MAX_GUESTS - 890])
  })

  it('an agent that was welcomed takes none', () => {
    const places = new Places(() => 0)
    const [agent] = entered(places, '192.0.2.1', 1)
    places.keep(agent as unknown as Socket)
    expect(staying([agent!, ...entered(places, '192.0.2.1', MAX_GUESTS_OF_ADDRESS)])).toBe(
      MAX_GUESTS_OF_ADDRESS + 1,
    )
  })
})
