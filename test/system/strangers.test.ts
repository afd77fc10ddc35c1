/**
 * Strangers: what anybody can do who reaches the port, each kind in turn against one running collector, while an
 * enrolled agent goes on, another one comes in, and /livez answers. No work before identity: nothing of it costs
 * more than its bytes.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeMessage, SUBPROTOCOL } from '@constat/shared/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_GUESTS_OF_ADDRESS } from '../../collector/src/places.ts'
import { authorOf, Session } from '../support/hostile-frames.ts'
import {
  introduce,
  openPeer,
  sendFrame,
  upgradeStatus,
  welcomed,
  type Peer,
} from '../support/hostile-socket.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'

const CONTRACT = `
apiVersion: constat/v1
kind: Contract
metadata: {name: one}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, watch: ["http://127.0.0.1:9/"]}
`
const MAX_GROWTH_KB = 100 * 1024
/** An answer takes some ms; a collector that is stopped takes many seconds. */
const ANSWERS_WITHIN_MS = 5_000
/** More than one address has places. */
const TOO_MANY = MAX_GUESTS_OF_ADDRESS + 100
const FOUR_MIB = 4 * 1024 * 1024

const [steady, newcomer] = [authorOf(10), authorOf(11)]
let program: Program
let isOver = false
let taken = 0
let steadyWork: Promise<void>

beforeAll(async () => {
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  const applied = await program.put('/contracts/one', CONTRACT)
  if (!applied.ok) throw new Error(await applied.text())
  const hello = { key: steady.key, token: await token(), name: 'steady' }
  const { peer, log } = await welcomed(program.url, hello, 'one')
  steadyWork = keepSteady(peer, new Session(steady, log, randomBytes(16)))
  await introduced(newcomer.key, await token())
  // What every process comes to hold once it has answered anything is not the attack's.
  for (let n = 0; n < 50; n += 1) await (await fetch(`${program.url}/api/v1/openapi.json`)).text()
})

afterAll(async () => {
  isOver = true
  await steadyWork
  await program?.kill('SIGTERM')
  if (program) dropDataDir(program.dataDir)
})

async function token(): Promise<string> {
  return (await program.post<{ token: string }>('/agents/tokens', {})).token
}

async function keepSteady(peer: Peer, session: Session): Promise<void> {
  while (!isOver) {
    if ((await sendFrame(peer, session.sampleAt(Date.now()))) === 'taken') taken += 1
    await sleep(50)
  }
  peer.end()
}

async function introduced(key: typeof newcomer.key, joinToken: string | null = null): Promise<string> {
  const peer = await openPeer(program.url)
  const answer = await introduce(peer, { key, token: joinToken })
  peer.end()
  return answer
}

const residentKb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.child.pid}/status`, 'utf8'))![1])

/** Attacks, and looks meanwhile at how the others fare. */
async function under(attack: () => Promise<Socket[]>): Promise<void> {
  const before = { kb: residentKb(), taken }
  let [mostKb, slowestMs] = [before.kb, 0]
  let isWatched = true
  const watch = async (): Promise<void> => {
    while (isWatched) {
      const startMs = Date.now()
      const { status } = await fetch(`${program.url}/livez`, { headers: { connection: 'close' } })
      expect(status).toBe(200)
      slowestMs = Math.max(slowestMs, Date.now() - startMs)
      mostKb = Math.max(mostKb, residentKb())
      await sleep(20)
    }
  }
  let isAnswering = true
  const watching = watch().catch(() => (isAnswering = false))
  const sockets = await attack()
  expect(await introduced(newcomer.key)).toBe('welcome')
  await until(() => taken > before.taken + 3, {
    withinMs: ANSWERS_WITHIN_MS,
    what: 'frames of the steady agent',
  })
  isWatched = false
  await watching
  for (const socket of sockets) socket.destroy()
  expect(program.child.exitCode, program.output().slice(-2_000)).toBeNull()
  expect(isAnswering).toBe(true)
  expect(slowestMs).toBeLessThan(ANSWERS_WITHIN_MS)
  expect(mostKb - before.kb).toBeLessThan(MAX_GROWTH_KB)
}

async function dial(): Promise<Socket> {
  const { hostname, port } = new URL(program.url)
  const socket = connect(Number(port), hostname)
  // How it ends is the collector's affair.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}

const UPGRADE = {
  host: '127.0.0.1',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-protocol': SUBPROTOCOL,
}

async function upgraded(): Promise<Socket> {
  const socket = await dial()
  const lines = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}`)
  socket.write(['GET /agent/v1 HTTP/1.1', ...lines, '', ''].join('\r\n'))
  await Promise.race([once(socket, 'data').catch(() => undefined), closed(socket)])
  return socket
}

/** The head of a masked binary message; the mask is zero. */
function headOf(length: number): Buffer {
  const head = Buffer.alloc(14)
  head[0] = 0x82
  head[1] = 0xff
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}

async function many(count: number, open: () => Promise<Socket>): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, count - sockets.length) }, open))))
  }
  return sockets
}

/** Messages of 4 MiB by what the first bytes of a message can say. */
const MESSAGES: [string, Buffer][] = [
  ['lists without end', Buffer.alloc(FOUR_MIB, 0x91)],
  ['maps', filled([0xdd, 0x00, 0x3f, 0xff, 0xfb], 0x80)],
  ['extensions', filled([0xdd, 0x00, 0x15, 0x55, 0x54], 0xd4, 0x69, 0x00)],
  ['numbers', filled([0xdd, 0x00, 0x3f, 0xff, 0xfb], 0x00)],
]

function filled(head: number[], ...unit: number[]): Buffer {
  return Buffer.concat([Buffer.from(head), Buffer.alloc(FOUR_MIB - head.length, Buffer.from(unit))])
}

describe('a stranger', () => {
  it.each(MESSAGES)('with two messages of 4 MiB of %s costs nobody anything', async (_, message) => {
    await under(() =>
      many(2, async () => {
        const socket = await upgraded()
        socket.write(headOf(message.length))
        socket.write(message)
        await closed(socket)
        return socket
      }),
    )
  })

  it('with 300 half messages holds nothing', async () => {
    const half = Buffer.alloc(256 * 1024)
    await under(() =>
      many(300, async () => {
        const socket = await upgraded()
        socket.write(headOf(FOUR_MIB))
        socket.write(half)
        return socket
      }),
    )
  })

  it('with a thousand small messages on a connection is cut', async () => {
    const small = Buffer.concat(Array.from({ length: 1_000 }, () => Buffer.from('828100000000c0', 'hex')))
    const socket = await upgraded()
    socket.write(small)
    await closed(socket)
  })

  it.each([
    ['an upgrade', 2_000, upgraded],
    ['a connection', TOO_MANY, dial],
    ['half a head', TOO_MANY, async () => half(`GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: `)],
    [
      'half a body',
      TOO_MANY,
      async () => half('POST /api/v1/webhooks HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9999\r\n\r\n{'),
    ],
  ])('whose sockets say nothing after %s keeps no agent out: %i of them', async (_, count, open) => {
    await under(() => many(count, open))
  })

  it('with 1 MB of requests on one connection is cut at the second', async () => {
    const request = Buffer.from('GET /api/v1/openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    const block = Buffer.alloc(1024 * 1024, request)
    await under(() =>
      many(4, async () => {
        const socket = await dial()
        socket.resume()
        socket.write(block)
        await closed(socket)
        return socket
      }),
    )
  })

  it('has one request after the other answered on a connection', async () => {
    const socket = await dial()
    for (let n = 0; n < 20; n += 1) {
      socket.write('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /)
    }
    socket.destroy()
  })

  it('with answers that it does not read keeps no agent out', async () => {
    await under(() =>
      many(TOO_MANY, () => half('GET /api/v1/openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')),
    )
  })

  it('that is a page in a browser is refused', async () => {
    const headers = { ...UPGRADE, origin: 'https://elsewhere.example' }
    expect(await upgradeStatus(`${program.url}/agent/v1`, headers)).toBe(403)
  })

  it('is not let in by a hello of more than a kilobyte', async () => {
    const peer = await openPeer(program.url)
    peer.raw(
      Buffer.concat([encodeMessage({ type: 'proof', signature: Buffer.alloc(64) }), Buffer.alloc(1_024)]),
    )
    expect(await peer.nextOf('bye')).toMatchObject({ code: 'malformed' })
  })

  it('finds a head of 17 kB refused', async () => {
    const response = await fetch(`${program.url}/livez`, { headers: { 'x-a': 'a'.repeat(17 * 1024) } })
    expect(response.status).toBe(431)
  })
})

/** Says so much, and nothing more; nothing is read. */
async function half(text: string): Promise<Socket> {
  const socket = await dial()
  socket.pause()
  socket.write(text)
  return socket
}
