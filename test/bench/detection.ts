/**
 * Detection: how soon an outage is known and how closely it is stated. Targets break and mend at known instants;
 * Constat tells of each with one agent and with two of three, beside Prometheus with its blackbox exporter and
 * Alertmanager, where they are installed (apt-get install prometheus prometheus-alertmanager
 * prometheus-blackbox-exporter). Asked: S − P at most one interval and 4 s, two of three within 3 s of the first
 * failed look, and of its timeout where the target hangs.
 *
 *   npx tsx test/bench/detection.ts [--tiny]
 */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContractView } from '../../collector/src/view/contract.ts'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import { sized, state } from '../support/bench.ts'
import { startMoodyServer, type Mood, type MoodyServer } from '../support/moody-server.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { alertsOf, missingOfPrometheus, startPrometheus } from '../support/prometheus.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

const FAULTS = ['503', 'refuse', 'reset', 'hang', 'slow'] as const satisfies Mood[]
const EACH = sized({ full: 6, tiny: 1 })
const AGENTS = sized({ full: 3, tiny: 1 })
const INTERVAL_MS = sized({ full: 10_000, tiny: 2_000 })
const TIMEOUT_MS = sized({ full: 5_000, tiny: 1_000 })
const LASTS_MS = sized({ full: 30_000, tiny: 6_000 })
const WARM_UP_MS = sized({ full: 15_000, tiny: 3_000 })
const SETTLE_MS = sized({ full: 25_000, tiny: 6_000 })

type Outage = { name: string; fault: Mood; server: MoodyServer; fromMs: number; toMs: number }
/** What somebody told of an outage. `null`: never. ms throughout. */
type Told = {
  webhookMs: number
  onsetMs: number
  lengthMs: number | null
  atLeastMs?: number
  atMostMs?: number
  /** From the first failed look to the incident. */
  openedMs?: number
}
type Teller = { name: string; of(outage: Outage): Told | null }

function contractText(name: string, outages: readonly Outage[], agents: readonly string[]): string {
  const seconds = (ms: number): string => `PT${ms / 1_000}S`
  const checks = outages.map(
    ({ name: check, server }) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${check}}
spec: {service: ${check}, http: {url: "${server.url}"}, interval: ${seconds(INTERVAL_MS)}, timeout: ${seconds(TIMEOUT_MS)}}
`,
  )
  const guarantees = outages.map(
    ({ name: one }) =>
      `    - {id: ${one}-up, service: ${one}, metric: interval-availability, target: {op: gte, percent: "99.9"}}`,
  )
  return `${checks.join('---\n')}---
apiVersion: constat/v1
kind: Contract
metadata: {name: ${name}}
spec:
  provider: Northstar
  timeZone: UTC
  alertAfter: PT0S
  measurement: {vantages: [${agents.join(', ')}], brackets: true}
  guarantees:
${guarantees.join('\n')}
`
}

type World = { program: Program; receiver: Receiver; agents: ChildProcess[]; dirs: string[] }

/** A collector with its agents, watching all targets under each contract. */
async function startConstat(outages: readonly Outage[], contracts: readonly string[]): Promise<World> {
  const names = Array.from({ length: AGENTS }, (_, i) => `site-${i + 1}`)
  const receiver = await openReceiver()
  const env = { CONSTAT_LOG_LEVEL: 'warn' }
  const program = await startProgram({
    args: ['collector'],
    dataDir: makeCollectorDir(),
    port: await freePort(),
    env,
  })
  const dirs = names.map(() => makeDataDir())
  const agents: ChildProcess[] = []
  for (const [i, name] of names.entries()) agents.push(await startAgent(program, { dir: dirs[i]!, name }))
  for (const contract of contracts) {
    const text = contractText(contract, outages, contract === 'one' ? names.slice(0, 1) : names)
    const applied = await program.put(`/contracts/${contract}`, text)
    if (!applied.ok) throw new Error(await applied.text())
    await until(async () => (await program.get<ContractView>(`/contracts/${contract}`)).state === 'up', {
      withinMs: 60_000,
      what: `${contract} to be up`,
    })
  }
  const types = ['incident.opened', 'incident.closed']
  await program.post('/webhooks', { url: receiver.url, types, shape: 'generic' })
  return { program, receiver, agents, dirs: [...dirs, program.dataDir] }
}

async function stopConstat({ program, receiver, agents, dirs }: World): Promise<void> {
  for (const agent of agents) await endOf(agent, 'SIGTERM')
  await program.kill('SIGTERM')
  await receiver.close()
  for (const dir of dirs) dropDataDir(dir)
}

/** Breaks and mends each target once; onsets spread over an interval, lengths over another. */
async function breakAll(outages: readonly Outage[]): Promise<void> {
  const one = async (outage: Outage, i: number): Promise<void> => {
    const share = (Math.floor(i / FAULTS.length) + 0.5) / EACH
    await sleep(share * INTERVAL_MS)
    outage.fromMs = await outage.server.become(outage.fault)
    await sleep(LASTS_MS + (((i * 37) % 100) / 100) * INTERVAL_MS)
    outage.toMs = await outage.server.become('ok')
  }
  await Promise.all(outages.map(one))
}

async function tellerOf(contract: string, { program, receiver }: World): Promise<Teller> {
  const path = `/incidents?contract=${contract}&limit=200`
  const incidents = (await program.get<{ items: IncidentView[] }>(path)).items
  // Our own payloads.
  const told = receiver.received.map(({ body, atMs }) => ({
    ...(JSON.parse(body) as { type: string; data: IncidentView }),
    atMs,
  }))
  const name = contract === 'one' ? 'constat, 1 agent' : 'constat, 2 of 3'
  return {
    name,
    of({ name: service, fromMs }) {
      const incident = incidents.find((one) => one.service === service)
      const hook = told.find(({ type, data }) => type === 'incident.opened' && data.id === incident?.id)
      if (!incident || !hook) return null
      const { provable, point, pessimistic } = incident.downMs
      const onsetMs = Date.parse(incident.onsetAt)
      return {
        webhookMs: hook.atMs - fromMs,
        onsetMs: onsetMs - fromMs,
        lengthMs: incident.endAt === null ? null : point,
        atLeastMs: provable,
        atMostMs: pessimistic,
        openedMs: Date.parse(incident.openedAt) - onsetMs,
      }
    },
  }
}

function tellerOfPrometheus({ received }: Receiver): Teller {
  const alerts = received.flatMap((one) => alertsOf(one).map((alert) => ({ ...alert, atMs: one.atMs })))
  return {
    name: 'prometheus',
    of({ server: { url }, fromMs }) {
      const own = alerts.filter((alert) => alert.url === url)
      const firing = own.find((one) => one.firing)
      const ended = own.find((one) => !one.firing)
      if (!firing) return null
      return {
        webhookMs: firing.atMs - fromMs,
        onsetMs: firing.startMs - fromMs,
        lengthMs: ended ? ended.endMs - firing.startMs : null,
      }
    },
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

function report(outages: readonly Outage[], tellers: readonly Teller[]): void {
  const s = (ms: number): string => (Number.isFinite(ms) ? (ms / 1_000).toFixed(1) : '–').padStart(7)
  console.log('s; onset and length: what is stated less the truth, the median and the worst')
  console.log('fault   told by           n of n   webhook   worst    onset   worst   length   worst    S − P')
  for (const fault of FAULTS) {
    const all = outages.filter((one) => one.fault === fault)
    for (const teller of tellers) {
      const told = all.flatMap((outage) => {
        const one = teller.of(outage)
        return one ? [{ ...one, truthMs: outage.toMs - outage.fromMs }] : []
      })
      const pair = (values: number[]): string => {
        const worst = values.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? Number.NaN
        return `${s(median(values))} ${s(worst)}`
      }
      const lengths = told.flatMap(({ lengthMs, truthMs }) => (lengthMs === null ? [] : [lengthMs - truthMs]))
      const slack = told.flatMap(({ atMostMs, atLeastMs }) => (atMostMs ?? Number.NaN) - (atLeastMs ?? 0))
      const cells = [
        pair(told.map(({ webhookMs }) => webhookMs)),
        pair(told.map(({ onsetMs }) => onsetMs)),
        pair(lengths),
        s(median(slack)),
      ]
      const counted = `${told.length} of ${all.length}`.padStart(7)
      console.log(`${fault.padEnd(7)} ${teller.name.padEnd(16)} ${counted}  ${cells.join('  ')}`)
    }
  }
}

type ToldOf = Told & { outage: Outage }

function isWithin({ atLeastMs, atMostMs, outage: { fromMs, toMs } }: ToldOf): boolean {
  return atLeastMs! <= toMs - fromMs && toMs - fromMs <= atMostMs!
}

function wordsOf({ outage, onsetMs, lengthMs, atLeastMs, atMostMs }: ToldOf): string {
  const { name, fromMs, toMs } = outage
  const truth = `${toMs - fromMs} ms from ${new Date(fromMs).toISOString()}`
  return `${name}, ${truth}: at least ${atLeastMs}, at most ${atMostMs}, measured ${lengthMs} from ${onsetMs} on`
}

function stateFigures(outages: readonly Outage[], tellers: readonly Teller[]): void {
  const webhooks = (teller: Teller): number[] => outages.flatMap((one) => teller.of(one)?.webhookMs ?? [])
  const theirs = tellers.find(({ name }) => name === 'prometheus')
  for (const teller of tellers) {
    const own = webhooks(teller)
    state(`s from fault to webhook, median, ${teller.name}`, median(own) / 1_000)
    state(`s from fault to webhook, worst, ${teller.name}`, Math.max(...own) / 1_000)
    if (teller === theirs) continue
    if (theirs)
      state(`of Prometheus' median, ${teller.name}`, median(own) / median(webhooks(theirs)), { atMost: 1 })
    const told = outages.flatMap((outage) => {
      const one = teller.of(outage)
      return one ? [{ ...one, outage }] : []
    })
    const slack = told.map(({ atMostMs, atLeastMs }) => (atMostMs! - atLeastMs!) / 1_000)
    state(`s of S − P, median, ${teller.name}`, median(slack), { atMost: INTERVAL_MS / 1_000 + 4 })
    const within = told.filter(isWithin)
    for (const one of told) if (!isWithin(one)) console.log(`outside, ${teller.name}: ${wordsOf(one)}`)
    for (const { name, fromMs, toMs } of outages) {
      const isTold = told.some(({ outage }) => outage.name === name)
      if (!isTold) console.log(`not told, ${teller.name}: ${name} of ${toMs - fromMs} ms`)
    }
    state(
      `of the outages told lie within "at least" and "at most", ${teller.name}`,
      within.length / told.length,
      { atLeast: 1 },
    )
    state(`of the outages are told, ${teller.name}`, told.length / outages.length, { atLeast: 1 })
    const hangs = (fault: Mood): boolean => fault === 'hang' || fault === 'slow'
    for (const [what, waitMs] of [
      ['answer', 0],
      ['hang', TIMEOUT_MS],
    ] as const) {
      const opened = told
        .filter(({ outage }) => hangs(outage.fault) === (what === 'hang'))
        .map(({ openedMs }) => openedMs!)
      const worst = Math.max(...opened)
      state(
        `s from the first failed look to the incident, median of those that ${what}, ${teller.name}`,
        median(opened) / 1_000,
      )
      state(
        `s from the first failed look to the incident, worst of those that ${what}, ${teller.name}`,
        worst / 1_000,
        { atMost: 3 + waitMs / 1_000 },
      )
    }
  }
}

async function main(): Promise<void> {
  const outages: Outage[] = []
  const closers: (() => Promise<void>)[] = []
  try {
    for (let i = 0; i < EACH * FAULTS.length; i += 1) {
      const fault = FAULTS[i % FAULTS.length]!
      const server = await startMoodyServer()
      closers.push(() => server.close())
      outages.push({ name: `t${i}-${fault}`, fault, server, fromMs: 0, toMs: 0 })
    }
    const contracts = AGENTS > 1 ? ['one', 'three'] : ['one']
    const world = await startConstat(outages, contracts)
    closers.push(() => stopConstat(world))
    const missing = missingOfPrometheus()
    const alerts = await openReceiver()
    closers.push(() => alerts.close())
    if (missing === null) {
      const times = { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS }
      const urls = outages.map(({ server }) => server.url)
      const prometheus = await startPrometheus({ urls, ...times, webhook: alerts.url })
      closers.push(() => prometheus.stop())
    } else console.log(`without Prometheus: ${missing}`)
    await sleep(WARM_UP_MS)
    await breakAll(outages)
    await sleep(SETTLE_MS)
    const tellers: Teller[] = []
    for (const contract of contracts) tellers.push(await tellerOf(contract, world))
    if (missing === null) tellers.push(tellerOfPrometheus(alerts))
    report(outages, tellers)
    stateFigures(outages, tellers)
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}

await main()
