/**
 * Headline: one message in plain words, for the shapes that people read. Pure. Tolerant: a field that
 * is missing is left out, for every type of event comes through here.
 */
import { failureText } from '../view/failure-text.ts'
import type { IncidentView } from '../view/timeline.ts'
import {
  FLAPPING_TYPE,
  GROUPED_TYPE,
  type DataValue,
  type Envelope,
  type EventData,
  type MessageType,
} from './types.ts'

/** How loud: `page` wakes somebody, `warn` wants a look today, `good` ends one, `note` informs. */
export type Urgency = 'page' | 'warn' | 'good' | 'note'

export type Headline = {
  title: string
  /** Label and text, in the order of importance. */
  lines: readonly { label: string; text: string }[]
  urgency: Urgency
  link: string | null
  /** What later messages about the same thing share: an incident, an agent. */
  subject: string
}

const WORDS: Readonly<Record<MessageType, { says: string; urgency: Urgency }>> = {
  'incident.opened': { says: 'down', urgency: 'page' },
  'incident.updated': { says: 'incident updated', urgency: 'note' },
  'incident.closed': { says: 'up again', urgency: 'good' },
  'incident.reopened': { says: 'down again', urgency: 'page' },
  'incident.merged': { says: 'incident merged into another', urgency: 'good' },
  'incident.acknowledged': { says: 'incident acknowledged', urgency: 'note' },
  'incident.escalated': { says: 'still down, and nobody has answered', urgency: 'page' },
  'site.unreachable': { says: 'site unreachable', urgency: 'page' },
  'objective.at_risk': { says: 'objective at risk', urgency: 'warn' },
  'objective.breached': { says: 'objective not met on measured data', urgency: 'warn' },
  'window.finalised': { says: 'window final', urgency: 'note' },
  'window.amended': { says: 'window amended', urgency: 'note' },
  'agent.silent': { says: 'agent silent', urgency: 'warn' },
  'agent.back': { says: 'agent back', urgency: 'good' },
  'certificate.expiring': { says: 'certificate ends soon', urgency: 'warn' },
  'claim.deadline': { says: 'time to claim ends soon', urgency: 'warn' },
  'exclusion.proposed': { says: 'exclusion proposed', urgency: 'note' },
  'terms.agreed': { says: 'terms agreed to', urgency: 'note' },
  'terms.objected': { says: 'terms objected to', urgency: 'warn' },
  'penalty.notified': { says: 'penalty notified', urgency: 'note' },
  'penalty.answered': { says: 'penalty answered', urgency: 'note' },
  'evidence.anomaly': { says: 'integrity anomaly', urgency: 'warn' },
  'evidence.root': { says: 'root of the log, to be kept', urgency: 'note' },
  'report.ready': { says: 'report ready', urgency: 'note' },
  'incident.grouped': { says: 'several down', urgency: 'page' },
  'incident.flapping': { says: 'flapping', urgency: 'page' },
  'webhook.test': { says: 'test message', urgency: 'note' },
}

const LINES: readonly { key: string; label: string }[] = [
  { key: 'changed', label: 'New' },
  { key: 'contract', label: 'Contract' },
  { key: 'guarantee', label: 'Guarantee' },
  { key: 'window', label: 'Window' },
  { key: 'revision', label: 'Revision' },
  { key: 'amount', label: 'Amount' },
  { key: 'kind', label: 'Kind' },
  { key: 'start', label: 'From' },
  { key: 'end', label: 'To' },
  { key: 'declaredBy', label: 'Declared by' },
  { key: 'saidBy', label: 'By' },
  { key: 'answerUntil', label: 'To be answered until' },
  { key: 'check', label: 'Check' },
  { key: 'cause', label: 'Cause' },
  { key: 'failure', label: 'First failure' },
  { key: 'zone', label: 'Zone' },
  { key: 'owner', label: 'Answers for it' },
  { key: 'administeredBy', label: 'Administered by' },
  { key: 'onsetAt', label: 'Since' },
  { key: 'endAt', label: 'Until' },
  { key: 'silentSince', label: 'Silent since' },
  { key: 'acknowledgedAt', label: 'Acknowledged' },
  { key: 'message', label: 'Message' },
]

export function headlineOf({ type, data }: Omit<Envelope, 'timestamp'>): Headline {
  const { says, urgency } = standingOf({ type, data }) ?? WORDS[type]
  // What the contract calls critical wakes somebody once it is lost.
  const isCritical = type === 'objective.breached' && data['critical'] === true
  const who =
    textAt(data, 'service') ??
    textAt(objectAt(data, 'site'), 'displayName') ??
    textAt(objectAt(data, 'agent'), 'name') ??
    textAt(data, 'contract')
  const lines = LINES.flatMap(({ key, label }) => {
    const text = TEXTS[key]?.(data) ?? textAt(data, key)
    return text === null ? [] : [{ label, text }]
  })
  const downMs = objectAt(data, 'downMs')['provable']
  if (type === 'incident.closed' && typeof downMs === 'number') {
    lines.push({ label: 'Down for at least', text: durationText(downMs) })
  }
  return {
    title: `${who ?? 'Constat'}: ${says}${urgency === 'page' ? codeText(data) : ''}`,
    lines,
    urgency: isCritical ? 'page' : urgency,
    link: linkOf(data),
    subject: subjectOf({ type, data }),
  }
}

/** Whether a message is about something that is over: an end, or more about what has ended. */
export function saysOver({ type, data }: Omit<Envelope, 'timestamp'>): boolean {
  const isEnded = type.startsWith('incident.') && textAt(data, 'closedAt') !== null
  return isEnded || headlineOf({ type, data }).urgency === 'good'
}

/** Plain text, a line each, for shapes without fields. */
export function linesText({ lines }: Headline): string {
  return lines.map(({ label, text }) => `${label}: ${text}`).join('\n')
}

/** Whole units, largest first: `1 h 4 min 30 s`. */
export function durationText(durationMs: number): string {
  const totalS = Math.floor(durationMs / 1_000)
  const parts = [
    { n: Math.floor(totalS / 3_600), unit: 'h' },
    { n: Math.floor(totalS / 60) % 60, unit: 'min' },
    { n: totalS % 60, unit: 's' },
  ].filter(({ n }) => n > 0)
  return parts.length === 0 ? '0 s' : parts.map(({ n, unit }) => `${n} ${unit}`).join(' ')
}

/** Lines that are made of more than one text. */
const TEXTS: Readonly<Record<string, (data: EventData) => string | null>> = {
  owner: answererOf,
  changed: (data) => CHANGES[textAt(objectAt(data, 'changed'), 'kind') ?? '']?.(data) ?? null,
  revision: ({ revision }) => (typeof revision === 'number' ? String(revision) : null),
  amount: (data) => {
    const parts = [textAt(data, 'amount'), textAt(data, 'currency')]
    return parts[0] === null ? null : parts.filter((part) => part !== null).join(' ')
  },
  failure: (data) => {
    // An incident is told as its view, or in the shape of an older version that had no first failure.
    const { failure = null, cause } = data as unknown as Partial<IncidentView>
    return failure === null || cause === undefined ? null : failureText({ failure, cause })
  },
}

/** What somebody has said of an incident; the words themselves stand on its page. */
const CHANGES: Readonly<Record<string, (data: EventData) => string>> = {
  note: (data) => `a note by the ${textAt(objectAt(data, 'changed'), 'side') ?? 'customer'}`,
  dispute: (data) => `disputed by the ${textAt(objectAt(data, 'changed'), 'side') ?? 'provider'}`,
  trouble: () => 'a user says that it fails',
}

/** ` (503)`: what woke somebody is told in the first line. */
function codeText(data: EventData): string {
  const code = textAt(objectAt(data, 'failure'), 'code')
  return code === null ? '' : ` (${code})`
}

/** Who owns the zone; of a subcontractor, who answers for it too. */
function answererOf(data: EventData): string | null {
  const owner = textAt(data, 'owner')
  const answeredBy = textAt(data, 'answeredBy')
  return owner === null || answeredBy === null || answeredBy === owner ? owner : `${answeredBy}, for ${owner}`
}

/** Types that say different things at different times. */
function standingOf({ type, data }: Omit<Envelope, 'timestamp'>): { says: string; urgency: Urgency } | null {
  if (isSiteBack({ type, data })) return SITE_BACK
  if (type === GROUPED_TYPE && data['closedAt'] !== null) return { says: 'all up again', urgency: 'good' }
  if (type === GROUPED_TYPE && data['calling'] !== true) return { says: 'some up again', urgency: 'note' }
  if (type === FLAPPING_TYPE && data['stable'] === true) {
    const isDown = listAt(data, 'services').some(({ down }) => down === true)
    return isDown ? { says: 'down for longer', urgency: 'page' } : { says: 'stable again', urgency: 'good' }
  }
  return null
}

const SITE_BACK = { says: 'site reachable again', urgency: 'good' } as const

/** The first agent of an unreachable site is heard again: an event of the site, beside that of the agent. */
function isSiteBack({ type, data }: { type: MessageType; data: EventData }): boolean {
  return type === 'agent.back' && textAt(objectAt(data, 'site'), 'id') !== null
}

function subjectOf({ type, data }: { type: MessageType; data: EventData }): string {
  const site = textAt(objectAt(data, 'site'), 'id')
  if (site !== null) return `site:${textAt(data, 'contract') ?? 'unknown'}:${site}`
  if (type === GROUPED_TYPE || type === FLAPPING_TYPE) return textAt(data, 'id') ?? type
  if (type.startsWith('incident.')) return `incident:${textAt(data, 'id') ?? 'unknown'}`
  if (type.startsWith('agent.')) return `agent:${textAt(objectAt(data, 'agent'), 'id') ?? 'unknown'}`
  return [type, textAt(data, 'contract'), textAt(data, 'id')].filter((part) => part !== null).join(':')
}

function linkOf(data: EventData): string | null {
  const [link] = Object.values(objectAt(data, 'links'))
  return typeof link === 'string' ? link : null
}

export function textAt(data: EventData, key: string): string | null {
  const value = data[key]
  return typeof value === 'string' && value !== '' ? value : null
}

export function objectAt(data: EventData, key: string): EventData {
  const value = data[key]
  // Not null, not a list: the remaining object of the union.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as EventData) : {}
}

/** Objects of a list; empty where there is none. */
export function listAt(data: EventData, key: string): EventData[] {
  const value = data[key]
  const all = Array.isArray(value) ? (value as readonly DataValue[]) : []
  return all.filter((one): one is EventData => typeof one === 'object' && one !== null && !Array.isArray(one))
}
