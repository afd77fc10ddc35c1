/**
 * The calendar of a contract as a file that calendar programs follow (RFC 5545): declared exclusions, standing ones of
 * the next three months, and the deadlines of its penalties. Stamps are those of the facts: as long as nothing changes,
 * an entry stays the same to the byte. Pure over a read model.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { tableOf } from '@constat/sla/calendar'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { occurrences } from '@constat/sla/recurrence'
import type { CalendarWanted } from '../http/actions.ts'
import type { ExclusionView } from '../view/exclusion.ts'
import { serviceName, spoken } from '../web/part/names.ts'
import { zoneOf, type Scene } from '../web/scene.ts'
import { windowName } from '../web/text/sentence.ts'
import { VERSION } from '../version.ts'
import { sceneOf } from './render.ts'

/** Declared exclusions in one file, the latest ones. */
export const MAX_DECLARED = 1_000
/** How far ahead standing exclusions are written out. */
const AHEAD_MS = 92 * 86_400_000
/** Octets of a line, RFC 5545, 3.1. */
const MAX_LINE_OCTETS = 75

type Entry = {
  uid: string
  stampMs: UnixMs
  /** Two instants, or the last day of something as `20261130`. */
  when: { start: string; end: string } | { day: string }
  title: string
  text: string
  url: string
  isTentative: boolean
  /** Grows with every change. */
  sequence: number
}

/** Null: there is no such contract. */
export async function calendarOf(
  { contract, lang, read, isCustomers }: CalendarWanted,
  { nowMs, publicUrl }: { nowMs: UnixMs; publicUrl: string },
): Promise<string | null> {
  const [view, terms] = [read.contract(contract), read.terms(contract)]
  if (!view || !terms) return null
  const asOf = { asOf: formatInstant(nowMs), timeZone: zoneOf(view) }
  const scene = sceneOf(asOf, { lang, termsOf: (name) => read.terms(name) })
  const { host } = new URL(publicUrl)
  const entries = [
    ...(await read.exclusions({ contract, limit: MAX_DECLARED }))
      .filter(({ standing }) => standing !== 'refused')
      .map((one) => declaredEntry(one, { scene, at: `${publicUrl}/contracts/${contract}/exclusions` })),
    ...standingEntries(terms, {
      stampMs: Date.parse(view.effectiveFrom),
      span: { startMs: nowMs, endMs: nowMs + AHEAD_MS },
      at: `${publicUrl}/contracts/${contract}/terms`,
    }),
    ...(await deadlineEntries({ contract, read, isCustomers }, { scene, publicUrl })),
  ]
  const head = ['VERSION:2.0', `PRODID:-//Constat//Constat ${VERSION}//EN`, 'CALSCALE:GREGORIAN']
  const lines = [
    'BEGIN:VCALENDAR',
    ...head,
    `X-WR-CALNAME:${escaped(view.displayName)}`,
    ...entries.flatMap((entry) => linesOf(entry, host)),
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

function declaredEntry(one: ExclusionView, { scene, at }: { scene: Scene; at: string }): Entry {
  const words = scene.text.metric.exclusion
  const who = one.service === null ? words.everyService : serviceName({ ...one, service: one.service }, scene)
  const changes = [one.declaredAt, ...one.answers.map((answer) => answer.at)]
  return {
    uid: one.id,
    stampMs: Math.max(...changes.map((instant) => Date.parse(instant))),
    when: { start: utcText(Date.parse(one.start)), end: utcText(Date.parse(one.end)) },
    title: `${spoken(one.kind)} · ${who}`,
    text: [one.reason, words.standings[one.standing]].filter((text) => text !== '').join('\n'),
    url: at,
    isTentative: one.standing !== 'counts',
    sequence: one.answers.length,
  }
}

/** Those that the contract itself repeats, as far as its calendars know the years. */
function standingEntries(
  terms: ExpandedContract,
  { stampMs, span, at }: { stampMs: UnixMs; span: { startMs: UnixMs; endMs: UnixMs }; at: string },
): Entry[] {
  return terms.exclusions.kinds.flatMap(({ id, clause, recurrence, needs }) => {
    if (!recurrence || needs !== 'nothing') return []
    const named = terms.clauses.find((one) => one.id === clause)
    try {
      const zone = tableOf(terms.zoneTables, recurrence.timeZone)
      return occurrences(recurrence, zone, span).map(({ startMs, endMs }) => ({
        uid: `${terms.name}-${id}-${utcText(startMs)}`,
        stampMs,
        when: { start: utcText(startMs), end: utcText(endMs) },
        title: named?.title ?? spoken(id),
        text: named?.text ?? '',
        url: at,
        isTentative: false,
        sequence: 0,
      }))
    } catch (error) {
      // A year that the terms do not cover: nothing is known of it.
      if (error instanceof Fault) return []
      throw error
    }
  })
}

/** When the customer has to claim is the customer's own; when the provider has to answer is both sides'. */
async function deadlineEntries(
  { contract, read, isCustomers }: Omit<CalendarWanted, 'lang'>,
  { scene, publicUrl }: { scene: Scene; publicUrl: string },
): Promise<Entry[]> {
  const words = scene.text.report.calendar
  const closedAt = new Map(read.closedWindows(contract).map(({ window, at }) => [window, at]))
  return (await read.penalties(contract)).flatMap((penalty): Entry[] => {
    const { window, nextDeadline, notifiedAt } = penalty
    if (!nextDeadline || (nextDeadline.what === 'claim' && !isCustomers)) return []
    const stamp = nextDeadline.what === 'claim' ? closedAt.get(window) : notifiedAt
    return [
      {
        uid: `${contract}-${window}-${nextDeadline.what}`,
        stampMs: Date.parse(stamp ?? penalty.end),
        when: { day: lastDayBefore(Date.parse(nextDeadline.at), scene.zone) },
        title: words[nextDeadline.what](windowName(window, scene)),
        text: '',
        url: `${publicUrl}/contracts/${contract}/penalties/${window}`,
        isTentative: false,
        sequence: penalty.newestVersion - 1,
      },
    ]
  })
}

function linesOf({ uid, stampMs, when, title, text, url, isTentative, sequence }: Entry, host: string) {
  const spans =
    'day' in when ? [`DTSTART;VALUE=DATE:${when.day}`] : [`DTSTART:${when.start}`, `DTEND:${when.end}`]
  return [
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}@${host}`,
    `DTSTAMP:${utcText(stampMs)}`,
    `SEQUENCE:${sequence}`,
    ...spans,
    `SUMMARY:${escaped(title)}`,
    ...(text === '' ? [] : [`DESCRIPTION:${escaped(text)}`]),
    `URL:${url}`,
    `STATUS:${isTentative ? 'TENTATIVE' : 'CONFIRMED'}`,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ]
}

/** `20261130T220000Z`: seconds, as the form has no smaller ones. */
function utcText(atMs: UnixMs): string {
  return `${formatInstant(atMs).slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** The day, by the clocks of a zone, on which the last instant before `atMs` lies. */
function lastDayBefore(atMs: UnixMs, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
  return parts.format(atMs - 1).replaceAll('-', '')
}

/** RFC 5545, 3.3.11. Control characters have no place in a text. */
function escaped(text: string): string {
  return text
    .replaceAll(/\r\n?|\n/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll(/[\\;,]/g, (found) => `\\${found}`)
    .replaceAll('\n', '\\n')
}

/** Lines of at most 75 octets, no character cut in two; a line that goes on begins with a space. */
function folded(line: string): string {
  let [text, octets] = ['', 0]
  for (const character of line) {
    const length = Buffer.byteLength(character)
    if (octets + length > MAX_LINE_OCTETS) [text, octets] = [`${text}\r\n `, 1]
    text += character
    octets += length
  }
  return text
}
