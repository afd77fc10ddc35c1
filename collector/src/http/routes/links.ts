/** Links: addresses that show one page to whoever has them. Listed and revoked as tokens are. */
import { parseDuration } from '@constat/sla/duration'
import { Hono } from 'hono'
import { z } from 'zod'
import { linkIssued, type LinkIssued } from '../../view/access.ts'
import type { ReadModel } from '../../view/reads.ts'
import type { AppDeps, Caller, TokenActions } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, missing, name } from '../describe.ts'
import { lifeOf } from './tokens.ts'

const DAY_MS = 86_400_000
/** A crisis is over by then; who still reads asks for another. */
export const MAX_SHARED_MS = 30 * DAY_MS

export const wantedLink = z
  .object({
    contract: name.optional().describe('The states of whose services it shows'),
    incident: name.optional().describe('The one incident that it shows, in place of a contract'),
    expires: z
      .string()
      .max(40)
      .refine((text) => text === 'never' || (parseDuration(text) ?? 0) > 0, 'is no duration such as PT8H')
      .optional()
      .describe('Absent: a day for an incident, never for states'),
  })
  .strict()
  .refine(({ contract, incident }) => (contract === undefined) !== (incident === undefined), {
    message: 'name a contract or an incident',
  })
  .refine(({ incident, expires }) => incident === undefined || isShort(expires), {
    path: ['expires'],
    message: 'an incident is shared for P30D at most',
  })

function isShort(expires: string | undefined): boolean {
  return (lifeOf(expires ?? 'P1D') ?? Infinity) <= MAX_SHARED_MS
}

export function linkRoutes({ actions: { tokens } }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.post(
    '/links',
    allow('manage'),
    describe({
      summary: 'A page to read without an account: one incident, or the states of services',
      tag: 'tokens',
      answer: linkIssued,
      status: 201,
      problems: [400, 404, 413],
    }),
    limitBody(),
    jsonBody(wantedLink),
    async (c) =>
      c.json(await linkOf(c.req.valid('json'), { read: c.var.read, tokens, by: c.var.caller }), 201),
  )
  return app
}

type Linking = { read: ReadModel; tokens: TokenActions; by: Caller }

/** Fault `not-found` where there is no such contract or incident. */
export async function linkOf(
  { contract, incident, expires }: z.output<typeof wantedLink>,
  { read, tokens, by }: Linking,
): Promise<LinkIssued> {
  if (incident !== undefined) {
    const found = await read.incident(incident)
    if (found === null) throw missing('incident')
    const lifeMs = lifeOf(expires) ?? DAY_MS
    return tokens.link({ contract: found.contract, incident: found.id, lifeMs, by })
  }
  if (contract === undefined || read.contract(contract) === null) throw missing('contract')
  return tokens.link({ contract, incident: null, lifeMs: lifeOf(expires) ?? null, by })
}
