/**
 * The tamper matrix: whatever is done to a bundle of a real collector is found, under its own reason, and nothing
 * of it stops the verifier. By whoever holds the file; by whoever holds the key of the log as well, who makes
 * every hash and every signature fit again.
 */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { timestampPath } from '@constat/evidence/bundle'
import { readAnchors, type Certificate } from '@constat/evidence/certificate'
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { leafBytes, type Leaf } from '@constat/evidence/leaf'
import { nonceOf, timestampRequest } from '@constat/evidence/timestamp'
import { leafHash } from '@constat/evidence/tree'
import { ED25519_TYPE, formatVkey, parseVkey, vkeyOf } from '@constat/evidence/vkey'
import { decodeFrame, frameDigest, sealBatch, type Batch } from '@constat/shared/batch'
import { agentIdOf, privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { resultDigest, type ClosingBody } from '@constat/sla/state/closing'
import { contractDigest } from '@constat/sla/contract/digest'
import { rootsOf } from '@constat/verify/beacons'
import { runProgram } from '@constat/verify/cli'
import type { Pins } from '@constat/verify/trust'
import { verifyBundle, type Report } from '@constat/verify/verify'
import type { RevisionBody } from '@constat/sla/state/contract-state'
import {
  archived,
  leavesOf,
  openBundle,
  packed,
  rewritten,
  saying,
  textOf,
  withBytes,
  zipOf,
  type Opened,
} from '../../support/forge.ts'
import { TimestampAuthority, tokenIn } from '../../support/timestamp-authority.ts'

const PATH = fileURLToPath(new URL('../../vectors/bundle.zip', import.meta.url))
const ZIP = readFileSync(PATH)
const REPORT = fileURLToPath(new URL('../../vectors/bundle-report.json', import.meta.url))
/** As `seededRandom` of the story draws it. */
const KEY = privateKeyOf(createHash('sha256').update('story 0').digest())
const LOG_KEY = rawPublicKey(KEY).toString('hex')
const STRANGER = generateKeyPairSync('ed25519').privateKey
const PARIS = privateKeyOf(createHash('sha256').update('paris').digest())
const PINS = { logKey: LOG_KEY, terms: null }
const DAY_MS = 86_400_000

let bundle: Opened
let leaves: Leaf[]

beforeAll(() => {
  bundle = openBundle(ZIP)
  leaves = leavesOf(bundle)
})

const reasonsOf = ({ failures }: Report): string[] => [...new Set(failures.map(({ reason }) => reason))]
const flipped = (bytes: Buffer, bit: number): Buffer => {
  const made = Buffer.from(bytes)
  made[bit >> 3]! ^= 1 << (bit & 7)
  return made
}

test('the bundle itself is sound, and says what was agreed', async () => {
  const terms = createHash('sha256').update(fileOf('terms/revision-1.json')).digest('hex')
  const report = await verifyBundle(ZIP, { logKey: LOG_KEY, terms })
  expect(report.failures).toEqual([])
  expect(report).toMatchObject({ verdict: 'reproduced', closings: { reproduced: 3, differing: 0 } })
  // What every version of Node.js, on every host, finds in it.
  expect(JSON.parse(JSON.stringify(report))).toEqual(JSON.parse(readFileSync(REPORT, 'utf8')))
  // Made again from its own leaves it is the same, but for what is made of nothing else.
  expect(rewritten(bundle, { key: KEY, leaves }).equals(ZIP)).toBe(true)
})

const fileOf = (path: string): Buffer => bundle.files.find((file) => file.path === path)!.bytes

describe('tokens of an authority', () => {
  const dir = mkdtempSync(join(tmpdir(), 'constat-tsa-'))
  let authority: TimestampAuthority
  let authorities: Certificate[]
  let size: number
  beforeAll(() => {
    authority = new TimestampAuthority(dir)
    authorities = readAnchors(readFileSync(authority.root.certificate, 'utf8'))!
    size = bundle.manifest.size
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const token = (bytes: Buffer): Buffer => {
    const digest = createHash('sha256').update(bytes).digest()
    return tokenIn(authority.answer(timestampRequest({ digest, nonce: nonceOf(Buffer.alloc(8)) })))
  }
  const withToken = (bytes: Buffer, path = timestampPath(size)): Buffer =>
    packed({ ...bundle, files: [...bundle.files, { path, bytes }] }, { key: KEY })

  test('date a checkpoint where they hold, and by whose word', async () => {
    const dated = withToken(token(fileOf('log/checkpoint')))
    const pinned = await verifyBundle(dated, { ...PINS, authorities })
    expect(pinned).toMatchObject({
      verdict: 'reproduced',
      dated: [{ size, authority: 'CN=signer', isKnown: true }],
    })
    expect(pinned.assumptions.join()).toContain(`The first ${size} entries were there at `)
    const bare = await verifyBundle(dated, PINS)
    expect(bare).toMatchObject({ verdict: 'reproduced', dated: [{ size, isKnown: false }] })
    expect(bare.assumptions.join()).toContain('an authority that nobody vouches for')
  })

  test('are named by what is wrong with them', async () => {
    const good = token(fileOf('log/checkpoint'))
    const other = new TimestampAuthority(join(dir, 'other'))
    const strange = readAnchors(readFileSync(other.root.certificate, 'utf8'))!
    const CASES: [Buffer, Partial<Pins>, string][] = [
      [withToken(flipped(good, (good.length - 1) * 8)), {}, 'bad-signature'],
      [withToken(good.subarray(1)), {}, 'malformed'],
      [withToken(token(Buffer.from('another'))), {}, 'other-imprint'],
      [withToken(good, timestampPath(size + 1)), {}, 'unknown-file'],
      [withToken(good), { authorities: strange }, 'unknown-authority'],
      [ZIP, { authorities }, 'not-dated'],
    ]
    for (const [zip, pins, reason] of CASES) {
      const report = await verifyBundle(zip, { ...PINS, ...pins })
      expect([report.verdict, reasonsOf(report)], reason).toEqual(['broken', [reason]])
    }
  })
})

test('a head that somebody has kept is extended, or is named', async () => {
  const { origin, size } = bundle.manifest
  const signed = (head: { size: number; origin?: string; root?: Buffer }, key = KEY): string =>
    signCheckpoint({ origin, root: Buffer.alloc(32, 7), extensions: [], ...head }, key)
  const earlier = bundle.files.find(({ path }) => path.startsWith('checkpoints/'))!
  const CASES: [string, string[]][] = [
    [earlier.bytes.toString(), []],
    [fileOf('log/checkpoint').toString(), []],
    [signed({ size: size - 1 }), ['other-root']],
    [signed({ size }), ['other-root']],
    [signed({ size: size + 1 }), ['head-beyond']],
    [signed({ size, origin: 'constat/000000000000/daily' }), ['no-known-key']],
    [signed({ size }, STRANGER), ['no-known-key']],
    ['hello', ['malformed']],
  ]
  for (const [head, reasons] of CASES) {
    const report = await verifyBundle(ZIP, { ...PINS, head })
    expect([report.verdict, reasonsOf(report)]).toEqual([
      reasons.length > 0 ? 'broken' : 'reproduced',
      reasons,
    ])
  }
})

describe('a declaration that somebody signs with a key of their own', () => {
  const dir = mkdtempSync(join(tmpdir(), 'constat-sign-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: [string[], string[]] = [[], []]
    const code = await runProgram(args, {
      nowMs: () => 0,
      env: {},
      out: (text) => void out.push(`${text}\n`),
      err: (text) => void err.push(text),
      progress: () => undefined,
    })
    return { code, out: out.join(''), err: err.join('\n') }
  }

  test('is told as theirs, and nothing else is', async () => {
    const entry = String(indexOf('declaration', 0))
    const own = ['--log-key', LOG_KEY, '--key', join(dir, 'ana.key')]
    const signed = await run('sign', PATH, '--entry', entry, ...own, '--name', 'ana.example')
    const signer = /^Key (.+)$/.exec(signed.err)![1]!
    const again = await run('sign', PATH, '--entry', entry, ...own)
    expect([again.out, again.err]).toEqual([signed.out, signed.err])
    writeFileSync(join(dir, 'signed'), signed.out)
    const check = (zip: Buffer, text: string, signers: string[]) =>
      verifyBundle(zip, {
        ...PINS,
        signed: { notes: [{ file: 'signed', text }], signers: signers.map((one) => parseVkey(one)!) },
      })
    const told = await run(
      PATH,
      '--log-key',
      LOG_KEY,
      '--json',
      '--signature',
      join(dir, 'signed'),
      '--signer',
      signer,
    )
    expect({ code: told.code, ...JSON.parse(told.out) }).toMatchObject({
      code: 0,
      counterSigned: [{ entry: Number(entry), type: 'declaration', signer: 'ana.example' }],
    })
    const stranger = signer.replace('ana.example', 'bob.example')
    expect(parseVkey(stranger)).toBeUndefined()
    const other = formatVkey(
      vkeyOf({ name: 'ana.example', type: ED25519_TYPE, publicKey: rawPublicKey(PARIS) }),
    )
    const forged = signed.out.replace(`\n${entry}\n`, `\n${Number(entry) + 1}\n`)
    const changed = asKeyholder((all) =>
      changedAt(all, Number(entry), (leaf) => ({ ...leaf, receivedMs: leaf.receivedMs + 1 })),
    )
    const CASES: [Buffer, string, string, string][] = [
      [ZIP, forged, signer, 'bad-signature'],
      [ZIP, signed.out, other, 'no-known-key'],
      [ZIP, 'hello', signer, 'malformed'],
      [changed, signed.out, signer, 'other-entry'],
    ]
    for (const [zip, text, key, reason] of CASES) {
      const report = await check(zip, text, [key])
      expect([report.verdict, report.counterSigned], reason).toEqual(['broken', []])
      expect(reasonsOf(report)).toContain(reason)
    }
  })

  test('is refused for what nobody declares, for a bundle that does not hold, and without a name', async () => {
    const key = (name: string): string[] => ['--log-key', LOG_KEY, '--key', join(dir, name)]
    const frame = String(indexOf('frame', 0))
    await expect(run('sign', PATH, '--entry', frame, ...key('ana.key'))).rejects.toMatchObject({
      code: 'usage',
    })
    await expect(run('sign', PATH, '--entry', '1', ...key('none.key'))).rejects.toMatchObject({
      code: 'usage',
    })
    writeFileSync(join(dir, 'broken.zip'), flipped(ZIP, ZIP.length * 4))
    const broken = run('sign', join(dir, 'broken.zip'), '--entry', '1', ...key('ana.key'))
    await expect(broken).rejects.toMatchObject({ code: 'evidence' })
    await expect(run(PATH, '--signer', 'x')).resolves.toMatchObject({ code: 3 })
  })
})

describe('by whoever holds the file', () => {
  test('a bit of any file, under the old manifest or a new one', async () => {
    const paths = [...bundle.files.map(({ path }) => path), 'manifest.json', 'manifest.sig']
    for (const path of paths) {
      const changed = withBytes(ZIP, (file) =>
        file.path === path ? flipped(file.bytes, file.bytes.length * 4) : file.bytes,
      )
      const report = await verifyBundle(changed, PINS)
      expect(report.verdict, path).toBe('broken')
      const named = report.failures.some(({ file }) => file === path)
      expect(named, path).toBe(true)
      if (path.startsWith('manifest')) continue
      // Their own manifest, which they cannot sign.
      const forged = packed({ ...bundle, files: archived(changed).slice(0, -2) }, { key: STRANGER })
      expect(reasonsOf(await verifyBundle(forged, PINS)), path).toContain('bad-manifest-signature')
    }
  })

  test('any bit of the archive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: ZIP.length * 8 - 1 }), async (bit) => {
        expect((await verifyBundle(flipped(ZIP, bit), PINS)).verdict).toBe('broken')
      }),
      { numRuns: 400 },
    )
    const end = ZIP.length * 8
    for (let bit = end - 22 * 8; bit < end; bit += 1) {
      expect((await verifyBundle(flipped(ZIP, bit), PINS)).verdict).toBe('broken')
    }
  })

  test('a part of it', async () => {
    for (const length of [0, 1, 22, 1_000, ZIP.length - 1]) {
      expect(reasonsOf(await verifyBundle(ZIP.subarray(0, length), PINS)), String(length)).toEqual(['no-zip'])
    }
  })

  test('an entry that was changed is named', async () => {
    const place = indexOf('frame', 3)
    const changed = withBytes(ZIP, ({ path, bytes }) =>
      path.startsWith('log/tile/entries/')
        ? flipped(bytes, (bytes.indexOf(leaves[place]!.body) + 40) * 8)
        : bytes,
    )
    const report = await verifyBundle(changed, PINS)
    expect(report.failures).toContainEqual(expect.objectContaining({ reason: 'changed-entry', entry: place }))
  })

  test('files left out, put in, moved', async () => {
    const isEarlier = ({ path }: { path: string }): boolean => path.startsWith('checkpoints/')
    const without = { ...bundle, files: bundle.files.filter((file) => !isEarlier(file)) }
    expect(reasonsOf(await verifyBundle(repacked(without), PINS))).toContain('missing-file')
    const more = { ...bundle, files: [...bundle.files, { path: 'beside/0', bytes: Buffer.from('x') }] }
    expect(reasonsOf(await verifyBundle(packed(more, { key: KEY }), PINS))).toContain('unknown-file')
    const moved = { ...bundle, files: bundle.files.toReversed() }
    expect(reasonsOf(await verifyBundle(repacked(moved), PINS))).toContain('reordered-files')
    const bare = { ...bundle, files: bundle.files.filter(({ path }) => !path.startsWith('log/tile/0')) }
    expect(reasonsOf(await verifyBundle(packed(bare, { key: KEY }), PINS))).toEqual(['missing-file'])
  })
})

/** These files before the manifest as it was. */
function repacked({ files }: Opened): Buffer {
  return zipOf([...files, ...archived(ZIP).slice(-2)])
}

type Forging = {
  name: string
  reason: string
  verdict?: Report['verdict']
  /** Of which leaf it is told; of which agent. */
  entry?: () => number
  agent?: string
  forge: () => Buffer
}

const asKeyholder = (change: (leaves: Leaf[]) => Leaf[]): Buffer =>
  rewritten(bundle, { key: KEY, leaves: change([...leaves]) })

const FORGINGS: Forging[] = [
  {
    name: 'an entry dropped',
    reason: 'unannounced-gap',
    agent: 'paris',
    forge: () => asKeyholder((all) => all.toSpliced(indexOf('frame', 4), 1)),
  },
  {
    name: 'an entry repeated',
    reason: 'repeated-number',
    entry: () => indexOf('frame', 4) + 1,
    forge: () => asKeyholder((all) => all.toSpliced(indexOf('frame', 4), 0, all[indexOf('frame', 4)]!)),
  },
  {
    name: 'a frame of another agent once more',
    reason: 'repeated-number',
    agent: 'lyon',
    forge: () => asKeyholder((all) => [...all, all[indexOf('frame', 3)]!]),
  },
  {
    name: 'frames of a session put in another order',
    reason: 'unannounced-gap',
    forge: () => asKeyholder((all) => swapped(all, indexOf('frame', 0), indexOf('frame', 2))),
  },
  {
    name: 'an entry received before it could be',
    reason: 'ahead',
    entry: () => indexOf('frame', 5),
    forge: () =>
      asKeyholder((all) =>
        changedAt(all, indexOf('frame', 5), (leaf) => ({
          ...leaf,
          receivedMs: leaf.receivedMs - 2 * DAY_MS,
        })),
      ),
  },
  {
    name: 'an entry received at another instant',
    reason: 'other-ledger',
    forge: () =>
      asKeyholder((all) =>
        changedAt(all, indexOf('frame', 5), (leaf) => ({ ...leaf, receivedMs: leaf.receivedMs + 1 })),
      ),
  },
  {
    name: 'a frame signed by somebody else',
    reason: 'bad-signature',
    agent: 'paris',
    entry: () => indexOf('frame', 4),
    forge: () => asKeyholder((all) => changedAt(all, indexOf('frame', 4), resealed(STRANGER))),
  },
  {
    name: 'a frame signed again by its agent',
    reason: 'broken-chain',
    agent: 'paris',
    forge: () => asKeyholder((all) => changedAt(all, indexOf('frame', 0), resealed(PARIS, 'ok'))),
  },
  {
    name: 'a frame of another log',
    reason: 'other-log',
    forge: () => asKeyholder((all) => changedAt(all, indexOf('frame', 4), resealed(PARIS, 'origin'))),
  },
  {
    name: 'a frame under a configuration that was taken out',
    reason: 'unknown-configuration',
    forge: () => asKeyholder((all) => all.filter(({ type }) => type !== 'configuration')),
  },
  {
    name: 'an agent that nobody enrolled',
    reason: 'unknown-agent',
    forge: () => asKeyholder((all) => all.toSpliced(indexOf('enrolment', 0), 1)),
  },
  {
    name: 'the key of an agent put in place of another',
    reason: 'other-agent',
    forge: () =>
      asKeyholder((all) => changedAt(all, indexOf('enrolment', 0), rekeyed(rawPublicKey(STRANGER)))),
  },
  {
    name: 'a key of small order',
    reason: 'small-order-key',
    entry: () => indexOf('enrolment', 0),
    forge: () => asKeyholder((all) => changedAt(all, indexOf('enrolment', 0), rekeyed(SMALL_ORDER))),
  },
  {
    name: 'the end cut off',
    reason: 'other-result',
    verdict: 'differs',
    forge: () => asKeyholder((all) => all.slice(0, -1)),
  },
  {
    name: 'other terms under the old digest',
    reason: 'other-terms-digest',
    entry: () => indexOf('revision', 0),
    forge: () =>
      asKeyholder((all) => changedAt(all, indexOf('revision', 0), (leaf) => retermed(leaf, false))),
  },
  {
    name: 'other terms under their own digest',
    reason: 'other-ledger',
    forge: () => asKeyholder((all) => changedAt(all, indexOf('revision', 0), (leaf) => retermed(leaf, true))),
  },
  {
    name: 'a revision put in late',
    reason: 'other-revision',
    forge: () =>
      asKeyholder((all) =>
        all.toSpliced(6, 0, said(all[indexOf('revision', 0)]!, '"revision":1', '"revision":3')),
      ),
  },
  {
    name: 'another contract',
    reason: 'other-contract',
    forge: () => rewritten(bundle, { key: KEY, leaves, over: { contract: 'other' } }),
  },
  {
    name: 'an incident notice that says something else',
    reason: 'other-ledger',
    forge: () =>
      asKeyholder((all) =>
        changedAt(all, indexOf('notice', 0), (leaf) => said(leaf, '"cause":"timeout"', '"cause":"reset"')),
      ),
  },
  {
    name: 'a declaration taken out',
    reason: 'other-size',
    forge: () => asKeyholder((all) => all.toSpliced(indexOf('declaration', 0), 1)),
  },
  {
    name: 'a frame that was set aside, and is the only one of its number',
    reason: 'not-equivocal',
    forge: () => asKeyholder((all) => [...all, { ...all[indexOf('frame', 4)]!, type: 'set-aside' }]),
  },
  {
    name: 'a leaf that is no JSON',
    reason: 'unreadable-entry',
    entry: () => indexOf('notice', 0),
    forge: () =>
      asKeyholder((all) =>
        changedAt(all, indexOf('notice', 0), (leaf) => ({ ...leaf, body: Buffer.from('{') })),
      ),
  },
  {
    name: 'a figure of the result',
    reason: 'other-result',
    verdict: 'differs',
    forge: () =>
      rewritten(bundle, {
        key: KEY,
        leaves,
        result: fileOf('result.json').toString().replace('"50.00"', '"05.00"'),
      }),
  },
  {
    name: 'a figure of the closing, and of the result with it',
    reason: 'other-figures',
    verdict: 'differs',
    entry: () => leaves.length - 1,
    forge: () => {
      const last = leaves.at(-1)!
      const body = JSON.parse(textOf(last, bundle)) as ClosingBody
      const { credit } = body.results
      const results = { ...body.results, credit: credit && { ...credit, total: '5.00' } }
      const made = saying(last, { ...body, results, digest: resultDigest(results) })
      return rewritten(bundle, {
        key: KEY,
        leaves: [...leaves.slice(0, -1), made],
        result: made.body.toString(),
      })
    },
  },
  {
    name: 'a closing of a size that it cannot know',
    reason: 'other-size',
    forge: () =>
      asKeyholder((all) =>
        changedAt(all, indexOf('closing', 0), (leaf) => said(leaf, '"size":', '"size":9')),
      ),
  },
  {
    name: 'semantics that nobody has',
    reason: 'unknown-semantics',
    verdict: 'unjudged',
    forge: () => {
      const made = said(leaves.at(-1)!, `"semantics":${SEMANTICS_VERSION}`, '"semantics":99')
      const result = made.body.toString()
      return rewritten(bundle, {
        key: KEY,
        leaves: [...leaves.slice(0, -1), made],
        result,
        over: { semantics: 99 },
      })
    },
  },
  {
    name: 'the whole log signed by another key',
    reason: 'other-log-key',
    forge: () => rewritten(bundle, { key: STRANGER, leaves }),
  },
  {
    name: 'a log key of small order',
    reason: 'small-order',
    forge: () => packed(bundle, { key: KEY, over: { logKey: SMALL_ORDER.toString('hex') } }),
  },
  {
    name: 'a checkpoint of another origin',
    reason: 'no-known-key',
    forge: () => packed(bundle, { key: KEY, over: { origin: 'constat/000000000000/daily' } }),
  },
  {
    name: 'a copy of the terms that is not theirs',
    reason: 'other-copy',
    forge: () =>
      packed(
        {
          ...bundle,
          files: bundle.files.map((file) =>
            file.path === 'terms/revision-1.json'
              ? {
                  ...file,
                  bytes: Buffer.from(file.bytes.toString().replace('Europe/Paris', 'Europe/Lisbon')),
                }
              : file,
          ),
        },
        { key: KEY },
      ),
  },
]

describe('by whoever holds the key of the log too', () => {
  test.each(FORGINGS)('$name', async ({ reason, verdict = 'broken', entry, agent, forge }) => {
    const report = await verifyBundle(forge(), PINS)
    const told = report.failures.filter((one) => one.reason === reason)
    expect(told, JSON.stringify(report.failures)).not.toEqual([])
    expect(report.verdict).toBe(verdict)
    if (entry) expect(told.map((one) => one.entry)).toContain(entry())
    if (agent !== undefined) expect(told.map((one) => one.agent)).toContain(agent)
  })

  test('a frame that names a head of this log is bracketed by it, and one of a history that is gone is told', async () => {
    const size = lastOfParis()
    const hashes = leaves.slice(0, size).map((leaf) => leafHash(leafBytes(leaf)))
    const root = rootsOf(hashes, [size]).get(size)!
    expect((await verifyBundle(naming({ size, root }), PINS)).beacons).toMatchObject({
      named: 1,
      lost: 0,
      accused: 0,
    })
    const body = Buffer.from('{"kind":"restore","what":"leaves of it were acknowledged"}')
    const restored: Leaf = { type: 'collector-event', receivedMs: leaves[0]!.receivedMs, body }
    const lost = asKeyholder((all) =>
      changedAt(all, size, resealed(PARIS, { beacon: { size: 70_000, root } })).toSpliced(1, 0, restored),
    )
    const report = await verifyBundle(lost, PINS)
    expect(report.beacons).toMatchObject({ named: 0, lost: 1, accused: 0 })
  })

  test.each([
    ['other-head', { size: 3, root: Buffer.alloc(32, 7) }],
    ['ahead', { size: 70_000, root: Buffer.alloc(32, 7) }],
  ] as const)(
    'the word of one agent against the log is told, and breaks nothing (%s)',
    async (reason, beacon) => {
      const report = await verifyBundle(naming(beacon), PINS)
      expect(report.beacons).toMatchObject({
        accused: 1,
        accusations: [{ entry: lastOfParis(), agent: 'paris', reason }],
      })
      expect(report.assumptions.join(' ')).toContain('name heads that are none of this log')
      expect(report.failures.map(({ step }) => step)).not.toContain('beacons')
    },
  )

  test('other terms than those that were agreed', async () => {
    const report = await verifyBundle(ZIP, { ...PINS, terms: '0'.repeat(64) })
    expect(reasonsOf(report)).toEqual(['other-terms'])
    expect(report.verdict).toBe('broken')
  })

  test('entries of random bytes never stop it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 10_000 }),
        fc.uint8Array({ minLength: 0, maxLength: 64 }),
        async (place, bytes) => {
          const forged = asKeyholder((all) =>
            changedAt(all, place % all.length, (leaf) => ({ ...leaf, body: Buffer.from(bytes) })),
          )
          expect((await verifyBundle(forged, PINS)).verdict).not.toBe('reproduced')
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** The identity of the group: every signature of zeros fits. */
const SMALL_ORDER = Buffer.from(`01${'00'.repeat(31)}`, 'hex')

function indexOf(type: Leaf['type'], nth: number): number {
  return leaves.flatMap((leaf, i) => (leaf.type === type ? [i] : []))[nth]!
}

function changedAt(all: Leaf[], index: number, change: (leaf: Leaf) => Leaf): Leaf[] {
  return all.with(index, change(all[index]!))
}

function swapped(all: Leaf[], a: number, b: number): Leaf[] {
  return all.with(a, all[b]!).with(b, all[a]!)
}

function said(leaf: Leaf, from: string, to: string): Leaf {
  const text = textOf(leaf, bundle)
  if (!text.includes(from)) throw new Error(`the leaf says ${from}: ${text.slice(0, 300)}`)
  return { ...leaf, body: Buffer.from(text.replace(from, to)) }
}

function rekeyed(publicKey: Buffer) {
  return (leaf: Leaf): Leaf => {
    const text = JSON.parse(textOf(leaf, bundle)) as object
    return saying(leaf, { ...text, publicKey: publicKey.toString('hex') })
  }
}

/** Another threshold, under the digest that it had or under its own. */
function retermed(leaf: Leaf, isDigested: boolean): Leaf {
  const text = textOf(leaf, bundle).replaceAll('"99"', '"90"')
  const body = JSON.parse(text) as RevisionBody
  return saying(leaf, isDigested ? { ...body, digest: contractDigest(body.terms).toString('hex') } : body)
}

/** Of the last session: nothing is chained to it. */
function lastOfParis(): number {
  return leaves.findLastIndex(({ type, body }) => {
    const decoding = type === 'frame' ? decodeFrame(body) : null
    return decoding?.kind === 'decoded' && agentIdOf(rawPublicKey(PARIS)).equals(decoding.frame.batch.agent)
  })
}

function naming(beacon: Batch['beacon']): Buffer {
  return asKeyholder((all) => changedAt(all, lastOfParis(), resealed(PARIS, { beacon })))
}

/** The same batch signed anew: as it is, with its failures made good, or for another log. */
function resealed(key: KeyObject, change?: 'ok' | 'origin' | Pick<Batch, 'beacon'>) {
  return (leaf: Leaf): Leaf => {
    const decoding = decodeFrame(leaf.body)
    if (decoding.kind === 'refused') throw new Error(decoding.detail)
    const { batch } = decoding.frame
    const { samples } = batch
    const made =
      change === 'origin'
        ? { ...batch, origin: 'constat/0123456789ab/daily' }
        : change === 'ok'
          ? { ...batch, samples: { ...samples, latencyUs: samples.latencyUs.map((us) => us + 1) } }
          : { ...batch, ...change }
    const body = sealBatch(made, key)
    if (frameDigest(body).equals(frameDigest(leaf.body))) throw new Error('another frame')
    return { ...leaf, body }
  }
}
