/**
 * Register: what the leaves say of contracts. Revisions, check configurations and the set of vantages,
 * read from the ledger at start and kept up by whoever appends. Derived; the ledger is the ground.
 */
import { createHash } from 'node:crypto'
import type { CheckConfig } from '@constat/shared/check'
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { CheckTerms, ExpandedContract } from '@constat/sla/contract/expanded'
import { rareEntries } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { rulesText, standingRules, type Reference, type TrackRules } from '../fold/track.ts'
import { openBody } from '../ledger/body.ts'
import { leafType, type LeafType } from '../ledger/leaf.ts'
import { takeDeclaration, type ExclusionRecord } from './declarations.ts'
import { objectiveKey, readObjective } from './objective-notices.ts'

export type Revision = {
  revision: number
  /** Hex, SHA-256 of the expanded terms. */
  digest: string
  appliedMs: UnixMs
  leaf: number
  terms: ExpandedContract
}

export type Configuration = {
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

export type Terms = {
  contract: string
  log: number
  revisions: Revision[]
  configurations: Map<string, Configuration>
  /** The one that agents sign under now. */
  configuration: Configuration | null
  members: Membership[]
  /** What was declared about time that should not count, in order: see `declarationsOf`. */
  exclusions: ExclusionRecord[]
  /** What was told of guarantees: see `objectiveKey`. */
  objectives: Set<string>
}

/** A leaf as the register reads it. */
export type ReadLeaf = {
  type: LeafType
  index: number
  receivedMs: UnixMs
  body: Buffer
  agent: Buffer | null
}

export type RevisionBody = {
  contract: string
  revision: number
  digest: string
  terms: ExpandedContract
}

export class Register {
  readonly #byContract = new Map<string, Terms>()
  readonly #byLog = new Map<number, Terms>()
  /** `log/agent` of those that are members now. */
  readonly #writers = new Set<string>()
  /** Agent → name. */
  readonly #names = new Map<string, string>()

  /** Reads every leaf that is no frame. */
  async open(db: Database, logs: readonly { id: number; contract: string }[]): Promise<void> {
    for (const { id, contract } of logs) {
      this.add({ id, contract })
      for (const row of await rareEntries(db, id)) {
        const body = await openBody(db, row.body)
        this.take(id, {
          type: leafType(row.type),
          index: row.index,
          receivedMs: row.receivedMs,
          body,
          agent: row.agent,
        })
      }
    }
  }

  add({ id, contract }: { id: number; contract: string }): Terms {
    const terms = {
      contract,
      log: id,
      revisions: [],
      configurations: new Map(),
      configuration: null,
      members: [],
      exclusions: [],
      objectives: new Set<string>(),
    }
    this.#byContract.set(contract, terms)
    this.#byLog.set(id, terms)
    return terms
  }

  /** What one leaf says. Leaves of other types say nothing here. */
  take(log: number, leaf: ReadLeaf): void {
    const terms = this.#byLog.get(log)
    invariant(terms, `log ${log} has no terms`)
    if (leaf.type === 'revision') terms.revisions.push(readRevision(leaf))
    if (leaf.type === 'configuration') takeConfiguration(terms, leaf)
    if (leaf.type === 'declaration' || leaf.type === 'declaration-answer')
      takeDeclaration(terms.exclusions, leaf.body)
    if (leaf.type === 'notice') {
      const notice = readObjective(leaf.body)
      if (notice) terms.objectives.add(objectiveKey(notice))
    }
    const writer = `${log}/${leaf.agent?.toString('hex')}`
    if (leaf.type === 'enrolment') {
      takeMember(terms, leaf)
      this.#takeName(leaf)
      this.#writers.add(writer)
    }
    if (leaf.type === 'revocation') {
      endMember(terms, leaf)
      this.#writers.delete(writer)
    }
  }

  /** As its enrolment has it: contracts name agents, so what decides which of them measure is in the ledger. */
  nameOf(agent: string): string {
    return this.#names.get(agent) ?? agent
  }

  all(): Terms[] {
    return [...this.#byContract.values()].filter(({ revisions }) => revisions.length > 0)
  }

  of(contract: string): Terms | null {
    const terms = this.#byContract.get(contract)
    return terms && terms.revisions.length > 0 ? terms : null
  }

  ofLog(log: number): Terms | null {
    return this.#byLog.get(log) ?? null
  }

  /** Whether a leaf of the log enrols this agent: whoever reads its frames finds its key there. */
  isMember(log: number, agent: string): boolean {
    return this.#writers.has(`${log}/${agent}`)
  }

  /** Intervals of the checks of a configuration, ms; null when the log does not know it. */
  checkIntervalsMs(log: number, digest: Uint8Array): readonly number[] | null {
    const known = this.#byLog.get(log)?.configurations.get(Buffer.from(digest).toString('hex'))
    return known?.intervalsMs ?? null
  }

  #takeName({ agent, body }: ReadLeaf): void {
    if (!agent || body.length === 0) return
    // Our own leaf, written by `enrolIn`.
    const { name } = JSON.parse(body.toString()) as { name?: string }
    if (name !== undefined) this.#names.set(agent.toString('hex'), name)
  }
}

/** The revision now in force for new windows: the newest. */
export function newest({ revisions }: Terms): Revision {
  const last = revisions.at(-1)
  invariant(last, 'terms have a revision')
  return last
}

/**
 * The revision that judges a guarantee in a window: in force at its start. What was promised later than
 * that is judged by the first revision that promises it, from the moment it was applied.
 */
export function revisionFor(terms: Terms, guarantee: string, startMs: UnixMs): Revision | null {
  const promising = terms.revisions.filter((one) => one.terms.guarantees.some(({ id }) => id === guarantee))
  return promising.findLast((one) => takesEffectMs(one) <= startMs) ?? promising[0] ?? null
}

/** Windows that begin from here on are judged by the revision: applied, and past its own date. */
export function takesEffectMs({ appliedMs, terms }: Revision): UnixMs {
  return Math.max(appliedMs, terms.effective.fromMs ?? -Infinity)
}

/** Committed time of a guarantee begins here: a date of the first terms that promise it, or their apply. */
export function promisedFromMs(terms: Terms, guarantee: string): UnixMs {
  const first = revisionFor(terms, guarantee, -Infinity)
  return first?.terms.effective.fromMs ?? first?.appliedMs ?? effectiveFromMs(terms)
}

/** Committed time begins here: the first revision's own date, or the moment it was applied. */
export function effectiveFromMs({ revisions }: Terms): UnixMs {
  const first = revisions[0]
  invariant(first, 'terms have a revision')
  return first.terms.effective.fromMs ?? first.appliedMs
}

/**
 * Every set of rules that some revision folds a check under, and the first leaf it applies to. A reference
 * that can isolate is folded once more, by what it stands at alone.
 */
export function rulesOf({ revisions }: Terms, check: string): { rules: TrackRules; fromIndex: number }[] {
  const found = new Map<string, { rules: TrackRules; fromIndex: number }>()
  for (const { terms, leaf } of revisions) {
    const own = terms.checks.find(({ name }) => name === check)
    if (!own) continue
    const isReference = isolationReferences(terms).some((reference) => reference.check === check)
    const standing = isReference ? [standingRules(own.fold.holdMs)] : []
    for (const rules of [foldRules(own, terms), ...standing]) {
      const text = rulesText(rules)
      if (!found.has(text)) found.set(text, { rules, fromIndex: leaf })
    }
  }
  return [...found.values()]
}

export function foldRules({ fold }: CheckTerms, contract: ExpandedContract): TrackRules {
  const { holdMs, confirm } = fold
  const rules = { holdMs, down: confirm.down, up: confirm.up, by: confirm.by }
  return { ...rules, blockedIs: contract.measurement.blocked, isolation: isolationReferences(contract) }
}

/** The references by which an agent knows that it is cut off, in order of name. */
export function isolationReferences({ measurement, checks }: ExpandedContract): Reference[] {
  if (measurement.isolation.rule !== 'all-references-failed') return []
  const { references } = measurement.isolation
  // The checks of expanded terms stand in order of name.
  return checks
    .filter(({ name }) => references.includes(name))
    .map(({ name, fold }) => ({ check: name, holdMs: fold.holdMs }))
}

/** Agents that could speak for a check at `atMs`. */
export function isMember({ fromMs, toMs }: Membership, atMs: UnixMs): boolean {
  return fromMs <= atMs && (toMs === null || atMs < toMs)
}

function readRevision({ index, receivedMs, body }: ReadLeaf): Revision {
  // Our own leaf, written by `applyContract`: its shape is what was written.
  const { revision, digest, terms } = JSON.parse(body.toString()) as RevisionBody
  return { revision, digest, appliedMs: receivedMs, leaf: index, terms }
}

function takeConfiguration(terms: Terms, { index, body }: ReadLeaf): void {
  const json = body.toString()
  // Our own leaf: a CheckConfig in RFC 8785 form.
  const config = JSON.parse(json) as CheckConfig
  const digest = digestOf(body)
  const intervalsMs = config.checks.map((check) => check.intervalMs)
  const names = config.checks.map((check) => check.name)
  const configuration = { digest, config, names, intervalsMs, json, leaf: index }
  terms.configurations.set(digest, configuration)
  terms.configuration = configuration
}

function takeMember(terms: Terms, { receivedMs, agent }: ReadLeaf): void {
  invariant(agent, 'an enrolment names its agent')
  terms.members.push({ agent: agent.toString('hex'), fromMs: receivedMs, toMs: null })
}

function endMember(terms: Terms, { receivedMs, agent }: ReadLeaf): void {
  const id = agent?.toString('hex')
  for (const member of terms.members) if (member.agent === id) member.toMs ??= receivedMs
}

function digestOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}
