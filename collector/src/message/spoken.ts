/**
 * Spoken: what a message says in the reader's words: a title, and lines of a label and a text. By the names that the
 * terms have, in their time zone, as the pages do. Pure. Tolerant: what a message does not say is left out.
 */
import { objectAt, textAt, type Headline } from '../alert/headline.ts'
import type { Envelope, EventData } from '../alert/types.ts'
import { gatheredSaid } from './gathered.ts'
import type { IncidentView } from '../view/timeline.ts'
import { failureText } from '../web/page/incidents.tsx'
import { checkName, contractName, guaranteeName, serviceName } from '../web/part/names.ts'
import { zoneText } from '../web/part/zones.tsx'
import type { Scene } from '../web/scene.ts'
import type { Spoken } from '../web/text/en-message.ts'
import type { Text } from '../web/text/en.ts'
import { countText, durationText, moneyText, nearText, timeText } from '../web/text/format.ts'
import { verdictText, windowName } from '../web/text/sentence.ts'
import { wordOf } from '../web/text/words.ts'

export type Said = Pick<Headline, 'title' | 'lines'>

/** Longest title: what fits into the subject of a letter. */
export const MAX_TITLE_CHARS = 78

/** `headline`: what is said where there are no words of ours. */
export function saidOf(envelope: Envelope, headline: Headline, scene: Scene): Said {
  const gathered = gatheredSaid(envelope, scene)
  if (gathered) return { ...gathered, title: cut(gathered.title) }
  const say = sayOf(envelope, scene.text)
  const title = say === null ? headline.title : titleOf(say, spokenOf(envelope, scene))
  const lines = say === null ? headline.lines : linesOf(envelope, scene)
  return { title: cut(title), lines }
}

type Say = (spoken: Spoken) => string

/** Without the places where that is too long. */
function titleOf(say: Say, spoken: Spoken): string {
  const title = say(spoken)
  return title.length > MAX_TITLE_CHARS ? say({ ...spoken, places: '' }) : title
}

function cut(title: string): string {
  return title.length > MAX_TITLE_CHARS ? `${title.slice(0, MAX_TITLE_CHARS - 1)}…` : title
}

function sayOf({ type, data }: Envelope, { message }: Text): Say | null {
  const isSite = textAt(objectAt(data, 'site'), 'id') !== null
  const table: Readonly<Record<string, Say>> = {
    'incident.opened': message.opened,
    'incident.updated': message.updated,
    'incident.closed': message.closed,
    'incident.reopened': message.reopened,
    'incident.merged': message.merged,
    'incident.acknowledged': message.acknowledged,
    'incident.escalated': message.escalated,
    'site.unreachable': message.siteUnreachable,
    'agent.silent': message.agentSilent,
    'agent.back': isSite ? message.siteBack : message.agentBack,
    'objective.at_risk': message.atRisk,
    'objective.breached': message.breached,
    'window.finalised': message.finalised,
    'window.amended': message.amended,
    'exclusion.proposed': message.exclusion,
    'evidence.anomaly': message.anomaly,
    'evidence.root': message.root,
    'certificate.expiring': message.certificate,
    'claim.deadline': message.deadline,
    'terms.agreed': message.termsAgreed,
    'terms.objected': message.termsObjected,
    'penalty.notified': message.penaltyNotified,
    'penalty.answered': message.penaltyAnswered,
    'report.ready': message.report,
    'webhook.test': message.test,
  }
  return table[type] ?? null
}

function spokenOf({ type, data }: Envelope, scene: Scene): Spoken {
  const at = (key: string): string => instantText(textAt(data, key), scene)
  const incident = incidentOf(data)
  return {
    who: whoOf(data, scene),
    since: at('onsetAt') || at('silentSince'),
    cause: incident ? (incident.failure?.code ?? wordOf(scene.text.cause, incident.cause)) : '',
    places: incident ? placesText(incident, scene) : '',
    length: durationText(lengthMs(data), scene.lang),
    window: windowText(data, scene),
    what: whatOf(type, data, scene),
  }
}

function whatOf(type: string, data: EventData, scene: Scene): string {
  const contract = textAt(data, 'contract') ?? ''
  const { daysLeft } = data
  if (type === 'evidence.root') return dayText(textAt(data, 'day'), scene)
  if (typeof daysLeft === 'number') return scene.text.message.days(daysLeft)
  if (type.startsWith('incident.')) return instantText(textAt(data, 'endAt'), scene)
  const guarantee = textAt(data, 'guarantee')
  if (guarantee !== null) return guaranteeName({ contract, guarantee }, scene)
  return textAt(data, 'declaredBy') ?? ''
}

function dayText(day: string | null, { lang }: Scene): string {
  return day === null ? '' : timeText(Date.parse(day), 'day', { lang, zone: 'UTC' })
}

function lengthMs(data: EventData): number {
  const { unansweredMs } = objectAt(data, 'escalation')
  const { provable } = objectAt(data, 'downMs')
  return typeof unansweredMs === 'number' ? unansweredMs : typeof provable === 'number' ? provable : 0
}

function whoOf(data: EventData, scene: Scene): string {
  const contract = textAt(data, 'contract') ?? ''
  const service = textAt(data, 'service')
  if (service !== null && textAt(data, 'guarantee') === null) return serviceName({ contract, service }, scene)
  const check = textAt(data, 'check')
  return (
    (check === null ? null : checkName({ contract, check }, scene)) ??
    textAt(objectAt(data, 'site'), 'displayName') ??
    textAt(objectAt(data, 'agent'), 'name') ??
    (contract === '' ? scene.text.product : contractName({ contract }, scene))
  )
}

function placesText({ vantages }: IncidentView, { text }: Scene): string {
  const failing = vantages.filter(({ state }) => state === 'down').length
  return failing === 0 ? '' : text.message.places({ failing, all: vantages.length })
}

/** The view of an incident, which is what an event of one holds. */
export function incidentOf(data: EventData): IncidentView | null {
  const isView = Array.isArray(data['vantages']) && typeof data['cause'] === 'string'
  return isView ? (data as unknown as IncidentView) : null
}

function instantText(at: string | null, scene: Scene): string {
  const atMs = Date.parse(at ?? '')
  return Number.isNaN(atMs) ? '' : nearText(atMs, scene.nowMs, scene)
}

function linesOf({ type, data }: Envelope, scene: Scene): Headline['lines'] {
  const { text } = scene
  const { label } = text.message
  const contract = textAt(data, 'contract')
  const at = (key: string): string => instantText(textAt(data, key), scene)
  const pairs: [string, string][] = [
    [text.incident.contract, contract === null ? '' : contractName({ contract }, scene)],
    ...incidentLines(data, scene),
    [label.guarantee, type.startsWith('objective.') ? whatOf(type, data, scene) : ''],
    [label.window, windowText(data, scene)],
    ...reportLines({ type, data }, scene),
    ...rootLines({ type, data }, scene),
    [label.from, at('start')],
    [label.to, at('end')],
    [label.silent, at('silentSince')],
    [label.deadline, at('deadlineAt')],
    [text.incident.onset, at('onsetAt')],
    [text.incident.end, at('endAt')],
    [text.incident.acknowledged, at('acknowledgedAt')],
    // A test says what it is in its title.
    [label.message, type === 'webhook.test' ? '' : (textAt(data, 'message') ?? '')],
  ]
  return pairs.filter(([, said]) => said !== '').map(([name, said]) => ({ label: name, text: said }))
}

function windowText(data: EventData, scene: Scene): string {
  const window = textAt(data, 'window')
  return window === null ? '' : windowName(window, scene)
}

/** The verdict and the credit, as the cover of the report has them. */
function reportLines({ type, data }: Pick<Envelope, 'type' | 'data'>, scene: Scene): [string, string][] {
  if (type !== 'report.ready') return []
  const { text, lang } = scene
  const verdicts = objectAt(data, 'verdicts')
  const of = (key: string): number => (typeof verdicts[key] === 'number' ? verdicts[key] : 0)
  const counts = { met: of('met'), not_met: of('not_met'), indeterminate: of('indeterminate') }
  const { amount, currency } = objectAt(data, 'credit')
  const isPriced = typeof amount === 'string' && typeof currency === 'string'
  return [
    [text.figure.verdict, verdictText(counts, scene).text],
    [text.life.credit, isPriced ? moneyText({ amount, currency }, lang) : ''],
    [text.report.standing, data['provisional'] === true ? text.report.provisional : ''],
  ]
}

function rootLines({ type, data }: Pick<Envelope, 'type' | 'data'>, scene: Scene): [string, string][] {
  if (type !== 'evidence.root') return []
  const { text, lang } = scene
  const { size } = data
  return [
    [text.contract.size, typeof size === 'number' ? countText(size, lang) : ''],
    [text.contract.root, textAt(data, 'root') ?? ''],
    [text.contract.origin, textAt(data, 'origin') ?? ''],
    [text.message.label.keep, text.message.keepRoot],
  ]
}

function incidentLines(data: EventData, scene: Scene): [string, string][] {
  const { text } = scene
  const incident = incidentOf(data)
  if (!incident) return []
  return [
    [text.incident.cause, wordOf(text.cause, incident.cause)],
    [text.message.label.failure, failureText(incident, scene)],
    [text.incident.zone, zoneText(incident, scene)],
  ]
}
