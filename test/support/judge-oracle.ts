/**
 * The judgement of an availability written a second time, second by second and from the text of the
 * semantics, sharing no code with the engine: local clock, notice, cap, quorum, merging, verdict. Slow. Pure.
 * Every instant is a whole second of the week from Monday 5 January 2026, UTC.
 */
import { truthAt, type OracleRules, type OracleSample } from './fold-oracle.ts'

export type OracleQuestion = {
  /** By vantage; instants in seconds of the week. */
  vantages: readonly (readonly OracleSample[])[]
  rules: OracleRules
  quorum: { down: number; minKnown: number }
  /** Seconds of the week at which the promise holds: Monday is day 0. */
  isService: (second: number) => boolean
  exclusions: readonly { from: number; to: number }[]
  capS: number | null
  window: { from: number; to: number }
  mergeGapS: number
  minimumOutageS: number
}

export type OracleAnswer = {
  committed: number
  excluded: number
  known: number
  down: [number, number, number]
}

/** Nothing is told earlier than this before the window. */
const LEAD_S = 200

export function judgedBySeconds(question: OracleQuestion): OracleAnswer {
  const { window, isService, capS } = question
  const firstS = window.from - LEAD_S
  const seconds = Array.from({ length: window.to - firstS }, (_, i) => firstS + i)
  const marks = seconds.map((second) => serviceAt(question, second))
  const counted = (['provable', 'point', 'pessimistic'] as const).map((figure) =>
    countedSeconds(marks, figure, question),
  )
  const answer: OracleAnswer = { committed: 0, excluded: 0, known: 0, down: [0, 0, 0] }
  let spent = 0
  for (const second of seconds) {
    if (!isService(second)) continue
    // The week is a part of its month, whose cap nothing has spent before it.
    const isExcluded =
      question.exclusions.some(({ from, to }) => from <= second && second < to) && spent < (capS ?? Infinity)
    if (isExcluded) spent += 1
    if (second < window.from) continue
    if (isExcluded) {
      answer.excluded += 1
      continue
    }
    answer.committed += 1
    if (marks[second - firstS]!.known) answer.known += 1
    for (const k of [0, 1, 2] as const) if (counted[k]!.has(second)) answer.down[k] += 1
  }
  return answer
}

type ServiceMark = {
  known: boolean
  provable: boolean
  point: boolean
  pessimistic: boolean
  isTold: boolean
}

function serviceAt({ vantages, rules, quorum }: OracleQuestion, second: number): ServiceMark {
  const all = vantages.map((samples) => truthAt(samples, rules, second))
  const count = (holds: (one: (typeof all)[number]) => boolean): number => all.filter(holds).length
  const known = count((one) => one.known) >= quorum.minKnown
  const point = known && count((one) => one.down) >= quorum.down
  const pessimistic = !known || count((one) => !one.provenUp) >= quorum.down
  const isPartial = known && !point && count((one) => one.down) > 0
  return {
    known,
    point,
    pessimistic,
    isTold: known && !(isPartial && pessimistic),
    provable: known && count((one) => one.provenDown) >= quorum.down,
  }
}

/**
 * Seconds that count: outages joined over short gaps, and only those that are long enough as a whole. Of the
 * measured ones, time that does not tell of their end is no gap.
 */
function countedSeconds(
  marks: readonly ServiceMark[],
  figure: 'provable' | 'point' | 'pessimistic',
  { mergeGapS, minimumOutageS, window }: OracleQuestion,
): Set<number> {
  const counted = new Set<number>()
  let outage: number[] = []
  let untilS = 0
  const close = (): void => {
    const length = outage.length === 0 ? 0 : outage.at(-1)! - outage[0]! + 1
    if (length >= minimumOutageS) for (const second of outage) counted.add(second)
    outage = []
  }
  for (const [i, mark] of marks.entries()) {
    const second = window.from - LEAD_S + i
    if (mark[figure]) {
      if (outage.length > 0 && second - untilS > mergeGapS) close()
      outage.push(second)
      untilS = second + 1
    } else if (figure === 'point' && !mark.isTold && second === untilS) untilS = second + 1
  }
  // What may be running at the end may become long enough.
  if (figure === 'pessimistic' && untilS === window.to) for (const second of outage) counted.add(second)
  close()
  return counted
}
