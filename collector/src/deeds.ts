/** Deeds: what the HTTP side may ask for, done by the stages. Each is one call of somebody else's work. */
import { Fault } from '@constat/shared/fault'
import { formatInstant } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import { EVENT_TYPES } from './alert/types.ts'
import { SHAPE_NAMES } from './alert/shapes/table.ts'
import { authenticate, closeSession, issueJoinToken, openSession, type AccessDeps } from './access.ts'
import {
  createWebhook,
  cursorAfter,
  deliveryOf,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  replayDelivery,
  testWebhook,
} from './db/webhooks.ts'
import type { Actions, Caller, ContractAnswer, ContractSource, WebhookActions } from './http/actions.ts'
import type { AgentSockets } from './intake/socket.ts'
import type { Pipeline } from './pipeline.ts'
import type { Shell } from './shell.ts'
import { applyContract } from './terms/apply.ts'
import type { ExclusionRecord, Side } from './terms/declarations.ts'
import { answerOf, declaredOf, draftProblems } from './terms/declare.ts'
import type { Terms } from './terms/register.ts'
import { revokeIn, type AssignDeps } from './terms/assign.ts'

export type DeedDeps = {
  pipeline: Pipeline
  shell: Shell
  access: AccessDeps
  assign: AssignDeps
  sockets: AgentSockets
  /** How a command is made of a token; asked before there is one. */
  invite: () => Promise<(token: string) => string>
}

export function deedsOf(deps: DeedDeps): Actions {
  const { pipeline, access } = deps
  const apply = oneAtATime((wanted: { contract: string; source: ContractSource[] }) =>
    applyDeed(wanted, deps),
  )
  return {
    applyContract: apply,
    acknowledge: async ({ incident, by }) => {
      const row = await pipeline.judge.acknowledge(incident, by.role)
      if (!row) throw new Fault('not-found', `there is no incident ${incident}`)
      pipeline.model.forget(row.contract)
    },
    ...exclusionDeeds(deps),
    keepStatement: ({ by, ...wanted }) => pipeline.keepStatement({ ...wanted, by: by.role }),
    readTerms: termsIn,
    issueAgentToken: async ({ name }) => {
      const joinCommand = await deps.invite()
      const { token, expiresMs } = await issueJoinToken(access, { name })
      return { token, command: joinCommand(token), expiresAt: formatInstant(expiresMs) }
    },
    revokeAgent: async (id) => {
      const isRevoked = await pipeline.registry.revoke(id)
      if (isRevoked) {
        await revokeIn(id, deps.assign)
        deps.sockets.refuse(id, 'revoked', 'this agent was revoked')
      }
      return isRevoked
    },
    webhooks: webhookDeeds(deps),
    sessions: {
      authenticate: (token) => authenticate(access, token),
      open: (token) => openSession(access, token),
      close: (session) => closeSession(access, session),
    },
  }
}

function exclusionDeeds({
  pipeline,
  shell,
}: DeedDeps): Pick<Actions, 'declareExclusion' | 'answerExclusion'> {
  const { register } = pipeline
  return {
    declareExclusion: async ({ contract, by, ...draft }) => {
      const terms = register.of(contract)
      if (!terms) throw new Fault('not-found', `there is no contract ${contract}`)
      const nowMs = shell.clock.nowMs()
      const problems = draftProblems(terms, draft, nowMs)
      if (problems.length > 0) return { kind: 'refused', problems }
      const id = `exc_${shell.random.bytes(10).toString('hex')}`
      await pipeline.declare(terms, declaredOf(terms, draft, { id, side: sideOf(by), nowMs }))
      return { kind: 'declared', id }
    },
    answerExclusion: async ({ exclusion, answer, note, decision, by }) => {
      const terms = register.all().find((one) => recordIn(one, exclusion))
      const record = terms && recordIn(terms, exclusion)
      if (!terms || !record) throw new Fault('not-found', `there is no exclusion ${exclusion}`)
      const given = { answer, note, isDecision: decision, side: sideOf(by), nowMs: shell.clock.nowMs() }
      await pipeline.answer(terms, answerOf(terms, record, given))
    },
  }
}

/** The owner speaks for the customer. */
function sideOf({ role }: Caller): Side {
  return role === 'provider' ? 'provider' : 'customer'
}

function recordIn({ exclusions }: Terms, id: string): ExclusionRecord | undefined {
  return exclusions.find(({ declared }) => declared.id === id)
}

async function applyDeed(
  { contract, source }: { contract: string; source: ContractSource[] },
  { pipeline, shell, sockets, access }: DeedDeps,
): Promise<ContractAnswer> {
  const { sequencer, register } = pipeline
  const answer = await applyContract(source, {
    db: access.db,
    sequencer,
    register,
    nowMs: () => shell.clock.nowMs(),
    only: contract,
  })
  const applied = answer.kind === 'applied' ? answer.contracts[0] : undefined
  if (answer.kind === 'refused' || !applied) {
    return { kind: 'refused', problems: answer.kind === 'refused' ? answer.problems : [] }
  }
  pipeline.changed(contract)
  if (applied.changed) await sockets.assignAll()
  await pipeline.advance()
  return { kind: 'applied', ...applied, warnings: answer.warnings }
}

function termsIn({ contract, source }: { contract: string; source: ContractSource[] }): ExpandedContract {
  const parsed = parseContract(source)
  const problems = parsed.kind === 'refused' ? parsed.problems.map(problemText) : []
  const terms = parsed.kind === 'refused' ? undefined : parsed.contracts.find(({ name }) => name === contract)
  if (terms) return terms
  throw new Fault('bad-contract', 'The contract was refused.', {
    problems: problems.length > 0 ? problems : [`no document describes the contract ${contract}`],
  })
}

function webhookDeeds({ access, shell }: DeedDeps): WebhookActions {
  const { db, nowMs } = access
  return {
    shapes: SHAPE_NAMES,
    types: ['*', ...EVENT_TYPES],
    list: () => listWebhooks(db),
    create: async (draft) => {
      try {
        const made = await createWebhook(db, { draft, nowMs: nowMs(), random: shell.random })
        return { kind: 'created', ...made }
      } catch (error) {
        if (error instanceof Fault && error.code === 'bad-request')
          return { kind: 'refused', problems: [...error.problems] }
        throw error
      }
    },
    remove: (id) => removeWebhook(db, id),
    test: async (id) => {
      const { delivery } = await testWebhook(db, { id, nowMs: nowMs() })
      return deliveryOf(db, delivery)
    },
    deliveries: async (webhook, { before, limit }) => {
      const known = (await listWebhooks(db)).some(({ id }) => id === webhook)
      if (!known) return null
      const cursor = before === undefined ? null : await cursorAfter(db, before)
      const { items } = await listDeliveries(db, { webhook, cursor, limit })
      return items
    },
    replay: async (id) => {
      const { delivery } = await replayDelivery(db, { id, nowMs: nowMs() })
      return deliveryOf(db, delivery)
    },
  }
}

/** Calls wait for the one before: revisions have numbers. */
function oneAtATime<A, R>(work: (wanted: A) => Promise<R>): (wanted: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve()
  return (wanted) => {
    const next = last.then(() => work(wanted))
    last = next.catch(() => null)
    return next
  }
}
