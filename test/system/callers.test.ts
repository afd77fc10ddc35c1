/**
 * Callers against a running collector: what a provider and a viewer send costs themselves. Meanwhile the collector
 * says that it lives, and its owner is answered.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_WAITING_OF_TOKEN } from '../../collector/src/callers/turns.ts'
import { EXCLUSION_QUOTA, STATEMENT_QUOTA } from '../../collector/src/contract/quotas.ts'
import { MAX_STATEMENT_BYTES, MAX_STREAMS_OF_TOKEN } from '../../collector/src/http/limits.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  OWN_CONNECTION,
  runOnce,
  startProgram,
  type Program,
} from '../support/program.ts'

/** Far more than an answer takes, and far less than what it took while these attacks still worked. */
const ANSWER_WITHIN_MS = 8_000
const HOUR_MS = 3_600_000
/** More than one token may have worked on and waiting. */
const ASKED_AT_ONCE = MAX_WAITING_OF_TOKEN + 4

const CONTRACT = `apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  timeZone: UTC
  watch: ["http://127.0.0.1:9/"]
  parties:
    - {id: acme, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses:
    - {id: "3.1", title: Availability, text: "The shop is available"}
    - {id: "4", title: Exclusions, text: "What does not count"}
  exclusions:
    denominatorMode: remove
    kinds:
      - {id: planned, clause: "4", needs: announcement, notice: {elapsed: PT1H}}
  guarantees:
    - {id: shop-up, service: shop, clause: "3.1", metric: interval-availability, target: {op: gte, percent: "99.9"}, window: {period: P1M, timeZone: UTC}, calendar: always}
`
const CHECK = `apiVersion: constat/v1
kind: Check
metadata: {name: shop-page}
spec: {service: shop, http: {url: "http://127.0.0.1:9/"}, interval: PT10S, timeout: PT5S}
---
`

let program: Program
const tokens = { owner: '', provider: '', viewer: '' }
type Role = keyof typeof tokens

beforeAll(async () => {
  const dataDir = makeCollectorDir()
  program = await startProgram({ args: ['collector'], dataDir, port: await freePort() })
  const applied = await program.put('/contracts/shop', CHECK + CONTRACT.replace(/ {2}watch.*\n/, ''))
  expect([applied.status, await applied.clone().text()]).toEqual([200, expect.any(String)])
  const made = await Promise.all(
    (['owner', 'provider', 'viewer'] as const).map(async (role) => {
      const confined = role === 'provider' ? ['--contract', 'shop'] : []
      const { out } = await runOnce(['token', 'api', '--role', role, ...confined, '--data', dataDir])
      return [role, /cst_[\w-]+/.exec(out)![0]] as const
    }),
  )
  for (const [role, token] of made) tokens[role] = token
}, 90_000)

afterAll(async () => {
  await program.kill('SIGTERM')
  dropDataDir(program.dataDir)
})

type Sent = { body?: string; type?: string; method?: string }

function send(role: Role, path: string, { body, type = 'application/json', method }: Sent = {}) {
  const headers = { ...OWN_CONNECTION, authorization: `Bearer ${tokens[role]}`, 'content-type': type }
  return fetch(`${program.url}/api/v1${path}`, {
    headers,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    ...(body !== undefined && { body }),
  })
}

/** How long the collector, and an owner's request, took at most while `attack` went on. */
async function longestWhile(attack: Promise<unknown>): Promise<{ ms: number; asked: number }> {
  let isOver = false
  void attack.finally(() => (isOver = true)).catch(() => undefined)
  let [ms, asked] = [0, 0]
  while (!isOver) {
    const startMs = performance.now()
    const alive = await fetch(`${program.url}/livez`, { headers: OWN_CONNECTION })
    const own = await send('owner', '/contracts/shop')
    expect([alive.status, own.status]).toEqual([200, 200])
    await Promise.all([alive.text(), own.text()])
    ms = Math.max(ms, performance.now() - startMs)
    asked += 1
    await sleep(50)
  }
  return { ms, asked }
}

/** Lines that all overlap, each of them excused by a declaration. */
function statement(lines: number): string {
  const startMs = Date.now() - HOUR_MS
  const rows = Array.from({ length: lines }, (_, i) => {
    const start = new Date(startMs - i).toISOString()
    return `shop,${start},${new Date(startMs + i + 1).toISOString()},planned,`
  })
  return ['service,start,end,kind,note', ...rows].join('\n')
}

const statuses = async (answers: readonly Promise<Response>[]): Promise<number[]> => {
  const all = await Promise.all(answers)
  await Promise.all(all.map((answer) => answer.text()))
  return [...new Set(all.map(({ status }) => status))].toSorted((a, b) => a - b)
}

describe('documents and statements that take long to read', () => {
  /** Those of the first three are counted before they are read; the fourth is read for as long as it may be. */
  const HOSTILE = ['[,', ']', '{', '-\n'].map((part) => part.repeat(900_000 / part.length))

  it('hold up nobody but whoever sends them', async () => {
    const month = new Date().toISOString().slice(0, 7)
    const text = statement(4_000)
    const attack = Promise.all([
      ...HOSTILE.map((body) => send('provider', '/contracts/shop/preview', { body, type: 'text/plain' })),
      ...HOSTILE.map((body) =>
        send('owner', '/contracts/shop', { body, type: 'application/yaml', method: 'PUT' }),
      ),
      ...Array.from({ length: ASKED_AT_ONCE }, () =>
        send('viewer', `/contracts/shop/windows/${month}/reconcile`, { body: text, type: 'text/csv' }),
      ),
      ...[`{"window":${'['.repeat(900_000)}`, `start,end\n${','.repeat(900_000)}`, '9'.repeat(900_000)].map(
        (body) => send('provider', '/contracts/shop/statements', { body, type: 'text/plain' }),
      ),
    ])
    const seen = await longestWhile(attack)
    const answers = await attack
    expect(seen.ms).toBeLessThan(ANSWER_WITHIN_MS)
    // Too much of one token at once is refused; nothing fails.
    expect(answers.every(({ status }) => status < 500)).toBe(true)
    expect(answers.slice(8, 8 + ASKED_AT_ONCE).map(({ status }) => status)).toEqual(
      expect.arrayContaining([200, 429]),
    )
    const refused = answers.find(({ status }) => status === 429)!
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await refused.json()).toMatchObject({ code: 'rate-limited' })
  }, 120_000)

  it('are refused by their size before anything', async () => {
    const body = ','.repeat(MAX_STATEMENT_BYTES + 1)
    expect((await send('provider', '/contracts/shop/statements', { body })).status).toBe(413)
  })
})

describe('what one side writes', () => {
  const declare = (role: Role, n: number): Promise<Response> => {
    const startMs = Date.now() + (n + 2) * HOUR_MS
    const [start, end] = [startMs, startMs + 60_000].map((ms) => new Date(ms).toISOString())
    return send(role, '/exclusions', {
      body: JSON.stringify({ contract: 'shop', kind: 'planned', start, end }),
    })
  }

  it(`ends at ${EXCLUSION_QUOTA.perDay} declarations a day, and leaves the other side its own`, async () => {
    const flood = async (): Promise<number[]> => {
      const found: number[] = []
      for (let n = 0; n < EXCLUSION_QUOTA.perDay; n += 50) {
        const some = Array.from({ length: 50 }, (_, i) => declare('provider', n + i))
        found.push(...(await statuses(some)))
      }
      return [...new Set(found)]
    }
    const attack = flood()
    const seen = await longestWhile(attack)
    expect(await attack).toEqual([201])
    expect(seen.ms).toBeLessThan(ANSWER_WITHIN_MS)
    const over = await declare('provider', 1_000)
    expect([over.status, over.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)])
    expect(await over.json()).toMatchObject({ code: 'rate-limited', detail: expect.stringContaining('200') })
    expect((await declare('owner', 1_000)).status).toBe(201)
  }, 120_000)

  it(`ends at ${STATEMENT_QUOTA.perDay} statements a day`, async () => {
    const found: number[] = []
    for (let n = 0; n <= STATEMENT_QUOTA.perDay; n += 1) {
      const body = `99.${n}`
      const answer = await send('provider', '/contracts/shop/statements', { body, type: 'text/plain' })
      found.push(answer.status)
      await answer.text()
    }
    // Some may have been handed in before.
    expect(found.at(-1)).toBe(429)
    expect(new Set(found)).toEqual(new Set([201, 429]))
  }, 120_000)
})

describe('live streams', () => {
  it('are few for a provider, and there is always one for the owner', async () => {
    const leave = new AbortController()
    const open = (role: Role) =>
      fetch(`${program.url}/api/v1/events`, {
        headers: { authorization: `Bearer ${tokens[role]}` },
        signal: leave.signal,
      })
    const all = await Promise.all(Array.from({ length: MAX_STREAMS_OF_TOKEN + 20 }, () => open('provider')))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(MAX_STREAMS_OF_TOKEN)
    expect(all.filter(({ status }) => status === 429)).toHaveLength(20)
    expect((await open('owner')).status).toBe(200)
    leave.abort()
  }, 60_000)
})
