/** The policy file: every problem at once with its place, a change in force soon, a wrong one not at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Act } from '@constat/probe/policy'
import {
  DEFAULT_PACE,
  holdPolicy,
  loadPolicy,
  MAX_POLICY_BYTES,
  MAX_RULES,
  POLICY_FILE,
  readPolicy,
} from '../../../agent/src/policy-file.ts'
import { createKeptLog } from '../../support/silent-log.ts'
import { eventually } from '../../support/processes.ts'

const NO_RANGES = { allow: [], deny: [] }
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'constat-policy-'))
})
afterEach(() => rmSync(dir, { recursive: true }))
const write = (text: string): void => writeFileSync(join(dir, POLICY_FILE), text)

const WHOLE = {
  rules: [
    {
      allow: {
        addresses: ['loopback', '10.0.0.0/8', '::1'],
        domains: ['orders.example', '*.müller.example'],
        ports: [443, '8000-8099'],
        kinds: ['http', 'transaction'],
        methods: ['GET', 'POST'],
        send: true,
      },
    },
    { deny: {} },
  ],
  leastInterval: 'PT1M0.5S',
  probesPerSecond: 20,
  secrets: { 'orders-token': ['https://Orders.example', 'http://10.0.0.7:8080/'] },
}

test('what it may hold', () => {
  expect(readPolicy(JSON.stringify(WHOLE))).toEqual({
    rules: [
      {
        verdict: 'allow',
        match: {
          ...WHOLE.rules[0]!.allow,
          ports: [
            { from: 443, to: 443 },
            { from: 8000, to: 8099 },
          ],
        },
        why: 'rules[0] of policy.json',
      },
      { verdict: 'deny', match: {}, why: 'rules[1] of policy.json' },
    ],
    pace: { leastIntervalMs: 60_500, probesPerSecond: 20 },
    secrets: new Map([['orders-token', ['https://orders.example', 'http://10.0.0.7:8080']]]),
  })
  expect(readPolicy('{}')).toEqual({ rules: [], pace: DEFAULT_PACE, secrets: new Map() })
})

describe('what is wrong', () => {
  test.each<[string, unknown, string[]]>([
    ['no object', [], ['should be an object']],
    [
      'an unknown member',
      { rule: [] },
      ['rule is not known here: rules, leastInterval, probesPerSecond, secrets'],
    ],
    ['a rule of both', { rules: [{ allow: {}, deny: {} }] }, ['rules[0] should have one of allow, deny']],
    [
      'too many rules',
      { rules: Array.from({ length: MAX_RULES + 1 }, () => ({ deny: {} })) },
      [`rules should be a list of at most ${MAX_RULES}`],
    ],
    [
      'a rule that would be wider than meant',
      { rules: [{ allow: { adresses: ['10.0.0.1'] } }] },
      ['rules[0].allow.adresses is not known here: addresses, domains, ports, kinds, methods, send'],
    ],
    [
      'all at once',
      {
        rules: [
          {
            deny: {
              addresses: ['10.0.0.0/33'],
              ports: ['9-1'],
              methods: ['get'],
              kinds: ['smtp'],
              domains: ['*'],
              send: 1,
            },
          },
        ],
        leastInterval: '5s',
        probesPerSecond: 0,
        secrets: { a: ['https://orders.example/path'], '../b': [] },
      },
      [
        'rules[0].deny.addresses[0] should be an address',
        'rules[0].deny.domains[0] should be a name',
        'rules[0].deny.kinds[0] should be http',
        'rules[0].deny.methods[0] should be GET',
        'rules[0].deny.ports[0] should be a port',
        'rules[0].deny.send should be true or false',
        'leastInterval should be a duration',
        'probesPerSecond should be a number',
        'secrets.a[0] should be an origin',
        'secrets.../b is no name of a secret',
      ],
    ],
  ])('%s', (_, value, problems) => {
    const said = readPolicy(JSON.stringify(value))
    expect(Array.isArray(said) ? said : []).toEqual(problems.map((one) => expect.stringContaining(one)))
  })

  test.each([
    ['no JSON', '{rules: []}', /is not JSON/],
    ['too long', ' '.repeat(MAX_POLICY_BYTES + 1), /is larger than/],
  ])('%s stops the start', async (_, text, sentence) => {
    write(text)
    await expect(loadPolicy(dir, NO_RANGES)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(sentence),
    })
  })
})

test('a change is in force soon, and a wrong one leaves the one before it', async () => {
  const log = createKeptLog()
  const held = await holdPolicy(dir, { ranges: NO_RANGES, log })
  let changes = 0
  held.watch(() => (changes += 1))
  const ping: Act = { kind: 'icmp', host: 'a', address: '10.0.0.1', port: null }
  try {
    expect(held.policy.refusal(ping)).toBeUndefined()
    write(JSON.stringify({ rules: [{ deny: { kinds: ['icmp'] } }], probesPerSecond: 7 }))
    await eventually('the change', () => changes === 1, { limitMs: 20_000 })
    expect(held.policy.refusal(ping)).toContain('rules[0] of policy.json')
    expect(held.pace()).toEqual({ ...DEFAULT_PACE, probesPerSecond: 7 })
    write('{"rules": 1}')
    await eventually('the trouble', () => held.trouble() !== '', { limitMs: 20_000 })
    expect(held.trouble()).toContain('rules should be a list')
    expect(held.policy.refusal(ping)).toContain('rules[0] of policy.json')
  } finally {
    held.stop()
  }
}, 60_000)

test('ranges of the environment go before the rules of the file', async () => {
  write(JSON.stringify({ rules: [{ deny: {} }] }))
  const { rules } = await loadPolicy(dir, { allow: ['192.0.2.0/24'], deny: ['192.0.2.9'] })
  expect(rules.map(({ verdict, why }) => [verdict, why])).toEqual([
    ['allow', 'CONSTAT_AGENT_ALLOW'],
    ['deny', 'CONSTAT_AGENT_DENY'],
    ['deny', 'rules[0] of policy.json'],
  ])
})
