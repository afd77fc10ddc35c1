/**
 * Link: an address that lets whoever has it acknowledge the incidents of one message, for some days. Pure over its key, which the
 * collector makes once and never shows. It opens a page; only the button on that acts.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { UnixMs } from '@constat/shared/time'

export const LINK_GOOD_MS = 14 * 86_400_000

export type LinkKey = Buffer

const SEPARATOR = ','

/** Of the part of an address that names them. */
export function incidentsIn(incidents: string): string[] {
  return incidents.split(SEPARATOR)
}

/** `https://constat.example/acknowledge/inc_…,inc_…?key=…` */
export function acknowledgeUrl(
  incidents: readonly string[],
  { key, publicUrl, nowMs }: { key: LinkKey; publicUrl: string; nowMs: UnixMs },
): string {
  const untilS = Math.floor((nowMs + LINK_GOOD_MS) / 1_000)
  const incident = incidents.join(SEPARATOR)
  const seal = `${untilS.toString(36)}.${sign(key, { incident, untilS })}`
  return `${publicUrl}/acknowledge/${encodeURIComponent(incident)}?key=${seal}`
}

/** Whether a key is of these incidents and not too old. */
export function isGoodLink(
  { incident, seal }: { incident: string; seal: string },
  { key, nowMs }: { key: LinkKey; nowMs: UnixMs },
): boolean {
  const [, until = '', signature = ''] = /^([0-9a-z]{1,10})\.([\w-]{43})$/.exec(seal) ?? []
  const untilS = Number.parseInt(until, 36)
  if (Number.isNaN(untilS) || nowMs >= untilS * 1_000) return false
  const wanted = Buffer.from(sign(key, { incident, untilS }))
  const given = Buffer.from(signature)
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}

function sign(key: LinkKey, { incident, untilS }: { incident: string; untilS: number }): string {
  return createHmac('sha256', key).update(`acknowledge|${incident}|${untilS}`).digest('base64url')
}
