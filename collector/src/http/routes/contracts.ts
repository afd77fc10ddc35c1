/**
 * Contracts: what was agreed, its revisions, and the one way to change it.
 */
import { Fault } from '@constat/shared/fault'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Actions, AppDeps, ContractSource } from '../actions.ts'
import { allow, askerOf, type Env } from '../caller.ts'
import { describe, limitBody, missing, optionalBody, pageQuery, query } from '../describe.ts'
import { MAX_CONTRACT_BYTES } from '../limits.ts'
import { pageOf } from '../../view/paging.ts'
import { WORDS, wordsOf } from '../words.ts'
import { listOf } from '../describe.ts'
import { contract, revision } from '../../view/contract.ts'
import { applied, archived, publication } from '../../view/setup.ts'
import { tried } from '../../view/trial.ts'

const tag = 'contracts'
const applyQuery = z.object({
  stopProbing: z
    .enum(['true', 'false'])
    .optional()
    .describe('What the new revision no longer needs is not probed any more, at once'),
})
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain']

export function contractRoutes({ actions }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()

  app.get(
    '/contracts',
    allow('read'),
    describe({ summary: 'Contracts, worst first', tag, answer: listOf(contract), problems: [400] }),
    query(pageQuery),
    (c) => c.json(pageOf(c.var.read.contracts(), { keyOf: (item) => item.name, ...c.req.valid('query') })),
  )
  app.get(
    '/contracts/:contract',
    allow('read'),
    describe({ summary: 'One contract as it stands now', tag, answer: contract, problems: [404] }),
    (c) => c.json(known(c)),
  )
  addApply(app, actions)
  addTry(app, actions)
  addArchive(app, actions)
  addPublication(app, actions)
  addHistory(app)
  addAnswers(app, actions)
  return app
}

function addApply(app: Hono<Env>, actions: Actions): void {
  app.put(
    '/contracts/:contract',
    allow('manage'),
    describe({
      summary: 'Apply a contract and the documents it refers to; the same terms again change nothing',
      tag,
      answer: applied,
      problems: [400, 413, 422, 429, 503],
      rawBody: ['application/json', ...YAML_TYPES],
    }),
    query(applyQuery),
    limitBody(MAX_CONTRACT_BYTES),
    async (c) => {
      const name = c.req.param('contract')
      const stopProbing = c.req.valid('query').stopProbing === 'true'
      const answer = await actions.applyContract({
        contract: name,
        source: [await sourceOf(c, name)],
        stopProbing,
        by: askerOf(c.var.caller),
      })
      if (answer.kind === 'applied') return c.json({ ...answer, kind: undefined })
      throw new Fault('bad-contract', 'The contract was refused.', { problems: answer.problems })
    },
  )
}

function addTry(app: Hono<Env>, actions: Actions): void {
  app.post(
    '/contracts/:contract/try',
    allow('manage'),
    describe({
      summary: 'Have each check of a contract probed once by a connected agent; nothing is applied or kept',
      tag,
      answer: tried,
      problems: [400, 413, 422, 429, 503],
      rawBody: ['application/json', ...YAML_TYPES],
    }),
    limitBody(MAX_CONTRACT_BYTES),
    async (c) => {
      const name = c.req.param('contract')
      const source = [await sourceOf(c, name)]
      return c.json(await actions.tryContract({ contract: name, source, by: askerOf(c.var.caller) }))
    },
  )
}

function addArchive(app: Hono<Env>, actions: Actions): void {
  app.post(
    '/contracts/:contract/archive',
    allow('manage'),
    describe({
      summary: 'End a contract now: nothing is probed any more, everything stays to be read',
      tag,
      answer: archived,
      problems: [404, 503],
    }),
    async (c) => c.json(await actions.archiveContract(c.req.param('contract'))),
  )
}

function addPublication(app: Hono<Env>, actions: Actions): void {
  const ways = [
    ['publish', true, 'Open the log of a contract to everybody, from its first entry on'],
    ['unpublish', false, 'Leave the log of a contract to its readers; what others have they keep'],
  ] as const
  for (const [path, open, summary] of ways) {
    app.post(
      `/contracts/:contract/log/${path}`,
      allow('manage'),
      describe({ summary, tag, answer: publication, problems: [404, 503] }),
      async (c) => c.json(await actions.publishLog({ contract: known(c).name, open })),
    )
  }
}

function addHistory(app: Hono<Env>): void {
  app.get(
    '/contracts/:contract/revisions',
    allow('read'),
    describe({ summary: 'Its revisions, newest first', tag, answer: listOf(revision), problems: [400, 404] }),
    query(pageQuery),
    async (c) => {
      const all = await c.var.read.revisions(known(c).name)
      return c.json(pageOf(all, { keyOf: (item) => String(item.revision), ...c.req.valid('query') }))
    },
  )
}

/** The same answer again changes nothing; another one stands beside it, and the newest counts. */
function addAnswers(app: Hono<Env>, actions: Actions): void {
  const answers = [
    ['accept', 'agreed', 'Agree to a revision, for the provider'],
    ['object', 'objected', 'Object to a revision, for the provider, with a note that says to what'],
  ] as const
  for (const [path, answer, summary] of answers) {
    app.post(
      `/contracts/:contract/revisions/:revision/${path}`,
      allow('answer'),
      describe({ summary, tag, answer: revision, problems: [400, 404, 409, 413, 429] }),
      limitBody(),
      async (c) => {
        const contractName = known(c).name
        const number = revisionNumber(c.req.param('revision') ?? '')
        const note = wordsOf(await optionalBody(c, wantedAnswer))
        await actions.answerTerms({
          contract: contractName,
          revision: number,
          answer,
          note,
          by: c.var.caller,
        })
        const all = await c.var.read.revisions(contractName)
        return c.json(all.find((one) => one.revision === number))
      },
    )
  }
}

export const wantedAnswer = z.object(WORDS).strict()

/** A revision by the number that its list has. */
export function revisionNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw missing('revision')
}

function known(c: Context<Env, '/contracts/:contract'>) {
  const found = c.var.read.contract(c.req.param('contract'))
  if (found === null) throw missing('contract')
  return found
}

/** The name of a source is what problems cite: `intranet.yaml:12`. */
async function sourceOf(c: Context, contractName: string): Promise<ContractSource> {
  const media = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  const text = await c.req.text()
  if (text.trim() === '')
    throw new Fault('bad-request', 'The body is empty: send the contract as YAML or JSON.')
  return { name: `${contractName}.${media === 'application/json' ? 'json' : 'yaml'}`, text }
}
