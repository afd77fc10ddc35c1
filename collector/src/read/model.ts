/** The read model: all that pages, API and CLI may read, put together. Answers are as of the last judgement. */
import type { ReadModel } from '../view/reads.ts'
import { latencySteps, type StepDeps } from '../judge/latency-steps.ts'
import type { Bundles } from '../bundle/bundles.ts'
import { alertPlanOf, type PlanDeps } from './alert-plan.ts'
import type { ContractReads } from './contract-reads.ts'
import type { IncidentReads } from './incident-reads.ts'
import type { WindowReads } from './window-reads.ts'

export type ModelParts = {
  contracts: ContractReads
  incidents: IncidentReads
  windows: WindowReads
  latency: StepDeps
  bundles: Bundles
  plan: PlanDeps
  status: ReadModel['status']
}

export function readModelOf(parts: ModelParts): ReadModel {
  const { contracts, incidents, windows, latency, bundles, plan, status } = parts
  return {
    contracts: () => contracts.contracts(),
    contract: (name) => contracts.contract(name),
    revisions: (contract) => contracts.revisions(contract),
    terms: (contract, revision) => contracts.terms(contract, revision),
    exclusions: (filter) => contracts.exclusions(filter),
    exclusion: (id) => contracts.exclusion(id),
    agents: () => contracts.agents(),
    alertPlan: (contract) => alertPlanOf(contract, plan),
    vantages: (contract) => contracts.vantages(contract),
    timeline: (service, span, contract) => incidents.timeline(service, span, contract),
    incidents: (filter) => Promise.resolve(incidents.incidents(filter)),
    incident: (id) => incidents.incident(id),
    status: () => status(),
    latency: (check, span, of) => latencySteps(latency, { check, span, of }),
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
    bundle: (contract, key, by) => bundles.open(contract, key, by),
    checkpoint: (contract) => bundles.log.checkpoint(contract),
    tile: (contract, path) => bundles.log.tile(contract, path),
  }
}
