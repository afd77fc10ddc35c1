/**
 * Adding a contract: the form, its preview, and applying what was seen. Each step answers with a page that
 * holds all that was typed, so nothing is kept between them and no script is needed.
 */
import { composeContract, type SmallContract } from '@constat/sla/contract/compose'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { Fault, invariant } from '@constat/shared/fault'
import type { Context, Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { askerOf } from '../http/caller.ts'
import { limitBody } from '../http/describe.ts'
import {
  checkContractForm,
  checkWatched,
  emptyForm,
  placeOf,
  readContractForm,
  yearsFrom,
  type ContractForm,
} from './form/contract-form.ts'
import { countries, publicHolidays, regionsOf } from './holidays.ts'
import { AddContract } from './page/add-contract.tsx'
import { ContractPreview } from './page/contract-preview.tsx'
import { contractHref } from './page/contracts.tsx'
import { FORM_PATH, type FormProps, type Options } from './part/field.tsx'
import { sharedZone } from './scene.ts'
import type { Text } from './text/en.ts'
import { visitorMay, type VisitEnv } from './visit.ts'

type Visit = Context<VisitEnv>

export function addContractPages(pages: Hono<VisitEnv>, deps: AppDeps): void {
  pages.get(FORM_PATH, visitorMay('manage'), (c) => {
    const has = c.var.read.contracts().length > 0
    // The host's own zone is a better guess than any; the browser's is better still.
    const zone = has
      ? sharedZone(c.var.read, c.var.scene.zone)
      : Intl.DateTimeFormat().resolvedOptions().timeZone
    return ask(c, { form: emptyForm(zone), fresh: true })
  })
  pages.post(FORM_PATH, visitorMay('manage'), limitBody(), async (c) => {
    const posted = await c.req.parseBody({ all: true })
    const form = readContractForm(posted)
    switch (posted['step']) {
      case 'holidays':
        return fillIn(c, form)
      case 'change':
        return ask(c, { form })
      case 'try':
        return tryNow(c, form, deps)
      case 'apply':
        return apply(c, form, deps)
      default:
        return preview(c, await withHolidays(c, form), deps)
    }
  })
}

type Asked = Omit<FormProps, 'scene' | 'options'>

async function ask(c: Visit, asked: Asked, status: 200 | 422 = 200) {
  const { scene } = c.var
  const options = await optionsOf(asked.form, scene.lang)
  return c.html(<AddContract scene={scene} options={options} {...asked} />, status)
}

/** Offered first; every other currency the host knows follows. */
const USUAL_CURRENCIES = ['EUR', 'USD', 'GBP', 'CHF', 'CAD', 'MAD', 'XOF']

async function optionsOf({ country }: ContractForm, lang: 'en' | 'fr'): Promise<Options> {
  const currencies = new Set([...USUAL_CURRENCIES, ...Intl.supportedValuesOf('currency')])
  return {
    zones: [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])],
    currencies: [...currencies],
    countries: await countries(lang),
    regions: country === '' ? [] : await regionsOf(country, lang),
  }
}

async function fillIn(c: Visit, form: ContractForm) {
  const filled = await listed(c, form)
  return ask(c, { form: filled.form, filled: filled.count })
}

/** A place that was chosen but never filled in: its holidays are in the document all the same. */
async function withHolidays(c: Visit, form: ContractForm): Promise<ContractForm> {
  if (form.hours === 'always' || placeOf(form) === form.filledFor) return form
  return (await listed(c, form)).form
}

/** The list of the place in the form; a region of another country is forgotten. */
async function listed(c: Visit, form: ContractForm): Promise<{ form: ContractForm; count: number }> {
  const { lang, nowMs } = c.var.scene
  const { country } = form
  const isKnown = country !== '' && (await regionsOf(country, lang)).some(({ code }) => code === form.region)
  const region = isKnown ? form.region : ''
  const years = yearsFrom(nowMs, form.timeZone)
  const days = country === '' ? [] : await publicHolidays({ country, region, years, lang })
  const place = { country, region }
  const holidays = days.map(({ date, name }) => `${date} ${name}`).join('\n')
  return { form: { ...form, ...place, filledFor: placeOf(place), holidays }, count: days.length }
}

type Composed =
  | { kind: 'ok'; contract: SmallContract; document: string; terms: ExpandedContract }
  | { kind: 'wrong'; asked: Asked }

async function composed(c: Visit, form: ContractForm, { actions }: AppDeps): Promise<Composed> {
  const { scene, read } = c.var
  const checked = checkContractForm(form, {
    text: scene.text,
    nowMs: scene.nowMs,
    taken: (name) => read.contract(name) !== null,
  })
  if (checked.kind === 'wrong') return { kind: 'wrong', asked: { form, problems: checked.problems } }
  const document = composeContract(checked.contract)
  const source = [{ name: fileName(checked.contract.name), text: document }]
  const parsed = await actions.parse({ source, by: askerOf(c.var.caller) })
  if (parsed.kind === 'refused') {
    return {
      kind: 'wrong',
      asked: { form, refused: parsed.problems.map(({ path, message }) => `${path}: ${message}`) },
    }
  }
  const terms = parsed.contracts[0]
  invariant(terms !== undefined, 'a document that was accepted describes a contract')
  return { kind: 'ok', contract: checked.contract, document, terms }
}

function fileName(contract: string): string {
  return `${contract}.yaml`
}

async function preview(c: Visit, form: ContractForm, deps: AppDeps) {
  const made = await composed(c, form, deps)
  if (made.kind === 'wrong') return ask(c, made.asked, 422)
  return c.html(<ContractPreview scene={c.var.scene} form={form} {...made} />)
}

/** Each address once, as a contract of that name would have it probed. */
async function tryNow(c: Visit, form: ContractForm, { actions }: AppDeps) {
  const { text } = c.var.scene
  const checked = checkWatched(form, text)
  if (checked.kind === 'wrong') return ask(c, { form, problems: checked.problems }, 422)
  const document = composeContract({ ...TRIED_CONTRACT, watch: checked.watch })
  const { name } = TRIED_CONTRACT
  const source = [{ name: fileName(name), text: document }]
  try {
    return await ask(c, {
      form,
      tried: await actions.tryContract({ contract: name, source, by: askerOf(c.var.caller) }),
    })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, message, problems } = error
    const own = isTryFault(code) ? text.trial.fault[code] : message
    return ask(c, { form, refused: problems.length > 0 ? problems : [own] }, 422)
  }
}

/** What a trial needs of a contract beside its addresses. */
const TRIED_CONTRACT = {
  name: 'trial',
  displayName: 'trial',
  provider: 'trial',
  target: '99.9',
  timeZone: 'UTC',
  hours: null,
  monthlyFee: null,
} as const

function isTryFault(code: string): code is keyof Text['trial']['fault'] {
  return code === 'rate-limited' || code === 'unavailable' || code === 'too-large'
}

async function apply(c: Visit, form: ContractForm, deps: AppDeps) {
  const made = await composed(c, form, deps)
  if (made.kind === 'wrong') return ask(c, made.asked, 422)
  const { name } = made.contract
  const answer = await deps.actions.applyContract({
    contract: name,
    source: [{ name: fileName(name), text: made.document }],
    stopProbing: false,
    by: askerOf(c.var.caller),
  })
  if (answer.kind === 'refused') return ask(c, { form, refused: answer.problems }, 422)
  return c.redirect(`${contractHref(name)}?new=1`, 303)
}
