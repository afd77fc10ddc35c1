/**
 * Mutate: contract documents that nobody meant, from a seed. The same seed gives the same document.
 * Mistakes of bytes, tokens, keys, types, depth, numbers, anchors and letters, a few at a time.
 */
import { EXAMPLE, SMALL } from './contract-text.ts'

type Mutant = { text: string; how: string }

/** 0 ≤ x < limit, from a state of 32 bits (mulberry32). */
type Draw = (limit: number) => number

function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }
}

const DOCUMENTS = EXAMPLE.split('\n---\n')
const LINES = EXAMPLE.split('\n')
const HOURS = `apiVersion: constat/v1
kind: Contract
metadata: {name: orders}
spec:
  provider: &p Northstar
  customer: *p
  target: "99.5"
  timeZone: Europe/Paris
  watch: ["https://orders.example/health", "dns://192.0.2.1/example.org?type=MX", "icmp://gw"]
  every: PT30S
  timeout: PT5S
  confirm: {down: 3, by: slots}
  monthlyFee: {amount: "1000.00", currency: EUR}
  hours: {weekly: [{days: [MO, TU], start: "22:00", end: "06:00"}], holidays: ["2026-05-01"]}
  exclusions: {kinds: [{id: w, recurrence: {dtstart: "2026-01-04T02:00:00", timeZone: UTC, rrule: "FREQ=MONTHLY;BYDAY=1SU", duration: PT3H}}]}
  guarantees:
    - {id: g, service: gw, metric: incident-count, window: {period: P1M, anchor: "2026-01-31"}, target: {count: 2}}
  credits: {schedules: {g: {kind: points, points: 3, amountPerPoint: "10"}}}
`

type Mutation = { name: string; change: (text: string, draw: Draw) => string }

const pick = <T>(list: readonly T[], draw: Draw): T => list[draw(list.length)]!

/** Puts `piece` over up to `length` characters somewhere. */
function over(text: string, piece: string, draw: Draw, length = 12): string {
  const at = draw(text.length + 1)
  return text.slice(0, at) + piece + text.slice(at + draw(length))
}

/** Replaces one match of a pattern, wherever it stands. */
function oneOf(text: string, pattern: RegExp, draw: Draw, to: (found: string) => string): string {
  const found = [...text.matchAll(pattern)]
  if (found.length === 0) return over(text, to(''), draw)
  const { 0: match, index } = pick(found, draw)
  return text.slice(0, index) + to(match) + text.slice(index + match.length)
}

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ': ',
  '- ',
  '"',
  "'",
  '\n',
  '  ',
  '---\n',
  '...\n',
  '%',
  '|',
  '>',
  '#',
  '\t',
  '~',
  '?',
  ', ',
  '@',
  '`',
  '|2-\n',
  '%YAML 1.1\n---\n',
  '%TAG ! x\n',
  '!!',
  '!!binary ',
  '!!set ',
  '<<: ',
]
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'spec',
  'kind',
  'metadata',
  'guarantees',
  'Target',
  'null',
  '',
  '"\\0"',
  '1',
  'true',
  '? [a]\n',
  'hasOwnProperty',
]
const VALUES = [
  'null',
  '~',
  'true',
  'no',
  '0',
  '-1',
  '[]',
  '{}',
  '""',
  "''",
  '[[]]',
  '{a: 1}',
  'x',
  '[null]',
  '2026-01-01',
  '!!str 1',
  '.inf',
  '.nan',
  '0x1F',
  '0o7',
  '"PT"',
  'P1M',
  '"24:00"',
  '"9999-12-31"',
  'Europe/Nowhere',
  '"FREQ=YEARLY;BYMONTH=13"',
]
const NUMBERS = [
  '1e999',
  '-1e-999',
  '99999999999999999999',
  '0.1e1',
  '1_000',
  '00',
  '-0',
  '+1',
  '9007199254740993',
  '1e308',
  '"1e3"',
  `"${'9'.repeat(400)}"`,
  '"0.000000000000000000001"',
  'PT99999999999999H',
  'PT0.0001S',
  'P36600D',
]
const LETTERS = [
  '\u0000',
  '\uFFFF',
  '\uFEFF',
  '\u2028',
  '\u202E',
  '\uD800',
  '\uDC00',
  '😀',
  'é',
  'e\u0301',
  '\u00A0',
  '\u0085',
  '\r',
  '\r\n',
  '\v',
  'Ａ',
  '\u200B',
  '٣',
  'ß',
  'İ',
]

const MUTATIONS: readonly Mutation[] = [
  { name: 'bytes', change: (text, draw) => over(text, String.fromCharCode(draw(256)), draw, 3) },
  { name: 'cut', change: (text, draw) => text.slice(draw(text.length), text.length - draw(40)) },
  { name: 'tokens', change: (text, draw) => over(text, pick(TOKENS, draw), draw) },
  { name: 'keys', change: (text, draw) => oneOf(text, /[A-Za-z]+(?=: )/g, draw, () => pick(KEYS, draw)) },
  {
    name: 'twice',
    change: (text, draw) => oneOf(text, /[A-Za-z]+: [^,{}[\]\n]+/g, draw, (f) => `${f}, ${f}`),
  },
  {
    name: 'types',
    change: (text, draw) => oneOf(text, /(?<=: )[^,{}[\]\n]+/g, draw, () => pick(VALUES, draw)),
  },
  {
    name: 'numbers',
    change: (text, draw) => oneOf(text, /"?\d+(\.\d+)?"?/g, draw, () => pick(NUMBERS, draw)),
  },
  {
    name: 'lists',
    change: (text, draw) =>
      oneOf(text, /\[[^[\]]*\]/g, draw, (f) => pick([`[${f}]`, '[]', `{a: ${f}}`, f.repeat(2)], draw)),
  },
  { name: 'depth', change: (text, draw) => over(text, nested(1 + draw(120), draw), draw) },
  {
    name: 'anchors',
    change: (text, draw) =>
      oneOf(text, /(?<=: )[^,{}[\]\n]+/g, draw, (f) =>
        pick([`&a ${f}`, '*a', `&a [*a]`, `&${'x'.repeat(draw(300))} ${f}`, '*', '&'], draw),
      ),
  },
  { name: 'letters', change: (text, draw) => over(text, pick(LETTERS, draw).repeat(1 + draw(3)), draw, 3) },
  { name: 'lines', change: (text, draw) => shuffled(text, draw) },
  {
    name: 'indent',
    change: (text, draw) =>
      oneOf(text, /\n */g, draw, () => `\n${pick([' ', '  ', '\t', '        '], draw)}`),
  },
  {
    name: 'long',
    change: (text, draw) =>
      over(text, pick(['x', '- 1\n', 'a: ', '[]', '{a: b, '], draw).repeat(draw(400)), draw),
  },
]

function nested(depth: number, draw: Draw): string {
  const [open, close] = pick(
    [
      ['[', ']'],
      ['{a: ', '}'],
      ['- ', ''],
      ['all: [{', '}]'],
    ] as const,
    draw,
  )
  return open.repeat(depth) + (draw(2) === 0 ? close.repeat(depth) : '')
}

/** Some line stands elsewhere, or twice. */
function shuffled(text: string, draw: Draw): string {
  const lines = text.split('\n')
  const line = pick(lines, draw)
  if (draw(2) === 0) lines.splice(lines.indexOf(line), 1)
  lines.splice(draw(lines.length + 1), 0, line)
  return lines.join('\n')
}

/** Whole documents now and then; parts of them mostly, which stand for the same grammar and are read sooner. */
function baseOf(draw: Draw): string {
  const kind = draw(40)
  if (kind === 0) return EXAMPLE
  if (kind < 4)
    return pick(
      DOCUMENTS.filter((text) => text.includes('kind: Contract')),
      draw,
    )
  if (kind < 14) return HOURS
  if (kind < 20) return `${SMALL}---\n${pick(DOCUMENTS, draw)}`
  if (kind < 28) return SMALL
  const start = draw(LINES.length)
  return LINES.slice(start, start + 12).join('\n')
}

export function mutantOf(seed: number): Mutant {
  const draw = drawFrom(seed)
  let text = baseOf(draw)
  const how: string[] = []
  for (let left = 1 + draw(4); left > 0; left -= 1) {
    const { name, change } = pick(MUTATIONS, draw)
    text = change(text, draw)
    how.push(name)
  }
  return { text, how: how.join(', ') }
}
