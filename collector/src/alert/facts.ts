/**
 * Facts: what an event says of an incident and of an agent. Pure. Every fact made here fits into a payload:
 * texts are cut, and of many vantages the ones that are down come first.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { visible } from '@constat/shared/visible'
import type { AgentView } from '../view/contract.ts'
import type { IncidentView } from '../view/timeline.ts'
import {
  envelopeText,
  MAX_PAYLOAD_BYTES,
  payloadBytes,
  type EventData,
  type EventType,
  type Fact,
} from './types.ts'

export type IncidentType = Extract<EventType, `incident.${string}`>
export type AgentType = Extract<EventType, `agent.${string}`>

/** Longest text of another party (names, causes) in an event. */
export const MAX_TEXT_CHARS = 300
/** More vantages than this are counted, not listed. */
export const MAX_VANTAGES = 40

export type IncidentChanged = {
  type: IncidentType
  incident: IncidentView
  atMs: UnixMs
  /** Where people reach the collector, without a slash at the end; null: no links. */
  publicUrl: string | null
  /** The incident that goes on, of `incident.merged`. */
  mergedInto?: string
  /** The contract calls a guarantee of its service critical. */
  isCritical?: boolean
  /** Of `incident.escalated`: which step, and how long nobody has answered. */
  escalation?: { step: number; unansweredMs: number }
  /** Of `incident.updated`: what somebody has said of it. */
  changed?: { kind: string; side: string }
}

export function incidentFact(said: IncidentChanged): Fact {
  const { type, incident, atMs, publicUrl, mergedInto, isCritical = false, escalation, changed } = said
  const down = incident.vantages.filter(({ state }) => state === 'down')
  const others = incident.vantages.filter(({ state }) => state !== 'down')
  const kept = [...down, ...others].slice(0, MAX_VANTAGES).map(cutTexts)
  const data = {
    ...cutTexts({
      ...incident,
      failure: incident.failure && cutTexts(incident.failure),
      downMs: { ...incident.downMs },
      vantages: kept,
    }),
    vantagesLeftOut: incident.vantages.length - kept.length,
    critical: isCritical,
    ...(mergedInto === undefined ? {} : { mergedInto }),
    ...(escalation && { escalation }),
    ...(changed && { changed }),
    links:
      publicUrl === null ? {} : { incident: `${publicUrl}/incidents/${encodeURIComponent(incident.id)}` },
  }
  return fitted({ type, contract: incident.contract, atMs, data })
}

export type AgentChanged = {
  type: AgentType
  agent: Pick<AgentView, 'id' | 'name' | 'lastSeenAt' | 'version'>
  atMs: UnixMs
  /** Since when nothing was heard; of `agent.back`, how it had been. */
  silentSinceMs: UnixMs
  publicUrl: string | null
}

/** About a host, not about one contract: several may rest on it. */
export function agentFact({ type, agent, atMs, silentSinceMs, publicUrl }: AgentChanged): Fact {
  const { id, name, lastSeenAt, version } = agent
  const data = {
    agent: cutTexts({ id, name, version }),
    lastSeenAt,
    silentSince: formatInstant(silentSinceMs),
    links: publicUrl === null ? {} : { agents: `${publicUrl}/setup/agents` },
  }
  return fitted({ type, contract: null, atMs, data })
}

/** A declared site at which nobody is heard. */
export type SiteSilence = {
  contract: string
  site: { id: string; displayName: string; administeredBy: string | null }
  agents: readonly { id: string; name: string; silentSinceMs: UnixMs }[]
}

/** About a whole site: nobody there is heard, or somebody is again. Stands beside the events of each agent. */
export function siteFact({
  type,
  silence,
  atMs,
  publicUrl,
}: {
  type: 'site.unreachable' | 'agent.back'
  silence: SiteSilence
  atMs: UnixMs
  publicUrl: string | null
}): Fact {
  const { contract, site, agents } = silence
  const { id, displayName, administeredBy } = site
  const listed = agents.slice(0, MAX_VANTAGES)
  const data = {
    contract,
    site: cutTexts({ id, displayName, administeredBy }),
    administeredBy,
    // The last of them to be heard.
    silentSince: formatInstant(Math.max(...agents.map(({ silentSinceMs }) => silentSinceMs))),
    vantages: listed.map(({ silentSinceMs, ...agent }) => ({
      ...cutTexts(agent),
      silentSince: formatInstant(silentSinceMs),
    })),
    vantagesLeftOut: agents.length - listed.length,
    links: publicUrl === null ? {} : { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}` },
  }
  return fitted({ type, contract, atMs, data })
}

/** Two frames of an agent under one number: both are kept, and the first counts. */
export type Anomaly = {
  contract: string
  agent: { id: string; name: string }
  anomaly: { kind: 'equivocation'; session: string; seq: number; first: number; digest: string }
  atMs: UnixMs
  publicUrl: string | null
}

export function anomalyFact({ contract, agent, anomaly, atMs, publicUrl }: Anomaly): Fact {
  const { session, seq, digest } = anomaly
  const id = `${session}/${seq}/${digest.slice(0, 12)}`
  const links = publicUrl === null ? {} : { agents: `${publicUrl}/setup/agents` }
  const data = { id, contract, agent: cutTexts(agent), ...anomaly, links }
  return { type: 'evidence.anomaly', contract, atMs, data }
}

/** What is stored of a log is not what was signed: it is not extended any more. */
export type LedgerLied = {
  contract: string
  said: { index: number; part: string; what: string }
  atMs: UnixMs
  publicUrl: string | null
}

/** The same lie has the same id, so that it is told once. */
export function lieFact({ contract, said, atMs, publicUrl }: LedgerLied): Fact {
  const { index, part, what } = said
  const id = `lie/${contract}/${index}/${part}`
  const links =
    publicUrl === null ? {} : { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}` }
  const data = { id, kind: 'lie', contract, index, part, ...cutTexts({ message: what }), links }
  return { type: 'evidence.anomaly', contract, atMs, data }
}

/** The database was restored from an older copy: what came after it is lost here. */
export type Restoration = {
  contract: string
  what: string
  /** Leaves that are left. */
  size: number
  atMs: UnixMs
  publicUrl: string | null
}

export function restoredFact({ contract, what, size, atMs, publicUrl }: Restoration): Fact {
  const id = `restored/${contract}/${size}`
  const links =
    publicUrl === null ? {} : { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}` }
  const data = { id, kind: 'restored', contract, index: size, ...cutTexts({ message: what }), links }
  return { type: 'evidence.anomaly', contract, atMs, data }
}

/** What a witness has cosigned is not the beginning of this log. */
export type Contradiction = Pick<Restoration, 'contract' | 'what' | 'size' | 'atMs' | 'publicUrl'> & {
  witness: string
  /** What it holds, as far as one word may be told of it; absent: the size. */
  about?: string
}

export function witnessFact({ contract, witness, what, size, about, atMs, publicUrl }: Contradiction): Fact {
  const id = `witness/${contract}/${witness}/${about ?? size}`
  const links =
    publicUrl === null ? {} : { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}/evidence` }
  const data = { id, kind: 'witness', contract, ...cutTexts({ witness, message: what }), index: size, links }
  return { type: 'evidence.anomaly', contract, atMs, data }
}

/** Nothing that an agent sends is taken. */
export type RefusedAgent = {
  agent: { id: string; name: string }
  reason: string
  detail: string
  sinceMs: UnixMs
  atMs: UnixMs
  publicUrl: string | null
}

export function allRefusedFact({ agent, reason, detail, sinceMs, atMs, publicUrl }: RefusedAgent): Fact {
  const id = `refused/${agent.id}/${sinceMs}`
  const links = publicUrl === null ? {} : { agents: `${publicUrl}/setup/agents` }
  const said = cutTexts({ reason, message: `every frame is refused: ${detail}` })
  const data = {
    id,
    kind: 'refused',
    agent: cutTexts(agent),
    ...said,
    since: formatInstant(sinceMs),
    links,
  }
  return { type: 'evidence.anomaly', contract: null, atMs, data }
}

/** Two hosts use the key of one agent at once: whatever it says may be of either. */
export function cloneFact({ agent, atMs, publicUrl }: Pick<Anomaly, 'agent' | 'atMs' | 'publicUrl'>): Fact {
  const message = 'two hosts use its key at once: revoke it, and enrol each with a token of its own'
  const links = publicUrl === null ? {} : { agents: `${publicUrl}/setup/agents` }
  const data = { id: `clone/${agent.id}/${atMs}`, agent: cutTexts(agent), kind: 'clone', message, links }
  return { type: 'evidence.anomaly', contract: null, atMs, data }
}

/** It has sent more than its checks can say: what goes on like that fills the ledger, and is slowed down. */
export function excessFact({ agent, atMs, publicUrl }: Pick<Anomaly, 'agent' | 'atMs' | 'publicUrl'>): Fact {
  const message = 'it sends more than its checks can say, and is heard more slowly: look at its host'
  const links = publicUrl === null ? {} : { agents: `${publicUrl}/setup/agents` }
  const data = { id: `excess/${agent.id}/${atMs}`, agent: cutTexts(agent), kind: 'excess', message, links }
  return { type: 'evidence.anomaly', contract: null, atMs, data }
}

/** Somebody has declared that some time should not count. */
export type ExclusionDeclared = {
  contract: string
  exclusion: {
    id: string
    kind: string
    service: string | null
    start: string
    end: string
    reason: string
    declaredBy: string
    afterwards: boolean
  }
  atMs: UnixMs
  publicUrl: string | null
}

export function exclusionFact({ contract, exclusion, atMs, publicUrl }: ExclusionDeclared): Fact {
  const page = publicUrl === null ? null : `${publicUrl}/contracts/${encodeURIComponent(contract)}/exclusions`
  const data = { contract, ...cutTexts(exclusion), links: page === null ? {} : { exclusions: page } }
  return { type: 'exclusion.proposed', contract, atMs, data }
}

/** The provider has answered a revision. */
export type TermsAnswered = {
  contract: string
  terms: { revision: number; digest: string; answer: 'agreed' | 'objected'; saidBy: string; message: string }
  atMs: UnixMs
  publicUrl: string | null
}

export function termsFact({ contract, terms, atMs, publicUrl }: TermsAnswered): Fact {
  const { answer, ...said } = terms
  const page = publicUrl === null ? null : `${publicUrl}/contracts/${encodeURIComponent(contract)}/terms`
  const links = page === null ? {} : { terms: page }
  const data = { id: `r${said.revision}/${answer}/${atMs}`, contract, ...cutTexts(said), links }
  return { type: `terms.${answer}`, contract, atMs, data }
}

/** A penalty was notified, or its claim answered. */
export type PenaltyTold = {
  type: 'penalty.notified' | 'penalty.answered'
  contract: string
  penalty: {
    window: string
    version: number
    kind: string
    amount: string | null
    currency: string
    claimed: string
    saidBy: string
    answerUntil: string | null
    message: string
  }
  atMs: UnixMs
  publicUrl: string | null
}

export function penaltyFact({ type, contract, penalty, atMs, publicUrl }: PenaltyTold): Fact {
  const { window, version, kind } = penalty
  const path = `/contracts/${encodeURIComponent(contract)}/penalties/${encodeURIComponent(window)}`
  const links = publicUrl === null ? {} : { penalty: publicUrl + path }
  const data = { id: `${window}/v${version}/${kind}/${atMs}`, contract, ...cutTexts(penalty), links }
  return { type, contract, atMs, data }
}

/** A budget burns too fast, or a guarantee is not met: one event for each window. */
export type ObjectiveChanged = {
  type: 'objective.at_risk' | 'objective.breached'
  contract: string
  objective: {
    guarantee: string
    service: string
    clause: string | null
    critical: boolean
    metric: string
    window: string
    target: string
    verdict: string
    budget: { allowedMs: number; spentMs: number; leftMs: number } | null
  }
  atMs: UnixMs
  publicUrl: string | null
}

export function objectiveFact({ type, contract, objective, atMs, publicUrl }: ObjectiveChanged): Fact {
  const { budget, ...texts } = objective
  const id = `${objective.guarantee}/${objective.window}`
  const page = publicUrl === null ? null : `${publicUrl}/contracts/${encodeURIComponent(contract)}`
  const links = page === null ? {} : { contract: page }
  const data = { id, contract, ...cutTexts(texts), budget: budget && { ...budget }, links }
  return { type, contract, atMs, data }
}

/** A certificate ends soon. `service` null: of a reference. */
export type CertificateEnding = {
  contract: string
  certificate: { check: string; service: string | null; target: string; daysLeft: number }
  atMs: UnixMs
  publicUrl: string | null
}

export function certificateFact({ contract, certificate, atMs, publicUrl }: CertificateEnding): Fact {
  const links =
    publicUrl === null ? {} : { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}` }
  const { check, service, target, daysLeft } = certificate
  const message = `the certificate of ${target} ends in ${daysLeft} days or less: renew it`
  const data = { id: check, contract, ...cutTexts({ check, service, target, message }), daysLeft, links }
  return { type: 'certificate.expiring', contract, atMs, data }
}

/** The time to claim for a window ends soon. */
export type ClaimEnding = {
  contract: string
  claim: {
    window: string
    deadlineAt: string
    daysLeft: number
    credit: { amount: string; currency: string } | null
  }
  atMs: UnixMs
  publicUrl: string | null
}

export function deadlineFact({ contract, claim, atMs, publicUrl }: ClaimEnding): Fact {
  const path = `/contracts/${encodeURIComponent(contract)}/windows/${encodeURIComponent(claim.window)}`
  const links = publicUrl === null ? {} : { window: publicUrl + path }
  return { type: 'claim.deadline', contract, atMs, data: { id: claim.window, contract, ...claim, links } }
}

/** The texts of one object as they are shown and cut to size; everything else as it is. */
function cutTexts<T extends object>(value: T): T & EventData {
  const cut = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key,
    typeof item === 'string' ? cutText(visible(item)) : item,
  ])
  // Same keys and kinds of values as before; views hold nothing but JSON.
  return Object.fromEntries(cut) as T & EventData
}

function cutText(text: string): string {
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS - 1)}…` : text
}

/** Halves the vantages until the payload fits: texts of four-byte characters can make 40 too many. */
function fitted(fact: Fact & { data: { vantages?: readonly EventData[]; vantagesLeftOut?: number } }): Fact {
  const { vantages = [], vantagesLeftOut = 0 } = fact.data
  if (payloadBytes(envelopeText(fact)) < MAX_PAYLOAD_BYTES || vantages.length === 0) return fact
  const kept = vantages.slice(0, Math.floor(vantages.length / 2))
  const leftOut = vantagesLeftOut + vantages.length - kept.length
  return fitted({ ...fact, data: { ...fact.data, vantages: kept, vantagesLeftOut: leftOut } })
}
