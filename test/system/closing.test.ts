/**
 * The life of a window on a real database, under a clock that the test moves: closed after its grace and not
 * before, amended while the contract lets it, told once, and the same digest whoever judges it again.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { resultDigest } from '../../collector/src/closing/body.ts'
import { RETURN_MS } from '../../collector/src/closing/closer.ts'
import { closingBody, type ClosingHead } from '../../collector/src/closing/closings.ts'
import { rebuildDerived } from '../../collector/src/cli/rebuild.ts'
import { rootAt } from '../../collector/src/ledger/head.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { dropDataDir, makeDataDir } from '../support/program.ts'
import { createKeptLog } from '../support/silent-log.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MINUTE_MS = 60_000

const at = (text: string): UnixMs => parseInstant(`${text}Z`)!
const START = at('2026-10-05T00:00:00')

/** Days of one minute: few samples, every rule. */
const contract = (over: { services?: string[]; more?: string; amendments?: string } = {}): string => {
  const { services = ['shop'], more = '', amendments = 'claim-deadline' } = over
  const checks = services.map(
    (name) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}-page}
spec: {service: ${name}, tcp: {host: 192.0.2.1, port: 80}, interval: PT1M, timeout: PT5S, confirm: {down: 2, up: 1, by: slots}}
---
`,
  )
  const guarantees = services.map(
    (name) =>
      `    - {id: ${name}-day, service: ${name}, clause: "1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: P1D, timeZone: UTC}, calendar: always}\n`,
  )
  return `${checks.join('')}apiVersion: constat/v1
kind: Contract
metadata: {name: daily}
spec:
  effective: {timeZone: UTC}
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses: [{id: "1", title: Up, text: "Available"}]
  charges:
    currency: EUR
    tax: outside-vat
    monthly: [{amount: "1000.00"}]
  finalisation: {grace: PT1H, amendmentsUntil: ${amendments}}
  guarantees:
${guarantees.join('')}${more}  credits:
    clause: "1"
    base: monthly-charge-of-contract
    exclusive: false
    schedules:
${services.map((name) => `      ${name}-day: {kind: flat, percent: "5"}\n`).join('')}    sameCause: highest-only
    claim:
      deadline: {days: 5, dayKind: calendar, after: window-final, calendar: always}
      formalNotice: not-required
      silence: none
    rounding: {money: half-up, digits: 2}
`
}

let world: ClosingWorld
let dataDir: string
const dirs: string[] = []

beforeEach(async () => {
  dataDir = makeDataDir()
  dirs.push(dataDir)
  world = await openClosingWorld({ dataDir, wallMs: START, log: createKeptLog() })
})

afterEach(async () => {
  await world.close()
})

afterAll(() => {
  for (const dir of dirs) dropDataDir(dir)
})

/** A day of samples, down within [fromMs, untilMs). */
const day = (fromMs: UnixMs, down: { fromMs: UnixMs; untilMs: UnixMs } | null = null) => ({
  contract: 'daily',
  fromMs,
  untilMs: fromMs + DAY_MS,
  stepMs: MINUTE_MS,
  outcome: (atMs: UnixMs) =>
    down && down.fromMs <= atMs && atMs < down.untilMs ? ('fail' as const) : ('ok' as const),
})

const versions = (key = '2026-10-05'): readonly ClosingHead[] => world.line().closings.versions('daily', key)
const toldOf = async (type: string) => (await world.told()).filter((one) => one.type === type)

const rebuilt = () =>
  rebuildDerived(world.database.sql, world.line().sequencer, () => world.clock.nowMs())

describe('a window', () => {
  it('closes after its grace, names its ledger and its digest, and is told once', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    const noonMs = START + 12 * HOUR_MS
    await world.send('here', day(START, { fromMs: noonMs, untilMs: noonMs + HOUR_MS }))
    await world.moveTo(START + DAY_MS + HOUR_MS)
    expect(versions()).toEqual([])
    await world.moveTo(START + DAY_MS + HOUR_MS + 15 * MINUTE_MS)
    const [first] = versions()
    expect(first).toMatchObject({ version: 1, semantics: SEMANTICS_VERSION, revision: 1, previous: null })
    expect(first?.guarantees).toEqual([{ guarantee: 'shop-day', verdict: 'not_met', credit: '50.00' }])
    const body = await closingBody(world.database.sql, first!)
    expect(resultDigest(body.results)).toBe(first?.digest)
    expect(body.ledger.root).toBe(
      (await rootAt(world.database.sql, first!.log, body.ledger.size)).toString('hex'),
    )
    expect(body.trace.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['window', 'calendar', 'figures', 'target', 'coverage', 'verdict', 'credit']),
    )
    expect(await toldOf('window.finalised')).toHaveLength(1)
    await world.restart()
    await world.moveTo(world.clock.nowMs() + 2 * RETURN_MS)
    expect(versions()).toHaveLength(1)
    expect(await toldOf('window.finalised')).toHaveLength(1)
    expect(await rebuilt()).toMatchObject({ closings: 1, differences: 0, differingClosings: [] })
  })
})
