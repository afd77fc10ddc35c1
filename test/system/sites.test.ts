/**
 * Three sites, each with an agent of its own, and targets that break for some of them: one site alone is
 * partial and fails its own guarantee, an agent that is cut off knows nothing, and what fails for two is
 * put down to the zone whose reference fails with it.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContractView } from '../../collector/src/view/contract.ts'
import type { IncidentView, TimelineView } from '../../collector/src/view/timeline.ts'
import { startBranchServer, type BranchServer } from '../support/branch-server.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  runOnce,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

const SITES = ['lyon', 'lille', 'nantes'] as const
const TARGETS = ['lan', 'wan', 'anchor', 'portal'] as const
const EVERY_MS = 2_000
const LIMIT = { withinMs: 30_000 }

function contractText(urlOf: (target: string) => string): string {
  const checks = TARGETS.map((name) => {
    const service = name === 'portal' ? 'service: portal, ' : ''
    const http = `http: {url: "${urlOf(name)}", auth: {bearer: {secret: site}}}`
    return `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}}
spec: {${service}${http}, interval: PT2S, timeout: PT1S}
---
`
  })
  return `${checks.join('')}apiVersion: constat/v1
kind: Contract
metadata: {name: branches}
spec:
  timeZone: UTC
  alertAfter: PT0S
  parties:
    - {id: outsourcer, role: provider, name: Northstar}
    - {id: internal-it, role: customer-department, name: Internal IT}
    - {id: telco, role: subcontractor, of: outsourcer, name: Fibreline}
  sites:
    - {id: lyon, agents: [lyon], administeredBy: internal-it}
    - {id: lille, agents: [lille], administeredBy: internal-it}
    - {id: nantes, displayName: Nantes, agents: [nantes], administeredBy: outsourcer}
  zones:
    - {id: branch-lan, owner: internal-it, boundary: switch port, reference: [lan]}
    - {id: access-line, owner: telco, boundary: router, reference: [wan]}
    - {id: application, owner: outsourcer, boundary: portal URL}
  measurement:
    isolation: {rule: all-references-failed, references: [lan, anchor]}
  guarantees:
    - {id: portal-each, service: portal, metric: interval-availability, scope: each-site, target: {op: gte, percent: "99.99999"}}
`
}

let branches: BranchServer
let receiver: Receiver
let program: Program
const dirs = new Map<string, string>()
const agents: ChildProcess[] = []

beforeAll(async () => {
  branches = await startBranchServer()
  receiver = await openReceiver()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  const applied = await program.put('/contracts/branches', contractText(branches.urlOf))
  if (!applied.ok) throw new Error(await applied.text())
  await program.post('/webhooks', { url: receiver.url, types: ['*'], shape: 'generic' })
  for (const name of SITES) {
    const dir = makeDataDir()
    dirs.set(name, dir)
    mkdirSync(join(dir, 'secrets'), { mode: 0o700 })
    writeFileSync(join(dir, 'secrets', 'site'), name, { mode: 0o600 })
    const origins = TARGETS.map((target) => new URL(branches.urlOf(target)).origin)
    writeFileSync(join(dir, 'policy.json'), JSON.stringify({ secrets: { site: origins } }))
    agents.push(await startAgent(program, { dir, name }))
  }
})

afterAll(async () => {
  for (const child of agents) await endOf(child, 'SIGKILL')
  await program?.kill('SIGKILL')
  await receiver?.close()
  await branches?.close()
  for (const dir of [...dirs.values(), program?.dataDir]) if (dir) dropDataDir(dir)
})

const view = (): Promise<ContractView> => program.get<ContractView>('/contracts/branches')
const incidents = async (): Promise<IncidentView[]> =>
  (await program.get<{ items: IncidentView[] }>('/incidents?contract=branches')).items
const stateIs = (state: string) => async (): Promise<boolean> => (await view()).state === state

const sorted = (names: readonly (string | undefined)[]): string[] =>
  names.map((name) => name ?? '').toSorted((a, b) => (a < b ? -1 : 1))

type Told = { type: string; data: IncidentView }
// Our own payloads.
const told = (): Told[] => receiver.received.map(({ body }) => JSON.parse(body) as Told)

/** The verdict of each site. */
async function results(): Promise<Record<string, string>> {
  const guarantee = (await view()).guarantees[0]!
  if (guarantee.metric !== 'interval-availability') throw new Error('the contract promises availability')
  return Object.fromEntries((guarantee.sites ?? []).map(({ site, verdict }) => [site, verdict]))
}

async function vantages(): Promise<TimelineView> {
  const span = `from=${new Date(Date.now() - 120_000).toISOString()}&to=${new Date().toISOString()}`
  return program.get<TimelineView>(`/services/portal/timeline?${span}`)
}

describe('three sites', () => {
  it('are heard, each with who administers its hosts', async () => {
    await until(async () => (await view()).sites.every(({ state }) => state === 'reachable'), {
      ...LIMIT,
      what: 'every site to be reachable',
    })
    await until(stateIs('up'), { ...LIMIT, what: 'the contract to be up' })
    const { sites, readiness } = await view()
    expect(sites.map(({ id, displayName, administeredBy }) => [id, displayName, administeredBy])).toEqual([
      ['lyon', 'lyon', 'internal-it'],
      ['lille', 'lille', 'internal-it'],
      ['nantes', 'Nantes', 'outsourcer'],
    ])
    for (const there of ['more-sites', 'references', 'host-administrators', 'clock-bound'])
      expect(readiness.lacks).not.toContain(there)
  })

  it('of which one sees the target down are partial, and not met for that one alone', async () => {
    branches.breakFor(['lille'], ['portal'])
    await until(stateIs('partial'), { ...LIMIT, what: 'the contract to be partial' })
    await until(async () => (await results())['lille'] === 'not_met', { ...LIMIT, what: 'Lille to fail' })
    branches.mend()
    await until(stateIs('up'), { ...LIMIT, what: 'the contract to be up again' })
    expect(await results()).toEqual({ lyon: 'indeterminate', lille: 'not_met', nantes: 'indeterminate' })
    expect((await view()).guarantees[0]).toMatchObject({ verdict: 'not_met' })
    expect(await incidents()).toEqual([])
  })

  it('of which two are cut off know nothing, and nothing is down', async () => {
    const cut = ['lyon', 'lille']
    branches.breakFor(cut, ['lan', 'anchor'])
    const isCut = async (): Promise<boolean> =>
      (await view()).sites.filter(({ state }) => state === 'isolated').length === 2
    await until(isCut, { ...LIMIT, what: 'two sites to be isolated' })
    branches.breakFor(cut, ['lan', 'anchor', 'wan', 'portal'])
    await until(
      async () => {
        const { vantages: seen, agentNames } = await vantages()
        const unknown = Object.entries(seen).filter(([, line]) => line.at(-1)?.state === 'unknown')
        return sorted(unknown.map(([agent]) => agentNames[agent])).join() === 'lille,lyon'
      },
      { ...LIMIT, what: 'two vantages to know nothing' },
    )
    await sleep(3 * EVERY_MS)
    const { vantages: lines } = await vantages()
    const reasons = Object.values(lines).flatMap((line) => line.at(-1)?.reasons ?? [])
    const shown = reasons.filter(({ reason }) => reason === 'isolated').map(({ name }) => name)
    expect(sorted(shown.map(String))).toEqual(['lille', 'lyon'])
    expect(await incidents()).toEqual([])
    // The target mends first: else what it says would be known again before it answers.
    branches.breakFor(cut, ['lan', 'anchor'])
    await sleep(2 * EVERY_MS)
    branches.mend()
    await until(async () => !(await isCut()) && (await stateIs('up')()), { ...LIMIT, what: 'everybody back' })
    expect(await incidents()).toEqual([])
    expect((await results())['lyon']).toBe('indeterminate')
  })

  it('of which two lose the line to the target, whose owner answers by the provider', async () => {
    branches.breakFor(['lyon', 'lille'], ['wan', 'portal'])
    const incident = await until(async () => (await incidents()).find(({ zone }) => zone === 'access-line'), {
      ...LIMIT,
      what: 'an incident of the access line',
    })
    expect(incident).toMatchObject({ owner: 'telco', answeredBy: 'outsourcer', zoneReference: 'wan' })
    const seen = incident.vantages.map(({ name, site, reasons }) => `${name} at ${site}, ${reasons.length}`)
    expect(sorted(seen)).toEqual(['lille at lille, 0', 'lyon at lyon, 0', 'nantes at nantes, 0'])
    branches.mend()
    const closed = await until(() => told().find(({ type }) => type === 'incident.closed'), {
      ...LIMIT,
      what: 'people to be told that it is over',
    })
    expect(closed.data).toMatchObject({ id: incident.id, zone: 'access-line' })
    expect(told().filter(({ type }) => type === 'incident.opened')).toHaveLength(1)
  })

  it('of which two see only the target fail: the application', async () => {
    branches.breakFor(['lyon', 'nantes'], ['portal'])
    await until(async () => (await incidents())[0]?.zone === 'application', {
      ...LIMIT,
      what: 'an incident of the application',
    })
    expect((await incidents())[0]).toMatchObject({ owner: 'outsourcer', zoneReference: null })
    branches.mend()
    await until(stateIs('up'), { ...LIMIT, what: 'the contract to be up' })
  })

  it('rebuild to the same bytes', async () => {
    for (const child of agents) await endOf(child, 'SIGTERM')
    await program.kill('SIGTERM')
    const { code, out } = await runOnce(['rebuild', '--data', program.dataDir, '--json'])
    expect(JSON.parse(out)).toMatchObject({ differences: 0, logs: 1 })
    expect(code).toBe(0)
  })
})
