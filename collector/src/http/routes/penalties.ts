/** Penalties: the credit of a window that is final, claimed by the customer and answered by the provider. */
import { parseInstant } from '@constat/shared/time'
import { FORUMS, NOTICE_MEANS, SETTLEMENTS } from '@constat/sla/state/penalty-record'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { penalty, penaltyStatus, type PenaltyView } from '../../view/penalty.ts'
import type { AppDeps, PenaltyDeed } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, limitBody, listOf, missing, optionalBody, pageQuery, query } from '../describe.ts'
import { pageOf } from '../../view/paging.ts'
import { WORDS, wordsOf } from '../words.ts'

const tag = 'penalties'

const amount = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,6})?$/, 'should be a decimal like 1800.00')
  .nullable()
  .default(null)
/** The clocks of a claim run from when something was done, which may be before it is recorded here. */
const at = z
  .string()
  .max(40)
  .describe('RFC 3339; absent: now')
  .refine((text) => parseInstant(text) !== undefined, 'is not an RFC 3339 instant')
  .transform((text) => parseInstant(text) ?? 0)
  .nullable()
  .default(null)

/** What each act may say. An answer is given when it is given: it names no other instant. */
export const PENALTY_BODIES = {
  notify: z.object({ means: z.enum(NOTICE_MEANS).default('other'), at, ...WORDS }).strict(),
  accept: z.object({ amount: amount.describe('Absent: in whole'), ...WORDS }).strict(),
  dispute: z.object(WORDS).strict(),
  withdraw: z.object({ at, ...WORDS }).strict(),
  settle: z
    .object({ by: z.enum(SETTLEMENTS), amount: amount.describe('Absent: what was agreed'), at, ...WORDS })
    .strict(),
  decide: z.object({ forum: z.enum(FORUMS), amount, at, ...WORDS }).strict(),
} as const
type Act = keyof typeof PENALTY_BODIES

const ACTS: readonly { act: Act; summary: string }[] = [
  { act: 'notify', summary: 'Notify the claim: the owner, for the customer' },
  { act: 'accept', summary: 'Accept a claim in whole or in part: the provider' },
  { act: 'dispute', summary: 'Dispute a claim, with a reason: the provider' },
  { act: 'withdraw', summary: 'Withdraw a claim: the owner' },
  { act: 'settle', summary: 'Record that it was credited or set off: the owner' },
  { act: 'decide', summary: 'Record what an expert, a mediator or a court decided: the owner' },
]

export function penaltyRoutes({ actions }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/contracts/:contract/penalties',
    allow('read'),
    describe({
      summary: 'Penalties of windows that are final, newest first',
      tag,
      answer: listOf(penalty),
      problems: [400, 404],
    }),
    query(pageQuery.extend({ status: penaltyStatus.optional() })),
    async (c) => {
      const { status, ...page } = c.req.valid('query')
      const all = await c.var.read.penalties(contractOf(c))
      const wanted = (item: PenaltyView) => status === undefined || item.status === status
      return c.json(pageOf(all, { keyOf: (item) => item.window, wanted, ...page }))
    },
  )
  app.get(
    '/contracts/:contract/penalties/:window',
    allow('read'),
    describe({ summary: 'One penalty, with every step', tag, answer: penalty, problems: [404] }),
    async (c) => c.json(await knownPenalty(c)),
  )
  for (const { act, summary } of ACTS) {
    app.post(
      `/contracts/:contract/penalties/:window/${act}`,
      allow('declare'),
      describe({ summary, tag, answer: penalty, problems: [400, 404, 409, 413, 429] }),
      limitBody(),
      async (c) => {
        const said = await optionalBody(c, PENALTY_BODIES[act])
        await actions.takePenaltyStep(deedOf(act, said, { ...placeOf(c), by: c.var.caller }))
        return c.json(await knownPenalty(c))
      },
    )
  }
  return app
}

type Said = {
  [A in Act]: z.output<(typeof PENALTY_BODIES)[A]>
}[Act]

/** A body of one act as the deed it asks for. */
export function deedOf(
  act: Act,
  said: Said,
  of: Pick<PenaltyDeed, 'contract' | 'window' | 'by'>,
): PenaltyDeed {
  const how = 'means' in said ? said.means : 'forum' in said ? said.forum : 'by' in said ? said.by : null
  return {
    ...of,
    act,
    how,
    amount: 'amount' in said ? said.amount : null,
    doneMs: 'at' in said ? said.at : null,
    note: wordsOf(said),
  }
}

function contractOf(c: Context<Env>): string {
  const found = c.var.read.contract(c.req.param('contract') ?? '')
  if (found === null) throw missing('contract')
  return found.name
}

function placeOf(c: Context<Env>): { contract: string; window: string } {
  return { contract: contractOf(c), window: c.req.param('window') ?? '' }
}

async function knownPenalty(c: Context<Env>) {
  const { contract, window } = placeOf(c)
  const found = await c.var.read.penalty(contract, window)
  if (found === null) throw missing('penalty: the window is not final, or has no credits')
  return found
}
