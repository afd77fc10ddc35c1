/**
 * Timestamps: tokens of a real authority that OpenSSL makes, and all that may be wrong with one. Whatever the bytes,
 * nothing throws, and nothing but the right token dates anything.
 */
import { createHash, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAnchors, type Certificate } from '@constat/evidence/certificate'
import { integerOf, oidOf, readDer, TAG, timeOf, writeDer, writeOid, type Der } from '@constat/evidence/der'
import {
  MAX_TOKEN_BYTES,
  nonceOf,
  openTimestamp,
  openTimestampAnswer,
  timestampRequest,
  type TimestampOpening,
  type TimestampRefusal,
} from '@constat/evidence/timestamp'
import { TimestampAuthority, tokenIn, type Signer } from '../../support/timestamp-authority.ts'

const DIGEST = createHash('sha256').update('a checkpoint').digest()
const NONCE = nonceOf(Buffer.alloc(8, 0x81))
const QUERY = timestampRequest({ digest: DIGEST, nonce: NONCE })

const dir = mkdtempSync(join(tmpdir(), 'constat-tsa-'))
let authority: TimestampAuthority
let anchors: Certificate[]
let answer: Buffer
let token: Buffer

beforeAll(() => {
  authority = new TimestampAuthority(dir)
  anchors = anchorsOf(authority.root)
  answer = authority.answer(QUERY)
  token = tokenIn(answer)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const anchorsOf = ({ certificate }: Signer): Certificate[] => readAnchors(readFileSync(certificate, 'utf8'))!
const asked = (over: { digest?: Buffer; nonce?: Buffer } = {}) => ({
  digest: DIGEST,
  nonce: NONCE,
  anchors,
  ...over,
})
const reasonOf = (opening: TimestampOpening): TimestampRefusal | 'opened' =>
  opening.kind === 'refused' ? opening.reason : opening.kind

describe('a token', () => {
  test('dates what was asked about, by the word of its authority', () => {
    const opening = openTimestampAnswer(answer, asked())
    expect(opening).toMatchObject({
      kind: 'opened',
      timestamp: { authority: 'CN=signer', policy: '1.3.6.1.4.1.32473.1', isAnchored: true },
    })
    if (opening.kind === 'refused') return
    expect(Math.abs(opening.timestamp.atMs - Date.now())).toBeLessThan(60_000)
    expect(opening.token.equals(token)).toBe(true)
  })

  const SOUND: [string, (of: TimestampAuthority) => Buffer][] = [
    ['under a key of RSA', (of) => of.answer(QUERY, { signer: dating(of, { rsaBits: 2_048 }) })],
    ['named by SHA-1, as the first form does', (of) => of.answer(QUERY, { ess: 'sha1' })],
    [
      'through one between it and the root, which comes along',
      (of) => {
        const between = of.make('between', { issuer: of.root })
        return of.answer(QUERY, { signer: dating(of, { issuer: between }), chain: [between] })
      },
    ],
  ]
  test.each(SOUND)('holds %s', (_, make) => {
    expect(reasonOf(openTimestampAnswer(make(authority), asked()))).toBe('opened')
  })

  test('holds under RSA-PSS, and for a signer that is named by its key', () => {
    const rsa = dating(authority, { rsaBits: 2_048 })
    const pss = authority.signedBy(token, rsa, ['-cades', '-keyid', '-keyopt', 'rsa_padding_mode:pss'])
    expect(reasonOf(openTimestamp(pss, asked()))).toBe('opened')
  })

  test('is of nobody that is known where no anchor is given', () => {
    expect(openTimestamp(token, asked({}))).toMatchObject({ timestamp: { isAnchored: true } })
    expect(openTimestamp(token, { digest: DIGEST, anchors: [] })).toMatchObject({
      kind: 'opened',
      timestamp: { isAnchored: false },
    })
  })
})

const dating = (of: TimestampAuthority, over: Parameters<TimestampAuthority['make']>[1]): Signer =>
  of.make('dating', { issuer: of.root, usage: 'critical,timeStamping', ...over })

/** With parts of it replaced. */
function rewritten(der: Der, parts: readonly (readonly [Buffer, Buffer])[]): Buffer {
  const found = parts.find(([part]) => part.equals(der.raw))
  if (found) return found[1]
  return der.children.length === 0
    ? der.raw
    : writeDer(der.tag, ...der.children.map((one) => rewritten(one, parts)))
}

/** A token under the key of `plain`, whose certificate in PEM stands inside one that claims to be for timestamps. */
function disguised(of: TimestampAuthority, plain: Signer): Buffer {
  const pem = readFileSync(plain.certificate, 'utf8')
  const [own, dates] = [anchorsOf(plain)[0]!, anchorsOf(of.signer)[0]!].map(({ raw }) => readDer(raw)!)
  const claims = rewritten(own!.children[0]!, [
    [own!.children[0]!.children.at(-1)!.raw, dates!.children[0]!.children.at(-1)!.raw],
  ])
  const cover = writeDer(TAG.sequence, claims, writeDer(TAG.utf8, Buffer.from(`\n${pem}\n`)))
  const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
  const named = [own!.raw, cover].map((bytes) => writeDer(TAG.octets, sha256(bytes)))
  const signed = readDer(of.signedBy(token, plain))!
  const [, , , attributes, , signature] =
    signed.children[1]!.children[0]!.children.at(-1)!.children[0]!.children
  const said = rewritten(attributes!, [[named[0]!, named[1]!]])
  const key = readFileSync(plain.key)
  return rewritten(signed, [
    [own!.raw, cover],
    [attributes!.raw, said],
    [
      signature!.raw,
      writeDer(TAG.octets, sign('sha256', Buffer.concat([Buffer.of(TAG.set), said.subarray(1)]), key)),
    ],
  ])
}

describe('dates nothing:', () => {
  const answered = (over: { digest?: Buffer; nonce?: Buffer }) => openTimestampAnswer(answer, asked(over))
  const resigned = (over: Parameters<TimestampAuthority['make']>[1]) =>
    openTimestamp(authority.signedBy(token, dating(authority, over)), asked())
  const status = (code: number, ...rest: Buffer[]): TimestampOpening => {
    const info = writeDer(TAG.sequence, writeDer(TAG.integer, Buffer.of(code)))
    return openTimestampAnswer(writeDer(TAG.sequence, info, ...rest), asked())
  }
  const WRONG: [string, TimestampRefusal, () => TimestampOpening][] = [
    ['another imprint', 'other-imprint', () => answered({ digest: Buffer.alloc(32, 1) })],
    ['the answer to another question', 'other-nonce', () => answered({ nonce: nonceOf(Buffer.alloc(8, 9)) })],
    ['a refusal', 'not-granted', () => status(2)],
    ['a grant of nothing', 'malformed', () => status(0)],
    ['a token in a refusal', 'not-granted', () => status(4, token)],
    ['a certificate for nothing', 'not-for-timestamps', () => resigned({ usage: 'none' })],
    ['one that says so uncritically', 'not-for-timestamps', () => resigned({ usage: 'timeStamping' })],
    [
      'one for code, too',
      'not-for-timestamps',
      () => resigned({ usage: 'critical,timeStamping,codeSigning' }),
    ],
    [
      'one to agree on keys, too',
      'not-for-timestamps',
      () => resigned({ use: 'digitalSignature,keyAgreement' }),
    ],
    ['one to issue certificates', 'not-for-timestamps', () => resigned({ use: 'keyCertSign' })],
    ['one that ran out', 'expired', () => resigned({ to: '20210101000000Z' })],
    ['one that is not valid yet', 'expired', () => resigned({ from: '20950101000000Z' })],
    [
      'one that holds another in PEM',
      'no-certificate',
      () => openTimestamp(disguised(authority, dating(authority, { usage: 'none' })), asked()),
    ],
    ['too short a key', 'unknown-algorithm', () => resigned({ rsaBits: 1_024 })],
    [
      'a certificate that it does not name',
      'no-certificate',
      () => openTimestamp(authority.signedBy(token, authority.signer, []), asked()),
    ],
    [
      'no certificate',
      'no-certificate',
      () => openTimestamp(authority.signedBy(token, authority.signer, ['-cades', '-nocerts']), asked()),
    ],
    [
      'another root of the same name',
      'unknown-authority',
      () => {
        const other = new TimestampAuthority(join(dir, 'other'))
        return openTimestampAnswer(answer, { ...asked(), anchors: anchorsOf(other.root) })
      },
    ],
    [
      'a chain through one that issues nothing',
      'unknown-authority',
      () => {
        const leaf = dating(authority, {})
        const under = authority.make('under', { issuer: leaf, usage: 'critical,timeStamping' })
        return openTimestampAnswer(authority.answer(QUERY, { signer: under, chain: [leaf] }), asked())
      },
    ],
    [
      'a chain through one that ran out',
      'unknown-authority',
      () => {
        const late = authority.make('late', { issuer: authority.root, to: '20210101000000Z' })
        const signer = dating(authority, { issuer: late })
        return openTimestampAnswer(authority.answer(QUERY, { signer, chain: [late] }), asked())
      },
    ],
  ]
  test.each(WRONG)('%s', (_, reason, open) => expect(reasonOf(open())).toBe(reason))

  test('a part of one, or more than one', () => {
    for (let length = 0; length < token.length; length += 1) {
      expect(reasonOf(openTimestamp(token.subarray(0, length), asked()))).toBe('malformed')
    }
    expect(reasonOf(openTimestamp(Buffer.concat([token, Buffer.of(0)]), asked()))).toBe('malformed')
    const large = writeDer(TAG.sequence, Buffer.alloc(MAX_TOKEN_BYTES))
    expect(reasonOf(openTimestamp(large, asked()))).toBe('malformed')
    expect(reasonOf(openTimestampAnswer(large, asked()))).toBe('malformed')
  })

  test('one in which a bit was changed, but where it says the same', () => {
    const sound = openTimestamp(token, asked())
    for (let at = 0; at < token.length; at += 1) {
      const other = Buffer.from(token)
      other[at]! ^= 1 << (at % 8)
      const opening = openTimestamp(other, asked())
      if (opening.kind === 'opened' && sound.kind === 'opened') {
        expect({ ...opening.timestamp, isAnchored: true }).toEqual(sound.timestamp)
      }
    }
  })

  test('bytes of any kind, but where they say the same, and any number of values within each other', () => {
    const sound = openTimestamp(token, asked())
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 2_000 }), (bytes, at) => {
        const spliced = Buffer.concat([token.subarray(0, at), bytes, token.subarray(at + bytes.length)])
        for (const one of [Buffer.from(bytes), spliced]) {
          const found = [openTimestamp(one, asked()), openTimestampAnswer(one, asked())]
          for (const opening of found) {
            if (opening.kind === 'opened' && sound.kind === 'opened')
              expect({ ...opening.timestamp, isAnchored: true }).toEqual(sound.timestamp)
          }
        }
      }),
      { examples: [[Uint8Array.of(0), 32]] },
    )
    let deep: Buffer = Buffer.alloc(0)
    for (let i = 0; i < 5_000; i += 1) deep = writeDer(TAG.sequence, deep)
    expect(readDer(deep)).toBeUndefined()
    const wide = writeDer(TAG.sequence, Buffer.alloc(2 * 20_000, Buffer.of(TAG.null, 0)))
    expect(readDer(wide)).toBeUndefined()
  })
})

describe('DER', () => {
  const hex = (text: string) => readDer(Buffer.from(text.replaceAll(' ', ''), 'hex'))
  test.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['an indefinite length', '30 80 00 00'],
    ['a length that is longer than it need be', '04 81 01 00'],
    ['a length with a zero before it', '04 82 00 80'],
    ['a length of five bytes', '04 85 00 00 00 00 01 00'],
    ['more than is there', '04 02 00'],
    ['a tag of two bytes', '1f 81 00 00'],
    ['something behind it', '05 00 05 00'],
    ['a part that is none', '30 02 04 05'],
  ])('is not %s', (_, text) => expect(hex(text)).toBeUndefined())

  test.each([
    ['06 03 2a 03 04', '1.2.3.4'],
    ['06 03 55 1d 25', '2.5.29.37'],
    ['06 09 2b 06 01 04 01 81 fd 59 01', '1.3.6.1.4.1.32473.1'],
    ['06 03 88 37 03', '2.999.3'],
    ['06 02 2a 80', undefined],
    ['06 03 2a 80 01', undefined],
    ['06 00', undefined],
    ['02 01 2a', undefined],
  ])('%s is the identifier %s', (text, oid) => {
    expect(oidOf(hex(text))).toBe(oid)
    if (oid !== undefined && !oid.startsWith('2.999'))
      expect(readDer(writeOid(oid))?.raw.equals(hex(text)!.raw)).toBe(true)
  })

  test.each([
    ['02 01 00', '00'],
    ['02 02 00 80', '0080'],
    ['02 02 00 7f', undefined],
    ['02 02 ff 80', undefined],
    ['02 00', undefined],
  ])('%s is the integer %s', (text, bytes) => expect(integerOf(hex(text))?.toString('hex')).toBe(bytes))

  test.each([
    ['20261201040506Z', '2026-12-01T04:05:06.000Z'],
    ['20261201040506.7Z', '2026-12-01T04:05:06.700Z'],
    ['20261201040506.123456Z', '2026-12-01T04:05:06.123Z'],
    ['20260229040506Z', undefined],
    ['20261201040506.70Z', undefined],
    ['20261201040506', undefined],
    ['20261201040506+0100', undefined],
  ])('%s is the time %s', (text, at) => {
    const atMs = timeOf(readDer(writeDer(TAG.time, Buffer.from(text))))
    expect(atMs === undefined ? undefined : new Date(atMs).toISOString()).toBe(at)
  })
})
