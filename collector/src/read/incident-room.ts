/**
 * The room of an incident: who knew when, its clocks against what was promised of them, and how much of it counts and
 * why the rest does not. Read when one incident is asked for.
 */
import { Fault } from '@constat/shared/fault'
import { clip, formatInstant, intersect, subtract, totalMs, type UnixMs } from '@constat/shared/time'
import { CLOCKS, knownAt, type StatedList } from '@constat/sla/detection'
import { statementIn, statementLinesIn } from '@constat/sla/reconciliation/statement-bytes'
import { newest, type ContractState } from '@constat/sla/state/contract-state'
import { guaranteeIds, windowGroup } from '@constat/sla/state/in-force'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import { get } from '@constat/sla/state/persistent-map'
import type { Remark } from '@constat/sla/state/remark-record'
import type { KeptStatement } from '@constat/sla/state/statement-record'
import { isDown, where } from '@constat/sla/timeline'
import { readingTerms, statementBytes } from '../closing/statements.ts'
import type { Database } from '../db/tx.ts'
import type { LiveJudgement } from '../judge/live.ts'
import { questionAt, type WindowQuestion } from '../judge/window-question.ts'
import type { IncidentRoomView } from '../view/timeline.ts'

/** A statement above this is not looked into for one incident. */
const MAX_LOOKED_BYTES = 64 * 1024
/** Statements of one window that are looked into, the newest ones. */
const MAX_LOOKED = 5

export type RoomDeps = {
  db: Database
  nowMs: () => UnixMs
  judge: (asked: WindowQuestion) => LiveJudgement
}

/** What was promised of its service in the window of its onset, judged. */
export function promisesTo(
  { state, record }: { state: ContractState; record: IncidentRecord },
  { nowMs, judge }: RoomDeps,
): Pick<IncidentRoomView, 'targets' | 'counts'> {
  const asked = { atMs: record.onsetMs, nowMs: nowMs() }
  const live = guaranteeIds(state.life)
    .flatMap((id) => questionAt(state, id, asked) ?? [])
    .filter(({ guarantee }) => guarantee.service === record.service)
    .map(judge)
  return {
    targets: live.flatMap((one) => targetOf(one, record)),
    counts: live.flatMap((one) => countOf(one, record)),
  }
}

export async function clocksOf(
  { state, record, remarks }: { state: ContractState; record: IncidentRecord; remarks: readonly Remark[] },
  { db, nowMs }: Pick<RoomDeps, 'db' | 'nowMs'>,
): Promise<IncidentRoomView['clocks']> {
  const { toleranceMs } = newest(state).terms.reconciliation
  const statements = await listsAbout(state, record, { db, nowMs: nowMs() })
  const alertedMs = get(state.alerted, record.id) ?? null
  const known = knownAt({ record, remarks, alertedMs, statements, toleranceMs })
  return CLOCKS.map((clock) => {
    const atMs = known[clock]
    const afterOnsetMs = atMs === null ? null : atMs - record.onsetMs
    return { clock, at: atMs === null ? null : formatInstant(atMs), afterOnsetMs }
  })
}

function targetOf({ judged, asked }: LiveJudgement, { id }: IncidentRecord): IncidentRoomView['targets'] {
  const { metric, guarantee, measure } = judged.result
  const isTimed = metric === 'response-time' || metric === 'restoration-time'
  const own = measure.kind === 'timing' ? measure.perIncident.find((one) => one.id === id) : undefined
  if (!isTimed || measure.kind !== 'timing' || !own) return []
  const { ms, isRunning, verdict } = own
  const { clause } = asked.guarantee
  return [
    { guarantee, metric, clause, withinMs: measure.eachMs, ranMs: ms?.point ?? null, isRunning, verdict },
  ]
}

/** Downtime of it in the window of its onset, by what becomes of it. */
function countOf(
  { judged, facts, asked }: LiveJudgement,
  record: IncidentRecord,
): IncidentRoomView['counts'] {
  const { result, commitment } = judged
  if (result.metric !== 'interval-availability') return []
  const { window, nowMs } = asked
  const startMs = Math.max(window.startMs, record.onsetMs)
  const span = { startMs, endMs: Math.max(startMs, Math.min(window.endMs, record.endMs ?? nowMs)) }
  const down = where(facts.timeline, span, isDown)
  const inHours = intersect(down, clip(commitment.inHours, span))
  const excluded = intersect(inHours, clip(commitment.excluded, span))
  return [
    {
      guarantee: result.guarantee,
      downMs: totalMs(down),
      countedMs: totalMs(subtract(inHours, excluded)),
      outsideHoursMs: totalMs(subtract(down, inHours)),
      excludedMs: totalMs(excluded),
    },
  ]
}

type Looking = { db: Database; nowMs: UnixMs }

/** What the provider's statements of the window of its onset list. */
async function listsAbout(
  state: ContractState,
  { onsetMs }: IncidentRecord,
  { db, nowMs }: Looking,
): Promise<StatedList[]> {
  const lists: StatedList[] = []
  for (const kept of state.statements.toReversed()) {
    const group = windowGroup(state.life, kept.window, nowMs)
    const terms = group?.promised[0]?.revision.terms
    const isOf = group !== null && group.startMs <= onsetMs && onsetMs < group.endMs
    if (!isOf || !terms || kept.bytes > MAX_LOOKED_BYTES) continue
    const window = { startMs: group.startMs, endMs: group.endMs }
    lists.push(await listOf(kept, () => statementBytes(db, kept), { ...readingTerms(terms), window }))
    if (lists.length >= MAX_LOOKED) break
  }
  return lists.toReversed()
}

/** A kept statement never changes: it is read once. */
const LISTS = new WeakMap<KeptStatement, StatedList>()

async function listOf(
  kept: KeptStatement,
  bytesOf: () => Promise<Buffer>,
  terms: Parameters<typeof statementLinesIn>[1],
): Promise<StatedList> {
  const known = LISTS.get(kept)
  if (known) return known
  const outages = outagesIn(kept, await bytesOf(), terms)
  const made = { receivedMs: kept.receivedMs, outages }
  LISTS.set(kept, made)
  return made
}

/** As it was read when it came; one that does not read any more lists nothing, and hides no incident. */
function outagesIn(
  { reader }: KeptStatement,
  bytes: Buffer,
  terms: Parameters<typeof statementLinesIn>[1],
): StatedList['outages'] {
  try {
    const read = reader === undefined ? statementIn(bytes, terms) : statementLinesIn(bytes, terms)
    return read.incidents.map(({ service, readings }) => ({ service, readings }))
  } catch (error) {
    if (error instanceof Fault && error.code !== 'internal') return []
    throw error
  }
}
