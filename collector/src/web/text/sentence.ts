/**
 * The one sentence of a contract, composed from its view in the reader's language: state, since when,
 * what is left of the budget, what a claim lacks. Pure.
 */
import type { ContractView, ServiceView } from '../../view/contract.ts'
import type { GuaranteeView } from '../../view/guarantee.ts'
import type { Readiness } from '../../view/parts.ts'
import type { Scene } from '../scene.ts'
import { countText, durationText, nearText, timeText } from './format.ts'
import { becauseText } from './reasons.ts'
import { listText, wordOf } from './words.ts'

export function contractSentence(contract: ContractView, scene: Scene): string {
  const { ending } = scene.text
  const ended = contract.endedAt === null ? '' : ending.endedAt(fullText(contract.endedAt, scene))
  const trouble = contract.trouble === null ? '' : ending.trouble(contract.trouble)
  const now = contract.endedAt === null ? nowSentences(contract, scene) : []
  return [trouble, ended, ...now, readinessSentence(contract.readiness, scene)]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

function nowSentences(contract: ContractView, scene: Scene): string[] {
  return [
    stateSentence(contract, scene),
    // Of several services each says why by its bar.
    contract.services.length === 1 ? becauseText(contract.services[0]!.reasons, scene) : '',
    measuredSentence(contract.guarantees, scene),
    budgetSentence(contract.guarantees, scene),
  ]
}

function fullText(at: string, scene: Scene): string {
  return timeText(Date.parse(at), 'minute', scene)
}

function stateSentence({ state, services }: ContractView, scene: Scene): string {
  const times = services
    .filter((service) => service.state === state && service.since !== null)
    .map((service) => Date.parse(service.since ?? ''))
  // All are up only since the last one came back; trouble lasts since the first began.
  return sayState(
    state,
    times.length === 0 ? null : state === 'up' ? Math.max(...times) : Math.min(...times),
    scene,
  )
}

/** How it is, or why nobody knows any more, and what becomes of it. */
export function serviceSentence(service: ServiceView, { endedAt }: ContractView, scene: Scene): string {
  const { ending } = scene.text
  const { state, since, until, leavesAt, unmeasuredSince, reasons } = service
  if (leavesAt !== null && Date.parse(leavesAt) <= scene.nowMs)
    return ending.leftAt(fullText(leavesAt, scene))
  const now =
    unmeasuredSince === null
      ? [sayState(state, since === null ? null : Date.parse(since), scene), becauseText(reasons, scene)]
          .filter((said) => said !== '')
          .join(' ')
      : ending.notProbed[endedAt === null ? 'stopped' : 'ended'](fullText(unmeasuredSince, scene))
  // Of a contract that has ended nothing changes any more.
  if (endedAt !== null || until === null) return now
  const next = until === leavesAt ? ending.leavesAt : ending.newTermsAt
  return `${now} ${next(fullText(until, scene))}`
}

function sayState(state: ServiceView['state'], sinceMs: number | null, scene: Scene): string {
  const { sentence } = scene.text
  return sinceMs === null
    ? sentence.stateNow[state]
    : sentence.state[state](nearText(sinceMs, scene.nowMs, scene))
}

/** Said only while it matters: measuring began inside the window. */
function measuredSentence(guarantees: readonly GuaranteeView[], scene: Scene): string {
  const late = guarantees.filter(
    ({ measuredFrom, window }) =>
      measuredFrom !== null && Date.parse(measuredFrom) > Date.parse(window.start),
  )
  const times = late.map(({ measuredFrom }) => Date.parse(measuredFrom ?? ''))
  return times.length === 0
    ? ''
    : scene.text.sentence.measuredSince(nearText(Math.min(...times), scene.nowMs, scene))
}

function budgetSentence(guarantees: readonly GuaranteeView[], { text, lang }: Scene): string {
  const tightest = guarantees
    .filter((one) => one.metric === 'interval-availability')
    .toSorted((a, b) => a.budget.leftMs - b.budget.leftMs)[0]
  if (tightest === undefined) return ''
  const { leftMs } = tightest.budget
  return leftMs < 0
    ? text.sentence.budgetSpent(durationText(-leftMs, lang))
    : text.sentence.budgetLeft(durationText(leftMs, lang))
}

/** The contract page lists them all. */
const MAX_LACKS = 3

function readinessSentence({ claimable, lacks }: Readiness, { text }: Scene): string {
  if (claimable) return text.sentence.claimable
  if (lacks.length === 0) return ''
  const said = lacks.slice(0, MAX_LACKS).map((lack) => wordOf(text.lacks, lack))
  const rest = lacks.length - said.length
  return text.sentence.notClaimable(listText(rest > 0 ? [...said, text.sentence.more(rest)] : said, text))
}

/** `2026-10` → October 2026; other keys say themselves. */
export function windowName(key: string, { lang }: Scene): string {
  const month = /^(\d{4})-(\d{2})$/.exec(key)
  if (!month) return key
  return timeText(Date.UTC(Number(month[1]), Number(month[2]) - 1, 15), 'month', { lang, zone: 'UTC' })
}

/** Guarantees of one window by what came of them. */
export type Counts = Record<GuaranteeView['verdict'], number>

/** The verdict of a window in a line, and how it is coloured. */
export function verdictText(
  counts: Counts,
  { text: { report: words }, lang }: Scene,
): { tone: 'good' | 'bad' | 'calm'; text: string } {
  const all = counts.met + counts.not_met + counts.indeterminate
  const of = countText(all, lang)
  if (all === 0) return { tone: 'calm', text: words.noGuarantee }
  if (counts.not_met > 0) {
    return { tone: 'bad', text: words.notMet({ n: countText(counts.not_met, lang), of }) }
  }
  if (counts.indeterminate > 0) {
    return { tone: 'calm', text: words.undecided({ n: countText(counts.indeterminate, lang), of }) }
  }
  return { tone: 'good', text: words.allMet(of) }
}
