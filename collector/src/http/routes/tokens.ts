/**
 * Tokens: who may come in, until when, and who let them. Taking one ends its sessions and streams at once.
 */
import { parseDuration } from '@constat/sla/duration'
import { Hono } from 'hono'
import { z } from 'zod'
import type { AppDeps, TokenActions } from '../actions.ts'
import { allow, fresh, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, listOf, missing, name, pageQuery, query } from '../describe.ts'
import { cut, pageOf } from '../../view/paging.ts'
import { auditEntry, token, tokenIssued } from '../../view/access.ts'
import { role } from '../../view/parts.ts'

const tag = 'tokens'
const NEVER = 'never'

export const wantedToken = z
  .object({
    role,
    contract: name.nullable().default(null).describe('Null: all of them; a provider has one'),
    expires: z
      .string()
      .max(40)
      .refine(
        (text) => text === NEVER || (parseDuration(text) ?? 0) > 0,
        'is no duration such as P90D, and not never',
      )
      .optional()
      .describe('How long it is good, as P90D, or never. Absent: a year, and for ever of an owner'),
  })
  .strict()
  .refine(({ role, contract }) => role !== 'provider' || contract !== null, {
    path: ['contract'],
    message: 'is missing: a provider sees its own contract only',
  })

/** `P90D` → ms; `never` → null; absent → as usual for the role. */
export function lifeOf(expires: string | undefined): number | null | undefined {
  if (expires === NEVER) return null
  return expires === undefined ? undefined : parseDuration(expires)
}

export function tokenRoutes(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  const { tokens } = deps.actions
  addReading(app, tokens)
  addGiving(app, deps)
  app.delete(
    '/tokens/:token',
    allow('manage'),
    describe({ summary: 'End a token, its sessions and its streams', tag, status: 204, problems: [404] }),
    async (c) => {
      if (!(await tokens.revoke(c.req.param('token'), c.var.caller))) throw missing('token')
      return c.body(null, 204)
    },
  )
  return app
}

function addReading(app: Hono<Env>, tokens: TokenActions): void {
  app.get(
    '/tokens',
    allow('manage'),
    describe({
      summary: 'Tokens that are good now, newest first',
      tag,
      answer: listOf(token),
      problems: [400],
    }),
    query(pageQuery),
    async (c) => c.json(pageOf(await tokens.list(), { keyOf: (item) => item.id, ...c.req.valid('query') })),
  )
  app.get(
    '/audit',
    allow('manage'),
    describe({
      summary: 'Who gave and took tokens, newest first',
      tag,
      answer: listOf(auditEntry),
      problems: [400],
    }),
    query(
      pageQuery.extend({
        cursor: z
          .string()
          .regex(/^\d{1,15}$/, 'is no cursor')
          .optional(),
      }),
    ),
    async (c) => {
      const { cursor, limit } = c.req.valid('query')
      const page = { limit: limit + 1, ...(cursor !== undefined && { before: cursor }) }
      return c.json(cut(await tokens.audit(page), { keyOf: (item) => item.id, limit }))
    },
  )
}

function addGiving(app: Hono<Env>, deps: AppDeps): void {
  const { tokens } = deps.actions
  app.post(
    '/tokens',
    allow('manage'),
    fresh(deps),
    describe({
      summary: 'A token for a person or a program, shown once',
      tag,
      answer: tokenIssued,
      status: 201,
      problems: [400, 404, 413],
    }),
    limitBody(),
    jsonBody(wantedToken),
    async (c) => {
      const { role, contract, expires } = c.req.valid('json')
      if (contract !== null && c.var.read.contract(contract) === null) throw missing('contract')
      const made = await tokens.issue({ role, contract, lifeMs: lifeOf(expires), by: c.var.caller })
      return c.json(made, 201)
    },
  )
  app.post(
    '/tokens/:token/renew',
    allow('manage'),
    fresh(deps),
    describe({
      summary: 'Another token with the same rights, shown once; the old one ends',
      tag,
      answer: tokenIssued,
      status: 201,
      problems: [400, 404],
    }),
    limitBody(),
    async (c) => {
      const made = await tokens.renew(c.req.param('token'), c.var.caller)
      if (made === null) throw missing('token')
      return c.json(made, 201)
    },
  )
}
