/** In force then: windows, services and probes over the life of a contract, by revisions and archives. Pure. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { formatInstant, parseInstant, type UnixMs } from '@constat/shared/time'
import type { Life } from '@constat/sla/state/contract-state'
import {
  endedMs,
  guaranteeIds,
  inForceOf,
  nextChangeMs,
  promisedAt,
  serviceRevision,
  servicesAt,
  serviceSpans,
  windowGroups,
  windowsOf,
} from '@constat/sla/state/in-force'
import { checksProbed, probingStopped } from '@constat/sla/state/probing'
import { archiveLeaf, revisionLeaf, stateOf, type GivenLeaf } from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'

const DAY_MS = 86_400_000
const at = (text: string): UnixMs => parseInstant(text.includes('T') ? text : `${text}T00:00:00Z`)!
const day = (atMs: UnixMs): string => formatInstant(atMs).replace(':00:00.000Z', '').replace('T00', '')

type Shape = {
  services?: string[]
  period?: string
  zone?: string
  anchor?: string
  target?: string
  from?: string
  to?: string
  /** Guarantees, where they are not one for each service. */
  promised?: string[]
  port?: number
  /** A zone that is told by a check of its own. */
  hasZone?: boolean
}

/** A check and a guarantee for each service, of the same name. */
function termsOf({ services = ['a'], promised = services, ...shape }: Shape) {
  const { period = 'P1M', zone = 'UTC', anchor, target = '99', from, to, port = 80, hasZone = false } = shape
  const checks = services.map(
    (name) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}-check}
spec: {service: ${name}, tcp: {host: 192.0.2.1, port: ${port}}, interval: PT1M, timeout: PT10S}
---
`,
  )
  const effective = `${from ? `, from: "${from}"` : ''}${to ? `, to: "${to}"` : ''}`
  const window = `{period: ${period}, timeZone: ${zone}${anchor ? `, anchor: "${anchor}"` : ''}}`
  const gate = `apiVersion: constat/v1
kind: Check
metadata: {name: gate}
spec: {tcp: {host: 192.0.2.2, port: 80}, interval: PT1M, timeout: PT10S}
---
`
  return accepted(`${checks.join('')}${hasZone ? gate : ''}apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  effective: {timeZone: UTC${effective}}
  parties: [{id: c, role: customer, name: Acme}, {id: p, role: provider, name: Northstar}]
${hasZone ? '  zones: [{id: access, owner: p, boundary: router, reference: [gate]}]\n' : ''}  guarantees:${promised.length === 0 ? ' []' : ''}
${promised.map((id) => `    - {id: ${id}, service: ${id}, metric: interval-availability, target: {op: gte, percent: "${target}"}, window: ${window}}`).join('\n')}
`)
}

const TERMS = new Map<string, ReturnType<typeof termsOf>>()
/** Read once: a document takes longer to read than a life to walk. */
function termsFor(shape: Shape): ReturnType<typeof termsOf> {
  const name = JSON.stringify(shape)
  const known = TERMS.get(name) ?? termsOf(shape)
  TERMS.set(name, known)
  return known
}

type Event = { at: string; apply?: Shape; stopProbing?: boolean }

/** An event without terms archives the contract. */
function lifeOf(...events: Event[]): Life {
  let revision = 0
  const leaves = events.map((event): GivenLeaf => {
    const appliedMs = at(event.at)
    if (!event.apply) return archiveLeaf(appliedMs)
    revision += 1
    const { stopProbing = false } = event
    return revisionLeaf(termsFor(event.apply), { revision, appliedMs, stopProbing })
  })
  return stateOf('shop', leaves).life
}

/** `key start→end rN`, with what is unusual of it. */
const told = (life: Life, id: string, until: string): string[] =>
  windowsOf(life, id, at(until)).map(({ window, revision, length }) =>
    [window.key, `${day(window.startMs)}→${day(window.endMs)}`, `r${revision.revision}`, length ?? '']
      .join(' ')
      .trimEnd(),
  )

describe('windows of a guarantee', () => {
  test.each<[string, Life, string, string[]]>([
    [
      'dropped: to the end of its window',
      lifeOf({ at: '2026-10-01', apply: { services: ['a', 'b'] } }, { at: '2026-10-20', apply: {} }),
      'b',
      ['2026-10 2026-10-01→2026-11-01 r1'],
    ],
    [
      'revised with a date that has passed: nothing that was judged is taken back',
      lifeOf(
        { at: '2026-08-01', apply: {} },
        { at: '2026-10-20', apply: { target: '98', from: '2026-09-01' } },
      ),
      'a',
      [
        '2026-08 2026-08-01→2026-09-01 r1',
        '2026-09 2026-09-01→2026-10-01 r1',
        '2026-10 2026-10-01→2026-11-01 r1',
        '2026-11 2026-11-01→2026-12-01 r2',
      ],
    ],
    [
      'dropped and brought back before that: as if nothing had been',
      lifeOf(
        { at: '2026-10-01', apply: { services: ['a', 'b'] } },
        { at: '2026-10-10', apply: {} },
        { at: '2026-10-20', apply: { services: ['a', 'b'] } },
      ),
      'b',
      ['2026-10 2026-10-01→2026-11-01 r1', '2026-11 2026-11-01→2026-12-01 r3'],
    ],
    [
      'dropped and brought back later',
      lifeOf(
        { at: '2026-09-01', apply: { services: ['a', 'b'] } },
        { at: '2026-09-10', apply: {} },
        { at: '2026-10-20', apply: { services: ['a', 'b'] } },
      ),
      'b',
      [
        '2026-09 2026-09-01→2026-10-01 r1',
        '2026-10 2026-10-01→2026-11-01 r3',
        '2026-11 2026-11-01→2026-12-01 r3',
      ],
    ],
    [
      'a zone further west: an hour is left, so the next one is longer',
      lifeOf(
        { at: '2026-10-05', apply: { zone: 'Europe/Paris' } },
        { at: '2026-10-06', apply: { zone: 'UTC' } },
      ),
      'a',
      ['2026-10 2026-09-30T22→2026-10-31T23 r1', '2026-11 2026-10-31T23→2026-12-01 r2 longer'],
    ],
    [
      'a zone further east: the next one is shorter',
      lifeOf(
        { at: '2026-10-05', apply: { zone: 'UTC' } },
        { at: '2026-10-06', apply: { zone: 'Europe/Paris' } },
      ),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1', '2026-11 2026-11-01→2026-11-30T23 r2 shorter'],
    ],
    [
      'months become quarters: what is left of the quarter',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-06', apply: { period: 'P3M' } }),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1', '2026-Q4 2026-11-01→2027-01-01 r2 shorter'],
    ],
    [
      'months become weeks elsewhere: less than a day of the week is left, so the next one is longer',
      lifeOf(
        { at: '2026-10-05', apply: {} },
        { at: '2026-10-06', apply: { period: 'P1W', zone: 'Europe/Paris' } },
      ),
      'a',
      [
        '2026-10 2026-10-01→2026-11-01 r1',
        '2026-W45 2026-11-01→2026-11-08T23 r2 longer',
        '2026-W46 2026-11-08T23→2026-11-15T23 r2',
      ],
    ],
    [
      'months become weeks: a day of the week is left, which is a window',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-06', apply: { period: 'P1W' } }),
      'a',
      [
        '2026-10 2026-10-01→2026-11-01 r1',
        '2026-W44 2026-11-01→2026-11-02 r2 shorter',
        '2026-W45 2026-11-02→2026-11-09 r2',
        '2026-W46 2026-11-09→2026-11-16 r2',
      ],
    ],
    [
      'revised with a date to come: the first window that begins from then on',
      lifeOf(
        { at: '2026-08-05', apply: {} },
        { at: '2026-08-06', apply: { target: '98', from: '2026-10-15' } },
      ),
      'a',
      [
        '2026-08 2026-08-01→2026-09-01 r1',
        '2026-09 2026-09-01→2026-10-01 r1',
        '2026-10 2026-10-01→2026-11-01 r1',
        '2026-11 2026-11-01→2026-12-01 r2',
      ],
    ],
    [
      'revised twice: the second waits behind the first, which never judges',
      lifeOf(
        { at: '2026-10-05', apply: {} },
        { at: '2026-10-06', apply: { target: '98' } },
        { at: '2026-10-07', apply: { target: '97' } },
      ),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1', '2026-11 2026-11-01→2026-12-01 r3'],
    ],
    [
      'a date of end: no window begins after it',
      lifeOf({ at: '2026-10-05', apply: { to: '2026-11-01' } }),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1'],
    ],
    [
      'a date of end that a revision sets in the middle',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-10', apply: { to: '2026-10-20' } }),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1'],
    ],
    [
      'archived, and taken up again in the same window',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-10' }, { at: '2026-10-20', apply: {} }),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1', '2026-11 2026-11-01→2026-12-01 r2'],
    ],
    [
      'archived for good',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-10' }),
      'a',
      ['2026-10 2026-10-01→2026-11-01 r1'],
    ],
    [
      'archived, and taken up again later',
      lifeOf({ at: '2026-08-05', apply: {} }, { at: '2026-08-10' }, { at: '2026-10-20', apply: {} }),
      'a',
      [
        '2026-08 2026-08-01→2026-09-01 r1',
        '2026-10 2026-10-01→2026-11-01 r2',
        '2026-11 2026-11-01→2026-12-01 r2',
      ],
    ],
  ])('%s', (_, life, id, expected) => {
    expect(told(life, id, '2026-11-15')).toEqual(expected)
  })
})

describe('the time that counts', () => {
  const spans = (life: Life) =>
    inForceOf(life).map(({ startMs, endMs }) => [day(startMs), endMs === Infinity ? '…' : day(endMs)])
  it.each<[string, Life, string[][]]>([
    ['begins with the apply', lifeOf({ at: '2026-10-05', apply: {} }), [['2026-10-05', '…']]],
    [
      'or with a date of the first terms',
      lifeOf({ at: '2026-10-05', apply: { from: '2026-10-01' } }),
      [['2026-10-01', '…']],
    ],
    [
      'ends where it is archived, and begins again',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-10' }, { at: '2026-10-20', apply: {} }),
      [
        ['2026-10-05', '2026-10-10'],
        ['2026-10-20', '…'],
      ],
    ],
    [
      'is not taken back by an end that is set afterwards',
      lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-10', apply: { to: '2026-10-06' } }),
      [['2026-10-05', '2026-10-10']],
    ],
  ])('%s', (_, life, expected) => {
    expect(spans(life)).toEqual(expected)
  })

  it('holds none of the time between a promise that was dropped and the same one made again', () => {
    const life = lifeOf(
      { at: '2026-09-01', apply: { services: ['a', 'b'] } },
      { at: '2026-09-10', apply: {} },
      { at: '2026-10-20', apply: { services: ['a', 'b'] } },
    )
    expect(promisedAt(life, 'b', at('2026-10-25'))?.inForce).toEqual([
      { startMs: at('2026-10-20'), endMs: Infinity },
    ])
  })

  it('is what each window is clipped by', () => {
    const life = lifeOf(
      { at: '2026-10-05', apply: {} },
      { at: '2026-10-10' },
      { at: '2026-10-20', apply: {} },
    )
    expect(promisedAt(life, 'a', at('2026-10-15'))?.inForce).toEqual(inForceOf(life))
    expect(endedMs(life, at('2026-10-15'))).toBeNull()
    expect(endedMs(lifeOf({ at: '2026-10-05', apply: {} }, { at: '2026-10-10' }), at('2026-10-15'))).toBe(
      at('2026-10-10'),
    )
  })
})

describe('services and their probes', () => {
  const dropped = lifeOf(
    { at: '2026-10-01', apply: { services: ['a', 'b'] } },
    { at: '2026-10-20', apply: {} },
  )
  const names = (life: Life, atMs: UnixMs) =>
    servicesAt(life, atMs).map(({ name, revision }) => `${name}${revision.revision}`)
  const probed = (life: Life, text: string) => checksProbed(life, at(text)).map(({ name }) => name)

  it('are there until the last window that rests on them has ended', () => {
    expect(names(dropped, at('2026-10-25'))).toEqual(['a1', 'b1'])
    expect(names(dropped, at('2026-11-01'))).toEqual(['a2'])
    expect(probed(dropped, '2026-10-25')).toEqual(['a-check', 'b-check'])
    expect(probed(dropped, '2026-11-01')).toEqual(['a-check'])
    expect(serviceRevision(dropped, 'b', at('2027-01-01'))?.revision).toBe(1)
    const revisions = ['2026-01-01', '2026-10-31', '2026-11-01'].map((text) =>
      serviceRevision(dropped, 'a', at(text)),
    )
    expect(revisions.map((one) => one?.revision)).toEqual([1, 1, 2])
    expect(nextChangeMs(dropped, at('2026-10-25'))).toBe(at('2026-11-01'))
  })

  it('stop at once where the revision says so', () => {
    const life = lifeOf(
      { at: '2026-10-01', apply: { services: ['a', 'b'] } },
      { at: '2026-10-20', apply: {}, stopProbing: true },
    )
    expect(names(life, at('2026-10-25'))).toEqual(['a1', 'b1'])
    expect(probed(life, '2026-10-25')).toEqual(['a-check'])
    const { revision } = serviceSpans(life, 'b')[0]!
    expect(probingStopped(life, { service: 'b', revision })).toEqual([
      { startMs: at('2026-10-20'), endMs: Infinity },
    ])
  })

  it('are probed again from the revision on that has their checks again', () => {
    const life = lifeOf(
      { at: '2026-10-01', apply: { services: ['a', 'b'] } },
      { at: '2026-10-20', apply: {}, stopProbing: true },
      { at: '2026-10-25', apply: { services: ['a', 'b'] } },
    )
    expect(probed(life, '2026-10-22')).toEqual(['a-check'])
    expect(probed(life, '2026-10-26')).toEqual(['a-check', 'b-check'])
    const { revision } = serviceSpans(life, 'b')[0]!
    expect(probingStopped(life, { service: 'b', revision })).toEqual([
      { startMs: at('2026-10-20'), endMs: at('2026-10-25') },
    ])
  })

  it('stay stopped where a later revision does not have them either', () => {
    const life = lifeOf(
      { at: '2026-10-01', apply: { services: ['a', 'b'] } },
      { at: '2026-10-20', apply: {}, stopProbing: true },
      { at: '2026-10-25', apply: { target: '98' } },
    )
    expect(probed(life, '2026-10-26')).toEqual(['a-check'])
    const { revision } = serviceSpans(life, 'b')[0]!
    expect(probingStopped(life, { service: 'b', revision })).toEqual([
      { startMs: at('2026-10-20'), endMs: Infinity },
    ])
  })

  it('go on with the references that tell of their zones', () => {
    const life = lifeOf(
      { at: '2026-10-01', apply: { services: ['a', 'b'], hasZone: true } },
      { at: '2026-10-20', apply: {} },
    )
    expect(probed(life, '2026-10-25')).toEqual(['a-check', 'b-check', 'gate'])
    expect(probed(life, '2026-11-01')).toEqual(['a-check'])
  })

  it('begin at once where they are new', () => {
    const life = lifeOf(
      { at: '2026-10-01', apply: {} },
      { at: '2026-10-20', apply: { services: ['a', 'b'] } },
    )
    expect(names(life, at('2026-10-20'))).toEqual(['a1', 'b2'])
    expect(probed(life, '2026-10-19')).toEqual(['a-check'])
    expect(probed(life, '2026-10-20')).toEqual(['a-check', 'b-check'])
  })

  it('change at once where nothing is promised of them', () => {
    const life = lifeOf(
      { at: '2026-10-01', apply: { services: ['a', 'b'], promised: ['a'] } },
      { at: '2026-10-20', apply: {} },
    )
    expect(names(life, at('2026-10-20'))).toEqual(['a1'])
    expect(probed(life, '2026-10-20')).toEqual(['a-check'])
  })

  it('are probed as they were until their window ends', () => {
    const life = lifeOf({ at: '2026-10-01', apply: {} }, { at: '2026-10-20', apply: { port: 443 } })
    const port = (text: string) =>
      checksProbed(life, at(text)).map(({ spec }) => ('port' in spec.probe ? spec.probe.port : 0))
    expect(port('2026-10-25')).toEqual([80])
    expect(port('2026-11-01')).toEqual([443])
  })

  it('are probed no more where the contract has ended', () => {
    expect(probed(lifeOf({ at: '2026-10-01', apply: {} }, { at: '2026-10-20' }), '2026-10-20')).toEqual([])
    expect(probed(lifeOf({ at: '2026-10-01', apply: { to: '2026-10-20' } }), '2026-10-20')).toEqual([])
  })
})

/** Whatever people do, windows tile the time that is promised: in order, without overlap, each under one revision. */
describe('any life', () => {
  const shape: fc.Arbitrary<Shape> = fc.record({
    services: fc.constantFrom(['a'], ['a', 'b'], ['b'], ['c', 'a']),
    period: fc.constantFrom('P1D', 'P1W', 'P1M', 'P3M'),
    zone: fc.constantFrom('UTC', 'Europe/Paris', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'),
    target: fc.constantFrom('99', '98'),
  })
  const event = fc.record({
    afterDays: fc.double({ min: 0.01, max: 40, noNaN: true }),
    apply: fc.option(shape, { freq: 5 }),
    stopProbing: fc.boolean(),
  })

  it('keeps its windows apart, its keys unique and its past as it was', () => {
    fc.assert(
      fc.property(shape, fc.array(event, { maxLength: 6 }), (first, events) => {
        let atMs = at('2026-01-05')
        const given: Event[] = [{ at: formatInstant(atMs), apply: first }]
        let before: { life: Life; atMs: UnixMs } | null = null
        for (const one of [null, ...events]) {
          if (one) {
            atMs += Math.floor(one.afterDays * DAY_MS)
            const { stopProbing } = one
            given.push({ at: formatInstant(atMs), stopProbing, ...(one.apply ? { apply: one.apply } : {}) })
          }
          const life = lifeOf(...given)
          for (const id of guaranteeIds(life)) {
            const windows = windowsOf(life, id, atMs + 200 * DAY_MS)
            expect(new Set(windows.map(({ window }) => window.key)).size).toBe(windows.length)
            for (const [i, { window }] of windows.entries()) {
              expect(window.startMs).toBeLessThan(window.endMs)
              if (i > 0) expect(window.startMs).toBeGreaterThanOrEqual(windows[i - 1]!.window.endMs)
            }
            // What had begun by then has the bounds and the terms that it had.
            const known = before ? windowsOf(before.life, id, before.atMs) : []
            const now = windowsOf(life, id, atMs)
            for (const [i, { window, revision, guarantee }] of known.entries()) {
              expect([now[i]!.window, now[i]!.revision.revision, now[i]!.guarantee]).toEqual([
                window,
                revision.revision,
                guarantee,
              ])
            }
          }
          expect(windowGroups(life, atMs).every(({ promised }) => promised.length > 0)).toBe(true)
          for (const { name, revision } of servicesAt(life, atMs)) {
            expect(revision.terms.services.some((service) => service.name === name)).toBe(true)
          }
          before = { life, atMs: atMs + 1 }
        }
      }),
      { numRuns: 60, seed: 20_261_130 },
    )
  })
})
