/**
 * Reports on schedule, on the real line, database, thread of the press and mail server, under a clock that the test
 * moves: once only over restarts, kept as they were sent whatever comes after, and lost by no failing server.
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseCheckpoint } from '@constat/evidence/checkpoint'
import { parseNote } from '@constat/evidence/note'
import { parseInstant } from '@constat/shared/time'
import { Delivering } from '../../collector/src/alert/deliver.ts'
import { schedulesOf } from '../../collector/src/alerts.ts'
import { rebuildDerived } from '../../collector/src/cli/rebuild.ts'
import { planLines } from '../../collector/src/cli/alert-test.ts'
import { answerExclusion, declareExclusion } from '../../collector/src/contract/declare.ts'
import { sentBodies } from '../../collector/src/db/sent-reports.ts'
import { signCheckpoints } from '../../collector/src/ledger/checkpoints.ts'
import { openMailer } from '../../collector/src/message/mailer.ts'
import { openSpeech } from '../../collector/src/message/speech.ts'
import type { ReportSchedules } from '../../collector/src/report/schedules.ts'
import { renderView, sceneOf } from '../../collector/src/report/render.ts'
import type { SentReportView } from '../../collector/src/view/report.ts'
import { DayRoots } from '../../collector/src/witness/day-roots.ts'
import { asker } from '../support/ask.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { openMailServer, type MailServer } from '../support/mail-server.ts'
import { dropDataDir, makeCollectorDir, until } from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { createKeptLog } from '../support/silent-log.ts'
import { createRunningClock } from '../support/simulated-clock.ts'
import { LINK_KEY, worldDeps, worldToken } from '../support/world-app.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START = parseInstant('2026-10-05T00:00:00Z')!

const documents = (hook: string, reports: string): string => `apiVersion: constat/v1
kind: Check
metadata: {name: shop-page}
spec: {service: shop, tcp: {host: 192.0.2.1, port: 80}, interval: PT1M, timeout: PT5S, confirm: {down: 2, up: 1, by: slots}}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: daily, displayName: Daily shop}
spec:
  effective: {timeZone: UTC}
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses: [{id: "1", title: Up, text: "Available"}]
  measurement: {blocked: unknown, clause: "1"}
  finalisation: {grace: PT1H, amendmentsUntil: window-final}
  exclusions: {kinds: [{id: customer-cause, clause: "1", needs: customer-acceptance}]}
  guarantees:
    - {id: shop-day, service: shop, clause: "1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: P1D, timeZone: UTC}, calendar: always}
---
apiVersion: constat/v1
kind: LossModel
metadata: {name: cost}
spec:
  contract: daily
  currency: EUR
  services: [{service: shop, timeZone: UTC, otherwise: "10"}]
---
apiVersion: constat/v1
kind: Alerting
metadata: {name: duty}
spec:
  contract: daily
  endpoints:
    - {id: finance, email: finance@acme.example, language: fr}
    - {id: northstar, email: sla@northstar.example, language: en, operatedBy: northstar}
    - {id: hook, url: "${hook}"}
  routes: [{types: ["incident.*"], to: [hook]}]
  reports: [${reports}]
`
const CLOSING = '{id: statement, every: closing, to: [finance, northstar, hook], forms: [pdf, csv]}'
const WEEKLY =
  '{id: interim, every: week, on: TU, at: "08:00", timeZone: UTC, of: current, to: [hook], forms: [html]}'

let world: ClosingWorld
let hook: Receiver
let mail: MailServer
let delivering: Delivering
let schedules: ReportSchedules
/** Of the mail server. */
let code = 450
const log = createKeptLog()
const dataDir = makeCollectorDir()

/** As the collector puts it together. */
async function open(): Promise<void> {
  const { database, clock, shell } = world
  const { sql: db } = database
  const nowMs = () => clock.nowMs()
  const publicUrl = 'http://127.0.0.1:1'
  const speech = openSpeech({
    termsOf: (contract) => world.line().model.terms(contract),
    nowMs,
    language: 'en',
    publicUrl,
    linkKey: LINK_KEY,
    mailer: openMailer({ url: `smtp://127.0.0.1:${mail.port}`, from: 'Constat <constat@acme.example>' }),
    filesOf: (report, lang) => sentBodies(db, { report, lang }),
  })
  const { delivered } = world.line()
  const running = { ...shell, clock: createRunningClock(clock) }
  const sending = { ...running, ...speech, sql: db, allowPrivate: true, delivered }
  delivering = new Delivering({
    ...sending,
    retryDelaysMs: [50, 50, 50, 50, 50, 50, 50, 50],
    pollMs: 50,
  })
  const told = (): void => undefined
  schedules = schedulesOf(world.line(), { ...shell, db, nowMs, publicUrl, language: 'en', told })
}

async function close(): Promise<void> {
  await schedules.stop()
  await delivering.stop()
}

async function asked(path: string, as: 'owner' | 'viewer' | 'provider' = 'owner'): Promise<Response> {
  const { deps } = await worldDeps(world)
  const token = await worldToken(world, { role: as, contract: as === 'provider' ? 'daily' : null })
  return asker({ deps, tokens: { [as]: token } })(path, { as })
}

async function archive(as?: 'owner' | 'viewer' | 'provider'): Promise<SentReportView[]> {
  const answer = await asked('/api/v1/contracts/daily/reports', as)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { items: SentReportView[] }).items
}

async function bytes(file: string, as?: 'owner' | 'viewer' | 'provider'): Promise<Buffer> {
  const answer = await asked(`/api/v1/contracts/daily/reports/${file}`, as)
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

const sha256 = (body: Buffer): string => createHash('sha256').update(body).digest('hex')

async function told(): Promise<Record<string, unknown>[]> {
  return (await world.told()).filter(({ type }) => type === 'report.ready').map(({ data }) => data)
}

beforeAll(async () => {
  mail = await openMailServer(() => code)
  hook = await openReceiver((response) => void response.writeHead(200).end())
  world = await openClosingWorld({ dataDir, wallMs: START, log })
  await open()
  await world.apply(documents(hook.url, `${CLOSING}, ${WEEKLY}`))
  await world.join('here')
  await world.moveTo(START + DAY_MS)
  await world.send('here', {
    contract: 'daily',
    fromMs: START,
    untilMs: START + DAY_MS,
    stepMs: 60_000,
    outcome: (atMs) => (atMs >= START + 12 * HOUR_MS && atMs < START + 13 * HOUR_MS ? 'fail' : 'ok'),
  })
})

afterAll(async () => {
  await close()
  await hook.close()
  await mail.close()
  await world.line().close()
  await world.close()
  dropDataDir(dataDir)
})

it('nothing is sent before the window is closed', async () => {
  await schedules.look()
  expect(await told()).toEqual([])
  const plan = await world.line().model.alertPlan('daily')
  expect(planLines(plan!).join('\n')).toMatch(
    /Report statement, when a window becomes final or is amended, of what became final \(pdf, csv\)\n {2}duty\/finance finance@acme\.example \(email\)[\s\S]*Report interim, every Tuesday at 08:00 \(UTC\), of what goes on \(html\); next 2026-10-06 08:00/,
  )
})

let first: SentReportView[]
const kept = new Map<string, Buffer>()

it('what closes is sent once to each side, and a server that refuses loses nothing', async () => {
  await world.moveTo(START + DAY_MS + HOUR_MS + 15 * 60_000)
  await schedules.look()
  await schedules.look()
  first = await archive()
  expect(first.map(({ side }) => side).toSorted()).toEqual(['customer', 'provider'])
  for (const one of first)
    expect(one).toMatchObject({ window: '2026-10-05', version: 1, schedule: 'statement' })
  // Refused for now, and tried again.
  await mail.until(2)
  code = 250
  await mail.until(4)
  const own = (await told()).find(
    ({ schedule, files }) => schedule === 'duty/statement' && (files as unknown[]).length === 4,
  )
  expect(own).toMatchObject({ verdicts: { not_met: 1 }, provisional: false, version: 1 })
  const letter = mail.received.findLast(({ to }) => to.includes('finance@acme.example'))!
  expect(letter.subject).toBe('Daily shop : le rapport de 2026-10-05 est prêt')
  expect(letter.text).toMatch(/Verdict\s: Non tenu\s: 1 engagement sur 1/)
  expect(letter.headers).toContain('multipart/mixed')
})

it('the archive says to whom, and has the bytes that the event gave the digests of', async () => {
  const customer = first.find(({ side }) => side === 'customer')!
  const event = (await told()).find(({ id }) => id === customer.id)
  const files = event!['files'] as { form: string; language: string; sha256: string; url: string }[]
  expect(files.map(({ form, language }) => `${form} ${language}`).sort()).toEqual([
    'csv en',
    'csv fr',
    'pdf en',
    'pdf fr',
  ])
  for (const { form, language, sha256: digest } of files) {
    const file = `${customer.id}.${form}?lang=${language}`
    const body = await bytes(file)
    expect(sha256(body)).toBe(digest)
    kept.set(file, body)
  }
  const result = await bytes(`${customer.id}.json`)
  expect(sha256(result)).toBe(customer.resultSha256)
  kept.set(`${customer.id}.json`, result)
  kept.set(`${customer.id}.html?lang=fr`, await bytes(`${customer.id}.html?lang=fr`))
  const sent = (await archive()).find(({ id }) => id === customer.id)!.sentTo
  expect(sent.map(({ endpoint, mailbox, language }) => [endpoint, mailbox, language])).toEqual([
    ['finance', 'finance@acme.example', 'fr'],
    ['hook', null, 'en'],
  ])
})

it('the provider is sent, and sees, what is for both; a viewer is shown no losses', async () => {
  const theirs = await archive('provider')
  expect(theirs.map(({ side }) => side)).toEqual(['provider'])
  expect(JSON.parse((await bytes(`${theirs[0]!.id}.json`, 'provider')).toString())).toMatchObject({
    losses: [],
  })
  const customer = first.find(({ side }) => side === 'customer')!
  expect(JSON.parse(kept.get(`${customer.id}.json`)!.toString()).losses).toHaveLength(1)
  expect((await asked(`/api/v1/contracts/daily/reports/${customer.id}.pdf`, 'provider')).status).toBe(404)
  expect((await asked(`/api/v1/contracts/daily/reports/${customer.id}.pdf`, 'viewer')).status).toBe(403)
})

it('at its hour the window that goes on is sent, once', async () => {
  await world.moveTo(START + DAY_MS + 8 * HOUR_MS + 60_000)
  await schedules.look()
  await schedules.look()
  const interim = (await archive()).filter(({ schedule }) => schedule === 'interim')
  expect(interim.map(({ window, version, files }) => [window, version, files.length])).toEqual([
    ['2026-10-06', null, 1],
  ])
})

it('stays what it was to the byte, whatever is said later, over a restart and a rebuild', async () => {
  const declared = await declareExclusion(
    {
      contract: 'daily',
      side: 'provider',
      draft: {
        service: 'shop',
        kind: 'customer-cause',
        startMs: START + 12 * HOUR_MS,
        endMs: START + 13 * HOUR_MS,
        announcedMs: null,
        announced: null,
        reason: 'a cable',
      },
    },
    world.declaring(),
  )
  expect(declared.kind).toBe('declared')
  if (declared.kind === 'declared') {
    await answerExclusion(
      {
        exclusion: declared.id,
        side: 'customer',
        given: { answer: 'disputed', note: '', isDecision: false },
      },
      world.declaring(),
    )
  }
  await world.apply(
    documents(hook.url, CLOSING).replace('displayName: Daily shop', 'displayName: Another name'),
  )
  await close()
  await world.crash()
  await world.restart()
  await open()
  await rebuildDerived(world.database.sql, world.line().sequencer, () => world.clock.nowMs())
  await world.line().advance()
  await schedules.look()
  // A report of the window that is asked for now tells of the exclusion.
  const now = JSON.parse((await bytes('2026-10-05.json')).toString()) as { exclusions: unknown[] }
  expect(now.exclusions).toHaveLength(1)
  for (const [file, body] of kept) expect((await bytes(file)).equals(body), file).toBe(true)
  expect((await archive()).filter(({ schedule }) => schedule === 'statement')).toHaveLength(2)
})

it('is set to the same bytes from its facts alone', async () => {
  const customer = first.find(({ side }) => side === 'customer')!
  const { model, callers } = world.line()
  const { report, termsRevision, product } = (await model.sentReport('daily', customer.id))!
  const scene = sceneOf(report, { lang: 'fr', termsOf: (name) => model.terms(name, termsRevision) })
  const print = (
    paper: Parameters<typeof renderView>[1]['print'] extends (a: infer A) => unknown ? A : never,
  ) => callers.run('report', paper, { key: 'test', role: 'owner' })
  for (const form of ['pdf', 'csv'] as const) {
    const again = Buffer.from(await renderView(report, { format: form, scene, print, product }))
    expect(again.equals(kept.get(`${customer.id}.${form}?lang=fr`)!), form).toBe(true)
  }
})

it('the day after, the last head of a log goes to every mailbox, once over restarts', async () => {
  const { database, shell, clock } = world
  await signCheckpoints(database.sql, shell, world.line().sequencer)
  const dayMs = Math.floor(clock.nowMs() / DAY_MS) * DAY_MS
  const look = () =>
    new DayRoots({
      db: database.sql,
      shell,
      publicUrl: 'http://127.0.0.1:1',
      bus: { publish: () => undefined },
    }).look()
  const roots = async () => (await world.told()).filter(({ type }) => type === 'evidence.root')
  const day = new Date(dayMs).toISOString().slice(0, 10)
  const before = mail.received.length
  await look()
  expect((await roots()).filter(({ data }) => data['day'] === day)).toEqual([])
  await world.moveTo(dayMs + DAY_MS)
  await look()
  await look()
  const [root, ...more] = (await roots()).filter(({ data }) => data['day'] === day)
  expect(more).toEqual([])
  const head = parseCheckpoint(parseNote(String(root!.data['checkpoint']))!.text)!
  expect(root!.data).toMatchObject({ size: head.size, root: Buffer.from(head.root).toString('hex') })
  const isRoot = ({ text }: { text: string }): boolean => text.includes(String(root!.data['root']))
  const letters = await until(
    () => {
      const found = mail.received.slice(before).filter(isRoot)
      return found.length >= 2 && found
    },
    { withinMs: 15_000, what: () => JSON.stringify(mail.received.slice(before)) },
  )
  expect(letters.flatMap(({ to }) => to).toSorted()).toEqual([
    'finance@acme.example',
    'sla@northstar.example',
  ])
  for (const { headers } of letters) expect(headers).toContain('multipart/mixed')
  const french = letters.find(({ to }) => to.includes('finance@acme.example'))!
  expect(french.subject).toContain('le registre de preuves tel qu’il était le ')
  expect(hook.received.some(({ body }) => body.includes('evidence.root'))).toBe(false)
  // Whoever does not want it says so.
  await world.apply(documents(hook.url, CLOSING).replace('  routes:', '  logRoot: never\n  routes:'))
  await signCheckpoints(database.sql, shell, world.line().sequencer)
  const sent = (await roots()).length
  await world.moveTo(dayMs + 2 * DAY_MS)
  await look()
  expect(await roots()).toHaveLength(sent)
})
