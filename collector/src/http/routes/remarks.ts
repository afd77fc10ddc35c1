/**
 * Remarks: what people say of an outage. Each is dated, stands beside what was measured, and changes no figure.
 */
import { Fault } from '@constat/shared/fault'
import { Hono } from 'hono'
import { z } from 'zod'
import type { ReadModel } from '../../view/reads.ts'
import { reported, serviceStatus } from '../../view/remark.ts'
import { incidentRoom } from '../../view/timeline.ts'
import type { AppDeps, Caller } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, listOf, missing, name } from '../describe.ts'
import { MAX_REPORT_CHARS } from '../limits.ts'
import { reportRate } from '../report-rate.ts'
import { WORDS, wordsOf } from '../words.ts'
import { instantField } from './exclusions.ts'

const tag = 'incidents'

/** A note, or the reason of a dispute. */
export const wantedRemark = z
  .object(WORDS)
  .strict()
  .transform(wordsOf)
  .refine((text) => text !== '', { path: ['text'], message: 'is missing: say it in a sentence' })

export const wantedReport = z
  .object({
    service: name,
    contract: name.optional().describe('Needed only where two contracts have a service of that name'),
    text: z.string().trim().max(MAX_REPORT_CHARS).default(''),
    since: instantField.nullable().default(null).describe('RFC 3339: since when it fails'),
  })
  .strict()

export function remarkRoutes(deps: AppDeps): Hono<Env> {
  const { actions } = deps
  const app = new Hono<Env>()
  const said = [
    ['note', 'Note something for everybody in the room'],
    ['dispute', 'Dispute what was measured, with a reason: no figure changes, it is said beside them'],
  ] as const
  for (const [kind, summary] of said) {
    app.post(
      `/incidents/:incident/${kind}`,
      allow(kind),
      describe({ summary, tag, answer: incidentRoom, status: 201, problems: [400, 404, 409, 413, 429] }),
      limitBody(),
      jsonBody(wantedRemark),
      async (c) => {
        const { id, contract } = await known(c.var.read, c.req.param('incident'))
        const wanted = { contract, incident: id, service: null, text: c.req.valid('json'), sinceMs: null }
        await actions.remark({ ...wanted, kind, by: c.var.caller })
        return c.json(await known(c.var.read, id), 201)
      },
    )
  }
  addReports(app, deps)
  return app
}

function addReports(app: Hono<Env>, { actions, clock }: AppDeps): void {
  const rate = reportRate(clock)
  app.get(
    '/status',
    allow('read-status'),
    describe({ summary: 'What users are told of each service', tag, answer: listOf(serviceStatus) }),
    (c) => c.json({ items: c.var.read.status(), next: null }),
  )
  app.post(
    '/reports-of-trouble',
    allow('report'),
    describe({
      summary: 'It fails for me: a dated fact beside what is measured',
      tag,
      answer: reported,
      status: 201,
      problems: [400, 404, 409, 413, 429],
    }),
    limitBody(),
    jsonBody(wantedReport),
    async (c) => {
      rate(c)
      const wanted = c.req.valid('json')
      return c.json(await report(wanted, { caller: c.var.caller, read: c.var.read, actions }), 201)
    },
  )
}

type Reporting = { caller: Caller; read: Pick<ReadModel, 'status'>; actions: AppDeps['actions'] }

/** Faults: `not-found`, `bad-request` where two contracts have such a service, `rate-limited`. */
export async function report(
  { service, contract, text, since }: z.output<typeof wantedReport>,
  { caller, read, actions }: Reporting,
): Promise<z.output<typeof reported>> {
  const found = read
    .status()
    .filter((one) => one.service === service && one.contract === (contract ?? one.contract))
  const [first, second] = found
  if (!first) throw missing('service')
  if (second) {
    throw new Fault('bad-request', 'contract: two contracts have a service of that name; name one.', {
      hint: `They are ${found.map((one) => one.contract).join(', ')}.`,
    })
  }
  const wanted = { contract: first.contract, incident: null, service, text, sinceMs: since }
  return actions.remark({ ...wanted, kind: 'trouble', by: caller })
}

async function known(read: ReadModel, id: string) {
  const found = await read.incident(id)
  if (found === null) throw missing('incident')
  return found
}
