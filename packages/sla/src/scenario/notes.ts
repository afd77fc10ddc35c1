/**
 * Notes beside the answer: what a scenario gave that changed nothing, and a window that is none of those that
 * were promised. Pure.
 */
import { formatInstant, type Interval } from '@constat/shared/time'
import { tableOf } from '../calendar.ts'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { checksOf } from '../service-tree.ts'
import type { Judged, ServiceFacts } from '../judgement/judge-guarantee.ts'
import { windowAt, type CalendarWindow } from '../period.ts'
import { listed, type Say } from './findings.ts'
import { overlaps, type Inputs } from './inputs.ts'
import type { Reconciled } from './money.ts'
import type { Span } from './read.ts'

export type Used = Inputs & {
  span: Span
  services: ReadonlyMap<string, ServiceFacts>
  judged: readonly Judged[]
  reconciled: readonly Reconciled[]
}

export function noteUnused(used: Used): void {
  const { documents, findings, judged, services, span } = used
  noteIncidents(used)
  const { terms } = documents
  if (!terms) return
  const of = new Set(judged.map(({ result }) => result.guarantee))
  const left = terms.guarantees.filter(({ id }) => !of.has(id))
  // A scenario of a calendar alone asks for no guarantee.
  if (services.size > 0 && left.length > 0)
    findings.note(['contract'], `nothing is given of ${whole(left)}: not judged`)
  for (const { id } of left)
    if (used.history.has(id)) findings.note(['history', id], 'is of a guarantee that is not judged here')
  noteServices(used, terms)
  noteStatement(used)
  for (const guarantee of terms.guarantees)
    if (of.has(guarantee.id)) noteWindow({ guarantee, terms, window: span.window }, findings.note)
}

function whole(guarantees: readonly GuaranteeTerms[]): string {
  return listed(guarantees.map(({ id, service }) => (id === service ? id : `${id} (${service})`)))
}

/** People tell of outages; what nothing measured shows is none. */
function noteIncidents({ incidents, services, span, findings }: Used): void {
  for (const [i, told] of incidents.entries()) {
    const facts = services.get(told.service)
    const seen = [facts, ...(facts?.sites ?? [])].flatMap((one) => one?.incidents ?? [])
    if (seen.some((one) => overlaps(told, one, span.asOfMs))) continue
    findings.note(['incidents', i], 'overlaps no measured outage: it changes nothing')
  }
}

function noteServices(
  { scenario, samples, states, declarations, span, findings, judged, services }: Used,
  terms: ExpandedContract,
): void {
  const promised = new Set(judged.map(({ result }) => result.service))
  for (const [i, { service }] of (scenario.exclusions ?? []).entries()) {
    if (service === undefined ? promised.size > 0 : promised.has(service)) continue
    findings.note(['exclusions', i], 'is of no guarantee that is judged here: it excuses nothing')
  }
  for (const { interval, id } of declarations) {
    if (interval.startMs < span.window.endMs && interval.endMs > span.window.startMs) continue
    findings.note(['exclusions'], `${id} lies outside the window: it excuses nothing of it`)
  }
  for (const [check] of samples) {
    const own = terms.services.filter(({ name }) => checksOf(terms, name).some((one) => one.name === check))
    const given = own.map(({ name }) => name).filter((name) => states.has(name))
    if (given.length > 0 && given.length === own.length)
      findings.note(['samples', check], `is not used for ${listed(given)}: states give it as it stands`)
  }
  for (const service of states.keys())
    if (!terms.guarantees.some((one) => one.service === service) && services.has(service))
      findings.note(['states', service], 'is of a service without a guarantee: told, and not judged')
}

function noteStatement({ statement, judged, reconciled, findings }: Used): void {
  if (!statement) return
  const held = new Set(reconciled.map(({ guarantee }) => guarantee))
  const left = judged.map(({ result }) => result.guarantee).filter((id) => !held.has(id))
  if (left.length === 0) return
  const why = 'it says nothing of them, or they are no availability of a whole service'
  findings.note(['statement'], `is not held against ${listed(left)}: ${why}`)
}

type Windowed = { guarantee: GuaranteeTerms; terms: ExpandedContract; window: Interval }

/** What is judged is the window that was given; the promise is of another. */
function noteWindow({ guarantee, terms, window }: Windowed, note: Say): void {
  const { timeZone, ...periodic } = guarantee.window
  const table = tableOf(terms.zoneTables, timeZone)
  // Outside the rules that the terms carry nothing can be said.
  if (window.startMs < table.fromMs + YEAR_MS || window.startMs > table.toMs - YEAR_MS) return
  const own = windowAt({ ...periodic, table }, window.startMs)
  if (own.startMs === window.startMs && own.endMs === window.endMs) return
  note(['window'], `is no window of ${guarantee.id}: ${ownText(own, timeZone)}`)
}

const YEAR_MS = 366 * 86_400_000

function ownText({ key, period, startMs, endMs }: CalendarWindow, timeZone: string): string {
  const span = `${formatInstant(startMs)} to ${formatInstant(endMs)}`
  return `its own is ${key} (${period} in ${timeZone}, ${span}); write "window": "${key}"`
}
