/** Gathering: one message for what has one cause, flapping damped. Tables, and any order of events over restarts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { causesOf } from '@constat/sla/alerting/cause'
import {
  NOTHING,
  type Change,
  type Gathering,
  type Notice,
  type Rules,
  type Told,
} from '@constat/sla/alerting/gathered'
import { dueMs, MAX_MEMBERS, take } from '@constat/sla/alerting/gathering'

const RULES: Rules = { holdMs: 10_000, opens: 3, withinMs: 30 * 60_000 }
const S = 1_000
const MIN = 60_000

/** `opened a portal site:paris` at so many ms: change, incident, service, causes. */
type Line = [atMs: number, change: Change, incident: string, service: string, ...causes: string[]]

let count = 0
function noticeOf([atMs, change, incident, service, ...causes]: Line): Notice {
  const isOver = change === 'closed' || change === 'merged'
  const endMs = isOver ? atMs : null
  const member = { incident, service, onsetMs: 0, endMs, isOver, isInHand: change === 'acknowledged' }
  return { id: `n${(count += 1)}`, change, atMs, causes, member }
}

/** As a collector does that looks every second and is started anew each time: what was told, when, in words. */
function play(lines: readonly Line[], untilMs: number, rules = RULES): string[] {
  const notices = lines.map(noticeOf)
  const said: string[] = []
  let state: Gathering = NOTHING
  for (let nowMs = 0; nowMs <= untilMs; nowMs += S) {
    const fresh = notices.filter(({ atMs }) => atMs <= nowMs && atMs > nowMs - S)
    if (fresh.length === 0 && (dueMs(state) ?? Infinity) > nowMs) continue
    const { after, told } = take(state, { notices: fresh, nowMs, rules })
    said.push(...told.map((one) => `${nowMs / S} ${words(one, notices)}`))
    // What is kept between two looks is JSON.
    state = JSON.parse(JSON.stringify(after)) as Gathering
  }
  return said
}

function words(told: Told, notices: readonly Notice[]): string {
  if (told.kind === 'alone') {
    const said = notices.find(({ id }) => id === told.notice)
    return `${said?.member.service} ${said?.change}`
  }
  if (told.kind === 'together') {
    const all = told.members.map(
      ({ service, isOver, isInHand }) => service + (isOver ? '-' : isInHand ? '!' : '+'),
    )
    return `${told.causes.join(',')}: ${all.join(' ')}`
  }
  const all = told.services.map(({ service, opens, isDown }) => `${service} ${opens}${isDown ? '+' : '-'}`)
  return `${told.isStable ? 'stable' : 'flapping'}: ${all.join(', ')}`
}

const PARIS = ['site:paris', 'zone:lan']
const HOST = ['site:paris', 'host:db.example']

describe('one cause is one message', () => {
  it.each<[string, Line[], string[]]>([
    ['one incident is told as it is', [[0, 'opened', 'a', 'portal', ...PARIS]], ['10 portal opened']],
    [
      'several within the hold are one message, by what all of them share',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [4 * S, 'opened', 'b', 'mail', ...HOST],
        [9 * S, 'opened', 'c', 'vpn', 'site:paris'],
      ],
      ['10 site:paris: portal+ mail+ vpn+'],
    ],
    [
      'what shares nothing is told by itself',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [0, 'opened', 'b', 'mail', 'site:lyon'],
      ],
      ['10 portal opened', '10 mail opened'],
    ],
    [
      'no chain: what shares one thing with one and another with the next is of two groups',
      [
        [0, 'opened', 'a', 'portal', 'site:paris', 'host:x'],
        [1 * S, 'opened', 'b', 'mail', 'host:x'],
        [2 * S, 'opened', 'c', 'vpn', 'site:paris'],
      ],
      ['10 host:x: portal+ mail+', '12 vpn opened'],
    ],
    [
      'one that comes after the message joins, and is told after the hold',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [60 * S, 'opened', 'b', 'mail', ...PARIS],
      ],
      ['10 portal opened', '70 site:paris,zone:lan: portal+ mail+'],
    ],
    [
      'one that comes much later has another cause',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [121 * S, 'opened', 'b', 'mail', ...PARIS],
      ],
      ['10 portal opened', '131 mail opened'],
    ],
    [
      'some that are over are told a minute apart, all of them at once',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [0, 'opened', 'b', 'mail', ...PARIS],
        [0, 'opened', 'c', 'vpn', ...PARIS],
        [20 * S, 'closed', 'a', 'portal'],
        [30 * S, 'acknowledged', 'c', 'vpn'],
        [65 * S, 'closed', 'b', 'mail'],
        [90 * S, 'closed', 'c', 'vpn'],
      ],
      [
        '10 site:paris,zone:lan: portal+ mail+ vpn+',
        '70 site:paris,zone:lan: portal- vpn! mail-',
        '90 site:paris,zone:lan: portal- mail- vpn-',
      ],
    ],
    [
      'what is over within the hold is told once, as over',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [5 * S, 'closed', 'a', 'portal', ...PARIS],
      ],
      ['10 portal closed'],
    ],
    [
      'an answer to one that was told by itself comes at once',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [30 * S, 'acknowledged', 'a', 'portal', ...PARIS],
        [40 * S, 'closed', 'a', 'portal', ...PARIS],
      ],
      ['10 portal opened', '30 portal acknowledged', '40 portal closed'],
    ],
    [
      'a note within the hold does not hide what it is about',
      [
        [0, 'opened', 'a', 'portal', ...PARIS],
        [5 * S, 'updated', 'a', 'portal', ...PARIS],
      ],
      ['10 portal opened'],
    ],
    [
      'escalations of one cause are one message, to whoever heard of none before',
      [
        [0, 'escalated', 'a', 'portal', ...PARIS],
        [0, 'escalated', 'b', 'mail', ...PARIS],
        [50 * S, 'closed', 'a', 'portal'],
        [50 * S, 'closed', 'b', 'mail'],
      ],
      ['10 site:paris,zone:lan: portal+ mail+', '50 site:paris,zone:lan: portal- mail-'],
    ],
    [
      'ends that come alone are gathered too',
      [
        [0, 'closed', 'a', 'portal', ...PARIS],
        [0, 'closed', 'b', 'mail', ...PARIS],
      ],
      ['10 site:paris,zone:lan: portal- mail-'],
    ],
  ])('%s', (_, lines, said) => expect(play(lines, 10 * MIN)).toEqual(said))

  it('lists so many and begins another', () => {
    const lines = Array.from({ length: MAX_MEMBERS + 1 }, (_, i): Line => [
      0,
      'opened',
      `i${i}`,
      `s${i}`,
      'site:a',
    ])
    expect(play(lines, MIN).map((line) => line.split(' ').length - 2)).toEqual([MAX_MEMBERS, 1])
  })

  it('is not gathered where there is no hold', () => {
    const lines: Line[] = [
      [0, 'opened', 'a', 'portal', ...PARIS],
      [0, 'opened', 'b', 'mail', ...PARIS],
    ]
    expect(play(lines, MIN, { ...RULES, holdMs: 0 })).toEqual(['0 portal opened', '0 mail opened'])
  })
})

/** Down for a minute in every two, so many times. */
const turns = (n: number): Line[] =>
  Array.from({ length: n }, (_, i) => [
    [2 * i * MIN, 'opened', `i${i}`, 'portal'] as Line,
    [(2 * i + 1) * MIN, 'closed', `i${i}`, 'portal'] as Line,
  ]).flat()

describe('what flaps', () => {
  it.each<[string, Line[], string[]]>([
    [
      'twice is not yet',
      turns(2),
      ['10 portal opened', '60 portal closed', '130 portal opened', '180 portal closed'],
    ],
    [
      'is told at the third time, and again when it has been up for half of the time',
      turns(6),
      [
        '10 portal opened',
        '60 portal closed',
        '130 portal opened',
        '180 portal closed',
        '250 flapping: portal 3+',
        '1560 stable: portal 6-',
      ],
    ],
    [
      'and stays down is told sooner, and its end as any other',
      [...turns(3).slice(0, -1), [40 * MIN, 'closed', 'i2', 'portal']],
      [
        '10 portal opened',
        '60 portal closed',
        '130 portal opened',
        '180 portal closed',
        '250 flapping: portal 3+',
        '540 stable: portal 3+',
        '2400 portal closed',
      ],
    ],
    [
      'is escalated all the same',
      [...turns(3).slice(0, -1), [6 * MIN, 'escalated', 'i2', 'portal'], [7 * MIN, 'closed', 'i2', 'portal']],
      [
        '10 portal opened',
        '60 portal closed',
        '130 portal opened',
        '180 portal closed',
        '250 flapping: portal 3+',
        '370 portal escalated',
        '1320 stable: portal 3-',
      ],
    ],
    [
      'is escalated also where a note comes within the hold of that',
      [
        ...turns(3).slice(0, -1),
        [6 * MIN, 'escalated', 'i2', 'portal'],
        [6 * MIN + 5 * S, 'updated', 'i2', 'portal'],
        [7 * MIN, 'closed', 'i2', 'portal'],
      ],
      [
        '10 portal opened',
        '60 portal closed',
        '130 portal opened',
        '180 portal closed',
        '250 flapping: portal 3+',
        '370 portal escalated',
        '1320 stable: portal 3-',
      ],
    ],
    [
      'is not escalated where somebody answers within the hold of that',
      [
        ...turns(3).slice(0, -1),
        [6 * MIN, 'escalated', 'i2', 'portal'],
        [6 * MIN + 5 * S, 'acknowledged', 'i2', 'portal'],
      ],
      [
        '10 portal opened',
        '60 portal closed',
        '130 portal opened',
        '180 portal closed',
        '250 flapping: portal 3+',
        '540 stable: portal 3+',
      ],
    ],
  ])('%s', (_, lines, said) => expect(play(lines, 60 * MIN)).toEqual(said))

  it('with others is told with them', () => {
    const both = turns(3).flatMap(([atMs, change, incident, service]): Line[] => [
      [atMs + 2 * S, change, incident, service],
      [atMs + 8 * S, change, `${incident}b`, 'mail'],
    ])
    expect(play(both, 60 * MIN).slice(-2)).toEqual([
      '252 flapping: portal 3+, mail 3+',
      '1260 stable: portal 3-, mail 3-',
    ])
  })

  it('is told once after a night in which nobody looked', () => {
    const notices = turns(5).map(noticeOf)
    const { told, after } = take(NOTHING, { notices, nowMs: 12 * 60 * MIN, rules: RULES })
    expect(told.map((one) => words(one, notices))).toEqual(['stable: portal 5-'])
    expect(dueMs(after)).toBeNull()
  })

  it('is not damped where the document says so', () => {
    expect(play(turns(4), 60 * MIN, { ...RULES, withinMs: 0 })).toHaveLength(8)
  })
})

describe('whatever happens', () => {
  const CAUSES = ['site:a', 'site:b', 'host:x', 'zone:z']
  const step = fc.record({
    service: fc.integer({ min: 0, max: 4 }),
    causes: fc.subarray(CAUSES),
    afterMs: fc.integer({ min: 0, max: 4 * MIN }),
    change: fc.constantFrom<Change>('updated', 'acknowledged', 'escalated', 'reopened'),
    turns: fc.boolean(),
    looks: fc.boolean(),
  })
  const rules = fc.record({
    holdMs: fc.constantFrom(0, 10_000, 90_000),
    opens: fc.integer({ min: 2, max: 4 }),
    withinMs: fc.constantFrom(0, 5 * MIN, 30 * MIN),
  })

  it('every notice is carried once, an end not before its beginning, and the last word is how it stands', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), rules, (steps, given) => {
        const notices = new Map<string, Notice>()
        const messages: Told[] = []
        let state: Gathering = NOTHING
        let nowMs = 0
        let fresh: Notice[] = []
        const look = (): void => {
          const { after, told } = take(state, { notices: fresh, nowMs, rules: given })
          messages.push(...told)
          fresh = []
          state = JSON.parse(JSON.stringify(after)) as Gathering
        }
        const open = new Map<number, string>()
        steps.forEach(({ service, causes, afterMs, change, turns: isTurn, looks }, i) => {
          nowMs += afterMs
          const known = open.get(service)
          const incident = known ?? `i${i}`
          const said: Change = known === undefined ? 'opened' : isTurn ? 'closed' : change
          if (said === 'closed') open.delete(service)
          else open.set(service, incident)
          const notice = noticeOf([nowMs, said, incident, `s${service}`, ...causes])
          notices.set(notice.id, notice)
          fresh.push(notice)
          if (looks) look()
        })
        look()
        for (let due = dueMs(state); due !== null; due = dueMs(state)) {
          nowMs = Math.max(nowMs, due)
          look()
        }
        const carried = messages.flatMap(({ carries }) => carries)
        expect(carried.toSorted()).toEqual([...notices.keys()].toSorted())
        expect(dueMs(state)).toBeNull()
        const more = messages.filter((one) => one.kind !== 'flapping' || !one.isStable)
        expect(more.length).toBeLessThanOrEqual(notices.size)
        const heardIn = new Map(messages.flatMap(({ carries }, i) => carries.map((id) => [id, i] as const)))
        for (const incident of new Set([...notices.values()].map(({ member }) => member.incident))) {
          // An escalation passes what waits until its service stands still.
          const own = [...notices.values()].filter(
            ({ member, change }) => member.incident === incident && change !== 'escalated',
          )
          const order = own.map(({ id }) => heardIn.get(id)!)
          expect(order).toEqual(order.toSorted((a, b) => a - b))
          const last = messages[order.at(-1)!]!
          const isOver = own.at(-1)!.member.isOver
          if (last.kind === 'alone') expect(notices.get(last.notice)!.member.isOver).toBe(isOver)
          if (last.kind === 'together')
            expect(last.members.find((one) => one.incident === incident)?.isOver).toBe(isOver)
        }
      }),
      { numRuns: 400 },
    )
  })
})

it('a cause is a place, an agent, a host or a zone that all of it shares', () => {
  const down = { name: 'a1', site: 'paris', state: 'down' }
  const up = { name: 'a2', site: 'lyon', state: 'up' }
  const failure = (target: string) => ({ failure: { target } })
  const zone = 'undetermined'
  expect(causesOf({ zone: 'lan', vantages: [down, up], ...failure('https://Shop.example:8443/x') })).toEqual([
    'site:paris',
    'agent:a1',
    'host:shop.example',
    'zone:lan',
  ])
  expect(causesOf({ zone, vantages: [down, { ...up, state: 'down' }], failure: null })).toEqual([])
  expect(
    causesOf({ zone, vantages: [down, { ...down, name: 'a3' }], ...failure('db.example:5432') }),
  ).toEqual(['site:paris', 'host:db.example'])
  expect(causesOf({ zone, vantages: [{ ...down, site: null }], ...failure('[::1]:25') })).toEqual([
    'agent:a1',
    'host:[::1]',
  ])
})
