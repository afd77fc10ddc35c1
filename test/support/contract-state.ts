/** States of contracts for pure tests, folded from leaves as the collector folds them. */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import type { CheckConfig } from '@constat/shared/check'
import type { UnixMs } from '@constat/shared/time'
import { termsJson } from '@constat/sla/contract/digest'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { emptyState, take, type ContractState } from '@constat/sla/state/contract-state'
import type { StateLeaf } from '@constat/sla/state/leaf'

export type GivenLeaf = Omit<StateLeaf, 'index' | 'agent'> & { agent?: string }

export function revisionLeaf(
  terms: ExpandedContract,
  { revision, appliedMs, stopProbing }: { revision: number; appliedMs: UnixMs; stopProbing?: boolean },
): GivenLeaf {
  const body: Record<string, Json> = {
    contract: terms.name,
    revision,
    digest: `${revision}`,
    terms: termsJson(terms),
  }
  if (stopProbing) body['stopProbing'] = true
  return { type: 'revision', receivedMs: appliedMs, text: canonicalJson(body) }
}

export function archiveLeaf(atMs: UnixMs): GivenLeaf {
  return { type: 'declaration', receivedMs: atMs, text: '{"kind":"archive"}' }
}

export function enrolmentLeaf(agent: string, name: string | null, atMs: UnixMs): GivenLeaf {
  const text = name === null ? '' : canonicalJson({ agent, name })
  return { type: 'enrolment', receivedMs: atMs, text, agent }
}

/** The state after these leaves, in their order. */
export function stateOf(contract: string, leaves: readonly GivenLeaf[]): ContractState {
  return leaves.reduce<ContractState>(
    (state, leaf, index) => take(state, { agent: null, ...leaf, index }),
    emptyState({ id: 1, contract }),
  )
}

/** One contract in memory as the fold asks for it. */
export function statesOf(state: ContractState): { ofLog: () => ContractState } {
  return { ofLog: () => state }
}

export function configurationLeaf(config: CheckConfig): GivenLeaf {
  return { type: 'configuration', receivedMs: 0, text: canonicalJson(config) }
}

/** Terms applied at once, and the configuration of their checks. */
export function appliedState(terms: ExpandedContract, config: CheckConfig): ContractState {
  return stateOf(terms.name, [revisionLeaf(terms, { revision: 1, appliedMs: 0 }), configurationLeaf(config)])
}
