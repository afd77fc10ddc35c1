/** French elision: "de" before names, months and words that others have chosen. Pure. */

/** Words that begin with a vowel and are said as if they did not. */
const UNELIDED = /^(?:onz|oui\b|ouistiti|uhlan|y(?![bcdfgjklmnpqrstvwxz]))/u
/** An h is mute at the beginning of these; before other words, foreign names most of all, it is aspirated. */
const MUTE_H =
  /^h(?:[aeé]b|abit|ébdo|eur|ier|ist|iver|omm|ôpit|opit|ôtel|otel|oraire|orloge|oméo|uil|uma|ydr|yper|ypo)/u

/** `order-portal` → `d’order-portal`; `« Accès »` → `d’« Accès »`; `2026-10` → `de 2026-10`. */
export function de(words: string): string {
  const first = words
    .replace(/^[\s«“"'‘(]+/u, '')
    .normalize('NFC')
    .toLowerCase()
  const isVowel = /^[aeiouyàâäæéèêëîïôöœùûü]/u.test(first) && !UNELIDED.test(first)
  return isVowel || MUTE_H.test(first) ? `d’${words}` : `de ${words}`
}
