/** Readiness of a contract brought as far as it can go, one fact after the other: what is there is not lacking any more. */
import { expect, it } from 'vitest'
import { readinessOf, READINESS_CODES } from '@constat/sla/readiness'
import { newest, take, type ContractState } from '@constat/sla/state/contract-state'
import { put } from '@constat/sla/state/persistent-map'
import { termsAnswerLeaf, type TermsAnswer } from '@constat/sla/state/terms-answer'
import type { KnownAgent } from '../../../collector/src/intake/agents.ts'
import { readinessFacts, type Grounds } from '../../../collector/src/judge/readiness.ts'
import { siteWorld } from '../../support/site-world.ts'

const contract = (more: string): string => `apiVersion: constat/v1
kind: Check
metadata: {name: anchor}
spec: {tcp: {host: 198.51.100.1, port: 443}, interval: PT1M, timeout: PT5S}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: portal}
spec:
  timeZone: UTC
  target: "99.9"
  watch: [https://portal.example]
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
${more}`
const SITES = `  sites:
    - {id: lyon, agents: [at-lyon], administeredBy: customer}
    - {id: lille, agents: [at-lille], administeredBy: customer}
`
const REFERENCES = '  measurement: {isolation: {rule: all-references-failed, references: [anchor]}}\n'

const NOTHING: Grounds = { isWitnessed: false, alertOperators: new Set() }
const lacksOf = (state: ContractState, agents: readonly KnownAgent[], grounds = NOTHING) =>
  readinessOf(readinessFacts(state, agents, grounds)).lacks

function answered(state: ContractState, answer: TermsAnswer['answer']): ContractState {
  const { revision, digest } = newest(state)
  const said = {
    revision,
    digest,
    answer,
    side: 'provider',
    party: 'northstar',
    signedIn: 'session',
  } as const
  const { type, receivedMs, body } = termsAnswerLeaf({ ...said, note: null, atMs: 0 })
  return take(state, { type, receivedMs, text: body.toString(), index: 9, agent: null })
}

it('a contract comes to lack nothing, step by step', () => {
  const bare = siteWorld(contract(''), [])
  expect(lacksOf(bare.state, bare.agents)).toEqual(
    READINESS_CODES.filter((code) => code !== 'alert-path-owner'),
  )

  const one = siteWorld(contract(''), ['at-lyon'])
  expect(lacksOf(one.state, one.agents)).not.toContain('clock-bound')
  const two = siteWorld(contract(''), ['at-lyon', 'at-lille'])
  expect(lacksOf(two.state, two.agents)).not.toContain('more-sites')
  const referred = siteWorld(contract(REFERENCES), ['at-lyon', 'at-lille'])
  expect(lacksOf(referred.state, referred.agents)).not.toContain('references')

  const { state, agents } = siteWorld(contract(SITES + REFERENCES), ['at-lyon', 'at-lille'])
  expect(lacksOf(state, agents)).toEqual(['provider-agreement', 'witness', 'alert-path'])
  const objected = answered(state, 'objected')
  expect(lacksOf(objected, agents)).toContain('provider-agreement')
  // The newest word counts, either way.
  const agreed = answered(objected, 'agreed')
  expect(lacksOf(agreed, agents)).toEqual(['witness', 'alert-path'])
  expect(lacksOf(answered(agreed, 'objected'), agents)).toContain('provider-agreement')
  const alerted = { ...agreed, alerted: put(agreed.alerted, 'inc_1', 0) }
  expect(lacksOf(alerted, agents)).toEqual(['witness', 'alert-path-owner'])
  const by = (...parties: string[]): Grounds => ({ isWitnessed: true, alertOperators: new Set(parties) })
  expect(lacksOf(alerted, agents, by())).toEqual(['alert-path-owner'])
  // One that the provider answers for is no path past it.
  expect(lacksOf(alerted, agents, by(newest(alerted).terms.provider))).toEqual(['alert-path-owner'])
  // Who runs it is worth nothing before it has taken something.
  expect(lacksOf(agreed, agents, by('customer'))).toEqual(['alert-path'])
  expect(lacksOf(alerted, agents, by(newest(alerted).terms.provider, 'customer'))).toEqual([])
})
