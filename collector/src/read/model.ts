/** The read model: all that pages, API and CLI may read, put together. Answers are as of the last judgement. */
import type { UnixMs } from '@constat/shared/time'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { Tracks } from '@constat/sla/fold/tracks'
import { Bundles, type BundleDeps } from '../bundle/bundles.ts'
import type { Callers } from '../callers/threads.ts'
import type { LedgerStates } from '../closing/ledger-state.ts'
import type { Contracts } from '../contract/contracts.ts'
import type { Agents } from '../intake/agents.ts'
import type { AlertPaths } from '../judge/alert-paths.ts'
import type { Judge } from '../judge/judge.ts'
import { latencySteps } from '../judge/latency-steps.ts'
import { Losses } from '../judge/losses.ts'
import type { SlotJudge } from '../judge/slot-judge.ts'
import type { Latencies } from '../latency/latencies.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { SetAside } from '../set-aside.ts'
import { isOf, type ReadModel } from '../view/reads.ts'
import type { Timestamping } from '../view/timestamp.ts'
import type { Witnessing } from '../view/witness.ts'
import { alertPlanOf, type PlanDeps } from './alert-plan.ts'
import { ContractReads } from './contract-reads.ts'
import { IncidentReads } from './incident-reads.ts'
import { JudgedReads, type GroundsOf } from './judged.ts'
import { sentFacts, sentFile, sentViews } from './sent-reads.ts'
import { downIn, statusOf } from './status-reads.ts'
import { WindowReads } from './window-reads.ts'

export type ModelDeps = Omit<BundleDeps, 'contracts' | 'sequencer' | 'callers'> & {
  nowMs: () => UnixMs
  contracts: Contracts
  agents: Agents
  sequencer: Sequencer
  callers: Callers
  judge: Judge
  setAside: SetAside
  timelines: Timelines
  tracks: Tracks
  slots: SlotJudge
  states: LedgerStates
  latencies: Latencies
  paths: AlertPaths
  witnesses: Witnessing & BundleDeps['witnesses']
  timestamps: Timestamping
  alerts?: Pick<PlanDeps, 'canMail' | 'heartbeats'>
}

export function openModel(deps: ModelDeps): ReadModel {
  const { db, shell, nowMs, contracts, agents, timelines, slots, paths } = deps
  const grounds: GroundsOf = ({ log, contract }) => {
    const isWitnessed = deps.witnesses.isWitnessed(log) || deps.timestamps.isStamped(log)
    return { isWitnessed, alertOperators: paths.operatorsOf(contract) }
  }
  const judged = new JudgedReads({ timelines, slots }, agents, grounds)
  const shown = { ...deps, judged, grounds }
  const views = new ContractReads({ ...shown, logKey: shell.identity.publicKey })
  const incidents = new IncidentReads({ ...deps, judged })
  const windows = new WindowReads({ ...shown, losses: new Losses(db, timelines) })
  const bundles = new Bundles(deps)
  const plan = { db, contracts, nowMs, ...deps.alerts }
  const status = (): ReturnType<ReadModel['status']> =>
    statusOf({ nowMs, contracts, views: () => views.contracts() })
  return readModelOf({ views, incidents, windows, bundles, plan, status }, deps)
}

type Parts = {
  views: ContractReads
  incidents: IncidentReads
  windows: WindowReads
  bundles: Bundles
  plan: PlanDeps
  status: ReadModel['status']
}

function readModelOf(
  { views, incidents, windows, bundles, plan, status }: Parts,
  deps: ModelDeps,
): ReadModel {
  return {
    contracts: () => views.contracts(),
    contract: (name) => views.contract(name),
    revisions: (contract) => views.revisions(contract),
    terms: (contract, revision) => views.terms(contract, revision),
    exclusions: (filter) => views.exclusions(filter),
    exclusion: (id) => views.exclusion(id),
    agents: () => views.agents(),
    alertPlan: (contract) => alertPlanOf(contract, plan),
    vantages: (contract) => views.vantages(contract),
    timeline: (service, span, of) => incidents.timeline(service, span, of),
    segments: (service, span, of) => incidents.segments(service, span, of),
    incidents: (filter) => Promise.resolve(incidents.incidents(filter)),
    incident: (id) => incidents.incident(id),
    down: (of) => downIn(deps.contracts.all().filter(({ contract }) => isOf(of, contract))),
    status,
    latency: (check, span, of) => latencySteps(deps, { check, span, of }),
    windowKeys: (contract) => windows.windowKeys(contract),
    window: (contract, key, version) => windows.window(contract, key, version),
    closedWindows: (contract) => windows.closedWindows(contract),
    closing: (contract, key, version) => windows.closing(contract, key, version),
    penalties: (contract) => windows.penalties(contract),
    penalty: (contract, key) => windows.penalty(contract, key),
    statements: (contract) => windows.statements(contract),
    reconciliation: (contract, id, by) => windows.reconciliation(contract, id, by),
    reconcile: (contract, key, text, by) => windows.reconcile(contract, key, text, by),
    replay: (contract, key, policy) => windows.replay(contract, key, policy),
    preview: (contract, source, by) => windows.preview(contract, source, by),
    sentReports: (asked) => sentViews(deps.db, asked),
    sentReport: (contract, id, side) => sentFacts(deps.db, { contract, id, side }),
    sentFile: (_, asked) => sentFile(deps.db, asked),
    bundle: (contract, key, by) => bundles.open(contract, key, by),
    checkpoint: (contract) => bundles.log.checkpoint(contract),
    tile: (contract, path) => bundles.log.tile(contract, path),
    beside: (contract, digest) => bundles.log.beside(contract, digest),
    result: (contract, key, by) => bundles.result(contract, key, by),
    isPublished: (contract) => bundles.log.isPublished(contract),
  }
}
