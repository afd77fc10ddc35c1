/**
 * Statements: what the provider says of a window, taken as it came. The leaf holds the digest of the bytes,
 * which stand beside the ledger; nothing in it names a person.
 */
import { createHash } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import type { Interval } from '@constat/shared/time'
import { problemText } from '@constat/sla/reconciliation/stated-line'
import type { StatementLines, StatementTerms } from '@constat/sla/reconciliation/statement-bytes'
import { windowGroups, type WindowGroup } from '@constat/sla/state/in-force'
import { LINE_READER, statementLeaf, type KeptStatement } from '@constat/sla/state/statement-record'
import { readingView, type StatementPreviewView } from '../view/statement.ts'
import type { Contracts } from '../contract/contracts.ts'
import { requireRoom, STATEMENT_QUOTA } from '../contract/quotas.ts'
import type { Database, Tx } from '../db/tx.ts'
import { besideBytes } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'

export type StatementWanted = {
  contract: string
  /** Key of the window it is about; null: the last one that has ended. */
  window: string | null
  bytes: Buffer
  by: KeptStatement['by']
}

export type StatementDeps = {
  shell: Shell
  sequencer: Sequencer
  contracts: Contracts
  /** Line by line; rejects with the Fault of what is no statement at all. */
  readable: (bytes: Buffer, terms: StatementTerms & { window: Interval }) => Promise<StatementLines>
}

/**
 * Fault `bad-request` where none of its lines can be read; the same bytes again are the same statement.
 */
export async function keepStatement(wanted: StatementWanted, deps: StatementDeps): Promise<KeptStatement> {
  const { contracts } = deps
  // Read before its turn, so that nobody waits for it; what may be refused without reading is refused first.
  const { group } = placeOf(wanted, deps)
  const lines = await linesOf(wanted.bytes, group, deps)
  if (lines) requireReadable(lines)
  return contracts.inTurn(wanted.contract, () => keepInTurn(wanted, deps))
}

/** How it would be read; nothing is written. Faults: `not-found`, `bad-request`. */
export async function previewStatement(
  { contract, window, bytes }: Omit<StatementWanted, 'by'>,
  deps: StatementDeps,
): Promise<StatementPreviewView> {
  const state = deps.contracts.of(contract)
  if (!state) throw new Fault('not-found', `there is no contract ${contract}`)
  const nowMs = deps.shell.clock.nowMs()
  const group = groupOf(windowGroups(state.life, nowMs), window, nowMs)
  const lines = await linesOf(bytes, group, deps)
  if (!lines) throw new Fault('bad-request', `nothing is promised in window ${group.key}`)
  return { window: group.key, reading: readingView(lines) }
}

async function linesOf(
  bytes: Buffer,
  { promised, startMs, endMs }: WindowGroup,
  { readable }: StatementDeps,
): Promise<StatementLines | null> {
  const terms = promised[0]?.revision.terms
  if (!terms) return null
  return readable(bytes, { ...readingTerms(terms), window: { startMs, endMs } })
}

/** What of the terms goes to the thread that reads. */
export function readingTerms(terms: StatementTerms): StatementTerms {
  const { reconciliation, zoneTables, services, guarantees } = terms
  return {
    reconciliation,
    zoneTables,
    services: services.map(({ name, displayName }) => ({ name, displayName })),
    guarantees: guarantees.map(({ id, displayName }) => ({ id, displayName })),
  }
}

function requireReadable({ lines }: StatementLines): void {
  const problems = lines.flatMap(({ line, problem }) =>
    problem ? [problemText(`line ${line}`, problem)] : [],
  )
  if (problems.length === 0 || lines.some(({ status }) => status === 'read')) return
  throw new Fault('bad-request', problems[0]!, { problems: problems.slice(0, MAX_PROBLEMS) })
}

/** Problems told of a statement of which nothing can be read. */
const MAX_PROBLEMS = 50

/** Where it would stand. Faults: `not-found`, `bad-request` without such a window, those of the quota. */
function placeOf({ contract, window, bytes, by }: StatementWanted, { shell, contracts }: StatementDeps) {
  const state = contracts.of(contract)
  if (!state) throw new Fault('not-found', `there is no contract ${contract}`)
  const nowMs = shell.clock.nowMs()
  const group = groupOf(windowGroups(state.life, nowMs), window, nowMs)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const last = state.statements.findLast((one) => one.window === group.key)
  const known = last?.sha256 === sha256 ? last : null
  const written = state.statements
    .filter((one) => (one.by === 'provider') === (by === 'provider'))
    .map((one) => ({ atMs: one.receivedMs, bytes: one.bytes }))
  if (!known) requireRoom(written, { atMs: nowMs, bytes: bytes.length }, STATEMENT_QUOTA)
  return { state, group, nowMs, sha256, known }
}

async function keepInTurn(wanted: StatementWanted, deps: StatementDeps): Promise<KeptStatement> {
  const { state, group, nowMs, sha256, known } = placeOf(wanted, deps)
  if (known) return known
  const { contract, bytes, by } = wanted
  const kept: KeptStatement = {
    id: `stm_${deps.shell.random.bytes(10).toString('hex')}`,
    contract,
    window: group.key,
    sha256,
    bytes: bytes.length,
    by,
    receivedMs: nowMs,
    reader: LINE_READER,
  }
  const draft = { ...statementLeaf(kept), beside: [{ digest: Buffer.from(sha256, 'hex'), body: bytes }] }
  await deps.sequencer.append({ log: state.log, drafts: [draft] })
  return kept
}

function groupOf(groups: readonly WindowGroup[], key: string | null, nowMs: number): WindowGroup {
  const ended = groups.findLast(({ endMs }) => endMs <= nowMs) ?? groups.at(-1)
  const found = key === null ? ended : groups.find((group) => group.key === key)
  if (found) return found
  const known = groups.slice(-3).map((group) => group.key)
  throw new Fault('bad-request', `the contract has no window ${key ?? 'yet'}`, {
    hint: known.length === 0 ? 'Its first window has not begun.' : `The newest are ${known.join(', ')}.`,
  })
}

/** Fault `evidence` when what stood beside the ledger is gone, or is something else. */
export function statementBytes(db: Database | Tx, { sha256 }: KeptStatement): Promise<Buffer> {
  return besideBytes(db, Buffer.from(sha256, 'hex'))
}

/** A JSON statement may name its window itself. */
export function windowNamedIn(bytes: Buffer): string | null {
  if (bytes[0] !== 0x7b) return null
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    const named = typeof value === 'object' && value !== null && 'window' in value ? value.window : null
    return typeof named === 'string' ? named : null
  } catch {
    // Whoever reads it next says what is wrong with it.
    return null
  }
}
