/** Figures in words: three of them in one sentence, or a range. Pure. */
import type { Figures } from '../../view/parts.ts'
import type { Scene } from '../scene.ts'
import { decimalText, durationText, percentText } from './format.ts'

/** "at least 48 min 0 s down, at most 1 h 14 min 20 s" */
export function downText({ downMs }: { downMs: Figures }, { text, lang }: Scene): string {
  const least = durationText(downMs.provable, lang)
  const most = mostText(downMs.pessimistic, lang)
  if (downMs.pessimistic === 0) return text.figure.downNone
  if (downMs.provable === 0) return text.figure.downUpTo(most)
  return least === most ? text.figure.downExactly(least) : text.figure.downRange({ least, most })
}

const SECOND_MS = 1000

/** "At most" must hold: the part of a second that would be cut off counts as a whole one. */
export function mostText(durationMs: number, lang: Scene['lang']): string {
  return durationText(Math.ceil(durationMs / SECOND_MS) * SECOND_MS, lang)
}

/** Between the least and the most that it can be; nothing where these are one, or not known. */
export function rangeText(
  { provable, pessimistic }: { provable: string | null; pessimistic: string | null },
  { text, lang }: Scene,
): string {
  if (provable === null || pessimistic === null || provable === pessimistic) return ''
  return text.metric.range({ least: decimalText(pessimistic, lang), most: percentText(provable, lang) })
}
