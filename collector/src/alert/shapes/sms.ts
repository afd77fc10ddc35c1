/**
 * SMS by the HTTP gateway of an operator: `{"to", "text"}`, one message of 160 characters of GSM 03.38. Pure. The
 * address names the number, `https://gateway.example/send?to=%2B33600000000`; it moves into the body.
 */
import type { Shape } from './shape.ts'

const TO = 'to'
/** International, as E.164 has it, or a short code. */
const NUMBER = /^\+?\d{3,15}$/
const MAX_SEPTETS = 160

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
/** Each takes two places. */
const EXTENDED = '^{}\\[~]|€'
const PLAIN: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '−': '-',
  '…': '...',
  '\u00a0': ' ',
  '\u202f': ' ',
  œ: 'oe',
  Œ: 'OE',
}

export const sms: Shape = {
  body: ({ headline, url }) =>
    JSON.stringify({ to: url.searchParams.get(TO), text: smsText(headline.title, headline.link) }),
  target(url) {
    const bare = new URL(url)
    bare.searchParams.delete(TO)
    return bare
  },
  problem: (url) =>
    NUMBER.test(url.searchParams.get(TO) ?? '')
      ? null
      : `an sms address ends in ?${TO}= and a number, its plus sign written as %2B`,
}

/** The title, and the link where there is room for all of it. */
export function smsText(title: string, link: string | null): string {
  const text = gsmText(title)
  const whole = link === null ? text : `${text}\n${gsmText(link)}`
  return septets(whole) <= MAX_SEPTETS ? whole : cut(text)
}

function gsmText(text: string): string {
  return Array.from(text).map(gsmCharacter).join('')
}

/** Itself, without its accent, or a question mark. */
function gsmCharacter(character: string): string {
  if (isGsm(character)) return character
  const plain = PLAIN[character] ?? character.normalize('NFD').replace(/\p{Mark}+/gu, '')
  return Array.from(plain).every(isGsm) && plain !== '' ? plain : '?'
}

function isGsm(character: string): boolean {
  return BASIC.includes(character) || EXTENDED.includes(character)
}

function septets(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (EXTENDED.includes(character) ? 2 : 1), 0)
}

function cut(text: string): string {
  let kept = text
  while (septets(kept) > MAX_SEPTETS) kept = Array.from(kept).slice(0, -1).join('')
  return kept
}
