/**
 * Keys: which Ed25519 public keys are refused and why, signatures after RFC 8032, and the trap that
 * makes the refusals necessary.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { refuseKey, signEd25519, strictPublicKey, verifyEd25519 } from '@constat/evidence/key'
import { privateKeyOf, publicKeyOf, rawPublicKey } from '@constat/shared/signature'

const hex = (text: string) => Buffer.from(text, 'hex')

/** Order of the base point, RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n

// RFC 8032 §7.1, tests 1 to 3.
const RFC_8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
]

describe('refused keys', () => {
  test.each([
    ['nothing', '', 'wrong-length'],
    ['31 bytes', '00'.repeat(31), 'wrong-length'],
    ['33 bytes', `${RFC_8032[0]!.publicKey}00`, 'wrong-length'],
    ['the neutral element', `01${'00'.repeat(31)}`, 'small-order'],
    ['order 2', `ec${'ff'.repeat(30)}7f`, 'small-order'],
    ['order 4', '00'.repeat(32), 'small-order'],
    ['order 4, odd x', `${'00'.repeat(31)}80`, 'small-order'],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'small-order'],
    ['order 8, odd x', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85', 'small-order'],
    ['order 8, other y', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'small-order'],
    [
      'order 8, both other',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      'small-order',
    ],
    ['y = p, a second name of order 4', `ed${'ff'.repeat(30)}7f`, 'not-canonical'],
    ['y = p, odd x', `ed${'ff'.repeat(31)}`, 'not-canonical'],
    ['y = p + 1, a second name of zero', `ee${'ff'.repeat(30)}7f`, 'not-canonical'],
    ['y = p + 1, odd x', `ee${'ff'.repeat(31)}`, 'not-canonical'],
    ['zero with the sign of x set', `01${'00'.repeat(30)}80`, 'not-canonical'],
    ['order 2 with the sign of x set', `ec${'ff'.repeat(31)}`, 'not-canonical'],
    ['all ones', 'ff'.repeat(32), 'not-canonical'],
    ['no point has y = 2', `02${'00'.repeat(31)}`, 'not-canonical'],
    // The key of RFC 8032 test 1 plus a point of order 8.
    ['mixed order', '3b5b475c4b82dd1572799fc546f4c6c03e478c6654aa4c7f945b347ea32af60d', 'mixed-order'],
  ])('%s', (_, raw, reason) => {
    expect(refuseKey(hex(raw))).toBe(reason)
    expect(strictPublicKey(hex(raw))).toBeUndefined()
  })

  test('why: OpenSSL 3.0 takes a forged signature under the neutral element, for any message', () => {
    const neutral = hex(`01${'00'.repeat(31)}`)
    const signature = Buffer.concat([neutral, Buffer.alloc(32)])
    const key = publicKeyOf(neutral)
    const takes = ['paid', 'not paid'].map((text) =>
      verifyEd25519({ message: Buffer.from(text), signature, key }),
    )
    // Later versions refuse it: what one host admits, another would not. The message never matters.
    const expected = process.versions.openssl.startsWith('3.0.') ? true : takes[0]
    expect(takes).toEqual([expected, expected])
  })
})

describe('keys', () => {
  type Vectors = { vkeys: { valid: { name: string; public_key: string }[] } }
  // The file states its own shape; a wrong one fails the test below.
  const vectors = JSON.parse(
    readFileSync(new URL('../../vectors/tlog.json', import.meta.url), 'utf8'),
  ) as Vectors

  test.each(vectors.vkeys.valid)('$name is a key', ({ public_key: raw }) => {
    expect(refuseKey(hex(raw))).toBeUndefined()
    expect(rawPublicKey(strictPublicKey(hex(raw))!).toString('hex')).toBe(raw)
  })

  test.each(RFC_8032)('RFC 8032: $message', ({ seed, publicKey, message, signature }) => {
    const own = privateKeyOf(hex(seed))
    expect(rawPublicKey(own).toString('hex')).toBe(publicKey)
    expect(signEd25519(hex(message), own).toString('hex')).toBe(signature)
    const key = strictPublicKey(hex(publicKey))!
    const signed = { message: hex(message), signature: hex(signature), key }
    expect(verifyEd25519(signed)).toBe(true)
    expect(verifyEd25519({ ...signed, message: Buffer.concat([signed.message, Buffer.of(0)]) })).toBe(false)
    expect(verifyEd25519({ ...signed, signature: Buffer.concat([signed.signature, Buffer.of(0)]) })).toBe(
      false,
    )
    expect(verifyEd25519({ ...signed, signature: signed.signature.subarray(0, 63) })).toBe(false)
    expect(verifyEd25519({ ...signed, signature: Buffer.alloc(0) })).toBe(false)
    expect(verifyEd25519({ ...signed, signature: Buffer.alloc(64) })).toBe(false)
  })

  test('no signature has a second form: S + L is refused (RFC 8032 §5.1.7)', () => {
    const { publicKey, message, signature } = RFC_8032[1]!
    const key = strictPublicKey(hex(publicKey))!
    const s = BigInt(`0x${hex(signature.slice(64)).reverse().toString('hex')}`)
    expect(s < L).toBe(true)
    const moved = hex((s + L).toString(16).padStart(64, '0')).reverse()
    const malleated = Buffer.concat([hex(signature).subarray(0, 32), moved])
    expect(verifyEd25519({ message: hex(message), signature: malleated, key })).toBe(false)
  })

  test('every changed bit of a signature is noticed', () => {
    const { publicKey, message, signature } = RFC_8032[2]!
    const key = strictPublicKey(hex(publicKey))!
    for (let bit = 0; bit < 512; bit += 1) {
      const changed = hex(signature)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(verifyEd25519({ message: hex(message), signature: changed, key })).toBe(false)
    }
  })
})
