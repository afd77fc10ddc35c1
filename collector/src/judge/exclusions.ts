/**
 * Exclusions as they are shown: each declaration with what the contract's rule makes of it, and what it
 * excuses of every guarantee that it touches. Pure over what it is handed.
 */
import { formatInstant, intersect, totalMs, type UnixMs } from '@constat/shared/time'
import type { Notice } from '@constat/sla/exclusion'
import { announcementMs, type Ruling } from '@constat/sla/judgement/declaration'
import { newest, type ContractState } from '@constat/sla/state/contract-state'
import { declarationsOf, type ExclusionRecord } from '@constat/sla/state/declarations'
import { guaranteeIds } from '@constat/sla/state/in-force'
import type { LiveJudgement } from './live.ts'
import type { ExclusionView } from '../view/exclusion.ts'
import { questionAt, type WindowQuestion } from './window-question.ts'

/** `words`: those that were not erased, by their commitment. */
export type ExclusionDeps = {
  nowMs: UnixMs
  words: ReadonlyMap<string, string>
  judge: (asked: WindowQuestion) => LiveJudgement
}

/** A window judged, with what the rule says of each declaration. */
type Ruled = LiveJudgement & { rulings: ReadonlyMap<string, Ruling> }

/** Latest first. */
export function latestFirst(records: readonly ExclusionRecord[]): ExclusionRecord[] {
  return records.toSorted(
    ({ declared: a }, { declared: b }) => b.startMs - a.startMs || (a.id < b.id ? -1 : 1),
  )
}

/** Of these records of a contract: each window that they touch is judged once. */
export function exclusionViews(
  state: ContractState,
  records: readonly ExclusionRecord[],
  { nowMs, words, judge }: ExclusionDeps,
): ExclusionView[] {
  const kept = new Map<string, Ruled>()
  const ruled = (asked: WindowQuestion): Ruled => {
    const name = `${asked.guarantee.id}/${asked.window.key}`
    let known = kept.get(name)
    if (!known) {
      const live = judge(asked)
      kept.set(name, (known = { ...live, rulings: new Map(live.judged.rulings.map((one) => [one.id, one])) }))
    }
    return known
  }
  return records.map((record) => viewOf(state, record, { nowMs, words, ruled }))
}

function viewOf(
  state: ContractState,
  record: ExclusionRecord,
  { nowMs, words, ruled }: Omit<ExclusionDeps, 'judge'> & { ruled: (asked: WindowQuestion) => Ruled },
): ExclusionView {
  const { declared, answers } = record
  const touched = guaranteeIds(state.life)
    .flatMap((id) => questionAt(state, id, { atMs: declared.startMs, nowMs }) ?? [])
    .filter(({ guarantee }) => declared.service === null || guarantee.service === declared.service)
    .map((asked) => ruled(asked))
  const rulings = touched.flatMap((one) => one.rulings.get(declared.id) ?? [])
  const own = declarationsOf({ exclusions: [record] })[0]
  const first = rulings[0]
  const { startMs, endMs, announcedMs, announced } = declared
  return {
    id: declared.id,
    contract: state.contract,
    service: declared.service,
    kind: declared.kind,
    clause: first?.clause ?? clauseOf(state, declared.kind),
    start: formatInstant(startMs),
    end: formatInstant(endMs),
    announcedAt: announcedMs === null ? null : formatInstant(announcedMs),
    announcementOnRecord:
      announcedMs === null || (!!own && announcementMs(own, newest(state).terms.parties) === announcedMs),
    announced: announced && { start: formatInstant(announced.startMs), end: formatInstant(announced.endMs) },
    reason: (declared.said === null ? declared.reason : words.get(declared.said)) ?? '',
    declaredAt: formatInstant(declared.declaredMs),
    afterwards: declared.declaredMs > startMs,
    declaredBy: declared.party,
    side: declared.side,
    standing: standingOf(rulings, record),
    refusals: first ? [...first.refusals] : ['nothing-promised'],
    notice: first?.notice ? noticeOf(first.notice) : null,
    answers: answers.map(({ answer, party, side, atMs, said, note }) => ({
      answer,
      by: party,
      side,
      at: formatInstant(atMs),
      note: (said === null ? note : words.get(said)) ?? '',
    })),
    effects: touched.map((live) => effectOf(live, declared.id)),
  }
}

/** As the newest terms that have the kind cite it. */
function clauseOf({ life }: ContractState, kind: string): string | null {
  const kinds = life.revisions.flatMap(({ terms }) => terms.exclusions.kinds.filter(({ id }) => id === kind))
  return kinds.at(-1)?.clause ?? null
}

function standingOf(rulings: readonly Ruling[], { answers }: ExclusionRecord): ExclusionView['standing'] {
  if (rulings.some(({ contested }) => contested)) {
    const isDisputed = answers.some(({ answer }) => answer === 'disputed')
    return isDisputed ? 'contested' : 'waiting'
  }
  return rulings.some(({ counts }) => counts) ? 'counts' : 'refused'
}

function noticeOf({ unit, given, required, valid }: Notice): ExclusionView['notice'] {
  return { unit, given, required, isEnough: valid }
}

function effectOf({ asked, judged, rulings }: Ruled, id: string): ExclusionView['effects'][number] {
  const ruling = rulings.get(id)
  const excused = ruling?.counts ? intersect(ruling.spans, judged.commitment.excluded) : []
  return {
    guarantee: asked.guarantee.id,
    window: asked.window.key,
    excusedMs: totalMs(excused),
    contested: ruling?.contested ?? false,
  }
}
