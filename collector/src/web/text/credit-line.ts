/** Why a credit line or a right is what it is, in the reader's words: the engine's text, taken apart and said anew. Pure. */
import { creditSaid, type CreditParts } from '@constat/sla/credit/said'
import { guaranteeName, serviceName } from '../part/names.ts'
import type { Scene } from '../scene.ts'
import { decimalText, moneyText, percentText, timeText } from './format.ts'

type Of = { contract: string; currency: string; text: string }

/** A text of no known form stands as it is. */
export function creditText({ contract, currency, text }: Of, scene: Scene): string {
  const said = creditSaid(text)
  if (said === null) return text
  const { lang } = scene
  const words = scene.text.credit
  const why = words.forms[said.form](wordsOf(said.parts, { contract, currency }, scene))
  if (said.ofBase === null) return why
  const { share, base } = said.ofBase
  return words.ofBase({
    why,
    share: percentText(share, lang),
    base: moneyText({ amount: base, currency }, lang),
  })
}

const PERCENTS: ReadonlySet<string> = new Set([
  'figure',
  'target',
  'from',
  'each',
  'atRisk',
  'pool',
  'part',
  'percent',
])

function wordsOf(
  parts: CreditParts,
  { contract, currency }: Omit<Of, 'text'>,
  scene: Scene,
): Record<string, string> {
  const { lang } = scene
  const word = (key: string, said: string): string => {
    if (PERCENTS.has(key)) return percentText(said, lang)
    if (key === 'guarantee') return guaranteeName({ contract, guarantee: said }, scene)
    if (key === 'service') return serviceName({ contract, service: said }, scene)
    if (key === 'amount') return moneyText({ amount: said, currency }, lang)
    if (key === 'until') return timeText(Date.parse(said), 'minute', scene)
    return decimalText(said, lang)
  }
  const named = Object.entries(parts).map(([key, said]) => [key, said === undefined ? '' : word(key, said)])
  return {
    ...Object.fromEntries(named),
    isFailure: parts['counts']?.startsWith('counts') ? 'yes' : '',
  }
}
