/**
 * Words: which language a request is answered in, and the words for codes that come from the ledger.
 * A code without a word is shown as it is: a newer agent may say more than this page knows. Pure.
 */
import { en, type Text } from './en.ts'
import type { Lang } from './format.ts'
import { fr } from './fr.ts'

export const LANGS = ['en', 'fr'] as const satisfies readonly Lang[]
export const TEXTS: Record<Lang, Text> = { en, fr }

export function isLang(text: string | undefined): text is Lang {
  return text === 'en' || text === 'fr'
}

/** The first language of `Accept-Language` that we have, by weight; undefined for none. */
export function acceptedLang(header: string | undefined): Lang | undefined {
  const wanted = (header ?? '').split(',', 32).map((part) => {
    const [tag = '', ...options] = part.trim().toLowerCase().split(';')
    const weight = options
      .map((option) => /^\s*q=([\d.]+)\s*$/.exec(option)?.[1])
      .find((q) => q !== undefined)
    return { lang: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight) }
  })
  const ours = wanted.filter(({ lang, weight }) => isLang(lang) && weight > 0)
  const best = ours.toSorted((a, b) => b.weight - a.weight)[0]?.lang
  return isLang(best) ? best : undefined
}

/** `table[code]`, or the code itself. */
export function wordOf(table: Readonly<Record<string, string>>, code: string): string {
  return (Object.hasOwn(table, code) ? table[code] : undefined) ?? code
}

/** `a, b and c`. */
export function listText(items: readonly string[], { and }: Text): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${and} ${items.at(-1)}`
}
