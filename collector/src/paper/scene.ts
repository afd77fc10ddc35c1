/** What a paper is drawn from: as a page, but nobody looks at it, and its time is that of what it tells of. Pure. */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { VERSION } from '../version.ts'
import type { Scene } from '../web/scene.ts'
import { TEXTS } from '../web/text/words.ts'

export type SceneGiven = { lang: 'en' | 'fr'; terms: ExpandedContract; zone: string; nowMs: number }

export function paperScene({ lang, terms, zone, nowMs }: SceneGiven): Scene {
  return {
    lang,
    text: TEXTS[lang],
    nowMs,
    zone,
    caller: null,
    termsOf: () => terms,
    address: '/',
    version: VERSION,
    troubles: [],
    fragment: false,
  }
}

/** Who made a paper, as it says of itself. */
export function productOf({ text }: Scene): string {
  return `${text.product} ${VERSION}`
}
