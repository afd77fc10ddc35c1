/**
 * Figures in words: units, truncation, zones. Nothing is rounded towards a promise.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  durationText,
  moneyText,
  nearText,
  percentText,
  shareText,
  signedText,
  timeText,
  zoneOffsetMs,
} from '@constat/collector/web/text/format'
import { probeSentenceFr } from '@constat/collector/web/text/fr-probe'
import { trialFr } from '@constat/collector/web/text/fr-trial'

/** Spaces that do not break, written as plain ones. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ')

const NOW_MS = Date.UTC(2026, 10, 22, 17, 29, 4)
const PARIS = { lang: 'en', zone: 'Europe/Paris' } as const

describe('durations', () => {
  it.each([
    [0, '0 s', '0 s'],
    [999, '0.9 s', '0,9 s'],
    [2_450, '2.4 s', '2,4 s'],
    [9_000, '9 s', '9 s'],
    [59_999, '59 s', '59 s'],
    [60_000, '1 min', '1 min'],
    [2_892_000, '48 min 12 s', '48 min 12 s'],
    [3_600_000, '1 h', '1 h'],
    [90_061_000, '1 d 1 h 1 min', '1 j 1 h 1 min'],
    [-1_929_600, '−32 min 9 s', '−32 min 9 s'],
  ])('%i ms', (ms, english, french) => {
    expect(plain(durationText(ms, 'en'))).toBe(english)
    expect(plain(durationText(ms, 'fr'))).toBe(french)
  })

  it.each([
    [10_000, '10 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [604_800_000, '7 d'],
    [0, '0 s'],
  ])('%i ms, without parts of nothing', (ms, said) => expect(plain(durationText(ms, 'en'))).toBe(said))

  it('never say more than there was', () => {
    const unitMs: Record<string, number> = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000 }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * 86_400_000 }), (ms) => {
        const parts = [...plain(durationText(ms, 'en')).matchAll(/([\d.]+) (d|h|min|s)/g)]
        const saidMs = parts.reduce((sum, [, n, unit]) => sum + Math.round(Number(n) * unitMs[unit!]!), 0)
        expect(saidMs).toBeLessThanOrEqual(ms)
        expect(ms - saidMs).toBeLessThan(ms >= 86_400_000 ? 60_000 : 1_000)
      }),
    )
  })
})

describe('shares', () => {
  it.each([
    ['0.9985', '99.85 %', '99,85 %'],
    ['1.0000', '100.00 %', '100,00 %'],
    ['0.9999', '99.99 %', '99,99 %'],
    ['0.0001', '0.01 %', '0,01 %'],
    ['0.0000', '0.00 %', '0,00 %'],
  ])('%s', (share, english, french) => {
    expect(plain(shareText(share, 'en'))).toBe(english)
    expect(plain(shareText(share, 'fr'))).toBe(french)
  })

  it('keeps every digit of a percentage', () => {
    expect(plain(percentText('99.8999', 'en'))).toBe('99.8999 %')
    expect(plain(percentText('99.8999', 'fr'))).toBe('99,8999 %')
    expect(signedText(-12)).toBe('−12')
  })
})

describe('times', () => {
  it.each([
    ['en', 'Europe/Paris', '22 Nov 2026, 18:29:04 CET'],
    ['fr', 'Europe/Paris', '22 nov. 2026, 18:29:04 UTC+1'],
    ['en', 'UTC', '22 Nov 2026, 17:29:04 UTC'],
    ['fr', 'America/New_York', '22 nov. 2026, 12:29:04 UTC−5'],
  ] as const)('%s in %s', (lang, zone, said) => {
    expect(plain(timeText(NOW_MS, 'full', { lang, zone }))).toBe(said)
  })

  it('leave the date out today only, by the calendar of the zone', () => {
    expect(nearText(NOW_MS - 60_000, NOW_MS, PARIS)).toBe('18:28 CET')
    // 23:30 in Paris is still the 21st there, though less than a day ago.
    expect(nearText(Date.UTC(2026, 10, 21, 22, 30), NOW_MS, PARIS)).toBe('21 Nov 2026, 23:30 CET')
    expect(nearText(Date.UTC(2026, 10, 21, 23, 30), NOW_MS, PARIS)).toBe('00:30 CET')
  })

  it.each([
    ['Europe/Paris', Date.UTC(2026, 9, 25, 0, 59, 59, 999), 2 * 3_600_000],
    ['Europe/Paris', Date.UTC(2026, 9, 25, 1), 3_600_000],
    ['Asia/Kolkata', NOW_MS, 5.5 * 3_600_000],
    ['America/New_York', NOW_MS, -5 * 3_600_000],
    ['UTC', NOW_MS, 0],
  ])('the offset of %s at %i', (zone, atMs, offsetMs) => expect(zoneOffsetMs(atMs, zone)).toBe(offsetMs))
})

describe('money', () => {
  it.each([
    ['1800.00', '1,800.00 EUR', '1 800,00 EUR'],
    ['-1800.50', '\u22121,800.50 EUR', '\u22121 800,50 EUR'],
    ['-0.50', '\u22120.50 EUR', '\u22120,50 EUR'],
    ['-1', '\u22121 EUR', '\u22121 EUR'],
    ['0.00', '0.00 EUR', '0,00 EUR'],
    ['9007199254740993.55', '9,007,199,254,740,993.55 EUR', '9 007 199 254 740 993,55 EUR'],
  ])('%s', (amount, en, fr) => {
    const money = { amount, currency: 'EUR' }
    expect([plain(moneyText(money, 'en')), plain(moneyText(money, 'fr'))]).toEqual([en, fr])
  })
})

describe('what a probe says, in French', () => {
  it.each([
    ['status 503', 'statut 503'],
    ['status 503, slower than 900 ms', 'statut 503, plus de 900 ms'],
    [
      'step pay: status 403: turned away before the service',
      'étape pay : statut 403 : l’agent a été écarté avant le service',
    ],
    [
      'the body does not hold the expected text in its first 100 bytes',
      'le contenu ne porte pas le texte attendu dans ses 100 premiers octets',
    ],
    ['shop.example does not exist (NXDOMAIN)', 'shop.example n’existe pas (NXDOMAIN)'],
    ['no answer in time: no first byte', 'pas de réponse à temps : pas de premier octet'],
    ['the connection was refused: 192.0.2.1:443', 'connexion refusée par 192.0.2.1:443'],
    ['79 days left, TLSv1.3', '79 jours restants, TLSv1.3'],
    ['3 of 3 came back: 1.2 ms', '3 sur 3 sont revenus : 1,2 ms'],
    ['1 of 3 came back: 12.3 ms', '1 sur 3 est revenu : 12,3 ms'],
    ['0 of 3 came back: ', '0 sur 3 est revenu'],
    ['1 day left, TLSv1.3', '1 jour restant, TLSv1.3'],
    ['more than 1 redirects', 'plus de 1 redirection'],
    [
      'x.example is not known: the name server only refers to others',
      'x.example est inconnu : le serveur de noms ne fait que renvoyer à d’autres',
    ],
    ['no answer in time', 'pas de réponse à temps'],
    ['a sentence of an agent to come', 'a sentence of an agent to come'],
  ])('%s', (english, french) => {
    expect(plain(probeSentenceFr(english))).toBe(french)
  })

  it.each([
    [
      { what: 'status', wanted: '2xx, or a page to sign on', seen: '503' },
      'statut : attendu 2xx, ou une page de connexion, vu 503',
    ],
    [
      { what: 'time', wanted: 'at most 5000 ms', seen: '12.3 ms' },
      'délai : attendu 5000 ms au plus, vu 12,3 ms',
    ],
    [{ what: 'body contains', wanted: '"ok"', seen: null }, 'le contenu porte : attendu "ok"'],
  ])('what was compared: %j', (compared, french) => {
    expect(plain(trialFr.compared(compared))).toBe(french)
  })
})
