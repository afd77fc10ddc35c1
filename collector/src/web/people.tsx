/** People: accounts and invitations, for those who may give them. Every deed sends back to the page. */
import { Fault } from '@constat/shared/fault'
import { Hono, type Context } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { limitBody, missing, param, readForm } from '../http/describe.ts'
import { demandContracts, wantedPerson, wantedRights } from '../http/routes/people.ts'
import type { InvitationIssued } from '../view/people.ts'
import { People, PEOPLE_PATH, type InviteForm } from './page/people.tsx'
import { zoned } from './scene.ts'
import { ShownOnce } from './shown-once.ts'
import { mayGive, signedInLately, visitorMay, type VisitEnv } from './visit.ts'

type Visit = Context<VisitEnv>
const lately = signedInLately(PEOPLE_PATH)
const DONE = ['changed', 'removed', 'withdrawn', 'dropped'] as const

/** For those who may give accounts. */
export function peoplePages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  const once = new ShownOnce<InvitationIssued>(() => deps.clock.nowMs())
  const { people } = deps.actions
  const shown = (c: Visit, made: InvitationIssued) =>
    c.redirect(`${PEOPLE_PATH}?fresh=${once.put(c.var.caller.token, made)}`, 303)
  pages.get(PEOPLE_PATH, visitorMay('manage'), async (c) => {
    const { scene, caller } = c.var
    const said = DONE.find((one) => one === c.req.query('done'))
    const number = c.req.query('fresh')
    const invited = once.take(caller.token, number)
    const isLost = number !== undefined && invited === null
    const provided = c.var.read.contract(c.req.query('contract') ?? '')
    return peoplePage(c, deps, {
      ...(provided && { form: { name: '', role: 'provider', contracts: [provided.name] } }),
      ...(invited && { invited }),
      ...(isLost && { notice: scene.text.access.shownOnce }),
      ...(said && { notice: scene.text.people.done[said] }),
    })
  })
  pages.post(`${PEOPLE_PATH}/invite`, visitorMay('manage'), lately, limitBody(), async (c) => {
    const form = await rightsForm(c)
    const problem = problemIn(form, c)
    if (problem !== null) return peoplePage(c, deps, { problem, form })
    const wanted = readForm(wantedPerson, { ...form, contracts: orAll(form) })
    demandContracts(c.var.read, wanted.contracts)
    const made = await orTaken(people.invite({ ...wanted, by: c.var.caller }))
    return made ? shown(c, made) : peoplePage(c, deps, { problem: c.var.scene.text.people.taken, form })
  })
  pages.post(`${PEOPLE_PATH}/:person/link`, visitorMay('manage'), lately, limitBody(), async (c) => {
    const made = await people.renew(param(c, 'person'), c.var.caller)
    if (made === null) throw missing('person')
    return shown(c, made)
  })
  addDeeds(pages, deps)
  return pages
}

function addDeeds(pages: Hono<VisitEnv>, { actions: { people, tokens } }: AppDeps): void {
  const done = (c: Visit, what: (typeof DONE)[number]) => c.redirect(`${PEOPLE_PATH}?done=${what}`, 303)
  pages.post(`${PEOPLE_PATH}/:person/change`, visitorMay('manage'), lately, limitBody(), async (c) => {
    const form = await rightsForm(c)
    const wanted = readForm(wantedRights, { role: form.role, contracts: orAll(form) })
    demandContracts(c.var.read, wanted.contracts)
    if (!(await people.change(param(c, 'person'), { ...wanted, by: c.var.caller }))) throw missing('person')
    return done(c, 'changed')
  })
  pages.post(`${PEOPLE_PATH}/:person/factor`, visitorMay('manage'), lately, limitBody(), async (c) => {
    if (!(await people.dropFactor(param(c, 'person'), c.var.caller))) throw missing('person')
    return done(c, 'dropped')
  })
  pages.post(`${PEOPLE_PATH}/:person/remove`, visitorMay('manage'), limitBody(), async (c) => {
    if (!(await people.remove(param(c, 'person'), c.var.caller))) throw missing('person')
    return done(c, 'removed')
  })
  pages.post(`${PEOPLE_PATH}/invitations/:token/withdraw`, visitorMay('manage'), limitBody(), async (c) => {
    if (!(await tokens.revoke(param(c, 'token'), c.var.caller))) throw missing('token')
    return done(c, 'withdrawn')
  })
}

async function peoplePage(
  c: Visit,
  { actions }: AppDeps,
  more: { invited?: InvitationIssued; notice?: string; problem?: string; form?: InviteForm },
): Promise<Response> {
  const invitations = (await actions.tokens.list()).filter(({ kind }) => kind === 'invite')
  const contracts = c.var.read.contracts().flatMap(({ name, endedAt }) => (endedAt === null ? [name] : []))
  const props = { people: await actions.people.list(), invitations, contracts, mayGive: mayGive(c) }
  return c.html(<People scene={zoned(c)} {...props} {...more} />, more.problem === undefined ? 200 : 422)
}

async function rightsForm(c: Visit): Promise<InviteForm> {
  const { name, role, contracts } = await c.req.parseBody({ all: true })
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const ticked = contracts === undefined ? [] : [contracts].flat().map(text)
  return { name: text(name).trim(), role: text(role), contracts: ticked }
}

/** Nothing ticked is everything. */
function orAll({ contracts }: InviteForm): readonly string[] | null {
  return contracts.length > 0 ? contracts : null
}

/** What can be wrong with a form that the page has made; null: nothing. */
function problemIn({ name, role, contracts }: InviteForm, c: Visit): string | null {
  const { people } = c.var.scene.text
  if (role === 'provider' && contracts.length === 0) return people.wantsContract
  return wantedPerson.shape.name.safeParse(name).success ? null : people.badName
}

async function orTaken(making: Promise<InvitationIssued>): Promise<InvitationIssued | null> {
  try {
    return await making
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict') return null
    throw error
  }
}
