/**
 * The life of a contract on a real database, under a clock that the test moves: what is removed, renamed,
 * corrected, ended and taken up again, with outages in between. What was measured stays, and everything answers.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatInstant, parseInstant, type UnixMs } from '@constat/shared/time'
import { emptyState, incidentsIn, take } from '@constat/sla/state/contract-state'
import { guaranteeIds, serviceNames } from '@constat/sla/state/in-force'
import { leafOf } from '../../collector/src/contract/contracts.ts'
import { rareEntriesFrom } from '../../collector/src/db/ledger-rows.ts'
import { rebuildDerived } from '../../collector/src/cli/rebuild.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { createKeptLog, type KeptLog } from '../support/silent-log.ts'
import { worldApp } from '../support/world-app.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const START: UnixMs = parseInstant('2026-10-05T00:00:00Z')!

type Shape = { services?: string[]; zone?: string; target?: string; name?: string; period?: string }

/** Services of a check and a guarantee each, judged by the day. */
function contract({
  services = ['shop', 'till'],
  zone = 'UTC',
  target = '99',
  ...shape
}: Shape = {}): string {
  const { name = 'daily', period = 'P1D' } = shape
  const checks = services.map(
    (service) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${service}-page}
spec: {service: ${service}, tcp: {host: 192.0.2.1, port: 80}, interval: PT1M, timeout: PT5S, confirm: {down: 2, up: 1, by: slots}}
---
`,
  )
  return `${checks.join('')}apiVersion: constat/v1
kind: Contract
metadata: {name: ${name}}
spec:
  effective: {timeZone: UTC}
  parties: [{id: customer, role: customer, name: Acme}, {id: northstar, role: provider, name: Northstar}]
  finalisation: {grace: PT1H}
  guarantees:
${services.map((one) => `    - {id: ${one}-day, service: ${one}, metric: interval-availability, target: {op: gte, percent: "${target}"}, window: {period: ${period}, timeZone: ${zone}}}`).join('\n')}
`
}

let world: ClosingWorld
let dataDir: string
let log: KeptLog

beforeEach(async () => {
  dataDir = makeCollectorDir()
  log = createKeptLog()
  world = await openClosingWorld({ dataDir, wallMs: START, log })
})

afterEach(async () => {
  await world.close()
  dropDataDir(dataDir)
})

const nowMs = (): UnixMs => world.clock.nowMs()
const state = (name = 'daily') => world.line().contracts.of(name)!
const incidents = () => world.line().model.incidents({ limit: 100 })
const probed = (name = 'daily') => state(name).configuration!.config.checks.map((check) => check.name)
/** Moves on by `ms`, with a sample a minute of every check; those of `down` fail. */
async function live(ms: number, down: readonly string[] = [], name = 'daily'): Promise<void> {
  const fromMs = nowMs()
  await world.moveTo(fromMs + ms)
  const outcome = (_: UnixMs, check: string) => (down.includes(check) ? ('fail' as const) : ('ok' as const))
  await world.send('here', { contract: name, fromMs, untilMs: nowMs(), stepMs: MINUTE_MS, outcome })
}

/** Every route and page that a life could have broken. The answers below 500, by path. */
async function askEverything(): Promise<void> {
  const { get } = await worldApp(world)
  const paths = [
    '/',
    '/incidents',
    '/setup/agents',
    '/api/v1/contracts',
    '/api/v1/incidents',
    '/api/v1/exclusions',
  ]
  const span = `from=${formatInstant(START)}&to=${formatInstant(nowMs() + 1)}`
  for (const { contract: name, life } of world.line().contracts.all()) {
    paths.push(`/contracts/${name}`, `/api/v1/contracts/${name}`, `/api/v1/contracts/${name}/revisions`)
    paths.push(`/api/v1/contracts/${name}/windows`)
    for (const key of world.line().model.windowKeys(name)) {
      paths.push(`/contracts/${name}/windows/${key}`, `/api/v1/contracts/${name}/windows/${key}`)
    }
    for (const service of serviceNames(life)) {
      paths.push(`/contracts/${name}/services/${service}`, `/api/v1/services/${service}/timeline?${span}`)
    }
  }
  for (const { id } of await incidents()) paths.push(`/incidents/${id}`, `/api/v1/incidents/${id}`)
  const broken: string[] = []
  for (const path of paths) {
    const { status } = await get(path)
    if (status !== 200) broken.push(`${status} ${path}`)
  }
  expect(broken).toEqual([])
}

/** What a person reads on a page: tags gone. */
async function words(path: string): Promise<string> {
  const answer = await (await worldApp(world)).get(path)
  return (await answer.text()).replace(/<[^>]*>/g, ' ')
}

/** The state in memory is the fold of the whole log. */
async function expectFolded(): Promise<void> {
  for (const { contract: name, log: id } of world.line().contracts.all()) {
    let folded = emptyState({ id, contract: name })
    for (const row of await rareEntriesFrom(world.database.sql, { log: id, from: 0 }))
      folded = take(folded, await leafOf(world.database.sql, row))
    expect(folded).toEqual(state(name))
  }
}

async function expectRebuilt(): Promise<void> {
  await world.line().fold.save()
  const found = await rebuildDerived(world.database.sql, world.line().sequencer, nowMs)
  expect(found).toMatchObject({ differences: 0, differingClosings: [] })
}

const verdicts = async (key: string) => {
  const window = await world.line().model.window('daily', key)
  return window!.guarantees.map(({ guarantee, verdict, revision }) => `${guarantee} ${verdict} r${revision}`)
}

describe('a service that fails and is removed', () => {
  it('is probed, judged and closed to the end of its window, and answers for ever', async () => {
    await world.apply(contract())
    await world.join('here')
    await live(2 * HOUR_MS)
    await live(HOUR_MS, ['till-page'])
    const [open] = await incidents()
    expect(open).toMatchObject({ service: 'till', closedAt: null })
    expect(await verdicts('2026-10-05')).toEqual(['shop-day indeterminate r1', 'till-day not_met r1'])

    expect(await world.apply(contract({ services: ['shop'] }))).toMatchObject([
      { revision: 2, changed: true },
    ])
    expect(probed()).toEqual(['shop-page', 'till-page'])
    expect(await words('/contracts/daily/services/till')).toMatch(
      /Judged until .*then it leaves the contract/,
    )
    expect(await words('/contracts/daily/services/shop')).toContain('those of a newer revision')
    expect(await verdicts('2026-10-05')).toEqual(['shop-day indeterminate r1', 'till-day not_met r1'])
    await askEverything()

    await live(HOUR_MS, ['till-page'])
    await live(HOUR_MS)
    expect(await incidents()).toMatchObject([{ id: open!.id, closeReason: 'recovered' }])
    await world.restart()
    await live(START + DAY_MS - nowMs())
    expect(probed()).toEqual(['shop-page'])
    await live(3 * HOUR_MS)
    expect(await verdicts('2026-10-05')).toEqual(['shop-day met r1', 'till-day not_met r1'])
    expect(await verdicts('2026-10-06')).toEqual(['shop-day indeterminate r2'])
    expect(
      world
        .line()
        .model.contract('daily')!
        .services.map(({ service }) => service),
    ).toEqual(['shop'])
    expect(await words('/contracts/daily/services/till')).toContain('Left the contract on 6 Oct 2026, 00:00')
    expect(await words('/contracts/daily/services')).toContain('1 service that left')
    await askEverything()
    await expectFolded()
    await expectRebuilt()
  })

  it('ends its incident with the last window that rests on it, where it is still down', async () => {
    await world.apply(contract())
    await world.join('here')
    await live(2 * HOUR_MS)
    await live(HOUR_MS, ['till-page'])
    await world.apply(contract({ services: ['shop'] }))
    await live(START + DAY_MS - nowMs(), ['till-page'])
    await live(10 * MINUTE_MS)
    expect(await incidents()).toMatchObject([
      { service: 'till', closeReason: 'ended', endAt: formatInstant(START + DAY_MS) },
    ])
    await askEverything()
    await expectFolded()
  })

  it('is probed no more where the revision stops it, and the rest is unknown for that reason', async () => {
    await world.apply(contract())
    await world.join('here')
    await live(2 * HOUR_MS)
    await live(HOUR_MS, ['till-page'])
    await world.apply(contract({ services: ['shop'] }), { stopProbing: true })
    const stoppedMs = nowMs()
    expect(probed()).toEqual(['shop-page'])
    await live(2 * HOUR_MS)
    const till = world
      .line()
      .model.contract('daily')!
      .services.find(({ service }) => service === 'till')
    expect(till).toMatchObject({ state: 'unknown', unmeasuredSince: formatInstant(stoppedMs) })
    const timeline = world.line().model.timeline('till', { fromMs: START, toMs: nowMs() })!
    // What was seen last stands for its hold.
    const last = timeline.segments.at(-1)!
    const why = { reason: 'probing-stopped', agent: null, since: formatInstant(stoppedMs) }
    expect(last).toMatchObject({ state: 'unknown', reasons: [{ ...why, start: last.start, end: last.end }] })
    expect(till?.reasons).toMatchObject([{ reason: 'probing-stopped' }])
    expect(await words('/contracts/daily/services/till')).toContain('a revision stopped it')
    expect(await verdicts('2026-10-05')).toEqual(['shop-day indeterminate r1', 'till-day not_met r1'])
    await askEverything()
  })
})

describe('a contract', () => {
  it('whose time zone is corrected keeps the window under way, and says which one is longer', async () => {
    await world.apply(contract({ zone: 'Europe/Paris' }))
    await world.join('here')
    await live(2 * HOUR_MS)
    await live(HOUR_MS, ['shop-page'])
    const before = await world.line().model.window('daily', '2026-10-05')
    await world.apply(contract({ zone: 'UTC' }))
    const after = await world.line().model.window('daily', '2026-10-05')
    expect(after).toMatchObject({ start: before!.start, end: before!.end })
    expect(after!.guarantees.map(({ verdict }) => verdict)).toEqual(
      before!.guarantees.map(({ verdict }) => verdict),
    )
    await live(DAY_MS)
    const next = await world.line().model.window('daily', '2026-10-06')
    expect(next!.guarantees[0]!.window).toMatchObject({
      start: '2026-10-05T22:00:00.000Z',
      end: '2026-10-07T00:00:00.000Z',
      length: 'longer',
    })
    expect(await words('/contracts/daily?window=2026-10-06')).toContain('Longer than usual')
    await askEverything()
    await expectRebuilt()
  })

  it('takes a repeat for what it is, and an ended one up again', async () => {
    const [first] = await world.apply(contract())
    expect(await world.apply(contract())).toEqual([{ ...first, changed: false }])
    await world.join('here')
    await live(2 * HOUR_MS)
    await live(HOUR_MS, ['shop-page'])
    const archived = await (await worldApp(world)).post('/contracts/daily/archive')
    expect([archived.status, archived.headers.get('location')]).toEqual([303, '/contracts/daily'])
    const archivedMs = nowMs()
    expect(await words('/contracts/daily')).toContain('Ended on 5 Oct 2026')
    expect(probed()).toEqual([])
    expect(world.line().model.contract('daily')).toMatchObject({ endedAt: formatInstant(archivedMs) })
    expect(await incidents()).toMatchObject([{ closeReason: 'ended', endAt: formatInstant(archivedMs) }])
    await world.archive('daily')
    expect(state().life.archivedMs).toHaveLength(1)
    await world.restart()
    await world.moveTo(START + 2 * DAY_MS + 3 * HOUR_MS)
    expect(
      world
        .line()
        .model.closedWindows('daily')
        .map(({ window }) => window),
    ).toEqual(['2026-10-05'])
    expect(world.line().model.windowKeys('daily')).toEqual(['2026-10-05'])
    await askEverything()
    expect(await world.apply(contract())).toMatchObject([{ revision: 2, changed: true }])
    await live(HOUR_MS)
    expect(world.line().model.contract('daily')).toMatchObject({ endedAt: null, revision: 2 })
    expect(world.line().model.windowKeys('daily')).toEqual(['2026-10-07', '2026-10-05'])
    await askEverything()
    await expectFolded()
    await expectRebuilt()
  })

  it('that fails is set aside, and the others go on', async () => {
    await world.apply(contract())
    await world.apply(contract({ name: 'other', services: ['web'] }))
    await world.join('here')
    await live(HOUR_MS)
    await live(HOUR_MS, [], 'other')
    // A defect of one contract alone: its incidents cannot be judged.
    const { judge } = world.line()
    const services = judge.services.bind(judge)
    judge.services = (name, list) =>
      name === 'daily' ? Promise.reject(new Error('a defect')) : services(name, list)
    await live(HOUR_MS, ['shop-page'])
    await live(HOUR_MS, ['web-page'], 'other')
    expect((await incidents()).map(({ service }) => service)).toEqual(['web'])
    expect(world.line().model.contract('daily')).toMatchObject({ trouble: 'a defect' })
    expect(await words('/contracts/daily')).toContain('Set aside: a defect; the other contracts go on.')
    expect(log.lines.some((line) => JSON.stringify(line).includes('a defect'))).toBe(true)
    await askEverything()
    judge.services = services
    await world.moveTo(nowMs() + 10 * MINUTE_MS)
    expect(world.line().model.contract('daily')).toMatchObject({ trouble: null })
    expect((await incidents()).map(({ service }) => service).toSorted()).toEqual(['shop', 'web'])
  })

  it('that cannot be read shows what its terms and its leaves say, and the others are read', async () => {
    await world.apply(contract())
    await world.apply(contract({ name: 'other', services: ['web'] }))
    await world.join('here')
    await live(HOUR_MS)
    await live(HOUR_MS, ['shop-page'])
    await live(HOUR_MS, ['web-page'], 'other')
    expect(world.line().model.contract('daily')).toMatchObject({ trouble: null })
    const goodMs = nowMs()
    const { tracks } = world.line().fold
    const { ofCheck } = tracks
    const { log: broken } = state()
    tracks.ofCheck = function (place, rules) {
      if (place.log === broken) throw new Error('a defect')
      return ofCheck.call(this, place, rules)
    }
    await live(10 * MINUTE_MS, ['shop-page'])
    expect(world.line().model.contract('daily')).toMatchObject({
      trouble: 'a defect',
      state: 'unknown',
      services: [
        { service: 'shop', state: 'unknown', since: formatInstant(goodMs), checks: [{ name: 'shop-page' }] },
        { service: 'till', state: 'unknown', since: formatInstant(goodMs), checks: [{ name: 'till-page' }] },
      ],
    })
    const all = await incidents()
    expect(all.map(({ service, vantages }) => `${service} ${vantages.length}`)).toEqual(['web 1', 'shop 0'])
    expect(world.line().model.contract('other')).toMatchObject({ trouble: null, openIncidents: 1 })
    const { get } = await worldApp(world)
    for (const path of ['/', '/incidents', '/contracts/daily', '/contracts/daily/services/till']) {
      expect((await get(path)).status).toBe(200)
    }
    for (const { id } of all) expect((await get(`/incidents/${id}`)).status).toBe(200)
    expect(await words('/contracts/daily')).toMatch(/Set aside: a defect.* till /)
    const window = await get('/api/v1/contracts/daily/windows/2026-10-05')
    expect([window.status, await window.text()]).toEqual([503, expect.stringContaining('a defect')])
    tracks.ofCheck = ofCheck
    await world.moveTo(nowMs() + 10 * MINUTE_MS)
    expect(world.line().model.contract('daily')).toMatchObject({ trouble: null })
    await askEverything()
  })

  it('keeps an acknowledgement and an end that come at the same instant', async () => {
    await world.apply(contract())
    await world.join('here')
    await live(2 * HOUR_MS)
    await live(HOUR_MS, ['shop-page'])
    const [open] = await incidents()
    await world.moveTo(nowMs() + 2 * MINUTE_MS)
    const { judge } = world.line()
    const sent = world.send('here', {
      contract: 'daily',
      fromMs: nowMs() - 2 * MINUTE_MS,
      untilMs: nowMs(),
      stepMs: MINUTE_MS,
      outcome: () => 'ok',
    })
    const acknowledged = judge.acknowledge(open!.id, 'provider')
    await Promise.all([sent, acknowledged, judge.acknowledge(open!.id, 'owner')])
    await world.moveTo(nowMs() + MINUTE_MS)
    const found = await incidents()
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ closeReason: 'recovered', acknowledgedBy: 'provider' })
    expect(found[0]!.providerAcknowledgedAt).not.toBeNull()
  })
})

/** A small seeded generator (mulberry32): the same walk each time. */
function seeded(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe('whatever people do', () => {
  const walks = Number(process.env['CONSTAT_WALKS'] ?? 1)
  it.each(Array.from({ length: walks }, (_, i) => i + 1))(
    'walk %d: nothing breaks, and nothing is lost',
    async (seed) => {
      const random = seeded(seed)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
      const shapes: Shape[] = [
        {},
        { services: ['shop'] },
        { services: ['till', 'web'] },
        { zone: 'Europe/Paris' },
        { zone: 'Pacific/Auckland' },
        { target: '95' },
        { period: 'P1W' },
      ]
      await world.apply(contract())
      await world.join('here')
      const known = new Map<string, string>()
      for (let step = 0; step < 12; step += 1) {
        const down = random() < 0.5 ? [pick(['shop-page', 'till-page', 'web-page'])] : []
        if (probed().length > 0) await live(Math.ceil(random() * 9) * HOUR_MS, down)
        else await world.moveTo(nowMs() + 5 * HOUR_MS)
        const dice = random()
        if (dice < 0.55) await world.apply(contract(pick(shapes)), { stopProbing: random() < 0.2 })
        else if (dice < 0.65) await world.archive('daily')
        else if (dice < 0.8) await world.restart()
        await askEverything()
        await expectFolded()
        // A closing is never taken back, and an incident keeps its onset's service.
        for (const { window, version, digest } of world.line().model.closedWindows('daily')) {
          const name = `${window}/v${version}`
          expect(known.get(name) ?? digest).toBe(digest)
          known.set(name, digest)
        }
        expect(incidentsIn(state()).every(({ service }) => serviceNames(state().life).has(service))).toBe(
          true,
        )
        expect(guaranteeIds(state().life).length).toBeGreaterThan(0)
      }
      await expectRebuilt()
      expect(world.line().setAside.all()).toEqual([])
    },
  )
})
