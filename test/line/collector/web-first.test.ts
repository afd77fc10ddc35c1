/**
 * The contract form: what is typed becomes the small contract or problems beside fields, whatever it is;
 * holidays of places; who may; and that nothing typed is lost from step to step.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault } from '@constat/shared/fault'
import { composeContract } from '@constat/sla/contract/compose'
import { parseContract } from '@constat/sla/contract/parse'
import type { Actions } from '@constat/collector/http/actions'
import { en } from '@constat/collector/web/text/en'
import {
  checkContractForm,
  emptyForm,
  readContractForm,
  slugOf,
  type ContractForm,
} from '../../../collector/src/web/form/contract-form.ts'
import { publicHolidays, regionsOf } from '../../../collector/src/web/holidays.ts'
import { asker } from '../../support/ask.ts'
import { plainDeps } from '../../support/plain-deps.ts'
import { SEED_NOW_MS } from '../../support/seed-story.ts'
import { trialAnswers } from '../../support/trial-answers.ts'

const PATH = '/setup/contract'
const place = { text: en, nowMs: SEED_NOW_MS, taken: (name: string) => name === 'taken' }
const good: ContractForm = {
  ...emptyForm('Europe/Paris'),
  watch: 'https://intranet.example\n\n  tcp://mail.example:25  ',
  provider: 'Northstar',
}

describe('a form', () => {
  it.each<[string, Partial<ContractForm>, string]>([
    ['no address', { watch: ' \n ' }, 'watch'],
    ['an address without a scheme', { watch: 'intranet.example' }, 'watch'],
    ['an address twice', { watch: 'https://a.example\nhttps://a.example' }, 'watch'],
    [
      'too many addresses',
      { watch: Array.from({ length: 201 }, (_, n) => `tcp://h:${n + 1}`).join('\n') },
      'watch',
    ],
    ['no provider', { provider: '' }, 'provider'],
    ['a provider past the limit', { provider: 'x'.repeat(201) }, 'provider'],
    ['a name that is taken', { name: 'Taken!' }, 'name'],
    ['a target of nothing', { target: '0' }, 'target'],
    ['a target above all', { target: '100.1' }, 'target'],
    ['a target in words', { target: 'three nines' }, 'target'],
    ['no zone', { timeZone: 'Mars/Olympus' }, 'timeZone'],
    ['no day', { hours: 'weekly', days: [] }, 'hours'],
    ['hours of no length', { hours: 'weekly', from: '08:00', to: '08:00' }, 'hours'],
    ['a day that is none', { hours: 'weekly', holidays: '2027-02-30 Never' }, 'holidays'],
    ['a fee in words', { feeAmount: 'much' }, 'fee'],
    ['a fee of no currency', { feeAmount: '1', feeCurrency: '€' }, 'fee'],
  ])('with %s is told so at its field', (_what, change, field) => {
    const checked = checkContractForm({ ...good, ...change }, place)
    expect(checked.kind === 'wrong' && checked.problems.map((problem) => problem.field)).toEqual([field])
  })

  it.each<[Partial<ContractForm>, object]>([
    [{}, { name: 'northstar', target: '99.9', hours: null, monthlyFee: null }],
    [{ target: '99,95 %' }, { target: '99.95' }],
    [{ feeAmount: '1\u202f800,50' }, { monthlyFee: { amount: '1800.50', currency: 'EUR' } }],
    [{ name: 'Hébergement 2027' }, { name: 'hebergement-2027', displayName: 'Hébergement 2027' }],
    [{ provider: 'x'.repeat(200) }, { provider: 'x'.repeat(200) }],
  ])('%j is read as %j', (change, read) => {
    expect(checkContractForm({ ...good, ...change }, place)).toMatchObject({ kind: 'ok', contract: read })
  })

  it('lists the years that its holidays speak of, and of no holidays every year', () => {
    const hoursOf = (holidays: string) => {
      const checked = checkContractForm({ ...good, hours: 'weekly', holidays }, place)
      return checked.kind === 'ok' ? checked.contract.hours : null
    }
    expect(hoursOf('2028-05-01\n2027-01-01 New Year')).toMatchObject({
      holidays: [
        { date: '2027-01-01', name: 'New Year' },
        { date: '2028-05-01', name: null },
      ],
      years: [2026, 2027, 2028],
    })
    expect(hoursOf('')).toMatchObject({ holidays: [], years: [] })
  })

  it('whatever is typed, is either told of or becomes a document that is accepted', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('99.9', '#', '- {a: b}', "'", '"\\'),
    )
    const typed = fc.record({
      watch: fc.oneof(fc.constant(good.watch), fc.webUrl(), text),
      provider: text,
      name: text,
      target: fc.oneof(fc.constant('99.9'), text),
      hours: fc.constantFrom('always', 'weekly'),
      holidays: fc.oneof(
        fc.constant('2027-01-01 x: #y'),
        text.map((name) => `2027-01-01 ${name}`),
      ),
      feeAmount: fc.oneof(fc.constant(''), fc.nat().map(String), text),
    })
    let accepted = 0
    fc.assert(
      fc.property(typed, (change) => {
        const form = readContractForm({ ...good, days: [...good.days], ...change })
        const checked = checkContractForm(form, place)
        if (checked.kind === 'wrong') {
          expect(checked.problems.length).toBeGreaterThan(0)
          return
        }
        accepted += 1
        const parsed = parseContract([{ name: 'x.yaml', text: composeContract(checked.contract) }])
        expect(parsed).toMatchObject({ kind: 'ok' })
        const terms = parsed.kind === 'ok' ? parsed.contracts[0] : undefined
        expect(terms?.displayName).toBe(checked.contract.displayName)
        expect(terms?.parties.find(({ role }) => role === 'provider')?.name).toBe(form.provider)
      }),
    )
    expect(accepted).toBeGreaterThan(0)
  })

  it.each([
    ['Hébergement & réseau', 'hebergement-reseau'],
    ['  --  ', 'contract'],
    ['株式会社', 'contract'],
    ['A'.repeat(99), 'a'.repeat(60)],
  ])('%s goes by the name %s', (displayName, slug) => {
    expect(slugOf(displayName)).toBe(slug)
  })
})

/** From the calendars that the states publish. */
describe('holidays', () => {
  const dates = async (country: string, region: string, year: number): Promise<string[]> =>
    (await publicHolidays({ country, region, years: [year], lang: 'en' })).map(({ date }) => date.slice(5))

  it.each([
    ['FR', '', '01-01 03-29 05-01 05-06 05-08 05-17 07-14 08-15 11-01 11-11 12-25'],
    ['FR', '57', '01-01 03-26 03-29 05-01 05-06 05-08 05-17 07-14 08-15 11-01 11-11 12-25 12-26'],
    ['DE', 'BE', '01-01 03-08 03-26 03-29 05-01 05-06 05-17 10-03 12-25 12-26'],
    ['XX', '', ''],
  ])('of %s %s in 2027', async (country, region, list) => {
    expect(await dates(country, region, 2027)).toEqual(list === '' ? [] : list.split(' '))
  })

  it('have regions where a country has them', async () => {
    expect((await regionsOf('FR', 'fr')).map(({ code }) => code)).toContain('57')
    expect(await regionsOf('XX', 'fr')).toEqual([])
  })
})

describe('the pages', () => {
  const formBody = (form: Partial<ContractForm>, step: string): string => {
    const { days, ...single } = { ...good, ...form }
    const body = new URLSearchParams({ ...single, step })
    for (const day of days) body.append('days', day)
    return body.toString()
  }
  const post = (
    ask: ReturnType<typeof asker>,
    form: Partial<ContractForm>,
    step: string,
    as = 'owner-token',
  ) =>
    ask(PATH, {
      method: 'POST',
      as,
      body: formBody(form, step),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })

  /** Takes every contract, and keeps what it was given. */
  const taking = () => {
    const applied: { contract: string; text: string }[] = []
    const applyContract: Actions['applyContract'] = ({ contract, source }) => {
      applied.push({ contract, text: source.map(({ text }) => text).join('\n') })
      const digest = 'ab'.repeat(32)
      return Promise.resolve({ kind: 'applied', contract, revision: 1, digest, changed: true, warnings: [] })
    }
    const tryContract: Actions['tryContract'] = ({ contract, source }) => {
      const text = source.map((document) => document.text).join('\n')
      if (text.includes('refused.example'))
        return Promise.reject(new Fault('rate-limited', 'No more than 10 tries in a minute.'))
      return Promise.resolve(trialAnswers({ contract, text }))
    }
    return { applied, ask: asker(plainDeps({ actions: { applyContract, tryContract } })) }
  }

  it('try the addresses alone, in both languages, and lose nothing that was typed', async () => {
    const { ask } = taking()
    const watch = ['https://a.example/', 'https://b.example/', 'https://c.example/'].join('\n')
    const typed = { watch, provider: '', target: 'three nines' }
    const answer = await post(ask, typed, 'try')
    expect(answer.status).toBe(200)
    const page = await answer.text()
    for (const said of [
      'Tried just now',
      'answers as it should',
      'status 503',
      'fails: the answer was an error',
    ])
      expect(page).toContain(said)
    expect(page).toContain('The agent lyon 0.0.9 cannot try a check: upgrade it.')
    expect(page).toContain('name looked up: 1.9\u00a0ms')
    for (const value of ['three nines', ...watch.split('\n')]) expect(page).toContain(value)
    const french = await (
      await ask(`${PATH}?lang=fr`, {
        method: 'POST',
        as: 'owner-token',
        body: formBody(typed, 'try'),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    ).text()
    expect(french).toContain('Essayé à l’instant')
    expect(french).toContain('L’agent lyon 0.0.9 ne sait pas essayer un contrôle\u00a0: mettez-le à jour.')
  })

  it('say at the field what cannot be tried, and on top why nothing was', async () => {
    const { ask } = taking()
    const wrong = await post(ask, { watch: 'intranet' }, 'try')
    expect([wrong.status, (await wrong.text()).includes('cannot be watched')]).toEqual([422, true])
    const often = await post(ask, { watch: 'https://refused.example/' }, 'try')
    const page = await often.text()
    expect([often.status, page.includes('too many within a minute')]).toEqual([422, true])
    expect(page).toContain('https://refused.example/')
  })

  it('are the owner’s alone', async () => {
    const { ask } = taking()
    for (const as of ['viewer-token', 'provider-token', 'confined-token']) {
      expect((await ask(PATH, { as })).status).toBe(403)
      expect((await post(ask, {}, 'apply', as)).status).toBe(403)
      expect((await post(ask, {}, 'try', as)).status).toBe(403)
    }
  })

  it('apply what they showed, once it is asked for', async () => {
    const { applied, ask } = taking()
    const shown = await (await post(ask, {}, 'preview')).text()
    expect(shown).toContain('This is the document; keep it')
    expect(applied).toEqual([])
    const answer = await post(ask, {}, 'apply')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/contracts/northstar?new=1'])
    expect(applied).toEqual([
      { contract: 'northstar', text: expect.stringContaining('- tcp://mail.example:25') },
    ])
  })

  it('apply nothing that has a problem, and give back all that was typed', async () => {
    const { applied, ask } = taking()
    const answer = await post(ask, { target: 'x"><script>', name: 'Mine & yours' }, 'apply')
    const page = await answer.text()
    expect(answer.status).toBe(422)
    expect(applied).toEqual([])
    expect(page).toContain('aria-invalid="true"')
    expect(page).toContain('value="Mine &amp; yours"')
    expect(page).not.toContain('<script>')
  })

  it('fill in the holidays of a place that was chosen, and leave alone a list that was changed', async () => {
    const { ask } = taking()
    const france = { hours: 'weekly', country: 'FR' } as const
    expect(await (await post(ask, france, 'preview')).text()).toContain('2027-07-14')
    const changed = { ...france, filledFor: 'FR/', holidays: '2027-07-15 Ours' }
    const page = await (await post(ask, changed, 'preview')).text()
    expect(page).toContain('2027-07-15')
    expect(page).not.toContain('2027-07-14')
  })

  it('lead from an empty overview', async () => {
    const { ask } = taking()
    expect(await (await ask('/', { as: 'owner-token' })).text()).toContain(`href="${PATH}"`)
    expect(await (await ask('/', { as: 'viewer-token' })).text()).not.toContain(`href="${PATH}"`)
  })
})
