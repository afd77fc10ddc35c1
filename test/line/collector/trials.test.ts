/**
 * Trials: what an agent takes of its collector, and what a collector takes of its callers: signatures, one at a
 * time, so many in a minute; who is chosen, and the words for everything that can come of it.
 */
import { NO_PHASES } from '@constat/shared/sample'
import { privateKeyOf, publicKeyOf, rawPublicKey } from '@constat/shared/signature'
import {
  MAX_TRIED_CHARS,
  openTrial,
  signTrial,
  TRIALS_PER_MINUTE,
  type SignedTrial,
} from '@constat/shared/trial'
import type { Json } from '@constat/shared/canonical-json'
import type { ProbeResult } from '@constat/probe/probe'
import { composeContract } from '@constat/sla/contract/compose'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { parseContract } from '@constat/sla/contract/parse'
import { describe, expect, it } from 'vitest'
import { Trials as AgentTrials } from '../../../agent/src/trials.ts'
import { Trials, TRIES_PER_MINUTE, type TrialConnection } from '../../../collector/src/trials.ts'
import type { KnownAgent } from '../../../collector/src/intake/agents.ts'
import { createKeptLog } from '../../support/silent-log.ts'
import { createSimulatedClock } from '../../support/simulated-clock.ts'

const KEY = privateKeyOf(Buffer.alloc(32, 7))
const PUBLIC_KEY = publicKeyOf(rawPublicKey(KEY))
const AGENT = 'ab'.repeat(16)
const URL_TRIED = 'https://portal.example/'

const OK: ProbeResult = {
  outcome: 'ok',
  cause: 'none',
  latencyUs: 12_000,
  value: 200,
  phases: NO_PHASES,
  detail: 'status 200',
}

const checkOf = (changes: Record<string, Json> = {}): Json => ({
  name: 'portal',
  intervalMs: 10_000,
  timeoutMs: 5_000,
  reprobeMs: 2_000,
  confirm: { down: 2, up: 1 },
  probe: { kind: 'http', url: URL_TRIED },
  ...changes,
})

describe('a request', () => {
  const signed = signTrial({ agent: AGENT, check: checkOf() }, KEY)
  const open = (changes: Partial<SignedTrial>, agent = AGENT, key = PUBLIC_KEY) =>
    openTrial({ ...signed, ...changes }, { agent, collectorKey: key })

  it('opens to its check', () => expect(open({})).toEqual({ check: checkOf() }))
  it.each([
    ['changed on its way', () => open({ json: signed.json.replace('5000', '6000') }), /not signed/],
    [
      'of another collector',
      () => open({}, AGENT, publicKeyOf(rawPublicKey(privateKeyOf(Buffer.alloc(32, 8))))),
      /not signed/,
    ],
    ['for another agent', () => open({}, 'cd'.repeat(16)), /another agent/],
  ])('%s is not taken', (_, opened, words) => expect(opened()).toMatch(words))
})

describe('an agent', () => {
  function agentOf(probe: () => Promise<ProbeResult> = () => Promise.resolve(OK)) {
    const clock = createSimulatedClock()
    const trials = new AgentTrials({
      agent: AGENT,
      collectorKey: PUBLIC_KEY,
      shell: { clock, log: createKeptLog() },
      probe,
    })
    const answer = (check = checkOf()) => trials.answer(signTrial({ agent: AGENT, check }, KEY))
    return { clock, answer, trials }
  }

  it('says what `probe --json` says', async () => {
    const { result } = await agentOf().answer()
    expect(JSON.parse(result ?? '')).toMatchObject({
      check: 'portal',
      ...OK,
      fault: 'none',
      phasesUs: NO_PHASES,
      hops: [],
      compared: [{ what: 'status', wanted: '2xx, or a page to sign on' }, { what: 'time' }],
    })
  })
  it('tries one at a time', async () => {
    let finish: (result: ProbeResult) => void = () => undefined
    const { answer } = agentOf(() => new Promise((resolve) => (finish = resolve)))
    const first = answer()
    expect(await answer()).toEqual({ result: null, refusal: 'another trial is running' })
    finish(OK)
    expect((await first).result).not.toBeNull()
  })
  it('tries so many in a minute', async () => {
    const { answer, clock } = agentOf()
    for (let i = 0; i < TRIALS_PER_MINUTE; i += 1) expect((await answer()).refusal).toBe('')
    expect((await answer()).refusal).toContain(`no more than ${TRIALS_PER_MINUTE}`)
    clock.advanceUs(60_000_000)
    expect((await answer()).refusal).toBe('')
  })
  it.each([
    ['a kind that it does not know', { probe: { kind: 'gopher' } }, /portal: kind "gopher" is not known/],
    ['a check that is none', { timeoutMs: 0 }, /timeoutMs/],
  ])('refuses %s', async (_, changes, words) => {
    expect(await agentOf().answer(checkOf(changes))).toMatchObject({
      result: null,
      refusal: expect.stringMatching(words),
    })
  })
  it('refuses what its collector has not signed', async () => {
    const other = signTrial({ agent: AGENT, check: checkOf() }, privateKeyOf(Buffer.alloc(32, 9)))
    expect((await agentOf().trials.answer(other)).refusal).toContain('not signed')
  })
  it('says what broke', async () => {
    const { answer } = agentOf(() => Promise.reject(new Error('no memory')))
    expect((await answer()).refusal).toBe('no memory')
    expect((await answer()).refusal).toBe('no memory')
  })
  it('keeps an answer within its limit', async () => {
    const url = `https://portal.example/${'x'.repeat(3_000)}`
    const hop = {
      host: 'portal.example',
      address: '192.0.2.1',
      port: 443,
      url,
      status: 302,
      phases: NO_PHASES,
    }
    const long = { ...OK, detail: 'd'.repeat(9_000), hops: Array.from({ length: 500 }, () => hop) }
    const { result } = await agentOf(() => Promise.resolve(long)).answer()
    expect(result?.length).toBeLessThanOrEqual(MAX_TRIED_CHARS)
    const told = JSON.parse(result ?? '') as { detail: string; hops: unknown[] }
    expect([told.detail.length, told.hops.length]).toEqual([500, 0])
    const few = await agentOf(() => Promise.resolve({ ...long, hops: [hop] })).answer()
    expect(JSON.parse(few.result ?? '')).toMatchObject({ hops: [{ status: 302 }] })
  })
})

function termsOf(watch: string[], vantages?: string[]): ExpandedContract {
  const text = composeContract({
    name: 'shop',
    displayName: 'shop',
    provider: 'Northstar',
    target: '99.9',
    timeZone: 'UTC',
    watch,
    hours: null,
    monthlyFee: null,
  })
  const parsed = parseContract([{ name: 'shop.yaml', text }])
  if (parsed.kind === 'refused') throw new Error(JSON.stringify(parsed.problems))
  const [terms] = parsed.contracts
  if (!terms) throw new Error('no contract')
  return vantages ? { ...terms, checks: terms.checks.map((check) => ({ ...check, vantages })) } : terms
}

type Ask = TrialConnection['try']
const answering =
  (changes: Partial<ProbeResult> = {}): Ask =>
  async ({ json }) => {
    const agent = new AgentTrials({
      agent: (JSON.parse(json) as { agent: string }).agent,
      collectorKey: PUBLIC_KEY,
      shell: { clock: createSimulatedClock(), log: createKeptLog() },
      probe: () => Promise.resolve({ ...OK, ...changes }),
    })
    return { type: 'tried', id: 1, ...(await agent.answer({ json, signature: signatureOf(json) })) }
  }

function signatureOf(json: string): Uint8Array {
  const { agent, check } = JSON.parse(json) as { agent: string; check: Json }
  return signTrial({ agent, check }, KEY).signature
}

function collectorOf(connected: Record<string, { tries?: boolean; ask: Ask }>) {
  const clock = createSimulatedClock()
  const agents = Object.keys(connected).map((name, i) => {
    // Nothing else of it is looked at.
    return { id: `${i}`.repeat(32), name, version: '0.0.9' } as KnownAgent
  })
  const trials = new Trials({
    shell: { clock, log: createKeptLog(), identity: { key: KEY, publicKey: rawPublicKey(KEY) } },
    agents: () => agents,
    connectionTo: (id) => {
      const found = connected[agents.find((agent) => agent.id === id)?.name ?? '']
      return found ? { tries: found.tries ?? true, try: found.ask } : null
    },
    limits: { tryWithinMs: 60_000, graceMs: -4_900 },
  })
  return { clock, run: (terms: ExpandedContract, by = 'owner') => trials.run({ terms, by }) }
}

describe('a collector', () => {
  it('tells what came back of each check', async () => {
    const { run } = collectorOf({
      lyon: { ask: answering({ outcome: 'fail', cause: 'status', code: '503' }) },
    })
    expect(await run(termsOf([URL_TRIED]))).toMatchObject({
      contract: 'shop',
      ok: false,
      checks: [
        { displayName: URL_TRIED, agent: 'lyon', problem: null, result: { outcome: 'fail', code: '503' } },
      ],
    })
  })
  it('is content when every check is', async () => {
    const { run } = collectorOf({ lyon: { ask: answering() } })
    expect((await run(termsOf([URL_TRIED, 'tcp://mail.example:25']))).ok).toBe(true)
  })
  it.each<[string, { tries?: boolean; ask: Ask }, RegExp]>([
    ['too old', { tries: false, ask: answering() }, /^agent lyon 0\.0\.9 cannot try a check; upgrade it$/],
    ['gone', { ask: () => Promise.resolve(null) }, /connection of agent lyon was lost/],
    ['silent', { ask: () => new Promise(() => undefined) }, /lyon did not answer in time/],
    [
      'unwilling',
      {
        ask: () =>
          Promise.resolve({ type: 'tried', id: 1, result: null, refusal: 'another trial is running' }),
      },
      /lyon did not try it: another trial is running/,
    ],
    [
      'raving',
      { ask: () => Promise.resolve({ type: 'tried', id: 1, result: '{"outcome":"fine"}', refusal: '' }) },
      /lyon gave an answer that cannot be read/,
    ],
  ])('an agent that is %s', async (_, agent, words) => {
    const { ok, checks } = await collectorOf({ lyon: agent }).run(termsOf([URL_TRIED]))
    expect({ ok, result: checks[0]?.result }).toEqual({ ok: false, result: null })
    expect(checks[0]?.problem?.message).toMatch(words)
  })
  it('leaves an old agent alone where another can', async () => {
    const { run } = collectorOf({ bern: { tries: false, ask: answering() }, lyon: { ask: answering() } })
    expect((await run(termsOf([URL_TRIED]))).checks[0]?.agent).toBe('lyon')
  })
  it('asks only agents that would run it', async () => {
    const { run } = collectorOf({ bern: { ask: answering() }, lyon: { ask: answering() } })
    expect((await run(termsOf([URL_TRIED], ['lyon']))).checks[0]?.agent).toBe('lyon')
    const { checks } = await run(termsOf([URL_TRIED], ['paris']))
    expect(checks[0]?.problem).toMatchObject({ reason: 'no-agent', detail: 'paris' })
  })
  it('says so when no agent is connected', async () => {
    await expect(collectorOf({}).run(termsOf([URL_TRIED]))).rejects.toMatchObject({ code: 'unavailable' })
  })
  it('has an agent try one check at a time, and shares them out', async () => {
    let running = 0
    let most = 0
    const asked: string[] = []
    const slowly =
      (name: string): Ask =>
      async (signed) => {
        asked.push(name)
        most = Math.max(most, (running += 1))
        const answer = await answering()(signed)
        running -= 1
        return answer
      }
    const urls = Array.from({ length: 6 }, (_, i) => `tcp://h${i}.example:1`)
    await collectorOf({ lyon: { ask: slowly('lyon') } }).run(termsOf(urls))
    expect([most, asked.length]).toEqual([1, 6])
    asked.length = 0
    await collectorOf({ bern: { ask: slowly('bern') }, lyon: { ask: slowly('lyon') } }).run(termsOf(urls))
    expect(asked.toSorted()).toEqual(['bern', 'bern', 'bern', 'lyon', 'lyon', 'lyon'])
  })
  it('takes one try at a time of a token, and so many in a minute', async () => {
    let finish = (): void => undefined
    const waiting: Ask = (signed) =>
      new Promise((resolve) => {
        finish = () => resolve(answering()(signed))
      })
    const busy = collectorOf({ lyon: { ask: waiting } })
    const first = busy.run(termsOf([URL_TRIED]))
    await expect(busy.run(termsOf([URL_TRIED]))).rejects.toMatchObject({ code: 'rate-limited' })
    await Promise.resolve()
    finish()
    expect((await first).ok).toBe(true)

    const { run, clock } = collectorOf({ lyon: { ask: answering() } })
    for (let i = 0; i < TRIES_PER_MINUTE; i += 1) await run(termsOf([URL_TRIED]))
    await expect(run(termsOf([URL_TRIED]))).rejects.toMatchObject({ code: 'rate-limited' })
    expect((await run(termsOf([URL_TRIED]), 'another')).ok).toBe(true)
    clock.advanceUs(60_000_000)
    expect((await run(termsOf([URL_TRIED]))).ok).toBe(true)
  })
  it('begins nothing once its time is over', async () => {
    const world = collectorOf({
      lyon: {
        ask: (signed) => {
          world.clock.advanceUs(61_000_000)
          return answering()(signed)
        },
      },
    })
    const { checks } = await world.run(termsOf([URL_TRIED, 'tcp://mail.example:25']))
    expect(checks.map(({ problem }) => problem?.reason ?? null)).toEqual([null, 'over'])
  })
  it('takes so many checks at once', async () => {
    const urls = (n: number) => Array.from({ length: n }, (_, i) => `tcp://h.example:${i + 1}`)
    const { run } = collectorOf({ lyon: { ask: answering() } })
    expect((await run(termsOf(urls(50)))).checks).toHaveLength(50)
    await expect(run(termsOf(urls(51)))).rejects.toMatchObject({ code: 'too-large' })
  })
})
