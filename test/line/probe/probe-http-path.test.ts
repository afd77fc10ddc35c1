/**
 * JSON paths: the singular queries of RFC 9535, against its grammar written a second time and against
 * documents walked by hand.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '@constat/shared/canonical-json'
import { MAX_JSON_PATH_CHARS, parseJsonPath, valueAt } from '@constat/shared/json-path'

/** The ABNF of RFC 9535 (2.1.1, 2.3.1, 2.3.3, 2.3.5.1, 2.5.1.1) as one regular expression. */
const GRAMMAR = (() => {
  const first = String.raw`[A-Za-z_\u0080-\ud7ff\u{e000}-\u{10ffff}]`
  const nonSurrogate = '(?:[0-9ABCEFabcef][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2})'
  const pair = String.raw`[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][CDEFcdef][0-9A-Fa-f]{2}`
  const escape = String.raw`\\(?:[bfnrt/\\]|u(?:${nonSurrogate}|${pair}))`
  const plain = String.raw`[\u0020-\u0021\u0023-\u0026\u0028-\u005b\u005d-\ud7ff\u{e000}-\u{10ffff}]`
  const double = String.raw`"(?:${plain}|'|\\"|${escape})*"`
  const single = String.raw`'(?:${plain}|"|\\'|${escape})*'`
  const segment = String.raw`\.${first}(?:${first}|[0-9])*|\[(?:${double}|${single})\]|\[(?:0|-?[1-9][0-9]*)\]`
  return new RegExp(String.raw`^\$(?:[ \t\n\r]*(?:${segment}))*$`, 'u')
})()

const TOKENS = [
  '$',
  '.',
  'a',
  'b9',
  '_',
  '[',
  ']',
  '"',
  "'",
  '\\',
  '\\u',
  'd83d',
  '\\ude00',
  '0041',
  'n',
  ' ',
  '\t',
]
const MORE = [
  '0',
  '7',
  '-1',
  '-0',
  '01',
  '*',
  '..',
  ':',
  '?',
  'é',
  '😀',
  '\ud800',
  '\u0001',
  '\\"',
  "\\'",
  '\\/',
]

describe('text', () => {
  test.each<[string, readonly (string | number)[]]>([
    ['$', []],
    ['$.items[0].state', ['items', 0, 'state']],
    ["$['a b'][\"c'd\"]", ['a b', "c'd"]],
    ['$[-1]', [-1]],
    ['$ .a\t[0]\n["b"]', ['a', 0, 'b']],
    [String.raw`$['it\'s']["\""]['\\\/\b\f\n\r\t']`, ["it's", '"', '\\/\b\f\n\r\t']],
    [String.raw`$['\u0041\uD83D\ude00']`, ['A😀']],
    ['$.é😀_1', ['é😀_1']],
    ["$['']", ['']],
    ['$[9007199254740991]', [9007199254740991]],
  ])('%s', (text, path) => expect(parseJsonPath(text)).toEqual(path))

  test.each([
    ['', 'should begin with $'],
    ['a.b', 'should begin with $'],
    ['$.', 'character 2'],
    ['$..a', 'leads to one value'],
    ['$.*', 'leads to one value'],
    ['$[*]', 'leads to one value'],
    ['$[0:2]', 'leads to one value'],
    ["$['a','b']", 'leads to one value'],
    ['$[?@.a]', 'leads to one value'],
    ['$[ 0]', 'leads to one value'],
    ['$[-0]', 'leads to one value'],
    ['$[01]', 'leads to one value'],
    ['$.1a', 'leads to one value'],
    ['$.a ', 'character 5'],
    ['$.a.b]', 'character 6'],
    ['$[9007199254740992]', '2^53'],
    [String.raw`$['\"']`, 'not well quoted'],
    [String.raw`$['\x41']`, 'not well quoted'],
    [String.raw`$['\uD83D']`, 'not well quoted'],
    [String.raw`$['\uDE00']`, 'not well quoted'],
    ["$['\ud83d']", 'not well quoted'],
    ["$['\n']", 'not well quoted'],
  ])('%j is refused', (text, said) => expect(parseJsonPath(text)).toContain(said))

  test('limits: characters and segments', () => {
    const longest = `$.${'a'.repeat(MAX_JSON_PATH_CHARS - 2)}`
    expect(typeof parseJsonPath(longest)).toBe('object')
    expect(parseJsonPath(`${longest}a`)).toContain('longer than')
    expect(typeof parseJsonPath(`$${'[0]'.repeat(64)}`)).toBe('object')
    expect(parseJsonPath(`$${'[0]'.repeat(65)}`)).toContain('segments')
  })

  test('takes exactly what the grammar takes', () => {
    const noise = fc
      .array(fc.constantFrom(...TOKENS, ...MORE), { maxLength: 8 })
      .map((parts) => `$${parts.join('')}`)
    // A sound path with one mistake in it is nearer to the border than noise.
    const broken = fc
      .tuple(pathArbitrary, fc.nat(), fc.constantFrom('', ...TOKENS, ...MORE), fc.nat({ max: 1 }))
      .chain(([path, at, token, cut]) =>
        rendered(path).map((text) => {
          const from = 1 + (at % text.length)
          return text.slice(0, from) + token + text.slice(from + cut)
        }),
      )
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(noise, broken), (text) => {
        const isPath = typeof parseJsonPath(text) === 'object'
        if (isPath) taken += 1
        expect(isPath).toBe(GRAMMAR.test(text))
      }),
      { numRuns: 5_000 },
    )
    expect(taken).toBeGreaterThan(500)
  })
})

const pathArbitrary = fc.array(
  fc.oneof(
    fc.constantFrom('a', 'b9', '_', 'é', 'a b', "it's", '"', '\\', '😀', '', '0', 'length'),
    fc.integer({ min: -3, max: 3 }),
  ),
  { maxLength: 4 },
)

/** The path in one of the many ways in which it can be written. */
function rendered(path: readonly (string | number)[]): fc.Arbitrary<string> {
  const segments = path.map((step) => {
    if (typeof step === 'number') return fc.constant(`[${step}]`)
    const double = JSON.stringify(step)
    const single = `'${double
      .slice(1, -1)
      .replaceAll(String.raw`\"`, '"')
      .replaceAll("'", String.raw`\'`)}'`
    const forms = [`[${double}]`, `[${single}]`]
    if (/^[A-Za-z_é][A-Za-z0-9_é]*$/.test(step)) forms.push(`.${step}`)
    return fc.constantFrom(...forms)
  })
  return fc
    .tuple(fc.tuple(...segments), fc.constantFrom('', ' ', '\n\t'))
    .map(([parts, blank]) => `$${parts.map((part) => blank + part).join('')}`)
}

describe('value', () => {
  const document: Json = JSON.parse(
    '{"items":[{"state":"up"},{"state":null}],"a b":{"":0},"__proto__":{"x":1}}',
  ) as Json
  test.each<[string, Json | undefined]>([
    ['$', document],
    ['$.items[0].state', 'up'],
    ['$.items[-1].state', null],
    ['$.items[2]', undefined],
    ['$.items[-3]', undefined],
    ["$['a b']['']", 0],
    ['$.items.length', undefined],
    ["$.items['0']", undefined],
    ['$[0]', undefined],
    ['$.items[0].state.length', undefined],
    ['$.items[0].state[0]', undefined],
    ['$.toString', undefined],
    ['$.__proto__.x', 1],
    ['$.items.__proto__', undefined],
  ])('%s', (text, value) => expect(valueOf(text, document)).toEqual(value))

  test('is the one that a walk by hand finds', () => {
    const walk = ([step, ...rest]: readonly (string | number)[], value: Json): Json | undefined => {
      if (step === undefined) return value
      // JSON again: a member of JSON is JSON.
      const members = JSON.parse(JSON.stringify(value)) as Json
      if (typeof step === 'number') {
        if (!Array.isArray(members)) return undefined
        const found: unknown = members.at(step)
        return found === undefined ? undefined : walk(rest, found as Json)
      }
      if (typeof members !== 'object' || members === null || Array.isArray(members)) return undefined
      const entry = Object.entries(members).find(([name]) => name === step)
      return entry ? walk(rest, entry[1]) : undefined
    }
    const { json } = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Json>(1, 'up', null, false),
        fc.array(tie('json'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b9', '_', 'é', "it's", '', 'length'), tie('json'), {
          minKeys: 2,
          maxKeys: 5,
        }),
      ),
    }))
    /** The place that a list of choices leads to: one that is there. */
    const within = (value: Json, [choice, ...rest]: readonly number[]): (string | number)[] => {
      if (choice === undefined || typeof value !== 'object' || value === null) return []
      const entries = Object.entries(value)
      const [name, member] = entries[choice % entries.length]!
      return [Array.isArray(value) ? Number(name) : name, ...within(member, rest)]
    }
    const asked = fc.tuple(json, fc.array(fc.nat(), { maxLength: 4 }), pathArbitrary)
    const written = asked.chain(([value, choices, strange]) =>
      fc
        .constantFrom(within(value, choices), strange)
        .chain((path) => rendered(path).map((text) => ({ value, path, text }))),
    )
    let found = 0
    fc.assert(
      fc.property(written, ({ value, path, text }) => {
        const expected = walk(path, value)
        if (expected !== undefined && path.length > 0) found += 1
        expect(valueOf(text, value)).toEqual(expected)
      }),
      { numRuns: 3_000 },
    )
    expect(found).toBeGreaterThan(500)
  })
})

function valueOf(text: string, root: Json): Json | undefined {
  const path = parseJsonPath(text)
  if (typeof path === 'string') throw new Error(`${text}: ${path}`)
  return valueAt(path, root)
}
