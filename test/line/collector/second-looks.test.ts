/**
 * Second looks on the collector: who is asked for a probe when one vantage sees a first failure, and when
 * nobody is. The frames and states are real; what would be sent to agents is kept.
 */
import type { CheckConfig } from '@constat/shared/check'
import { LOOK_EVERY_MS, lookHolds } from '@constat/shared/look'
import type { Outcome } from '@constat/shared/sample'
import { privateKeyOf, publicKeyOf, rawPublicKey } from '@constat/shared/signature'
import { describe, expect, test } from 'vitest'
import { MAX_ASKED, MAX_ASKS_PER_S, SecondLooks } from '../../../collector/src/contract/second-looks.ts'
import type { SignedLook } from '../../../collector/src/intake/connection.ts'
import type { KnownAgent } from '../../../collector/src/intake/agents.ts'
import type { Draft } from '../../../collector/src/ledger/draft.ts'
import { configurationLeaf, revisionLeaf, stateOf } from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'
import { frameRow } from '../../support/frame-row.ts'
import { agentRow } from '../../support/kept-agents.ts'

const ORIGIN = 'constat/test/watch'
const NOW_MS = 1_790_000_000_000
const key = privateKeyOf(Buffer.alloc(32, 4))

type World = { more?: string; agents?: Partial<KnownAgent>[]; checks?: number }

function world({ more = '', agents = [{}, {}, {}], checks = 1 }: World = {}) {
  const text = Array.from({ length: checks }, (_, i) => checkText(i)).join('---\n')
  const terms = accepted(`${text}---\n${CONTRACT}${more}`)
  const config = { origin: ORIGIN, version: 1, checks: terms.checks.map(({ spec }) => spec) }
  const applied = revisionLeaf(terms, { revision: 1, appliedMs: NOW_MS - 60_000 })
  const state = stateOf(terms.name, [applied, configurationLeaf(config)])
  const known = agents.map((changes, i): KnownAgent => {
    const id = (i + 1).toString(16).padStart(32, '0')
    const own = {
      idBytes: Buffer.from(id, 'hex'),
      connections: 1,
      seenMs: 0,
      takesLooks: true,
      clockBase: null,
      opened: 1,
      clone: null,
      excess: null,
    }
    return { ...agentRow({ id, name: `site-${i + 1}` }), ...own, ...changes }
  })
  const asks: { agents: number[]; look: SignedLook }[] = []
  let nowMs = NOW_MS
  const looks = new SecondLooks({
    contracts: { all: () => [state], ofLog: () => state },
    agents: { enrolled: () => known, byId: (id) => known.find((one) => one.id === id) ?? null },
    identity: { key, publicKey: rawPublicKey(key) },
    nowMs: () => nowMs,
    ask: (ids, look) => asks.push({ agents: [...ids].map((id) => Number.parseInt(id, 16)), look }),
  })
  const digest = Buffer.from(state.configuration!.digest, 'hex')
  const tell = (agent: number, outcomes: Outcome[], { check = 0, atMs = nowMs } = {}): void =>
    looks.committed({
      log: 1,
      firstIndex: 0,
      drafts: [frameOf(known[agent - 1]!, { config, outcomes, check, atMs })],
      facts: [],
    })
  const wait = (ms: number): void => void (nowMs += ms)
  const hanging = (agent: number, configDigest: Buffer = digest, origin = ORIGIN): void =>
    looks.hanging(known[agent - 1]!, { origin, configDigest, check: 0 })
  return { asks, tell, wait, hanging }
}

const checkText = (i: number): string => `apiVersion: constat/v1
kind: Check
metadata: {name: c${i}}
spec: {service: shop, tcp: {host: shop.test, port: ${1_000 + i}}, interval: PT30S, timeout: PT5S}
`
const CONTRACT = `apiVersion: constat/v1
kind: Contract
metadata: {name: watch}
spec:
  provider: Northstar
  timeZone: UTC
  guarantees:
    - {id: shop-up, service: shop, metric: interval-availability, target: {op: gte, percent: "99.9"}}
`

type Told = { config: CheckConfig; outcomes: Outcome[]; check: number; atMs: number }

/** What the sequencer hands on of a frame. */
function frameOf({ idBytes }: KnownAgent, { config, outcomes, check, atMs }: Told): Draft {
  const samples = outcomes.map((outcome, i) => ({ check, atMs: atMs + i, outcome, attempt: 0 }))
  const { body, fromMs, toMs } = frameRow({ config, agent: idBytes, index: 0 }, samples)
  const place = { agent: idBytes, session: Buffer.alloc(16), seq: 0, digest: Buffer.alloc(32), fromMs, toMs }
  const health = { clockOffsetMs: 0, clockErrorMs: 0, spoolFrames: 0, clockBase: null }
  const isGood = outcomes.every((one) => one === 'ok')
  return { type: 'frame', body, receivedMs: atMs, frame: { ...place, health, isGood } }
}

describe('a first failure', () => {
  test('asks every other vantage that is connected and takes it, with a signed look', () => {
    const { asks, tell } = world({ agents: [{}, {}, { connections: 0 }, { takesLooks: false }, {}] })
    tell(2, ['ok', 'fail'])
    expect(asks.map(({ agents }) => agents)).toEqual([[1, 5]])
    const { look } = asks[0]!
    expect(look).toMatchObject({ origin: ORIGIN, check: 0, atMs: NOW_MS })
    expect(lookHolds(look, publicKeyOf(rawPublicKey(key)))).toBe(true)
  })

  test('asks once, and again after it was good', () => {
    const { asks, tell, wait } = world()
    tell(1, ['fail'])
    wait(LOOK_EVERY_MS)
    tell(1, ['fail', 'unknown', 'fail'])
    expect(asks.length).toBe(1)
    tell(1, ['ok'])
    tell(1, ['fail'])
    expect(asks.length).toBe(2)
  })

  test('asks of one check no oftener than agents follow, and of many no more than the line bears', () => {
    const { asks, tell, wait } = world({ checks: MAX_ASKS_PER_S + 2 })
    for (const agent of [1, 2, 3]) tell(agent, ['fail'])
    wait(LOOK_EVERY_MS - 1)
    tell(1, ['ok', 'fail'])
    expect(asks.length).toBe(1)
    wait(1)
    for (let check = 0; check < MAX_ASKS_PER_S + 2; check += 1) tell(1, ['ok', 'fail'], { check })
    expect(asks.length).toBe(1 + MAX_ASKS_PER_S)
  })

  test('asks no more than a few of a fleet', () => {
    const { asks, tell } = world({ agents: Array.from({ length: MAX_ASKED + 5 }, () => ({})) })
    tell(1, ['fail'])
    expect(asks[0]!.agents.length).toBe(MAX_ASKED)
  })

  test.each<[string, World, Outcome, number]>([
    [
      'of a check whose contract leaves brackets out',
      { more: '  measurement: {brackets: false}\n' },
      'fail',
      0,
    ],
    [
      'of a check that slots alone confirm',
      { more: '  measurement: {confirm: {down: 2, up: 1, by: slots}}\n' },
      'fail',
      0,
    ],
    ['that nobody else could see', { agents: [{}] }, 'fail', 0],
    ['that is old, from a spool', {}, 'fail', 10_001],
    ['that is none', {}, 'degraded', 0],
    ['that the agent cannot tell', {}, 'unknown', 0],
  ])('%s asks nobody', (_, given, outcome, agoMs) => {
    const { asks, tell } = world(given)
    tell(1, [outcome], { atMs: NOW_MS - agoMs })
    expect(asks).toEqual([])
  })

  test('of which the try took its whole timeout still counts', () => {
    const { asks, tell } = world()
    tell(1, ['fail'], { atMs: NOW_MS - 9_000 })
    expect(asks.length).toBe(1)
  })
})

describe('a try that hangs', () => {
  test('asks the others before it fails, and not again when it does', () => {
    const { asks, tell, wait, hanging } = world()
    hanging(3)
    expect(asks.map(({ agents }) => agents)).toEqual([[1, 2]])
    wait(LOOK_EVERY_MS - 1)
    tell(3, ['fail'])
    expect(asks.length).toBe(1)
  })

  test('under a configuration or in a log that is not the one in force asks nobody', () => {
    const { asks, hanging } = world()
    hanging(1, Buffer.alloc(32))
    hanging(1, undefined, 'constat/test/other')
    expect(asks).toEqual([])
  })

  test('of an agent that does not run the check asks nobody', () => {
    const { asks, hanging } = world({ more: '  measurement: {vantages: [site-1, site-2]}\n' })
    hanging(3)
    expect(asks).toEqual([])
    hanging(1)
    expect(asks.map(({ agents }) => agents)).toEqual([[2]])
  })
})
