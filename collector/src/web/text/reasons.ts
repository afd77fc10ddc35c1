/** Reasons why something is unknown, as sentences in the reader's language and clock. Pure. */
import type { WhyView } from '../../view/parts.ts'
import type { Scene } from '../scene.ts'
import { nearText } from './format.ts'

type Place = Pick<Scene, 'text' | 'lang' | 'zone' | 'nowMs'>

/** Told one by one on one line. */
const MAX_TOLD = 4

export function reasonText({ reason, name, since }: Omit<WhyView, 'agent'>, place: Place): string {
  const at = since === null ? null : nearText(Date.parse(since), place.nowMs, place)
  return place.text.unknown.reason[reason]({ agent: name ?? '', since: at })
}

/** Each once, the first few in full. */
export function reasonTexts(reasons: readonly WhyView[], place: Place): string[] {
  const told = [...new Set(reasons.map((one) => reasonText(one, place)))]
  const rest = told.length - MAX_TOLD
  return rest > 0 ? [...told.slice(0, MAX_TOLD), place.text.unknown.more(rest)] : told
}

/** A sentence of its own; empty where there is nothing to say. */
export function becauseText(reasons: readonly WhyView[], place: Place): string {
  const told = reasonTexts(reasons, place)
  return told.length === 0 ? '' : place.text.unknown.because(told)
}
