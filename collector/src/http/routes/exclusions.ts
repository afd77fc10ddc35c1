/**
 * Exclusions: time that somebody declares should not count, what the other side answers, and what the
 * contract's own rule makes of both.
 */
import { Fault } from '@constat/shared/fault'
import { parseInstant } from '@constat/shared/time'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import type { ReadModel } from '../../view/reads.ts'
import type { AppDeps, Caller, ExclusionWanted } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, missing, name, optionalBody, pageQuery, query } from '../describe.ts'
import { MAX_REASON_CHARS } from '../limits.ts'
import { withinOf, withinQuery } from '../span.ts'
import { cut } from '../../view/paging.ts'
import { WORDS, wordsOf } from '../words.ts'
import { listOf } from '../describe.ts'
import { exclusion } from '../../view/exclusion.ts'

const tag = 'exclusions'

/** RFC 3339 → ms. */
export const instantField = z
  .string()
  .max(40)
  .describe('RFC 3339')
  .refine((text) => parseInstant(text) !== undefined, 'is not an RFC 3339 instant')
  .transform((text) => parseInstant(text) ?? 0)

export const wantedExclusion = z
  .object({
    contract: name.optional().describe('May be left out by a token of one contract'),
    service: name.nullable().default(null).describe('Absent: every service of the contract'),
    kind: name.describe('An exclusion kind of the contract'),
    start: instantField,
    end: instantField,
    announcedAt: instantField.nullable().default(null).describe('Absent: this declaration announces it'),
    announcedStart: instantField.optional(),
    announcedEnd: instantField.optional(),
    reason: z.string().max(MAX_REASON_CHARS).default(''),
  })
  .strict()

export const wantedAnswer = z
  .object({
    ...WORDS,
    decision: z.boolean().default(false).describe('An expert, a mediator or a court decided so: owner only'),
  })
  .strict()

const exclusionQuery = pageQuery.extend({
  ...withinQuery.shape,
  contract: name.optional(),
  service: name.optional().describe('Those of every service of its contract too'),
  kind: name.optional(),
  standing: exclusion.shape.standing.optional(),
})

export function exclusionRoutes({ actions }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/exclusions',
    allow('read'),
    describe({
      summary: 'Declared exclusions, latest first, each with what the contract makes of it',
      tag,
      answer: listOf(exclusion),
      problems: [400],
    }),
    query(exclusionQuery),
    async (c) => {
      const { cursor, limit, from, to, ...of } = c.req.valid('query')
      const within = withinOf({ from, to })
      const found = await c.var.read.exclusions({ ...of, limit: limit + 1, before: cursor, within })
      return c.json(cut(found, { keyOf: (item) => item.id, limit }))
    },
  )
  app.get(
    '/exclusions/:exclusion',
    allow('read'),
    describe({ summary: 'One exclusion', tag, answer: exclusion, problems: [404] }),
    async (c) => c.json(await known(c.var.read, c.req.param('exclusion'))),
  )
  app.post(
    '/exclusions',
    allow('declare'),
    describe({
      summary: 'Declare one: the owner for the customer, a provider for itself',
      tag,
      answer: exclusion,
      status: 201,
      problems: [400, 404, 409, 413, 422, 429],
    }),
    limitBody(),
    jsonBody(wantedExclusion),
    async (c) => {
      const id = await declare(c.req.valid('json'), { caller: c.var.caller, read: c.var.read, actions })
      return c.json(await known(c.var.read, id), 201)
    },
  )
  addAnswers(app, actions)
  return app
}

function addAnswers(app: Hono<Env>, actions: AppDeps['actions']): void {
  const answers = [
    ['accept', 'accepted', 'Accept what the other side declared'],
    ['dispute', 'disputed', 'Dispute what the other side declared: the result is then told both ways'],
  ] as const
  for (const [path, answer, summary] of answers) {
    app.post(
      `/exclusions/:exclusion/${path}`,
      allow('declare'),
      describe({ summary, tag, answer: exclusion, problems: [400, 404, 409, 413, 429] }),
      limitBody(),
      async (c) => {
        const { id } = await known(c.var.read, idOf(c))
        const { decision, ...words } = await optionalBody(c, wantedAnswer)
        const note = wordsOf(words)
        await actions.answerExclusion({ exclusion: id, answer, note, decision, by: c.var.caller })
        return c.json(await known(c.var.read, id))
      },
    )
  }
}

function idOf(c: Context): string {
  return c.req.param('exclusion') ?? ''
}

type Declaring = { caller: Caller; read: ReadModel; actions: AppDeps['actions'] }

/** The id of what was declared. Fault with every problem. */
export async function declare(
  wanted: z.output<typeof wantedExclusion>,
  { caller, read, actions }: Declaring,
): Promise<string> {
  const only = caller.contracts?.length === 1 ? caller.contracts[0] : undefined
  const contract = wanted.contract ?? only
  if (contract === undefined) throw new Fault('bad-request', 'contract: should name the contract.')
  if (read.contract(contract) === null) throw missing('contract')
  const answer = await actions.declareExclusion({ ...draftOf(wanted), contract, by: caller })
  if (answer.kind === 'declared') return answer.id
  throw new Fault('bad-request', 'The exclusion was refused.', { problems: answer.problems })
}

function draftOf(wanted: z.output<typeof wantedExclusion>): Omit<ExclusionWanted, 'contract' | 'by'> {
  const { service, kind, start, end, announcedAt, announcedStart, announcedEnd, reason } = wanted
  const hasAnnounced = announcedStart !== undefined || announcedEnd !== undefined
  return {
    service,
    kind,
    startMs: start,
    endMs: end,
    announcedMs: announcedAt,
    announced: hasAnnounced ? { startMs: announcedStart ?? start, endMs: announcedEnd ?? end } : null,
    reason,
  }
}

async function known(read: ReadModel, id: string) {
  const found = await read.exclusion(id)
  if (found === null) throw missing('exclusion')
  return found
}
