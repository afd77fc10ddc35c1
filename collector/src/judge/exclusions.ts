/**
 * Exclusions as they are shown: each declaration with what the contract's rule makes of it, and what it
 * excuses of every guarantee that it touches. Pure over what it is handed.
 */
import { formatInstant, intersect, totalMs, type UnixMs } from '@constat/shared/time'
import type { Notice } from '@constat/sla/exclusion'
import { announcementMs, type Ruling } from '@constat/sla/judgement/declaration'
import { declarationsOf, type ExclusionRecord } from '../terms/declarations.ts'
import { newest, type Terms } from '../terms/register.ts'
import type { LiveJudgement } from './live.ts'
import type { ExclusionStanding, ExclusionView } from './exclusion-view.ts'
import { measurableAt, type Measurable } from './windows.ts'

export type ExclusionDeps = { nowMs: UnixMs; judge: (asked: Measurable) => LiveJudgement }

/** Latest first. */
export function exclusionViews(terms: Terms, deps: ExclusionDeps): ExclusionView[] {
  const kept = new Map<string, LiveJudgement>()
  const judge = (asked: Measurable): LiveJudgement => {
    const name = `${asked.guarantee.id}/${asked.window.key}`
    const live = kept.get(name) ?? deps.judge(asked)
    kept.set(name, live)
    return live
  }
  return terms.exclusions
    .map((record) => viewOf(terms, record, { ...deps, judge }))
    .toSorted((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : a.id < b.id ? -1 : 1))
}

function viewOf(terms: Terms, record: ExclusionRecord, { nowMs, judge }: ExclusionDeps): ExclusionView {
  const { declared, answers } = record
  const { terms: contract } = newest(terms)
  const touched = contract.guarantees
    .filter(({ service }) => declared.service === null || service === declared.service)
    .flatMap(({ id }) => measurableAt(terms, id, { atMs: declared.startMs, nowMs }) ?? [])
    .map((asked) => judge(asked))
  const rulings = touched.flatMap(({ judged }) => judged.rulings.find(({ id }) => id === declared.id) ?? [])
  const own = declarationsOf({ exclusions: [record] })[0]
  const first = rulings[0]
  const { startMs, endMs, announcedMs, announced } = declared
  return {
    id: declared.id,
    contract: terms.contract,
    service: declared.service,
    kind: declared.kind,
    clause: first?.clause ?? contract.exclusions.kinds.find(({ id }) => id === declared.kind)?.clause ?? null,
    start: formatInstant(startMs),
    end: formatInstant(endMs),
    announcedAt: announcedMs === null ? null : formatInstant(announcedMs),
    announcementOnRecord:
      announcedMs === null || (!!own && announcementMs(own, contract.parties) === announcedMs),
    announced: announced && { start: formatInstant(announced.startMs), end: formatInstant(announced.endMs) },
    reason: declared.reason,
    declaredAt: formatInstant(declared.declaredMs),
    afterwards: declared.declaredMs > startMs,
    declaredBy: declared.party,
    side: declared.side,
    standing: standingOf(rulings, record),
    refusals: first ? [...first.refusals] : ['nothing-promised'],
    notice: first?.notice ? noticeOf(first.notice) : null,
    answers: answers.map(({ answer, party, side, atMs, note }) => ({
      answer,
      by: party,
      side,
      at: formatInstant(atMs),
      note,
    })),
    effects: touched.map((live) => effectOf(live, declared.id)),
  }
}

function standingOf(rulings: readonly Ruling[], { answers }: ExclusionRecord): ExclusionStanding {
  if (rulings.some(({ contested }) => contested)) {
    const isDisputed = answers.some(({ answer }) => answer === 'disputed')
    return isDisputed ? 'contested' : 'waiting'
  }
  return rulings.some(({ counts }) => counts) ? 'counts' : 'refused'
}

function noticeOf({ unit, given, required, valid }: Notice): ExclusionView['notice'] {
  return { unit, given, required, isEnough: valid }
}

function effectOf({ asked, judged }: LiveJudgement, id: string): ExclusionView['effects'][number] {
  const ruling = judged.rulings.find((one) => one.id === id)
  const excused = ruling?.counts ? intersect(ruling.spans, judged.commitment.excluded) : []
  return {
    guarantee: asked.guarantee.id,
    window: asked.window.key,
    excusedMs: totalMs(excused),
    contested: ruling?.contested ?? false,
  }
}
