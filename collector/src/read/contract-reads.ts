/**
 * Contracts as pages, API and CLI are shown them, from the state in memory. An answer is kept while what it was
 * made of is the same, and for a second at most: many readers cost as much as one.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { readinessOf, readinessSentence } from '@constat/sla/readiness'
import {
  newest,
  nameIn,
  type ContractState,
  type Life,
  type Revision,
} from '@constat/sla/state/contract-state'
import type { ExclusionRecord } from '@constat/sla/state/declarations'
import { effectiveFromMs, endedMs, serviceNames, serviceSpans, servicesAt } from '@constat/sla/state/in-force'
import { contains, formatInstant, type UnixMs } from '@constat/shared/time'
import { incidentsIn } from '@constat/sla/state/contract-state'
import { answersTo, termsStanding } from '@constat/sla/state/terms-answer'
import type { Contracts } from '../contract/contracts.ts'
import type { Database } from '../db/tx.ts'
import { openAllSaid, openNote } from '../ledger/said.ts'
import type { Tracks } from '@constat/sla/fold/tracks'
import type { KnownAgent, Agents } from '../intake/agents.ts'
import { agentView } from '../judge/agent-view.ts'
import { exclusionViews, latestFirst } from '../judge/exclusions.ts'
import type { LiveJudgement } from '../judge/live.ts'
import type { ExclusionView } from '../view/exclusion.ts'
import { readinessFacts } from '../judge/readiness.ts'
import { contractSentence, minuteText, worstState } from '../judge/sentence.ts'
import { membersNow } from '../judge/silences.ts'
import { siteViews } from '../judge/site-view.ts'
import { siteOf } from '@constat/sla/assembly/sites'
import type { Vantage } from '../view/vantage.ts'
import type { Timestamping } from '../view/timestamp.ts'
import type { Witnessing } from '../view/witness.ts'
import type { SlotJudge } from '../judge/slot-judge.ts'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { WhyView } from '../view/parts.ts'
import type { AgentView, ContractView, RevisionView, SiteView } from '../view/contract.ts'
import { following, touches } from '../view/paging.ts'
import { isOf, type ExclusionFilter } from '../view/reads.ts'
import { questionsNow, type WindowQuestion } from '../judge/window-question.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { ED25519_TYPE, formatVkey, vkeyOf } from '@constat/evidence/vkey'
import type { SetAside } from '../set-aside.ts'
import { nextDeadlineOf } from './penalty-views.ts'
import { revisionsOf, type JudgedReads, type GroundsOf } from './judged.ts'
import { instantOrNull, ServiceReads, serviceView } from './service-reads.ts'

const KEPT_MS = 1_000

/** What was said with these, as far as it was not erased. */
function wordsOf(db: Database, records: readonly ExclusionRecord[]): Promise<ReadonlyMap<string, string>> {
  const said = records.flatMap(({ declared, answers }) => [declared, ...answers].map((one) => one.said))
  return openAllSaid(
    db,
    said.flatMap((digest) => (digest === null ? [] : [Buffer.from(digest, 'hex')])),
  )
}

export type ContractReadsDeps = {
  db: Database
  nowMs: () => UnixMs
  contracts: Contracts
  agents: Agents
  timelines: Timelines
  tracks: Tracks
  sequencer: Pick<Sequencer, 'headOf'>
  slots: Pick<SlotJudge, 'version'>
  judged: JudgedReads
  setAside: SetAside
  /** Of the collector: what its logs are signed by. */
  logKey: Buffer
  witnesses: Pick<Witnessing, 'of'>
  timestamps: Pick<Timestamping, 'of'>
  grounds: GroundsOf
}

/** `goodMs`: when it could last be described whole; null: not since this program began. */
type KeptView = {
  atMs: UnixMs
  goodMs: UnixMs | null
  version: string
  state: ContractState
  view: ContractView
}

export class ContractReads {
  readonly #deps: ContractReadsDeps
  readonly #kept = new Map<string, KeptView>()
  readonly #services: ServiceReads
  /** By origin: how a log's key is written, which is worked out on the curve. */
  readonly #logKeys = new Map<string, string>()
  readonly #vantages = new WeakMap<Life, Pick<ContractState, 'members'> & { vantages: readonly Vantage[] }>()

  constructor(deps: ContractReadsDeps) {
    this.#deps = deps
    this.#services = new ServiceReads(deps.timelines)
  }

  /** Worst first. */
  contracts(): ContractView[] {
    const views = this.#deps.contracts.all().map((state) => this.#contract(state))
    return views.toSorted((a, b) => severity(b) - severity(a) || a.displayName.localeCompare(b.displayName))
  }

  contract(name: string): ContractView | null {
    const state = this.#deps.contracts.of(name)
    return state && this.#contract(state)
  }

  async revisions(contract: string): Promise<RevisionView[]> {
    const state = this.#deps.contracts.of(contract)
    if (!state) return []
    const views: RevisionView[] = []
    for (const one of state.life.revisions.toReversed()) views.push(await this.#revision(state, one))
    return views
  }

  async #revision(state: ContractState, one: Revision): Promise<RevisionView> {
    const { revision, digest, appliedMs, stopProbing, terms } = one
    const answers: RevisionView['answers'] = []
    for (const { answer, party, side, atMs, note } of answersTo(state, one)) {
      const said = await openNote(this.#deps.db, note)
      answers.push({ answer, by: party, side, at: formatInstant(atMs), note: said })
    }
    return {
      revision,
      digest,
      appliedAt: formatInstant(appliedMs),
      effectiveFrom: formatInstant(terms.effective.fromMs ?? appliedMs),
      stopProbing,
      terms: termsStanding(state, one),
      answers,
    }
  }

  terms(contract: string, revision?: number): ExpandedContract | null {
    const state = this.#deps.contracts.of(contract)
    if (!state || revision === undefined) return state && newest(state).terms
    return state.life.revisions.findLast((one) => one.revision === revision)?.terms ?? null
  }

  /** Only what is asked for is judged. Fault `bad-request` for a cursor that is not in the list. */
  async exclusions({ before, limit, ...filter }: ExclusionFilter): Promise<ExclusionView[]> {
    const { contract, standing } = filter
    const states = this.#deps.contracts.all().filter((state) => isOf(contract, state.contract))
    const all = states.flatMap((state) => latestFirst(state.exclusions).map((record) => ({ state, record })))
    const listed = following(all, {
      keyOf: ({ record }) => record.declared.id,
      before,
      limit: Infinity,
      wanted: ({ record }) => isWanted(record, filter),
    })
    const found: ExclusionView[] = []
    for (let from = 0; from < listed.length && found.length < limit; from += limit) {
      const views = await this.#exclusionPage(listed.slice(from, from + limit))
      found.push(...views.filter((view) => standing === undefined || view.standing === standing))
    }
    return found.slice(0, limit)
  }

  /** Contract by contract, as they are listed. */
  async #exclusionPage(page: readonly Listed[]): Promise<ExclusionView[]> {
    const words = await wordsOf(
      this.#deps.db,
      page.map(({ record }) => record),
    )
    return [...new Set(page.map(({ state }) => state))].flatMap((state) => {
      const own = page.flatMap((one) => (one.state === state ? [one.record] : []))
      return this.#exclusionsOf(state, own, words)
    })
  }

  async exclusion(id: string): Promise<ExclusionView | null> {
    for (const state of this.#deps.contracts.all()) {
      const record = state.exclusions.findLast(({ declared }) => declared.id === id)
      if (!record) continue
      const words = await wordsOf(this.#deps.db, [record])
      return this.#exclusionsOf(state, [record], words)[0] ?? null
    }
    return null
  }

  agents(): AgentView[] {
    const { agents, contracts, tracks, nowMs } = this.#deps
    const measured = { contracts: contracts.all(), tracks, nowMs: nowMs() }
    return agents.enrolled().map((agent) => agentView(agent, measured))
  }

  vantages(contract: string): readonly Vantage[] {
    const state = this.#deps.contracts.of(contract)
    if (!state) return []
    const { life, members } = state
    const kept = this.#vantages.get(life)
    if (kept?.members === members) return kept.vantages
    const vantages = vantagesOf(state)
    this.#vantages.set(life, { members, vantages })
    return vantages
  }

  #exclusionsOf(
    state: ContractState,
    records: readonly ExclusionRecord[],
    words: ReadonlyMap<string, string>,
  ): ExclusionView[] {
    const { nowMs, judged, setAside } = this.#deps
    const judge = (asked: WindowQuestion): LiveJudgement => judged.bare(asked)
    const views = () => exclusionViews(state, records, { nowMs: nowMs(), words, judge })
    return setAside.reading(state.contract, views, () => [])
  }

  #contract(state: ContractState): ContractView {
    const { nowMs, tracks, slots, setAside } = this.#deps
    const atMs = nowMs()
    const version = `${tracks.movedIn(state.log)}/${slots.version}/${setAside.of(state.contract)?.reason ?? ''}`
    const kept = this.#kept.get(state.contract)
    const isSame = kept?.state === state && kept.version === version
    if (isSame && Math.abs(atMs - kept.atMs) < KEPT_MS) return kept.view
    const described = this.#described(state, atMs, kept?.goodMs ?? null)
    this.#kept.set(state.contract, { atMs, version, state, ...described })
    return described.view
  }

  /** A contract that cannot be judged is shown as such, with what it promises, and hides no other. */
  #described(state: ContractState, nowMs: UnixMs, goodMs: UnixMs | null): Pick<KeptView, 'view' | 'goodMs'> {
    const { setAside } = this.#deps
    const trouble = (): string | null => setAside.of(state.contract)?.reason ?? null
    return setAside.reading<Pick<KeptView, 'view' | 'goodMs'>>(
      state.contract,
      () => ({ view: this.#whole(state, nowMs, trouble()), goodMs: nowMs }),
      () => {
        const bare = this.#bare(state, nowMs, trouble())
        const why: WhyView = { reason: 'set-aside', agent: null, name: null, since: instantOrNull(goodMs) }
        const unknown = { nowMs, state: 'unknown' as const, sinceMs: goodMs, reasons: [why] }
        const services = servicesAt(state.life, nowMs).map(({ name }) => serviceView(state, name, unknown))
        const pastServices = pastNames(state, nowMs).map((name) => serviceView(state, name, unknown))
        return { view: { ...bare, services, pastServices }, goodMs }
      },
    )
  }

  #whole(state: ContractState, nowMs: UnixMs, trouble: string | null): ContractView {
    const { agents, judged, grounds } = this.#deps
    const bare = this.#bare(state, nowMs, trouble)
    const services = servicesAt(state.life, nowMs).map(({ name }) =>
      this.#services.service(state, name, nowMs),
    )
    const pastServices = pastNames(state, nowMs).map((name) => this.#services.service(state, name, nowMs))
    const asked = questionsNow(state, nowMs)
    const { guarantees } = judged.judged(state, asked)
    const facts = readinessFacts(state, agents.enrolled(), grounds(state), revisionsOf(asked))
    const readiness = readinessOf(facts)
    const worst = worstState(services.map((service) => service.state))
    const sentence = contractSentence({
      state: worst,
      guarantees,
      readiness: readinessSentence(readiness, facts),
    })
    const members = membersNow(state, agents.enrolled())
    return {
      ...bare,
      state: worst,
      sentence: bare.endedAt === null ? sentence : `Ended on ${minuteText(bare.endedAt)}.`,
      readiness,
      services,
      pastServices,
      guarantees,
      silentAgents: members.filter(({ silentSinceMs }) => silentSinceMs !== null).map(({ name }) => name),
      sites: this.#sites(state, members, nowMs),
    }
  }

  /** What is known of a contract without judging anything. */
  #bare(state: ContractState, nowMs: UnixMs, trouble: string | null): ContractView {
    const revision = newest(state)
    const { terms } = revision
    const endMs = endedMs(state.life, nowMs)
    const incidents = incidentsIn(state)
    return {
      name: state.contract,
      displayName: terms.displayName,
      provider: terms.parties.find(({ id }) => id === terms.provider)?.name ?? terms.provider,
      revision: revision.revision,
      terms: termsStanding(state, revision),
      nextDeadline: nextDeadlineOf(state, nowMs),
      effectiveFrom: formatInstant(effectiveFromMs(state.life)),
      endedAt: endMs === null ? null : formatInstant(endMs),
      trouble,
      state: 'unknown',
      sentence: trouble === null ? '' : `Set aside: ${trouble}`,
      readiness: { claimable: false, lacks: [] },
      services: [],
      pastServices: [],
      guarantees: [],
      openIncidents: incidents.filter(({ closedMs }) => closedMs === null).length,
      silentAgents: [],
      sites: [],
      log: this.#log(state),
    }
  }

  #log(state: ContractState): ContractView['log'] {
    const { sequencer, witnesses, timestamps } = this.#deps
    const head = sequencer.headOf(state.contract)
    if (!head)
      return { origin: '', size: 0, root: '', key: '', published: false, witnesses: [], timestamps: null }
    const { origin, size, root } = head
    return {
      origin,
      size,
      root: root.toString('hex'),
      key: this.#logKey(origin),
      published: state.isPublished,
      witnesses: witnesses.of(state.log),
      timestamps: timestamps.of(state.log),
    }
  }

  #logKey(origin: string): string {
    const publicKey = this.#deps.logKey
    const key =
      this.#logKeys.get(origin) ?? formatVkey(vkeyOf({ name: origin, type: ED25519_TYPE, publicKey }))
    this.#logKeys.set(origin, key)
    return key
  }

  #sites(state: ContractState, members: readonly KnownAgent[], nowMs: UnixMs): SiteView[] {
    const revision = newest(state)
    const named = members.map((agent) => ({ ...agent, name: nameIn(state, agent.id) }))
    return siteViews(revision.terms, named, (agent) =>
      this.#deps.timelines.isolated(state, revision, agent).some((interval) => contains(interval, nowMs)),
    )
  }
}

/** Services that were part of the contract, and are no more. */
function pastNames({ life }: ContractState, nowMs: UnixMs): string[] {
  const there = new Set(servicesAt(life, nowMs).map(({ name }) => name))
  const hasBegun = (name: string): boolean => serviceSpans(life, name).some(({ fromMs }) => fromMs <= nowMs)
  return [...serviceNames(life)].filter((name) => !there.has(name) && hasBegun(name))
}

/** What fails comes first, and a contract that has ended after all that run. */
function severity({ state, guarantees, openIncidents, endedAt, trouble }: ContractView): number {
  if (endedAt !== null) return -1
  const failed = guarantees.some(({ verdict }) => verdict === 'not_met') ? 8 : 0
  const risk = guarantees.some(({ outlook }) => outlook === 'at_risk') ? 1 : 0
  const states = { down: 4, partial: 2, unknown: 2, degraded: 1, up: 0 }
  return (trouble === null ? 0 : 16) + failed + risk + states[state] + (openIncidents > 0 ? 4 : 0)
}

/** Each at the site that the newest terms with a place for it give it. */
function vantagesOf(state: ContractState): Vantage[] {
  const terms = state.life.revisions.map((one) => one.terms).toReversed()
  return [...new Set(state.members.map(({ agent }) => agent))].map((agent) => {
    const name = nameIn(state, agent)
    const site = terms.map((one) => siteOf(one, { id: agent, name })).find((one) => one !== null)
    return { agent, name, site: site ? { id: site.id, displayName: site.displayName } : null }
  })
}

type Listed = { state: ContractState; record: ExclusionRecord }

function isWanted(
  { declared }: ExclusionRecord,
  { service, kind, within }: Omit<ExclusionFilter, 'before' | 'limit'>,
): boolean {
  // One of no service is of every service.
  if (service !== undefined && declared.service !== null && declared.service !== service) return false
  if (kind !== undefined && declared.kind !== kind) return false
  return within === undefined || touches(declared, within)
}
