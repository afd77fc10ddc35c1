/**
 * Money as text: every way to round, on both sides of each half, against arithmetic of its own.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { moneyText, type MoneyRounding } from '@constat/sla/credit/money'
import { fraction } from '@constat/sla/fraction'

const WAYS = ['half-up', 'half-even', 'down', 'up'] as const

// Thousandths of a unit, two digits: 1 234.565 lies on a half between an even and an odd cent.
test.each<[number, Record<(typeof WAYS)[number], string>]>([
  [1_800_000, { 'half-up': '1800.00', 'half-even': '1800.00', down: '1800.00', up: '1800.00' }],
  [1_234_564, { 'half-up': '1234.56', 'half-even': '1234.56', down: '1234.56', up: '1234.57' }],
  [1_234_565, { 'half-up': '1234.57', 'half-even': '1234.56', down: '1234.56', up: '1234.57' }],
  [1_234_575, { 'half-up': '1234.58', 'half-even': '1234.58', down: '1234.57', up: '1234.58' }],
  [1_234_566, { 'half-up': '1234.57', 'half-even': '1234.57', down: '1234.56', up: '1234.57' }],
  [4, { 'half-up': '0.00', 'half-even': '0.00', down: '0.00', up: '0.01' }],
  [5, { 'half-up': '0.01', 'half-even': '0.00', down: '0.00', up: '0.01' }],
  [0, { 'half-up': '0.00', 'half-even': '0.00', down: '0.00', up: '0.00' }],
  // What is taken away is rounded as what is given; nothing has no sign.
  [-1_234_565, { 'half-up': '-1234.57', 'half-even': '-1234.56', down: '-1234.56', up: '-1234.57' }],
  [-4, { 'half-up': '0.00', 'half-even': '0.00', down: '0.00', up: '-0.01' }],
])('%i thousandths', (thousandths, expected) => {
  for (const money of WAYS) {
    expect([money, moneyText(fraction(thousandths, 1000), { money, digits: 2 })]).toEqual([
      money,
      expected[money],
    ])
  }
})

test.each<[number, string]>([
  [0, '3'],
  [1, '2.7'],
  [2, '2.67'],
  [6, '2.666667'],
])('eight thirds with %i digits', (digits, expected) => {
  expect(moneyText(fraction(8, 3), { money: 'half-up', digits })).toBe(expected)
})

test('more than 2^53 stays exact', () => {
  const amount = fraction(900_719_925_474_099_355n, 100n)
  expect(moneyText(amount, { money: 'down', digits: 2 })).toBe('9007199254740993.55')
})

test('lies next to the amount, and on the side that the rule names', () => {
  const rule = fc.record({ money: fc.constantFrom(...WAYS), digits: fc.integer({ min: 0, max: 6 }) })
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.bigInt({ min: 1n, max: 10n ** 6n }),
      rule,
      (n, d, { money, digits }: MoneyRounding) => {
        const scale = 10n ** BigInt(digits)
        const units = BigInt(moneyText(fraction(n, d), { money, digits }).replace('.', ''))
        // |units/scale − n/d| in units of 1/(scale·d), against one whole unit.
        const off = units * d - n * scale
        const size = off < 0n ? -off : off
        expect(size < d).toBe(true)
        if (money.startsWith('half')) expect(2n * size <= d).toBe(true)
        const [away, towards] = n < 0n ? [off <= 0n, off >= 0n] : [off >= 0n, off <= 0n]
        if (money === 'up') expect(away).toBe(true)
        if (money === 'down') expect(towards).toBe(true)
        if (money === 'half-even' && 2n * size === d) expect(units % 2n).toBe(0n)
        if (money === 'half-up' && 2n * size === d) expect(away).toBe(true)
      },
    ),
  )
})
