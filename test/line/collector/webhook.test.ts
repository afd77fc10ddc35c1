/**
 * Webhooks without a network: addresses, retries, payload limits, what a draft may say, lanes.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressClass, type AddressClass } from '@constat/shared/address-class'
import { agentFact, incidentFact, MAX_TEXT_CHARS, MAX_VANTAGES } from '@constat/collector/alert/facts'
import { Lanes, MAX_IN_FLIGHT_PER_WEBHOOK, MAX_NOTICES_PER_WEBHOOK } from '@constat/collector/alert/lanes'
import type { Due } from '@constat/collector/db/deliveries'
import { guardedLookup } from '@constat/collector/alert/post'
import { outcomeOf, RETRY_DELAYS_MS, retryAfterMs, type Outcome } from '@constat/collector/alert/retry'
import { envelopeText, EVENT_TYPES, MAX_PAYLOAD_BYTES, payloadBytes } from '@constat/collector/alert/types'
import { MAX_URL_CHARS, webhookProblems } from '@constat/collector/db/webhooks'
import type { IncidentView } from '@constat/collector/view/timeline'

const DAY_MS = 86_400_000

describe('address classes', () => {
  const table: [string, AddressClass][] = [
    ['8.8.8.8', 'public'],
    ['1.1.1.1', 'public'],
    ['9.255.255.255', 'public'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['11.0.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.64.0.0', 'shared'],
    ['100.127.255.255', 'shared'],
    ['100.128.0.0', 'public'],
    ['126.255.255.255', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['128.0.0.0', 'public'],
    ['169.253.255.255', 'public'],
    ['169.254.0.1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.0.0.1', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['192.168.1.1', 'private'],
    ['192.169.0.0', 'public'],
    ['198.18.0.1', 'reserved'],
    ['198.19.255.255', 'reserved'],
    ['198.20.0.0', 'public'],
    ['198.51.100.7', 'reserved'],
    ['203.0.113.7', 'reserved'],
    ['223.255.255.255', 'public'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.0', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::127.0.0.1', 'reserved'],
    ['2606:4700:4700::1111', 'public'],
    ['2001:db8::1', 'reserved'],
    ['2001::1', 'reserved'],
    ['2001:200::1', 'public'],
    ['fc00::1', 'private'],
    ['fdff:ffff::1', 'private'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'private'],
    ['ff02::1', 'multicast'],
    ['fd00:ec2::254', 'metadata'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:8.8.8.8', 'public'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['64:ff9b:1::10.0.0.1', 'reserved'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:808:808::1', 'public'],
    ['100::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['', 'invalid'],
    ['localhost', 'invalid'],
    ['127.1', 'invalid'],
    ['0x7f.0.0.1', 'invalid'],
    ['1.2.3.4.5', 'invalid'],
  ]
  it.each(table)('%s is %s', (ip, expected) => {
    expect(addressClass(ip)).toBe(expected)
  })

  it('judges a mapped address as the address inside', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(addressClass(`::ffff:${ip}`)).toBe(addressClass(ip))
        expect(addressClass(`64:ff9b::${ip}`)).toBe(addressClass(ip))
      }),
    )
  })

  it('has a class for every IPv6 address, in any notation', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        expect(addressClass(ip)).not.toBe('invalid')
      }),
    )
  })
})

describe('the lookup of a connection', () => {
  const names: Record<string, string[]> = {
    'rebound.example': ['127.0.0.1'],
    'mixed.example': ['10.0.0.1', '93.184.216.34', '::1'],
    'cloud.example': ['169.254.169.254'],
  }
  const lookup = async (name: string) =>
    (names[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const ask = (name: string, allow: 'public' | 'private') =>
    new Promise<string>((settle) => {
      guardedLookup({ allowPrivate: allow === 'private', lookup })(name, { all: true }, (error, found) => {
        if (error) settle(error.message)
        else settle(Array.isArray(found) ? found.map(({ address }) => address).join(' ') : found)
      })
    })

  it.each([
    ['rebound.example', 'public', 'the address 127.0.0.1 is refused (loopback)'],
    ['rebound.example', 'private', '127.0.0.1'],
    ['mixed.example', 'public', '93.184.216.34'],
    ['mixed.example', 'private', '10.0.0.1 93.184.216.34 ::1'],
    ['cloud.example', 'private', 'the address 169.254.169.254 is refused (metadata)'],
    ['absent.example', 'private', 'the address absent.example is refused (invalid)'],
  ] as const)('%s where %s addresses are allowed: %s', async (name, allow, expected) => {
    expect(await ask(name, allow)).toBe(expected)
  })
})

describe('retries', () => {
  const second = 1_000
  const minute = 60 * second
  const hour = 60 * minute

  it('follow the published table', () => {
    expect(RETRY_DELAYS_MS).toEqual(
      [5 * second, 5 * minute, 30 * minute].concat([2, 5, 10, 14, 20, 24].map((n) => n * hour)),
    )
  })

  type Case = [
    string,
    { status: number | null; retryAfter?: string; before?: number; chance?: number },
    Outcome,
  ]
  const nowMs = Date.UTC(2026, 9, 1)
  const table: Case[] = [
    ['200 ends', { status: 200 }, { state: 'delivered' }],
    ['204 ends', { status: 204 }, { state: 'delivered' }],
    ['299 ends', { status: 299 }, { state: 'delivered' }],
    ['a redirect is a failure', { status: 301, chance: 0.5 }, { state: 'pending', delayMs: 5_000 }],
    ['404 is tried again', { status: 404, chance: 0.5 }, { state: 'pending', delayMs: 5_000 }],
    ['410 disables', { status: 410 }, { state: 'disabled' }],
    ['no answer is tried again', { status: null, chance: 0.5 }, { state: 'pending', delayMs: 5_000 }],
    ['the least jitter', { status: 500, chance: 0 }, { state: 'pending', delayMs: 4_500 }],
    ['the most jitter', { status: 500, chance: 0.999_999 }, { state: 'pending', delayMs: 5_500 }],
    ['the second retry', { status: 500, before: 1, chance: 0.5 }, { state: 'pending', delayMs: 300_000 }],
    ['the last retry', { status: 500, before: 8, chance: 0.5 }, { state: 'pending', delayMs: DAY_MS }],
    ['after the last retry', { status: 500, before: 9 }, { state: 'failed' }],
    ['410 after the last retry', { status: 410, before: 9 }, { state: 'disabled' }],
    ['200 after the last retry', { status: 200, before: 9 }, { state: 'delivered' }],
    [
      'Retry-After beyond the table',
      { status: 503, retryAfter: '60', chance: 0 },
      { state: 'pending', delayMs: 60_000 },
    ],
    [
      'Retry-After has jitter upwards only',
      { status: 503, retryAfter: '60', chance: 0.5 },
      { state: 'pending', delayMs: 63_000 },
    ],
    [
      'Retry-After below the table',
      { status: 503, retryAfter: '1', chance: 0.5 },
      { state: 'pending', delayMs: 5_000 },
    ],
    [
      'Retry-After just below the table',
      { status: 503, retryAfter: '5', chance: 0 },
      { state: 'pending', delayMs: 5_000 },
    ],
    [
      'Retry-After beyond a day',
      { status: 503, retryAfter: '999999', chance: 0 },
      { state: 'pending', delayMs: DAY_MS },
    ],
    ['Retry-After after the last retry', { status: 503, retryAfter: '60', before: 9 }, { state: 'failed' }],
    [
      'Retry-After that is none',
      { status: 503, retryAfter: 'soon', chance: 0.5 },
      { state: 'pending', delayMs: 5_000 },
    ],
  ]
  it.each(table)('%s', (_name, { status, retryAfter = null, before = 0, chance = 0 }, expected) => {
    const answer = { status, error: null, body: null, retryAfter }
    expect(outcomeOf({ answer, attemptsBefore: before, delaysMs: RETRY_DELAYS_MS, nowMs, chance })).toEqual(
      expected,
    )
  })

  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['86400', DAY_MS],
    ['86401', DAY_MS],
    ['Thu, 01 Oct 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Oct-26 00:00:30 GMT', 30_000],
    ['Wed, 30 Sep 2026 00:00:00 GMT', 0],
    ['Fri, 01 Oct 2027 00:00:00 GMT', DAY_MS],
    ['2026-10-01T00:00:30Z', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['', undefined],
    ['Thu, never', undefined],
  ])('Retry-After %j is %s ms', (text, expected) => {
    expect(retryAfterMs(text, nowMs)).toBe(expected)
  })
})

describe('payloads', () => {
  const incident = (vantages: number, text: string): IncidentView => ({
    id: 'inc-1',
    contract: 'acme',
    service: 'portal',
    check: 'portal-home',
    onsetAt: '2026-10-01T00:00:00.000Z',
    openedAt: '2026-10-01T00:00:10.000Z',
    closedAt: null,
    endAt: null,
    closeReason: null,
    cause: text,
    fault: 'target',
    failure: {
      agent: text,
      at: '2026-10-01T00:00:00.000Z',
      code: 'ECONNREFUSED',
      target: text,
      latencyUs: 400,
      connectedUs: null,
    },
    zone: text,
    owner: text,
    answeredBy: 'northstar',
    zoneReference: null,
    downMs: { provable: 10_000, point: 12_000, pessimistic: 20_000 },
    vantages: Array.from({ length: vantages }, (_, i) => ({
      agent: i.toString(16).padStart(32, '0'),
      name: text,
      state: i === vantages - 1 ? ('down' as const) : ('up' as const),
      since: '2026-10-01T00:00:00.000Z',
      reasons: [],
      site: null,
      administeredBy: null,
    })),
    disputed: false,
    alertedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    providerAcknowledgedAt: null,
    pagedAt: null,
    unansweredSince: null,
  })
  const fact = (vantages: number, text: string) =>
    incidentFact({
      type: 'incident.opened',
      incident: incident(vantages, text),
      atMs: Date.UTC(2026, 9, 1),
      publicUrl: 'https://constat.example',
    })

  it('carry the incident as the API shows it, and a link', () => {
    const view = incident(2, 'connect')
    expect(fact(2, 'connect')).toEqual({
      type: 'incident.opened',
      contract: 'acme',
      atMs: Date.UTC(2026, 9, 1),
      data: {
        ...view,
        critical: false,
        vantages: [view.vantages[1], view.vantages[0]],
        vantagesLeftOut: 0,
        links: { incident: 'https://constat.example/incidents/inc-1' },
      },
    })
  })

  it.each([
    [MAX_VANTAGES, 'é', MAX_VANTAGES, 0],
    [MAX_VANTAGES + 1, 'é', MAX_VANTAGES, 1],
    // 300 characters of three bytes: 40 vantages would be 36 kB and more.
    [MAX_VANTAGES, '漢'.repeat(MAX_TEXT_CHARS), 10, 30],
  ])('of %i vantages keep what fits, down ones first', (n, text, listed, leftOut) => {
    const told = fact(n, text)
    const { vantages, vantagesLeftOut } = told.data
    expect(vantages).toHaveLength(listed)
    expect(vantagesLeftOut).toBe(leftOut)
    expect(vantages).toEqual(expect.arrayContaining([expect.objectContaining({ state: 'down' })]))
    expect(payloadBytes(envelopeText(told))).toBeLessThan(MAX_PAYLOAD_BYTES)
  })

  it.each([
    [MAX_TEXT_CHARS, MAX_TEXT_CHARS, 'x'],
    [MAX_TEXT_CHARS + 1, MAX_TEXT_CHARS, '…'],
  ])('cut a text of %i characters to %i', (n, length, end) => {
    const { cause } = fact(1, 'x'.repeat(n)).data
    expect(cause).toHaveLength(length)
    expect(JSON.stringify(cause).at(-2)).toBe(end)
  })

  it('stay below 20 kB whatever the other side writes', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.string({ unit: 'binary', maxLength: 1_000 }), (n, text) => {
        expect(payloadBytes(envelopeText(fact(n, text)))).toBeLessThan(MAX_PAYLOAD_BYTES)
      }),
      { numRuns: 50 },
    )
  })

  it('of an agent belong to no one contract', () => {
    const told = agentFact({
      type: 'agent.silent',
      agent: { id: 'aa', name: 'lyon-1', version: '0.1.0', lastSeenAt: '2026-10-01T00:00:00.000Z' },
      atMs: 95_000,
      silentSinceMs: 5_000,
      publicUrl: null,
    })
    expect(told.contract).toBeNull()
    expect(told.data).toMatchObject({
      agent: { name: 'lyon-1' },
      silentSince: '1970-01-01T00:00:05.000Z',
      links: {},
    })
  })
})

describe('a webhook draft', () => {
  const good = { url: 'https://ops.example/hook', types: ['incident.opened'] }
  const long = (n: number) => `https://ops.example/${'a'.repeat(n - 20)}`
  it.each([
    ['as in the manual', good, []],
    ['all types by a star', { ...good, types: ['*'] }, []],
    ['every type by name', { ...good, types: [...EVENT_TYPES] }, []],
    [
      'loopback: whether it may be reached is asked at connect',
      { ...good, url: 'http://127.0.0.1:9000/hook' },
      [],
    ],
    ['the longest url', { ...good, url: long(MAX_URL_CHARS) }, []],
    ['one character more', { ...good, url: long(MAX_URL_CHARS + 1) }, ['url has more than 2048 characters']],
    ['no url', { ...good, url: 'ops' }, ['url is not an absolute address']],
    ['a file', { ...good, url: 'file:///etc/passwd' }, ['url begins with neither https:// nor http://']],
    [
      'a password',
      { ...good, url: 'https://a:b@ops.example/' },
      ['url carries credentials: use the signature instead'],
    ],
    ['no types', { ...good, types: [] }, ['types is empty: name event types, or * for all of them']],
    ['unknown types', { ...good, types: ['incident.open', 'x'] }, ['unknown types: incident.open, x']],
    ['the test type', { ...good, types: ['webhook.test'] }, ['unknown types: webhook.test']],
    ['too many types', { ...good, types: [...EVENT_TYPES, '*', '*'] }, ['types names some type twice']],
    [
      'an unknown shape',
      { ...good, shape: 'toString' },
      ['shape is one of generic, slack, teams, pagerduty, alertmanager, ntfy, sms, email'],
    ],
    [
      'ntfy without a topic',
      { ...good, url: 'https://ntfy.sh/', shape: 'ntfy' },
      ['an ntfy address ends in the name of a topic'],
    ],
    ['mail', { ...good, url: 'mailto:ops@acme.example', shape: 'email' }, []],
    ['mail to an address of the web', { ...good, shape: 'email' }, ['url does not begin with mailto:']],
    [
      'mail with more than a mailbox',
      { ...good, url: 'mailto:ops@acme.example?bcc=all@acme.example', shape: 'email' },
      ['an email address is mailto: and one mailbox, as mailto:ops@acme.example'],
    ],
    ['sms', { ...good, url: 'https://g.example/?to=%2B33600000000', shape: 'sms' }, []],
    [
      'sms to nobody',
      { ...good, shape: 'sms' },
      ['an sms address ends in ?to= and a number, its plus sign written as %2B'],
    ],
    [
      'pagerduty without a key',
      { ...good, shape: 'pagerduty' },
      ['a pagerduty address ends in ?routing_key= and the integration key'],
    ],
    [
      'two problems',
      { url: 'x', types: [] },
      ['types is empty: name event types, or * for all of them', 'url is not an absolute address'],
    ],
  ])('%s', (_name, draft, problems) => {
    expect(webhookProblems(draft)).toEqual(problems)
  })
})

describe('lanes', () => {
  const one = (id: number, more: Partial<Due> = {}): Due => ({
    id: `${id}`,
    webhook: 'a',
    isNotice: false,
    ...more,
  })
  const going = (lanes: Lanes) => lanes.next().map(({ id }) => id)

  it('let two go, and the next one when one has left', () => {
    const lanes = new Lanes()
    lanes.refill([one(1), one(2), one(3), one(4, { webhook: 'b' })], 16)
    expect(going(lanes)).toEqual(['1', '2', '4'])
    expect(going(lanes)).toEqual([])
    expect(lanes.leave(one(1))).toBe(false)
    expect(going(lanes)).toEqual(['3'])
    expect(lanes.inFlight().toSorted()).toEqual(['2', '3', '4'])
  })

  it('leave a place to incidents, and take no delivery twice', () => {
    const lanes = new Lanes()
    const notice = (id: number) => one(id, { isNotice: true })
    lanes.refill([notice(1), notice(2)], 16)
    expect(going(lanes)).toEqual(['1'])
    lanes.refill([one(3), notice(1), notice(2)], 16)
    expect(going(lanes)).toEqual(['3'])
    lanes.leave(notice(1))
    expect(going(lanes)).toEqual(['2'])
  })

  it('say when more is to be read', () => {
    const lanes = new Lanes()
    lanes.refill([one(1), one(2), one(3)], 3)
    expect(going(lanes)).toEqual(['1', '2'])
    expect(lanes.leave(one(1))).toBe(false)
    expect(going(lanes)).toEqual(['3'])
    expect(lanes.leave(one(2))).toBe(true)
    lanes.clear()
    expect([going(lanes), lanes.inFlight()]).toEqual([[], ['3']])
  })

  it('send all of it once, in its order, whatever is read and leaves when', () => {
    const dues = fc.array(fc.record({ webhook: fc.constantFrom('a', 'b'), isNotice: fc.boolean() }), {
      maxLength: 40,
    })
    const most = 3
    fc.assert(
      fc.property(dues, fc.array(fc.nat(), { maxLength: 200 }), (kinds, steps) => {
        const left = kinds.map((kind, id) => one(id, kind))
        const lanes = new Lanes()
        const inFlight: Due[] = []
        const sent: Due[] = []
        const read = () => {
          const open = left.filter((due) => !inFlight.includes(due) && !sent.includes(due))
          const ordered = open.toSorted((a, b) => Number(a.isNotice) - Number(b.isNotice))
          lanes.refill(
            ['a', 'b'].flatMap((to) => ordered.filter(({ webhook }) => webhook === to).slice(0, most)),
            most,
          )
        }
        const go = () => {
          for (const due of lanes.next()) {
            expect(inFlight).not.toContain(due)
            expect(sent).not.toContain(due)
            inFlight.push(due)
          }
          for (const to of ['a', 'b']) {
            const own = inFlight.filter(({ webhook }) => webhook === to)
            expect(own.length).toBeLessThanOrEqual(MAX_IN_FLIGHT_PER_WEBHOOK)
            expect(own.filter(({ isNotice }) => isNotice).length).toBeLessThanOrEqual(MAX_NOTICES_PER_WEBHOOK)
          }
        }
        const leave = (step: number) => {
          const [due] = inFlight.splice(step % inFlight.length, 1)
          sent.push(due!)
          if (lanes.leave(due!)) read()
        }
        read()
        go()
        for (const step of steps) {
          if (step % 3 === 0) read()
          else if (inFlight.length > 0) leave(step)
          go()
        }
        while (inFlight.length > 0) {
          leave(0)
          go()
        }
        expect(sent).toHaveLength(left.length)
      }),
    )
  })
})
