/**
 * Apply: documents → revisions in the ledger. Terms that are in force already change nothing; others
 * become the next revision, with the check configuration that agents sign under from now on, in one
 * transaction. A document with a mistake is refused whole, every mistake named.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import type { UnixMs } from '@constat/shared/time'
import { revisionProblem } from '@constat/sla/contract/compare'
import { contractDigest, termsJson } from '@constat/sla/contract/digest'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { calendarGaps, parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import { keepSource, type SourceFile } from '../db/source-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import { keepBeside, sealBody } from '../ledger/body.ts'
import type { Head } from '../ledger/head.ts'
import type { Draft, LeafType } from '../ledger/leaf.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { newest, type Register, type Terms } from './register.ts'

/** Contracts of one collector at most: each has a log of its own. */
export const MAX_CONTRACTS = 1_000
const YEAR_MS = 366 * 86_400_000

export type Applied = { contract: string; revision: number; digest: string; changed: boolean }
export type ApplyAnswer =
  | { kind: 'applied'; contracts: Applied[]; warnings: string[] }
  | { kind: 'refused'; problems: string[] }

export type ApplyDeps = { db: Database; sequencer: Sequencer; register: Register; nowMs: () => UnixMs }

/** Contracts that `files` describe, or the one that is asked for, each as its next revision. */
export async function applyContract(
  files: SourceFile[],
  { only = null, ...deps }: ApplyDeps & { only?: string | null },
): Promise<ApplyAnswer> {
  const parsed = parseContract(files)
  if (parsed.kind === 'refused') return { kind: 'refused', problems: parsed.problems.map(problemText) }
  if (parsed.contracts.length === 0)
    return { kind: 'refused', problems: ['no document of kind Contract was given'] }
  const wanted = parsed.contracts.filter(({ name }) => only === null || name === only)
  if (wanted.length === 0)
    return { kind: 'refused', problems: [`no document describes the contract ${only}`] }
  const known = deps.register.all().map(({ contract }) => contract)
  const names = new Set([...known, ...parsed.contracts.map(({ name }) => name)])
  if (names.size > MAX_CONTRACTS) {
    return { kind: 'refused', problems: [`a collector takes ${MAX_CONTRACTS} contracts at most`] }
  }
  const numbers = wanted.flatMap((terms) => numberProblem(terms, deps.register))
  if (numbers.length > 0) return { kind: 'refused', problems: numbers }
  const contracts: Applied[] = []
  for (const terms of wanted) contracts.push(await applyOne(terms, files, deps))
  for (const { contract, revision, changed } of contracts) {
    // The same terms with another loss model: private, so no revision of what both sides share.
    const hasModel = parsed.documents.some(
      (one) => one.kind === 'LossModel' && one.spec.contract === contract,
    )
    if (!changed && hasModel) await deps.db.begin((tx) => keepSource(tx, { contract, revision, files }))
  }
  return {
    kind: 'applied',
    contracts,
    warnings: wanted.flatMap((terms) => warningsOf(terms, deps.nowMs())),
  }
}

/** The author's own number rises with the terms. The same terms again change nothing, their number either. */
function numberProblem(terms: ExpandedContract, register: Register): string[] {
  const known = register.of(terms.name)
  if (!known || newest(known).digest === contractDigest(terms).toString('hex')) return []
  const problem = revisionProblem(terms, newest(known).terms)
  return problem === undefined ? [] : [`${terms.name} ${problem}`]
}

async function applyOne(terms: ExpandedContract, source: SourceFile[], deps: ApplyDeps): Promise<Applied> {
  const digest = contractDigest(terms).toString('hex')
  const known = deps.register.of(terms.name)
  if (known && newest(known).digest === digest) {
    return { contract: terms.name, revision: newest(known).revision, digest, changed: false }
  }
  const head = deps.sequencer.headOf(terms.name) ?? (await deps.sequencer.create(terms.name))
  const own = deps.register.ofLog(head.id) ?? deps.register.add(head)
  const revision = (own.revisions.at(-1)?.revision ?? 0) + 1
  const config = nextConfig(own, head, terms)
  // The terms alone: what else the files hold (a loss model, other contracts) is nobody's but the owner's.
  const body = { contract: terms.name, revision, digest, terms: termsJson(terms) }
  const leaves: Leaf[] = [{ type: 'revision', json: body }]
  if (config) leaves.push({ type: 'configuration', json: config })
  const keep = (tx: Tx): Promise<void> => keepSource(tx, { contract: terms.name, revision, files: source })
  await appendLeaves(head, leaves, { ...deps, keep })
  return { contract: terms.name, revision, digest, changed: true }
}

type Leaf = { type: LeafType; json: Json }

async function appendLeaves(
  head: Head,
  leaves: readonly Leaf[],
  { sequencer, register, nowMs, keep }: ApplyDeps & { keep: (tx: Tx) => Promise<void> },
): Promise<void> {
  const receivedMs = nowMs()
  const sealed = leaves.map(({ json }) => sealBody(json))
  const drafts: Draft[] = leaves.map(({ type }, i) => ({ type, body: sealed[i]!.body, receivedMs }))
  const within = async (tx: Tx): Promise<void> => {
    await keepBeside(tx, sealed)
    await keep(tx)
  }
  const { firstIndex } = await sequencer.append({
    log: head.id,
    drafts,
    within,
  })
  for (const [i, { type, json }] of leaves.entries()) {
    const body = Buffer.from(canonicalJson(json))
    register.take(head.id, { type, index: firstIndex + i, receivedMs, body, agent: null })
  }
}

/** The configuration of the new terms; null when the checks are those in force. */
function nextConfig({ configuration }: Terms, { origin }: Head, terms: ExpandedContract): CheckConfig | null {
  const checks = terms.checks.map(({ spec }) => spec)
  const version = configuration ? configuration.config.version : 0
  const same =
    configuration &&
    configDigest({ origin, version, checks }).equals(Buffer.from(configuration.digest, 'hex'))
  return same ? null : { origin, version: version + 1, checks }
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
