/**
 * Sites in the judge: one of forty dead, hosts of the provider that fall silent, agents that are cut off,
 * the zone an incident is put down to, and what of it stands in views.
 */
import type { Outcome } from '@constat/shared/sample'
import { put } from '@constat/sla/state/persistent-map'
import { isDown, markAt, stateOf } from '@constat/sla/timeline'
import { describe, expect, it } from 'vitest'
import { incidentView } from '../../../collector/src/judge/describe.ts'
import { stateFacts } from '@constat/sla/judgement/facts'
import { guaranteeView } from '../../../collector/src/judge/guarantee-view.ts'
import { judgeWindowOf } from '@constat/sla/judgement/promise'
import { readinessFacts } from '../../../collector/src/judge/readiness.ts'
import { silentSites } from '../../../collector/src/judge/silences.ts'
import { siteState, siteViews } from '../../../collector/src/judge/site-view.ts'
import { sitesOf } from '@constat/sla/assembly/sites'
import type { SiteAgent } from '../../../collector/src/view/contract.ts'
import type { ViewOf } from '../../../collector/src/view/guarantee.ts'
import { phaseOf, questionAt } from '../../../collector/src/judge/window-question.ts'
import { ownerOf, zoneOfIncident } from '../../../collector/src/judge/zones.ts'
import { siteWorld, type SiteWorld } from '../../support/site-world.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 9, 1)
const STEP_MS = 30_000

type Wanted = {
  sites: readonly { id: string; agents: readonly string[]; administeredBy?: string }[]
  extra?: string
}
const REFERENCES = ['lan', 'wan', 'anchor']

function contractText({ sites, extra = '' }: Wanted): string {
  const checks = [...REFERENCES, 'portal'].map(
    (name) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}}
spec: {${name === 'portal' ? 'service: portal, ' : ''}tcp: {host: ${name}.example, port: 443}, interval: PT30S, timeout: PT5S}
---
`,
  )
  return `${checks.join('')}apiVersion: constat/v1
kind: Contract
metadata: {name: acme}
spec:
  timeZone: UTC
  parties:
    - {id: outsourcer, role: provider, name: Northstar}
    - {id: internal-it, role: customer-department, name: Internal IT}
    - {id: telco, role: subcontractor, of: outsourcer, name: Fibreline}
  sites: ${JSON.stringify(sites)}
  zones:
    - {id: branch, owner: internal-it, boundary: switch, reference: [lan]}
    - {id: access, owner: telco, boundary: router, reference: [wan]}
    - {id: application, owner: outsourcer, boundary: url, reference: []}
  measurement:
    isolation: {rule: all-references-failed, references: [lan, anchor]}
    ${extra}
  guarantees:
    - {id: portal-up, service: portal, metric: interval-availability, scope: each-site, target: {op: gte, percent: "99.5"}}
`
}

const always = (outcome: Outcome) => (): Outcome => outcome
const failing =
  (fromMs: number, untilMs = Infinity) =>
  (atMs: number): Outcome =>
    fromMs <= atMs && atMs < untilMs ? 'fail' : 'ok'

/** `seen` by check; what it leaves out answers. References first, as the fold does it. */
function measure(
  world: SiteWorld,
  agent: string,
  untilMs: number,
  seen: Partial<Record<string, (atMs: number) => Outcome>> = {},
): void {
  const checks = Object.fromEntries(
    [...REFERENCES, 'portal'].map((check) => [check, seen[check] ?? always('ok')]),
  )
  world.sees(agent, { fromMs: START_MS, untilMs, stepMs: STEP_MS, checks })
}

function eachSite(world: SiteWorld, nowMs: number): ViewOf<'interval-availability'> {
  const { state, revision, timelines, agents } = world
  const asked = questionAt(state, revision.terms.guarantees[0]!.id, { atMs: START_MS, nowMs })!
  const facts = stateFacts({ ...asked, asOfMs: nowMs }, timelines)
  const question = { ...asked, asOfMs: nowMs, phase: phaseOf(asked), facts }
  const sites = sitesOf(revision.terms, agents)
  const readiness = { claimable: false, lacks: [] }
  const view = guaranteeView({
    asked,
    judged: judgeWindowOf(question),
    facts,
    sites,
    timelines,
    readiness,
    counted: null,
  })
  if (view.metric !== 'interval-availability') throw new Error('the contract promises availability alone')
  return view
}

const forty = Array.from({ length: 40 }, (_, i) => `branch-${String(i + 1).padStart(2, '0')}`)
const own = (name: string, administeredBy = 'internal-it') => ({
  id: name,
  agents: [`at-${name}`],
  administeredBy,
})

describe('one of forty sites dead', () => {
  const untilMs = START_MS + 12 * HOUR_MS
  const world = siteWorld(
    contractText({ sites: forty.map((name) => own(name)) }),
    forty.map((name) => `at-${name}`),
    START_MS,
  )
  for (const name of forty)
    measure(world, `at-${name}`, untilMs, name === 'branch-07' ? { portal: failing(START_MS + HOUR_MS) } : {})
  const { state, revision, timelines } = world

  it('is partial for the service, and no downtime', () => {
    const timeline = timelines.service(state, revision, 'portal')
    expect(stateOf(markAt(timeline, START_MS + HOUR_MS - 1))).toBe('up')
    expect(stateOf(markAt(timeline, START_MS + 2 * HOUR_MS))).toBe('partial')
    expect(timeline.mark.some(isDown)).toBe(false)
  })

  it('is not met for that site alone, and so for the guarantee', () => {
    const view = eachSite(world, untilMs)
    expect(view.verdict).toBe('not_met')
    const notMet = view.sites!.filter(({ verdict }) => verdict === 'not_met')
    expect(notMet.map(({ site }) => site)).toEqual(['branch-07'])
    // Of 11 hours to the last sample, the end of which nothing has followed yet.
    expect(notMet[0]!.downMs.provable).toBe(11 * HOUR_MS - STEP_MS)
    expect(view.sites).toHaveLength(40)
    expect(view.sites!.every(({ site, downMs }) => site === 'branch-07' || downMs.point === 0)).toBe(true)
    expect(view.downMs).toEqual(notMet[0]!.downMs)
    expect(view.budget.leftMs).toBeLessThan(0)
  })

  it('is met at none before the close, and once closed at all but the dead one', () => {
    const closedMs = Date.UTC(2026, 10, 1) + 73 * HOUR_MS
    const view = eachSite(world, closedMs)
    // Nothing was measured after twelve hours: nobody can say that the others kept it.
    expect(new Set(view.sites!.map(({ verdict }) => verdict))).toEqual(new Set(['not_met', 'indeterminate']))
    expect(view.insufficientEvidence).toBe(true)
  })
})

describe('sites of a contract', () => {
  const sites = [own('lyon'), { id: 'lille', agents: ['a', 'b'] }]
  const world = siteWorld(contractText({ sites }), ['at-lyon', 'a', 'alone'])
  it('are those declared, enrolled or not, then each agent that stands in none', () => {
    const found = sitesOf(world.revision.terms, world.agents)
    expect(
      found.map(({ id, administeredBy, agents, isDeclared }) => [
        id,
        administeredBy,
        agents.length,
        isDeclared,
      ]),
    ).toEqual([
      ['lyon', 'internal-it', 1, true],
      ['lille', null, 1, true],
      ['alone', null, 1, false],
    ])
  })

  it('two agents of one site have to agree on what that site sees', () => {
    const both = siteWorld(
      contractText({ sites: [{ id: 'lille', agents: ['a', 'b'] }] }),
      ['a', 'b'],
      START_MS,
    )
    measure(both, 'a', START_MS + HOUR_MS, { portal: always('fail') })
    measure(both, 'b', START_MS + HOUR_MS)
    const [site] = sitesOf(both.revision.terms, both.agents)
    const timeline = both.timelines.site(both.state, both.revision, { service: 'portal', site: site! })
    expect(stateOf(markAt(timeline, START_MS + HOUR_MS / 2))).toBe('partial')
  })
})

describe('state of a site', () => {
  const agent = (changes: Partial<SiteAgent>): SiteAgent => ({
    id: 'a',
    name: 'a',
    connected: true,
    silent: false,
    isolated: false,
    clockOffsetMs: 0,
    ...changes,
  })
  const silent = agent({ connected: false, silent: true })
  it.each<[string, SiteAgent[], string]>([
    ['nobody is enrolled', [], 'unknown'],
    ['one is heard', [agent({}), silent], 'reachable'],
    ['nobody is heard', [silent, silent], 'unreachable'],
    ['all that are heard are cut off', [agent({ isolated: true }), silent], 'isolated'],
    ['one of two is cut off', [agent({ isolated: true }), agent({})], 'reachable'],
    ['gone, but not for long', [agent({ connected: false })], 'unknown'],
  ])('%s', (_, agents, expected) => {
    expect(siteState(agents)).toBe(expected)
  })
})

describe('a site at which nobody is heard', () => {
  const sites = [{ id: 'lille', agents: ['a', 'b'], administeredBy: 'internal-it' }]
  const world = siteWorld(contractText({ sites }), ['a', 'b', 'alone'])
  const [a, b, alone] = world.agents
  it('is told with the last of its agents, and an agent of none is no site', () => {
    const of = (agent: typeof a) => silentSites([world.state], world.agents, { agent: agent!, sinceMs: 900 })
    expect(of(a)).toEqual([])
    expect(of(alone)).toEqual([])
    b!.silentSinceMs = 500
    expect(of(a)).toMatchObject([
      {
        contract: 'acme',
        site: { id: 'lille', administeredBy: 'internal-it' },
        agents: [
          { name: 'a', silentSinceMs: 900 },
          { name: 'b', silentSinceMs: 500 },
        ],
      },
    ])
    // The other one had been silent, and is revoked now: it is no longer waited for.
    expect(silentSites([world.state], [a!], { agent: a!, sinceMs: 900 })).toMatchObject([
      { agents: [{ name: 'a' }] },
    ])
    b!.silentSinceMs = null
  })
})

describe('an agent that is cut off', () => {
  const cutMs = START_MS + HOUR_MS
  const world = siteWorld(
    contractText({ sites: [own('lyon'), own('lille'), own('nantes')] }),
    ['at-lyon', 'at-lille', 'at-nantes'],
    START_MS,
  )
  const dead = failing(cutMs)
  for (const name of ['at-lyon', 'at-lille'])
    measure(world, name, START_MS + 2 * HOUR_MS, { lan: dead, anchor: dead, wan: dead, portal: dead })
  measure(world, 'at-nantes', START_MS + 2 * HOUR_MS)
  const { state, revision, timelines } = world

  it('knows nothing, and two of them bring nothing down', () => {
    const timeline = timelines.service(state, revision, 'portal')
    expect(timeline.mark.some(isDown)).toBe(false)
    expect(stateOf(markAt(timeline, cutMs + HOUR_MS / 2))).toBe('up')
    const states = timelines
      .vantages(state, revision, 'portal')
      .map((v) => stateOf(markAt(v.timeline, cutMs + HOUR_MS / 2)))
    expect(states).toEqual(['unknown', 'unknown', 'up'])
  })

  it('is shown as such', () => {
    const isIsolated = (agent: string): boolean =>
      timelines
        .isolated(state, revision, agent)
        .some(({ startMs, endMs }) => startMs <= cutMs && cutMs < endMs)
    expect(siteViews(revision.terms, world.agents, isIsolated).map(({ id, state }) => [id, state])).toEqual([
      ['lyon', 'isolated'],
      ['lille', 'isolated'],
      ['nantes', 'reachable'],
    ])
  })
})

describe('the silence of a host', () => {
  const silentMs = START_MS + HOUR_MS
  const HOLD_MS = 65_000
  const stateAfter = (administeredBy: string, extra: string, host: 'silent' | 'heard' = 'silent'): string => {
    const world = siteWorld(
      contractText({ sites: [own('lyon', administeredBy)], extra }),
      ['at-lyon'],
      START_MS,
    )
    measure(world, 'at-lyon', silentMs)
    if (host === 'silent') world.agents[0]!.silentSinceMs = silentMs
    const { state, revision, timelines } = world
    const timeline = timelines.service(state, revision, 'portal')
    const before = stateOf(markAt(timeline, START_MS - 1))
    const held = stateOf(markAt(timeline, silentMs - STEP_MS + HOLD_MS - 1))
    return [before, held, stateOf(markAt(timeline, silentMs + HOUR_MS))].join(' ')
  }
  const DOWN = 'providerHostSilence: down'
  it.each([
    ['of the provider, counted as down', 'outsourcer', DOWN, 'unknown up down'],
    ['of its subcontractor, counted as down', 'telco', DOWN, 'unknown up down'],
    ['of the customer', 'internal-it', DOWN, 'unknown up unknown'],
    ['of the provider, by default', 'outsourcer', '', 'unknown up unknown'],
  ])('%s', (_, administeredBy, extra, expected) => {
    expect(stateAfter(administeredBy, extra)).toBe(expected)
  })

  it('is none while the host is heard: what it has not sent may be on its way', () => {
    expect(stateAfter('outsourcer', DOWN, 'heard')).toBe('unknown up unknown')
  })
})

describe('the zone of an incident', () => {
  const onsetMs = START_MS + HOUR_MS
  const names = ['at-lyon', 'at-lille', 'at-nantes']
  const sites = [own('lyon'), own('lille'), own('nantes')]
  const incident = { service: 'portal', check: 'portal', onsetMs }
  type Broken = Partial<Record<string, string[]>>
  const zoneOf = (broken: Broken, nowMs = onsetMs + HOUR_MS) => {
    const world = siteWorld(contractText({ sites }), names, START_MS)
    for (const name of names) {
      const seen = Object.entries(broken).filter(([, at]) => at!.includes(name))
      measure(
        world,
        name,
        onsetMs + HOUR_MS / 2,
        Object.fromEntries(seen.map(([check]) => [check, failing(onsetMs)])),
      )
    }
    return zoneOfIncident(world.timelines, world.state, { incident, revision: world.revision, nowMs })
  }
  const two = ['at-lyon', 'at-lille']
  it.each<[string, Broken, string, string | null]>([
    ['only the target fails', { portal: names }, 'application', null],
    ['the line of the two that are down', { portal: two, wan: two }, 'access', 'wan'],
    ['the customer’s own network there', { portal: two, lan: two }, 'branch', 'lan'],
    ['a line where nothing else fails', { portal: two, wan: ['at-nantes'] }, 'application', null],
    ['one line of the two', { portal: two, wan: ['at-lyon'] }, 'undetermined', null],
  ])('%s', (_, broken, zone, zoneReference) => {
    expect(zoneOf(broken)).toEqual({ zone, zoneReference })
  })

  it('of a subcontractor is answered for by the provider', () => {
    const { terms } = siteWorld(contractText({ sites }), []).revision
    expect(ownerOf(terms, 'access')).toEqual({ owner: 'telco', answeredBy: 'outsourcer' })
    expect(ownerOf(terms, 'branch')).toEqual({ owner: 'internal-it', answeredBy: 'internal-it' })
    expect(ownerOf(terms, 'undetermined')).toEqual({ owner: 'undetermined', answeredBy: 'undetermined' })
  })

  it('stands in the view beside who administers each host', () => {
    const world = siteWorld(contractText({ sites }), names, START_MS)
    for (const name of names) measure(world, name, onsetMs + 60_000, { portal: failing(onsetMs) })
    const { state, revision, timelines } = world
    const view = incidentView(
      {
        id: 'inc_1',
        contract: 'acme',
        service: 'portal',
        check: 'portal',
        cause: 'connect',
        failure: null,
        zone: 'access',
        zoneReference: 'wan',
        onsetMs,
        openedMs: onsetMs,
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
      },
      {
        contract: revision.terms,
        timeline: timelines.service(state, revision, 'portal'),
        vantages: timelines.vantages(state, revision, 'portal'),
        state,
        alertedMs: () => null,
        nowMs: onsetMs + 60_000,
      },
    )
    expect(view).toMatchObject({
      zone: 'access',
      owner: 'telco',
      answeredBy: 'outsourcer',
      zoneReference: 'wan',
    })
    expect(view.vantages[0]).toMatchObject({
      name: 'at-lyon',
      state: 'down',
      reasons: [],
      site: 'lyon',
      administeredBy: 'internal-it',
    })
  })
})

describe('readiness of a contract', () => {
  const NOTHING = { isWitnessed: false, alertOperators: new Set<string>() }
  const facts = (sites: Wanted['sites'], names: string[], silent: string[] = []) => {
    const world = siteWorld(contractText({ sites }), names)
    for (const agent of world.agents) if (silent.includes(agent.name)) agent.silentSinceMs = 1
    return readinessFacts(world.state, world.agents, NOTHING)
  }
  const both = [own('lyon'), own('lille')]
  it('counts sites that measure, one of them an agent by itself', () => {
    expect(facts(both, ['at-lyon', 'at-lille']).sites).toBe(2)
    expect(facts(both, ['at-lyon', 'alone']).sites).toBe(2)
    expect(facts(both, ['at-lyon', 'at-lille'], ['at-lille']).sites).toBe(1)
    expect(facts(both, []).sites).toBe(0)
  })

  it('knows who administers a host only of declared sites that say so', () => {
    expect(facts(both, ['at-lyon', 'at-lille']).administratorsDeclared).toBe(true)
    expect(facts(both, ['at-lyon', 'alone']).administratorsDeclared).toBe(false)
    expect(facts([{ id: 'lyon', agents: ['at-lyon'] }], ['at-lyon']).administratorsDeclared).toBe(false)
    expect(facts(both, []).administratorsDeclared).toBe(false)
  })

  it('knows whether an alert was ever accepted, and not by whom', () => {
    const { state, agents } = siteWorld(contractText({ sites: both }), ['at-lyon'])
    expect(readinessFacts(state, agents, NOTHING).alertPath).toBe('none')
    const alerted = put(state.alerted, 'inc_1', START_MS)
    expect(readinessFacts({ ...state, alerted }, agents, NOTHING).alertPath).toBe('owner-unknown')
  })

  it('counts references that the provider does not answer for and that somebody runs', () => {
    // `wan` stands in the zone of a subcontractor.
    expect(facts(both, ['at-lyon']).providerFreeReferences).toBe(2)
    expect(facts(both, []).providerFreeReferences).toBe(0)
  })
})
