/**
 * DNS: the reader of answers against messages written by another hand, mutated, cut and looped; records
 * as people write them; and the probe against servers that cheat. dnsmasq is in the system tests.
 */
import { createSocket } from 'node:dgram'
import {
  readAnswer,
  TYPE_CODES,
  writeQuery,
  type DnsReading,
  type Question,
} from '@constat/probe/dns-message'
import { isRecord } from '@constat/probe/dns-record'
import { readHostAnswer, type HostReading } from '@constat/probe/host-answer'
import { queryHost, type HostServer } from '@constat/probe/host-query'
import { runProbe, specOfUrl } from '@constat/probe/kinds'
import { DNS_TYPES, type DnsSpec } from '@constat/shared/check'
import { isRecordName, parseServer } from '@constat/shared/target'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { refusingPort } from '../../support/fault-server.ts'
import { expectSoundTiming, probingContext, verdictOf, type Verdict } from '../../support/probing.ts'
import { startDatagramTalker, startTalker } from '../../support/talker.ts'

/** A second writer of messages: plain, from the RFC, and used nowhere else. */
type Written = { name: string; type: number; data: Buffer; ttl?: number; ofClass?: number }
const u16 = (...values: number[]): Buffer =>
  Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]))
const u32 = (...values: number[]): Buffer =>
  Buffer.from(values.flatMap((v) => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255]))
const wire = (name: string): Buffer => {
  const labels = name === '.' ? [] : name.split('.')
  return Buffer.from([...labels.flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]), 0])
}
const record = ({ name, type, data, ttl = 60, ofClass = 1 }: Written): Buffer =>
  Buffer.concat([wire(name), u16(type, ofClass), u32(ttl), u16(data.length), data])

type Message = {
  id?: number
  flags?: number
  question?: Buffer | null
  answers?: Buffer[]
  authorities?: Buffer[]
  additionals?: Buffer[]
}
const QUESTION: Question = { id: 0x1234, name: 'www.example.test', type: 'A' }
const asked = ({ name, type }: Question): Buffer => Buffer.concat([wire(name), u16(TYPE_CODES[type], 1)])
function message({
  id = QUESTION.id,
  flags = 0x8180,
  question = asked(QUESTION),
  answers = [],
  authorities = [],
  additionals = [],
}: Message = {}): Buffer {
  const counts = u16(
    id,
    flags,
    question === null ? 0 : 1,
    answers.length,
    authorities.length,
    additionals.length,
  )
  return Buffer.concat([counts, question ?? Buffer.alloc(0), ...answers, ...authorities, ...additionals])
}
const A = record({ name: 'www.example.test', type: 1, data: Buffer.from([192, 0, 2, 7]) })
const OPT = record({ name: '.', type: 41, ofClass: 4096, ttl: 0, data: Buffer.alloc(0) })
const BADVERS = record({ name: '.', type: 41, ofClass: 4096, ttl: 0x01000000, data: Buffer.alloc(0) })
/** Where the name of the question stands, as a pointer. */
const POINTER = Buffer.from([0xc0, 12])
const pointed = (type: number, data: Buffer): Buffer =>
  Buffer.concat([POINTER, u16(type, 1), u32(60), u16(data.length), data])
const read = (bytes: Buffer, question = QUESTION): DnsReading => readAnswer(bytes, question)

describe('a query', () => {
  test('has the bytes of RFC 1035', () => {
    const bytes = writeQuery(QUESTION, { edns: 'none' })
    expect(bytes).toEqual(Buffer.concat([u16(0x1234, 0x0100, 1, 0, 0, 0), asked(QUESTION)]))
  })
  test('offers EDNS as RFC 6891 has it', () => {
    const bytes = writeQuery(QUESTION, { edns: 'offered' })
    const option = Buffer.concat([Buffer.from([0]), u16(41, 1232), u32(0), u16(0)])
    expect(bytes).toEqual(Buffer.concat([u16(0x1234, 0x0100, 1, 0, 0, 1), asked(QUESTION), option]))
  })
  test('writes every name that a check may hold', () => {
    const label = fc.string({
      unit: fc.constantFrom(...'abcXYZ019-_/'.split('')),
      minLength: 1,
      maxLength: 63,
    })
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('', '.'),
        (labels, end) => {
          const name = labels.join('.') + end
          fc.pre(isRecordName(name))
          const bytes = writeQuery({ ...QUESTION, name }, { edns: 'none' })
          expect(bytes.subarray(12, -4)).toEqual(wire(labels.join('.')))
        },
      ),
    )
    expect(writeQuery({ ...QUESTION, name: '.' }, { edns: 'none' })).toHaveLength(12 + 1 + 4)
  })
})

describe('an answer', () => {
  const answer = (data: object) => ({
    kind: 'answer',
    truncated: false,
    hasEdns: false,
    rcode: 'NOERROR',
    records: [],
    ...data,
  })
  test.each<[string, Buffer, object]>([
    ['empty', message(), answer({})],
    [
      'a record',
      message({ answers: [A] }),
      answer({ records: [{ name: 'www.example.test', type: 1, data: '192.0.2.7' }] }),
    ],
    [
      'a record by pointer',
      message({ answers: [pointed(1, Buffer.from([192, 0, 2, 7]))] }),
      answer({ records: [{ name: 'www.example.test' }] }),
    ],
    ['NXDOMAIN', message({ flags: 0x8183 }), answer({ rcode: 'NXDOMAIN' })],
    ['REFUSED', message({ flags: 0x8185 }), answer({ rcode: 'REFUSED' })],
    ['an rcode without a name', message({ flags: 0x818b }), answer({ rcode: 'RCODE11' })],
    ['EDNS', message({ additionals: [OPT] }), answer({ hasEdns: true })],
    [
      'an rcode in two halves',
      message({ additionals: [BADVERS] }),
      answer({ rcode: 'RCODE16', hasEdns: true }),
    ],
    [
      'FORMERR without the question',
      message({ flags: 0x8181, question: null }),
      answer({ rcode: 'FORMERR' }),
    ],
    [
      'truncated, and cut anywhere',
      message({ flags: 0x8380, answers: [A] }).subarray(0, 40),
      answer({ truncated: true }),
    ],
    [
      'the question in capitals',
      message({ question: asked({ ...QUESTION, name: 'WWW.example.TEST' }) }),
      answer({}),
    ],
    [
      'an unknown type',
      message({ answers: [pointed(65_000, Buffer.from('any'))] }),
      answer({ records: [{ type: 65_000 }] }),
    ],
  ])('%s', (_, bytes, expected) => {
    expect(read(bytes)).toMatchObject(expected)
  })

  test.each<[string, Buffer]>([
    ['another id', message({ id: 1 })],
    ['a query', message({ flags: 0x0100 })],
    ['another opcode', message({ flags: 0xa180 })],
    ['another name', message({ question: asked({ ...QUESTION, name: 'else.test' }) })],
    ['another type', message({ question: asked({ ...QUESTION, type: 'AAAA' }) })],
    ['another class', message({ question: Buffer.concat([wire(QUESTION.name), u16(1, 3)]) })],
    ['less than a header', Buffer.from('1234818000', 'hex')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is not to our question', (_, bytes) => {
    expect(read(bytes)).toEqual({ kind: 'foreign' })
  })

  const loop = Buffer.concat([Buffer.from([0xc0, 34]), u16(1, 1), u32(60), u16(4), Buffer.from([1, 2, 3, 4])])
  const forward = Buffer.concat([Buffer.from([0xc0, 60]), u16(1, 1), u32(60), u16(30), Buffer.alloc(30)])
  const lying = message({ answers: [A] })
  lying.writeUInt16BE(0xffff, 6)
  const twice = message({ question: Buffer.concat([asked(QUESTION), asked(QUESTION)]) })
  twice.writeUInt16BE(2, 4)
  // Runs of labels, each ending in a pointer to the run before: legal hops, an illegal length.
  const long = Buffer.concat([
    ...Array.from({ length: 5 }, (_, i) => Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 0x61 + i)])),
    Buffer.from([0]),
  ])
  test.each<[string, Buffer]>([
    ['a name that points at itself', message({ answers: [loop] })],
    ['a name that points forward', message({ answers: [forward] })],
    [
      'two names that point at each other',
      message({ answers: [pointed(5, Buffer.from([1, 0x61, 0xc0, 46])), loop] }),
    ],
    ['more records than there are', lying],
    ['two questions', twice],
    ['no question', message({ question: null })],
    ['an address of three bytes', message({ answers: [pointed(1, Buffer.from([1, 2, 3]))] })],
    ['an address of five bytes', message({ answers: [pointed(1, Buffer.from([1, 2, 3, 4, 5]))] })],
    [
      'a name longer than its record',
      message({ answers: [Buffer.concat([POINTER, u16(5, 1), u32(60), u16(2), wire('a.test')])] }),
    ],
    [
      'a label of an unknown kind',
      message({ answers: [Buffer.concat([Buffer.from([0x41, 0, 0]), u16(1, 1), u32(0), u16(0)])] }),
    ],
    [
      'a name of more than 255 octets',
      message({ answers: [Buffer.concat([long, u16(1, 1), u32(0), u16(4), Buffer.alloc(4)])] }),
    ],
    ['a text longer than its record', message({ answers: [pointed(16, Buffer.from([9, 0x61]))] })],
    ['a CAA tag longer than its record', message({ answers: [pointed(257, Buffer.from([0, 200, 0x61]))] })],
  ])('%s cannot be read', (_, bytes) => {
    expect(read(bytes).kind).toBe('malformed')
  })
})

/** Data as written by the second writer, and the text it stands for. */
const name = fc
  .array(fc.string({ unit: fc.constantFrom(...'abcdxyz019-_'.split('')), minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((labels) => labels.join('.'))
const short = fc.nat(0xffff)
const RECORDS: Record<string, fc.Arbitrary<{ data: Buffer; text: string }>> = {
  A: fc
    .uint8Array({ minLength: 4, maxLength: 4 })
    .map((bytes) => ({ data: Buffer.from(bytes), text: [...bytes].join('.') })),
  CNAME: name.map((target) => ({ data: wire(target), text: target })),
  NS: name.map((target) => ({ data: wire(target), text: target })),
  PTR: name.map((target) => ({ data: wire(target), text: target })),
  MX: fc
    .tuple(short, name)
    .map(([p, target]) => ({ data: Buffer.concat([u16(p), wire(target)]), text: `${p} ${target}` })),
  SRV: fc.tuple(short, short, short, name).map(([p, w, port, target]) => ({
    data: Buffer.concat([u16(p, w, port), wire(target)]),
    text: `${p} ${w} ${port} ${target}`,
  })),
  SOA: fc.tuple(name, name, fc.nat(0x7fffffff)).map(([m, r, serial]) => ({
    data: Buffer.concat([wire(m), wire(r), u32(serial, 7200, 3600, 86_400, 4_294_967_295)]),
    text: `${m} ${r} ${serial} 7200 3600 86400 4294967295`,
  })),
  TXT: fc
    .array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 4 })
    .map((strings) => ({
      data: Buffer.concat(
        strings.map((one) => Buffer.concat([Buffer.from([Buffer.byteLength(one)]), Buffer.from(one)])),
      ),
      text: strings.join(''),
    })),
  CAA: name.map((ca) => ({
    data: Buffer.concat([Buffer.from([0, 5]), Buffer.from(`issue${ca}`)]),
    text: `0 issue ${ca}`,
  })),
}

describe('records', () => {
  test.each(DNS_TYPES.filter((type) => type !== 'AAAA'))(
    '%s, written by another hand, reads as people write it',
    (type) => {
      fc.assert(
        fc.property(fc.array(RECORDS[type]!, { maxLength: 4 }), (list) => {
          const question = { ...QUESTION, type }
          const answers = list.map(({ data }) => pointed(TYPE_CODES[type], data))
          const reading = read(message({ question: asked(question), answers, additionals: [OPT] }), question)
          expect(reading).toMatchObject({ kind: 'answer', records: list.map(({ text }) => ({ data: text })) })
          for (const { text } of list) expect(isRecord(type, { data: text, wanted: text })).toBe(true)
        }),
        { numRuns: 60 },
      )
    },
  )

  test('AAAA reads in the one form of RFC 5952', () => {
    const bytes = Buffer.from('20010db8000000000000000000000007', 'hex')
    const question = { ...QUESTION, type: 'AAAA' } as const
    const reading = read(message({ question: asked(question), answers: [pointed(28, bytes)] }), question)
    expect(reading).toMatchObject({ records: [{ data: '2001:db8::7' }] })
  })

  test('an octet that is no letter is told by its number', () => {
    const label = Buffer.from([4, 0x41, 0x2e, 0x5c, 0x07, 0])
    expect(read(message({ answers: [pointed(5, label)] }))).toMatchObject({
      records: [{ data: 'a\\.\\\\\\007' }],
    })
  })

  test.each([
    ['A', '192.0.2.7', '192.0.2.7', true],
    ['A', '192.0.2.7', '192.0.2.70', false],
    ['AAAA', '2001:db8::7', '2001:DB8:0:0::7', true],
    ['AAAA', '2001:db8::7', '2001:db8::8', false],
    ['AAAA', '2001:db8::7', 'fe80::1%eth0', false],
    ['AAAA', '2001:db8::7', 'no address', false],
    ['CNAME', 'host.example.test', 'Host.Example.test.', true],
    ['CNAME', '.', '.', true],
    ['MX', '10 mail.test', '10  mail.test.', true],
    ['MX', '10 mail.test', '20 mail.test', false],
    ['TXT', 'v=spf1 -all', 'v=spf1 -all', true],
    ['TXT', 'v=spf1 -all', '"v=spf1 -all"', true],
    ['TXT', 'v=spf1 -all', 'V=SPF1 -all', false],
    ['CAA', '0 issue ca.test', '0 issue "ca.test"', true],
    ['CAA', '0 issue ca.test', '0 ISSUE ca.test', true],
    ['CAA', '0 issue ca.test', '128 issue ca.test', false],
  ] as const)('%s %j is %j: %s', (type, data, wanted, expected) => {
    expect(isRecord(type, { data, wanted })).toBe(expected)
  })
})

describe('an answer to the host itself', () => {
  const question = { ...QUESTION, type: 'A' } as const
  const readHost = (bytes: Buffer): HostReading => readHostAnswer(bytes, question)
  const alias = (name: string, to: string): Buffer => record({ name, type: 5, data: wire(to) })
  const at = (name: string, last: number, ofClass = 1): Buffer =>
    record({ name, type: 1, data: Buffer.from([192, 0, 2, last]), ofClass })
  const own = QUESTION.name
  const found = (...last: number[]) => ({
    kind: 'answer',
    addresses: last.map((one) => `192.0.2.${one}`),
    code: 'ENODATA',
  })
  const none = (code: string) => ({ kind: 'answer', addresses: [], code })
  const short = pointed(1, Buffer.from([192, 0, 2]))
  // What glibc makes of each; the same and more are asked of glibc itself in the system tests.
  test.each<[string, Buffer, object]>([
    ['addresses', message({ answers: [at(own, 1), at(own, 2)] }), found(1, 2)],
    ['an alias', message({ answers: [alias(own, 'b.test'), at('B.test', 3)] }), found(3)],
    ['an alias behind its address', message({ answers: [at('b.test', 3), alias(own, 'b.test')] }), found()],
    [
      'an alias of somebody else',
      message({ answers: [alias('c.test', 'b.test'), at('b.test', 3)] }),
      found(3),
    ],
    ['the address of another name', message({ answers: [at('b.test', 3), at(own, 4)] }), found(4)],
    ['another class', message({ answers: [at(own, 3, 3)] }), found()],
    ['a short address, then a whole one', message({ answers: [short, at(own, 4)] }), found(4)],
    ['an address cut off', message({ answers: [at(own, 4)] }).subarray(0, -1), none('EBADRESP')],
    ['more records than there are', lied(message({ answers: [at(own, 4)] }), 2), none('EBADRESP')],
    ['fewer records than there are', lied(message({ answers: [at(own, 4), at(own, 5)] }), 1), found(4)],
    ['no record', message(), found()],
    ['missing, with an address', message({ flags: 0x8183, answers: [at(own, 4)] }), none('ENOTFOUND')],
    ['FORMERR', message({ flags: 0x8181 }), none('EFORMERR')],
    ['an rcode of updates', message({ flags: 0x8186, answers: [at(own, 4)] }), none('EBADRESP')],
    ['SERVFAIL', message({ flags: 0x8182 }), { kind: 'next', code: 'ESERVFAIL' }],
    ['NOTIMP', message({ flags: 0x8184 }), { kind: 'next', code: 'ENOTIMP' }],
    ['REFUSED', message({ flags: 0x8185 }), { kind: 'next', code: 'EREFUSED' }],
    ['a referral', message({ flags: 0x8100 }), { kind: 'next', code: 'EREFERRAL' }],
    ['five bytes', message().subarray(0, 5), { kind: 'next', code: 'EBADRESP' }],
    ['cut', message({ flags: 0x8380 }), { kind: 'cut' }],
    ['another id', message({ id: 1 }), { kind: 'foreign' }],
    ['a query', message({ flags: 0x0100 }), { kind: 'foreign' }],
    ['no question', message({ question: null, answers: [at(own, 4)] }), { kind: 'foreign' }],
    ['another question', message({ question: asked({ ...QUESTION, name: 'b.test' }) }), { kind: 'foreign' }],
  ])('%s', (_, bytes, expected) => {
    expect(readHost(bytes)).toEqual(expected)
  })

  test('with bytes changed it ends in a reading, and soon', () => {
    const whole = message({
      answers: [alias(own, 'b.test'), at('b.test', 3), pointed(28, Buffer.alloc(16, 1))],
    })
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 })
    fc.assert(
      fc.property(changes, fc.nat(whole.length), (list, end) => {
        const bytes = Buffer.from(whole)
        for (const [index, value] of list) bytes[index] = value
        for (const one of [bytes, bytes.subarray(0, end)])
          expect(['answer', 'foreign', 'cut', 'next']).toContain(readHost(one).kind)
      }),
      { numRuns: 2_000 },
    )
  })

  /** The same question in the answer, whatever its id. */
  const said = (query: Buffer, options: Message): Buffer[] => [
    message({ ...options, id: query.readUInt16BE(0), question: query.subarray(12) }),
  ]
  const ask = (ports: readonly number[]): Promise<string[]> => {
    const servers = ports.map((port): HostServer => ({ address: '127.0.0.1', family: 4, port }))
    const signal = AbortSignal.timeout(10_000)
    return queryHost({ name: own, type: 'A' }, { servers, signal, clock: REAL_CLOCK })
  }
  const servers: { close: () => Promise<void> }[] = []
  const serve = async (answer: (query: Buffer) => readonly Buffer[]): Promise<number> => {
    const server = await startDatagramTalker(answer)
    servers.push(server)
    return server.port
  }
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close()
  })

  test('comes from the next server where the first cannot say, is closed, or says nothing', async () => {
    const good = await serve((query) => said(query, { answers: [A] }))
    const failing = await serve((query) => said(query, { flags: 0x8182 }))
    const silent = await serve(() => [])
    expect(await ask([failing, good])).toEqual(['192.0.2.7'])
    expect(await ask([await refusingPort(), good])).toEqual(['192.0.2.7'])
    const beganMs = performance.now()
    expect(await ask([silent, good])).toEqual(['192.0.2.7'])
    expect(performance.now() - beganMs).toBeGreaterThan(1_500)
    await expect(ask([await refusingPort(), failing])).rejects.toMatchObject({ code: 'ESERVFAIL' })
  })

  test('counts where it is late, and the next server was asked as well', async () => {
    const late: Buffer[] = []
    const socket = createSocket('udp4')
    socket.on('message', (query, { port, address }) => {
      late.push(query)
      setTimeout(() => socket.send(said(query, { answers: [A] })[0]!, port, address), 2_500)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const silent = await serve(() => [])
    try {
      expect(await ask([socket.address().port, silent])).toEqual(['192.0.2.7'])
      expect(late.length).toBe(1)
    } finally {
      socket.close()
    }
  })

  test('that was forged is passed over, and a denial ends the asking', async () => {
    const forged = await serve((query) => {
      const [true_] = said(query, { answers: [A] })
      const other = Buffer.from(true_!)
      other.writeUInt16BE(query.readUInt16BE(0) ^ 1, 0)
      return [other, true_!]
    })
    const missing = await serve((query) => said(query, { flags: 0x8183 }))
    expect(await ask([forged])).toEqual(['192.0.2.7'])
    await expect(ask([missing, forged])).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})

function lied(bytes: Buffer, count: number): Buffer {
  bytes.writeUInt16BE(count, 6)
  return bytes
}

describe('hostile bytes', () => {
  const captured = message({
    answers: [
      A,
      pointed(5, Buffer.concat([Buffer.from([1, 0x61]), POINTER])),
      pointed(15, Buffer.concat([u16(10), POINTER])),
    ],
    authorities: [pointed(6, Buffer.concat([POINTER, POINTER, u32(1, 2, 3, 4, 5)]))],
    additionals: [pointed(16, Buffer.from([2, 0x68, 0x69])), OPT],
  })

  test('the whole of it reads', () => {
    expect(read(captured)).toMatchObject({
      kind: 'answer',
      records: [{}, { data: 'a.www.example.test' }, { data: '10 www.example.test' }],
    })
  })

  test('cut anywhere it is an answer never', () => {
    for (let end = 0; end < captured.length; end += 1) {
      expect(read(captured.subarray(0, end)).kind).toBe(end < 12 ? 'foreign' : 'malformed')
    }
  })

  test('with bytes changed it ends in a reading, and soon', () => {
    const change = fc.tuple(fc.nat(captured.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(captured)
        for (const [at, value] of changes) bytes[at] = value
        const reading = read(bytes)
        expect(['answer', 'foreign', 'malformed']).toContain(reading.kind)
        // A record takes 11 bytes at the least, whatever the counts say.
        if (reading.kind === 'answer') expect(reading.records.length).toBeLessThanOrEqual(bytes.length / 11)
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([1, 11, 400])('%i bytes after the last record change nothing', (surplus) => {
    const whole = message({ answers: [A] })
    expect(read(Buffer.concat([whole, Buffer.alloc(surplus, 0xff)]))).toEqual(read(whole))
  })

  test('random bytes after a good header end in a reading', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.array(short, { minLength: 3, maxLength: 3 }),
        (bytes, counts) => {
          const head = Buffer.concat([u16(QUESTION.id, 0x8180, 1, ...counts), asked(QUESTION)])
          expect(['answer', 'malformed']).toContain(read(Buffer.concat([head, bytes])).kind)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('the longest message of pointers to pointers is read in no time', () => {
    const hops = Array.from({ length: 8_000 }, (_, i) => u16(0xc000 | (i === 0 ? 12 : 34 + (i - 1) * 2)))
    const bytes = Buffer.concat([message({ answers: [] }), ...hops])
    bytes.writeUInt16BE(1, 6)
    expect(read(bytes).kind).toBe('malformed')
  })
})

describe('names and servers', () => {
  test.each([
    ['www.example.org', true],
    ['example.org.', true],
    ['.', true],
    ['_dmarc.example.org', true],
    ['0/25.2.0.192.in-addr.arpa', true],
    [`${'a'.repeat(63)}.test`, true],
    [`${'a'.repeat(64)}.test`, false],
    [Array.from({ length: 4 }, () => 'a'.repeat(62)).join('.'), true],
    [Array.from({ length: 5 }, () => 'a'.repeat(62)).join('.'), false],
    ['a..b', false],
    ['', false],
    ['with space', false],
    ['straße.test', false],
    ['a\\.b', false],
  ])('%j can be asked for: %s', (text, expected) => {
    expect(isRecordName(text)).toBe(expected)
  })

  test.each([
    ['192.0.2.1', { host: '192.0.2.1', port: 53 }],
    ['192.0.2.1:5353', { host: '192.0.2.1', port: 5353 }],
    ['::1', { host: '::1', port: 53 }],
    ['[::1]', { host: '::1', port: 53 }],
    ['[2001:db8::1]:5353', { host: '2001:db8::1', port: 5353 }],
    ['ns.example', { host: 'ns.example', port: 53 }],
    ['ns.example:53', { host: 'ns.example', port: 53 }],
    ['[192.0.2.1]:53', undefined],
    ['ns.example:0', undefined],
    ['ns.example:65536', undefined],
    ['ns example', undefined],
    ['[::1', undefined],
    ['', undefined],
  ])('server %j', (text, expected) => {
    expect(parseServer(text)).toEqual(expected)
  })

  test.each([
    [
      'dns://[::1]:5353/www.test?type=aaaa',
      { kind: 'dns', name: 'www.test', type: 'AAAA', server: '[::1]:5353' },
    ],
    ['dns://192.0.2.1/www.test', { kind: 'dns', name: 'www.test', type: 'A', server: '192.0.2.1' }],
    ['dns:www.test?type=MX', { kind: 'dns', name: 'www.test', type: 'MX' }],
  ])('%s', (url, spec) => {
    expect(specOfUrl(url)).toEqual(spec)
  })
})

describe('the probe against servers that cheat', () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })
  /** Generous where an answer is to come, as the machine may be busy; short where none is. */
  const deadlineOf = ([outcome]: Verdict): { timeoutMs: number } => ({
    timeoutMs: outcome === 'fail' ? 1_000 : 10_000,
  })
  const context = { ...probingContext({ timeoutMs: 10_000 }), queryId: () => QUESTION.id }
  const spec = (port: number, options: Partial<DnsSpec> = {}): DnsSpec => ({
    kind: 'dns',
    name: QUESTION.name,
    type: 'A',
    server: `127.0.0.1:${port}`,
    ...options,
  })
  const fails = (cause: 'timeout' | 'protocol' | 'connect' | 'size' | 'reset'): Verdict => [
    'fail',
    cause,
    'target',
  ]
  const good = message({ answers: [A], additionals: [OPT] })

  test.each<[string, () => readonly Buffer[], Partial<DnsSpec>, Verdict]>([
    ['honest', () => [good], {}, ['ok', 'none', 'none']],
    ['silent', () => [], {}, fails('timeout')],
    ['another id', () => [message({ id: 7, answers: [A] })], {}, fails('protocol')],
    [
      'forged, then true',
      () => [message({ id: 7 }), message({ flags: 0x0100 }), good],
      {},
      ['ok', 'none', 'none'],
    ],
    ['no DNS', () => [Buffer.from('hello')], {}, fails('protocol')],
    [
      'a loop',
      () => [
        Buffer.concat([message().subarray(0, 6), u16(1, 0, 0), asked(QUESTION), Buffer.from([0xc0, 34])]),
      ],
      {},
      fails('protocol'),
    ],
    ['truncated, over udp alone', () => [message({ flags: 0x8380 })], { transport: 'udp' }, fails('size')],
    ['truncated, and nobody on tcp', () => [message({ flags: 0x8380 })], {}, fails('connect')],
    [
      'of another name',
      () => [message({ answers: [record({ name: 'else.test', type: 1, data: Buffer.alloc(4) })] })],
      {},
      ['fail', 'name', 'target'],
    ],
    ['REFUSED', () => [message({ flags: 0x8185 })], {}, ['fail', 'dns', 'resolver']],
    ['REFUSED, as wanted', () => [message({ flags: 0x8185 })], { rcode: 'REFUSED' }, ['ok', 'none', 'none']],
  ])('%s', async (_, answer, options, verdict) => {
    const server = await startDatagramTalker(answer)
    closing.push(server.close)
    const result = await runProbe(spec(server.port, options), { ...context, ...deadlineOf(verdict) })
    expect(verdictOf(result)).toEqual(verdict)
    expectSoundTiming(result)
  })

  test('an old server that knows no EDNS is asked again in its own words', async () => {
    const lengths: number[] = []
    const server = await startDatagramTalker((query) => {
      lengths.push(query.length)
      const knows = query.readUInt16BE(10) === 0
      return [knows ? message({ answers: [A] }) : message({ flags: 0x8181, question: null })]
    })
    closing.push(server.close)
    expect(verdictOf(await runProbe(spec(server.port), context))).toEqual(['ok', 'none', 'none'])
    expect(lengths).toEqual([lengths[1]! + 11, lengths[1]!])
  })

  test('nobody there', async () => {
    const port = await refusingPort()
    expect(verdictOf(await runProbe(spec(port), context))).toEqual(fails('connect'))
    expect(verdictOf(await runProbe(spec(port, { transport: 'tcp' }), context))).toEqual(fails('connect'))
  })

  const framed = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes])
  test.each<[string, Parameters<typeof startTalker>[0], Verdict]>([
    ['honest', (s) => void s.once('data', () => s.write(framed(good))), ['ok', 'none', 'none']],
    [
      'honest, byte by byte',
      (s) =>
        void s.once('data', () =>
          [...framed(good)].forEach((byte, i) => setTimeout(() => s.write(Buffer.from([byte])), i)),
        ),
      ['ok', 'none', 'none'],
    ],
    ['silent', () => undefined, fails('timeout')],
    ['closed', (s) => void s.once('data', () => s.end()), fails('reset')],
    ['cut', (s) => void s.once('data', () => s.end(framed(good).subarray(0, 20))), fails('reset')],
    ['reset', (s) => void s.once('data', () => s.resetAndDestroy()), fails('reset')],
    ['another id', (s) => void s.once('data', () => s.write(framed(message({ id: 7 })))), fails('protocol')],
    ['an empty message', (s) => void s.once('data', () => s.write(u16(0))), fails('protocol')],
    [
      'a message longer than it says',
      (s) => void s.once('data', () => s.write(u16(20, ...Array.from({ length: 40 }, () => 0)))),
      fails('protocol'),
    ],
  ])('over tcp: %s', async (_, talk, verdict) => {
    const server = await startTalker(talk)
    closing.push(server.close)
    const result = await runProbe(spec(server.port, { transport: 'tcp' }), {
      ...context,
      ...deadlineOf(verdict),
    })
    expect(verdictOf(result)).toEqual(verdict)
    expectSoundTiming(result)
  })

  test('the id of a query cannot be guessed from the ones before', async () => {
    const ids = new Set<number>()
    const server = await startDatagramTalker((query) => {
      ids.add(query.readUInt16BE(0))
      return []
    })
    closing.push(server.close)
    const { queryId: _, ...unset } = context
    await Promise.all(
      Array.from({ length: 24 }, () => runProbe(spec(server.port), { ...unset, timeoutMs: 1_000 })),
    )
    expect(ids.size).toBeGreaterThan(20)
  })
})
