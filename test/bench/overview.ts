/**
 * Overview: server time of the pages that are looked at most, with 1,000 services that have all spoken, from a real
 * collector over HTTP, beside its smallest answer in the same run.   npx tsx test/bench/overview.ts [--tiny]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sized, state } from '../support/bench.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeDataDir,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openSender } from '../support/sender.ts'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'

const LIMIT_MS = { overview: 50, contract: 80, service: 100 }
const CONTRACTS = sized({ full: 20, tiny: 1 })
const SERVICES = CONTRACTS * 50
const FRAMES = 6
const WARM_UP = sized({ full: 30, tiny: 1 })
const RUNS = sized({ full: 100, tiny: 3 })
const WITHIN_MS = 120_000

type Get = (path: string) => Promise<string>

/** The median and the one in twenty of `RUNS` answers, ms, and the size of the last. */
async function timesOf(get: Get, path: string): Promise<{ medianMs: number; p95Ms: number; chars: number }> {
  const times: number[] = []
  let chars = 0
  for (let run = 0; run < WARM_UP + RUNS; run += 1) {
    const startMs = performance.now()
    chars = (await get(path)).length
    times.push(performance.now() - startMs)
  }
  const sorted = times.slice(WARM_UP).toSorted((a, b) => a - b)
  return { medianMs: sorted[Math.floor(RUNS / 2)]!, p95Ms: sorted[Math.floor(RUNS * 0.95)]!, chars }
}

type Contracts = { items: { services: { service: string; state: string }[] }[] }

async function statesOf(program: Program): Promise<string[]> {
  const { items } = await program.get<Contracts>('/contracts')
  const states = items.flatMap(({ services }) => services.map(({ state }) => state))
  if (states.length !== SERVICES) throw new Error(`${states.length} services instead of ${SERVICES}`)
  return states
}

async function main(): Promise<void> {
  const dataDir = makeDataDir()
  const env = { CONSTAT_LOG_LEVEL: 'warn' }
  const program = await startProgram({ args: ['collector'], dataDir, port: await freePort(), env })
  try {
    for (let i = 0; i < CONTRACTS; i += 1) {
      const applied = await program.put(`/contracts/bench-${i}`, fleetContract(`bench-${i}`, [`site-${i}`]))
      if (!applied.ok) throw new Error(await applied.text())
      const sender = await openSender(program, `site-${i}`)
      await sender.stream(sealSession(sender, FRAMES), 8)
      sender.close()
    }
    const token = readFileSync(join(dataDir, 'owner.token'), 'utf8')
    const get: Get = async (path) => {
      const answer = await fetch(`${program.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return answer.text()
    }
    await until(async () => (await statesOf(program)).every((one) => one === 'up'), {
      withinMs: WITHIN_MS,
      what: 'every service to be up',
    })
    const { items } = await program.get<Contracts>('/contracts')
    const contract = '/contracts/bench-0'
    const service = `${contract}/services/${items[0]!.services[0]!.service.replace(/^bench-\d+/, 'bench-0')}`
    const least = await timesOf(get, '/livez')
    console.log(`${SERVICES} services; the smallest answer: ${least.medianMs.toFixed(2)} ms`)
    for (const [name, path] of Object.entries({ overview: '/', contract, service })) {
      const page = await timesOf(get, path)
      console.log(`${name}: ${page.chars} characters; median ${page.medianMs.toFixed(1)} ms`)
      // Keys of the same object.
      const atMost = LIMIT_MS[name as keyof typeof LIMIT_MS]
      state(`ms of the ${name} page with ${SERVICES} services, p95`, page.p95Ms, { atMost })
    }
  } finally {
    await endOf(program.child, 'SIGTERM')
    dropDataDir(dataDir)
  }
}

await main()
