/**
 * Credit statements: repetition, sameness, earning back, caps, misreports, one flip for each clause; and what
 * holds of every statement. The portal is charged 10 000 a month, the VPN 4 000; June has 43 200 min.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { creditStatement, type CreditStatement } from '@constat/sla/credit/statement'
import { compare, decimal, fraction, sum } from '@constat/sla/fraction'
import {
  availabilityOf,
  contractOf,
  DAY_MS,
  MONTH,
  judgedWith,
  questionOf,
  restorationOf,
  statementFor,
  type Asked,
} from '../../support/credit-world.ts'

const flat = (percent: string) => ({ kind: 'flat', percent })
const told = ({ lines }: CreditStatement) =>
  lines.map(({ guarantee, rule, amount }) => `${guarantee ?? 'all'} ${rule} ${amount}`)
const LATE = [[0, 300]] as const
const failed = (credit: string | null = null) => ({ verdict: 'not_met' as const, credit })
const met = { verdict: 'met' as const, credit: null }
const open = { verdict: 'indeterminate' as const, credit: null }

describe('nothing', () => {
  const terms = contractOf({
    guarantees: [availabilityOf('up')],
    credits: { schedules: { up: flat('10') } },
  })
  test.each(['met', 'indeterminate'] as const)('is credited where the window is %s', (verdict) => {
    const statement = statementFor(terms, { windows: { up: { outages: LATE, verdict } } })
    expect(statement).toMatchObject({ lines: [], total: '0.00', byGuarantee: { up: '0.00' } })
  })
  test('is credited without credits', () => {
    const bare = contractOf({ guarantees: [availabilityOf('up')] })
    expect(creditStatement(questionOf(bare, { windows: { up: { outages: LATE } } }))).toBeNull()
  })
  test('is credited for a guarantee that has no schedule', () => {
    const two = contractOf({
      guarantees: [availabilityOf('up'), availabilityOf('other')],
      credits: { schedules: { other: flat('10') } },
    })
    expect(statementFor(two, { windows: { up: { outages: LATE }, other: {} } }).total).toBe('0.00')
  })
})

describe('two guarantees and one incident', () => {
  const guarantees = [availabilityOf('up'), restorationOf('fix', 'PT4H')]
  const schedules = { up: flat('10'), fix: flat('2') }
  const both = { up: { outages: LATE }, fix: { outages: LATE } }
  test.each<[string, string, string[], string]>([
    [
      'highest-only',
      'is paid once',
      ['up schedule 1000.00', 'fix schedule 200.00', 'fix same-cause -200.00'],
      '1000.00',
    ],
    ['cumulative', 'is paid twice', ['up schedule 1000.00', 'fix schedule 200.00'], '1200.00'],
  ])('%s: %s', (sameCause, _, lines, total) => {
    const terms = contractOf({ guarantees, credits: { sameCause, schedules } })
    const statement = statementFor(terms, { windows: both })
    expect([told(statement), statement.total]).toEqual([lines, total])
  })

  const terms = contractOf({ guarantees, credits: { schedules } })
  test('two incidents are paid twice', () => {
    // Only the second one was restored late; only the first one is what the availability rests on here.
    const windows = { up: { outages: LATE }, fix: { outages: [[2000, 300]] as const } }
    expect(statementFor(terms, { windows }).total).toBe('1200.00')
  })
  test('an incident restored in time is no cause', () => {
    const windows = {
      up: { outages: LATE },
      fix: {
        outages: [
          [0, 100],
          [2000, 300],
        ] as const,
      },
    }
    expect(statementFor(terms, { windows }).total).toBe('1200.00')
  })
  test('an incident outside the promised time is none either', () => {
    const question = questionOf(terms, { windows: both })
    const [up, fix] = question.judged
    // The availability was promised from the second day on, and something else made it fail.
    const committed = [{ startMs: MONTH.startMs + DAY_MS, endMs: MONTH.endMs }]
    const other = { ...up!, commitment: { ...up!.commitment, committed } }
    expect(creditStatement({ ...question, judged: [other, fix!] })?.total).toBe('1200.00')
  })
  test('the dearer one stands after repetition', () => {
    // 2 % twice doubled by the clause would still be less; 6 % doubled is 12 % against 10 %.
    const repeated = contractOf({
      guarantees,
      credits: { schedules: { up: flat('10'), fix: flat('6') }, repeat: { multiplier: '2' } },
    })
    const statement = statementFor(repeated, { windows: both, history: { fix: [failed()] } })
    expect(told(statement)).toEqual([
      'up schedule 1000.00',
      'up same-cause -1000.00',
      'fix schedule 600.00',
      'fix repeat 600.00',
    ])
  })
  test('two of one worth are decided by their ids, whatever their order', () => {
    const three = [availabilityOf('b'), restorationOf('a', 'PT4H'), restorationOf('c', 'PT4H')]
    const same = { schedules: { a: flat('5'), b: flat('5'), c: flat('5') } }
    const windows = {
      b: {
        outages: [
          [0, 300],
          [2000, 300],
        ] as const,
      },
      a: { outages: LATE },
      c: { outages: [[2000, 300]] as const },
    }
    const totals = [three, three.toReversed()].map((list) => {
      return statementFor(contractOf({ guarantees: list, credits: same }), { windows }).total
    })
    expect(totals).toEqual(['1000.00', '1000.00'])
  })
})

describe('repetition', () => {
  const terms = (repeat: object | undefined) =>
    contractOf({
      guarantees: [availabilityOf('up')],
      credits: { schedules: { up: flat('10') }, ...(repeat && { repeat }) },
    })
  const asked = (past: Asked['history']): Asked => ({
    windows: { up: { outages: LATE } },
    ...(past && { history: past }),
  })
  test.each<[string, object | undefined, Asked['history'], string]>([
    ['after a failure', { multiplier: '2' }, { up: [met, failed()] }, '2000.00'],
    ['by half as much again', { multiplier: '1.5' }, { up: [failed()] }, '1500.00'],
    ['only where the clause says so', undefined, { up: [failed()] }, '1000.00'],
    [
      'not where it is switched off',
      { multiplier: '2', whenFailedInPreviousWindow: false },
      { up: [failed()] },
      '1000.00',
    ],
    ['not after a window that was met', { multiplier: '2' }, { up: [failed(), met] }, '1000.00'],
    ['nor after one that nobody can tell', { multiplier: '2' }, { up: [failed(), open] }, '1000.00'],
    ['nor in the first window', { multiplier: '2' }, { up: [] }, '1000.00'],
    ['nor for the failure of another', { multiplier: '2' }, { other: [failed()] }, '1000.00'],
  ])('%s', (_, repeat, past, total) => {
    expect(statementFor(terms(repeat), asked(past)).total).toBe(total)
  })
})

describe('earning back', () => {
  const terms = contractOf({
    guarantees: [availabilityOf('up')],
    credits: { schedules: { up: flat('10') }, earnBack: { windowsMet: 2, percent: '50' } },
  })
  test.each<[string, Asked['history'], 'met' | 'not_met' | 'indeterminate', string]>([
    ['half of it after two windows', { up: [failed('1000.00'), met] }, 'met', '-500.00'],
    ['not after one', { up: [failed('1000.00')] }, 'met', '0.00'],
    ['not again after three', { up: [failed('1000.00'), met, met] }, 'met', '0.00'],
    ['not over a window that nobody can tell', { up: [failed('1000.00'), open] }, 'met', '0.00'],
    ['not while this one is open', { up: [failed('1000.00'), met] }, 'indeterminate', '0.00'],
    ['not in a window that fails', { up: [failed('1000.00'), met] }, 'not_met', '1000.00'],
    ['nothing of a failure that was not priced', { up: [failed(), met] }, 'met', '0.00'],
  ])('%s', (_, history, verdict, total) => {
    expect(statementFor(terms, { windows: { up: { verdict } }, ...(history && { history }) }).total).toBe(
      total,
    )
  })
})

describe('caps', () => {
  const guarantees = [availabilityOf('up'), availabilityOf('vpn-up', '99.9', 'vpn')]
  const schedules = { up: flat('20'), 'vpn-up': flat('5') }
  const windows = { up: { outages: LATE }, 'vpn-up': { outages: [[900, 300]] as const } }
  // 2 000 and 200. All charges are 14 000.
  test.each<[string, object | undefined, string, string[]]>([
    ['none', undefined, '2200.00', []],
    ['15 % over all: 2 100', { percentOfMonthlyCharges: '15' }, '2100.00', ['all cap -100.00']],
    ['exactly reached', { percentOfMonthlyCharges: '15.7142857142' }, '2199.99', ['all cap -0.01']],
    ['not reached', { percentOfMonthlyCharges: '20' }, '2200.00', []],
    [
      '15 % of each service: 1 500 and 600',
      { scope: 'service', percentOfMonthlyCharges: '15' },
      '1700.00',
      ['all cap -500.00'],
    ],
    [
      '4 % of each: 400 and 160',
      { scope: 'service', percentOfMonthlyCharges: '4' },
      '560.00',
      ['all cap -1600.00', 'all cap -40.00'],
    ],
  ])('%s', (_, cap, total, lines) => {
    const terms = contractOf({ guarantees, credits: { schedules, ...(cap && { cap }) } })
    const statement = statementFor(terms, { windows })
    expect([statement.total, told(statement).filter((line) => line.includes(' cap '))]).toEqual([
      total,
      lines,
    ])
    // What each is worth stays told.
    expect(statement.byGuarantee).toEqual({ up: '2000.00', 'vpn-up': '200.00' })
  })

  test('one charge for the whole contract is the charge of each service', () => {
    const terms = contractOf({
      guarantees: [availabilityOf('up')],
      credits: { schedules: { up: flat('20') }, cap: { scope: 'service', percentOfMonthlyCharges: '15' } },
      charges: [{ amount: '9000' }],
    })
    expect(statementFor(terms, { windows: { up: { outages: LATE } } }).total).toBe('1350.00')
  })

  test('a quarter is held against the charges of a quarter', () => {
    const terms = contractOf({
      guarantees: [{ ...availabilityOf('up'), window: { period: 'P3M' } }],
      credits: { schedules: { up: flat('20') }, cap: { percentOfMonthlyCharges: '10' } },
      charges: [{ service: 'portal', amount: '1000' }],
    })
    expect(statementFor(terms, { windows: { up: { outages: LATE } } }).total).toBe('300.00')
  })

  test('what is earned back makes room', () => {
    const terms = contractOf({
      guarantees,
      credits: {
        schedules,
        cap: { percentOfMonthlyCharges: '10' },
        earnBack: { windowsMet: 1, percent: '100' },
      },
    })
    const asked = {
      windows: { up: { outages: LATE }, 'vpn-up': {} },
      history: { 'vpn-up': [failed('800.00')] },
    }
    expect(statementFor(terms, asked).total).toBe('1200.00')
  })
})

describe('an outage that the statement leaves out', () => {
  const terms = (countsAs: string) =>
    contractOf({
      guarantees: [availabilityOf('up'), restorationOf('fix', 'PT4H')],
      credits: { schedules: { up: flat('10') }, misreport: { absentOutageOver: 'PT5M', countsAs } },
    })
  const windows = { up: { verdict: 'met' as const }, fix: {} }
  test.each<[string, Asked['absentMs'], string[]]>([
    ['is told once', { portal: [300_001] }, ['up misreport 0.00']],
    ['is none at exactly five minutes', { portal: [300_000] }, []],
    ['is none of another service', { vpn: [900_000] }, []],
    ['is not looked for without a statement', undefined, []],
  ])('%s', (_, absentMs, lines) => {
    const asked = { windows, ...(absentMs && { absentMs }) }
    expect(told(statementFor(terms('additional-failure'), asked))).toEqual(lines)
  })
  test('is said to count, or to be noted', () => {
    const texts = ['additional-failure', 'note'].map((countsAs) => {
      return statementFor(terms(countsAs), { windows, absentMs: { portal: [900_000, 1000] } }).lines[0]!.text
    })
    expect(texts).toEqual([
      "1 outage(s) absent from the provider's statement: counts as one more failure",
      "1 outage(s) absent from the provider's statement: noted",
    ])
  })
})

test.each(['outside-vat', 'vat-included', 'vat-excluded'])('says the tax of the charges: %s', (tax) => {
  const terms = contractOf({
    guarantees: [availabilityOf('up')],
    credits: { schedules: { up: flat('1') } },
    tax,
  })
  expect(statementFor(terms, { windows: { up: {} } })).toMatchObject({ tax, currency: 'EUR' })
})

test.each([true, false])('says whether it settles the loss: %s', (exclusive) => {
  const credits = { exclusive, schedules: { up: flat('1') } }
  const terms = contractOf({ guarantees: [availabilityOf('up')], credits })
  expect(statementFor(terms, { windows: { up: {} } }).exclusive).toBe(exclusive)
})

test('every line cites a clause', () => {
  const terms = contractOf({
    guarantees: [{ ...availabilityOf('up') }],
    credits: {
      schedules: { up: flat('10') },
      cap: { percentOfMonthlyCharges: '1' },
      repeat: { multiplier: '2' },
    },
  })
  const cited = { ...terms, credits: terms.credits && { ...terms.credits, clause: 'A.5' } }
  const statement = statementFor(cited, { windows: { up: { outages: LATE } }, history: { up: [failed()] } })
  expect(statement.lines.map(({ rule, clause }) => [rule, clause])).toEqual([
    ['schedule', 'A.5'],
    ['repeat', 'A.5'],
    ['cap', 'A.5'],
  ])
})

describe('of every statement', () => {
  const outage = fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 900 }))
  const past = fc.array(
    fc.record({
      verdict: fc.constantFrom('met' as const, 'not_met' as const, 'indeterminate' as const),
      credit: fc.constantFrom(null, '100.00', '333.33'),
    }),
    { maxLength: 4 },
  )
  const schedule = fc.oneof(
    fc.integer({ min: 1, max: 100 }).map((percent) => ({ kind: 'flat', percent: String(percent) })),
    fc
      .constantFrom('up', 'down')
      .map((partialStep) => ({ kind: 'step', per: 'PT7M', percent: '3.37', partialStep })),
    fc.constant({ kind: 'points', points: 3, amountPerPoint: '33.335' }),
  )
  const ids = ['up', 'up-2', 'fix', 'vpn-up'] as const
  const world = fc.record({
    schedules: fc.record({ up: schedule, 'up-2': schedule, fix: schedule, 'vpn-up': schedule }),
    windows: fc.record(Object.fromEntries(ids.map((id) => [id, fc.array(outage, { maxLength: 3 })]))),
    history: fc.record(Object.fromEntries(ids.map((id) => [id, past]))),
    sameCause: fc.constantFrom('highest-only', 'cumulative'),
    scope: fc.constantFrom('service', 'all-services'),
    cap: fc.integer({ min: 1, max: 60 }),
    earnBack: fc.integer({ min: 1, max: 3 }),
    money: fc.constantFrom('half-up', 'half-even', 'down', 'up'),
    order: fc.shuffledSubarray([...ids], { minLength: 4 }),
  })

  test('lines add up, caps hold, nothing is paid where all is met, and order means nothing', () => {
    fc.assert(
      fc.property(world, (given) => {
        const of = (order: readonly string[]): CreditStatement => {
          const guarantees = [
            availabilityOf('up'),
            availabilityOf('up-2', '99.5'),
            restorationOf('fix', 'PT1H'),
            availabilityOf('vpn-up', '99.9', 'vpn'),
          ]
          const terms = contractOf({
            guarantees: order.map((id) => guarantees.find((one) => one['id'] === id)!),
            credits: {
              schedules: given.schedules,
              sameCause: given.sameCause,
              repeat: { multiplier: '2' },
              earnBack: { windowsMet: given.earnBack, percent: '50' },
              cap: { scope: given.scope, percentOfMonthlyCharges: String(given.cap) },
              rounding: { money: given.money, digits: 2 },
            },
          })
          const windows = Object.fromEntries(order.map((id) => [id, { outages: given.windows[id]! }]))
          return statementFor(terms, { windows, history: given.history })
        }
        const statement = of(ids)
        const added = sum(...statement.lines.map(({ amount }) => decimal(amount)))
        expect(added).toEqual(decimal(statement.total))
        expect(of(given.order).total).toBe(statement.total)

        const charges = given.scope === 'service' ? { portal: 10_000, vpn: 4_000 } : { all: 14_000 }
        for (const [service, charge] of Object.entries(charges)) {
          const own = statement.lines.filter((line) => service === 'all' || line.service === service)
          const limit = fraction(charge * given.cap, 100)
          expect(compare(sum(...own.map(({ amount }) => decimal(amount))), limit) <= 0).toBe(true)
        }
        for (const id of ids) {
          const terms = contractOf({
            guarantees: [
              availabilityOf('up'),
              availabilityOf('up-2', '99.5'),
              restorationOf('fix', 'PT1H'),
              availabilityOf('vpn-up', '99.9', 'vpn'),
            ],
          })
          const { result } = judgedWith(terms, id, { outages: given.windows[id]! })
          if (result.verdict === 'not_met') continue
          expect(compare(decimal(statement.byGuarantee[id]!), fraction(0)) <= 0).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })
})
