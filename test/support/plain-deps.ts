/**
 * Plain deps: an app with nothing behind it, for tests of HTTP itself. Nothing can be read, every deed is refused
 * by a failure that names it, and facts are told in memory. A test puts in what it asks for.
 */
import { fileURLToPath } from 'node:url'
import { parseContract } from '@constat/sla/contract/parse'
import type { Event } from '@constat/collector/alert/types'
import { Guesses } from '@constat/collector/http/guesses'
import type { Actions, AppDeps, Caller } from '@constat/collector/http/actions'
import type { ReadModel } from '@constat/collector/view/reads'
import { SEED_NOW_MS } from './seed-story.ts'

const CALLERS: Record<string, Caller> = {
  'owner-token': { role: 'owner', contracts: null, token: 'tok_owner', as: 'api' },
  'half-owner-token': { role: 'owner', contracts: ['intranet'], token: 'tok_half', as: 'api' },
  'viewer-token': { role: 'viewer', contracts: null, token: 'tok_viewer', as: 'api' },
  'provider-token': { role: 'provider', contracts: ['acme-hosting-2026'], token: 'tok_provider', as: 'api' },
  'internal-token': { role: 'internal', contracts: null, token: 'tok_internal', as: 'api' },
  'confined-token': { role: 'viewer', contracts: ['intranet'], token: 'tok_confined', as: 'api' },
}

const LINKS: Record<string, { id: string; contract: string; incident: string | null }> = {}

const NOTHING: ReadModel = {
  contracts: () => [],
  contract: () => null,
  windowKeys: () => [],
  window: () => Promise.resolve(null),
  closedWindows: () => [],
  closing: () => Promise.resolve(null),
  penalties: () => Promise.resolve([]),
  penalty: () => Promise.resolve(null),
  statements: () => [],
  reconciliation: () => Promise.resolve(null),
  reconcile: () => Promise.resolve(null),
  replay: () => Promise.resolve(null),
  preview: () => Promise.resolve(null),
  sentReports: () => Promise.resolve([]),
  sentReport: () => Promise.resolve(null),
  sentFile: () => Promise.resolve(null),
  bundle: () => Promise.resolve(null),
  checkpoint: () => Promise.resolve(null),
  tile: () => Promise.resolve(null),
  beside: () => Promise.resolve(null),
  result: () => Promise.resolve(null),
  isPublished: () => false,
  revisions: () => Promise.resolve([]),
  terms: () => null,
  timeline: () => null,
  segments: () => null,
  latency: () => Promise.resolve(null),
  incidents: () => Promise.resolve([]),
  incident: () => Promise.resolve(null),
  down: () => 0,
  status: () => [],
  exclusions: () => Promise.resolve([]),
  exclusion: () => Promise.resolve(null),
  agents: () => [],
  alertPlan: () => Promise.resolve(null),
  vantages: () => [],
}

/** `actions`: those that the test expects. */
export function plainDeps({
  actions = {},
  ...over
}: Partial<Omit<AppDeps, 'actions'>> & { actions?: Partial<Actions> } = {}) {
  const events = memoryEvents()
  const errors: string[] = []
  const refuse = (deed: string) => () => Promise.reject(new Error(`${deed} is not expected here`))
  const deps: AppDeps = {
    read: NOTHING,
    events,
    links: { isGood: () => false },
    guesses: new Guesses(() => 0),
    openId: null,
    actions: {
      archiveContract: refuse('archiveContract'),
      listWords: refuse('listWords'),
      eraseWords: refuse('eraseWords'),
      publishLog: refuse('publishLog'),
      applyContract: refuse('applyContract'),
      tryContract: refuse('tryContract'),
      declareExclusion: refuse('declareExclusion'),
      answerExclusion: refuse('answerExclusion'),
      answerTerms: refuse('answerTerms'),
      takePenaltyStep: refuse('takePenaltyStep'),
      keepStatement: refuse('keepStatement'),
      previewStatement: refuse('previewStatement'),
      report: refuse('report'),
      claimPack: refuse('claimPack'),
      annex: refuse('annex'),
      calendar: refuse('calendar'),
      parse: ({ source }) => Promise.resolve(parseContract(source)),
      acknowledge: refuse('acknowledge'),
      remark: refuse('remark'),
      issueAgentToken: refuse('issueAgentToken'),
      revokeAgent: refuse('revokeAgent'),
      webhooks: {
        shapes: ['generic'],
        types: ['*'],
        list: () => Promise.resolve([]),
        create: refuse('webhooks.create'),
        edit: refuse('webhooks.edit'),
        remove: refuse('webhooks.remove'),
        answer: () => Promise.resolve('unknown' as const),
        enable: refuse('webhooks.enable'),
        renewSecret: refuse('webhooks.renewSecret'),
        test: refuse('webhooks.test'),
        deliveries: refuse('webhooks.deliveries'),
        replay: refuse('webhooks.replay'),
      },
      sessions: {
        authenticate: ({ secret }) => Promise.resolve(CALLERS[secret] ?? null),
        open: refuse('sessions.open'),
        close: refuse('sessions.close'),
        hold: () => () => undefined,
        list: () => Promise.resolve([]),
        end: refuse('sessions.end'),
      },
      tokens: {
        list: () => Promise.resolve([]),
        issue: refuse('tokens.issue'),
        revoke: refuse('tokens.revoke'),
        renew: refuse('tokens.renew'),
        link: refuse('tokens.link'),
        openLink: (secret) => Promise.resolve(LINKS[secret] ?? null),
        audit: () => Promise.resolve([]),
      },
      people: {
        list: () => Promise.resolve([]),
        invite: refuse('people.invite'),
        change: refuse('people.change'),
        remove: refuse('people.remove'),
        renew: refuse('people.renew'),
        dropFactor: refuse('people.dropFactor'),
      },
      entry: {
        invited: () => Promise.resolve(null),
        accept: refuse('entry.accept'),
        signIn: () => Promise.resolve(null),
        elsewhere: refuse('entry.elsewhere'),
        newBrowser: () => 'browser',
        stepping: () => Promise.resolve(null),
        answer: refuse('entry.answer'),
      },
      account: {
        read: () => Promise.resolve(null),
        changePassword: refuse('account.changePassword'),
        changeSettings: refuse('account.changeSettings'),
        newFactor: () => ({ factor: 'A'.repeat(32), uri: 'otpauth://totp/Constat' }),
        factorUri: () => 'otpauth://totp/Constat',
        turnFactorOn: refuse('account.turnFactorOn'),
        turnFactorOff: refuse('account.turnFactorOff'),
        renewCodes: refuse('account.renewCodes'),
      },
      ...actions,
    },
    installer: refuse('installer'),
    addCheckpoint: () => Promise.reject(new Error('no witness is asked here')),
    verifier: refuse('verifier'),
    metrics: () => Promise.resolve('# HELP constat_batches_total Batches.\nconstat_batches_total 12\n'),
    health: { look: () => Promise.resolve([]), known: () => [], within: (work) => work },
    publicUrl: 'http://collector.example',
    hosts: ['listens.example'],
    language: 'en',
    version: '0.1.0',
    assetDir: fileURLToPath(new URL('../../collector/src/web/static', import.meta.url)),
    clock: { nowMs: () => SEED_NOW_MS, monotonicUs: () => 0 },
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (message, facts) => void errors.push(`${message} ${String(facts?.['error'])}`),
    },
    ...over,
  }
  return { deps, events, errors }
}

/** Facts in memory; `tell` gives the next id. */
function memoryEvents() {
  const told: Event[] = []
  const listeners = new Set<(event: Event) => void>()
  return {
    listeners,
    tell(fact: Omit<Event, 'id'>): void {
      const event = { ...fact, id: told.length + 1 }
      told.push(event)
      for (const listener of listeners) listener(event)
    },
    since: (id: number, limit: number, contract: string | null): Promise<Event[]> =>
      Promise.resolve(
        told
          .filter((event) => event.id > id && (contract === null || event.contract === contract))
          .slice(0, limit),
      ),
    subscribe(listener: (event: Event) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
