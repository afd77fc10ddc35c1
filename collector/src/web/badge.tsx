/** Badge: the state of a contract as a small picture, for other people's pages. State by word as well as by colour. Pure. */
import { renderToString } from 'hono/jsx/dom/server'
import type { ContractView } from '../view/contract.ts'
import type { State } from '../view/parts.ts'
import type { Text } from './text/en.ts'

/** White on these is read well: at least 4.5:1. */
const GROUND: Record<State, string> = {
  up: '#1f7a55',
  degraded: '#7a5a00',
  partial: '#a34807',
  down: '#b3231c',
  unknown: '#5f6980',
}
const INK = '#1b2540'
const MAX_NAME_CHARS = 40
/** Widest characters of a line in the usual faces; the renderer then fits the words into what was set aside. */
const CHAR_PX = 6.6
const PAD_PX = 8

export function badgeOf({ displayName, state }: ContractView, text: Text): string {
  const whole = Array.from(displayName)
  const name = whole.length > MAX_NAME_CHARS ? `${whole.slice(0, MAX_NAME_CHARS - 1).join('')}…` : displayName
  const word = text.state[state]
  const [left, right] = [name, word].map((words) => Math.ceil(words.length * CHAR_PX)) as [number, number]
  const [edge, width] = [left + 2 * PAD_PX, left + right + 4 * PAD_PX]
  const said = text.glance.pair(name, word)
  const svg = (
    <svg xmlns="http://www.w3.org/2000/svg" width={width} height="22" role="img" aria-label={said}>
      <title>{said}</title>
      <rect width={edge} height="22" fill={INK} />
      <rect x={edge} width={width - edge} height="22" fill={GROUND[state]} />
      <g fill="#fff" font-family="Verdana, 'DejaVu Sans', sans-serif" font-size="11">
        <text x={PAD_PX} y="15" textLength={left} lengthAdjust="spacingAndGlyphs">
          {name}
        </text>
        <text x={edge + PAD_PX} y="15" textLength={right} lengthAdjust="spacingAndGlyphs">
          {word}
        </text>
      </g>
    </svg>
  )
  return renderToString(svg)
}
