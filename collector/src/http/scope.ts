/**
 * Scope: the read model as one caller may see it. Routes and pages only ever hold a scoped one, so none
 * of them can forget to ask. Pure over the model it wraps.
 */
import { Fault } from '@constat/shared/fault'
import type { Event } from '../alert/types.ts'
import type { ContractView } from '../view/contract.ts'
import type { CreditsView } from '../view/credit.ts'
import type { Role } from '../view/parts.ts'
import { isOf, type OfContracts, type ReadModel } from '../view/reads.ts'
import type { SentFacts, SentReportView } from '../view/report.ts'
import type { RemarkView } from '../view/remark.ts'
import type { IncidentView } from '../view/timeline.ts'
import { SiteNames, type Vantage } from '../view/vantage.ts'
import type { WindowView } from '../view/window.ts'
import type { Caller } from './actions.ts'
import { SIDE_OF } from '@constat/sla/credit/penalty'
import type { PenaltyView } from '../view/penalty.ts'

/** What a route or a page asks for; who may is this table and nothing else. */
export type Deed =
  | 'read-status'
  | 'report'
  | 'read'
  | 'read-hosts'
  | 'acknowledge'
  | 'note'
  | 'dispute'
  | 'answer'
  | 'claim'
  | 'declare'
  | 'manage'

const MAY = {
  /** Up, down or planned work, in a word. */
  'read-status': ['owner', 'viewer', 'provider', 'internal'],
  /** It fails for me: those for whom the services run. */
  report: ['owner', 'viewer', 'internal'],
  read: ['owner', 'viewer', 'provider'],
  /** Agents and their hosts: not the provider's business. */
  'read-hosts': ['owner', 'viewer'],
  acknowledge: ['owner', 'provider'],
  note: ['owner', 'provider'],
  /** What was measured is the owner's own instrument. */
  dispute: ['provider'],
  /** Agree to a revision, or object: the provider's word, and nobody speaks it for it. */
  answer: ['provider'],
  /** Drafts of the customer's own: what a claim is made of, and what it still lacks. */
  claim: ['owner', 'viewer'],
  /** Exclusions, penalties: the owner speaks for the customer, a provider for itself. */
  declare: ['owner', 'provider'],
  /** Contracts, agents, webhooks: their addresses can hold secrets, so even reading them is the owner's. */
  manage: ['owner'],
} as const satisfies Record<Deed, readonly Role[]>

/** What serves all contracts at once. */
const OF_ALL: ReadonlySet<Deed> = new Set<Deed>(['read-hosts', 'manage'])

export function may(caller: Caller, deed: Deed): boolean {
  const roles: readonly Role[] = MAY[deed]
  if (!roles.includes(caller.role)) return false
  // Agents and webhooks serve all contracts: whoever is confined to some may not touch or list them.
  return caller.contracts === null || !OF_ALL.has(deed)
}

export function demand(caller: Caller, deed: Deed): void {
  if (may(caller, deed)) return
  throw new Fault('forbidden', 'This token may not do that.', { hint: 'Ask the owner to do it.' })
}

export function sees({ contracts }: Caller, { contract }: { contract: string | null }): boolean {
  return contracts === null || (contract !== null && contracts.includes(contract))
}

/** Whom the customer wakes, and what it still has to do: not the provider's business. */
const CUSTOMERS: ReadonlySet<string> = new Set(['incident.escalated', 'claim.deadline', 'report.ready'])

/** An event as the caller may hear it; null: not at all. Facts of no contract speak of hosts. */
export function heard(event: Event, caller: Caller, read: Pick<ReadModel, 'vantages'>): Event | null {
  if (event.contract === null) return may(caller, 'read-hosts') ? event : null
  if (!sees(caller, event) || (seesSitesOnly(caller) && CUSTOMERS.has(event.type))) return null
  return seesSitesOnly(caller) ? { ...event, data: namesIn(read, event.contract).told(event.data) } : event
}

/** The facts that the caller may see; to the provider, and whoever has a link, vantages are told by their sites. */
export function within(read: ReadModel, caller: Caller): ReadModel {
  const own = ofContract(read, caller)
  return seesSitesOnly(caller) ? bySites(own, read, caller) : own
}

function seesSitesOnly({ role }: Caller): boolean {
  return role === 'provider' || role === 'internal'
}

const NAMES = new WeakMap<readonly Vantage[], SiteNames>()

/** Made once for a list that is the same. */
function namesIn(read: Pick<ReadModel, 'vantages'>, contract: string): SiteNames {
  const vantages = read.vantages(contract)
  const kept = NAMES.get(vantages) ?? new SiteNames(vantages)
  NAMES.set(vantages, kept)
  return kept
}

/** `own`: the model of the contracts that it may see; `whole` says who their vantages are. */
function bySites(own: ReadModel, whole: ReadModel, { contracts }: Caller): ReadModel {
  const names = (contract: string): SiteNames => namesIn(whole, contract)
  const contractOf = (view: ContractView): ContractView => names(view.name).contract(view)
  const incidentOf = <T extends IncidentView>(view: T): T => names(view.contract).incident(view)
  return {
    ...own,
    contracts: () => own.contracts().map(contractOf),
    contract: (name) => mapped(own.contract(name), contractOf),
    window: async (name, key, version) =>
      mapped(await own.window(name, key, version), (view) => ({
        ...view,
        guarantees: view.guarantees.map((one) => names(name).guarantee(one)),
      })),
    terms: (name, revision) => mapped(own.terms(name, revision), (terms) => names(name).terms(terms)),
    timeline: (service, span, contract) =>
      mapped(own.timeline(service, span, contract), (view) => names(view.contract).timeline(view)),
    latency: async (check, span, of) => {
      if (of.agent === undefined) return own.latency(check, span, of)
      for (const contract of contracts ?? []) {
        const agent = isOf(of.contract, contract) ? names(contract).agentOf(of.agent) : null
        const seen = agent === null ? null : await own.latency(check, span, { contract, agent })
        if (seen !== null) return seen
      }
      return null
    },
    incidents: async (filter) => (await own.incidents(filter)).map(incidentOf),
    incident: async (id) =>
      mapped(await own.incident(id), (view) => ({
        ...incidentOf(view),
        remarks: view.remarks.map(withoutWordsOfUsers),
      })),
    agents: () => [],
    vantages: () => [],
  }
}

/** What the customer's own people wrote is the customer's; that they said it, and when, is for everybody. */
function withoutWordsOfUsers(remark: RemarkView): RemarkView {
  return remark.kind === 'trouble' ? { ...remark, text: null } : remark
}

function mapped<T, U>(value: T | null, to: (value: T) => U): U | null {
  return value === null ? null : to(value)
}

function scopeOf(caller: Caller) {
  const mine = (contract: string): boolean => sees(caller, { contract })
  /** Of those that are asked for, the ones that they may see. */
  const own = (of: OfContracts): OfContracts =>
    of === undefined ? (caller.contracts ?? undefined) : [of].flat().filter(mine)
  /** Of a service or a check: where others are named it is looked for in all of theirs. */
  const among = (of: OfContracts): OfContracts => (own(of)?.length === 0 ? own(undefined) : own(of))
  return { mine, own, among }
}

function ofContract(read: ReadModel, caller: Caller): ReadModel {
  const scope = caller.contracts
  const { mine, own, among } = scopeOf(caller)
  const ownSide = caller.role === 'provider' ? { side: 'provider' as const } : {}
  return {
    contracts: () => ofThese(read, scope).map((one) => withoutTasks(one, caller)),
    contract: (name) => (mine(name) ? mapped(read.contract(name), (one) => withoutTasks(one, caller)) : null),
    windowKeys: (name) => (mine(name) ? read.windowKeys(name) : []),
    window: async (name, key, version) =>
      mine(name) ? mapped(await read.window(name, key, version), (found) => ownWindow(found, caller)) : null,
    closedWindows: (name) => (mine(name) ? read.closedWindows(name) : []),
    closing: async (name, key, version) => (mine(name) ? read.closing(name, key, version) : null),
    penalties: async (name) =>
      mine(name) ? (await read.penalties(name)).map((one) => ownSteps(one, caller)) : [],
    penalty: async (name, key) =>
      mine(name) ? mapped(await read.penalty(name, key), (one) => ownSteps(one, caller)) : null,
    statements: (name) => (mine(name) ? read.statements(name) : []),
    reconciliation: async (name, id, by) => (mine(name) ? read.reconciliation(name, id, by) : null),
    reconcile: async (name, key, text, by) => (mine(name) ? read.reconcile(name, key, text, by) : null),
    replay: async (name, key, policy) => (mine(name) ? read.replay(name, key, policy) : null),
    preview: async (name, source, by) => (mine(name) ? read.preview(name, source, by) : null),
    sentReports: async (asked) =>
      mine(asked.contract) ? withoutReceivers(await read.sentReports({ ...asked, ...ownSide }), caller) : [],
    sentReport: async (name, id) =>
      mine(name) ? withoutLosses(await read.sentReport(name, id, ownSide.side), caller) : null,
    sentFile: async (name, asked) => (mine(name) ? read.sentFile(name, asked) : null),
    bundle: async (name, key, by) => (mine(name) ? read.bundle(name, key, by) : null),
    checkpoint: async (name) => (mine(name) ? read.checkpoint(name) : null),
    tile: async (name, path) => (mine(name) ? read.tile(name, path) : null),
    beside: async (name, digest) => (mine(name) ? read.beside(name, digest) : null),
    result: async (name, key, by) => (mine(name) ? read.result(name, key, by) : null),
    isPublished: (name) => mine(name) && read.isPublished(name),
    revisions: async (name) => (mine(name) ? read.revisions(name) : []),
    terms: (name, revision) => (mine(name) ? read.terms(name, revision) : null),
    timeline: (service, span, of) => read.timeline(service, span, among(of)),
    segments: (service, span, of) => read.segments(service, span, among(of)),
    latency: (check, span, of) => read.latency(check, span, { ...of, contract: among(of.contract) }),
    incidents: (filter) => read.incidents({ ...filter, contract: own(filter.contract) }),
    incident: async (id) => {
      const incident = await read.incident(id)
      return incident !== null && mine(incident.contract) ? incident : null
    },
    down: (of) => read.down(own(of)),
    status: () => read.status().filter(({ contract }) => mine(contract)),
    exclusions: (filter) => read.exclusions({ ...filter, contract: own(filter.contract) }),
    exclusion: async (id) => {
      const exclusion = await read.exclusion(id)
      return exclusion !== null && mine(exclusion.contract) ? exclusion : null
    },
    agents: () => (scope === null ? read.agents() : []),
    alertPlan: async (name) => (mine(name) && may(caller, 'manage') ? read.alertPlan(name) : null),
    vantages: (name) => (mine(name) ? read.vantages(name) : []),
  }
}

/** Of one the view of it alone is made; of several they keep their order, worst first. */
function ofThese(read: ReadModel, scope: Caller['contracts']): ContractView[] {
  if (scope === null || scope.length > 1)
    return read.contracts().filter(({ name }) => scope?.includes(name) ?? true)
  return scope.flatMap((name) => read.contract(name) ?? [])
}

/** As the provider of one contract sees it: what is sent to it is made from this. */
export function asProvider(read: ReadModel, contract: string): ReadModel {
  return within(read, { role: 'provider', contracts: [contract], token: '', as: 'api' })
}

/** Each side is offered its own steps, and whoever only reads none. */
function ownSteps(penalty: PenaltyView, caller: Caller): PenaltyView {
  const own = may(caller, 'declare') ? (caller.role === 'provider' ? 'provider' : 'customer') : null
  const { claimUntil, notifiedAt } = penalty
  const isTheirs = caller.role === 'provider' && notifiedAt === null
  const shown = { ...withoutTasks(penalty, caller), claimUntil: isTheirs ? null : claimUntil }
  return { ...shown, may: penalty.may.filter((act) => SIDE_OF[act] === own) }
}

/** By when the customer has to claim is its own to do: the provider reads nothing of it. */
function withoutTasks<T extends { nextDeadline: { what: string } | null }>(of: T, { role }: Caller): T {
  return role === 'provider' && of.nextDeadline?.what === 'claim' ? { ...of, nextDeadline: null } : of
}

/** The customer's losses and tasks are its own. */
function ownWindow<T extends WindowView>(found: T, caller: Caller): T {
  const credits = mapped(found.credits, (own) => withoutClaimDeadline(withoutTasks(own, caller), caller))
  return { ...found, credits, losses: found.losses.filter((loss) => seesLoss(caller, loss)) }
}

function withoutClaimDeadline(credits: CreditsView, { role }: Caller): CreditsView {
  if (role !== 'provider' || credits.claim === null) return credits
  return { ...credits, claim: { ...credits.claim, deadlineAt: null } }
}

/** Whom the owner tells is the owner's. */
function withoutReceivers(found: SentReportView[], caller: Caller): SentReportView[] {
  return may(caller, 'manage') ? found : found.map((one) => ({ ...one, sentTo: [] }))
}

/** What was sent is shown as it was, or not at all. Fault `forbidden` where it holds what the caller may not see. */
function withoutLosses(sent: SentFacts | null, caller: Caller): SentFacts | null {
  if (!sent || sent.report.losses.every((loss) => seesLoss(caller, loss))) return sent
  throw new Fault('forbidden', 'This report tells the losses, which only the owner may see.', {
    hint: 'Ask for the report of the window, which leaves them out.',
  })
}

/** The model of losses is the customer's own document. */
function seesLoss({ role }: Caller, { showToProvider }: { showToProvider: boolean }): boolean {
  return role === 'owner' || (role === 'provider' && showToProvider)
}
