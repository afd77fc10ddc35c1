/**
 * Exports as they come: what ticket tools, monitoring tools, status pages and spreadsheets write, each line as it is
 * read; what is asked about, what is refused, and that no line spoils another.
 */
import { describe, expect, test } from 'vitest'
import { statementLinesIn, saysWhatIsAbsent } from '@constat/sla/reconciliation/statement-bytes'
import { readLines } from '@constat/sla/reconciliation/provider-statement'
import { statedLength } from '@constat/sla/reconciliation/stated-length'
import { accepted, SMALL } from '../../support/contract-text.ts'
import { hostZone } from '@constat/sla/zone'

const SPAN = { startMs: Date.UTC(2025, 0, 1), endMs: Date.UTC(2028, 0, 1) }
const TABLE = hostZone('Europe/Paris', SPAN)
const RULES = {
  toleranceMs: 120_000,
  providerClock: { timeZone: 'Europe/Paris', resolutionMs: 60_000 },
  ambiguousLocalTime: 'list-all-readings' as const,
  admissions: 'rebuttable' as const,
}
const short = (ms: number): string => (ms === Infinity ? 'now' : new Date(ms).toISOString().slice(8, 16))

/** `05T08:00–05T08:30` of each line that was read, `refused: code` of the others. */
function told(text: string): string[] {
  return readLines(text, { rules: RULES, table: TABLE }).lines.map(({ status, incident, problem }) => {
    const spans = incident?.readings.map(({ startMs, endMs }) => `${short(startMs)}–${short(endMs)}`)
    return status === 'read'
      ? (spans?.join(' or ') ?? 'figure')
      : `${status}${problem ? `: ${problem.code}` : ''}`
  })
}

const MORNING = '05T08:00–05T08:30'

describe('heads and separators', () => {
  test.each<[string, string]>([
    [
      'ServiceNow, English',
      'Number,Opened,Resolved,Configuration item\nINC1,2026-10-05 10:00:00,2026-10-05 10:30:00,portal',
    ],
    [
      'ServiceNow, closed later',
      'Opened,Closed,Resolved\n2026-10-05 10:00,2026-10-07 09:00,2026-10-05 10:30',
    ],
    ['Jira', 'Issue key,Summary,Created,Resolved\nOPS-1,down,05/Oct/26 10:00 AM,05/Oct/26 10:30 AM'],
    [
      'GLPI',
      `"ID";"Titre";"Date d'ouverture";"Date de résolution"\n"4";"Panne";"05-10-2026 10:00";"05-10-2026 10:30"`,
    ],
    [
      'GLPI, ISO',
      `"Titre";"Date d’ouverture";"Date de résolution"\n"Panne";"2026-10-05 10:00";"2026-10-05 10:30"`,
    ],
    [
      'Zabbix',
      'Severity,Time,Recovery time,Status,Host,Problem,Duration\nHigh,2026-10-05 10:00:00,2026-10-05 10:30:00,RESOLVED,portal,HTTP,30m',
    ],
    ['Excel FR', 'sep=;\nDébut;Fin\n05/10/2026 10:00;05/10/2026 10:30\n'],
    ['Excel FR, with BOM and CRLF', '\ufeffDébut;Fin\r\n05/10/2026 10:00;05/10/2026 10:30\r\n'],
    ['Excel FR, a day and two hours', 'Date;Heure début;Heure fin\n05/10/2026;10:00;10:30'],
    ['Excel FR, hours with h', 'Date;Heure de début;Heure de fin\n05/10/2026;10h00;10h30'],
    [
      'Excel FR, date and hour of the incident',
      "Date et heure de début de l'incident;Date et heure de fin de l'incident\n05/10/2026 10:00;05/10/2026 10:30",
    ],
    ['Excel, numbers of days', 'Début;Fin\n46300,4166666667;46300,4375'],
    ['tabs', 'Start time\tEnd time\n2026-10-05 10:00\t2026-10-05 10:30'],
    [
      'titles above the head',
      'Rapport mensuel;;\nOctobre 2026;;\n\nDébut;Fin;Service\n05/10/2026 10:00;05/10/2026 10:30;Portail',
    ],
    [
      'status page, months in words',
      'Component,Started,Resolved\nPortal,"Oct 5, 2026, 10:00 AM","Oct 5, 2026, 10:30 AM"',
    ],
    ['status page, of UTC by its head', 'Started (UTC),Resolved (UTC)\n2026-10-05 08:00,2026-10-05 08:30'],
    ['of UTC by its head, day first', 'Début (UTC);Fin (UTC)\n05/10/2026 08:00;05/10/2026 08:30'],
    ['monitors', 'Monitor,Down,Up\nportal,2026-10-05 10:00,2026-10-05 10:30'],
    ['seconds of the epoch', 'start;end\n1791187200;1791189000'],
    ['ms of the epoch', 'Début;Fin\n1791187200000;1791189000000'],
    ['du and au', 'Du;Au\n05.10.2026 10:00;05.10.2026 10:30'],
    ['months in French words', 'Début;Fin\n5 octobre 2026 à 10h00;5 oct. 2026 10:30'],
    ['weekdays', 'Début;Fin\nlundi 5 octobre 2026 10:00;lun. 5 oct. 2026 10:30'],
    ['year first with slashes', 'Begin,Finish\n2026/10/05 10:00,2026/10/5 10:30'],
    ['American, by a day past 12', 'Opened,Resolved\n10/05/2026 10:00 AM,10/05/2026 10:30 AM'],
    ['offsets', 'Started,Resolved\n2026-10-05T10:00:00+02:00,2026-10-05T08:30:00Z'],
    ['offsets with a name', 'Started,Resolved\n05.10.2026 10:00 UTC+2,05.10.2026 08:30 UTC'],
    ['a length with its unit', 'Début;Durée (min)\n05/10/2026 10:00;30'],
    ['a length in words', 'Start time,Downtime\n2026-10-05 10:00,30 min'],
    ['a length as a clock', 'Début;Durée\n05/10/2026 10:00;00:30:00'],
    ['a length in hours with a comma', 'Début;Durée (h)\n05/10/2026 10:00;0,5'],
    ['a day, an hour and a length', 'Date;Heure;Durée\n05/10/2026;10:00;30 mn'],
    ['no-break spaces', 'Début;Fin\n05/10/2026\u00a010:00;05/10/2026\u202f10:30'],
  ])('%s', (_, text) => {
    expect(told(text)).toEqual([MORNING])
  })

  test.each<[string, string, string[]]>([
    ['not over', 'Début;Fin\n05/10/2026 10:00;en cours\n05/10/2026 10:00;', ['05T08:00–now', '05T08:00–now']],
    ['over midnight', 'Date;Début;Fin\n05/10/2026;23:30;00:15', ['05T21:30–05T22:15']],
    ['shorter than a step', 'Début;Durée\n05/10/2026 10:00;0 min', ['05T08:00–05T08:01']],
    ['less than its step', 'Début;Fin\n05/10/2026 10:00;05/10/2026 10:00', ['05T08:00–05T08:01']],
    [
      'a total below',
      'Début;Durée (min);Service\n05/10/2026 10:00;30;Portail\n;30;Total',
      [MORNING, 'skipped'],
    ],
    [
      'an hour that happened twice',
      'Début;Fin\n25/10/2026 02:10;25/10/2026 02:20',
      ['25T00:10–25T00:20 or 25T00:10–25T01:20 or 25T01:10–25T01:20'],
    ],
    ['a length from it', 'Début;Durée\n25/10/2026 02:10;10 min', ['25T00:10–25T00:20 or 25T01:10–25T01:20']],
    ['an hour that never was', 'Début;Fin\n29/03/2026 02:30;29/03/2026 04:00', ['29T01:30–29T02:00']],
    [
      'one bad date',
      'Début;Fin\n32/10/2026 10:00;32/10/2026 10:30\n05/10/2026 10:00;05/10/2026 10:30',
      ['refused: no-time', MORNING],
    ],
    [
      'one that goes backwards',
      'Début;Fin\n05/10/2026 10:30;05/10/2026 10:00\n05/10/2026 10:00;05/10/2026 10:30',
      ['refused: backwards', MORNING],
    ],
    [
      'a length without a unit',
      'Début;Durée\n05/10/2026 10:00;30\n05/10/2026 10:00;30 min',
      ['refused: no-unit', MORNING],
    ],
    [
      'a length that is none',
      'Début;Durée\n05/10/2026 10:00;long\n05/10/2026 10:00;30 min',
      ['refused: no-length', MORNING],
    ],
    [
      'a day that may be a month',
      'Opened,Resolved\n05/10/2026 10:00,05/10/2026 10:30\n2026-10-05 10:00,2026-10-05 10:30',
      ['refused: day-or-month', MORNING],
    ],
    [
      'a day that another line decides',
      'Opened,Resolved\n05/10/2026 10:00,05/10/2026 10:30\n13/10/2026 10:00,13/10/2026 10:30',
      [MORNING, '13T08:00–13T08:30'],
    ],
    [
      'a quote that stays open',
      'start,end,note\n2026-10-05 10:00,2026-10-05 10:30,"so\n2026-10-05 10:00,2026-10-05 10:30,x',
      ['refused: open-quote', MORNING],
    ],
    ['1970', 'start,end\n0,1\n2026-10-05 10:00,2026-10-05 10:30', ['refused: no-time', MORNING]],
    [
      'JSON with one that is none',
      '[3, {"start": "2026-10-05T08:00Z", "end": "2026-10-05T08:30Z"}]',
      ['refused: shape', MORNING],
    ],
    ['percentages', 'Service;Disponibilité\nPortail;99,95 %\nVPN;n/a', ['figure', 'refused: no-percentage']],
  ])('%s', (_, text, expected) => {
    expect(told(text)).toEqual(expected)
  })
})

describe('lengths', () => {
  const MIN = 60_000
  test.each<[string, ReturnType<typeof statedLength>]>([
    ['1h32', 92 * MIN],
    ['1 h 32 min', 92 * MIN],
    ['92 min', 92 * MIN],
    ['92 minutes', 92 * MIN],
    ['01:32:00', 92 * MIN],
    ['1:32', 92 * MIN],
    ['PT1H32M', 92 * MIN],
    ['1 heure et 32 minutes', 92 * MIN],
    ['1 hour, 32 minutes', 92 * MIN],
    ['1,5 h', 90 * MIN],
    ['1.5h', 90 * MIN],
    ['2 j 3 h', 51 * 60 * MIN],
    ['1d 2h 3m 4s', 26 * 60 * MIN + 3 * MIN + 4_000],
    ['2 days 01:30:00', 49.5 * 60 * MIN],
    ['32m10', 32 * MIN + 10_000],
    ['5400 s', 90 * MIN],
    ['250 ms', 250],
    ['92', 'no-unit'],
    ['1:75', null],
    ['soon', null],
    ['-5 min', null],
    ['9999 days', null],
  ])('%s', (text, expected) => {
    expect(statedLength(text, null)).toBe(expected)
  })
})

const TERMS = accepted(SMALL)
const { startMs, endMs } = { startMs: Date.UTC(2026, 9, 1), endMs: Date.UTC(2026, 10, 1) }
const [service] = TERMS.services
const reading = (text: string | Buffer) =>
  statementLinesIn(Buffer.from(text), {
    ...TERMS,
    reconciliation: RULES,
    zoneTables: { ...TERMS.zoneTables, 'Europe/Paris': TABLE },
    window: { startMs, endMs },
  })
const asked = (text: string | Buffer) => reading(text).lines.map(({ asks }) => asks.join(' '))
const T = '2026-10-05 10:00,2026-10-05 10:30'

test.each([
  ['24/10/2026;23:00;05:00', ['24T21:00–25T04:00']],
  ['28/03/2026;23:00;05:00', ['28T22:00–29T03:00']],
])('an end after midnight goes by the clock: %s', (line, spans) => {
  expect(told(`Date;Start time;End time\n${line}`)).toEqual(spans)
})

test('March is no Tuesday', () => {
  expect(told('Start,End\n"Mar 5, 2026 10:00","March 5, 2026 11:00"')).toEqual(['05T09:00–05T10:00'])
})

describe('what is asked about', () => {
  test.each<[string, string, string[], boolean]>([
    ['nothing', `start,end\n${T}`, [''], true],
    ['a duplicate', `start,end\n${T}\n${T}`, ['', 'duplicate'], true],
    [
      'an outage after the window, beside one in it',
      `start,end\n${T}\n2026-12-05 10:00,2026-12-05 10:30`,
      ['', 'outside'],
      true,
    ],
    ['outages outside the window alone', 'start,end\n2026-12-05 10:00,2026-12-05 10:30', ['outside'], false],
    [
      '1970, as ms taken for seconds',
      'start,end\n1791187200,1791189000\n179118720,179118900',
      ['', 'not-possible'],
      false,
    ],
    [
      'a line of another service',
      `service,start,end\n${service!.name},${T}\nvpn,${T}`,
      ['', 'other-service'],
      true,
    ],
    ['other services alone', `service,start,end\nvpn,${T}`, ['other-service'], false],
    ['one that is not over', 'start,end\n2026-10-05 10:00,', ['not-over'], true],
    ['a date without a clock', 'start,end\n2026-10-05,2026-10-06', ['no-clock'], false],
    [
      'a length that differs from the end',
      'Début;Fin;Durée\n05/10/2026 10:00;05/10/2026 10:30;2 h',
      ['length-differs'],
      false,
    ],
    ['a length that reads in two ways', `start,duration (s)\n2026-10-05 10:00,"5,400"`, [''], false],
    ['a line that cannot be read', `start,end\n${T}\nsoon,later`, ['', ''], false],
    ['a percentage', '99.95', [], false],
  ])('%s', (_, text, expected, saysAbsent) => {
    expect(asked(text)).toEqual(expected)
    expect(saysWhatIsAbsent(reading(text))).toBe(saysAbsent)
  })

  test('a service has the name that the terms give it', () => {
    const spelled = [service!.displayName, service!.name.toUpperCase(), service!.name.replaceAll('-', ' ')]
    const text = `service,start,end\n${spelled.map((one) => `"${one}",${T}`).join('\n')}`
    expect(reading(text).incidents.map((one) => one.service)).toEqual(spelled.map(() => service!.name))
  })

  test('keys that mean nothing are refused by name', () => {
    expect(() => reading('{"incidents": [{"start": 1, "end": 2, "ende": 3}], "uptime": 1}')).toThrow(
      /uptime, incidents\[\]\.ende/,
    )
  })
})

describe('encodings', () => {
  const text = 'Début;Fin\n05/10/2026 10:00;05/10/2026 10:30'
  const big = Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  test.each<[string, Buffer, string]>([
    ['UTF-8', Buffer.from(text), 'utf-8'],
    ['Windows', Buffer.from(text, 'latin1'), 'windows-1252'],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'utf-16'],
    ['UTF-16 without', Buffer.from(text, 'utf16le'), 'utf-16'],
    ['UTF-16, big end first', big, 'utf-16'],
  ])('%s', (_, bytes, encoding) => {
    const found = reading(bytes)
    expect(found.encoding).toBe(encoding)
    expect(found.incidents.map(({ readings }) => readings.map(({ startMs: at }) => short(at)))).toEqual([
      ['05T08:00'],
    ])
  })
  test.each(['PK\u0003\u0004 a workbook', '%PDF-1.7', 'of\u0000\u0000zeros'])('%j is no text', (start) => {
    expect(() => reading(Buffer.from(start))).toThrow(/is no text/)
  })
})

test('a quote that stays open spoils its own line, however many follow', () => {
  const lines = `${T},""x\n`.repeat(9_000)
  const found = reading(`start,end,note\n${T},"open\n${lines}`).lines
  expect(found).toHaveLength(9_001)
  expect(found.filter(({ status }) => status === 'refused').map(({ line }) => line)).toEqual([2])
})
