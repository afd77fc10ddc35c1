/**
 * People told, on real processes: the notice of the first accepted delivery, after a refused one, through the
 * death of the collector between the answer and the notice, and once in the ledger.
 */
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { IncidentView } from '../../collector/src/view/timeline.ts'
import type { Database } from '../../collector/src/db/tx.ts'
import { besideOf } from '../support/beside.ts'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import {
  dropDataDir,
  endOf,
  freePort,
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
