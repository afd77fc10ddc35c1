/** Browser: what a session is opened with, in words short enough for a list. Pure. */
import type { Context } from 'hono'

/** The first that fits: several call themselves by the names of others, too. */
const BROWSERS = [
  ['Edge', /\bEdg/],
  ['Opera', /\bOPR/],
  ['Firefox', /\bFirefox|\bFxiOS/],
  ['Chrome', /\bChrom|\bCriOS/],
  ['Safari', /\bSafari/],
] as const
const SYSTEMS = [
  ['Android', /\bAndroid/],
  ['iPhone', /\biPhone/],
  ['iPad', /\biPad/],
  ['Windows', /\bWindows/],
  ['macOS', /\bMac OS X/],
  ['Linux', /\bLinux/],
] as const

/** `Firefox · Linux`; null: none that we know. */
export function browserOf(c: Context): string | null {
  const agent = c.req.header('user-agent') ?? ''
  const found = [BROWSERS, SYSTEMS].flatMap((table) => table.find(([, is]) => is.test(agent))?.[0] ?? [])
  return found.length === 0 ? null : found.join(' · ')
}
