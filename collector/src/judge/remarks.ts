/**
 * Remarks: a person notes or disputes something of an incident, or says that a service fails for them. A leaf, the
 * words beside it, and an event where people already know of the outage; no figure changes.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { incidentsIn, type ContractState } from '@constat/sla/state/contract-state'
import type { Side } from '@constat/sla/state/declarations'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import { servicesAt } from '@constat/sla/state/in-force'
import { get } from '@constat/sla/state/persistent-map'
import { remarkLeaf, remarksOf, type Remark, type RemarkKind } from '@constat/sla/state/remark-record'
import { incidentFact } from '../alert/facts.ts'
import type { Fact } from '../alert/types.ts'
import type { Contracts } from '../contract/contracts.ts'
import { REMARK_QUOTA, REPORT_QUOTA, requireRoom } from '../contract/quotas.ts'
import { keepSaid, sayDraft } from '../ledger/said.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { incidentView } from './describe.ts'
import { isCriticalIn, type Judge } from './judge.ts'

/** Reports of trouble with one service in a minute, whoever sends them. */
export const MAX_REPORTS_OF_SERVICE = 30
const MINUTE_MS = 60_000
/** Nobody remembers better: how far back a person may say that it began. */
const MAX_SINCE_MS = 7 * 86_400_000
/** Reports that are told beside a new one. */
const LATELY_MS = 60 * MINUTE_MS

export type RemarkWanted = {
  contract: string
  kind: RemarkKind
  /** Of a note or a dispute. */
  incident: string | null
  /** Of a report of trouble. */
  service: string | null
  side: Side
  role: string
  /** May be empty where it is a report of trouble. */
  text: string
  sinceMs: UnixMs | null
}

/** `others`: reports of trouble with the same service within the hour, without this one. */
export type Remarked = { remark: Remark; others: number }

export type RemarkDeps = {
  contracts: Contracts
  sequencer: Sequencer
  shell: Shell
  judge: Pick<Judge, 'contextAt'>
  publicUrl: string
}

/** Faults: `not-found`, `bad-request`, those of the quotas. */
export function remark(wanted: RemarkWanted, deps: RemarkDeps): Promise<Remarked> {
  const { contracts, sequencer, shell } = deps
  return contracts.inTurn(wanted.contract, async () => {
    const state = contracts.of(wanted.contract)
    if (!state) throw new Fault('not-found', `there is no contract ${wanted.contract}`)
    const nowMs = shell.clock.nowMs()
    const incident = wanted.incident === null ? null : knownIncident(state, wanted.incident)
    const service = incident?.service ?? knownService(state, wanted.service, nowMs)
    const said = wanted.text === '' ? null : sayDraft(wanted.text, shell.random)
    const made: Remark = {
      id: `rem_${shell.random.bytes(10).toString('hex')}`,
      kind: wanted.kind,
      service,
      incident: incident?.id ?? null,
      side: wanted.side,
      role: wanted.role,
      sinceMs: sinceOf(wanted, nowMs),
      said: said && said.digest.toString('hex'),
      bytes: Buffer.byteLength(wanted.text),
      atMs: nowMs,
    }
    requireRoomFor(made, state)
    const facts = factsOf(made, state, deps)
    const within = said ? { within: (tx: Parameters<typeof keepSaid>[0]) => keepSaid(tx, said) } : {}
    await sequencer.append({ log: state.log, drafts: [remarkLeaf(made)], facts, ...within })
    return { remark: made, others: reportsOf(state, service, nowMs - LATELY_MS).length }
  })
}

function knownIncident(state: ContractState, id: string): IncidentRecord {
  const found = get(state.incidents, id)
  if (!found) throw new Fault('not-found', `there is no incident ${id}`)
  return found
}

function knownService({ life }: ContractState, service: string | null, nowMs: UnixMs): string {
  const names = servicesAt(life, nowMs).map(({ name }) => name)
  if (service !== null && names.includes(service)) return service
  throw new Fault('bad-request', `service: the contract has no ${JSON.stringify(service)} now`, {
    hint: names.length === 0 ? 'It has ended.' : `It has ${names.join(', ')}.`,
  })
}

function sinceOf({ sinceMs }: RemarkWanted, nowMs: UnixMs): UnixMs | null {
  if (sinceMs === null) return null
  if (sinceMs > nowMs) throw new Fault('bad-request', 'since: should not be in the future')
  if (sinceMs < nowMs - MAX_SINCE_MS) throw new Fault('bad-request', 'since: should be within seven days')
  return sinceMs
}

/** Reports of trouble fill a share of their own: a flood of them leaves room for what the parties say. */
function requireRoomFor(made: Remark, state: ContractState): void {
  const isReport = made.kind === 'trouble'
  if (isReport && reportsOf(state, made.service, made.atMs - MINUTE_MS).length >= MAX_REPORTS_OF_SERVICE) {
    throw new Fault(
      'rate-limited',
      `${made.service} was reported ${MAX_REPORTS_OF_SERVICE} times within a minute.`,
      {
        hint: 'It is known: nothing is lost by waiting.',
        retryAfterS: MINUTE_MS / 1_000,
      },
    )
  }
  const written = state.remarks.filter(
    ({ kind, side }) => (kind === 'trouble') === isReport && side === made.side,
  )
  requireRoom(written, made, isReport ? REPORT_QUOTA : REMARK_QUOTA)
}

/** Latest first. */
export function reportsOf({ remarks }: ContractState, service: string, afterMs: UnixMs): Remark[] {
  const found: Remark[] = []
  for (let i = remarks.length - 1; i >= 0 && remarks[i]!.atMs > afterMs; i -= 1) {
    const one = remarks[i]!
    if (one.kind === 'trouble' && one.service === service) found.push(one)
  }
  return found
}

/** What people know of is told further: a note, a dispute, and the first user who says that it fails. */
function factsOf(made: Remark, state: ContractState, { judge, publicUrl }: RemarkDeps): Fact[] {
  const told = made.incident === null ? firstReported(made, state) : get(state.incidents, made.incident)
  if (!told || told.pagedMs === null) return []
  const after = { ...state, remarks: [...state.remarks, made] }
  const subject = { state: after, service: told.service, nowMs: made.atMs }
  const context = judge.contextAt(subject, told.onsetMs)
  const incident = incidentView(told, context)
  const isCritical = isCriticalIn(context.contract, told.service)
  const changed = { kind: made.kind, side: made.side }
  return [
    incidentFact({ type: 'incident.updated', incident, atMs: made.atMs, publicUrl, isCritical, changed }),
  ]
}

function firstReported({ service }: Remark, state: ContractState): IncidentRecord | null {
  const open = incidentsIn(state).find((one) => one.service === service && one.closedMs === null)
  if (!open) return null
  const isKnown = remarksOf(state.remarks, open).some(({ kind }) => kind === 'trouble')
  return isKnown ? null : open
}
