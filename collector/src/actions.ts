/** Actions: what the HTTP side may ask for, done by the stages. Each is one call of somebody else's work. */
import { Fault } from '@constat/shared/fault'
import { EVENT_TYPES } from './alert/types.ts'
import { SHAPE_NAMES } from './alert/shapes/table.ts'
import {
  authenticate,
  closeSession,
  endSessions,
  issueApiToken,
  issueJoinToken,
  issueLink,
  listSessions,
  listTokens,
  openLink,
  openSession,
  openWatch,
  readAudit,
  renewToken,
  revokeToken,
  type AccessDeps,
} from './access.ts'
import { deliveryOf, listDeliveries } from './db/delivery-list.ts'
import {
  createWebhook,
  editWebhook,
  enableWebhook,
  listWebhooks,
  removeWebhook,
  renewSecret,
  replayDelivery,
  testWebhook,
} from './db/webhooks.ts'
import type {
  Actions,
  ApplyWanted,
  Caller,
  ContractAnswer,
  StatementWanted,
  WebhookActions,
} from './http/actions.ts'
import type { AgentSockets } from './intake/socket.ts'
import type { Passwords } from './people/password.ts'
import type { Pipeline } from './pipeline.ts'
import type { Shell } from './shell.ts'
import { peopleActions } from './people-actions.ts'
import { Trials } from './trials.ts'
import { termsOf } from './callers/work.ts'
import { claimPack } from './paper/pack.ts'
import { renderAnnex } from './paper/render-annex.ts'
import { calendarOf } from './report/calendar.ts'
import { renderReport } from './report/render.ts'
import { keepStatement, previewStatement, type StatementDeps } from './closing/statements.ts'
import { answerTerms, type Speaker } from './contract/answer-terms.ts'
import { applyContract } from './contract/apply.ts'
import { archiveContract } from './contract/archive.ts'
import { eraseWords, listWords } from './contract/erase.ts'
import { publishLog } from './contract/publish.ts'
import { revokeIn } from './contract/assign.ts'
import { answerExclusion, declareExclusion } from './contract/declare.ts'
import { formatInstant } from '@constat/shared/time'
import { hearAnswer } from './http/answers.ts'
import { remark } from './judge/remarks.ts'
import { takePenaltyStep } from './contract/penalties.ts'
import type { Side } from '@constat/sla/state/declarations'

export type ActionDeps = {
  pipeline: Pipeline
  shell: Shell
  access: AccessDeps
  passwords: Passwords
  sockets: AgentSockets
  publicUrl: string
  /** How a command is made of a token; asked before there is one. */
  invite: () => Promise<(token: string) => string>
}

export function actionsOf(deps: ActionDeps): Actions {
  const { pipeline, shell, access, sockets } = deps
  const { contracts, sequencer, callers } = pipeline
  const nowMs = () => shell.clock.nowMs()
  const trials = new Trials({
    shell,
    agents: () => pipeline.agents.enrolled(),
    connectionTo: (agent) => sockets.connectionTo(agent),
  })
  return {
    applyContract: (wanted) => applied(wanted, deps),
    tryContract: async ({ contract, source, by }) => {
      const terms = termsOf(await callers.run('contract', source, by), contract)
      return trials.run({ terms, by: by.key })
    },
    report: (wanted) =>
      renderReport(wanted, {
        nowMs: nowMs(),
        print: (asked) => callers.run('report', asked, wanted.by),
      }),
    calendar: (wanted) => calendarOf(wanted, { nowMs: nowMs(), publicUrl: deps.publicUrl }),
    ...paperActions(deps),
    parse: ({ source, by }) => callers.run('contract', source, by),
    archiveContract: async (contract) => {
      const archived = await archiveContract(contract, { contracts, sequencer, nowMs })
      if (archived.changed) await sockets.assignAll()
      await pipeline.advance()
      return archived
    },
    listWords: (contract) => listWords(contract, { contracts, db: access.db }),
    eraseWords: (wanted) => eraseWords(wanted, { contracts, db: access.db }),
    publishLog: (wanted) => publishLog(wanted, { contracts, sequencer, nowMs }),
    acknowledge: acknowledging(deps),
    ...wordActions(deps),
    issueAgentToken: async ({ name, by }) => {
      const joinCommand = await deps.invite()
      const { token, expiresAt } = await issueJoinToken(access, { name, by: by.token })
      return { token, command: joinCommand(token), expiresAt }
    },
    revokeAgent: async (id) => {
      const isRevoked = await pipeline.agents.revoke(id)
      if (isRevoked) {
        await revokeIn(id, pipeline.assign)
        sockets.refuse(id, 'revoked', 'this agent was revoked')
      }
      return isRevoked
    },
    webhooks: webhookActions(deps),
    ...sayingActions(deps),
    ...accessActions(deps),
  }
}

function acknowledging({ pipeline }: ActionDeps): Actions['acknowledge'] {
  return ({ incident, by }) => pipeline.judge.acknowledge(incident, partyRole(by))
}

/** Papers between the parties. */
function paperActions({ pipeline, shell }: ActionDeps): Pick<Actions, 'claimPack' | 'annex'> {
  const { callers } = pipeline
  return {
    annex: (wanted) => renderAnnex(wanted, (asked) => callers.run('paper', asked, wanted.by)),
    claimPack: (wanted) =>
      claimPack(wanted, {
        nowMs: shell.clock.nowMs(),
        logKey: shell.identity.publicKey.toString('hex'),
        print: (asked) => callers.run('report', asked, wanted.by),
        printPaper: (asked) => callers.run('paper', asked, wanted.by),
      }),
  }
}

/** What the sides of a contract say to each other. */
function wordActions(
  deps: ActionDeps,
): Pick<Actions, 'declareExclusion' | 'answerExclusion' | 'answerTerms' | 'takePenaltyStep'> {
  const { contracts, sequencer } = deps.pipeline
  const given = { ...deps, db: deps.access.db, contracts, sequencer }
  return {
    declareExclusion: ({ contract, by, ...draft }) =>
      declareExclusion({ contract, side: sideOf(by), draft }, given),
    answerExclusion: ({ exclusion, answer, note, decision, by }) => {
      const said = { answer, note, isDecision: decision }
      return answerExclusion({ exclusion, side: sideOf(by), given: said }, given)
    },
    answerTerms: ({ by, ...answer }) => answerTerms({ ...answer, by: speakerOf(by) }, given),
    takePenaltyStep: ({ by, ...deed }) => takePenaltyStep({ ...deed, by: speakerOf(by) }, given),
  }
}

/** What people say: of an outage, and of a window. */
function sayingActions(deps: ActionDeps): Pick<Actions, 'remark' | 'keepStatement' | 'previewStatement'> {
  const { callers, contracts, sequencer, judge } = deps.pipeline
  return {
    remark: async ({ by, ...wanted }) => {
      const given = { ...wanted, side: sideOf(by), role: by.role }
      const made = await remark(given, { ...deps, contracts, sequencer, judge })
      const { id, service, atMs } = made.remark
      return { id, at: formatInstant(atMs), service, contract: wanted.contract, others: made.others }
    },
    keepStatement: async (wanted) => {
      const window = wanted.window ?? (await callers.run('statement-window', wanted.bytes, wanted.by))
      const by = partyRole(wanted.by)
      return keepStatement({ ...wanted, window, by }, statementDeps(deps, wanted.by))
    },
    previewStatement: async ({ by, ...wanted }) => {
      const window = wanted.window ?? (await callers.run('statement-window', wanted.bytes, by))
      return previewStatement({ ...wanted, window }, statementDeps(deps, by))
    },
  }
}

function accessActions(
  deps: ActionDeps,
): Pick<Actions, 'sessions' | 'tokens' | 'people' | 'entry' | 'account'> {
  const { access, publicUrl } = deps
  const watch = openWatch(access)
  const ended = async <T>(deed: Promise<T>): Promise<T> => {
    const done = await deed
    await watch.look()
    return done
  }
  return {
    sessions: {
      authenticate: async (sent) => {
        const holder = await authenticate(access, sent)
        if (holder === null) return null
        const { role, contracts, id, person, sinceMs } = holder
        return { role, contracts, token: id, as: sent.as, person, sinceMs }
      },
      open: (asked) => openSession(access, asked),
      close: (session) => ended(closeSession(access, session)),
      hold: watch.hold,
      list: ({ by, secret }) => listSessions(access, { parent: by.token, secret }),
      end: ({ by, secret }, id) =>
        ended(endSessions(access, { parent: by.token, ...(id === null ? { but: secret } : { id }) })),
    },
    ...peopleActions(deps, ended),
    tokens: {
      list: () => listTokens(access),
      issue: ({ by, ...wanted }) => issueApiToken(access, { ...wanted, by: by.token }),
      revoke: (id, by) => ended(revokeToken(access, { id, by: by.token })),
      renew: (id, by) => ended(renewToken(access, { id, by: by.token })),
      link: async ({ by, ...wanted }) => {
        const { secret, ...made } = await issueLink(access, { ...wanted, by: by.token })
        const path = wanted.incident === null ? 'status' : 'shared'
        const { contract, incident } = wanted
        return { ...made, contract, incident, url: `${publicUrl}/${path}/${secret}` }
      },
      openLink: (secret) => openLink(access, secret),
      audit: (page) => readAudit(access, page),
    },
  }
}

function statementDeps({ pipeline, shell }: ActionDeps, by: StatementWanted['by']): StatementDeps {
  const { sequencer, contracts, callers } = pipeline
  return {
    shell,
    sequencer,
    contracts,
    readable: (bytes, terms) => callers.run('statement', { bytes, terms }, by),
  }
}

/** Who may only look at states does none of these deeds: no route lets them. */
function partyRole({ role }: Pick<Caller, 'role'>) {
  if (role !== 'internal') return role
  throw new Fault('forbidden', 'This token may not do that.')
}

function speakerOf(by: Caller): Speaker {
  return { side: sideOf(by), signedIn: by.as }
}

/** The owner speaks for the customer. */
function sideOf({ role }: Caller): Side {
  return role === 'provider' ? 'provider' : 'customer'
}

async function applied(
  { contract, source, stopProbing, by }: ApplyWanted,
  { pipeline, shell, sockets, access }: ActionDeps,
): Promise<ContractAnswer> {
  const { sequencer, contracts } = pipeline
  const nowMs = () => shell.clock.nowMs()
  const parsed = await pipeline.callers.run('contract', source, by)
  const answer = await applyContract(source, parsed, {
    db: access.db,
    sequencer,
    contracts,
    nowMs,
    only: contract,
    stopProbing,
  })
  const one = answer.kind === 'applied' ? answer.contracts[0] : undefined
  if (answer.kind === 'refused' || !one) {
    return { kind: 'refused', problems: answer.kind === 'refused' ? answer.problems : [] }
  }
  if (one.changed) await sockets.assignAll()
  await pipeline.advance()
  return { kind: 'applied', ...one, warnings: answer.warnings }
}

function webhookActions(deps: ActionDeps): WebhookActions {
  const { access, shell, pipeline } = deps
  const { db, nowMs } = access
  const answering = {
    db,
    nowMs,
    log: shell.log,
    read: pipeline.model,
    actions: { acknowledge: acknowledging(deps), remark: sayingActions(deps).remark },
  }
  return {
    shapes: SHAPE_NAMES,
    types: ['*', ...EVENT_TYPES],
    list: () => listWebhooks(db),
    create: (draft) => createWebhook(db, { draft, nowMs: nowMs(), random: shell.random }),
    edit: (id, changes) => editWebhook(db, { id, changes, nowMs: nowMs(), random: shell.random }),
    remove: (id) => removeWebhook(db, id),
    answer: (said) => hearAnswer(said, answering),
    enable: (id) => enableWebhook(db, id),
    renewSecret: (id) => renewSecret(db, { id, nowMs: nowMs(), random: shell.random }),
    test: async (id) => {
      const { delivery } = await testWebhook(db, { id, nowMs: nowMs() })
      return deliveryOf(db, delivery)
    },
    deliveries: async (webhook, page) => {
      const known = (await listWebhooks(db)).some(({ id }) => id === webhook)
      if (!known) return null
      return listDeliveries(db, { webhook, ...page })
    },
    replay: async (id) => {
      const { delivery } = await replayDelivery(db, { id, nowMs: nowMs() })
      return deliveryOf(db, delivery)
    },
  }
}
