/**
 * Overview: server time of the pages that are looked at most, with 1,000 services that have all spoken, from a real
 * collector over HTTP, beside its smallest answer in the same run.   npx tsx test/bench/overview.ts [--tiny]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sized, state } from '../support/bench.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openSender, type Sender } from '../support/sender.ts'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'

const LIMIT_MS = { overview: 50, contract: 80, service: 100, contracts: 100 }
/** The same number of services, in many contracts and in one. */
const FLEETS = [
  { contracts: sized({ full: 20, tiny: 1 }), services: sized({ full: 50, tiny: 10 }) },
  { contracts: 1, services: sized({ full: 1_000, tiny: 20 }) },
]
const FRAMES = 6
const WARM_UP = sized({ full: 20, tiny: 1 })
const RUNS = sized({ full: 60, tiny: 3 })
/** Longer than an answer is kept: each is worked out anew, as for somebody who looks now and then. */
const REST_MS = sized({ full: 1_050, tiny: 10 })
const RESTED_RUNS = sized({ full: 10, tiny: 1 })
const SENT_EVERY_MS = 10_000
const WITHIN_MS = 120_000

type Get = (path: string) => Promise<string>

async function timeOf(get: Get, path: string): Promise<{ ms: number; chars: number }> {
  const startMs = performance.now()
  const { length } = await get(path)
  return { ms: performance.now() - startMs, chars: length }
}

/** `share` 0.95: the one in twenty. */
function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]!
}

/** Of answers one after the other, and of answers after a rest. */
async function timesOf(get: Get, path: string) {
  const times: number[] = []
  let chars = 0
  for (let run = 0; run < WARM_UP + RUNS; run += 1) {
    const one = await timeOf(get, path)
    times.push(one.ms)
    chars = one.chars
  }
  const rested: number[] = []
  for (let run = 0; run < RESTED_RUNS; run += 1) {
    await sleep(REST_MS)
    rested.push((await timeOf(get, path)).ms)
  }
  const warm = times.slice(WARM_UP)
  return {
    chars,
    medianMs: quantile(warm, 0.5),
    p95Ms: quantile(warm, 0.95),
    restedMs: quantile(rested, 0.5),
  }
}

type Contracts = { items: { services: { service: string; state: string }[] }[] }
type Fleet = (typeof FLEETS)[number]

/** Every agent goes on sending until it is stopped. */
async function seed(program: Program, { contracts, services }: Fleet): Promise<{ stop: () => void }> {
  const senders: Sender[] = []
  for (let i = 0; i < contracts; i += 1) {
    const terms = fleetContract(`bench-${i}`, [`site-${i}`], services)
    const applied = await program.put(`/contracts/bench-${i}`, terms)
    if (!applied.ok) throw new Error(await applied.text())
    const sender = await openSender(program, `site-${i}`)
    await sender.stream(sealSession(sender, FRAMES, services), 8)
    senders.push(sender)
  }
  const goOn = setInterval(() => {
    for (const sender of senders) for (const frame of sealSession(sender, 1, services)) sender.send(frame)
  }, SENT_EVERY_MS)
  const areUp = async (): Promise<boolean> => {
    const { items } = await program.get<Contracts>('/contracts')
    const states = items.flatMap((one) => one.services.map(({ state }) => state))
    if (states.length !== contracts * services) throw new Error(`${states.length} services`)
    return states.every((one) => one === 'up')
  }
  await until(areUp, { withinMs: WITHIN_MS, what: 'every service to be up' })
  return {
    stop: () => {
      clearInterval(goOn)
      for (const sender of senders) sender.close()
    },
  }
}

async function measure(fleet: Fleet): Promise<void> {
  const { contracts, services } = fleet
  const dataDir = makeCollectorDir()
  const env = { CONSTAT_LOG_LEVEL: 'warn' }
  const program = await startProgram({ args: ['collector'], dataDir, port: await freePort(), env })
  try {
    const fed = await seed(program, fleet)
    const token = readFileSync(join(dataDir, 'owner.token'), 'utf8')
    const get: Get = async (path) => {
      const answer = await fetch(`${program.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return answer.text()
    }
    const { services: own } = await program.get<Contracts['items'][number]>('/contracts/bench-0')
    const contract = '/contracts/bench-0'
    const service = `${contract}/services/${own[0]!.service}`
    const least = await timesOf(get, '/livez')
    const size = `${contracts} × ${services} services`
    console.log(`${size}; the smallest answer: ${least.medianMs.toFixed(2)} ms`)
    const paths = { overview: '/', contract, service, contracts: `/api/v1${contract}` }
    for (const [name, path] of Object.entries(paths)) {
      const page = await timesOf(get, path)
      const texts = [page.medianMs, page.restedMs].map((ms) => ms.toFixed(1))
      console.log(`${name}: ${page.chars} characters; median ${texts[0]} ms, after a rest ${texts[1]} ms`)
      // Keys of the same object.
      const atMost = LIMIT_MS[name as keyof typeof LIMIT_MS]
      state(`ms of ${name} with ${size}, p95`, page.p95Ms, { atMost })
    }
    fed.stop()
  } finally {
    await endOf(program.child, 'SIGTERM')
    dropDataDir(dataDir)
  }
}

for (const fleet of FLEETS) await measure(fleet)
