/**
 * Odd names: answers of name servers as they are met in the field, a few oddities each, out of a seed. What is right is
 * not said here: glibc is asked (name-agreement.ts). RFC 1035, section 4.
 */
import fc from 'fast-check'

const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, OPT: 41, RRSIG: 46, DNAME: 39, odd: 65_280 }
const CLASS_IN = 1
const CLASS_CH = 3
const RCODE = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6 }
const BIT = { aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, z: 0x0040, ad: 0x0020, cd: 0x0010 }
const HEADER_BYTES = 12
/** A pointer to the name of the question. */
const ASKED = Buffer.from([0xc0, HEADER_BYTES])

type OddRecord = { owner: Buffer; type: number; class: number; ttl: number; data: Buffer }
type Message = {
  flags: number
  rcode: number
  /** Of the question that comes back: as it was asked, in capitals, or left out. */
  question: 'asked' | 'capitals' | 'none'
  answers: OddRecord[]
  authority: OddRecord[]
  additional: OddRecord[]
  /** What the header says too much or too little of. */
  countedMore: number
  trailing: Buffer
  /** Datagrams that come first. */
  before: 'nothing' | 'another id' | 'five bytes'
  /** Over UDP only the head comes, with the mark that it is cut: all of it comes over TCP. */
  isCut: boolean
}

export type OddName = { name: string; oddities: string[] }

/** RFC 1035, 3.1; a root is one empty label. */
function labelsOf(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  const parts = labels.map((label) =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
  )
  return Buffer.concat([...parts, Buffer.from([0])])
}

function address(last: number, change: Partial<OddRecord> = {}): OddRecord {
  return {
    owner: ASKED,
    type: TYPE.A,
    class: CLASS_IN,
    ttl: 60,
    data: Buffer.from([192, 0, 2, last]),
    ...change,
  }
}

function alias(owner: string | Buffer, to: string): OddRecord {
  const from = typeof owner === 'string' ? labelsOf(owner) : owner
  return address(0, { owner: from, type: TYPE.CNAME, data: labelsOf(to) })
}

const soa = (): OddRecord =>
  address(0, {
    owner: labelsOf('odd.example'),
    type: TYPE.SOA,
    data: Buffer.concat([labelsOf('ns.odd.example'), labelsOf('root.odd.example'), Buffer.alloc(20, 1)]),
  })

/** An answer with one address is what each of these makes odd. */
const ODDITIES: Readonly<Record<string, (message: Message) => void>> = {
  'an alias': (m) => {
    m.answers = [alias(ASKED, 'real.odd.example'), address(2, { owner: labelsOf('real.odd.example') })]
  },
  'a chain of aliases': (m) => {
    const at = (i: number): string => `c${i}.odd.example`
    const chain = Array.from({ length: 8 }, (_, i) => alias(at(i), at(i + 1)))
    m.answers = [alias(ASKED, at(0)), ...chain, address(3, { owner: labelsOf(at(8)) })]
  },
  'an alias behind its address': (m) => {
    m.answers = [address(4, { owner: labelsOf('real.odd.example') }), alias(ASKED, 'real.odd.example')]
  },
  'an alias to nowhere': (m) => void (m.answers = [alias(ASKED, 'gone.odd.example')]),
  'an alias in other letters': (m) => {
    m.answers = [alias(ASKED, 'ReAl.odd.example'), address(5, { owner: labelsOf('rEaL.ODD.example') })]
  },
  'aliases in a circle': (m) => {
    m.answers = [alias(ASKED, 'a.odd.example'), alias('a.odd.example', 'b.odd.example')]
    m.answers.push(alias('b.odd.example', 'a.odd.example'))
  },
  'two aliases of one name': (m) => {
    m.answers = [alias(ASKED, 'x.odd.example'), alias(ASKED, 'y.odd.example')]
    m.answers.push(address(6, { owner: labelsOf('x.odd.example') }))
  },
  'the address of another name first': (m) =>
    void m.answers.unshift(address(66, { owner: labelsOf('other.example') })),
  'only the address of another name': (m) =>
    void (m.answers = [address(66, { owner: labelsOf('other.example') })]),
  'capitals in the owner': (m) => {
    m.answers = m.answers.map((one) => ({ ...one, ttl: 0 }))
    m.question = 'capitals'
  },
  'no question': (m) => void (m.question = 'none'),
  'many addresses': (m) => void m.answers.push(...Array.from({ length: 25 }, (_, i) => address(100 + i))),
  'the same address twice': (m) => void m.answers.push(...m.answers),
  'a time to live beyond 2³¹': (m) => {
    m.answers = m.answers.map((one) => ({ ...one, ttl: 0xffff_ffff }))
  },
  'another class': (m) => void m.answers.unshift(address(77, { class: CLASS_CH })),
  'only another class': (m) => void (m.answers = [address(77, { class: CLASS_CH })]),
  'three bytes of an address': (m) => void (m.answers = [address(1, { data: Buffer.from([192, 0, 2]) })]),
  'five bytes of an address': (m) => void (m.answers = [address(1, { data: Buffer.alloc(5, 9) })]),
  'a short address, then a whole one': (m) =>
    void m.answers.unshift(address(1, { data: Buffer.from([192, 0, 2]) })),
  'a signature between': (m) =>
    void m.answers.unshift(address(0, { type: TYPE.RRSIG, data: Buffer.alloc(40, 7) })),
  'a type that nobody knows': (m) =>
    void m.answers.unshift(address(0, { type: TYPE.odd, data: Buffer.alloc(3) })),
  'a text beside it': (m) => void m.answers.unshift(address(0, { type: TYPE.TXT, data: labelsOf('hello') })),
  'an IPv6 address beside it': (m) =>
    void m.answers.push(address(0, { type: TYPE.AAAA, data: Buffer.alloc(16, 1) })),
  'only an IPv6 address': (m) =>
    void (m.answers = [address(0, { type: TYPE.AAAA, data: Buffer.alloc(16, 1) })]),
  'a DNAME before the alias': (m) => {
    m.answers = [alias(ASKED, 'real.odd.test'), address(8, { owner: labelsOf('real.odd.test') })]
    m.answers.unshift(
      address(0, { owner: labelsOf('odd.example'), type: TYPE.DNAME, data: labelsOf('odd.test') }),
    )
  },
  'no record': (m) => void (m.answers = []),
  'no record, and who says so': (m) => {
    m.answers = []
    m.authority = [soa()]
  },
  'name servers beside it': (m) => {
    m.authority = [
      address(0, { owner: labelsOf('odd.example'), type: TYPE.NS, data: labelsOf('ns.odd.example') }),
    ]
    m.additional = [address(53, { owner: labelsOf('ns.odd.example') })]
  },
  'only name servers': (m) => {
    m.answers = []
    m.authority = [
      address(0, { owner: labelsOf('odd.example'), type: TYPE.NS, data: labelsOf('ns.odd.example') }),
    ]
    m.additional = [address(53, { owner: labelsOf('ns.odd.example') })]
  },
  'EDNS that nobody asked for': (m) =>
    void m.additional.push({
      owner: Buffer.from([0]),
      type: TYPE.OPT,
      class: 1232,
      ttl: 0,
      data: Buffer.alloc(0),
    }),
  'not authoritative': (m) => void (m.flags &= ~BIT.aa),
  'no recursion': (m) => void (m.flags &= ~(BIT.ra | BIT.rd)),
  'reserved bits': (m) => void (m.flags |= BIT.z | BIT.ad | BIT.cd),
  'cut, whole over TCP': (m) => void (m.isCut = true),
  missing: (m) => {
    m.answers = []
    m.rcode = RCODE.NXDOMAIN
  },
  'missing, with an address': (m) => void (m.rcode = RCODE.NXDOMAIN),
  'missing behind an alias': (m) => {
    m.answers = [alias(ASKED, 'gone.odd.example')]
    m.rcode = RCODE.NXDOMAIN
  },
  'a server that fails': (m) => {
    m.answers = []
    m.rcode = RCODE.SERVFAIL
  },
  'a server that refuses': (m) => {
    m.answers = []
    m.rcode = RCODE.REFUSED
  },
  'a server that cannot': (m) => {
    m.answers = []
    m.rcode = RCODE.NOTIMP
  },
  'a server that does not understand': (m) => {
    m.answers = []
    m.rcode = RCODE.FORMERR
  },
  'an rcode of updates': (m) => {
    m.answers = []
    m.rcode = RCODE.YXDOMAIN
  },
  'bytes behind the end': (m) => void (m.trailing = Buffer.alloc(9, 0xab)),
  'one record more than there is': (m) => void (m.countedMore += 1),
  'one record fewer than there is': (m) => {
    m.answers.push(address(9))
    m.countedMore -= 1
  },
  'another answer first': (m) => void (m.before = 'another id'),
  'five bytes first': (m) => void (m.before = 'five bytes'),
}

/** Each oddity by itself, then up to three together. */
export function oddNames(count: number, seed: number): OddName[] {
  const names = Object.keys(ODDITIES)
  const mixed = fc.sample(fc.shuffledSubarray(names, { minLength: 2, maxLength: 3 }), {
    numRuns: count,
    seed,
  })
  const all = [[], ...names.map((one) => [one]), ...mixed].slice(0, count)
  return all.map((oddities, i) => ({ name: `n${i}.odd.example`, oddities }))
}

/** What the server of these names says to a question, in as many datagrams; or whole, over TCP. */
export function answersTo(query: Buffer, { oddities }: OddName, over: 'udp' | 'tcp'): Buffer[] {
  const questionEnd = query.indexOf(0, HEADER_BYTES) + 5
  const type = query.readUInt16BE(questionEnd - 4)
  const message: Message = {
    flags: 0x8000 | BIT.aa | BIT.rd | BIT.ra,
    rcode: 0,
    question: 'asked',
    // Of another type there is nothing.
    answers: type === TYPE.A ? [address(1)] : [],
    authority: [],
    additional: [],
    countedMore: 0,
    trailing: Buffer.alloc(0),
    before: 'nothing',
    isCut: false,
  }
  if (type === TYPE.A) for (const one of oddities) ODDITIES[one]!(message)
  const asked = query.subarray(HEADER_BYTES, questionEnd)
  if (message.isCut && over === 'udp') {
    const empty = { ...message, flags: message.flags | BIT.tc, answers: [], authority: [], additional: [] }
    return [bytesOf(query, { ...empty, trailing: Buffer.alloc(0), countedMore: 0 }, asked)]
  }
  const bytes = bytesOf(query, message, asked)
  if (over === 'tcp' || message.before === 'nothing') return [bytes]
  if (message.before === 'five bytes') return [bytes.subarray(0, 5), bytes]
  const other = Buffer.from(bytes)
  other.writeUInt16BE(query.readUInt16BE(0) ^ 0x5555, 0)
  return [other, bytes]
}

function bytesOf(query: Buffer, message: Message, asked: Buffer): Buffer {
  const { flags, rcode, question, answers, authority, additional, countedMore, trailing } = message
  const header = Buffer.alloc(HEADER_BYTES)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(flags | rcode, 2)
  header.writeUInt16BE(question === 'none' ? 0 : 1, 4)
  header.writeUInt16BE(Math.max(0, answers.length + countedMore), 6)
  header.writeUInt16BE(authority.length, 8)
  header.writeUInt16BE(additional.length, 10)
  // Pointers to the name of the question need it.
  const own = labelsOf(nameOf(asked))
  const told = question === 'capitals' ? Buffer.from(asked.toString('latin1').toUpperCase(), 'latin1') : asked
  const records = [...answers, ...authority, ...additional].map((one) => {
    const owner = one.owner === ASKED && question === 'none' ? own : one.owner
    const rest = Buffer.alloc(10)
    rest.writeUInt16BE(one.type, 0)
    rest.writeUInt16BE(one.class, 2)
    rest.writeUInt32BE(one.ttl, 4)
    rest.writeUInt16BE(one.data.length, 8)
    return Buffer.concat([owner, rest, one.data])
  })
  return Buffer.concat([header, question === 'none' ? Buffer.alloc(0) : told, ...records, trailing])
}

/** Of a question: its name, without compression. */
export function nameOf(question: Buffer): string {
  const labels: string[] = []
  for (let at = 0; question[at]! > 0; at += question[at]! + 1)
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!))
  return labels.join('.')
}
