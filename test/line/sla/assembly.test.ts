/**
 * Live is file: the same samples through the fold, as frames in any order, and as a scenario give the same
 * timelines, incidents, zones and verdicts, for the service and for each of its sites, also of what is counted
 * in attempts and answers. What the collector keeps of its timelines is what it would work out anew.
 */
import type { Outcome } from '@constat/shared/sample'
import { formatInstant } from '@constat/shared/time'
import { measuredServices, observedIn } from '@constat/sla/scenario/measured'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { inputsOf } from '@constat/sla/scenario/inputs'
import { readScenario } from '@constat/sla/scenario/read'
import { newest, type ContractState } from '@constat/sla/state/contract-state'
import { promisedAt } from '@constat/sla/state/in-force'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntryRow } from '../../../collector/src/db/ledger-rows.ts'
import { nothingTouched } from '@constat/sla/fold/fold'
import { LedgerFold } from '../../../collector/src/fold/ledger-fold.ts'
import { frameOf } from '@constat/sla/fold/page'
import { factsOf, stateFacts } from '@constat/sla/judgement/facts'
import { judgeWindowOf } from '@constat/sla/judgement/promise'
import { closedTimelines, Timelines } from '@constat/sla/fold/timelines'
import { zoneOfIncident } from '../../../collector/src/judge/zones.ts'
import { Latencies } from '../../../collector/src/latency/latencies.ts'
import {
  configurationLeaf,
  enrolmentLeaf,
  revisionLeaf,
  stateOf,
  statesOf,
} from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'
import { frameRow } from '../../support/frame-row.ts'
import { memoryLedger } from '../../support/memory-ledger.ts'
import type { Json } from '../../support/scenario.ts'

/** A chunk of the fold ends in the middle of it. */
const START_MS = Date.UTC(2026, 0, 8, 3, 52)
const STEP_MS = 30_000
const SLOTS = 30
const AS_OF_MS = START_MS + SLOTS * STEP_MS
const SERVICE = 'portal'
/** Their ids come in another order than their names. `mute` never speaks. */
const IDS = { a: 0x44, b: 0x33, c: 0x22, d: 0x11, mute: 0x55 }
type Agent = keyof typeof IDS
const SPEAKING: readonly Agent[] = ['a', 'b', 'c', 'd']
const idOf = (agent: Agent): Buffer => Buffer.alloc(16, IDS[agent])
const CHECKS = ['anchor', 'db', 'lan', 'wan', 'web'] as const
type Check = (typeof CHECKS)[number]
/** Which of them a zone looks at matters. */
const HOLDS = { anchor: 'PT65S', db: 'PT150S', lan: 'PT95S', wan: 'PT65S', web: 'PT65S' }

type Clauses = {
  providerHostSilence: 'unknown' | 'down'
  isIsolated: boolean
  blocked: 'unknown' | 'fail'
  confirm: Json
  quorum: Json | null
  tree: Json
  scope: 'service' | 'each-site'
  /** Null: anybody. */
  vantages: readonly string[] | null
}

const clauses = fc.record<Clauses>({
  providerHostSilence: fc.constantFrom('unknown', 'down'),
  isIsolated: fc.boolean(),
  blocked: fc.constantFrom('unknown', 'fail'),
  confirm: fc.constantFrom({ down: 2, up: 1, by: 'reprobes' }, { down: 2, up: 2, by: 'slots' }),
  quorum: fc.constantFrom(null, { down: 1, minKnown: 1 }, { down: 2, minKnown: 2 }),
  tree: fc.constantFrom<Json>(
    { check: 'web' },
    { all: [{ check: 'web' }, { check: 'db' }] },
    { any: [{ check: 'web' }, { check: 'db' }] },
  ),
  scope: fc.constantFrom('service', 'each-site'),
  vantages: fc.constantFrom(null, ['a', 'b', 'c', 'd', 'mute'], ['a', 'c', 'd']),
})

const COUNTED = ['answered', 'fast', 'minutes', 'mean']

function documentsOf(given: Clauses): Json[] {
  const { providerHostSilence, blocked, confirm, quorum, vantages } = given
  const checks = CHECKS.map((name) => ({
    apiVersion: 'constat/v1',
    kind: 'Check',
    metadata: { name },
    spec: {
      tcp: { host: `${name}.example`, port: 443 },
      interval: 'PT30S',
      timeout: 'PT5S',
      hold: HOLDS[name],
      ...(vantages && { vantages }),
      ...((name === 'web' || name === 'db') && { zone: 'application' }),
    },
  }))
  const spec = {
    effective: { from: '2026-01-08' },
    parties: [
      { id: 'customer', role: 'customer', name: 'Acme' },
      { id: 'hoster', role: 'provider', name: 'Northstar' },
      { id: 'it', role: 'customer-department', of: 'customer', name: 'Acme IT' },
      { id: 'telco', role: 'subcontractor', of: 'hoster', name: 'Fibreline' },
    ],
    sites: [
      { id: 'lyon', agents: ['a', 'b'], administeredBy: 'it' },
      { id: 'nantes', agents: ['c'], administeredBy: 'telco' },
      { id: 'lille', agents: ['not-yet'], administeredBy: 'it' },
    ],
    zones: [
      { id: 'branch', owner: 'it', boundary: 'switch', reference: ['lan'] },
      { id: 'access', owner: 'telco', boundary: 'router', reference: ['wan'] },
      { id: 'application', owner: 'hoster', boundary: 'url', reference: [] },
    ],
    services: [{ name: SERVICE, tree: given.tree }],
    measurement: {
      providerHostSilence,
      blocked,
      confirm,
      ...(quorum && { quorum }),
      ...(given.isIsolated && { isolation: ISOLATION }),
    },
    guarantees: GUARANTEES.map((one) => ({ ...GUARANTEE, ...one, scope: given.scope })),
  }
  return [...checks, { apiVersion: 'constat/v1', kind: 'Contract', metadata: { name: 'hosting' }, spec }]
}

const ISOLATION = { rule: 'all-references-failed', references: ['lan', 'anchor'] }
const GUARANTEE = {
  id: 'up',
  service: SERVICE,
  metric: 'interval-availability',
  calendar: 'always',
  window: { period: 'P1M', timeZone: 'UTC' },
  target: { op: 'gte', percent: '80' },
}

const GUARANTEES = [
  {},
  { id: 'answered', metric: 'request-share' },
  { id: 'fast', metric: 'share-within', threshold: 'PT0.1S' },
  { id: 'minutes', metric: 'error-rate-slices', slice: 'PT5M', badWhen: { overPercent: '10' } },
  { id: 'mean', metric: 'mean-error-rate', slice: 'PT5M' },
]

type Said = Outcome | 'nothing'
/** What a vantage says of a check for so many slots. */
type Run = { said: Said; slots: number }
type Sample = {
  agent: Agent
  check: Check
  atMs: number
  outcome: Outcome
  attempt: number
  latencyUs: number
}
type Story = {
  /** What there is to see of each check. */
  truth: readonly (readonly Run[])[]
  /** By agent and check: what it says instead; null: what there is to see. */
  own: readonly (readonly Run[] | null)[]
  phaseMs: readonly number[]
  hasReprobes: boolean
}

const PLACES = SPEAKING.flatMap((agent) => CHECKS.map((check) => ({ agent, check })))
const said = fc.constantFrom<Said>('ok', 'ok', 'fail', 'fail', 'degraded', 'unknown', 'blocked', 'nothing')
const runs = fc.array(fc.record<Run>({ said, slots: fc.integer({ min: 1, max: 9 }) }), { maxLength: 6 })
const listOf = <T>(one: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
  fc.array(one, { minLength: length, maxLength: length })
const story = fc.record<Story>({
  truth: listOf(runs, CHECKS.length),
  own: listOf(fc.option(runs, { freq: 2 }), PLACES.length),
  phaseMs: listOf(fc.integer({ min: 0, max: 10_000 }), PLACES.length),
  hasReprobes: fc.boolean(),
})

function samplesOf(
  { truth, own, phaseMs, hasReprobes }: Story,
  { vantages }: Pick<Clauses, 'vantages'>,
): Sample[] {
  return PLACES.flatMap(({ agent, check }, place) => {
    if (vantages && !vantages.includes(agent)) return []
    const spoken = saidBy(own[place] ?? truth[CHECKS.indexOf(check)]!)
    // Where anybody may run a check, a file knows of those alone who spoke of it.
    if (!vantages && spoken[0] === 'nothing') spoken[0] = 'ok'
    return spoken.flatMap((outcome, slot): Sample[] => {
      if (outcome === 'nothing') return []
      const atMs = START_MS + slot * STEP_MS + phaseMs[place]!
      const sample = { agent, check, outcome, atMs, attempt: 0, latencyUs: (atMs % 7) * 30_000 }
      const again = { ...sample, atMs: sample.atMs + 2000, attempt: 1 }
      return hasReprobes && outcome === 'fail' && spoken[slot - 1] !== 'fail' ? [sample, again] : [sample]
    })
  })
}

function saidBy(list: readonly Run[]): Said[] {
  const spoken = list.flatMap(({ said: one, slots }) => Array.from({ length: slots }, () => one))
  return [...spoken, ...Array.from({ length: SLOTS }, (): Said => 'ok')].slice(0, SLOTS)
}

type Cut = { order: 'in-time' | 'by-agent' | 'backwards'; most: number; pageOf: number }
const cut = fc.record<Cut>({
  order: fc.constantFrom('in-time', 'by-agent', 'backwards'),
  most: fc.integer({ min: 30, max: 150 }),
  pageOf: fc.integer({ min: 1, max: 9 }),
})

/** A collector that has the contract and its agents. */
function liveOf(given: Clauses) {
  const contract = accepted(
    documentsOf(given)
      .map((one) => JSON.stringify(one))
      .join('\n---\n'),
  )
  const checks = contract.checks.map(({ spec }) => spec)
  const config = { origin: 'constat/test/hosting', version: 1, checks }
  // Where anybody may run a check, one that is enrolled and never speaks is a vantage of which no file knows.
  const enrolled = given.vantages ? [...SPEAKING, 'mute' as const] : SPEAKING
  // A file knows of no enrolment: who is in it was there from the first day on.
  const atMs = Date.UTC(2026, 0, 1)
  const state = stateOf(contract.name, [
    revisionLeaf(contract, { revision: 1, appliedMs: atMs }),
    configurationLeaf(config),
    ...enrolled.map((name) => enrolmentLeaf(idOf(name).toString('hex'), name, atMs)),
  ])
  return { config, state, revision: newest(state) }
}

type Live = ReturnType<typeof liveOf>

function rowsOf({ config }: Live, samples: readonly Sample[], { order, most }: Cut): EntryRow[] {
  const frames = SPEAKING.flatMap((agent) => {
    const own = samples.filter((one) => one.agent === agent).toSorted((a, b) => a.atMs - b.atMs)
    const starts = Array.from({ length: Math.ceil(own.length / most) }, (_, i) => i * most)
    return starts.map((from) => own.slice(from, from + most))
  })
  if (order === 'in-time') frames.sort((a, b) => a[0]!.atMs - b[0]!.atMs)
  if (order === 'backwards') frames.reverse()
  const indexOf = (check: Check): number => config.checks.findIndex(({ name }) => name === check)
  return frames.map((frame, i) =>
    frameRow(
      { config, agent: idOf(frame[0]!.agent), index: i + 10 },
      frame.map((one) => ({ ...one, check: indexOf(one.check) })),
    ),
  )
}

type Folding = { pageOf: number; afterPage?: (fold: LedgerFold) => void }

async function folded(
  { state }: Live,
  rows: readonly EntryRow[],
  { pageOf, afterPage }: Folding,
): Promise<LedgerFold> {
  const db = memoryLedger(() => rows)
  const fold = new LedgerFold(db, statesOf(state))
  for (let from = 0; from < rows.length; from += pageOf) {
    const page = rows.slice(from, from + pageOf)
    await fold.foldFrames(1, { frames: page.map(frameOf), next: page.at(-1)!.index + 1 }, nothingTouched())
    afterPage?.(fold)
  }
  return fold
}

function fileOf(samples: readonly Sample[]): Record<string, Record<string, unknown[]>> {
  const file: Record<string, Record<string, unknown[]>> = {}
  for (const { check, agent, atMs, outcome, attempt, latencyUs } of samples) {
    const rows = ((file[check] ??= {})[agent] ??= [])
    rows.push([atMs, outcome, latencyUs, ...(attempt > 0 ? ['reprobe'] : [])])
  }
  return file
}

/** What the collector makes of it. */
async function toldLive({ state }: Live, fold: LedgerFold, rows: readonly EntryRow[]) {
  const timelines = closedTimelines(fold.tracks)
  const promised = promisedAt(state.life, GUARANTEE.id, AS_OF_MS)!
  const { revision } = promised
  const facts = stateFacts({ ...promised, state, asOfMs: AS_OF_MS }, timelines)
  const { result } = judgeWindowOf({ ...promised, state, asOfMs: AS_OF_MS, phase: 'open', facts })
  const incidents = facts.incidents!.map(({ onsetMs, endMs }) => {
    const incident = { service: SERVICE, onsetMs }
    const { zone } = zoneOfIncident(timelines, state, { incident, revision, nowMs: AS_OF_MS - 1 })
    return { onset: formatInstant(onsetMs), end: endMs === null ? null : formatInstant(endMs), zone }
  })
  const { verdict, outlook, coverage, measure } = result
  return {
    timeline: facts.timeline,
    sites: facts.sites.map(({ site, timeline }) => ({ site, timeline })),
    incidents,
    verdict: [verdict, outlook, coverage, downOf(measure)],
    verdicts: result.sites.map((one) => [one.site, one.verdict, one.coverage, downOf(one.measure)]),
    counted: await countedLive(state, fold, rows),
  }
}

/** Guarantees that count attempts and answers, from the samples of the frames. */
async function countedLive(state: ContractState, fold: LedgerFold, rows: readonly EntryRow[]) {
  const timelines = closedTimelines(fold.tracks)
  const last = Math.max(0, ...rows.map(({ index }) => index)) + 1
  const latencies = new Latencies({
    db: memoryLedger(() => rows),
    contracts: statesOf(state),
    fold: { tracks: fold.tracks, next: () => last },
    nowMs: () => AS_OF_MS,
  })
  return Promise.all(
    COUNTED.map(async (id) => {
      const asked = { ...promisedAt(state.life, id, AS_OF_MS)!, state, asOfMs: AS_OF_MS }
      const facts = await factsOf(asked, { timelines, latencies, told: timelines })
      const { result } = judgeWindowOf({ ...asked, phase: 'open', facts })
      return countedOf(id, result, (one) => one.measure)
    }),
  )
}

type Counting = { verdict: string; outlook: string | null; coverage: string | null }

function countedOf<T extends Counting>(
  id: string,
  whole: T & { sites: readonly (Counting & { site: string })[] },
  measureOf: (one: T) => object,
) {
  const figures = (one: T) => {
    const { share = null, downMs = null, availability = null, percentileUs = null } = measureOf(one) as Json
    return [one.verdict, one.outlook, one.coverage, { share, downMs, availability, percentileUs }]
  }
  // A site is told as the whole is.
  return [id, figures(whole), whole.sites.map((one) => [one.site, figures(one as unknown as T)])]
}

/** What a file of the same samples does. */
function toldInFile(
  given: Clauses,
  { state }: Live,
  samples: readonly Sample[],
): Awaited<ReturnType<typeof toldLive>> {
  const { window, revision } = promisedAt(state.life, GUARANTEE.id, AS_OF_MS)!
  const rows = { samples: fileOf(samples) }
  const span = { window: { start: window.startMs, end: window.endMs }, asOf: AS_OF_MS }
  const { samples: columns } = inputsOf(readScenario(rows), [])
  const judged = { window, asOfMs: AS_OF_MS }
  const facts = measuredServices(observedIn(revision.terms, columns), columns, judged).get(SERVICE)!
  const answer = evaluateScenario(readScenario({ contract: documentsOf(given), ...span, ...rows }), [])
  const told = answer.guarantees[0]!
  const isEach = given.scope === 'each-site'
  return {
    timeline: facts.timeline,
    sites: isEach ? facts.sites.map(({ site, timeline }) => ({ site, timeline })) : [],
    incidents: answer.services[0]!.incidents.map(({ onset, end, zone }) => ({
      onset,
      end,
      zone: zone ?? '',
    })),
    verdict: [told.verdict, told.outlook, told.coverage, downOf(told)],
    verdicts: told.sites.map((one) => [one.site, one.verdict, one.coverage, downOf(one)]),
    counted: COUNTED.map((id) =>
      countedOf(
        id,
        answer.guarantees.find((one) => one.guarantee === id)!,
        (one) => one,
      ),
    ),
  }
}

function downOf(measure: { kind: string; downMs?: unknown }): unknown {
  return measure.kind === 'downtime' ? measure.downMs : null
}

describe('the same samples', () => {
  it('come to the same in the collector and in a file', async () => {
    const seen = new Map<string, number>()
    const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
    const stories = listOf(story, 5)
    await fc.assert(
      // The terms are read once for each five: that is most of the time it takes.
      fc.asyncProperty(clauses, stories, cut, async (given, all, how) => {
        const live = liveOf(given)
        for (const one of all) {
          const samples = samplesOf(one, given)
          const rows = rowsOf(live, samples, how)
          const fold = await folded(live, rows, how)
          const told = await toldLive(live, fold, rows)
          expect(toldInFile(given, live, samples)).toEqual(told)
          for (const { zone } of told.incidents) count(zone)
          for (const { site } of told.sites) count(site)
          for (const [verdict] of told.verdicts) count(String(verdict))
        }
      }),
      { numRuns: 16, seed: 20_261_201 },
    )
    // It saw every kind of answer.
    const kinds = ['branch', 'access', 'application', 'undetermined', 'lyon', 'nantes', 'lille', 'd']
    expect(kinds.filter((kind) => (seen.get(kind) ?? 0) < 5)).toEqual([])
  }, 240_000)

  it('leave the collector with timelines that it would work out anew', async () => {
    await fc.assert(
      fc.asyncProperty(clauses, story, cut, async (given, one, how) => {
        const live = liveOf(given)
        const { state, revision } = live
        let step = 0
        let kept: Timelines | null = null
        // Agents fall silent, and are heard again.
        const isAwaited = (agent: string): boolean =>
          (Number.parseInt(agent.slice(0, 1), 16) + step) % 3 !== 0
        const afterPage = ({ tracks }: LedgerFold): void => {
          kept ??= new Timelines(tracks, isAwaited)
          for (const last = step + 3; step < last; step += 1) {
            const anew = new Timelines(tracks, isAwaited)
            const timeline = kept.service(state, revision, SERVICE)
            expect(timeline).toEqual(anew.service(state, revision, SERVICE))
            expect(kept.service(state, revision, SERVICE)).toBe(timeline)
          }
        }
        await folded(live, rowsOf(live, samplesOf(one, given), how), { ...how, afterPage })
      }),
      { numRuns: 40, seed: 20_261_202 },
    )
  }, 240_000)
})
