/**
 * The penalty of a window: what may follow what, whose step it is, what silence comes to, and until when. October
 * 2026 in Paris; the clocks went back on the 25th, and the 11 November is a holiday.
 */
import { describe, expect, test } from 'vitest'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { openAmount, penaltyAmount, penaltyStanding, stepProblem } from '@constat/sla/credit/penalty'
import { PENALTY_ACTS, type PenaltyAct, type PenaltyStep } from '@constat/sla/state/penalty-record'
import { accepted } from '../../support/contract-text.ts'

const CALENDAR = {
  apiVersion: 'constat/v1',
  kind: 'Calendar',
  metadata: { name: 'office' },
  spec: {
    timeZone: 'Europe/Paris',
    weekly: [{ days: ['MO', 'TU', 'WE', 'TH', 'FR'], start: '08:00', end: '18:00' }],
    holidays: [{ date: '2026-11-11' }],
    yearsCovered: [2026],
  },
}

const termsWith = (claim: object) =>
  accepted(
    JSON.stringify([
      CALENDAR,
      {
        apiVersion: 'constat/v1',
        kind: 'Contract',
        metadata: { name: 'claims' },
        spec: {
          provider: 'Northstar',
          target: '99.9',
          timeZone: 'Europe/Paris',
          watch: ['https://a.example'],
          monthlyFee: { amount: '100', currency: 'EUR' },
          clauses: [{ id: 'A.5', title: 'Credits', text: 'Credits' }],
          credits: { clause: 'A.5', schedules: { 'a-example': { kind: 'flat', percent: '1' } }, claim },
        },
      },
    ]),
  )

const at = (text: string): UnixMs => parseInstant(text)!
const CLAIM = {
  deadline: { days: 30, dayKind: 'calendar' },
  providerAnswer: { days: 10, dayKind: 'working', calendar: 'office' },
}
const TERMS = termsWith(CLAIM)
/** October, final with the 4 November of Paris. */
const WINDOW = {
  endMs: at('2026-10-31T23:00:00Z'),
  finalMs: at('2026-11-03T23:00:00Z'),
  timeZone: 'Europe/Paris',
}
const NOTIFIED = at('2026-11-06T11:00:00Z')

const step = (act: PenaltyAct, amount: string | null = null, doneMs = NOTIFIED): PenaltyStep => ({
  window: '2026-10',
  version: 1,
  digest: '00',
  act,
  amount,
  how: null,
  doneMs,
  side: 'customer',
  party: 'customer',
  signedIn: 'api',
  note: null,
  atMs: doneMs,
})
const NOTIFY = step('notify', '50.00')
const standing = (steps: readonly PenaltyStep[], asOfMs = NOTIFIED, terms = TERMS) =>
  penaltyStanding({ terms, steps, window: WINDOW, asOfMs })

const [PART, WHOLE, DISPUTE] = [step('accept', '20.00'), step('accept', '50.00'), step('dispute')]

describe('where it stands', () => {
  test.each<[string, PenaltyStep[], string, PenaltyAct[]]>([
    ['nothing said', [], 'theoretical', ['notify']],
    ['notified', [NOTIFY], 'notified', ['accept', 'dispute', 'withdraw']],
    ['accepted', [NOTIFY, WHOLE], 'accepted', ['dispute', 'withdraw', 'settle']],
    ['in part', [NOTIFY, PART], 'accepted-in-part', ['accept', 'dispute', 'withdraw', 'settle', 'decide']],
    ['in part, then whole', [NOTIFY, PART, WHOLE], 'accepted', ['dispute', 'withdraw', 'settle']],
    ['disputed', [NOTIFY, DISPUTE], 'disputed', ['accept', 'withdraw', 'settle', 'decide']],
    [
      'an admission is rebuttable',
      [NOTIFY, WHOLE, DISPUTE],
      'disputed',
      ['accept', 'withdraw', 'settle', 'decide'],
    ],
    ['decided', [NOTIFY, DISPUTE, step('decide', '35.00')], 'decided', ['decide', 'withdraw', 'settle']],
    ['settled', [NOTIFY, WHOLE, step('settle', '50.00')], 'settled', []],
    ['withdrawn', [NOTIFY, step('withdraw')], 'withdrawn', ['notify']],
    ['notified anew', [NOTIFY, step('withdraw'), NOTIFY], 'notified', ['accept', 'dispute', 'withdraw']],
  ])('%s', (_, steps, status, may) => {
    expect(standing(steps)).toMatchObject({ status, may })
  })

  test('every act that is not offered is refused with a sentence, and every one that is offered is taken', () => {
    const paths = [
      [],
      [NOTIFY],
      [NOTIFY, PART],
      [NOTIFY, WHOLE],
      [NOTIFY, DISPUTE],
      [NOTIFY, step('withdraw')],
    ]
    for (const steps of paths) {
      // Past the time to answer, where nothing has to be waited for.
      const now = standing(steps, at('2026-12-01T00:00:00Z'))
      for (const act of PENALTY_ACTS) {
        const side = act === 'accept' || act === 'dispute' ? 'provider' : 'customer'
        const amount = act === 'accept' || act === 'settle' || act === 'decide' ? '10.00' : null
        const problem = stepProblem(now, { act, side, amount, doneMs: 0 }, '50.00')
        if (now.may.includes(act)) expect(problem).toBeNull()
        else expect(problem).toMatch(/^This penalty cannot take/)
      }
    }
  })

  test.each([
    ['the other side', NOTIFY, 'accept', 'customer', '10.00', /provider answers/],
    ['the other side', NOTIFY, 'withdraw', 'provider', null, /customer claims/],
    ['more than was claimed', NOTIFY, 'accept', 'provider', '50.01', /more than the 50.00/],
    ['nothing', NOTIFY, 'accept', 'provider', '0.00', /dispute it/],
    ['before the answer', NOTIFY, 'settle', 'customer', '50.00', /may still answer/],
  ] as const)('refuses %s: %j', (_, last, act, side, amount, said) => {
    const given = '50.00'
    expect(stepProblem(standing([last]), { act, side, amount, doneMs: NOTIFIED }, given)).toMatch(said)
  })

  test('there is nothing to claim where the closing comes to nothing', () => {
    const wanted = { act: 'notify', side: 'customer', amount: '0.00', doneMs: NOTIFIED } as const
    expect(stepProblem(standing([]), wanted, '0.00')).toMatch(/nothing to claim/)
  })
})

describe('until when', () => {
  // Final with the 4th: the 30th day ends with 3 December. Ten working days from the 7th leave out the 11th.
  const claim = at('2026-12-03T23:00:00Z')
  const answer = at('2026-11-23T23:00:00Z')
  test.each<[string, PenaltyStep[], UnixMs, object | null]>([
    ['to claim', [], NOTIFIED, { what: 'claim', atMs: claim }],
    ['nothing once that is over', [], claim, null],
    ['to be answered', [NOTIFY], NOTIFIED, { what: 'provider-answer', atMs: answer }],
    ['nothing once it is answered', [NOTIFY, PART], NOTIFIED, null],
    [
      'to claim again once it was withdrawn',
      [NOTIFY, step('withdraw')],
      NOTIFIED,
      { what: 'claim', atMs: claim },
    ],
    ['nothing once it is settled', [NOTIFY, WHOLE, step('settle', '50.00')], NOTIFIED, null],
  ])('%s', (_, steps, asOfMs, next) => {
    expect(standing(steps, asOfMs).next).toEqual(next)
  })

  test.each([
    ['in time by a moment', claim - 1, false],
    ['late by a moment, and recorded all the same', claim, true],
  ])('%s', (_, doneMs, isLate) => {
    expect(standing([step('notify', '50.00', doneMs)], doneMs)).toMatchObject({ status: 'notified', isLate })
  })

  test.each([
    // A claim of the day before the clocks go back: its third day ends in the other offset.
    [
      'over a change of the clock',
      { days: 3, dayKind: 'calendar' },
      '2026-10-23T10:00:00Z',
      '2026-10-26T23:00:00.000Z',
    ],
    [
      'over the end of a month',
      { days: 5, dayKind: 'calendar' },
      '2026-11-28T10:00:00Z',
      '2026-12-03T23:00:00.000Z',
    ],
    // Friday; Monday, Tuesday, then Thursday, as the 11th is none.
    [
      'over a weekend and a holiday',
      { days: 3, dayKind: 'working', calendar: 'office' },
      '2026-11-06T10:00:00Z',
      '2026-11-12T23:00:00.000Z',
    ],
  ])('%s', (_, providerAnswer, notified, until) => {
    const doneMs = at(notified)
    const found = standing([step('notify', '50.00', doneMs)], doneMs, termsWith({ ...CLAIM, providerAnswer }))
    expect(new Date(found.answerUntilMs!).toISOString()).toBe(until)
  })
})

test('a year that the calendar does not list is never guessed, and hides nothing else', () => {
  const doneMs = at('2026-12-24T10:00:00Z')
  expect(standing([step('notify', '50.00', doneMs)], doneMs)).toMatchObject({
    status: 'notified',
    answerUntilMs: null,
    next: null,
    uncounted: 'calendar office does not cover 2027',
    may: ['accept', 'dispute', 'withdraw', 'settle'],
  })
})

describe('silence', () => {
  const over = at('2026-11-23T23:00:00Z')
  const by = (silence: string) => termsWith({ ...CLAIM, silence })
  test.each([
    ['binds nobody by itself', TERMS, over, 'notified', null],
    ['binds nobody before the time is over', by('acceptance'), over - 1, 'notified', null],
    [
      'accepts where a clause says so',
      by('acceptance'),
      over,
      'accepted',
      { means: 'acceptance', clause: 'A.5', sinceMs: over },
    ],
    [
      'rejects where a clause says so',
      by('rejection'),
      over,
      'disputed',
      { means: 'rejection', clause: 'A.5', sinceMs: over },
    ],
  ] as const)('%s', (_, terms, asOfMs, status, bySilence) => {
    expect(standing([NOTIFY], asOfMs, terms)).toMatchObject({ status, bySilence })
  })

  test('stays rebuttable: what is said later counts more', () => {
    const terms = by('acceptance')
    expect(standing([NOTIFY], over, terms)).toMatchObject({ amounts: { accepted: '50.00' } })
    expect(standing([NOTIFY], over, terms).may).toEqual(
      expect.arrayContaining(['accept', 'dispute', 'settle']),
    )
    expect(standing([NOTIFY, DISPUTE], over, terms)).toMatchObject({
      status: 'disputed',
      bySilence: null,
      amounts: { accepted: null },
    })
    // Whoever was silent may still say the same.
    const wanted = { act: 'accept', side: 'provider', amount: '50.00', doneMs: over } as const
    expect(stepProblem(standing([NOTIFY], over, terms), wanted, '50.00')).toBeNull()
  })

  test('runs from when the provider could read of it, however far back the notice is dated', () => {
    const recorded = { ...NOTIFY, atMs: over }
    expect(standing([recorded], over, by('acceptance'))).toMatchObject({
      status: 'notified',
      bySilence: null,
      notifiedMs: NOTIFIED,
    })
  })
})

test('what was decided bounds what is settled', () => {
  const decided = standing([NOTIFY, DISPUTE, step('decide', '20.00')])
  const settle = (amount: string) => ({ act: 'settle', side: 'customer', amount, doneMs: NOTIFIED }) as const
  expect(stepProblem(decided, settle('20.00'), '50.00')).toBeNull()
  expect(stepProblem(decided, settle('20.01'), '50.00')).toBe(
    '20.01 is more than the 20.00 that was decided.',
  )
})

test.each([
  ['20', '20.00'],
  ['20.5', '20.50'],
  ['20.001', null],
  ['-1', null],
  ['much', null],
])('an amount of %s is written as %s', (text, written) => {
  expect(penaltyAmount(text, TERMS)).toBe(written)
})

test.each([
  [{ notified: null, accepted: null, decided: null, settled: null }, null],
  [{ notified: '50.00', accepted: null, decided: null, settled: null }, '50.00'],
  [{ notified: '50.00', accepted: '20.00', decided: null, settled: null }, '30.00'],
  [{ notified: '50.00', accepted: '20.00', decided: '35.00', settled: null }, '15.00'],
])('of %j %s is open', (amounts, open) => {
  expect(openAmount(amounts, 2)).toBe(open)
})
