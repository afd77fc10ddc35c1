/**
 * Attack: fuzzed frames, messages, documents, statements and requests against one running collector, then deaths of it
 * and of its database, while an honest agent sends and another client asks. Counted: crashes, the longest that the
 * other client waited, growth of memory, and frames of the honest agent that are lost or there twice.
 *   npm run attack -- [--kills 200] [--frames 1000000] [--messages N] [--documents N] [--statements N] [--requests N]
 */
import { execSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { encodeMessage, type Message } from '@constat/shared/wire'
import { besideOf } from '../support/beside.ts'
import { sized, state } from '../support/bench.ts'
import { fleetContract } from '../support/bench-fleet.ts'
import { authorOf, Session } from '../support/hostile-frames.ts'
import { welcomed, type Peer } from '../support/hostile-socket.ts'
import { mutantOf } from '../support/mutate.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  OWN_CONNECTION,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { startStubbornSender, type StubbornSender } from '../support/stubborn-sender.ts'

const MILLION = sized({ full: 1_000_000, tiny: 20 })
const COUNTS = {
  kills: sized({ full: 200, tiny: 1 }),
  frames: sized({ full: 1_000_000, tiny: 1_000 }),
  messages: MILLION,
  documents: MILLION,
  statements: MILLION,
  requests: MILLION,
}
type Kind = keyof typeof COUNTS

/** What one process may grow by, and what another client may wait for. */
const MAX_GROWTH_MB = 100
const MAX_STALL_MS = 1_000
const LOOK_EVERY_MS = 50
/** Sent before an answer is waited for. */
const AT_ONCE = 50
const REQUESTS_AT_ONCE = 8
/** The honest agent goes on for hours without using up what it may have in hand. */
const STEADY_MS = 250
const RECOVERY_MS = 3_000
const WITHIN_MS = 120_000
const NAME = 'attack'
const rogue = authorOf(77)

const names = Object.keys(COUNTS) as Kind[]
const asked = parseArgs({
  strict: false,
  options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
}).values
const countOf = (kind: Kind): number => Number(asked[kind] ?? COUNTS[kind])

const port = await freePort()
const dataDir = makeCollectorDir()
let crashes = 0
let program = await started()

async function started(): Promise<Program> {
  const options = { args: ['collector'], dataDir, port, env: { CONSTAT_LOG_LEVEL: 'error' } }
  const one = await startProgram(options)
  // A death that nobody caused has a code of its own, or another signal.
  one.child.once('exit', (code, signal) => {
    if (signal !== 'SIGKILL' && code !== 0) crashes += 1
  })
  return one
}

/** Some bytes are others, some are gone, some come twice. */
function fuzzed(bytes: Buffer): Buffer {
  const at = randomInt(bytes.length)
  const kind = randomInt(4)
  if (kind === 0) return Buffer.from(bytes.subarray(0, at))
  if (kind === 1)
    return Buffer.concat([bytes.subarray(0, at), randomBytes(1 + randomInt(8)), bytes.subarray(at)])
  const changed = Buffer.from(bytes)
  for (let n = 0; n <= randomInt(4); n += 1) changed[randomInt(bytes.length)] = randomInt(256)
  return changed
}

/** Says all of it to the agents' door, over as many connections as it takes. */
async function sayAll(count: number, next: (session: Session) => Buffer): Promise<void> {
  let peer: Peer | null = null
  let session: Session | null = null
  for (let said = 0; said < count; said += AT_ONCE) {
    if (!peer || !session || peer.closeCode() !== null) {
      const joined = await welcomed(program.url, { key: rogue.key }, NAME)
      peer = joined.peer
      session = new Session(rogue, joined.log, randomBytes(16))
    }
    for (let n = 0; n < AT_ONCE && peer.closeCode() === null; n += 1) peer.raw(next(session))
    // Answered in turn: whoever hears this back has been read to here, or was cut off.
    peer.say({ type: 'time', sentMs: said, receivedMs: 0, answeredMs: 0 })
    await peer.nextOf('time').catch(() => peer?.end())
  }
  peer?.end()
}

/** One of those that an agent may send, whether or not it is its turn. */
function messageOf(session: Session): Buffer {
  const [nonce, publicKey] = [randomBytes(32), randomBytes(32)]
  const hello = { nonce, publicKey, version: '1', name: 'rogue', token: null, looks: true, tries: true }
  const messages: Message[] = [
    { type: 'frame', bytes: session.frame({}) },
    { type: 'time', sentMs: Date.now(), receivedMs: 0, answeredMs: 0 },
    { type: 'tried', id: 1, result: '{}', refusal: '' },
    { type: 'hello', ...hello },
    { type: 'proof', signature: randomBytes(64) },
  ]
  return Buffer.from(encodeMessage(messages[randomInt(messages.length)]!))
}

/** Every answer is one of the protocol's: a 500 counts as a crash. */
async function askAll(count: number, ask: (n: number) => Promise<Response | null>): Promise<void> {
  let n = 0
  const one = async (): Promise<void> => {
    while (n < count) {
      const answer = await ask((n += 1))
      if (answer?.status === 500) crashes += 1
      await answer?.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, one))
}

const owner = (): string => readFileSync(join(dataDir, 'owner.token'), 'utf8')

function post(path: string, body: string | Buffer): Promise<Response> {
  const headers = { authorization: `Bearer ${owner()}`, 'content-type': 'text/plain' }
  return fetch(`${program.url}/api/v1/contracts/${NAME}${path}`, { method: 'POST', headers, body })
}

/** A request of ours with some bytes changed, on a socket of its own; nobody answers what is none. */
async function rawRequest(paths: readonly string[]): Promise<null> {
  const path = paths[randomInt(paths.length)]!.replaceAll(/\{\w+\}/g, () => NAME)
  const head = `GET /api/v1${path}?from=2026&limit=7 HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${owner()}\r\nconnection: close\r\n\r\n`
  // Another address each time: one of them comes so often in a minute.
  const from = { host: '127.0.0.1', port, localAddress: `127.0.0.${2 + randomInt(200)}` }
  await new Promise<void>((settle) => {
    // Ended: what was cut short is not waited for.
    const socket = connect(from, () => socket.end(fuzzed(Buffer.from(head))))
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('error', () => undefined).on('close', () => settle())
    socket.resume()
  })
  return null
}

const residentMb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.child.pid}/status`, 'utf8'))![1]) / 1_024

/** Another client: the longest that it waited for an answer, ms. */
function watch(): { stop: () => Promise<number> } {
  let isOver = false
  const work = (async () => {
    let longest = 0
    while (!isOver) {
      const startMs = performance.now()
      await fetch(`${program.url}/livez`, { headers: OWN_CONNECTION }).then((answer) => answer.text())
      longest = Math.max(longest, performance.now() - startMs)
      await sleep(LOOK_EVERY_MS)
    }
    return longest
  })()
  return { stop: () => ((isOver = true), work) }
}

async function fuzz(): Promise<void> {
  const { token } = await program.post<{ token: string }>('/agents/tokens', { name: 'rogue' })
  const joined = await welcomed(program.url, { key: rogue.key, token, name: 'rogue' }, NAME)
  joined.peer.end()
  const openapi = await fetch(`${program.url}/api/v1/openapi.json`).then((answer) => answer.json())
  // What the collector says of itself.
  const paths = Object.keys((openapi as { paths: object }).paths).filter((path) => path !== '/events')
  const statement = Buffer.from(
    'service,start,end,kind,note\nsite-0,2026-10-08 02:00,2026-10-08 11:00,,"Line, cut"\n',
  )
  const frameOf = (session: Session): Buffer => fuzzed(session.frame({}))
  const attacks: Record<Exclude<Kind, 'kills'>, (count: number) => Promise<void>> = {
    frames: (count) =>
      sayAll(count, (session) => Buffer.from(encodeMessage({ type: 'frame', bytes: frameOf(session) }))),
    messages: (count) => sayAll(count, (session) => fuzzed(messageOf(session))),
    documents: (count) => askAll(count, (n) => post('/preview', mutantOf(n).text)),
    statements: (count) => askAll(count, () => post('/windows/2026-10/reconcile', fuzzed(statement))),
    requests: (count) => askAll(count, () => rawRequest(paths)),
  }
  for (const [kind, attack] of Object.entries(attacks) as [Exclude<Kind, 'kills'>, typeof attacks.frames][]) {
    const [beforeMb, watcher] = [residentMb(), watch()]
    await attack(countOf(kind))
    const stallMs = await watcher.stop()
    state(`${kind}: ms that another client waited at most`, Math.round(stallMs), { atMost: MAX_STALL_MS })
    state(`${kind}: MB more`, Math.round(residentMb() - beforeMb), { atMost: MAX_GROWTH_MB })
  }
}

async function kill(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await sleep(300 + randomInt(1_500))
    if (randomInt(2) === 0) {
      await program.kill('SIGKILL')
      program = await started()
    } else {
      // It may just be starting: then nobody was killed.
      const pid = join(dataDir, 'postgres/cluster/postmaster.pid')
      execSync(`kill -9 $(head -n 1 ${pid}) 2>/dev/null || true`, { stdio: 'ignore' })
    }
  }
}

async function count({ agent, session, acknowledged }: StubbornSender): Promise<void> {
  await besideOf(dataDir, async (db) => {
    const [row] = await db<{ kept: number; places: number }[]>`
      select count(*)::int as kept, count(distinct seq)::int as places from entry
      where agent = ${agent} and session = ${session} and type = 1 and seq <= ${acknowledged()}`
    const { kept = 0, places = 0 } = row ?? {}
    console.log(`${acknowledged() + 1} frames of the honest agent were acknowledged`)
    state('frames lost', acknowledged() + 1 - places, { atMost: 0 })
    state('frames twice', kept - places, { atMost: 0 })
  })
}

try {
  const applied = await program.put(`/contracts/${NAME}`, fleetContract(NAME, ['steady', 'rogue']))
  if (!applied.ok) throw new Error(await applied.text())
  const steady = await startStubbornSender(program, 'steady', STEADY_MS)
  await fuzz()
  await kill(countOf('kills'))
  // A database that has just died is looked into when it is back.
  await sleep(RECOVERY_MS)
  await until(async () => (await fetch(`${program.url}/readyz`, { headers: OWN_CONNECTION })).ok, {
    withinMs: WITHIN_MS,
    what: 'the collector to be ready again',
  })
  await steady.finish()
  await count(steady)
  state('crashes, and answers of 500', crashes, { atMost: 0 })
} finally {
  await program.kill('SIGTERM')
  dropDataDir(dataDir)
}
