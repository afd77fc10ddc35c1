/**
 * From terms to a settled penalty, over HTTP, on a real database under a clock that the test moves: each step by the
 * side whose it is, nothing edited, kept over a restart and made again by `rebuild` to the same bytes.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openZip } from '@constat/evidence/zip'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { verifyBundle } from '@constat/verify/verify'
import { rebuildDerived } from '../../collector/src/cli/rebuild.ts'
import { signCheckpoints } from '../../collector/src/ledger/checkpoints.ts'
import { asker } from '../support/ask.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { createKeptLog } from '../support/silent-log.ts'
import { worldDeps, worldToken } from '../support/world-app.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const START = parseInstant('2026-10-05T00:00:00Z')!
const KEY = '2026-10-05'
const API = '/api/v1/contracts/daily'
const PENALTY = `${API}/penalties/${KEY}`

const TERMS = `apiVersion: constat/v1
kind: Check
metadata: {name: shop-page}
spec: {service: shop, tcp: {host: 192.0.2.1, port: 80}, interval: PT1M, timeout: PT5S, confirm: {down: 2, up: 1, by: slots}}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: daily, displayName: Shop hosting}
spec:
  effective: {timeZone: Europe/Paris}
  prevailingLanguage: fr
  parties:
    - {id: customer, role: customer, name: Acme Retail}
    - {id: northstar, role: provider, name: Northstar Hosting}
  clauses: [{id: "A.1", title: Up, text: "Available"}, {id: "A.5", title: Credits, text: "Credits"}]
  charges: {currency: EUR, tax: outside-vat, monthly: [{amount: "1000.00"}]}
  finalisation: {grace: PT1H, amendmentsUntil: claim-deadline}
  guarantees:
    - {id: shop-day, displayName: Shop every day, service: shop, clause: "A.1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: P1D, timeZone: UTC}, calendar: always}
  credits:
    clause: "A.5"
    base: monthly-charge-of-contract
    schedules: {shop-day: {kind: flat, percent: "5"}}
    claim:
      deadline: {days: 5, dayKind: calendar, after: window-final, calendar: always}
      providerAnswer: {days: 3, dayKind: calendar, calendar: always}
      formalNotice: required
`

let world: ClosingWorld
let dataDir: string
let tokens: Record<string, string>
let ask: ReturnType<typeof asker>

beforeAll(async () => {
  dataDir = makeCollectorDir()
  world = await openClosingWorld({ dataDir, wallMs: START, log: createKeptLog() })
  await world.apply(TERMS)
  await world.join('here')
  tokens = {
    owner: await worldToken(world, { role: 'owner', contract: null }),
    viewer: await worldToken(world, { role: 'viewer', contract: null }),
    provider: await worldToken(world, { role: 'provider', contract: 'daily' }),
    // A provider of another contract: it knows of nothing here.
    stranger: await worldToken(world, { role: 'provider', contract: 'other' }),
  }
  await serve()
})

afterAll(async () => {
  await world.line().close()
  await world.close()
  dropDataDir(dataDir)
})

async function serve(): Promise<void> {
  const { deps } = await worldDeps(world)
  ask = asker({ deps, tokens })
}

type Json = Record<string, unknown>
const post = async (path: string, as: string, body?: Json): Promise<{ status: number; json: Json }> => {
  const answer = await ask(path, { method: 'POST', as, ...(body && { body }) })
  // Problem or view, both objects.
  return { status: answer.status, json: (await answer.json()) as Json }
}
const get = async (path: string, as: string): Promise<Json> =>
  (await ask(path, { as })).json() as Promise<Json>
const toldOf = async (type: string) => (await world.told()).filter((one) => one.type === type)
const termsOf = async () => (await get(API, 'owner'))['terms']

describe('terms', () => {
  it('are unilateral until the provider answers, and nobody answers for it', async () => {
    expect(await termsOf()).toBe('unilateral')
    const page = await (await ask('/contracts/daily/terms', { as: 'owner' })).text()
    expect(page).toContain('href="/setup/people?contract=daily#invite"')
    for (const who of ['owner', 'viewer', 'nobody'])
      expect((await post(`${API}/revisions/1/accept`, who)).status).toBe(who === 'nobody' ? 401 : 403)
    expect((await post(`${API}/revisions/1/accept`, 'stranger')).status).toBe(404)
    expect((await post(`${API}/revisions/9/accept`, 'provider')).status).toBe(404)
  })

  it('are objected to with a reason, then agreed to: both stand, the newest counts', async () => {
    expect((await post(`${API}/revisions/1/object`, 'provider')).status).toBe(400)
    const note = 'One percent is too little for the nights.'
    expect((await post(`${API}/revisions/1/object`, 'provider', { note })).status).toBe(200)
    expect(await termsOf()).toBe('objected')
    await world.moveTo(world.clock.nowMs() + MINUTE_MS)
    expect((await post(`${API}/revisions/1/accept`, 'provider')).json).toMatchObject({ terms: 'agreed' })
    await post(`${API}/revisions/1/accept`, 'provider')
    const { items } = (await get(`${API}/revisions`, 'viewer')) as { items: Json[] }
    expect(items).toMatchObject([
      {
        revision: 1,
        terms: 'agreed',
        answers: [
          { answer: 'objected', by: 'northstar', side: 'provider', note },
          { answer: 'agreed', note: null },
        ],
      },
    ])
    expect(await toldOf('terms.objected')).toHaveLength(1)
    expect(await toldOf('terms.agreed')).toHaveLength(1)
    expect((await get(API, 'owner'))['readiness']).toMatchObject({
      lacks: expect.not.arrayContaining(['provider-agreement']),
    })
    // The words stand outside the tree.
    const leaves = await world.database.sql<{ body: Buffer }[]>`select body from entry where type = 17`
    expect(leaves).toHaveLength(2)
    expect(leaves.map(({ body }) => body.toString()).join()).not.toContain('percent')
  })
})

describe('a penalty', () => {
  it('has nothing to claim before its window is final', async () => {
    await world.moveTo(START + DAY_MS)
    const noonMs = START + 12 * HOUR_MS
    await world.send('here', {
      contract: 'daily',
      fromMs: START,
      untilMs: START + DAY_MS,
      stepMs: MINUTE_MS,
      outcome: (atMs: UnixMs) => (noonMs <= atMs && atMs < noonMs + HOUR_MS ? 'fail' : 'ok'),
    })
    expect(await post(`${PENALTY}/notify`, 'owner')).toMatchObject({ status: 409 })
    expect((await ask(PENALTY, { as: 'owner' })).status).toBe(404)
    expect((await post(`${API}/penalties/2031-01-01/notify`, 'owner')).status).toBe(404)
  })

  it('is theoretical once it is, with a time to claim', async () => {
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    const penalty = await get(PENALTY, 'owner')
    expect(penalty).toMatchObject({
      status: 'theoretical',
      theoretical: '50.00',
      notified: null,
      citedVersion: null,
      nextDeadline: { what: 'claim', at: '2026-10-12T00:00:00.000Z' },
      may: ['notify'],
    })
    // By when the customer has to claim is its own to do.
    expect(await get(PENALTY, 'provider')).toMatchObject({ may: [], nextDeadline: null, claimUntil: null })
    expect(await get(API, 'provider')).toMatchObject({ nextDeadline: null })
    const WINDOW = `${API}/windows/${KEY}`
    const claim = { deadlineAt: '2026-10-12T00:00:00.000Z' }
    expect(await get(WINDOW, 'owner')).toMatchObject({ credits: { nextDeadline: { what: 'claim' }, claim } })
    const theirs = await get(WINDOW, 'provider')
    expect(theirs).toMatchObject({ credits: { nextDeadline: null, claim: { deadlineAt: null } } })
    const report = await get(`${API}/reports/${KEY}.json`, 'provider')
    expect(report).toMatchObject({ credits: { nextDeadline: null, claim: { deadlineAt: null } } })
    expect(await get(API, 'viewer')).toMatchObject({ nextDeadline: { what: 'claim', window: KEY } })
  })

  it('is notified by the customer alone, and answered by the provider alone', async () => {
    expect((await post(`${PENALTY}/notify`, 'provider')).status).toBe(409)
    expect((await post(`${PENALTY}/notify`, 'viewer')).status).toBe(403)
    expect((await post(`${PENALTY}/notify`, 'stranger')).status).toBe(404)
    expect((await post(`${PENALTY}/accept`, 'provider')).status).toBe(409)
    const notified = await post(`${PENALTY}/notify`, 'owner', {
      means: 'registered-letter',
      note: 'Ref. 2026/118',
    })
    expect(notified.json).toMatchObject({
      status: 'notified',
      notified: '50.00',
      citedVersion: 1,
      late: false,
      answerUntil: '2026-10-10T00:00:00.000Z',
      nextDeadline: { what: 'provider-answer' },
    })
    // The same again, as after a lost answer.
    await post(`${PENALTY}/notify`, 'owner', { means: 'registered-letter', note: 'Ref. 2026/118' })
    expect(await toldOf('penalty.notified')).toHaveLength(1)
    expect((await post(`${PENALTY}/accept`, 'owner')).status).toBe(409)
    expect((await post(`${PENALTY}/settle`, 'owner', { by: 'set-off' })).status).toBe(409)
  })

  it('is accepted in part, and settled by what was accepted', async () => {
    for (const amount of ['50.01', '0', '1/2', '-3', '20.001'])
      expect((await post(`${PENALTY}/accept`, 'provider', { amount })).status, amount).toBeGreaterThan(399)
    expect((await post(`${PENALTY}/dispute`, 'provider', { note: '' })).status).toBe(400)
    expect((await post(`${PENALTY}/accept`, 'provider', { amount: '20' })).json).toMatchObject({
      status: 'accepted-in-part',
      accepted: '20.00',
      open: '30.00',
      may: ['accept', 'dispute'],
    })
    expect(await get(`${API}/windows/${KEY}`, 'viewer')).toMatchObject({
      credits: { state: 'accepted-in-part' },
    })
    await world.restart()
    await serve()
    expect((await post(`${PENALTY}/settle`, 'owner', { by: 'credited' })).json).toMatchObject({
      status: 'settled',
      settled: '20.00',
      may: [],
      nextDeadline: null,
      steps: [
        { act: 'notify', side: 'customer', how: 'registered-letter', version: 1, note: 'Ref. 2026/118' },
        { act: 'accept', side: 'provider', by: 'northstar', amount: '20.00' },
        { act: 'settle', side: 'customer', how: 'credited' },
      ],
    })
    expect((await post(`${PENALTY}/dispute`, 'provider', { reason: 'No.' })).status).toBe(409)
    expect(await toldOf('penalty.answered')).toHaveLength(1)
    const leaves = await world.database.sql<{ body: Buffer }[]>`select body from entry where type = 19`
    expect(leaves).toHaveLength(3)
    expect(leaves.map(({ body }) => body.toString()).join()).not.toContain('2026/118')
  })

  it('is rebuilt to the same bytes, and words that were erased leave the rest', async () => {
    const before = await get(`${API}/penalties`, 'owner')
    const nowMs = () => world.clock.nowMs()
    await rebuildDerived(world.database.sql, world.line().sequencer, nowMs)
    await world.restart()
    await serve()
    expect(await get(`${API}/penalties`, 'owner')).toEqual(before)
  })

  it('keeps its steps where the words beside them are erased, by the owner alone and wherever they stand', async () => {
    const { items } = (await get(`${API}/words`, 'owner')) as { items: Json[] }
    expect(items).toMatchObject([
      { of: 'terms', about: '1', side: 'provider', text: expect.stringContaining('for the nights') },
      { of: 'penalty', about: KEY, side: 'customer', text: 'Ref. 2026/118' },
    ])
    const digest = String(items[1]!['digest'])
    const erased = `${API}/words/${digest.slice(0, 12)}/erase`
    for (const as of ['viewer', 'provider']) expect((await post(erased, as)).status).toBe(403)
    expect((await post(`${API}/words/${'0'.repeat(12)}/erase`, 'owner')).status).toBe(404)
    expect(await post(erased, 'owner')).toMatchObject({ status: 200, json: { digest } })
    expect(await post(erased, 'owner')).toEqual({
      status: 200,
      json: { contract: 'daily', digest, changed: false },
    })
    expect(await get(`${API}/words`, 'owner')).toMatchObject({
      items: [{ text: expect.any(String) }, { text: null }],
    })
    expect(await get(PENALTY, 'owner')).toMatchObject({ status: 'settled', steps: [{ note: null }, {}, {}] })
    expect(await toldOf('penalty.notified')).toMatchObject([{ data: { message: '' } }])
    const everywhere = await world.database.sql`
      select 1 from event where data::text like '%2026/118%'
      union all select 1 from delivery where payload like '%2026/118%'
      union all select 1 from said where text like '%2026/118%'`
    expect(everywhere).toHaveLength(0)
  })

  it('holds as evidence without them', async () => {
    const nowMs = () => world.clock.nowMs()
    await rebuildDerived(world.database.sql, world.line().sequencer, nowMs)
    expect(await get(PENALTY, 'owner')).toMatchObject({ status: 'settled', steps: [{ note: null }, {}, {}] })
  })
})

describe('pages', () => {
  const post = (path: string, as: string, fields: Record<string, string>): Promise<Response> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return ask(path, { method: 'POST', as, body: new URLSearchParams(fields).toString(), headers })
  }
  const page = `/contracts/daily/penalties/${KEY}`

  it('show where each penalty stands, and refuse a step by name', async () => {
    expect(await (await ask('/claims', { as: 'viewer' })).text()).toContain('Settled')
    const refused = await post(`${page}/dispute`, 'provider', { note: 'No.' })
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain('it is settled: nothing follows that')
  })

  it('take a claim as people write it, in the hours of the contract', async () => {
    const next = '2026-10-06'
    await world.send('here', {
      contract: 'daily',
      fromMs: START + DAY_MS,
      untilMs: START + 2 * DAY_MS,
      stepMs: MINUTE_MS,
      outcome: (atMs: UnixMs) => (atMs < START + DAY_MS + 2 * HOUR_MS ? 'fail' : 'ok'),
    })
    await world.moveTo(START + 2 * DAY_MS + 2 * HOUR_MS)
    const path = `/contracts/daily/penalties/${next}`
    const at = '2026-10-07T01:15'
    expect((await post(`${path}/notify`, 'owner', { means: 'by-hand', at, note: '' })).status).toBe(303)
    expect((await post(`${path}/accept`, 'provider', { amount: '12,5', note: '' })).status).toBe(303)
    expect(await get(`/api/v1${path}`, 'owner')).toMatchObject({
      notifiedAt: '2026-10-07T01:15:00.000Z',
      accepted: '12.50',
      steps: [{ how: 'by-hand', note: null }, { amount: '12.50' }],
    })
  })

  it('invite somebody of the provider, with the contract ticked', async () => {
    const form = await (await ask('/setup/people?contract=daily', { as: 'owner' })).text()
    expect(form).toMatch(/<option value="provider" selected/)
    expect(form).toMatch(/value="daily" checked/)
    const wanted = { name: 'Ola', role: 'provider', contracts: 'daily' }
    const made = await post('/setup/people/invite', 'owner', wanted)
    const page = await (await ask(made.headers.get('location') ?? '', { as: 'owner' })).text()
    const [, path = ''] = /http:\/\/127\.0\.0\.1:1(\/invitation\/[\w-]+)/.exec(page) ?? []
    const body = 'password=four+quiet+herons+walk&again=four+quiet+herons+walk'
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    const came = await ask(path, { method: 'POST', body, headers })
    const [cookie = ''] = (came.headers.get('set-cookie') ?? '').split(';')
    const own = await ask('/contracts/daily/terms', { headers: { cookie } })
    expect(await own.text()).toContain('Agree to these terms')
  })
})

describe('papers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'constat-claims-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const fetched = async (path: string, as = 'owner'): Promise<Buffer> => {
    const answer = await ask(path, { as })
    expect(answer.status, path).toBe(200)
    return Buffer.from(await answer.arrayBuffer())
  }
  /** One space between words, as lines break elsewhere on other machines. */
  const onPaper = (name: string, bytes: Buffer): string => {
    const path = join(folder, name)
    writeFileSync(path, bytes)
    return execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' }).replaceAll(/\s+/g, ' ')
  }

  it('make a pack that is the same again, whose evidence is reproduced by what its letter names', async () => {
    await signCheckpoints(world.database.sql, world.shell, world.line().sequencer)
    const path = `${API}/claims/${KEY}.zip?lang=fr`
    expect((await ask(path, { as: 'provider' })).status).toBe(403)
    const zip = await fetched(path)
    expect((await fetched(path, 'viewer')).equals(zip)).toBe(true)
    const opening = openZip(zip)
    const files = new Map(opening.kind === 'opened' ? opening.files.map((one) => [one.path, one.bytes]) : [])
    expect([...files.keys()]).toEqual([
      'README.md',
      'letter.pdf',
      'report.pdf',
      'incidents.csv',
      `daily-${KEY}.zip`,
    ])
    const readme = files.get('README.md')!.toString()
    for (const [name, bytes] of files) {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      if (name !== 'README.md') expect(readme).toContain(sha256)
    }
    expect(readme).toContain('ajouter un horodatage ou un témoin')
    const letter = onPaper('letter.pdf', files.get('letter.pdf')!)
    for (const said of [
      'Mise en demeure',
      '50,00 EUR',
      'Northstar Hosting',
      'A.5',
      'que vous avez acceptée le',
    ])
      expect(letter).toContain(said)
    const [, logKey = '', terms = ''] = /--log-key (\w{64}) --terms (\w{64})/.exec(letter) ?? []
    const report = await verifyBundle(files.get(`daily-${KEY}.zip`)!, { logKey, terms })
    expect(report.failures).toEqual([])
    expect(report.verdict).toBe('reproduced')
    expect(onPaper('report.pdf', files.get('report.pdf')!)).toContain('Réglée')
  })

  it('are drawn up as an annex in both languages, as a draft', async () => {
    const said = onPaper('annex.pdf', await fetched(`${API}/annex/pdf`, 'provider'))
    const drafts = said.split('PROJET À FAIRE RELIRE PAR UN CONSEIL · DRAFT FOR COUNSEL').length - 1
    expect(drafts).toBe(Number(/1 ?\/ ?(\d+)/.exec(said)?.[1]))
    // The one that prevails stands first.
    expect(said.indexOf('Le texte français prévaut')).toBeLessThan(said.indexOf('The French text prevails'))
    for (const one of [
      'au moins 99 %',
      'at least 99 %',
      'dans les 5 jours calendaires',
      'within 5 calendar days',
    ])
      expect(said.replaceAll(/[\u00a0\u202f]/g, ' ')).toContain(one)
    const text = (await fetched(`${API}/annex/md?lang=en`)).toString()
    expect(text.indexOf('# Annex:')).toBeLessThan(text.indexOf('# Annexe'))
    expect((await fetched(`${API}/annex/html`)).toString()).toContain('<html lang="fr">')
    expect((await ask(`${API}/annex/docx`, { as: 'owner' })).status).toBe(404)
  })
})
