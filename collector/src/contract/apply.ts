/**
 * Apply: documents → revisions in the ledger. Terms that were applied last change nothing; others become the
 * next revision, with the check configuration that agents sign under from now on, in one transaction. What they
 * change takes effect guarantee by guarantee, at the next start of its window. A document with a mistake is
 * refused whole, every mistake named.
 */
import type { Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import { alertingIn } from '@constat/sla/alerting/documents'
import type { AlertingDocument } from '@constat/sla/alerting/route'
import { revisionProblem } from '@constat/sla/contract/compare'
import { contractDigest, termsJson } from '@constat/sla/contract/digest'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { calendarGaps, type ParsedContracts } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import { newest, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import { endedMs } from '@constat/sla/state/in-force'
import { keepSource, type SourceFile } from '../db/source-rows.ts'
import { noteNoAlerting, putAlerting } from '../db/alerting.ts'
import { addressProblem } from '../db/webhooks.ts'
import { isShapeName } from '../alert/shapes/table.ts'
import type { Database, Tx } from '../db/tx.ts'
import { jsonDraft } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Contracts } from './contracts.ts'
import { configurationDraft } from './assign.ts'

/** Contracts of one collector at most: each has a log of its own. */
export const MAX_CONTRACTS = 1_000
const YEAR_MS = 366 * 86_400_000

export type Applied = { contract: string; revision: number; digest: string; changed: boolean }
export type ApplyAnswer =
  | { kind: 'applied'; contracts: Applied[]; warnings: string[] }
  | { kind: 'refused'; problems: string[] }

export type ApplyDeps = { db: Database; sequencer: Sequencer; contracts: Contracts; nowMs: () => UnixMs }
export type ApplyOptions = {
  /** The only contract that may be written; null: every one that the files describe. */
  only?: string | null
  /** What the new revision no longer needs is not probed any more, also where it is still judged. */
  stopProbing?: boolean
}

/** Contracts that `files` describe, or the one that is asked for, each as its next revision. `parsed`: what they say. */
export async function applyContract(
  files: SourceFile[],
  parsed: ParsedContracts,
  { only = null, stopProbing = false, ...deps }: ApplyDeps & ApplyOptions,
): Promise<ApplyAnswer> {
  if (parsed.kind === 'refused') return { kind: 'refused', problems: parsed.problems.map(problemText) }
  if (parsed.contracts.length === 0)
    return { kind: 'refused', problems: ['no document of kind Contract was given'] }
  const wanted = parsed.contracts.filter(({ name }) => only === null || name === only)
  if (wanted.length === 0)
    return { kind: 'refused', problems: [`no document describes the contract ${only}`] }
  const known = deps.contracts.all().map(({ contract }) => contract)
  const names = new Set([...known, ...parsed.contracts.map(({ name }) => name)])
  if (names.size > MAX_CONTRACTS) {
    return { kind: 'refused', problems: [`a collector takes ${MAX_CONTRACTS} contracts at most`] }
  }
  const addresses = wanted.flatMap(({ name }) => alertingIn(parsed, name).flatMap(addressProblems))
  if (addresses.length > 0) return { kind: 'refused', problems: [...new Set(addresses)] }
  const numbers = wanted.flatMap((terms) => numberProblem(terms, deps.contracts))
  if (numbers.length > 0) return { kind: 'refused', problems: numbers }
  const applied: Applied[] = []
  for (const terms of wanted) {
    const one = () => applyOne(terms, { source: files, parsed, stopProbing }, deps)
    applied.push(await deps.contracts.inTurn(terms.name, one))
  }
  for (const { contract, revision, changed } of applied) {
    // The same terms with another loss model: private, so no revision of what both sides share.
    const hasModel = parsed.documents.some(
      (one) => one.kind === 'LossModel' && one.spec.contract === contract,
    )
    if (!changed && hasModel) await deps.db.begin((tx) => keepSource(tx, { contract, revision, files }))
    if (!changed) await deps.db.begin((tx) => keepAlerting(tx, { contract, parsed, nowMs: deps.nowMs() }))
  }
  return {
    kind: 'applied',
    contracts: applied,
    warnings: wanted.flatMap((terms) => warningsOf(terms, deps.nowMs())),
  }
}

/** What a document cannot know of itself: whether the receiver's shape takes its address. */
function addressProblems({ name, spec }: AlertingDocument): string[] {
  return spec.endpoints.flatMap(({ id, url, shape }) => {
    const problem = url === undefined || !isShapeName(shape) ? null : addressProblem(url, shape)
    return problem === null ? [] : [`Alerting ${name}: endpoint ${id}: ${problem}`]
  })
}

/** Documents that hold no Alerting leave the one in effect: a contract pasted alone must not end who is told. */
async function keepAlerting(
  tx: Tx,
  { contract, parsed, nowMs }: { contract: string; parsed: ParsedContracts; nowMs: UnixMs },
): Promise<void> {
  const documents = alertingIn(parsed, contract)
  if (documents.length > 0) await putAlerting(tx, { contract, documents, nowMs })
  else await noteNoAlerting(tx, contract)
}

/** The author's own number rises with the terms. The same terms again change nothing, their number either. */
function numberProblem(terms: ExpandedContract, contracts: Contracts): string[] {
  const known = contracts.of(terms.name)
  if (!known || newest(known).digest === contractDigest(terms).toString('hex')) return []
  const problem = revisionProblem(terms, newest(known).terms)
  return problem === undefined ? [] : [`${terms.name} ${problem}`]
}

type Wanted = { source: SourceFile[]; parsed: ParsedContracts; stopProbing: boolean }

async function applyOne(
  terms: ExpandedContract,
  { source, parsed, stopProbing }: Wanted,
  { sequencer, contracts, nowMs }: ApplyDeps,
): Promise<Applied> {
  const contract = terms.name
  const digest = contractDigest(terms).toString('hex')
  const receivedMs = nowMs()
  const known = contracts.of(contract)
  if (known && isAppliedLast(known, { digest, stopProbing, nowMs: receivedMs })) {
    return { contract, revision: newest(known).revision, digest, changed: false }
  }
  const head = sequencer.headOf(contract) ?? (await sequencer.create(contract))
  contracts.add(head)
  const revision = (known ? newest(known).revision : 0) + 1
  // The terms alone: what else the files hold (a loss model, other contracts) is nobody's but the owner's.
  const body: Record<string, Json> = { contract, revision, digest, terms: termsJson(terms) }
  if (stopProbing) body['stopProbing'] = true
  const made: Revision = { revision, digest, appliedMs: receivedMs, leaf: head.size, stopProbing, terms }
  const state = contracts.ofLog(head.id)
  const life = {
    revisions: [...(known?.life.revisions ?? []), made],
    archivedMs: known?.life.archivedMs ?? [],
  }
  const configuration =
    state && configurationDraft({ ...state, life }, { origin: head.origin, nowMs: receivedMs })
  await sequencer.append({
    log: head.id,
    drafts: [jsonDraft(body, { type: 'revision', receivedMs }), ...(configuration ? [configuration] : [])],
    within: async (tx) => {
      await keepSource(tx, { contract, revision, files: source })
      await keepAlerting(tx, { contract, parsed, nowMs: receivedMs })
    },
  })
  return { contract, revision, digest, changed: true }
}

/** Whether these terms would change nothing: a contract that has ended is taken up again by them. */
function isAppliedLast(
  state: ContractState,
  { digest, stopProbing, nowMs }: { digest: string; stopProbing: boolean; nowMs: UnixMs },
): boolean {
  const last = newest(state)
  const isArchived = state.life.archivedMs.some((atMs) => atMs >= last.appliedMs)
  return (
    last.digest === digest &&
    (last.stopProbing || !stopProbing) &&
    !(isArchived && endedMs(state.life, nowMs) !== null)
  )
}

function warningsOf(terms: ExpandedContract, nowMs: UnixMs): string[] {
  const untilMs = Math.min(nowMs + YEAR_MS, terms.effective.toMs ?? Infinity)
  const gaps = calendarGaps(terms, { startMs: nowMs, endMs: Math.max(untilMs, nowMs + 1) })
  const uncovered = gaps.map(
    ({ calendar, years }) =>
      `${terms.name}: the calendar ${calendar} does not cover ${years.join(', ')}: list its holidays before it begins, or its windows cannot be judged`,
  )
  return uncovered
}
