/** Second factors as they are kept: under the collector's key, for one account. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { factorKeyOf, openFactor, sealFactor } from '@constat/collector/people/factor'

const random = { bytes: (count: number) => randomBytes(count) }
const keyOf = () =>
  factorKeyOf({ key: generateKeyPairSync('ed25519').privateKey, publicKey: Buffer.alloc(32) })
const key = keyOf()
const secret = randomBytes(20)

it('opens as it was sealed, and looks another way each time', () => {
  const [one, two] = [1, 2].map(() => sealFactor(secret, { key, id: 'tok_a', random }))
  expect(one!.equals(two!)).toBe(false)
  for (const sealed of [one!, two!]) {
    expect(sealed.includes(secret)).toBe(false)
    expect(openFactor(sealed, { key, id: 'tok_a' })).toEqual(secret)
  }
})

const sealed = sealFactor(secret, { key, id: 'tok_a', random })
it.each([
  ['of another account', sealed, { key, id: 'tok_b' }],
  ['under another key', sealed, { key: keyOf(), id: 'tok_a' }],
  ['cut short', sealed.subarray(0, -1), { key, id: 'tok_a' }],
  ['shorter than nonce and tag', sealed.subarray(0, 27), { key, id: 'tok_a' }],
  ['empty', Buffer.alloc(0), { key, id: 'tok_a' }],
  ['a secret as it is', secret, { key, id: 'tok_a' }],
])('opens nothing that is %s', (_, bytes, kept) => {
  expect(openFactor(bytes, kept)).toBeNull()
})

it('opens nothing of which a byte was changed', () => {
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    expect(openFactor(changed, { key, id: 'tok_a' })).toBeNull()
  }
})
