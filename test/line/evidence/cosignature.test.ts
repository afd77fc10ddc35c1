/**
 * Cosignatures and the policy that counts them: a checkpoint of the world outside, the rules of C2SP
 * tlog-policy one by one, and a quorum against every set of witnesses.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64 } from '@constat/evidence/base64'
import { formatCheckpoint, openCheckpoint } from '@constat/evidence/checkpoint'
import { cosignatureVerifier, cosignedAtMs, cosigner } from '@constat/evidence/cosignature'
import { noteSigner, noteVerifier, openNote, signNote } from '@constat/evidence/note'
import {
  MAX_POLICY_BYTES,
  MAX_POLICY_LINES,
  formatPolicy,
  openWitnessed,
  parsePolicy,
  quorumMet,
  witnessVerifiers,
  type Policy,
} from '@constat/evidence/policy'
import {
  COSIGNATURE_TYPE,
  ED25519_TYPE,
  formatVkey,
  parseVkey,
  vkeyOf,
  type KeyType,
} from '@constat/evidence/vkey'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'

const head = { origin: 'example.com/log', size: 42, root: Buffer.alloc(32, 9), extensions: [] }
const keyOf = (seed: number) => privateKeyOf(Buffer.alloc(32, seed))
const key = keyOf(1)
const publicKey = rawPublicKey(key)
const verifierOf = (vkey: string) => noteVerifier(parseVkey(vkey)!)

describe('cosignatures', () => {
  // A checkpoint of a public staging log with the cosignatures that witnesses gave it.
  const REAL = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
`
  const LOG = 'arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f'
  const REMORA = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2'
  const keys = {
    origin: 'arche2025h1.staging.ct.transparency.dev',
    log: verifierOf(LOG),
    witnesses: [cosignatureVerifier(parseVkey(REMORA)!)],
  }

  test('of the world outside: log and one known witness verify, two others are unknown', () => {
    const opening = openCheckpoint(REAL, keys)
    if (opening.kind === 'refused') return expect(opening).toBe('opened')
    expect(opening.verified.map(({ name }) => name)).toEqual([keys.origin, 'remora.n621.de'])
    expect(opening.unknown).toHaveLength(2)
    return expect(cosignedAtMs(opening.verified[1]!.signature)).toBe(Date.parse('2026-05-23T21:50:24Z'))
  })

  test.each([
    ['the size', REAL.replace('1432088532', '1432088533')],
    ['the root', REAL.replace('U7WM', 'U7WN')],
    ['the time', REAL.replace('2net5wAAAABqEiEg', '2net5wAAAABqEiEh')],
    ['the signature', REAL.replace('PlfF3V06', 'PlfF3V07')],
    ['an extension line', REAL.replace('4Ro=\n', '4Ro=\nmore\n')],
  ])('a change of %s is refused', (_, text) => {
    const witnessAlone = openNote(text, keys.witnesses)
    expect(witnessAlone).toEqual({ kind: 'refused', reason: 'bad-signature' })
  })

  const body = formatCheckpoint({ ...head, extensions: ['signed too'] })
  const witness = vkeyOf({ name: 'w', type: COSIGNATURE_TYPE, publicKey })
  test('one made here opens, and tells its second', () => {
    const opening = openNote(signNote(body, [cosigner({ name: 'w', key, atMs: 1_727_964_367_999 })]), [
      cosignatureVerifier(witness),
    ])
    if (opening.kind === 'refused') return expect(opening).toBe('opened')
    return expect(cosignedAtMs(opening.verified[0]!.signature)).toBe(1_727_964_367_000)
  })

  test('a plain signature is no cosignature, though the key is the same', () => {
    const plain = noteSigner('w', key).sign(body)
    const timed = Buffer.concat([Buffer.alloc(8), plain])
    for (const signature of [plain, timed, timed.subarray(0, 71), Buffer.alloc(0)]) {
      expect(cosignatureVerifier(witness).holds({ text: body, signature })).toBe(false)
    }
  })

  test('times of other implementations; none in 63 bits, none of another length', () => {
    const timeOf = (base64: string) => cosignedAtMs(decodeBase64(base64)!.subarray(4))
    const one =
      'ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA=='
    const other =
      'eQjRQm6eSKzFoiYalgwCPXu2y3ijtg68is9M46JKxuZB+dRfTmeQeDBoXnvxZx2ugnkyV+MUMLXpWs1hPb/W/4xkNQY='
    expect(timeOf(one)).toBe(1_727_964_367_000)
    expect(timeOf(other)).toBeUndefined()
    expect(cosignedAtMs(Buffer.concat([Buffer.alloc(8, 0x7f), Buffer.alloc(64)]))).toBeUndefined()
    for (const length of [0, 7, 8, 71, 73]) expect(cosignedAtMs(Buffer.alloc(length))).toBeUndefined()
  })

  test('a witness signs nothing but checkpoints', () => {
    expect(() => cosigner({ name: 'w', key, atMs: 0 }).sign('hello\n')).toThrow('invariant')
  })
})

describe('policy', () => {
  const vkeyText = (name: string, seed: number, type: KeyType) =>
    formatVkey(vkeyOf({ name, type, publicKey: rawPublicKey(keyOf(seed)) }))
  const LOG = vkeyText(head.origin, 1, ED25519_TYPE)
  const [W1, W2, W3] = [2, 3, 4].map((seed) => vkeyText(`wit${seed}`, seed, COSIGNATURE_TYPE))

  const CUSTOMER = `# Who has to have seen it.
log ${LOG} https://log.example.com/
witness customer ${W1} https://w1.example.com/
witness provider ${W2}
witness neutral ${W3}
group q 2 customer provider neutral
quorum q
`
  const parsed = (text: string): Policy => {
    const parsing = parsePolicy(text)
    if (parsing.kind === 'refused') throw new Error(`line ${parsing.line}: ${parsing.reason}`)
    return parsing.policy
  }

  test('the customer, the provider and a third: two of three', () => {
    const policy = parsed(CUSTOMER)
    expect(policy.logs).toEqual([{ vkey: parseVkey(LOG), url: 'https://log.example.com/' }])
    expect(policy.witnesses.map(({ name }) => name)).toEqual(['customer', 'provider', 'neutral'])
    expect(policy.groups).toEqual([{ name: 'q', threshold: 2, members: ['customer', 'provider', 'neutral'] }])
    expect(policy.quorum).toBe('q')
    expect(formatPolicy(policy)).toBe(CUSTOMER.split('\n').slice(1).join('\n'))
  })

  test.each<[string, string, Partial<Policy>]>([
    ['minimal', 'quorum none\n', { logs: [], witnesses: [], groups: [], quorum: 'none' }],
    ['no newline at the end', 'quorum none', { quorum: 'none' }],
    [
      'white space and comments',
      `\n# one\n\t # two\n\twitness \t w1  ${W1}   u  \n\n  quorum\tw1`,
      { quorum: 'w1' },
    ],
    [
      'keywords as names',
      `witness all ${W1}\nwitness any ${W2}\ngroup group 2 all any\nquorum group\n`,
      { quorum: 'group' },
    ],
    [
      'all',
      `witness a ${W1}\nwitness b ${W2}\ngroup g all a b\nquorum g\n`,
      { groups: [{ name: 'g', threshold: 2, members: ['a', 'b'] }] },
    ],
    [
      'any',
      `witness a ${W1}\nwitness b ${W2}\ngroup g any a b\nquorum g\n`,
      { groups: [{ name: 'g', threshold: 1, members: ['a', 'b'] }] },
    ],
    [
      'letters that look alike are apart',
      `witness K ${W1}\nwitness \u212a ${W2}\nquorum K\n`,
      { quorum: 'K' },
    ],
  ])('read: %s', (_, text, wanted) => {
    const policy = parsed(text)
    expect(policy).toMatchObject(wanted)
    expect(parsed(formatPolicy(policy))).toEqual(policy)
  })

  const impostor = vkeyText('impostor.example.com', 2, COSIGNATURE_TYPE)
  test.each([
    ['nothing', '', 2, 'exactly one quorum'],
    ['a control character', 'quorum none\n\u0001', 2, 'control characters'],
    ['a carriage return', 'quorum none\r\n', 1, 'control characters'],
    ['a delete character', 'quorum none\u007f\n', 1, 'control characters'],
    ['an unknown keyword', 'quibble w1\nquorum none\n', 1, 'unknown keyword'],
    ['a keyword in capitals', 'QUORUM none\n', 1, 'unknown keyword'],
    [
      'a comment behind a line',
      `witness w1 ${W1} https://w1.example.com/ # x\nquorum w1\n`,
      1,
      'a witness line is',
    ],
    ['a log without key', 'log\nquorum none\n', 1, 'a log line is'],
    ['a log with a broken key', 'log garbage\nquorum none\n', 1, 'type 0x01'],
    ['a log with a witness key', `log ${W1}\nquorum none\n`, 1, 'type 0x01'],
    ['the same log twice', `log ${LOG}\nlog ${LOG} https://x/\nquorum none\n`, 2, 'same public key'],
    ['a witness without key', 'witness w1\nquorum none\n', 1, 'a witness line is'],
    ['a witness with a log key', `witness w1 ${LOG}\nquorum w1\n`, 1, 'type 0x04'],
    ['a witness named none', `witness none ${W1}\nquorum none\n`, 1, 'reserved'],
    ['two witnesses of one name', `witness w ${W1}\nwitness w ${W2}\nquorum w\n`, 2, 'two lines define w'],
    [
      'one key under two names',
      `witness w1 ${W1}\nwitness w2 ${impostor}\nquorum w1\n`,
      2,
      'same public key',
    ],
    [
      'a group named like a witness',
      `witness w1 ${W1}\ngroup w1 any w1\nquorum w1\n`,
      2,
      'two lines define w1',
    ],
    ['a group without members', `witness w1 ${W1}\ngroup g 1\nquorum w1\n`, 2, 'a group line is'],
    ['a group named none', `witness w1 ${W1}\ngroup none any w1\nquorum none\n`, 2, 'reserved'],
    ['a threshold of 0', `witness w1 ${W1}\ngroup g 0 w1\nquorum g\n`, 2, 'all, any or 1 … 1'],
    ['a threshold of -1', `witness w1 ${W1}\ngroup g -1 w1\nquorum g\n`, 2, 'all, any or 1 … 1'],
    ['a threshold of 01', `witness w1 ${W1}\ngroup g 01 w1\nquorum g\n`, 2, 'all, any or 1 … 1'],
    ['a threshold past the members', `witness w1 ${W1}\ngroup g 2 w1\nquorum g\n`, 2, 'all, any or 1 … 1'],
    ['an unknown member', `witness w1 ${W1}\ngroup g any w2\nquorum g\n`, 2, 'named w2'],
    ['a member defined below', `group g any w1\nwitness w1 ${W1}\nquorum g\n`, 1, 'named w1'],
    ['a group in itself', `witness w1 ${W1}\ngroup g any w1 g\nquorum g\n`, 2, 'named g'],
    ['none as a member', `witness w1 ${W1}\ngroup g any none w1\nquorum g\n`, 2, 'named none'],
    ['a member twice', `witness w1 ${W1}\ngroup g all w1 w1\nquorum g\n`, 2, 'more than once'],
    [
      'a member of two groups',
      `witness w1 ${W1}\ngroup g any w1\ngroup h any w1\nquorum g\n`,
      3,
      'more than once',
    ],
    ['no quorum', `witness w1 ${W1}\n`, 3, 'exactly one quorum'],
    ['two quorums', `witness w1 ${W1}\nquorum w1\nquorum w1\n`, 3, 'exactly one quorum'],
    ['an unknown quorum', 'quorum unknown\n', 1, 'named unknown'],
    ['a quorum before its witness', `quorum w1\nwitness w1 ${W1}\n`, 1, 'named w1'],
    ['a quorum without name', 'quorum\n', 1, 'a quorum line is'],
    ['a quorum of two names', `witness a ${W1}\nquorum a none\n`, 2, 'a quorum line is'],
    ['a byte too many', `quorum none\n#${'x'.repeat(MAX_POLICY_BYTES - 12)}`, 1, 'too long'],
  ])('refused: %s', (_, text, line, reason) => {
    expect(parsePolicy(text)).toEqual({ kind: 'refused', line, reason: expect.stringContaining(reason) })
  })

  test('as many bytes and lines as the limits allow, and one past them', () => {
    expect(parsed(`quorum none\n#${'x'.repeat(MAX_POLICY_BYTES - 13)}`).quorum).toBe('none')
    const chain = (lines: number) => {
      const groups = Array.from(
        { length: lines - 1 },
        (_, i) => `group g${i} any ${i === 0 ? 'w' : `g${i - 1}`}\n`,
      )
      return `witness w ${W1}\n${groups.join('')}quorum g${lines - 2}\n`
    }
    expect(parsed(chain(MAX_POLICY_LINES)).groups).toHaveLength(MAX_POLICY_LINES - 1)
    const refused = { kind: 'refused', line: MAX_POLICY_LINES + 1, reason: 'the policy has too many lines' }
    expect(parsePolicy(chain(MAX_POLICY_LINES + 1))).toEqual(refused)
  })

  const sign = (...names: string[]) => {
    const seeds = new Map([
      ['customer', 2],
      ['provider', 3],
      ['neutral', 4],
    ])
    const cosigners = names.map((name) => {
      const seed = seeds.get(name)!
      return cosigner({ name: `wit${seed}`, key: keyOf(seed), atMs: 1_000 })
    })
    return signNote(formatCheckpoint(head), [noteSigner(head.origin, key), ...cosigners])
  }

  const stranger = cosigner({ name: 'stranger', key: keyOf(9), atMs: 1_000 })
  const two = sign('customer', 'neutral')
  const unsigned = signNote(
    formatCheckpoint(head),
    [2, 4].map((seed) => cosigner({ name: `wit${seed}`, key: keyOf(seed), atMs: 1_000 })),
  )
  test.each([
    ['two of three', two, 'opened'],
    ['all three', sign('customer', 'provider', 'neutral'), 'opened'],
    ['one', sign('customer'), 'quorum-not-met'],
    ['none', sign(), 'quorum-not-met'],
    ['one of them twice', sign('customer', 'customer'), 'quorum-not-met'],
    [
      'one and a stranger',
      sign('customer') + signNote(formatCheckpoint(head), [stranger]).split('\n\n')[1]!,
      'quorum-not-met',
    ],
    [
      'a third that is broken',
      two + sign('provider').split('\n').at(-2)!.replace('AAAB', 'AAAC') + '\n',
      'bad-signature',
    ],
    ['another log', two.replace(head.origin, 'example.com/other'), 'unknown-log'],
    ['no signature of the log', unsigned, 'log-signature-missing'],
    ['no checkpoint', signNote('hello\n', [noteSigner(head.origin, key)]), 'not-a-checkpoint'],
    ['no note', formatCheckpoint(head), 'malformed'],
  ])('witnessed by %s: %s', (_, note, wanted) => {
    const opening = openWitnessed(note, parsed(CUSTOMER))
    expect(opening.kind === 'opened' ? 'opened' : opening.reason).toBe(wanted)
    if (opening.kind === 'opened') expect(opening.checkpoint).toEqual(head)
  })

  test('a verified signature counts by name and key id together', () => {
    const policy = parsed(`witness w ${W1}\nquorum w\n`)
    const { name, keyId } = policy.witnesses[0]!.vkey
    const signature = Buffer.alloc(0)
    expect(quorumMet(policy, [{ name, keyId, signature }])).toBe(true)
    expect(quorumMet(policy, [{ name, keyId: keyId ^ 1, signature }])).toBe(false)
    expect(quorumMet(policy, [{ name: `${name}x`, keyId, signature }])).toBe(false)
  })

  test('groups of groups, against every set of witnesses', () => {
    const lines = Array.from(
      { length: 6 },
      (_, i) => `witness w${i} ${vkeyText(`wit${i}`, 10 + i, COSIGNATURE_TYPE)}`,
    )
    const groups = [
      'group x 2 w0 w1 w2',
      'group y any w3 w4',
      'group z all x y',
      'group top any z w5',
      'quorum top',
    ]
    const policy = parsed([...lines, ...groups].join('\n'))
    const verifiers = witnessVerifiers(policy)
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 5 })), (present) => {
        const has = (i: number) => present.includes(i)
        const wanted = ([0, 1, 2].filter(has).length >= 2 && (has(3) || has(4))) || has(5)
        const verified = present.map((i) => ({ ...verifiers[i]!, signature: Buffer.alloc(0) }))
        expect(quorumMet(policy, verified)).toBe(wanted)
      }),
    )
  })
})
