/** Visible text: which characters are shown as what they are, and which are left alone. */
import { expect, it } from 'vitest'
import { visible } from '@constat/shared/visible'

const SHOWN: [string, string][] = [
  ['\u0000', '\\u0000'],
  ['\u001b[2J', '\\u001b[2J'],
  ['a\rb', 'a\\u000db'],
  ['\u007f\u0085\u009b31m', '\\u007f\\u0085\\u009b31m'],
  ['user\u202etxt.exe', 'user\\u202etxt.exe'],
  [
    '\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069',
    '\\u202a\\u202b\\u202c\\u202d\\u2066\\u2067\\u2068\\u2069',
  ],
  ['\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
  ['a\tb\nc', 'a\tb\nc'],
  ['Zürich — 3\u00a0h\u202f; 日本 שלום 👩‍🔧', 'Zürich — 3\u00a0h\u202f; 日本 שלום 👩‍🔧'],
]

it.each(SHOWN)('%j is shown as %j', (text, shown) => expect(visible(text)).toBe(shown))

it('leaves JSON what it says', () => {
  const value = { text: SHOWN.map(([text]) => text).join(' ') }
  const text = visible(JSON.stringify(value))
  expect(text).not.toMatch(/(?![\t\n])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
  expect(JSON.parse(text)).toEqual(value)
})
