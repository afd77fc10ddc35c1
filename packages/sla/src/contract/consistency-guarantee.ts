/**
 * Consistency of guarantees: targets that can be missed, windows that exist, SLOs that say the same. Pure.
 */
import { parseDate } from '../civil.ts'
import { durationText } from '../duration.ts'
import { compare, decimal, fraction, decimalText, parseFraction, product } from '../fraction.ts'
import type { Fraction } from '../fraction.ts'
import { MAX_SLICES } from '../judgement/slices.ts'
import { isFirstDay } from '../period.ts'
import type { GuaranteeTerms, WindowPeriod, WindowTerms } from './expanded.ts'
import { entryOf } from './library.ts'
import type { DocumentOf } from './kinds.ts'
import type { Rule, Say, Subject } from './subject.ts'
import { slugsOfWatch } from './watch.ts'

type SloSpec = DocumentOf<'SLO'>['spec']

const SLO_PERIODS: Readonly<Record<string, WindowPeriod>> = {
  '1d': 'P1D',
  '7d': 'P1W',
  '1w': 'P1W',
  '1M': 'P1M',
  '1Q': 'P3M',
  '3M': 'P3M',
  '12M': 'P1Y',
  '1Y': 'P1Y',
}

/** The terms of the guarantees that the document lists: the watched ones stand before them. */
function listed({ spec, terms }: Subject): [number, GuaranteeTerms][] {
  const watched = spec.watch?.length ?? 0
  return (spec.guarantees ?? []).map((_, i) => [i, terms.guarantees[i + watched]!])
}

/** The guarantee decides; an SLO that says otherwise misleads whoever reads only it. */
const slosAgree: Rule = (subject, say) => {
  for (const [i, guarantee] of listed(subject)) {
    const slo = guarantee.sloRef === null ? undefined : entryOf(subject.library, 'SLO', guarantee.sloRef)
    if (!slo) continue
    const path = ['guarantees', i]
    const tell: Say = (at, message) => say([...path, ...at], message)
    windowAgrees(guarantee, slo.document.spec, tell)
    targetAgrees(guarantee, slo.document.spec, tell)
    const { service } = slo.document.spec
    if (service === guarantee.service) continue
    const message = `is about ${service}, and this guarantee about ${guarantee.service}: name the SLO of the same service`
    tell(['sloRef'], message)
  }
}

function windowAgrees({ sloRef, window }: GuaranteeTerms, slo: SloSpec, say: Say): void {
  const written = slo.timeWindow?.[0]
  if (!written) return
  const zone = written.calendar?.timeZone
  const isSame =
    SLO_PERIODS[written.duration] === window.period && (zone === undefined || zone === window.timeZone)
  const start = written.calendar?.startTime
  const place = zone ? ` in ${zone}` : ''
  if (written.isRolling || !isSame) {
    const other = `${written.isRolling ? 'rolling ' : ''}${written.duration}${place}`
    const message = `differs from the window of SLO ${sloRef} (${other}): make both ${window.period} in ${window.timeZone}, or the SLO follow`
    say(['window'], message)
  } else if (start !== undefined && !beginsAt(window, start)) {
    const message = `differs from the window of SLO ${sloRef}, which begins at ${start}${place}: no window of ${windowText(window)} begins then; change startTime, or the anchor`
    say(['window'], message)
  }
}

/** `start`: `2026-01-01 00:00:00`. */
function beginsAt(window: WindowTerms, start: string): boolean {
  const [date = '', clock] = start.split(' ')
  const day = parseDate(date)
  return clock === '00:00:00' && day !== undefined && isFirstDay(window, day)
}

function windowText({ period, anchor }: WindowTerms): string {
  return anchor === undefined ? period : `${period} from ${anchor}`
}

function targetAgrees({ sloRef, target }: GuaranteeTerms, { objectives }: SloSpec, say: Say): void {
  if (!('percent' in target)) return
  const written = objectives.flatMap(({ target: share, targetPercent }) => [
    ...(share === undefined ? [] : [product(plain(share), fraction(100))]),
    ...(targetPercent === undefined ? [] : [plain(targetPercent)]),
  ])
  if (written.length === 0 || written.some((one) => compare(one, decimal(target.percent)) === 0)) return
  const others = written.map((one) => `${decimalText(one)} %`).join(', ')
  const message = `is ${target.percent} %, and SLO ${sloRef} says ${others}: make them one`
  say(['target', 'percent'], message)
}

/** A number of a YAML document as the decimal its author wrote. */
function plain(value: number): Fraction {
  return parseFraction(String(value)) ?? decimal(value.toFixed(12))
}

const anchorsMeanSomething: Rule = (subject, say) => {
  for (const [i, { window }] of listed(subject)) {
    if (window.anchor !== undefined && window.period === 'P1D')
      say(['guarantees', i, 'window', 'anchor'], 'changes nothing: every day begins at midnight; remove it')
  }
}

/** Watched URLs are guarantees too, named by their slugs. */
const namesAreFree: Rule = ({ spec }, say) => {
  const watched = new Set(slugsOfWatch(spec.watch ?? []))
  for (const [i, { id }] of (spec.guarantees ?? []).entries()) {
    if (watched.has(id))
      say(['guarantees', i, 'id'], `is the name of a watched URL too: rename this guarantee`)
  }
}

/** Terms that nothing could break are a mistake of the one who wrote them. */
const targetsCanBeMissed: Rule = (subject, say) => {
  for (const [i, guarantee] of listed(subject)) {
    const path = ['guarantees', i]
    if (guarantee.metric === 'share-within')
      thresholdCounts(guarantee, subject, (at, text) => say([...path, ...at], text))
    if (guarantee.metric === 'error-rate-slices' && typeof guarantee.badWhen === 'object') {
      if (compare(decimal(guarantee.badWhen.overPercent), fraction(100)) === 0) {
        const message = 'is never passed: no more than 100 % can fail; write all-failed, or less'
        say([...path, 'badWhen', 'overPercent'], message)
      }
    }
    if ('clock' in guarantee && guarantee.clock.start === guarantee.clock.stop)
      say([...path, 'clock', 'stop'], 'is what starts the clock: it would never run; name another end')
  }
}

const DAY_MS = 86_400_000
/** The longest window of each period. */
const LONGEST_MS: Readonly<Record<WindowPeriod, number>> = {
  P1D: DAY_MS + 3_600_000,
  P1W: 7 * DAY_MS + 3_600_000,
  P1M: 31 * DAY_MS + 3_600_000,
  P3M: 92 * DAY_MS + 3_600_000,
  P1Y: 366 * DAY_MS,
}

/** A window is cut into so many slices at most. */
const slicesFit: Rule = (subject, say) => {
  for (const [i, guarantee] of listed(subject)) {
    if (!('sliceMs' in guarantee)) continue
    const leastMs = Math.ceil(LONGEST_MS[guarantee.window.period] / MAX_SLICES)
    if (guarantee.sliceMs >= leastMs) continue
    const message = `is too short for ${guarantee.window.period}: at least ${durationText(leastMs)}`
    say(['guarantees', i, 'slice'], message)
  }
}

/** An attempt that takes longer than the timeout has failed: it is no slow one. */
function thresholdCounts(
  guarantee: Extract<GuaranteeTerms, { metric: 'share-within' }>,
  { terms }: Subject,
  say: Say,
): void {
  const own = terms.checks.filter(({ service }) => service === guarantee.service)
  const longestMs = Math.max(0, ...own.map(({ spec }) => spec.timeoutMs))
  if (own.length === 0 || guarantee.thresholdMs < longestMs) return
  const message = `can never be missed: the checks of ${guarantee.service} give up after ${durationText(longestMs)}; lower it`
  say(['threshold'], message)
}

export const GUARANTEE_RULES: readonly Rule[] = [
  anchorsMeanSomething,
  namesAreFree,
  slicesFit,
  slosAgree,
  targetsCanBeMissed,
]
