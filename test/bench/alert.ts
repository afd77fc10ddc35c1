/**
 * Alert: how soon after a sample is committed its incident is on the wire to a webhook, with 200 services; and
 * what 1,000 incidents at once, told to five endpoints, cost the intake: paired runs, with and without them.
 * Real collector process, embedded PostgreSQL, real receivers.   npx tsx test/bench/alert.ts [--tiny]
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { frameDigest, sealBatch } from '@constat/shared/batch'
import { BENCH_CHECKS, benchBatch } from '../support/bench-batch.ts'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'
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
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { openSender, type Sender } from '../support/sender.ts'

const WATCHED = sized({ full: 4, tiny: 1 })
const ONE_BY_ONE = sized({ full: WATCHED * BENCH_CHECKS, tiny: 5 })
const PAUSE_MS = 100
const LOUD = sized({ full: 20, tiny: 1 })
const ENDPOINTS = sized({ full: 5, tiny: 2 })
const QUIET = sized({ full: 8, tiny: 1 })
const FRAMES = sized({ full: 400, tiny: 10 })
const WINDOW = 8
const ROUNDS = 1
const WITHIN_MS = 300_000
const EVERY_MS = 10_000
const OK = 0
const FAIL = 2

/** One session whose frames are made as time goes on: one look at some checks, a moment ago. */
class Looks {
  readonly #sender: Sender
  readonly #session = randomBytes(16)
  readonly #waiting = new Map<number, (committedMs: number) => void>()
  #seq = 0
  #prev: Buffer = Buffer.alloc(32)

  constructor(sender: Sender) {
    this.#sender = sender
    sender.onAcknowledged((seq) => this.#waiting.get(seq)?.(Date.now()))
  }

  /** Resolves with the instant of its acknowledgement: the samples are committed. */
  async send(checks: readonly number[], outcome: number): Promise<number> {
    const atMs = Date.now()
    const place = {
      session: this.#session,
      seq: this.#seq,
      prev: this.#prev,
      baseS: Math.floor(atMs / 1_000),
    }
    const column = (of: (check: number) => number): number[] => checks.map(of)
    const frame = sealBatch(
      {
        ...benchBatch(this.#sender, place),
        schedule: { check: [], firstMs: [], count: [] },
        samples: {
          check: [...checks],
          offsetMs: column(() => atMs % 1_000),
          outcome: column(() => outcome),
          attempt: null,
          latencyUs: column(() => 80_000),
          value: null,
          phases: null,
          cause: outcome === OK ? null : column(() => 3),
        },
      },
      this.#sender.key,
    )
    const seq = this.#seq
    this.#seq += 1
    this.#prev = frameDigest(frame)
    const committed = new Promise<number>((resolve) => this.#waiting.set(seq, resolve))
    this.#sender.send(frame)
    return committed
  }
}

type Fleet = { contract: string; looks: Looks; sender: Sender }

async function fleetOf(program: Program, prefix: string, contracts: number): Promise<Fleet[]> {
  const fleet: Fleet[] = []
  for (let i = 0; i < contracts; i += 1) {
    const contract = `${prefix}-${i}`
    const text = fleetContract(contract, [contract]).replace('  every:', '  alertAfter: PT0S\n  every:')
    const applied = await program.put(`/contracts/${contract}`, text)
    if (!applied.ok) throw new Error(await applied.text())
    const sender = await openSender(program, contract)
    fleet.push({ contract, sender, looks: new Looks(sender) })
  }
  return fleet
}

const ALL = Array.from({ length: BENCH_CHECKS }, (_, i) => i)

const opened = ({ received }: Receiver): { contract: string; atMs: number }[] =>
  received.flatMap(({ body, atMs }) => {
    // Our own payload.
    const { type, data } = JSON.parse(body) as { type: string; data: { contract: string } }
    return type === 'incident.opened' ? [{ contract: data.contract, atMs }] : []
  })

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!

async function oneByOne(program: Program): Promise<void> {
  const fleet = await fleetOf(program, 'watched', WATCHED)
  const receiver = await openReceiver()
  await program.post('/webhooks', { url: receiver.url, types: ['incident.opened'], shape: 'generic' })
  for (const { looks } of fleet) await looks.send(ALL, OK)
  const waits: number[] = []
  for (let n = 0; n < ONE_BY_ONE; n += 1) {
    const { looks } = fleet[n % fleet.length]!
    await sleep(PAUSE_MS)
    await looks.send([Math.floor(n / fleet.length)], FAIL)
    // The second failure in a row is the one that counts.
    const committedMs = await looks.send([Math.floor(n / fleet.length)], FAIL)
    await until(() => opened(receiver).length > n, { withinMs: WITHIN_MS, what: 'the webhook' })
    waits.push(opened(receiver).at(-1)!.atMs - committedMs)
  }
  state('ms from commit to webhook, median', quantile(waits, 0.5))
  state('ms from commit to webhook, p95', quantile(waits, 0.95), { atMost: 250 })
  for (const { sender } of fleet) sender.close()
  await receiver.close()
}

/** Batches a second through the intake. */
async function intake(fleet: readonly Fleet[]): Promise<number> {
  const frames = fleet.map(({ sender }) => sealSession(sender, FRAMES))
  const startMs = performance.now()
  await Promise.all(fleet.map(({ sender }, i) => sender.stream(frames[i]!, WINDOW)))
  return (FRAMES * fleet.length) / ((performance.now() - startMs) / 1_000)
}

/** Every service of the loud fleet fails, or all are up again: how long it took to tell everybody, in ms. */
async function turn(
  loud: readonly Fleet[],
  receivers: readonly Receiver[],
  outcome: number,
): Promise<number> {
  const startMs = performance.now()
  const before = receivers.map(({ received }) => received.length)
  const look = async (): Promise<void> => {
    for (const { looks } of loud) await looks.send(ALL, outcome)
  }
  await look()
  await look()
  // As agents do: what nobody looks at any more is unknown after a while.
  const looking = setInterval(() => void look(), EVERY_MS)
  const isTold = (): boolean =>
    receivers.every(({ received }, i) => received.length - before[i]! >= loud.length * BENCH_CHECKS)
  await until(isTold, { withinMs: WITHIN_MS, what: 'all of it to be told' })
  clearInterval(looking)
  return performance.now() - startMs
}

async function allAtOnce(program: Program): Promise<void> {
  const loud = await fleetOf(program, 'loud', LOUD)
  const quiet = await fleetOf(program, 'quiet', QUIET)
  const receivers: Receiver[] = []
  for (let i = 0; i < ENDPOINTS; i += 1) {
    const receiver = await openReceiver()
    receivers.push(receiver)
    const types = ['incident.opened', 'incident.closed']
    await program.post('/webhooks', { url: receiver.url, types, shape: 'generic' })
  }
  for (const { looks } of loud) await looks.send(ALL, OK)
  await intake(quiet)
  const alone: number[] = []
  const beside: number[] = []
  const told: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const outcome of [FAIL, OK]) {
      alone.push(await intake(quiet))
      const [rate, tookMs] = await Promise.all([intake(quiet), turn(loud, receivers, outcome)])
      beside.push(rate)
      told.push(tookMs)
    }
  }
  const count = LOUD * BENCH_CHECKS * ENDPOINTS
  const rounded = (rates: readonly number[]): string => rates.map((rate) => Math.round(rate)).join(', ')
  console.log(`batches/s alone ${rounded(alone)}; beside ${count} requests ${rounded(beside)}`)
  state(`s until ${count} requests were made, median`, quantile(told, 0.5) / 1_000)
  state(
    'of the intake alone, beside all incidents at once, median',
    quantile(beside, 0.5) / quantile(alone, 0.5),
    {
      atLeast: 0.9,
    },
  )
  for (const { sender } of [...loud, ...quiet]) sender.close()
  for (const receiver of receivers) await receiver.close()
}

async function main(): Promise<void> {
  const dataDir = makeCollectorDir()
  const env = { CONSTAT_LOG_LEVEL: 'warn' }
  const program = await startProgram({ args: ['collector'], dataDir, port: await freePort(), env })
  try {
    await oneByOne(program)
    await allAtOnce(program)
  } finally {
    await endOf(program.child, 'SIGTERM')
    dropDataDir(dataDir)
  }
}

await main()
