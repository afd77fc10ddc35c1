/**
 * Instants and durations on a page. Every time carries its zone and, for machines, the exact instant. Pure.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { Scene } from '../scene.ts'
import { durationText, nearText, timeText, type TimeStyle } from '../text/format.ts'

type Props = { at: string | UnixMs; scene: Scene; style?: TimeStyle | 'near' }

export function msOf(at: string | UnixMs): UnixMs {
  return typeof at === 'number' ? at : Date.parse(at)
}

export function Time({ at, scene, style = 'near' }: Props) {
  const atMs = msOf(at)
  const shown = style === 'near' ? nearText(atMs, scene.nowMs, scene) : timeText(atMs, style, scene)
  return (
    <time datetime={formatInstant(atMs)} title={exactText(atMs, scene)}>
      {shown}
    </time>
  )
}

/** In the zone of the page, and in that of whoever looks. */
function exactText(atMs: UnixMs, scene: Scene): string {
  const shown = timeText(atMs, 'full', scene)
  const { ownZone, zone, lang } = scene
  if (ownZone === undefined || ownZone === zone) return shown
  return `${shown} · ${timeText(atMs, 'full', { lang, zone: ownZone })}`
}

type SpanProps = { from: string; to: string; scene: Scene }

/** The second day is named only where it is another one. */
export function TimeSpan({ from, to, scene }: SpanProps) {
  const day = (at: string): string => timeText(msOf(at), 'day', scene)
  return (
    <span class="span">
      <Time at={from} scene={scene} style="minute" /> –{' '}
      <Time at={to} scene={scene} style={day(from) === day(to) ? 'clock' : 'minute'} />
    </span>
  )
}

export function since(at: string, scene: Scene): string {
  return nearText(msOf(at), scene.nowMs, scene)
}

/** Length of `from` … `to`, or until now. */
export function lasted({ from, to }: { from: string; to: string | null }, scene: Scene): string {
  return durationText((to === null ? scene.nowMs : msOf(to)) - msOf(from), scene.lang)
}
