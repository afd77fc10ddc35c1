/**
 * Questions that cannot be answered: each is told which field is wrong and what it should be.
 */
import { Fault } from '@constat/shared/fault'
import { answer, CATEGORIES } from '@constat/sla/query/answer'
import { describe, expect, test } from 'vitest'

describe('a malformed question is told which field is wrong', () => {
  const told = (query: unknown): string => {
    try {
      answer(query)
    } catch (error) {
      expect(error).toBeInstanceOf(Fault)
      return `${(error as Fault).message} ${(error as Fault).hint}` // just checked
    }
    return 'answered'
  }

  test.each([
    [
      { id: 'X', category: 'horoscope', given: {} },
      'unknown category "horoscope" Known categories: period_length,',
    ],
    [{ id: 'X', category: 'constructor', given: {} }, 'unknown category'],
    [{ id: 'X', category: 'loss' }, 'X: given should be a map'],
    [{ category: 'loss', given: {} }, 'id should be text'],
    ['loss', 'a query should be {id, category, given}'],
    [{ id: 'X', category: 'period_length', given: {} }, 'given.start_local_date should be'],
    [
      {
        id: 'X',
        category: 'period_length',
        given: { tz: 'Mars/Base', start_local_date: '2026-01-01', end_local_date_exclusive: '2026-02-01' },
      },
      'given.tz should be an IANA time zone this host knows',
    ],
    [
      {
        id: 'X',
        category: 'period_length',
        given: { tz: 'UTC', start_local_date: '2026-02-30', end_local_date_exclusive: '2026-03-01' },
      },
      'given.start_local_date should be a date that exists',
    ],
    [
      {
        id: 'X',
        category: 'service_minutes',
        given: {
          tz: 'UTC',
          start_local_date: '2026-02-01',
          end_local_date_exclusive: '2026-03-01',
          weekly: [{ days: ['XX'], start: '08:00', end: '09:00' }],
        },
      },
      'given.weekly[0].days should be',
    ],
    [
      {
        id: 'X',
        category: 'vantage_fold',
        given: { samples: [[0, 'Q']], hold_s: 1, confirm_down: 1, confirm_up: 1, window: [0, 1] },
      },
      'given.samples[0] should be',
    ],
    [
      {
        id: 'X',
        category: 'vantage_fold',
        given: { samples: [], hold_s: 1, confirm_down: 0, confirm_up: 1, window: [0, 1] },
      },
      'given.confirm_down should be a whole number from 1',
    ],
    [
      { id: 'X', category: 'percentile', given: { values: ['a'], p: 95 } },
      'given.values[0] should be a number',
    ],
    [{ id: 'X', category: 'percentile', given: { values: [1], p: 101 } }, 'given.p should be a percentile'],
    [
      {
        id: 'X',
        category: 'credit_tier',
        given: { availability_percent: 'much', tiers_lower_bound_inclusive: [] },
      },
      'given.availability_percent should be',
    ],
    [
      { id: 'X', category: 'composition', given: { op: 'atLeast', k: 3, down: [[], []] } },
      'given.k should be at most the number of parts, 2',
    ],
    [
      { id: 'X', category: 'loss', given: { pieces: [[1, '1']], affected_share: '1/0' } },
      'given.affected_share should be',
    ],
    [
      {
        id: 'X',
        category: 'recurrence',
        given: { tz: 'UTC', dtstart_local: '2026-01-01T00:00:00', rrule: 'FREQ=NEVER', duration_minutes: 1 },
      },
      'given.rrule should be a rule that can be used',
    ],
  ])('%j', (query, message) => {
    expect(told(query)).toContain(message)
  })

  test('every category refuses an empty question and garbage with a Fault', () => {
    for (const category of Object.keys(CATEGORIES)) {
      for (const given of [{}, { tz: 3, window: 'x', down: {}, samples: null, values: 'a', p: [] }]) {
        expect(told({ id: 'X', category, given })).toContain('X: given.')
      }
    }
  })
})
