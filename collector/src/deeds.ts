/** Deeds: what the HTTP side may ask for, done by the stages. Each is one call of somebody else's work. */
import { Fault } from '@constat/shared/fault'
import { formatInstant } from '@constat/shared/time'
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
import type { Actions, ContractAnswer, ContractSource, WebhookActions } from './http/actions.ts'
import type { AgentSockets } from './intake/socket.ts'
import type { Pipeline } from './pipeline.ts'
import type { Shell } from './shell.ts'
import { applyContract } from './terms/apply.ts'
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

async function applyDeed(
  { contract, source }: { contract: string; source: ContractSource[] },
  { pipeline, shell, sockets }: DeedDeps,
): Promise<ContractAnswer> {
  const { sequencer, register } = pipeline
  const answer = await applyContract(source, {
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
