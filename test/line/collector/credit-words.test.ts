/** Why a credit line is what it is, in both languages: every form that the engine writes is told in words of the page. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { creditSaid, type CreditForm } from '@constat/sla/credit/said'
import { creditText } from '../../../collector/src/web/text/credit-line.ts'
import type { Scene } from '../../../collector/src/web/scene.ts'
import { TEXTS } from '../../../collector/src/web/text/words.ts'

function scene(lang: 'en' | 'fr'): Scene {
  return {
    lang,
    text: TEXTS[lang],
    nowMs: 0,
    zone: 'Europe/Paris',
    caller: null,
    termsOf: () => null,
    address: '/',
    version: '0',
    troubles: [],
    fragment: false,
  }
}

const said = (text: string, lang: 'en' | 'fr'): string =>
  creditText({ contract: 'acme', currency: 'EUR', text }, scene(lang)).replaceAll(/[\u00a0\u202f]/g, ' ')

const ABSENT = ', and an outage left out of the statement'
const TEXTS_OF: readonly [CreditForm, string, string, string][] = [
  [
    'kept',
    '99.9 % to 1 digits keep 99.9 %',
    'rounded to 1 digit, 99.9 % keeps the promise of 99.9 %',
    'arrondi à 1 décimale, 99,9 % tient la promesse de 99,9 %',
  ],
  ['notMet', 'not met: 5 % of 1000', 'not met: 5 % of 1,000 EUR', 'non tenu : 5 % de 1 000 EUR'],
  [
    'tier',
    '99.2477 % reached, from 99 %: 10 % of 18000.5',
    '99.2477 % reached: the tier from 99 %: 10 % of 18,000.5 EUR',
    '99,2477 % atteints : palier à partir de 99 % : 10 % de 18 000,5 EUR',
  ],
  [
    'late',
    '2 × late, 1.5 % for each step of 60 min: 3 % of 1000',
    'late 2 times, 1.5 % for each step of 60 min: 3 % of 1,000 EUR',
    '2 retards, 1,5 % par tranche de 60 min : 3 % de 1 000 EUR',
  ],
  [
    'below',
    '0.6523 points below 99.9 %: 3.2 % of 1000',
    '0.6523 points below 99.9 %: 3.2 % of 1,000 EUR',
    '0,6523 point sous 99,9 % : 3,2 % de 1 000 EUR',
  ],
  [
    'restoration',
    'V × R ÷ 720: R = 1.5',
    'value × lateness ÷ 720, lateness 1.5',
    'valeur × retard ÷ 720, retard 1,5',
  ],
  ['points', '4 points × 250.00', '4 points at 250.00 EUR each', '4 points à 250,00 EUR'],
  [
    'pool',
    '15 % at risk × 200 % of the pool × 40 % of it',
    '15 % at risk × 200 % of the pool × 40 % of it',
    '15 % en jeu × 200 % de l’enveloppe × 40 % de celle-ci',
  ],
  [
    'repeat',
    'not met in the window before either: × 1.5',
    'not met in the window before either: × 1.5',
    'non tenu non plus à la période précédente : × 1,5',
  ],
  [
    'sameCause',
    'the same incident is paid under portal-availability: the highest only',
    'the same incident is paid under Portal availability: the highest only',
    'le même incident est pénalisé au titre de Portal availability : le plus élevé seul',
  ],
  [
    'earnBack',
    '50 % earned back: met in 3 windows since',
    '50 % earned back: met in the 3 windows since',
    '50 % rachetés : tenu lors des 3 périodes suivantes',
  ],
  [
    'misreport',
    "1 outage(s) absent from the provider's statement: counts as one more failure",
    '1 outage absent from the provider’s statement: counts as one more failure',
    '1 panne absente du relevé du prestataire : compte pour un manquement de plus',
  ],
  [
    'misreport',
    "2 outage(s) absent from the provider's statement: noted",
    '2 outages absent from the provider’s statement: noted',
    '2 pannes absentes du relevé du prestataire : pour mémoire',
  ],
  [
    'cap',
    'limit of 15 % of the monthly charges',
    'limit of 15 % of the monthly charges',
    'plafond de 15 % de la redevance mensuelle',
  ],
  [
    'cap',
    'limit of 15 % of the charges of 3 months of order-portal',
    'limit of 15 % of the charges of 3 months of order-portal',
    'plafond de 15 % des redevances de 3 mois d’order-portal',
  ],
  [
    'inARow',
    `not met 3 times in a row${ABSENT}`,
    `not met 3 times in a row${ABSENT}`,
    'non tenu 3 fois de suite, et une panne omise du relevé',
  ],
  [
    'within',
    'not met 1 times within 6 windows',
    'not met once within 6 windows',
    'non tenu 1 fois en 6 périodes',
  ],
  [
    'outages',
    '3 outage(s) within 30 days; to be used before 2026-12-01T23:00:00.000Z',
    '3 outages within 30 days; to be used before 2 Dec 2026, 00:00 CET',
    '3 pannes en 30 jours ; à exercer avant le 2 déc. 2026, 00:00 UTC+1',
  ],
]

it.each(TEXTS_OF)('%s: %s', (form, text, en, fr) => {
  expect(creditSaid(text)?.form).toBe(form)
  expect(said(text, 'en')).toBe(en)
  expect(said(text, 'fr')).toBe(fr)
})

it('a text of no known form stands as it is', () =>
  expect(said('something else', 'fr')).toBe('something else'))

/** Templates of the engine's own sources, with whatever varies in them put in: each has its form. */
it('knows every text of the engine’s sources', () => {
  const folder = new URL('../../../packages/sla/src/credit/', import.meta.url)
  const sources = ['schedule', 'statement', 'chronic-rights']
    .map((name) => readFileSync(new URL(`${name}.ts`, folder), 'utf8'))
    .join('\n')
  const templates = [...sources.matchAll(/`([^`]*\$\{[^`]*)`/g)].map(([, template = '']) => template)
  const words = templates.filter((one) => /[a-z]{3,} [a-z]{2,}/.test(one.replaceAll(/\$\{[^}]*\}/g, '')))
  // Each stands in one of the texts above, what varies aside.
  const known = TEXTS_OF.map(([, text]) => text)
  const unknown = words.filter((template) => {
    const parts = template
      .split(/\$\{[^}]*\}?/)
      .map((part) => part.trim())
      .filter((part) => /[a-z]{3}/.test(part))
    return !known.some((text) => parts.every((part) => text.includes(part)))
  })
  expect(words.length).toBeGreaterThan(8)
  expect(unknown).toEqual([])
})
