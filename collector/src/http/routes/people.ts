/**
 * People: accounts, the links that invite to one, and where whoever asks is signed in. An account that loses its
 * rights, or is removed, loses its sessions and streams at once.
 */
import { Hono } from 'hono'
import { z } from 'zod'
import { session } from '../../view/access.ts'
import { role } from '../../view/parts.ts'
import { invitationIssued, person, personName } from '../../view/people.ts'
import type { ReadModel } from '../../view/reads.ts'
import type { AppDeps, SessionActions } from '../actions.ts'
import { allow, fresh, sentWith, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, listOf, missing, name, pageQuery, query } from '../describe.ts'
import { MAX_PERSON_CONTRACTS } from '../limits.ts'
import { pageOf } from '../../view/paging.ts'

const tag = 'people'

const rights = {
  role,
  contracts: z
    .array(name)
    .min(1)
    .max(MAX_PERSON_CONTRACTS)
    .nullable()
    .default(null)
    .describe('Null: all of them; a provider has some'),
}

const ofProvider = {
  path: ['contracts'],
  message: 'is missing: a provider sees its own contracts only',
}

export const wantedRights = z
  .object(rights)
  .strict()
  .refine(({ role, contracts }) => role !== 'provider' || contracts !== null, ofProvider)

export const wantedPerson = z
  .object({ name: personName.describe('They sign in with it'), ...rights })
  .strict()
  .refine(({ role, contracts }) => role !== 'provider' || contracts !== null, ofProvider)

/** Fault `not-found`: an account for a contract with a wrong name would show nothing. */
export function demandContracts(read: ReadModel, contracts: readonly string[] | null): void {
  for (const contract of contracts ?? []) if (read.contract(contract) === null) throw missing('contract')
}

export function peopleRoutes(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  const { people, sessions } = deps.actions
  app.get(
    '/people',
    allow('manage'),
    describe({ summary: 'Accounts, by name', tag, answer: listOf(person), problems: [400] }),
    query(pageQuery),
    async (c) => c.json(pageOf(await people.list(), { keyOf: (item) => item.id, ...c.req.valid('query') })),
  )
  addInviting(app, deps)
  addChanging(app, deps)
  addSessions(app, sessions)
  return app
}

function addInviting(app: Hono<Env>, deps: AppDeps): void {
  const { people } = deps.actions
  const invited = { tag, answer: invitationIssued, status: 201 } as const
  app.post(
    '/people',
    allow('manage'),
    fresh(deps),
    describe({
      summary: 'A link that lets one account in, shown once; it is revoked as a token is',
      ...invited,
      problems: [400, 404, 409, 413],
    }),
    limitBody(),
    jsonBody(wantedPerson),
    async (c) => {
      const wanted = c.req.valid('json')
      demandContracts(c.var.read, wanted.contracts)
      return c.json(await people.invite({ ...wanted, by: c.var.caller }), 201)
    },
  )
  app.post(
    '/people/:person/link',
    allow('manage'),
    fresh(deps),
    describe({
      summary: 'A link by which they set a new password, shown once',
      ...invited,
      problems: [404],
    }),
    limitBody(),
    async (c) => {
      const made = await people.renew(c.req.param('person'), c.var.caller)
      if (made === null) throw missing('person')
      return c.json(made, 201)
    },
  )
}

function addChanging(app: Hono<Env>, deps: AppDeps): void {
  const { people } = deps.actions
  app.patch(
    '/people/:person',
    allow('manage'),
    fresh(deps),
    describe({
      summary: 'Give an account other rights; its sessions end',
      tag,
      status: 204,
      problems: [400, 404, 413],
    }),
    limitBody(),
    jsonBody(wantedRights),
    async (c) => {
      const wanted = c.req.valid('json')
      demandContracts(c.var.read, wanted.contracts)
      const isChanged = await people.change(c.req.param('person'), { ...wanted, by: c.var.caller })
      if (!isChanged) throw missing('person')
      return c.body(null, 204)
    },
  )
  const ends = [
    ['/people/:person', 'Remove an account, its sessions and its streams', 'remove'],
    ['/people/:person/factor', 'Turn the second factor of an account off', 'dropFactor'],
  ] as const
  for (const [path, summary, deed] of ends) {
    // Out is out at once; a way in that gets easier is given.
    const guard = deed === 'remove' ? allow('manage') : fresh(deps)
    const said = describe({ summary, tag, status: 204, problems: [404] })
    app.delete(path, allow('manage'), guard, said, async (c) => {
      if (!(await people[deed](c.req.param('person'), c.var.caller))) throw missing('person')
      return c.body(null, 204)
    })
  }
}

/** Of the token or account of whoever asks, whatever they may do else. */
function addSessions(app: Hono<Env>, sessions: SessionActions): void {
  app.get(
    '/sessions',
    allow('read-status'),
    describe({ summary: 'Where you are signed in', tag, answer: listOf(session), problems: [400] }),
    query(pageQuery),
    async (c) => {
      const own = { by: c.var.caller, secret: sentWith(c)?.secret ?? '' }
      return c.json(pageOf(await sessions.list(own), { keyOf: (item) => item.id, ...c.req.valid('query') }))
    },
  )
  app.delete(
    '/sessions/:session',
    allow('read-status'),
    describe({ summary: 'Sign out there', tag, status: 204, problems: [404] }),
    async (c) => {
      const own = { by: c.var.caller, secret: sentWith(c)?.secret ?? '' }
      if ((await sessions.end(own, c.req.param('session'))) === 0) throw missing('session')
      return c.body(null, 204)
    },
  )
}
