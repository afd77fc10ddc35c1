/**
 * Provider statements: a percentage, JSON, CSV as spreadsheets write it; local times of the provider's clock,
 * those that happened twice and those that never did; and what is refused, with its line.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '@constat/shared/fault'
import {
  MAX_STATEMENT_CHARS,
  MAX_STATEMENT_LINES,
  readStatement,
  statementOfJson,
  type StatementContext,
} from '@constat/sla/reconciliation/provider-statement'
import { hostZone } from '@constat/sla/zone'

const SPAN = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2027, 0, 1) }
function context(
  ambiguousLocalTime: StatementContext['rules']['ambiguousLocalTime'] = 'list-all-readings',
): StatementContext {
  const providerClock = { timeZone: 'Europe/Paris', resolutionMs: 60_000 }
  const rules = { toleranceMs: 120_000, providerClock, ambiguousLocalTime, admissions: 'rebuttable' as const }
  return { rules, table: hostZone('Europe/Paris', SPAN) }
}

/** `start–end` of each reading, UTC, without date. */
const readings = (text: string, mode?: StatementContext['rules']['ambiguousLocalTime']) =>
  readStatement(text, context(mode)).incidents.map((one) =>
    one.readings.map(({ startMs, endMs }) =>
      [startMs, endMs].map((at) => new Date(at).toISOString().slice(11, 16)).join('–'),
    ),
  )

describe('a percentage', () => {
  test.each<[string, string]>([
    ['99.95', '99.95'],
    [' 99,95 % \n', '99.95'],
    ['100', '100'],
    ['100.000%', '100.000'],
    ['0', '0'],
    ['\ufeff99.9', '99.9'],
  ])('%j', (text, percent) => {
    expect(readStatement(text, context())).toEqual({
      incidents: [],
      isList: false,
      availability: { '*': percent },
    })
  })
  test.each(['100.01', '-1', '99.9.9', '1e2', ''])('%j is none', (text) => {
    expect(() => readStatement(text, context())).toThrow(Fault)
  })
})

describe('CSV', () => {
  test.each<[string, string, string[][]]>([
    ['commas', 'start,end\n2026-10-05 10:00,2026-10-05 10:30', [['08:00–08:30']]],
    [
      'semicolons, and a service with a comma',
      'service;start;end\r\n"a, b";2026-10-05 10:00;2026-10-05 10:30\r\n',
      [['08:00–08:30']],
    ],
    [
      'tabs, other order, empty lines',
      'End\tStart\n\n2026-10-05 10:30\t2026-10-05 10:00\n\n',
      [['08:00–08:30']],
    ],
    [
      'instants with an offset',
      'start,end\n2026-10-05T10:00:00+02:00,2026-10-05T08:30:00Z',
      [['08:00–08:30']],
    ],
    ['winter', 'start,end\n2026-10-26 10:00,2026-10-26 10:30', [['09:00–09:30']]],
    // 25 October: 02:00 to 03:00 happens twice.
    [
      'an end that happened twice',
      'start,end\n2026-10-25 01:30,2026-10-25 02:15',
      [['23:30–00:15', '23:30–01:15']],
    ],
    [
      'both ends',
      'start,end\n2026-10-25 02:10,2026-10-25 02:20',
      [['00:10–00:20', '00:10–01:20', '01:10–01:20']],
    ],
    [
      'ends the wrong way round in one reading',
      'start,end\n2026-10-25 02:40,2026-10-25 02:10',
      [['00:40–01:10']],
    ],
    // 29 March: 02:30 never was; the offset before the gap counts.
    ['a start in the gap', 'start,end\n2026-03-29 02:30,2026-03-29 04:00', [['01:30–02:00']]],
  ])('%s', (_, text, expected) => {
    expect(readings(text)).toEqual(expected)
  })

  const twice = 'start,end\n2026-10-25 02:10,2026-10-25 02:20'
  test.each<['first' | 'second', string[][]]>([
    ['first', [['00:10–00:20']]],
    ['second', [['01:10–01:20']]],
  ])('a contract may decide for the %s', (mode, expected) => {
    expect(readings(twice, mode)).toEqual(expected)
  })

  test('keeps service, kind, note and line', () => {
    const text =
      'service,start,end,kind,note\n,2026-10-05 10:00,2026-10-05 10:30,,\nportal,2026-10-05 11:00,2026-10-05 11:30,planned,"said ""so"",\nin two lines"\nvpn,2026-10-05 12:00,2026-10-05 12:30,Outage,x'
    const found = readStatement(text, context()).incidents.map(({ line, service, kind, note }) => ({
      line,
      service,
      kind,
      note,
    }))
    expect(found).toEqual([
      { line: 2, service: null, kind: null, note: '' },
      { line: 3, service: 'portal', kind: 'planned', note: 'said "so",\nin two lines' },
      { line: 5, service: 'vpn', kind: 'Outage', note: 'x' },
    ])
  })
})

describe('JSON', () => {
  const one = { start: '2026-10-05T08:00:00Z', end: '2026-10-05T08:30:00Z' }
  test('is an object, or a list', () => {
    const written = { incidents: [one], availability: { portal: '99.95', up: 99.9 } }
    expect(readStatement(JSON.stringify(written), context()).availability).toEqual({
      portal: '99.95',
      up: '99.9',
    })
    expect(readings(JSON.stringify([one]))).toEqual([['08:00–08:30']])
    expect(readings(JSON.stringify([{ start: Date.parse(one.start), end: '2026-10-05T10:30:00' }]))).toEqual([
      ['08:00–08:30'],
    ])
  })
})

describe('times', () => {
  const START = '2026-01-08T10:00:00Z'
  const at = (start: unknown, end: unknown) =>
    statementOfJson([{ start, end }], context()).incidents[0]!.readings
  const span = (startMs: number, endMs: number) => [{ startMs, endMs }]
  const startMs = Date.parse(START)

  test.each<[string, unknown, number]>([
    ['without seconds', '2026-01-08T10:00Z', 0],
    ['with an offset, without seconds', '2026-01-08T11:00+01:00', 0],
    ['with an offset without a colon', '2026-01-08T10:00:00.250+0000', 250],
    ['with an offset of hours', '2026-01-08 10:00:00+00', 0],
    ['with an offset to the west', '2026-01-08T04:30-0530', 0],
    ['with a minus sign that is one', '2026-01-08T04:30−05:30', 0],
    ['with a comma', '2026-01-08T10:00:00,5Z', 500],
    ['in the basic form', '20260108T100000Z', 0],
    ['in the basic form, without seconds', '20260108T1000Z', 0],
    ['apart from its offset', '2026-01-08 11:00:00 +0100', 0],
    ['named UTC', '2026-01-08 10:00 UTC', 0],
    ['in small letters', '2026-01-08t10:00:00z', 0],
    ['in more digits than ms', '2026-01-08T10:00:00.123456789Z', 123],
    ['of the clock', '2026-01-08 11:00', 0],
    ['of the clock, in the basic form', '20260108T1100', 0],
    ['as seconds', startMs / 1000, 0],
    ['as seconds with a fraction', startMs / 1000 + 0.25, 250],
    ['as ms', startMs, 0],
    ['as text of seconds', String(startMs / 1000), 0],
    ['as text of ms', String(startMs), 0],
  ])('%s', (_, text, laterMs) => {
    expect(at(text, '2026-01-08T10:20:00Z')).toEqual(span(startMs + laterMs, startMs + 20 * 60_000))
  })

  test.each([
    '2026-01-08T10:00:60Z',
    '2026-02-30T10:00Z',
    '2026-01-08T25:00Z',
    '2026-01-08T10:00+24:00',
    '2026-01-08T10:00+01:60',
    '2026-01-08 10:00 CET',
    '2026-01-08T10',
    '10:00',
    1e13,
    startMs + 0.5,
    -0.5,
    true,
    {},
  ])('%j is none', (value) => {
    expect(() => at(value, '2026-01-08T10:20:00Z')).toThrow(/which is no time/)
  })

  test('one reading of the clock lasts until its next', () => {
    expect(at('2026-01-08 11:00', '2026-01-08 11:00')).toEqual(span(startMs, startMs + 60_000))
  })

  test.each([undefined, null, '', ' ', '-', 'ongoing', 'En cours'])('not over: %j', (end) => {
    expect(at(START, end)).toEqual(span(startMs, Infinity))
    if (typeof end === 'string' || end === undefined) {
      const csv = readStatement(`start,end\n${START},${end ?? ''}`, context())
      expect(csv.incidents[0]?.readings).toEqual(span(startMs, Infinity))
    }
  })
})

describe('is refused', () => {
  const times = '2026-10-05 10:00,2026-10-05 10:30'
  test.each<[string, string, string]>([
    ['without columns', 'when,how long\n1,2', 'has no columns start and end'],
    [
      'with a date that is none',
      'start,end\n2026-02-30 10:00,2026-03-01 10:00',
      'line 2: start of the statement is "2026-02-30 10:00", which is no time',
    ],
    [
      'with the date of a spreadsheet',
      `start,end\n${times}\n05/10/2026 10:00,05/10/2026 10:30`,
      'line 3: start',
    ],
    [
      'ending before it begins',
      'start,end\n2026-10-05 10:30,2026-10-05 10:00',
      'line 2 of the statement ends before it begins',
    ],
    [
      'with a quote that stays open',
      `start,end,note\n${times},"so`,
      'line 2 of the statement: a quote is never closed',
    ],
    ['with JSON that breaks off', '{"incidents": [', 'begins like JSON and is none'],
    ['with incidents that are none', '{"incidents": 3}', 'incidents of the statement should be a list'],
    ['with one that is none', '{"incidents": [3]}', 'incidents[0] of the statement should be'],
    ['with a note that is none', '[{"start": 0, "end": 1, "note": {}}]', 'incidents[0].note'],
    ['with too high a percentage', '{"availability": {"up": "101"}}', 'availability.up'],
    ['with fractions of a ms', '[{"start": 0.5, "end": 1}]', 'incident 1: start'],
  ])('%s', (_, text, message) => {
    expect(() => readStatement(text, context())).toThrow(message)
  })
  test('one character and one line past their limits', () => {
    expect(() => readStatement(' '.repeat(MAX_STATEMENT_CHARS) + '9', context())).toThrow(/longer than/)
    expect(readStatement('9'.padStart(MAX_STATEMENT_CHARS), context()).availability).toEqual({ '*': '9' })
    const lines = (count: number) => `start,end\n${`${times}\n`.repeat(count)}`
    expect(readStatement(lines(MAX_STATEMENT_LINES), context()).incidents).toHaveLength(MAX_STATEMENT_LINES)
    expect(() => readStatement(lines(MAX_STATEMENT_LINES + 1), context())).toThrow(/more than/)
    const list = Array.from({ length: MAX_STATEMENT_LINES + 1 }, () => ({ start: 0, end: 1 }))
    expect(() => statementOfJson(list, context())).toThrow(/more than/)
  })
})

test('any text is read, or refused in words', () => {
  const piece = fc.constantFrom(
    'start',
    'end',
    ',',
    ';',
    '\n',
    '"',
    '{',
    '[',
    '}',
    '99.9',
    '2026-10-25 02:10',
    '%',
    'é',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 20 }).map((all) => all.join('')),
      ),
      (text) => {
        try {
          const { incidents } = readStatement(text, context())
          for (const { readings: all } of incidents) {
            expect(all.length).toBeGreaterThan(0)
            for (const { startMs, endMs } of all) expect(startMs).toBeLessThan(endMs)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
        }
      },
    ),
    { numRuns: 2000 },
  )
})
