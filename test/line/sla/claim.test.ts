/**
 * Clocks of a claim: the last day by each kind of day, and what has to happen next. October 2026 in Paris;
 * Sunday 1 and Wednesday 11 November are holidays, the clocks went back on 25 October.
 */
import { describe, expect, test } from 'vitest'
import { answerDeadlineMs, claimClock, nextDeadline } from '@constat/sla/credit/claim'
import { accepted } from '../../support/contract-text.ts'

const CALENDAR = {
  apiVersion: 'constat/v1',
  kind: 'Calendar',
  metadata: { name: 'office' },
  spec: {
    timeZone: 'Europe/Paris',
    weekly: [{ days: ['MO', 'TU', 'WE', 'TH', 'FR'], start: '08:00', end: '18:00' }],
    holidays: [{ date: '2026-11-01' }, { date: '2026-11-11' }],
    yearsCovered: [2026],
  },
}

function termsWith(claim: object | null) {
  return accepted(
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
          credits: { schedules: { 'a-example': { kind: 'flat', percent: '1' } }, ...(claim && { claim }) },
        },
      },
    ]),
  )
}

/** Midnight in Paris that ends October, and three days of grace after it. */
const END_MS = Date.parse('2026-10-31T23:00:00Z')
const FINAL_MS = END_MS + 72 * 3_600_000
const CLOSING = { endMs: END_MS, finalMs: FINAL_MS, timeZone: 'Europe/Paris' }
const textOf = (atMs: number | null | undefined) =>
  atMs === null || atMs === undefined ? null : new Date(atMs).toISOString()

describe('the deadline', () => {
  const calendar = 'office'
  test.each<[string, object, string]>([
    // From the midnight that ends October the 1st counts: 15 days end with the 15th.
    [
      '15 days after the end',
      { days: 15, dayKind: 'calendar', after: 'window-end' },
      '2026-11-15T23:00:00.000Z',
    ],
    // Final at the midnight that begins the 4th.
    ['30 days after it is final', { days: 30, dayKind: 'calendar' }, '2026-12-03T23:00:00.000Z'],
    // 2, 3, 4, 5, 6, 9, 10, 12, 13, 16: ten working days without the 11th.
    [
      '10 working days',
      { days: 10, dayKind: 'working', calendar, after: 'window-end' },
      '2026-11-16T23:00:00.000Z',
    ],
    // With Saturdays 7 and 14: 2-7, 9, 10, 12, 13.
    [
      '10 ouvrables',
      { days: 10, dayKind: 'ouvrables', calendar, after: 'window-end' },
      '2026-11-13T23:00:00.000Z',
    ],
    // Clear days leave out the first and the last: 2 … 11, then the 12th is open all day.
    ['10 clear days', { days: 10, dayKind: 'clear', after: 'window-end' }, '2026-11-12T23:00:00.000Z'],
    [
      '10 clear working days',
      { days: 10, dayKind: 'clear-working', calendar, after: 'window-end' },
      '2026-11-17T23:00:00.000Z',
    ],
  ])('%s', (_, deadline, expected) => {
    const clock = claimClock(termsWith({ deadline }), CLOSING)
    expect(textOf(clock?.deadlineMs)).toBe(expected)
  })

  test('is none without a claim clause', () => {
    expect(claimClock(termsWith(null), CLOSING)).toBeNull()
    expect(nextDeadline(termsWith(null), { ...CLOSING, notifiedMs: null, asOfMs: END_MS })).toBeNull()
  })

  test('silence and notice bind only where the clause says so', () => {
    const deadline = { days: 5, dayKind: 'calendar' }
    expect(claimClock(termsWith({ deadline }), CLOSING)).toMatchObject({
      formalNotice: 'not-required',
      silence: 'none',
    })
    const strict = { deadline, formalNotice: 'required', silence: 'acceptance' }
    expect(claimClock(termsWith(strict), CLOSING)).toMatchObject({
      formalNotice: 'required',
      silence: 'acceptance',
    })
  })
})

describe('what comes next', () => {
  const claim = {
    deadline: { days: 30, dayKind: 'calendar' },
    providerAnswer: { days: 5, dayKind: 'working', calendar: 'office' },
  }
  // Notified on Friday 6 at noon: 9, 10, 12, 13, 16.
  const notifiedMs = Date.parse('2026-11-06T11:00:00Z')
  const answerMs = Date.parse('2026-11-16T23:00:00Z')
  const claimMs = Date.parse('2026-12-03T23:00:00Z')
  test.each<[string, number | null, number, object | null]>([
    ['to claim', null, FINAL_MS, { what: 'claim', atMs: claimMs }],
    ['to claim, until the last ms', null, claimMs - 1, { what: 'claim', atMs: claimMs }],
    ['nothing once that has passed', null, claimMs, null],
    ['the answer once it was notified', notifiedMs, notifiedMs, { what: 'provider-answer', atMs: answerMs }],
    ['nothing once that has passed either', notifiedMs, answerMs, null],
  ])('%s', (_, notified, asOfMs, expected) => {
    expect(nextDeadline(termsWith(claim), { ...CLOSING, notifiedMs: notified, asOfMs })).toEqual(expected)
  })
  test('no answer is due without a clause', () => {
    const { deadline } = claim
    expect(
      answerDeadlineMs(termsWith({ deadline }), { fromMs: notifiedMs, timeZone: 'Europe/Paris' }),
    ).toBeNull()
    expect(nextDeadline(termsWith({ deadline }), { ...CLOSING, notifiedMs, asOfMs: notifiedMs })).toBeNull()
  })
})
