/**
 * Chronic failure: windows in a row or within some, outages within any stretch of days, and an outage that the
 * provider's statement leaves out; each bound from both sides.
 */
import { describe, expect, test } from 'vitest'
import type { PastWindow } from '@constat/sla/credit/statement'
import { rightsOf } from '@constat/sla/credit/chronic-rights'
import {
  availabilityOf,
  contractOf,
  DAY_MS,
  MINUTE_MS,
  MONTH,
  questionOf,
  statementFor,
  type Asked,
} from '../../support/credit-world.ts'

const FLAT = { up: { kind: 'flat', percent: '1' } }

function contractWith(rule: object, more: { misreport?: object; bindingFigure?: string } = {}) {
  const { misreport, bindingFigure } = more
  return contractOf({
    guarantees: [availabilityOf('up')],
    credits: {
      schedules: FLAT,
      chronic: [{ id: 'r', right: 'terminate-service', ...rule }],
      ...(misreport && { misreport }),
    },
    ...(bindingFigure !== undefined && { measurement: { bindingFigure } }),
  })
}

/** `N` not met, `m` met, `?` indeterminate; the last one is this window. */
function windowsOf(text: string): Asked {
  const verdicts = { N: 'not_met', m: 'met', '?': 'indeterminate' } as const
  const all = text.split('').map((mark): PastWindow => ({
    verdict: verdicts[mark as keyof typeof verdicts],
    credit: null,
  })) // one of the three marks
  return { windows: { up: { verdict: all.at(-1)!.verdict } }, history: { up: all.slice(0, -1) } }
}

describe('windows', () => {
  const inARow = { guarantee: 'up', failedWindows: 3, consecutive: true }
  const within = { guarantee: 'up', failedWindows: 4, within: 12 }
  test.each<[string, object, string, boolean]>([
    ['three in a row', inARow, 'NNN', true],
    ['three in a row, now', inARow, 'mNNN', true],
    ['three in a row, but not now', inARow, 'NNNm', false],
    ['a window met between', inARow, 'NNmN', false],
    ['a window that nobody can tell between', inARow, 'NN?N', false],
    ['two are not three', inARow, 'NN', false],
    ['four within twelve', within, 'NmmNmmmNmmmN', true],
    ['the first of four is the thirteenth', within, 'NmmmNmmmNmmmN', false],
    ['three within twelve', within, 'NmmmNmmmmmmN', false],
    ['within twelve though this one is met', within, 'NNNNm', true],
    ['ever, where nothing is said', { guarantee: 'up', failedWindows: 2 }, `N${'m'.repeat(30)}N`, true],
  ])('%s', (_, rule, text, stands) => {
    expect(statementFor(contractWith(rule), windowsOf(text)).rights.length === 1).toBe(stands)
  })

  const misreport = { absentOutageOver: 'PT5M', countsAs: 'additional-failure' }
  test.each<[string, object, string, object, number, boolean]>([
    ['one more in a row', inARow, 'NN', misreport, 300_001, true],
    ['not at exactly the bound', inARow, 'NN', misreport, 300_000, false],
    ['not where it is only noted', inARow, 'NN', { ...misreport, countsAs: 'note' }, 300_001, false],
    ['not on top of a window that was met', inARow, 'NNm', misreport, 300_001, false],
    ['one more within twelve', within, 'NmmmNmmmmmmN', misreport, 300_001, true],
    ['and pushes no window out of the twelve', within, 'NmmmNmmmmmNm', misreport, 300_001, true],
    ['alone where one is enough', { guarantee: 'up', failedWindows: 1 }, 'm', misreport, 300_001, true],
  ])('left out of the statement: %s', (_, rule, text, clause, ms, stands) => {
    const asked = { ...windowsOf(text), absentMs: { portal: [ms] } }
    expect(statementFor(contractWith(rule, { misreport: clause }), asked).rights.length === 1).toBe(stands)
  })
})

describe('outages', () => {
  const rule = { service: 'portal', outages: 3, eachOver: 'PT30M', withinDays: 30, aggregateOver: 'P1D' }
  const before = (daysBefore: number, minutes: number) => ({
    onsetMs: MONTH.startMs - daysBefore * DAY_MS,
    ms: minutes * MINUTE_MS,
  })
  test.each<[string, [number, number][], { onsetMs: number; ms: number }[], boolean]>([
    [
      'three over half an hour',
      [
        [0, 31],
        [5000, 31],
        [10_000, 31],
      ],
      [],
      true,
    ],
    [
      'one of exactly half an hour',
      [
        [0, 31],
        [5000, 30],
        [10_000, 31],
      ],
      [],
      false,
    ],
    [
      'two',
      [
        [0, 31],
        [5000, 31],
      ],
      [],
      false,
    ],
    [
      'two, and one of the month before',
      [
        [0, 31],
        [5000, 31],
      ],
      [before(10, 31)],
      true,
    ],
    [
      'within thirty days, not after',
      [
        [0, 31],
        [5000, 31],
      ],
      [before(30, 31)],
      false,
    ],
    [
      'a day altogether',
      [
        [0, 700],
        [5000, 740],
      ],
      [],
      false,
    ],
    [
      'more than a day altogether',
      [
        [0, 700],
        [5000, 741],
      ],
      [],
      true,
    ],
    [
      'long ago they give no right today',
      [[0, 31]],
      [before(1, 31), before(40, 31), before(41, 31), before(42, 31)],
      false,
    ],
    ['none today', [], [before(1, 31), before(2, 31), before(3, 31)], false],
  ])('%s', (_, outages, earlier, stands) => {
    const asked = { windows: { up: { outages } }, earlier: { portal: earlier } }
    expect(statementFor(contractWith(rule), asked).rights.length === 1).toBe(stands)
  })

  test('count by their promised time', () => {
    const terms = contractWith(rule)
    const outages = [
      [0, 60],
      [5000, 60],
      [10_000, 60],
    ] as const
    const question = questionOf(terms, { windows: { up: { outages } } })
    const [judged] = question.judged
    const rightsFrom = (startMs: number) =>
      rightsOf(
        {
          ...question,
          judged: [
            {
              ...judged!,
              commitment: { ...judged!.commitment, committed: [{ startMs, endMs: MONTH.endMs }] },
            },
          ],
        },
        terms.credits!,
      ).length
    expect(rightsFrom(MONTH.startMs)).toBe(1)
    // Of the first one 31 min are left, then 30.
    expect(rightsFrom(MONTH.startMs + 29 * MINUTE_MS)).toBe(1)
    expect(rightsFrom(MONTH.startMs + 30 * MINUTE_MS)).toBe(0)
  })

  test.each<[string, number]>([
    ['provable', 0],
    ['point', 1],
    ['pessimistic', 1],
  ])('count by the binding figure: %s', (bindingFigure, rights) => {
    const terms = contractWith(rule, { bindingFigure })
    const question = questionOf(terms, {
      windows: {
        up: {
          outages: [
            [0, 31],
            [5000, 31],
            [10_000, 31],
          ],
        },
      },
    })
    const judged = question.judged.map((one) => ({
      ...one,
      // A minute less is proved of each.
      incidents: one.incidents.map((incident) => ({
        ...incident,
        proved: [{ startMs: incident.onsetMs + MINUTE_MS, endMs: incident.endMs! }],
      })),
    }))
    expect(rightsOf({ ...question, judged }, terms.credits!)).toHaveLength(rights)
  })
})

test('a right says what it rests on', () => {
  const rule = { guarantee: 'up', failedWindows: 2, consecutive: true }
  expect(statementFor(contractWith(rule), windowsOf('NN')).rights).toEqual([
    { id: 'r', right: 'terminate-service', clause: null, text: 'not met 2 times in a row' },
  ])
})
