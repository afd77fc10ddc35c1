/**
 * Composing: the small contract as the YAML that a person would have written and can go on from. The form
 * of the web view writes it; `parseContract` reads it like any other. Pure.
 */
import { Document, isMap, isSeq, Scalar, visit } from 'yaml'
import type { Weekday } from './calendar-terms.ts'

export type SmallContract = {
  name: string
  displayName: string
  provider: string
  /** Decimal, `99.9`. */
  target: string
  timeZone: string
  watch: readonly string[]
  /** Null: at all hours. */
  hours: SmallHours | null
  monthlyFee: { amount: string; currency: string } | null
}

export type SmallHours = {
  days: readonly Weekday[]
  /** `08:00`. */
  start: string
  end: string
  holidays: readonly { date: string; name: string | null }[]
  /** Years whose holidays are listed; empty: there are none to list. */
  years: readonly number[]
}

/** Probed and confirmed as `constat up --watch` does: often enough for minutes to be counted. */
const PROBING = {
  every: 'PT10S',
  timeout: 'PT5S',
  confirm: { down: 2, up: 1, by: 'reprobes' },
}

/** Other tools read an unquoted 08:00 as a number, and a date as an instant. */
const READ_AS_NUMBER = /^\d+[:-]/

export function composeContract(wanted: SmallContract): string {
  const document = new Document({
    apiVersion: 'constat/v1',
    kind: 'Contract',
    metadata: { name: wanted.name, displayName: wanted.displayName },
    spec: {
      provider: wanted.provider,
      target: wanted.target,
      timeZone: wanted.timeZone,
      watch: wanted.watch,
      ...(wanted.hours && { hours: hoursOf(wanted.hours) }),
      ...(wanted.monthlyFee && { monthlyFee: wanted.monthlyFee }),
      ...PROBING,
    },
  })
  visit(document, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && READ_AS_NUMBER.test(scalar.value)) {
        scalar.type = Scalar.QUOTE_DOUBLE
      }
    },
  })
  // One line for each slot, holiday and pair: a year of holidays must be read at a glance.
  for (const path of [['hours', 'weekly'], ['hours', 'holidays'], ['monthlyFee'], ['confirm']]) {
    setFlow(document.getIn(['spec', ...path]))
  }
  setFlow(document.getIn(['metadata']))
  setFlow(document.getIn(['spec', 'hours', 'yearsCovered']), 'itself')
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function hoursOf({ days, start, end, holidays, years }: SmallHours) {
  const listed = holidays.map(({ date, name }) => (name === null ? { date } : { date, name }))
  return {
    weekly: [{ days, start, end }],
    ...(listed.length > 0 && { holidays: listed }),
    ...(years.length > 0 && { yearsCovered: years }),
  }
}

/** A list becomes one line a member; a map, or a list asked for `itself`, one line. */
function setFlow(node: unknown, of: 'members' | 'itself' = 'members'): void {
  if (isMap(node) || (isSeq(node) && of === 'itself')) node.flow = true
  else if (isSeq(node)) for (const item of node.items) setFlow(item)
}
