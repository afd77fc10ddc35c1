/**
 * Notes, keys as text, and checkpoints: published vectors first, then everything that must be refused.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64, encodeBase64 } from '@constat/evidence/base64'
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '@constat/evidence/checkpoint'
import { cosignatureVerifier, cosigner } from '@constat/evidence/cosignature'
import {
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  formatNote,
  noteSigner,
  noteVerifier,
  openNote,
  parseNote,
  parseSignatureLines,
  signNote,
} from '@constat/evidence/note'
import {
  COSIGNATURE_TYPE,
  ED25519_TYPE,
  formatSkey,
  formatVkey,
  keyIdOf,
  parseSkey,
  parseVkey,
  skeyOf,
  splitVkey,
  vkeyOf,
} from '@constat/evidence/vkey'
import { MAX_TREE_SIZE } from '@constat/evidence/tree'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'

type VkeyCase = { vkey: string; name: string; key_id: string; type: number; public_key: string }
type Vectors = {
  signed_notes: {
    id: string
    note_text: string
    vkeys: string[]
    want: 'verified' | 'rejected'
    want_verified_names?: string[]
    want_unverified_names?: string[]
  }[]
  vkeys: {
    valid: VkeyCase[]
    invalid: { vkey: string; why: string }[]
    tricky: { vkey: string; parse: Omit<VkeyCase, 'vkey'>; why: string }[]
  }
  signing: { cases: { skey: string; text: string; want_note: string }[] }
  checkpoint_parse: {
    cases: {
      body: string
      want: 'error' | { origin: string; size: string; hash?: string; extension_lines?: string[] }
      hash_is_not_32_bytes?: boolean
      why?: string
    }[]
  }
}
// The file states its own shape; a wrong one fails the tests below.
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/tlog.json', import.meta.url), 'utf8'),
) as Vectors
const verifierOf = (vkey: string) => noteVerifier(parseVkey(vkey)!)

const FOO = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const FOO_SIGNATURE =
  'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM='
const FOO_NOTE = `This is an example message.\n\n— example.com/foo ${FOO_SIGNATURE}\n`

const key = privateKeyOf(Buffer.alloc(32, 1))
const publicKey = rawPublicKey(key)
const log = vkeyOf({ name: 'example.com/log', type: ED25519_TYPE, publicKey })
const head = { origin: 'example.com/log', size: 42, root: Buffer.alloc(32, 9), extensions: [] }

describe('signed notes', () => {
  test.each(vectors.signed_notes)('$id: $want', (own) => {
    const opening = openNote(own.note_text, own.vkeys.map(verifierOf))
    expect(opening.kind).toBe(own.want === 'verified' ? 'opened' : 'refused')
    if (opening.kind === 'refused') return
    const { note, verified, unknown } = opening
    const names = own.want_verified_names ?? own.vkeys.map((vkey) => parseVkey(vkey)!.name)
    expect(verified.map(({ name }) => name)).toEqual(names)
    if (own.want_unverified_names) expect(unknown.map(({ name }) => name)).toEqual(own.want_unverified_names)
    expect(formatNote(note)).toBe(own.note_text)
  })

  test.each(vectors.signing.cases)('signing: $want_note', ({ skey, text, want_note: wanted }) => {
    const own = parseSkey(skey)!
    expect(formatSkey(own)).toBe(skey)
    expect(formatSkey(skeyOf(own))).toBe(skey)
    expect(signNote(text, [noteSigner(own.name, own.key)])).toBe(wanted)
  })

  test('the separator is the last blank line', () => {
    const text = 'one\n\n— not a signature\n\ntwo\n'
    const opening = openNote(signNote(text, [noteSigner(log.name, key)]), [noteVerifier(log)])
    expect(opening).toMatchObject({ kind: 'opened', note: { text } })
  })

  test.each([
    ['nothing', ''],
    ['no blank line', FOO_NOTE.replace('\n\n', '\n')],
    ['no signature', FOO_NOTE.slice(0, FOO_NOTE.indexOf('—'))],
    ['no newline at the end', FOO_NOTE.slice(0, -1)],
    ['a blank line at the end', `${FOO_NOTE}\n`],
    ['a line that is no signature', `${FOO_NOTE}x\n`],
    ['a hyphen for the dash', FOO_NOTE.replace('—', '-')],
    ['two spaces', FOO_NOTE.replace('foo ', 'foo  ')],
    ['a space at the end of the line', FOO_NOTE.replace('=\n', '= \n')],
    ['no name', FOO_NOTE.replace('example.com/foo ', ' ')],
    ['a plus in the name', FOO_NOTE.replace('.com', '+com')],
    ['a space of Unicode in the name', FOO_NOTE.replace('.com', '\u00a0com')],
    ['a control character', FOO_NOTE.replace('example m', 'example\tm')],
    ['a carriage return', FOO_NOTE.replace('.\n', '.\r\n')],
    ['a lone surrogate', FOO_NOTE.replace('This', '\ud83d')],
    ['base64 without padding', FOO_NOTE.replace('=\n', '\n')],
    ['base64 of the URL alphabet', FOO_NOTE.replace('Uw2QO', 'Uw2-O')],
    ['base64 with bits left over', FOO_NOTE.replace('aQM=\n', 'aQN=\n')],
    ['base64 with rubbish that Node skips', FOO_NOTE.replace('Uw2QO', 'Uw2Q!O')],
    ['a key id and no signature', FOO_NOTE.replace(FOO_SIGNATURE, 'Uw2QOg==')],
    ['a signature line too many', FOO_NOTE + FOO_NOTE.slice(29).repeat(MAX_NOTE_SIGNATURES)],
    ['a byte too many', `${'x'.repeat(MAX_NOTE_BYTES)}${FOO_NOTE}`],
  ])('malformed: %s', (_, text) => {
    expect(openNote(text, [verifierOf(FOO)])).toEqual({ kind: 'refused', reason: 'malformed' })
  })

  test('as many signatures and bytes as the limits allow', () => {
    const line = FOO_NOTE.slice(29)
    expect(parseSignatureLines(line.repeat(MAX_NOTE_SIGNATURES))).toHaveLength(MAX_NOTE_SIGNATURES)
    const filler = 'x'.repeat(MAX_NOTE_BYTES - Buffer.byteLength(FOO_NOTE))
    expect(parseNote(`${filler}${FOO_NOTE}`)).toBeDefined()
    expect(parseNote(`${filler}x${FOO_NOTE}`)).toBeUndefined()
  })

  test('bytes are read as UTF-8 and nothing else', () => {
    const bytes = Buffer.from(FOO_NOTE)
    expect(openNote(bytes, [verifierOf(FOO)]).kind).toBe('opened')
    const broken = Buffer.concat([Buffer.of(0xff), bytes])
    expect(openNote(broken, [verifierOf(FOO)])).toEqual({ kind: 'refused', reason: 'malformed' })
  })

  test('a known name under another id, or a known id under another name, is unknown', () => {
    const other = vkeyOf({ name: 'example.com/foo', type: ED25519_TYPE, publicKey })
    const sameId = { ...verifierOf(FOO), name: 'example.com/bar' }
    const opening = openNote(FOO_NOTE, [noteVerifier(other), sameId])
    expect(opening).toEqual({ kind: 'refused', reason: 'no-known-key' })
  })

  test('a bad signature of a known key spoils the note, wherever it stands', () => {
    const line = FOO_NOTE.slice(29)
    const bad = line.replace('kn8s', 'kn8t')
    for (const lines of [bad, line + bad, bad + line]) {
      const opening = openNote(FOO_NOTE.slice(0, 29) + lines, [verifierOf(FOO)])
      expect(opening).toEqual({ kind: 'refused', reason: 'bad-signature' })
    }
  })

  test('two known keys under one name and id are refused before they confuse', () => {
    const opening = openNote(FOO_NOTE, [verifierOf(FOO), verifierOf(FOO)])
    expect(opening).toEqual({ kind: 'refused', reason: 'ambiguous-key' })
  })

  test('any changed bit of a note is refused', () => {
    const whole = Buffer.from(signNote(formatCheckpoint(head), [noteSigner(log.name, key)]))
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const changed = Buffer.from(whole)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(openNote(changed, [noteVerifier(log)]).kind).toBe('refused')
    }
  })
})

describe('keys as text', () => {
  test.each(vectors.vkeys.valid)('$vkey', ({ vkey, name, key_id: keyId, type, public_key: raw }) => {
    const parsed = parseVkey(vkey)!
    expect(parsed).toEqual({
      name,
      keyId: Number.parseInt(keyId, 16),
      type,
      publicKey: Buffer.from(raw, 'hex'),
    })
    expect(formatVkey(parsed)).toBe(vkey)
    expect(vkeyOf(parsed)).toEqual(parsed)
  })

  test.each(vectors.vkeys.tricky)('$why', ({ vkey, parse }) => {
    const wanted = { name: parse.name, keyId: Number.parseInt(parse.key_id, 16), type: parse.type }
    expect(splitVkey(vkey)).toEqual({ ...wanted, publicKey: Buffer.from(parse.public_key, 'hex') })
    expect(formatVkey(splitVkey(vkey)!)).toBe(vkey)
    expect(parseVkey(vkey)).toBeUndefined()
  })

  const neutral = Buffer.concat([Buffer.of(1), Buffer.alloc(31)])
  const weak = { name: 'weak', type: ED25519_TYPE, publicKey: neutral }
  test.each([
    ...vectors.vkeys.invalid,
    { vkey: '', why: 'nothing' },
    { vkey: FOO.toUpperCase(), why: 'an id in capitals' },
    { vkey: FOO.replace('530d903a', '530d903'), why: 'an id of seven digits' },
    { vkey: FOO.replace('+530d903a+', '+0x530d903a+'), why: 'an id with a prefix' },
    { vkey: `${FOO} `, why: 'a space behind' },
    { vkey: `${FOO}\n`, why: 'a newline behind' },
    { vkey: `${FOO}=`, why: 'padding that is not due' },
    { vkey: FOO.replaceAll('/', '_'), why: 'the URL alphabet' },
    { vkey: FOO.replace('.', '\u2003'), why: 'a space of Unicode in the name' },
    { vkey: 'rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!', why: 'no base64' },
    { vkey: 'rekor.sigstore.dev+12345678+AwEB', why: 'a short key of an unknown type' },
    { vkey: 'rekor.sigstore.dev+12345678+', why: 'no key' },
    { vkey: formatVkey({ ...weak, keyId: keyIdOf(weak) }), why: 'a key of small order, id correct' },
  ])('no vkey: $why', ({ vkey }) => expect(parseVkey(vkey)).toBeUndefined())

  const ecdsa = { name: 'a', type: 2, publicKey }
  const unknownType = `PRIVATE+KEY+${formatVkey({ ...ecdsa, keyId: keyIdOf(ecdsa), publicKey: Buffer.alloc(32, 1) })}`
  const skey = formatSkey(skeyOf({ name: 'a', type: COSIGNATURE_TYPE, seed: Buffer.alloc(32, 3) }))
  test.each([
    ['no prefix', skey.slice(8)],
    ['a prefix in small letters', skey.toLowerCase()],
    ['another name', skey.replace('+a+', '+b+')],
    ['another seed', skey.replace('BAMD', 'BAQD')],
    ['another type', skey.replace('BAMD', 'AQMD')],
    ['a type we do not sign with, id correct', unknownType],
    ['a vkey', FOO],
  ])('no skey: %s', (_, text) => {
    expect(parseSkey(skey)?.type).toBe(COSIGNATURE_TYPE)
    expect(parseSkey(text)).toBeUndefined()
  })

  test('base64 is what encoding writes, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.string({ maxLength: 12 }), (bytes, noise) => {
        const text = encodeBase64(bytes)
        expect(decodeBase64(text)?.equals(bytes)).toBe(true)
        const read = decodeBase64(text + noise)
        if (read) expect(encodeBase64(read)).toBe(text + noise)
      }),
    )
  })
})

describe('checkpoints', () => {
  test.each(vectors.checkpoint_parse.cases)('$body', ({ body, want, hash_is_not_32_bytes: short }) => {
    const parsed = parseCheckpoint(body)
    // The file says that a strict reader refuses roots of another length; this one does.
    if (want === 'error' || short === true) return expect(parsed).toBeUndefined()
    const { origin, size, hash, extension_lines: extensions = [] } = want
    const root = Buffer.from(hash!, 'hex')
    expect(parsed).toEqual({ origin, size: Number(size), root, extensions })
    return expect(formatCheckpoint(parsed!)).toBe(body)
  })

  const body = formatCheckpoint(head)
  test.each([
    ['nothing', ''],
    ['a plus before the size', body.replace('\n42', '\n+42')],
    ['a space before the size', body.replace('\n42', '\n 42')],
    ['two zeros for an empty tree', body.replace('\n42', '\n00')],
    ['digits of another script', body.replace('42', '٤٢')],
    ['a size past the limit', body.replace('42', String(MAX_TREE_SIZE + 1))],
    ['a size that rounds', body.replace('42', '9007199254740993')],
    ['an empty extension line', `${body}\n`],
    ['an empty line among extensions', `${body}one\n\ntwo\n`],
    ['a root of 31 bytes', body.replace(/[^\n]+\n$/, `${encodeBase64(Buffer.alloc(31))}\n`)],
    ['a root without padding', body.replace('=\n', '\n')],
    ['a root with bits left over', body.replace('k=\n', 'l=\n')],
  ])('refused: %s', (_, text) => {
    expect(parseCheckpoint(body)).toEqual(head)
    expect(text).not.toBe(body)
    expect(parseCheckpoint(text)).toBeUndefined()
  })

  test('extension lines, the largest size', () => {
    const own = { ...head, size: MAX_TREE_SIZE, extensions: ['one', ' two'] }
    expect(parseCheckpoint(formatCheckpoint(own))).toEqual(own)
  })

  const signed = signCheckpoint(head, key)
  test('signed under the origin, opened for the origin and the key', () => {
    const opening = openCheckpoint(signed, { origin: head.origin, log: noteVerifier(log) })
    expect(opening).toMatchObject({ kind: 'opened', checkpoint: head, verified: [{ name: head.origin }] })
  })

  const stranger = skeyOf({ name: head.origin, type: ED25519_TYPE, seed: Buffer.alloc(32, 2) })
  const witness = vkeyOf({ name: 'w', type: COSIGNATURE_TYPE, publicKey })
  const cosign = cosigner({ name: 'w', key, atMs: 1_000 })
  const witnesses = [cosignatureVerifier(witness)]
  test.each([
    ['another log', signCheckpoint({ ...head, origin: 'example.com/other' }, key), 'no-known-key'],
    ['another origin', signNote(`x\n${body.slice(16)}`, [noteSigner(log.name, key)]), 'other-origin'],
    ['no checkpoint', signNote('hello\n', [noteSigner(log.name, key)]), 'not-a-checkpoint'],
    ['another key', signCheckpoint(head, stranger.key), 'no-known-key'],
    ['a witness alone', signNote(body, [cosign]), 'log-signature-missing'],
    [
      'a bad witness',
      signed +
        signNote(body, [cosign])
          .slice(body.length + 1)
          .replace('AAAB', 'AAAC'),
      'bad-signature',
    ],
  ])('not opened: %s', (_, note, reason) => {
    const opening = openCheckpoint(note, { origin: head.origin, log: noteVerifier(log), witnesses })
    expect(opening).toEqual({ kind: 'refused', reason })
  })
})
