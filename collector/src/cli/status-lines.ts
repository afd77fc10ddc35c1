/** What `constat status` says, line by line: guarantees of a contract as one table, what needs a look in a tone. Pure. */
import { lengthText } from '@constat/sla/length'
import { entryOf } from '@constat/sla/metric/table'
import type { AgentView, ContractView, ServiceView } from '../view/contract.ts'
import { failureText } from '../view/failure-text.ts'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { WhyView } from '../view/parts.ts'
import type { IncidentView } from '../view/timeline.ts'
import { unknownEn } from '../web/text/en-unknown.ts'
import { blockedText } from './evaluate-summary.ts'
import type { Tone } from './world.ts'

export type Standing = {
  ready: { ok: boolean; reasons: string[] }
  contracts: ContractView[]
  incidents: IncidentView[]
  agents: AgentView[]
}

export type Line = { text: string; tone?: Tone }

export function statusLines({ ready, contracts, incidents, agents }: Standing): Line[] {
  return [
    ...readyLines(ready),
    ...contracts.flatMap(contractLines),
    ...(contracts.length === 0 ? [{ text: 'No contract yet: constat apply -f contract.yaml' }] : []),
    ...incidents.map(incidentLine),
    ...agents.flatMap(agentLines),
  ]
}

export function readyLines({ ok, reasons }: Standing['ready']): Line[] {
  return reasons.map((reason) => ({ text: `collector: ${reason}`, tone: ok ? 'warn' : 'bad' }))
}

function contractLines({ displayName, sentence, services, guarantees }: ContractView): Line[] {
  const rows = guarantees.map(cellsOf)
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  return [
    { text: `${displayName}: ${sentence}` },
    ...services.flatMap(unknownLines),
    ...guarantees.map((one, row): Line => {
      const aligned = rows[row]!.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')
      const tone = toneOf(one)
      return { text: `  ${aligned}${notesOf(one)}`.trimEnd(), ...(tone && { tone }) }
    }),
  ]
}

/** Name, window, how it stands, its figure, coverage. */
function cellsOf(one: GuaranteeView): string[] {
  const { guarantee, window, verdict, outlook, coverage, metric, target } = one
  const standing = (outlook ?? verdict).replaceAll('_', ' ')
  return [guarantee, window.key, standing, entryOf(metric).brief(one, target), `coverage ${coverage}`]
}

function toneOf({ verdict, outlook }: GuaranteeView): Tone | undefined {
  if (verdict === 'not_met') return 'bad'
  return outlook === 'at_risk' ? 'warn' : undefined
}

function notesOf({ insufficientEvidence, unknown, blockedMs }: GuaranteeView): string {
  const thin = insufficientEvidence ? ' (insufficient evidence)' : ''
  const why = unknown.map((share) => `${reasonText({ ...share, since: null })} ${lengthText(share.ms)}`)
  return `${blockedText(blockedMs)}${thin}${why.length === 0 ? '' : `; unknown: ${why.join('; ')}`}`
}

function incidentLine(incident: IncidentView): Line {
  const { contract, service, onsetAt, cause } = incident
  const text = `incident ${contract}/${service}: down since ${onsetAt}, ${failureText(incident) ?? cause}`
  return { text, tone: 'bad' }
}

function agentLines({ name, connected, lastSeenAt, spoolBatches, unknown }: AgentView): Line[] {
  const heard = connected ? 'connected' : `last heard ${lastSeenAt}`
  return [
    { text: `agent ${name}: ${heard}, ${spoolBatches} batches waiting`, ...(!connected && { tone: 'warn' }) },
    ...unknown.map(({ check, reason, since }) => ({
      text: `  ${check} unknown: ${reasonText({ reason, name, since })}`,
    })),
  ]
}

function unknownLines({ service, reasons }: ServiceView): Line[] {
  const told = [...new Set(reasons.map(reasonText))]
  return told.length === 0 ? [] : [{ text: `  ${service} unknown: ${told.join('; ')}` }]
}

function reasonText({ reason, name, since }: Omit<WhyView, 'agent'>): string {
  const at = since && `${since.slice(0, 16).replace('T', ' ')} UTC`
  return unknownEn.reason[reason]({ agent: name ?? '', since: at })
}
