/**
 * The room of an incident and the page for users, over the real line: who may say what, what becomes of it, how often,
 * for how long a link is good; and after a restart everything stands as it stood.
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statementLeaf } from '@constat/sla/state/statement-record'
import type { IncidentRoomView } from '../../collector/src/view/timeline.ts'
import type { LinkIssued, TokenView } from '../../collector/src/view/access.ts'
import type { ReportedView, ServiceStatus } from '../../collector/src/view/remark.ts'
import { MAX_REPORTS_OF_SERVICE } from '../../collector/src/judge/remarks.ts'
import { MAX_REPORTS_OF_ADDRESS } from '../../collector/src/http/report-rate.ts'
import { Contracts } from '../../collector/src/contract/contracts.ts'
import { worldDeps } from '../support/world-app.ts'
import { asker } from '../support/ask.ts'
import { HOSTING } from '../support/seed-terms.ts'
import { openSeeded, type Seeded } from '../support/seeded.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

let seeded: Seeded
let ask: Seeded['ask']
let incident: string
beforeAll(async () => {
  seeded = await openSeeded()
  ask = seeded.ask
  incident = `/api/v1/incidents/${seeded.portal}`
}, 60_000)
afterAll(() => seeded?.close())

const post = (path: string, as: string, body: unknown) => ask(path, { method: 'POST', as, body })
// The API answers these shapes.
const room = async (as: string) => (await (await ask(incident, { as })).json()) as IncidentRoomView
const eventsOf = async (type: string) =>
  (await seeded.deps.events.since(0, 500, HOSTING)).filter((event) => event.type === type)
const report = (as: string, body: object) => post('/api/v1/reports-of-trouble', as, body)
const later = (ms: number) => seeded.world.clock.advanceUs(ms * 1_000)

describe('a statement of before statements were read by line', () => {
  it('hides no incident, whatever it says', async () => {
    const { line, clock } = seeded.world
    const log = line().contracts.of(HOSTING)!.log
    const body = Buffer.from('{"incidents":[],"uptime":1}')
    const digest = createHash('sha256').update(body).digest()
    const kept = { id: 'st_before', contract: HOSTING, window: '2026-11', sha256: digest.toString('hex') }
    const statement = { ...kept, bytes: body.length, by: 'provider' as const, receivedMs: clock.nowMs() }
    await line().sequencer.append({
      log,
      drafts: [{ ...statementLeaf(statement), beside: [{ digest, body }] }],
    })
    expect(await room('owner-token')).toMatchObject({ id: seeded.portal })
  })
})

describe('what happened to an incident', () => {
  it('is told in order, to both sides alike, and stands on its page', async () => {
    const { changes, openedAt } = await room('owner-token')
    expect(changes[0]).toMatchObject({ at: openedAt, change: 'opened', endAt: null })
    expect(changes.map(({ at }) => at)).toEqual(changes.map(({ at }) => at).toSorted())
    expect((await room('provider-token')).changes).toEqual(changes)
    const page = await (await ask(`/incidents/${seeded.portal}`, { as: 'owner-token' })).text()
    expect(page).toContain('Confirmed and opened')
  })
})

describe('notes and disputes', () => {
  it.each([
    ['note', 'owner-token', 201],
    ['note', 'provider-token', 201],
    ['note', 'viewer-token', 403],
    ['note', 'internal-token', 403],
    ['dispute', 'owner-token', 403],
    ['dispute', 'provider-token', 201],
  ])('%s by %s: %i', async (kind, as, status) => {
    expect((await post(`${incident}/${kind}`, as, { text: `${kind} of ${as}` })).status).toBe(status)
  })

  it('are shown to both sides with their words, and change no figure', async () => {
    const before = await seeded.deps.read.window(HOSTING, '2026-11')
    const seen = await room('provider-token')
    expect(seen.remarks.map(({ kind, side, text }) => [kind, side, text])).toEqual([
      ['note', 'customer', 'note of owner-token'],
      ['note', 'provider', 'note of provider-token'],
      ['dispute', 'provider', 'dispute of provider-token'],
    ])
    expect(seen.disputed).toBe(true)
    await post(`${incident}/dispute`, 'provider-token', { reason: 'again' })
    const after = await seeded.deps.read.window(HOSTING, '2026-11')
    expect(after?.guarantees.map(({ verdict, credit }) => [verdict, credit])).toEqual(
      before?.guarantees.map(({ verdict, credit }) => [verdict, credit]),
    )
  })

  it('are told as what changed, without their words', async () => {
    const told = (await eventsOf('incident.updated')).filter(({ data }) => data['changed'] !== undefined)
    expect(told.map(({ data }) => data['changed'])).toContainEqual({ kind: 'dispute', side: 'provider' })
    expect(told.at(-1)?.data).toMatchObject({ id: seeded.portal, disputed: true })
    expect(JSON.stringify(told)).not.toContain('note of owner-token')
  })

  it('keep their words out of the tree', async () => {
    const { sql } = seeded.world.database
    const [leaves] = await sql<{ n: number }[]>`
      select count(*)::int as n from entry where type = 18 and position('owner-token'::bytea in body) > 0`
    expect(leaves?.n).toBe(0)
    await sql`delete from said where text = 'note of provider-token'`
    const erased = (await room('owner-token')).remarks.find(
      ({ side, kind }) => side === 'provider' && kind === 'note',
    )
    expect(erased?.text).toBeNull()
  })

  it.each([
    ['no words', {}],
    ['blanks', { text: '  ' }],
    ['a thousand and one letters', { text: 'x'.repeat(1_001) }],
    ['other keys', { text: 'x', by: 'me' }],
  ])('are refused with %s', async (_, body) => {
    expect((await post(`${incident}/note`, 'owner-token', body)).status).toBe(400)
  })
})

describe('it fails for me', () => {
  it('is a dated fact of a user, beside a state that it does not move', async () => {
    const before = seeded.deps.read.status()
    const answer = await report('internal-token', { service: 'mail-relay', text: 'no mail since nine' })
    expect(answer.status).toBe(201)
    // As above.
    const made = (await answer.json()) as ReportedView
    expect(made).toMatchObject({ service: 'mail-relay', contract: HOSTING, others: 0 })
    const states = (all: ServiceStatus[]) => all.map(({ service, state, since }) => [service, state, since])
    expect(states(seeded.deps.read.status())).toEqual(states(before))
    expect(seeded.deps.read.status().find(({ service }) => service === 'mail-relay')?.reports).toBe(1)
  })

  it.each([
    ['provider-token', { service: 'order-portal' }, 403],
    ['viewer-token', { service: 'order-portal' }, 201],
    ['internal-token', { service: 'nothing' }, 404],
    ['internal-token', { service: 'order-portal', since: '2099-01-01T00:00:00Z' }, 400],
    ['internal-token', { service: 'order-portal', since: '2020-01-01T00:00:00Z' }, 400],
    ['internal-token', { service: 'order-portal', text: 'x'.repeat(501) }, 400],
  ])('%s %j: %i', async (as, body, status) => {
    expect((await report(as, body)).status).toBe(status)
  })

  it('stands in the room, its words for the customer alone, and is the first clock', async () => {
    await report('internal-token', { service: 'order-portal', text: 'white page' })
    const [owner, provider] = [await room('owner-token'), await room('provider-token')]
    const words = (view: IncidentRoomView) =>
      view.remarks.filter(({ kind }) => kind === 'trouble').map(({ text }) => text)
    expect(words(owner)).toEqual([null, 'white page'])
    expect(words(provider)).toEqual([null, null])
    expect(owner.clocks.map(({ clock }) => clock)).toEqual([
      'reported',
      'onset',
      'detected',
      'told',
      'provider-acknowledged',
      'provider-stated',
    ])
    expect(owner.clocks[0]?.at).toBe(owner.remarks.find(({ kind }) => kind === 'trouble')?.at)
    expect(owner.counts.map(({ guarantee }) => guarantee)).toContain('portal-availability')
    expect(owner.targets.map(({ metric }) => metric).toSorted()).toEqual([
      'response-time',
      'restoration-time',
    ])
  })

  it('is taken so many times of an address, and of a service, in a minute', async () => {
    later(2 * MINUTE_MS)
    const one = () => report('internal-token', { service: 'branch-vpn' })
    for (let i = 0; i < MAX_REPORTS_OF_ADDRESS; i += 1) expect((await one()).status).toBe(201)
    const refused = await one()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // Whatever address they come from.
    const wanted = { contract: HOSTING, kind: 'trouble' as const, incident: null, service: 'branch-vpn' }
    const by = { role: 'internal' as const, contracts: [HOSTING], token: 'tok_other', as: 'api' as const }
    const from = () => seeded.deps.actions.remark({ ...wanted, text: '', sinceMs: null, by })
    for (let i = MAX_REPORTS_OF_ADDRESS; i < MAX_REPORTS_OF_SERVICE; i += 1) await from()
    await expect(from()).rejects.toMatchObject({ code: 'rate-limited' })
    later(2 * MINUTE_MS)
    expect((await from()).others).toBe(MAX_REPORTS_OF_SERVICE)
  })
})

describe('an internal user', () => {
  it.each(['/incidents', '/contracts', '/setup/agents', `/contracts/${HOSTING}/windows/2026-10`])(
    'does not see %s',
    async (path) => {
      expect((await ask(path, { as: 'internal-token' })).status).toBe(403)
      expect((await ask(`/api/v1${path}`, { as: 'internal-token' })).status).not.toBe(200)
    },
  )
  it('is shown the states in place of the overview', async () => {
    const door = await ask('/', { as: 'internal-token' })
    expect([door.status, door.headers.get('location')]).toEqual([303, '/status'])
    const page = await (await ask('/status', { as: 'internal-token' })).text()
    expect(page).toContain('It fails for me')
    for (const secret of ['EUR', 'agent-lyon', 'orders.example', 'Northstar', 'href="/incidents'])
      expect(page).not.toContain(secret)
  })
})

/** Links that are made for these tests: of states, and of the incident. */
async function linked(body: object): Promise<LinkIssued> {
  const answer = await post('/api/v1/links', 'owner-token', body)
  expect(answer.status).toBe(201)
  // As above.
  return (await answer.json()) as LinkIssued
}
const pathOf = ({ url }: LinkIssued) => new URL(url).pathname

describe('links', () => {
  it('of states let anybody say that a service fails, once for each post', async () => {
    const link = await linked({ contract: HOSTING })
    expect((await ask(pathOf(link))).status).toBe(200)
    const body = new URLSearchParams({ service: 'stock-api', contract: HOSTING, text: '' }).toString()
    const send = (headers: Record<string, string>) =>
      ask(`${pathOf(link)}/report`, { method: 'POST', body, headers })
    expect((await send({ ...FORM, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    const sent = await send(FORM)
    expect(sent.status).toBe(303)
    const page = await (await ask(sent.headers.get('location') ?? '')).text()
    expect(page).toMatch(/Stock API: noted at \d\d:\d\d/)
    expect(page).toContain('You are the first within the hour')
  })

  it('of an incident show it and nothing else, until they end', async () => {
    const link = await linked({ incident: seeded.portal, expires: 'PT8H' })
    const page = await (await ask(pathOf(link))).text()
    expect(page).toContain('Order portal')
    expect(page).toContain('note of owner-token')
    for (const secret of ['agent-lyon', 'Cost so far', 'href="/incidents', 'href="/contracts', '<textarea'])
      expect(page).not.toContain(secret)
    const secret = pathOf(link).split('/').at(-1) ?? ''
    expect((await ask('/api/v1/incidents', { as: secret })).status).toBe(401)
    expect((await ask(`/status/${secret}`)).status).toBe(404)
    const sent = { method: 'POST', body: `token=${secret}`, headers: FORM }
    expect((await ask('/sign-in', sent)).status).toBe(401)
    later(8 * HOUR_MS - 1)
    expect((await ask(pathOf(link))).status).toBe(200)
    later(1)
    expect((await ask(pathOf(link))).status).toBe(404)
  })

  it('are listed and revoked as tokens, and not renewed', async () => {
    const link = await linked({ contract: HOSTING, expires: 'P1D' })
    const listed = (await (await ask('/api/v1/tokens', { as: 'owner-token' })).json()) as {
      items: TokenView[]
    }
    expect(listed.items.find(({ id }) => id === link.id)).toMatchObject({ kind: 'link', incident: null })
    expect((await post(`/api/v1/tokens/${link.id}/renew`, 'owner-token', {})).status).toBe(400)
    const path = `/api/v1/tokens/${link.id}`
    expect((await ask(path, { method: 'DELETE', as: 'owner-token' })).status).toBe(204)
    expect((await ask(pathOf(link))).status).toBe(404)
  })

  it.each([
    [{ incident: 'inc_none' }, 404],
    [{ contract: 'none' }, 404],
    [{}, 400],
    [{ contract: HOSTING, incident: 'inc_none' }, 400],
    [{ incident: 'inc_none', expires: 'P31D' }, 400],
    [{ incident: 'inc_none', expires: 'never' }, 400],
  ])('%j: %i', async (body, status) => {
    expect((await post('/api/v1/links', 'owner-token', body)).status).toBe(status)
  })
})

describe('what is said of time that should not count', () => {
  const [reason, note] = ['Mr Certain rebooted it', 'Ms Known says that he did not']
  const everywhere = async (): Promise<number> => {
    const [found] = await seeded.world.database.sql<{ n: number }[]>`
      select count(*)::int as n from (
        select from event where data::text like '%Mr Certain%' union all
        select from delivery where payload like '%Mr Certain%' union all
        select from said where text like '%Mr Certain%' or text like '%Ms Known%') as one`
    return found!.n
  }

  it('stands beside the log, and nowhere once it is erased', async () => {
    const [known] = await seeded.deps.read.exclusions({ contract: HOSTING, limit: 1 })
    const startMs = seeded.world.clock.nowMs() + HOUR_MS
    const [start, end] = [startMs, startMs + HOUR_MS].map((at) => new Date(at).toISOString())
    const wanted = { contract: HOSTING, kind: known!.kind, start, end, reason }
    const declared = await post('/api/v1/exclusions', 'provider-token', wanted)
    expect(declared.status).toBe(201)
    const { id } = (await declared.json()) as { id: string }
    const path = `/api/v1/exclusions/${id}`
    expect((await post(`${path}/dispute`, 'owner-token', { note })).status).toBe(200)
    const view = async () => (await ask(path, { as: 'viewer-token' })).json()
    expect(await view()).toMatchObject({ reason, answers: [{ note }] })
    const { sql } = seeded.world.database
    const [leaves] = await sql<{ n: number }[]>`select count(*)::int as n from entry
      where position('Mr Certain'::bytea in body) > 0 or position('Ms Known'::bytea in body) > 0`
    expect([leaves?.n, await everywhere()]).toEqual([0, 4])
    const words = `/api/v1/contracts/${HOSTING}/words`
    const { items } = (await (await ask(words, { as: 'owner-token' })).json()) as {
      items: { of: string; about: string; digest: string; text: string }[]
    }
    const own = items.filter(({ about }) => about === id)
    expect(own.map(({ of, text }) => [of, text])).toEqual([
      ['exclusion', reason],
      ['exclusion', note],
    ])
    for (const { digest } of own) await post(`${words}/${digest}/erase`, 'owner-token', {})
    expect(await view()).toMatchObject({ id, reason: '', answers: [{ note: '' }] })
    expect(await everywhere()).toBe(0)
  })
})

it('stands after a restart, as the leaves have it', async () => {
  const [link, before] = [await linked({ contract: HOSTING }), await room('owner-token')]
  await seeded.world.restart()
  const { deps } = await worldDeps(seeded.world, { publicUrl: 'http://collector.example' })
  ask = asker({ deps, tokens: seeded.tokens })
  const after = await room('owner-token')
  expect(after.remarks).toEqual(before.remarks)
  expect(after.clocks).toEqual(before.clocks)
  expect((await ask(pathOf(link))).status).toBe(200)
  // The leaves alone say all of it.
  const contracts = new Contracts(seeded.world.database.sql)
  await contracts.catchUp(seeded.world.line().sequencer.heads())
  expect(contracts.of(HOSTING)?.remarks).toEqual(seeded.world.line().contracts.of(HOSTING)?.remarks)
})
