/**
 * The state of a contract, leaf by leaf: what stands, what the first of a kind decides, what the last one does.
 */
import { describe, expect, it } from 'vitest'
import {
  closedWindows,
  closingVersions,
  incidentsIn,
  nameIn,
  newest,
  newestClosing,
  type ContractState,
} from '@constat/sla/state/contract-state'
import type { ClosingBody } from '@constat/sla/state/closing'
import {
  answerLeaf,
  declarationLeaf,
  declarationsOf,
  type DeclaredExclusion,
  type ExclusionAnswer,
} from '@constat/sla/state/declarations'
import { alertLeaf, incidentLeaf, type IncidentRecord } from '@constat/sla/state/incident-record'
import { objectiveKey } from '@constat/sla/state/objective-notices'
import { get } from '@constat/sla/state/persistent-map'
import { statementLeaf, type KeptStatement } from '@constat/sla/state/statement-record'
import {
  archiveLeaf,
  configurationLeaf,
  enrolmentLeaf,
  revisionLeaf,
  stateOf,
  type GivenLeaf,
} from '../../support/contract-state.ts'
import { accepted, SMALL } from '../../support/contract-text.ts'

const TERMS = accepted(SMALL)
const AGENT = 'ab'.repeat(16)

type Written = { type: string; receivedMs: number; body: Buffer }
const leafOf = ({ type, receivedMs, body }: Written): GivenLeaf => ({
  type,
  receivedMs,
  text: body.toString(),
})
const folded = (...leaves: GivenLeaf[]): ContractState =>
  stateOf(TERMS.name, [revisionLeaf(TERMS, { revision: 1, appliedMs: 0 }), ...leaves])

const INCIDENT: IncidentRecord = {
  id: 'inc_1',
  contract: TERMS.name,
  service: 'web',
  check: 'web',
  cause: 'connect',
  failure: null,
  zone: 'undetermined',
  zoneReference: null,
  onsetMs: 1_000,
  openedMs: 2_000,
  endMs: null,
  closedMs: null,
  closeReason: null,
  mergedInto: null,
  acknowledgedMs: null,
  acknowledgedBy: null,
  providerAcknowledgedMs: null,
  pagedMs: null,
  unansweredSinceMs: null,
  reopened: 0,
}

describe('the state of a contract', () => {
  it('keeps what happened to an incident, each with what was known of it then', () => {
    const moved = { ...INCIDENT, onsetMs: 500, endMs: 900 }
    const leaves = [
      incidentLeaf('opened', INCIDENT, { nowMs: 2_000 }),
      incidentLeaf('closed', { ...INCIDENT, endMs: 800, closedMs: 3_000 }, { nowMs: 3_000 }),
      incidentLeaf('moved', { ...moved, closedMs: 3_000 }, { nowMs: 4_000 }),
      incidentLeaf('opened', { ...INCIDENT, id: 'inc_2' }, { nowMs: 5_000 }),
    ]
    const state = folded(...leaves.map(leafOf))
    const { onsetMs, zone } = INCIDENT
    expect(get(state.incidentSteps, INCIDENT.id)).toEqual([
      { change: 'opened', atMs: 2_000, onsetMs, endMs: null, zone },
      { change: 'closed', atMs: 3_000, onsetMs, endMs: 800, zone },
      { change: 'moved', atMs: 4_000, onsetMs: 500, endMs: 900, zone },
    ])
    expect(get(state.incidentSteps, 'inc_2')).toHaveLength(1)
  })

  it('has an incident as its last notice says', () => {
    const opened = incidentLeaf('opened', INCIDENT, { nowMs: 2_000 })
    const taken = { ...INCIDENT, acknowledgedMs: 3_000, acknowledgedBy: 'owner' as const }
    const acknowledged = incidentLeaf('acknowledged', taken, { nowMs: 3_000, by: 'owner' })
    const earlier = incidentLeaf('recorded', { ...INCIDENT, id: 'inc_0', onsetMs: 500 }, { nowMs: 4_000 })
    const state = folded(...[opened, acknowledged, earlier].map(leafOf))
    expect(incidentsIn(state).map((one) => [one.id, one.acknowledgedMs, one.acknowledgedBy])).toEqual([
      ['inc_0', null, null],
      ['inc_1', 3_000, 'owner'],
    ])
  })

  it('keeps the first delivery that was accepted', () => {
    const alert = (acceptedMs: number) => alertLeaf({ incident: 'inc_1', acceptedMs }, { nowMs: 9_000 })
    const state = folded(leafOf(alert(5_000)), leafOf(alert(6_000)))
    expect(get(state.alerted, 'inc_1')).toBe(5_000)
    expect(get(state.alerted, 'inc_2')).toBeUndefined()
  })

  it('has a vantage from its enrolment to its revocation, again from the next one, by the last name', () => {
    const revoked = { type: 'revocation', receivedMs: 20, text: '', agent: AGENT }
    const state = folded(
      enrolmentLeaf(AGENT, 'lyon', 10),
      revoked,
      enrolmentLeaf(AGENT, 'paris', 30),
      enrolmentLeaf('cd'.repeat(16), null, 40),
    )
    expect(state.members.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [10, 20],
      [30, null],
      [40, null],
    ])
    expect(nameIn(state, AGENT)).toBe('paris')
    expect(nameIn(state, 'cd'.repeat(16))).toBe('cd'.repeat(16))
  })

  it('counts what changes terms and vantages apart from all else', () => {
    const before = folded(enrolmentLeaf(AGENT, 'lyon', 10))
    const notice = leafOf(incidentLeaf('opened', INCIDENT, { nowMs: 20 }))
    const after = folded(enrolmentLeaf(AGENT, 'lyon', 10), notice)
    expect([after.version - before.version, after.termsVersion - before.termsVersion]).toEqual([1, 0])
    const ended = folded(enrolmentLeaf(AGENT, 'lyon', 10), notice, archiveLeaf(30))
    expect(ended.termsVersion - after.termsVersion).toBe(1)
    expect(ended.life.archivedMs).toEqual([30])
  })

  it('leaves leaves that it does not read where they are', () => {
    const before = folded()
    expect(folded({ type: 'anomaly', receivedMs: 5, text: '{}' })).toEqual(before)
    expect(folded({ type: 'notice', receivedMs: 5, text: '{"kind":"other"}' })).toMatchObject({
      incidents: before.incidents,
      life: before.life,
    })
  })

  it('has its newest revision, and every configuration by its digest', () => {
    const one = configurationLeaf({ origin: 'o', version: 1, checks: [] })
    const two = configurationLeaf({ origin: 'o', version: 2, checks: [] })
    const state = folded(one, revisionLeaf(TERMS, { revision: 2, appliedMs: 50, stopProbing: true }), two)
    expect(newest(state)).toMatchObject({ revision: 2, appliedMs: 50, stopProbing: true, leaf: 2 })
    expect(state.life.revisions[0]).toMatchObject({ stopProbing: false, leaf: 0 })
    expect(state.configuration).toMatchObject({ leaf: 3, config: { version: 2 } })
    expect(state.configurations.size).toBe(2)
  })

  it('keeps every version of a closing, and shows the last one', () => {
    const closing = (window: string, version: number, endMs: number): GivenLeaf => {
      const results = { guarantees: [], credit: null, outages: {} }
      const body: Partial<ClosingBody> = { kind: 'closing', window, version, endMs, results }
      return { type: 'closing', receivedMs: endMs + version, text: JSON.stringify(body) }
    }
    const state = folded(closing('2026-11', 1, 200), closing('2026-10', 1, 100), closing('2026-11', 2, 200))
    expect(closedWindows(state).map(({ window, version }) => [window, version])).toEqual([
      ['2026-10', 1],
      ['2026-11', 2],
    ])
    expect(closingVersions(state, '2026-11').map(({ atMs }) => atMs)).toEqual([201, 202])
    expect(newestClosing(state, '2026-12')).toBeNull()
  })

  it('remembers each statement, and what was said of an objective', () => {
    const statement: KeptStatement = {
      id: 'stm_1',
      contract: TERMS.name,
      window: '2026-10',
      sha256: '00',
      bytes: 3,
      by: 'provider',
      receivedMs: 7,
    }
    const told = { kind: 'objective', deed: 'at_risk', guarantee: 'up', window: '2026-10' } as const
    const notice = { type: 'notice', receivedMs: 8, text: JSON.stringify(told) }
    const state = folded(leafOf(statementLeaf(statement)), notice)
    expect(state.statements).toEqual([statement])
    expect(get(state.objectives, objectiveKey(told))).toBe(true)
    expect(get(state.objectives, objectiveKey({ ...told, deed: 'breached' }))).toBeUndefined()
  })

  it('has of each party its last word on a declaration, and of what was said by then', () => {
    const declared: DeclaredExclusion = {
      id: 'exc_1',
      kind: 'planned',
      service: null,
      startMs: 100,
      endMs: 200,
      announcedMs: null,
      announced: null,
      said: null,
      bytes: 0,
      side: 'provider',
      party: 'northstar',
      declaredMs: 50,
    }
    const said = (answer: ExclusionAnswer['answer'], atMs: number): GivenLeaf =>
      leafOf(
        answerLeaf({
          exclusion: 'exc_1',
          answer,
          side: 'customer',
          party: 'acme',
          said: null,
          bytes: 0,
          atMs,
        }),
      )
    const state = folded(leafOf(declarationLeaf(declared)), said('disputed', 60), said('accepted', 70))
    const words = (untilMs?: number) =>
      declarationsOf(state, untilMs).map(({ acceptedBy, contestedBy }) => ({ acceptedBy, contestedBy }))
    expect(words()).toEqual([{ acceptedBy: ['northstar', 'acme'], contestedBy: [] }])
    expect(words(60)).toEqual([{ acceptedBy: ['northstar'], contestedBy: ['acme'] }])
    expect(words(49)).toEqual([])
  })
})
