/** French elision before words that others have chosen: the rule, and a sentence of each home that uses it. */
import { expect, it } from 'vitest'
import { de } from '@constat/collector/web/text/elision'
import { fr } from '@constat/collector/web/text/fr'

it.each([
  ['order-portal', 'd’order-portal'],
  ['Order portal', 'd’Order portal'],
  ['École', 'd’École'],
  ['œuvres', 'd’œuvres'],
  ['août 2026', 'd’août 2026'],
  ['octobre 2026', 'd’octobre 2026'],
  ['mai 2026', 'de mai 2026'],
  ['2026-10', 'de 2026-10'],
  ['8 h', 'de 8 h'],
  ['11 h', 'de 11 h'],
  ['onze sites', 'de onze sites'],
  ['oui', 'de oui'],
  ['Yahoo', 'de Yahoo'],
  ['Yvelines', 'd’Yvelines'],
  ['hébergement', 'd’hébergement'],
  ['Hôpital de Lyon', 'd’Hôpital de Lyon'],
  ['Hosting', 'de Hosting'],
  ['https://orders.example', 'de https://orders.example'],
  ['« Accès »', 'd’« Accès »'],
  ['“intranet”', 'd’“intranet”'],
  ['« Paie »', 'de « Paie »'],
  ['', 'de '],
])('%s', (words, said) => {
  expect(de(words)).toBe(said)
})

it('is in the sentences', () => {
  const said = fr.message.report({ who: 'Intranet', window: 'octobre 2026' } as never)
  expect(said).toContain('le rapport d’octobre 2026 est prêt')
})
