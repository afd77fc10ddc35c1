/**
 * People told, on real processes: the notice of the first accepted delivery, after a refused one, through the
 * death of the collector between the answer and the notice, and once in the ledger. What is told once (a step of an
 * escalation, a message about many incidents, one about what flaps, a report) through a death in the middle of each.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import type { Database } from '../../collector/src/db/tx.ts'
import { besideOf } from '../support/beside.ts'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  launchProgram,
  makeCollectorDir,
  makeDataDir,
  startAgent,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

const contract = (url: string): string => `apiVersion: constat/v1
kind: Contract
metadata: {name: told}
spec:
  provider: Northstar
  target: "99.9"
  timeZone: UTC
  watch: ["${url}"]
  every: PT1S
  timeout: PT0.5S
  alertAfter: PT0S
`
/** The second try of a delivery comes 5 s after the first, up to a tenth more or less. */
const RETRY_MS = 4_500

let target: MoodyServer
let receiver: Receiver
let program: Program
let agent: ChildProcess | undefined
let port: number
const agentDir = makeDataDir()
const answeredMs: number[] = []

beforeAll(async () => {
  target = await startMoodyServer()
  receiver = await openReceiver((response, n) => {
    response.statusCode = n === 1 ? 500 : 204
    response.end()
    answeredMs.push(Date.now())
  })
  port = await freePort()
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port })
  const applied = await program.put('/contracts/told', contract(target.url))
  if (!applied.ok) throw new Error(await applied.text())
  await program.post('/webhooks', { url: receiver.url, types: ['incident.opened'], shape: 'generic' })
  agent = await startAgent(program, { dir: agentDir, name: 'paris' })
})

afterAll(async () => {
  if (agent) await endOf(agent, 'SIGKILL')
  await program?.kill('SIGTERM')
  await receiver?.close()
  await target?.close()
  for (const folder of [agentDir, program?.dataDir]) if (folder) dropDataDir(folder)
})

async function newest(): Promise<IncidentView | undefined> {
  return (await program.get<{ items: IncidentView[] }>('/incidents?open=true')).items[0]
}

/** Notices of first deliveries in the ledger: incident and instant. */
function notices(): Promise<string[]> {
  return besideOf(program.dataDir, async (db) => {
    const rows = await db<{ body: string }[]>`
      select convert_from(body, 'utf8') as body from entry
      where position('"kind":"alert"'::bytea in body) > 0 order by index`
    return rows.map(({ body }) => body)
  })
}

async function toldOf(): Promise<IncidentView> {
  return until(
    async () => {
      const incident = await newest()
      return incident?.alertedAt ? incident : null
    },
    { withinMs: 30_000, what: 'an incident that somebody was told of' },
  )
}

/** As long as this holds, no notice of a first delivery can be stored. */
async function refuseNotices(db: Database): Promise<void> {
  await db.unsafe(`
    create function refuse_notice() returns trigger language plpgsql as '
      begin
        if position(''"kind":"alert"''::bytea in new.body) > 0 then raise exception ''no notice yet''; end if;
        return new;
      end';
    create trigger refuse_notice before insert on entry for each row execute function refuse_notice()`)
}

it('nobody was told while the receiver refuses; then at its first 2xx', async () => {
  await until(async () => (await program.get<{ state: string }>('/contracts/told')).state === 'up', {
    withinMs: 30_000,
    what: 'a contract that is up',
  })
  await target.become('503')
  await receiver.until(1, 30_000)
  expect(await newest()).toMatchObject({ alertedAt: null })
  expect((await newest())?.pagedAt).not.toBeNull()
  await receiver.until(2, 30_000)
  const incident = await toldOf()
  const alertedMs = Date.parse(incident.alertedAt!)
  expect(Math.abs(alertedMs - answeredMs[1]!)).toBeLessThan(1_000)
  expect(alertedMs - answeredMs[0]!).toBeGreaterThanOrEqual(RETRY_MS - 1_000)
  expect(await notices()).toEqual([
    JSON.stringify({ acceptedMs: alertedMs, incident: incident.id, kind: 'alert' }),
  ])
})

it('a death between the answer and the notice loses nothing; a start adds nothing to what is known', async () => {
  const told = await toldOf()
  await target.become('ok')
  await until(async () => (await newest()) === undefined, { withinMs: 30_000, what: 'the end' })
  await besideOf(program.dataDir, (db) => refuseNotices(db))
  await target.become('503')
  await receiver.until(3, 30_000)
  // The delivery is written down, its notice is refused again and again.
  await until(async () => /"reason":"[^"]*no notice/.test(program.output()) || null, {
    withinMs: 15_000,
    what: () => program.output().slice(-2_000),
  })
  await program.kill('SIGKILL')
  const { dataDir } = program
  program = await startProgram({ args: ['collector'], dataDir, port })
  await besideOf(program.dataDir, (db) => db`drop function refuse_notice cascade`)
  const second = await toldOf()
  expect(second.id).not.toBe(told.id)
  expect(Math.abs(Date.parse(second.alertedAt!) - answeredMs[2]!)).toBeLessThan(1_000)
  await program.kill('SIGTERM')
  program = await startProgram({ args: ['collector'], dataDir, port })
  expect(await program.get(`/incidents/${told.id}`)).toMatchObject({ alertedAt: told.alertedAt })
  expect(await program.get(`/incidents/${second.id}`)).toMatchObject({ alertedAt: second.alertedAt })
  expect(await notices()).toHaveLength(2)
})

/** The first message of each of these types waits within its transaction; what its database logs says so. */
async function holdSteps(db: Database, types: readonly string[]): Promise<void> {
  // What a sequence has given is given, whatever becomes of the transaction.
  for (const type of types) await db.unsafe(`create sequence "held ${type}"`)
  await db.unsafe(`
    create function hold_step() returns trigger language plpgsql as '
      begin
        if new.type in (${types.map((type) => `''${type}''`).join(', ')}) then
          if nextval(format(''%I'', ''held '' || new.type)) = 1 then
            raise log ''step held: %;'', new.type;
            perform pg_sleep(120);
          end if;
        end if;
        return new;
      end';
    create trigger hold_step before insert on delivery for each row execute function hold_step()`)
}

/** Types of the messages that have waited so. */
function heldSteps(): string[] {
  const text = readFileSync(join(program.dataDir, 'postgres', 'postgres.log'), 'utf8')
  return [...text.matchAll(/step held: ([a-z.]+);/g)].map(([, type = '']) => type)
}

/** Kills the collector in each step that waits, and starts it again whenever it has died. */
async function supervise(isOver: AbortSignal): Promise<void> {
  for (let killed = 0; !isOver.aborted; await sleep(50)) {
    const held = heldSteps().length
    if (held > killed) await program.kill('SIGKILL')
    killed = held
    const { exitCode, signalCode } = program.child
    // What it does at its start may be a step, too: it answers only after that.
    const isDead = exitCode !== null || signalCode !== null
    if (isDead) program = launchProgram({ args: ['collector'], dataDir: program.dataDir, port })
  }
}

/** How many ids there are of what is the same. */
function idsOf(received: Receiver['received'], sameAs: (body: string) => string): Map<string, number> {
  const ids = new Map<string, Set<string>>()
  for (const { id, body } of received) ids.set(sameAs(body), (ids.get(sameAs(body)) ?? new Set()).add(id))
  return new Map([...ids].map(([key, own]) => [key, own.size]))
}

it('each step that is told once is told once, through a death in the middle of each of them', async () => {
  const HELD = ['incident.grouped', 'incident.escalated', 'incident.flapping', 'report.ready']
  // The first message about many incidents is also the end of who sends it.
  let isKilled = false
  const people = await openReceiver((response, _, { body }) => {
    if (isKilled || !body.includes('services are down since')) return void response.end('ok')
    isKilled = true
    program.child.kill('SIGKILL')
    response.destroy()
  })
  const machine = await openReceiver()
  const atMs = (Math.floor((Date.now() + 20_000) / 60_000) + 1) * 60_000
  const clock = new Date(atMs).toISOString().slice(11, 16)
  const steps = contract(target.url)
    .replaceAll('told', 'steps')
    .replace(`"${target.url}"`, `"${target.url}a", "${target.url}b"`)
  await target.become('ok')
  const applied = await program.put(
    '/contracts/steps',
    `${steps}---
apiVersion: constat/v1
kind: Alerting
metadata: {name: duty}
spec:
  contract: steps
  endpoints: [{id: people, url: "${people.url}", shape: slack}, {id: machine, url: "${machine.url}"}]
  routes: [{types: ["incident.*"], to: [people]}]
  escalation: [{after: PT8S, to: [machine]}]
  grouping: {hold: PT1S}
  damping: {opens: 2, within: PT1M}
  reports: [{id: interim, every: week, on: ${'SU MO TU WE TH FR SA'.split(' ')[new Date(atMs).getUTCDay()]}, at: "${clock}", timeZone: UTC, of: current, to: [machine]}]
`,
  )
  expect(await applied.text()).toContain('steps')
  // While it is started again it does not answer.
  const answers = (look: () => Promise<boolean>) => () => look().catch(() => false)
  const isOpen = (n: number) =>
    answers(async () => {
      const { items } = await program.get<{ items: IncidentView[] }>('/incidents?open=true&contract=steps')
      return items.length === n
    })
  const isUp = answers(async () => (await program.get<{ state: string }>('/contracts/steps')).state === 'up')
  const wait = (look: () => boolean | Promise<boolean>, what: string) =>
    until(look, { withinMs: 200_000, what: () => `${what}; held: ${heldSteps().join(', ')}` })
  await wait(isUp, 'a contract that is up')
  await besideOf(program.dataDir, (db) => holdSteps(db, HELD))
  const isOver = new AbortController()
  onTestFinished(() => isOver.abort())
  const supervised = supervise(isOver.signal)
  const heard =
    (words: RegExp, n = 1) =>
    () =>
      [...people.received, ...machine.received].filter(({ body }) => words.test(body)).length >= n
  await target.become('503')
  await wait(heard(/services are down since/, 2), 'one message, again after a death')
  // Soon enough for flapping, also on a busy machine.
  await target.become('ok')
  await wait(isOpen(0), 'their end')
  await target.become('503')
  await wait(heard(/flapping since/), 'that they flap')
  await wait(heard(/incident\.escalated/, 2), 'a step of both')
  await wait(heard(/flapping no more/), 'how they stand')
  await wait(heard(/report\.ready/), 'the report')
  isOver.abort()
  await supervised
  expect(heldSteps().toSorted()).toEqual(HELD.toSorted())
  // Under how many ids each was said: more than one of an escalation is more than one of its incidents.
  const stepOf = (body: string): string => {
    const { type, data } = JSON.parse(body) as {
      type: string
      data: { id: string; escalation?: { step: number } }
    }
    return `${type} ${data.escalation ? `${data.id} ${data.escalation.step}` : ''}`
  }
  const machines = idsOf(
    machine.received.filter(({ body }) => !body.includes('incident.closed')),
    stepOf,
  )
  expect(new Set(machines.values())).toEqual(new Set([1]))
  const titleOf = (body: string): string => (JSON.parse(body) as { text: string }).text
  const titles = idsOf(people.received, (body) => titleOf(body).replace(/ since .*/, ''))
  expect(new Set(titles.values())).toEqual(new Set([1]))
  expect([...titles.keys()]).toEqual(
    expect.arrayContaining([
      '2 services are down',
      '2 services are flapping',
      '2 services are flapping no more',
    ]),
  )
  await people.close()
  await machine.close()
}, 600_000)
