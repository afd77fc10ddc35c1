/** Lengths as statements write them: `1h32`, `92 min`, `01:32:00`, `PT1H32M`, `1,5 h`, `2 j 3 h`. Pure. */
import { parseDuration } from '../duration.ts'

export type LengthUnit = 'ms' | 's' | 'min' | 'h' | 'd'

const UNIT_MS: Readonly<Record<LengthUnit, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
/** A year: nothing that is longer is an outage of a window. */
const MAX_LENGTH_MS = 366 * UNIT_MS.d

const CLOCK = /^(?:(\d{1,3})(?: ?(?:d|j|days?|jours?),? |\.))?(\d{1,5}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?$/
const PART = /^(\d+(?:[.,]\d+)?) ?([a-z]*)[.,]?(?: (?:et|and) | )?/
const NUMBER = /^\d+(?:[.,]\d+)?$/
/** `1,500` is one and a half to some, and fifteen hundred to others. */
const GROUPED = /\d,\d{3}(?!\d)/
/** What a number without a unit means after this one: `1h32`. */
const BELOW: Readonly<Partial<Record<LengthUnit, LengthUnit>>> = { h: 'min', min: 's', d: 'h' }

/** ms, rounded; `no-unit` where a number has none; null where it is no length. `unit`: of bare numbers. */
export function statedLength(written: string, unit: LengthUnit | null): number | 'no-unit' | null {
  const text = written
    .replaceAll(/[\s\u00a0\u202f]+/g, ' ')
    .trim()
    .toLowerCase()
  if (GROUPED.test(text)) return null
  if (NUMBER.test(text)) return unit === null ? 'no-unit' : bounded(numberOf(text) * UNIT_MS[unit])
  const iso = parseDuration(text.toUpperCase())
  if (iso !== undefined) return bounded(iso)
  const clock = CLOCK.exec(text)
  if (clock) {
    const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = clock
    if (Number(minutes) > 59 || Number(seconds) > 59) return null
    const wholeMin = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes)
    return bounded(wholeMin * UNIT_MS.min + Number(seconds) * UNIT_MS.s)
  }
  return inWords(text)
}

function inWords(text: string): number | null {
  let rest = text
  let totalMs = 0
  let last: LengthUnit | null = null
  while (rest !== '') {
    const part = PART.exec(rest)
    if (!part) return null
    const unit: LengthUnit | null | undefined = part[2] === '' ? last && BELOW[last] : unitOf(part[2]!)
    if (!unit) return null
    totalMs += numberOf(part[1]!) * UNIT_MS[unit]
    last = unit
    rest = rest.slice(part[0].length)
  }
  return last === null ? null : bounded(totalMs)
}

function unitOf(word: string): LengthUnit | null {
  if (/^(d|j|days?|jours?)$/.test(word)) return 'd'
  if (/^(h|hrs?|hours?|heures?)$/.test(word)) return 'h'
  if (/^(m|mn|mins?|minutes?)$/.test(word)) return 'min'
  if (/^(s|secs?|seconds?|secondes?)$/.test(word)) return 's'
  return word === 'ms' ? 'ms' : null
}

function numberOf(text: string): number {
  return Number(text.replace(',', '.'))
}

function bounded(ms: number): number | null {
  return ms <= MAX_LENGTH_MS ? Math.round(ms) : null
}
