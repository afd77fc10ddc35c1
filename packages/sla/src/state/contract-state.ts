/**
 * The state of a contract: all that its leaves say, but for the samples. `state = take(state, leaf)` is the
 * one fold of them: of what was just committed, of a start, of a catch-up, of a rebuild, of a preview. A state
 * is never changed, so whoever holds one holds a snapshot, and what is worked out of it may be kept as long as
 * it is the same. Pure.
 */
import { createHash } from 'node:crypto'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import type { UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { headOf, readClosing, type ClosingHead } from './closing.ts'
import { withDeclaration, type ExclusionRecord } from './declarations.ts'
import { readAlert, readIncident, type IncidentRecord, type IncidentStep } from './incident-record.ts'
import type { StateLeaf } from './leaf.ts'
import { objectiveKey, readObjective } from './objective-notices.ts'
import { emptyMap, get, put, values, type PersistentMap } from './persistent-map.ts'
import { readRemark, type Remark } from './remark-record.ts'
import { readPenalty, type PenaltyStep } from './penalty-record.ts'
import { readStatement, type KeptStatement } from './statement-record.ts'
import { readTermsAnswer, type TermsAnswer } from './terms-answer.ts'

export type Revision = {
  revision: number
  /** Hex, SHA-256 of the expanded terms. */
  digest: string
  appliedMs: UnixMs
  leaf: number
  /** What these terms no longer need is not probed any more from their apply on. */
  stopProbing: boolean
  terms: ExpandedContract
}

/** Everything that says what is in force when. It is another object exactly when that may have changed. */
export type Life = {
  /** In the order in which they were applied. */
  revisions: readonly Revision[]
  /** When the contract was archived, each until the revision after it. */
  archivedMs: readonly UnixMs[]
}

export type Configuration = {
  /** Hex. */
  digest: string
  config: CheckConfig
  /** By check index. */
  names: string[]
  /** By check index, ms. */
  intervalsMs: number[]
  json: string
  leaf: number
}

/** An agent may speak from `fromMs` until `toMs`: a change of this set is a leaf, not a revision. */
export type Membership = { agent: string; fromMs: UnixMs; toMs: UnixMs | null }

export type ContractState = {
  contract: string
  log: number
  /** How many leaves were taken: rises with each. */
  version: number
  /** How many of them could change what is in force or who measures. */
  termsVersion: number
  life: Life
  members: readonly Membership[]
  /** Agent → name, as its enrolment has it. */
  names: PersistentMap<string>
  configurations: PersistentMap<Configuration>
  /** The one that agents sign under now. */
  configuration: Configuration | null
  /** What was declared about time that should not count, in order: see `declarationsOf`. */
  exclusions: readonly ExclusionRecord[]
  /** What was told of guarantees: see `objectiveKey`. */
  objectives: PersistentMap<true>
  incidents: PersistentMap<IncidentRecord>
  /** Incident → what happened to it, in order. */
  incidentSteps: PersistentMap<readonly IncidentStep[]>
  /** Incident → the first delivery about it that somebody's system accepted. */
  alerted: PersistentMap<UnixMs>
  /** Window → its versions, the first one first. */
  closings: PersistentMap<readonly ClosingHead[]>
  /** What the provider has stated, in order. */
  statements: readonly KeptStatement[]
  /** What people have said of outages, in order. */
  remarks: readonly Remark[]
  /** What the provider said of revisions, in order. */
  termsAnswers: readonly TermsAnswer[]
  /** Window → the steps of its penalty, the first one first. */
  penalties: PersistentMap<readonly PenaltyStep[]>
  /** Whether its log is open to everybody. */
  isPublished: boolean
}

export type RevisionBody = {
  contract: string
  revision: number
  digest: string
  terms: ExpandedContract
  stopProbing?: true
}

export type ArchiveBody = { kind: 'archive' }
/** Of a declaration: the log is open to everybody from here on, or to its readers alone. */
export type PublicationBody = { kind: 'publication'; open: boolean }

export function emptyState({ id, contract }: { id: number; contract: string }): ContractState {
  return {
    contract,
    log: id,
    version: 0,
    termsVersion: 0,
    life: { revisions: [], archivedMs: [] },
    members: [],
    names: emptyMap(),
    configurations: emptyMap(),
    configuration: null,
    exclusions: [],
    objectives: emptyMap(),
    incidents: emptyMap(),
    incidentSteps: emptyMap(),
    alerted: emptyMap(),
    closings: emptyMap(),
    statements: [],
    remarks: [],
    termsAnswers: [],
    penalties: emptyMap(),
    isPublished: false,
  }
}

/** The state after one more leaf. Those whose type it does not read leave it as it is. */
export function take(state: ContractState, leaf: StateLeaf): ContractState {
  const step = STEPS[leaf.type]
  if (!step) return state
  const next = step(state, leaf)
  const isOther = next.life !== state.life || next.members !== state.members
  return { ...next, version: state.version + 1, termsVersion: state.termsVersion + (isOther ? 1 : 0) }
}

type Step = (state: ContractState, leaf: StateLeaf) => ContractState

const STEPS: Readonly<Partial<Record<string, Step>>> = {
  revision: takeRevision,
  configuration: takeConfiguration,
  enrolment: takeEnrolment,
  revocation: takeRevocation,
  declaration: takeNotice,
  'declaration-answer': takeNotice,
  notice: takeNotice,
  closing: takeClosing,
  statement: (state, { text }) => ({
    ...state,
    statements: [...state.statements, readStatement(parsed(text))],
  }),
  remark: (state, { text }) => ({ ...state, remarks: [...state.remarks, readRemark(parsed(text))] }),
  'terms-answer': (state, { text }) => ({
    ...state,
    termsAnswers: [...state.termsAnswers, readTermsAnswer(parsed(text))],
  }),
  penalty: takePenalty,
}

function takeRevision(state: ContractState, { index, receivedMs, text }: StateLeaf): ContractState {
  // Our own leaf: its shape is what `apply` wrote.
  const { revision, digest, terms, stopProbing = false } = parsed(text) as RevisionBody
  const made: Revision = { revision, digest, appliedMs: receivedMs, leaf: index, stopProbing, terms }
  return { ...state, life: { ...state.life, revisions: [...state.life.revisions, made] } }
}

function takeConfiguration(state: ContractState, { index, text }: StateLeaf): ContractState {
  const configuration = configurationOf(text, index)
  return {
    ...state,
    configuration,
    configurations: put(state.configurations, configuration.digest, configuration),
  }
}

export function configurationOf(json: string, leaf: number): Configuration {
  // Our own leaf: a CheckConfig in RFC 8785 form.
  const config = JSON.parse(json) as CheckConfig
  return {
    digest: createHash('sha256').update(json).digest('hex'),
    config,
    names: config.checks.map(({ name }) => name),
    intervalsMs: config.checks.map(({ intervalMs }) => intervalMs),
    json,
    leaf,
  }
}

function takeEnrolment(state: ContractState, { receivedMs, agent, text }: StateLeaf): ContractState {
  if (agent === null) return state
  const members = [...state.members, { agent, fromMs: receivedMs, toMs: null }]
  // Our own leaf, written when an agent is given a log; one from before names were kept is empty.
  const { name } = text === '' ? {} : (parsed(text) as { name?: string })
  return { ...state, members, names: name === undefined ? state.names : put(state.names, agent, name) }
}

function takeRevocation(state: ContractState, { receivedMs, agent }: StateLeaf): ContractState {
  const members = state.members.map((one) =>
    one.agent === agent && one.toMs === null ? { ...one, toMs: receivedMs } : one,
  )
  return { ...state, members }
}

function takeNotice(state: ContractState, { receivedMs, text }: StateLeaf): ContractState {
  const said = parsed(text)
  const happened = readIncident(said)
  if (happened) return withIncident(state, { ...happened, atMs: receivedMs })
  const alert = readAlert(said)
  if (alert) {
    const isFirst = get(state.alerted, alert.incident) === undefined
    return isFirst ? { ...state, alerted: put(state.alerted, alert.incident, alert.acceptedMs) } : state
  }
  const objective = readObjective(said)
  if (objective) return { ...state, objectives: put(state.objectives, objectiveKey(objective), true) }
  if ((said as Partial<ArchiveBody>).kind === 'archive') {
    return { ...state, life: { ...state.life, archivedMs: [...state.life.archivedMs, receivedMs] } }
  }
  const { kind, open } = said as Partial<PublicationBody>
  if (kind === 'publication') return { ...state, isPublished: open === true }
  const exclusions = withDeclaration(state.exclusions, said)
  return exclusions ? { ...state, exclusions } : state
}

function withIncident(
  state: ContractState,
  { change, incident, atMs }: NonNullable<ReturnType<typeof readIncident>> & { atMs: UnixMs },
): ContractState {
  const { id, onsetMs, endMs, zone } = incident
  const steps = [...(get(state.incidentSteps, id) ?? []), { change, atMs, onsetMs, endMs, zone }]
  return {
    ...state,
    incidents: put(state.incidents, id, incident),
    incidentSteps: put(state.incidentSteps, id, steps),
  }
}

function takeClosing(state: ContractState, { index, receivedMs, text }: StateLeaf): ContractState {
  const head = headOf(readClosing(text), { log: state.log, leaf: index, atMs: receivedMs })
  const versions = get(state.closings, head.window) ?? []
  return { ...state, closings: put(state.closings, head.window, [...versions, head]) }
}

function takePenalty(state: ContractState, { text }: StateLeaf): ContractState {
  const step = readPenalty(parsed(text))
  return {
    ...state,
    penalties: put(state.penalties, step.window, [...penaltySteps(state, step.window), step]),
  }
}

function parsed(text: string): object {
  // Every leaf that is read here is a JSON object of our own.
  return JSON.parse(text) as object
}

/** As its enrolment has it: contracts name agents, so what decides which of them measure is in the ledger. */
export function nameIn({ names }: Pick<ContractState, 'names'>, agent: string): string {
  return get(names, agent) ?? agent
}

/** The revision that was applied last. */
export function newest({ life }: Pick<ContractState, 'life'>): Revision {
  const last = life.revisions.at(-1)
  if (!last) throw new Error('a contract that was applied has a revision')
  return last
}

/** All that were ever given an id, by onset. */
export function incidentsIn({ incidents }: Pick<ContractState, 'incidents'>): readonly IncidentRecord[] {
  return keptOf(incidents, () =>
    values(incidents).toSorted((a, b) => a.onsetMs - b.onsetMs || (a.id < b.id ? -1 : 1)),
  )
}

/** Every version of a window, the first one first; empty while it is not final. */
export function closingVersions(
  { closings }: Pick<ContractState, 'closings'>,
  window: string,
): readonly ClosingHead[] {
  return get(closings, window) ?? []
}

export function newestClosing(state: Pick<ContractState, 'closings'>, window: string): ClosingHead | null {
  return closingVersions(state, window).at(-1) ?? null
}

/** The newest version of each closed window, oldest window first. */
export function closedWindows({ closings }: Pick<ContractState, 'closings'>): readonly ClosingHead[] {
  return keptOf(closings, () =>
    values(closings)
      .flatMap((versions) => versions.at(-1) ?? [])
      .toSorted((a, b) => a.endMs - b.endMs || (a.window < b.window ? -1 : 1)),
  )
}

/** What was done about the penalty of a window, in order; empty while it is theoretical. */
export function penaltySteps(
  { penalties }: Pick<ContractState, 'penalties'>,
  window: string,
): readonly PenaltyStep[] {
  return get(penalties, window) ?? []
}

const LISTS = new WeakMap<object, readonly unknown[]>()

/** The list of a map that never changes, made once. */
function keptOf<T>(map: PersistentMap<unknown>, make: () => readonly T[]): readonly T[] {
  const known = LISTS.get(map)
  // Only `make` of the same map has put it there.
  if (known) return known as readonly T[]
  const made = make()
  LISTS.set(map, made)
  return made
}

/** Configuration by the digest that a frame names; null where the log has none of it. */
export function configurationNamed(
  { configurations }: Pick<ContractState, 'configurations'>,
  digest: Uint8Array,
): Configuration | null {
  return get(configurations, Buffer.from(digest).toString('hex')) ?? null
}

/** Whether a configuration is the one that these checks make. */
export function isConfigured(
  { configuration }: Pick<ContractState, 'configuration'>,
  { origin, checks }: Pick<CheckConfig, 'origin' | 'checks'>,
): boolean {
  if (!configuration) return false
  const { version } = configuration.config
  return configDigest({ origin, version, checks }).toString('hex') === configuration.digest
}
