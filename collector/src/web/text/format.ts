/**
 * Figures in words: durations, percentages, instants with their zone, in the reader's language. Nothing
 * is ever rounded towards the promise: durations and percentages are truncated. Pure.
 */
import type { UnixMs } from '@constat/shared/time'

export type Lang = 'en' | 'fr'

/** Figures and their units stay on one line. */
const NBSP = '\u00a0'
const MINUS = '\u2212'

const LOCALE = { en: 'en-GB', fr: 'fr-FR' } as const
const DAY_UNIT = { en: 'd', fr: 'j' } as const

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** `48 min 12 s`, `3 h`, `3 d 4 h`; below a minute `12 s`, below ten seconds `2.4 s`. Parts of nothing are left out. */
export function durationText(durationMs: number, lang: Lang): string {
  if (durationMs < 0) return MINUS + durationText(-durationMs, lang)
  const parts = partsOf(durationMs, lang)
  const kept = parts.filter((part) => !part.startsWith(`0${NBSP}`))
  return (kept.length === 0 ? parts : kept).join(NBSP)
}

function partsOf(durationMs: number, lang: Lang): string[] {
  if (durationMs > 0 && durationMs < 10 * SECOND_MS && durationMs % SECOND_MS !== 0) {
    return [`${decimalText((Math.trunc(durationMs / 100) / 10).toFixed(1), lang)}${NBSP}s`]
  }
  const count = (unitMs: number, wholeMs: number): number => Math.trunc((durationMs % wholeMs) / unitMs)
  const days = Math.trunc(durationMs / DAY_MS)
  const parts: [number, string][] = [
    [days, DAY_UNIT[lang]],
    [count(HOUR_MS, DAY_MS), 'h'],
    [count(MINUTE_MS, HOUR_MS), 'min'],
    [count(SECOND_MS, MINUTE_MS), 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  const shown = first === -1 ? parts.slice(3) : parts.slice(first, first + 3)
  return shown.map(([n, unit]) => `${n}${NBSP}${unit}`)
}

export function decimalText(decimal: string, lang: Lang): string {
  return lang === 'fr' ? decimal.replace('.', ',') : decimal
}

/** `99.6906` → `99.6906 %`; the digits are the view's, already truncated. */
export function percentText(percent: string, lang: Lang): string {
  return `${decimalText(percent, lang)}${NBSP}%`
}

export function percentOrNone(percent: string | null, lang: Lang): string {
  return percent === null ? '–' : percentText(percent, lang)
}

/** A share with 4 digits as a percentage with 2: `0.9985` → `99.85 %`. Only moves the point. */
export function shareText(share: string, lang: Lang): string {
  const [whole = '0', fraction = ''] = share.split('.')
  const digits = fraction.padEnd(4, '0')
  const percent = `${Number(whole + digits.slice(0, 2))}.${digits.slice(2, 4)}`
  return percentText(percent, lang)
}

/** `4.2 ms`, `81 ms`, `1.25 s`: rounded up, as shorter is better. */
export function latencyText(latencyUs: number, lang: Lang): string {
  const [unitUs, digits, unit] =
    latencyUs < 10_000 ? [1_000, 1, 'ms'] : latencyUs < 1_000_000 ? [1_000, 0, 'ms'] : [1_000_000, 2, 's']
  const scale = 10 ** digits
  const figure = (Math.ceil((latencyUs * scale) / unitUs) / scale).toFixed(digits)
  // A threshold is told as people wrote it: 2 s, not 2.00 s.
  return `${decimalText(figure.replace(/\.0+$/, ''), lang)}${NBSP}${unit}`
}

/** With a true minus. */
export function signedText(whole: number): string {
  return whole < 0 ? `${MINUS}${-whole}` : String(whole)
}

export function countText(count: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALE[lang]).format(count)
}

const STYLES = {
  /** 22 Nov 2026, 18:29:04 CET */
  full: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  },
  /** 22 Nov 2026, 18:29 CET */
  minute: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  },
  /** 18:29 CET, for an instant of today. */
  clock: { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' },
  /** 18:29, only below an axis that names its zone. */
  tickHour: { hour: '2-digit', minute: '2-digit' },
  /** 22 Nov, only below an axis that names its zone. */
  tickDay: { day: 'numeric', month: 'short' },
  day: { day: 'numeric', month: 'long', year: 'numeric' },
  month: { month: 'long', year: 'numeric' },
  year: { year: 'numeric' },
  zone: { timeZoneName: 'short' },
  /** All numbers, to be read back. */
  reading: {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

export type TimeStyle = keyof typeof STYLES
export type Place = { lang: Lang; zone: string }

/** Making a format costs 50 µs and a page shows hundreds of times; there are few languages and zones. */
const formats = new Map<string, Intl.DateTimeFormat>()
const MAX_FORMATS = 512

export function timeText(atMs: UnixMs, style: TimeStyle, { lang, zone }: Place): string {
  const format = formatOf(style, { lang, zone })
  if (style !== 'zone') return format.format(atMs)
  return format.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value ?? zone
}

/** Offset of the zone at an instant, ms: its wall clock read as if it were UTC, less the instant. */
export function zoneOffsetMs(atMs: UnixMs, zone: string): number {
  const parts = formatOf('reading', { lang: 'en', zone }).formatToParts(atMs)
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  const wallMs = Date.UTC(
    read('year'),
    read('month') - 1,
    read('day'),
    read('hour'),
    read('minute'),
    read('second'),
  )
  return wallMs - Math.floor(atMs / SECOND_MS) * SECOND_MS
}

function formatOf(style: TimeStyle, { lang, zone }: Place): Intl.DateTimeFormat {
  const key = `${lang}|${zone}|${style}`
  const known = formats.get(key)
  if (known) return known
  if (formats.size >= MAX_FORMATS) formats.clear()
  const made = new Intl.DateTimeFormat(LOCALE[lang], { ...STYLES[style], timeZone: zone, hourCycle: 'h23' })
  formats.set(key, made)
  return made
}

/** `18:29 CET` today, with the date on any other day. */
export function nearText(atMs: UnixMs, nowMs: UnixMs, place: Place): string {
  const today = timeText(atMs, 'day', place) === timeText(nowMs, 'day', place)
  return timeText(atMs, today ? 'clock' : 'minute', place)
}

/** An amount as people write it in their language, all its digits kept: `1 800,00 EUR`. */
export function moneyText({ amount, currency }: { amount: string; currency: string }, lang: Lang): string {
  // The sign is kept apart: the whole part of −0.50 has none.
  const sign = amount.startsWith('-') ? MINUS : ''
  const [whole = '0', fraction = ''] = amount.replace(/^-/, '').split('.')
  const grouped = new Intl.NumberFormat(LOCALE[lang]).format(BigInt(whole))
  const point = fraction === '' ? '' : decimalText(`.${fraction}`, lang)
  return `${sign}${grouped}${point}${NBSP}${currency}`
}
