/**
 * The life of a window on a real database, under a clock that the test moves: closed after its grace and not
 * before, amended while the contract lets it, told once, and the same digest whoever judges it again.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { rulesOf, SEMANTICS_VERSION } from '@constat/sla/semantics'
import { jsonOf, resultDigest } from '@constat/sla/state/closing'
import { windowGroup } from '@constat/sla/state/in-force'
import { RETURN_MS } from '../../collector/src/closing/closer.ts'
import { closingVersions } from '@constat/sla/state/contract-state'
import type { ClosingHead } from '@constat/sla/state/closing'
import { keepStatement } from '../../collector/src/closing/statements.ts'
import { answerExclusion, declareExclusion } from '../../collector/src/contract/declare.ts'
import { closingBody } from '../../collector/src/closing/closings.ts'
import { Refold } from '../../collector/src/closing/refold.ts'
import { judgeWindow } from '@constat/sla/judgement/window-judgement'
import { jsonDraft } from '../../collector/src/ledger/body.ts'
import { rebuildDerived } from '../../collector/src/cli/rebuild.ts'
import { rootAt } from '../../collector/src/ledger/head.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { createKeptLog } from '../support/silent-log.ts'

const HOUR_MS = 3_600_000
const OWNER = { key: 'owner', role: 'owner' } as const
const DAY_MS = 24 * HOUR_MS
const MINUTE_MS = 60_000

const at = (text: string): UnixMs => parseInstant(`${text}Z`)!
const START = at('2026-10-05T00:00:00')

/** Days of one minute: few samples, every rule. */
const contract = (
  over: { services?: string[]; more?: string; amendments?: string; blocked?: 'fail' } = {},
): string => {
  const { services = ['shop'], more = '', amendments = 'claim-deadline', blocked = 'unknown' } = over
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
  measurement: {blocked: ${blocked}, clause: "1"}
  finalisation: {grace: PT1H, amendmentsUntil: ${amendments}}
  exclusions: {kinds: [{id: customer-cause, clause: "1", needs: customer-acceptance}]}
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
  dataDir = makeCollectorDir()
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

const versions = (key = '2026-10-05'): readonly ClosingHead[] =>
  closingVersions(world.line().contracts.of('daily')!, key)
const toldOf = async (type: string) => (await world.told()).filter((one) => one.type === type)

const verdictsOf = ({ guarantees }: ClosingHead) => guarantees.map(({ verdict }) => verdict)
const rebuilt = () => rebuildDerived(world.database.sql, world.line().sequencer, () => world.clock.nowMs())

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
    expect(first?.guarantees).toMatchObject([{ guarantee: 'shop-day', verdict: 'not_met', credit: '50.00' }])
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

  it('is amended for late data before its deadline, at most once a day, and touches only what changed', async () => {
    await world.apply(contract({ services: ['shop', 'till'] }))
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    const gap = { fromMs: START + 6 * HOUR_MS, untilMs: START + 8 * HOUR_MS }
    await world.send('here', { ...day(START), untilMs: gap.fromMs })
    await world.send('here', { ...day(START), fromMs: gap.untilMs, untilMs: START + DAY_MS })
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    expect(versions().map(verdictsOf)).toEqual([['indeterminate', 'indeterminate']])
    await world.send('here', { ...day(START, gap), ...gap, only: 'shop-page' })
    await world.moveTo(START + DAY_MS + 4 * HOUR_MS)
    expect(versions()).toHaveLength(1)
    await world.moveTo(START + 2 * DAY_MS + 3 * HOUR_MS)
    expect(versions()).toHaveLength(2)
    const [first, second] = versions()
    expect(verdictsOf(second!)).toEqual(['not_met', 'indeterminate'])
    expect(second).toMatchObject({ version: 2, previous: first!.digest, asOfMs: first!.asOfMs })
    expect(await toldOf('window.amended')).toHaveLength(1)
    expect(
      (await toldOf('window.finalised')).filter((one) => one.data['window'] === '2026-10-05'),
    ).toHaveLength(1)
    expect(await closingBody(world.database.sql, first!)).toMatchObject({ digest: first!.digest })
    expect((await rebuilt()).differingClosings).toEqual([])
  })

  it('is judged again by the rules of the version that closed it, and by none that are not known', async () => {
    const more =
      '    - {id: shop-answers, service: shop, clause: "1", metric: request-share, target: {op: gte, percent: "90"}, window: {period: P1D, timeZone: UTC}, calendar: always}\n'
    await world.apply(contract({ more, blocked: 'fail' }))
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    const noonMs = START + 12 * HOUR_MS
    const gap = { fromMs: START + 20 * HOUR_MS, untilMs: START + 22 * HOUR_MS }
    const outcome = (atMs: UnixMs) => (noonMs <= atMs && atMs < noonMs + HOUR_MS ? 'blocked' : 'ok')
    await world.send('here', { ...day(START), outcome, untilMs: gap.fromMs })
    await world.send('here', { ...day(START), outcome, fromMs: gap.untilMs })
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    const { log, contract: name } = world.line().contracts.of('daily')!
    const answered = async (head: ClosingHead) => {
      const { results } = await closingBody(world.database.sql, head)
      const { measure } = results.guarantees.find(({ result }) => result.guarantee === 'shop-answers')!.result
      return measure.kind === 'share' && [measure.share.n, measure.share.within, measure.share.missing]
    }
    const [first] = versions()
    expect(await answered(first!)).toEqual([1320, 1260, 120])

    // What an older program would have made of the same leaves, as an amendment of its own.
    const body = await closingBody(world.database.sql, first!)
    const older = new Refold({
      db: world.database.sql,
      log: { id: log, contract: name },
      nowMs: () => world.clock.nowMs(),
    })
    const level = await older.to(body.ledger.size)
    const group = windowGroup(level.state.life, body.window, body.asOfMs)!
    const asked = { group, asOfMs: body.asOfMs, phase: 'closed' as const, rules: rulesOf(2)! }
    const { results, trace } = await judgeWindow(level, asked)
    const said = { results, trace, digest: resultDigest(results), previous: body.digest }
    const append = (semantics: number, version: number) => {
      const draft = jsonDraft(jsonOf({ ...body, ...said, semantics, version }), {
        type: 'closing',
        receivedMs: world.clock.nowMs(),
      })
      return world.line().sequencer.append({ log, drafts: [draft] })
    }
    await append(2, 2)
    await world.send('here', { ...day(START), ...gap })
    await world.moveTo(START + 3 * DAY_MS)
    expect(versions().map(({ semantics }) => semantics)).toEqual([SEMANTICS_VERSION, 2, 2])
    expect(await answered(versions()[1]!)).toEqual([1260, 1260, 180])
    expect(await answered(versions()[2]!)).toEqual([1380, 1380, 60])
    const proof = { differingClosings: [], uncheckedClosings: 0 }
    expect(await rebuilt()).toMatchObject(proof)

    expect(rulesOf(1)).toBeNull()
    await append(1, 4)
    await world.send('here', { ...day(START), ...gap, outcome: () => 'fail', fromMs: gap.fromMs + 1_000 })
    await world.moveTo(START + 5 * DAY_MS)
    expect(versions()).toHaveLength(4)
    expect(await world.line().model.window('daily', '2026-10-05')).toMatchObject({
      version: 4,
      guarantees: [],
      versions: [{}, {}, {}, { semantics: 1, guarantees: [{ verdict: 'not_met' }, {}] }],
    })
    expect(await rebuilt()).toMatchObject({ ...proof, uncheckedClosings: 1 })
  })

  it('is amended by a declaration that the other side accepts', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    const noonMs = START + 12 * HOUR_MS
    await world.send('here', day(START, { fromMs: noonMs, untilMs: noonMs + HOUR_MS }))
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    expect(versions().map(verdictsOf)).toEqual([['not_met']])
    const line = world.line()
    const nowMs = world.clock.nowMs()
    const draft = {
      kind: 'customer-cause',
      service: null,
      startMs: noonMs - HOUR_MS,
      endMs: noonMs + 2 * HOUR_MS,
      announcedMs: null,
      announced: null,
      reason: 'the customer cut the line',
    }
    const declared = await declareExclusion({ contract: 'daily', side: 'provider', draft }, world.declaring())
    if (declared.kind === 'refused') throw new Error(declared.problems.join('\n'))
    await world.moveTo(nowMs + HOUR_MS)
    const given = { answer: 'accepted' as const, note: '', isDecision: false }
    await answerExclusion({ exclusion: declared.id, side: 'customer', given }, world.declaring())
    await world.moveTo(START + 3 * DAY_MS)
    expect(versions().map(verdictsOf)).toEqual([['not_met'], ['met']])
    expect(versions()[1]?.credit).toEqual({ total: '0.00', currency: 'EUR' })
    const second = await line.model.closing('daily', '2026-10-05', 2)
    expect(second?.trace.find(({ step }) => step === 'exclusion')?.text).toMatch(
      /^exc_[0-9a-f]+, customer-cause.*valid/,
    )
    expect((await rebuilt()).differingClosings).toEqual([])
  })

  it('is not touched by what is declared of another window', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    await world.send('here', day(START))
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    expect(versions().map(verdictsOf)).toEqual([['met']])
    const draft = {
      kind: 'customer-cause',
      service: null,
      startMs: START + DAY_MS,
      endMs: START + DAY_MS + HOUR_MS,
      announcedMs: null,
      announced: null,
      reason: 'of the day after',
    }
    await declareExclusion({ contract: 'daily', side: 'provider', draft }, world.declaring())
    await world.moveTo(START + 4 * DAY_MS)
    expect(versions()).toHaveLength(1)
    const next = await closingBody(world.database.sql, versions('2026-10-06')[0]!)
    expect(next.results.guarantees[0]).toMatchObject({ rulings: [{ contested: true }] })
  })

  it('is amended by nothing that comes after its deadline', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    await world.send('here', day(START))
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    const deadlineMs = versions()[0]!.amendableUntilMs
    expect(deadlineMs).toBeGreaterThan(START + 6 * DAY_MS)
    await world.moveTo(deadlineMs + MINUTE_MS)
    await world.join('late')
    await world.send('late', day(START, { fromMs: START, untilMs: START + DAY_MS }))
    await world.moveTo(deadlineMs + 2 * DAY_MS)
    await world.restart()
    await world.moveTo(world.clock.nowMs() + 2 * RETURN_MS)
    expect(versions()).toHaveLength(1)
  })

  it('takes what was accepted before the deadline while nobody was awake at it', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    const quiet = { ...day(START), untilMs: START + 6 * HOUR_MS }
    await world.send('here', quiet)
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    const deadlineMs = versions()[0]!.amendableUntilMs
    const rest = { ...day(START, { fromMs: START + 7 * HOUR_MS, untilMs: START + 9 * HOUR_MS }) }
    await world.moveTo(deadlineMs - HOUR_MS)
    await world.send('here', { ...rest, fromMs: START + 6 * HOUR_MS })
    // The machine sleeps: what comes next comes long after the deadline.
    await world.crash()
    world.clock.advanceUs(3 * DAY_MS * 1_000)
    await world.restart()
    await world.send('here', { ...day(START + DAY_MS), untilMs: START + DAY_MS + HOUR_MS })
    await world.moveTo(world.clock.nowMs() + 2 * RETURN_MS)
    expect(versions().map(({ guarantees }) => guarantees[0]!.verdict)).toEqual(['indeterminate', 'not_met'])
    expect((await rebuilt()).differingClosings).toEqual([])
  })

  it('waits for what agents kept after a sleep over the whole grace', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + HOUR_MS)
    await world.crash()
    world.clock.advanceUs(3 * DAY_MS * 1_000)
    await world.restart()
    expect(versions()).toEqual([])
    await world.send('here', day(START))
    await world.moveTo(world.clock.nowMs() + 2 * RETURN_MS)
    expect(versions()[0]?.guarantees[0]?.verdict).toBe('met')
    expect(await toldOf('window.finalised')).not.toHaveLength(0)
  })

  it('is stored and told together or not at all', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    await world.send('here', day(START))
    const { sql } = world.database
    // The event cannot be written: the leaf before it must not stay.
    await sql`alter table event add constraint broken check (type <> 'window.finalised')`
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    expect(versions()).toEqual([])
    expect(await sql`select 1 from entry where type = 11`).toHaveLength(0)
    await sql`alter table event drop constraint broken`
    await world.moveTo(world.clock.nowMs() + 2 * HOUR_MS)
    expect(versions()).toHaveLength(1)
    expect(await sql`select 1 from entry where type = 11`).toHaveLength(1)
    expect(await toldOf('window.finalised')).toHaveLength(1)
  })

  it('that cannot be closed holds up no other', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    await world.send('here', day(START))
    const { sql } = world.database
    await sql`alter table event add constraint broken check (coalesce(data->>'window', '') <> '2026-10-05')`
    await world.moveTo(START + 2 * DAY_MS)
    await world.send('here', day(START + DAY_MS))
    await world.moveTo(START + 2 * DAY_MS + 2 * HOUR_MS)
    expect(versions()).toEqual([])
    expect(versions('2026-10-06').map(verdictsOf)).toEqual([['met']])
    await sql`alter table event drop constraint broken`
    await world.moveTo(world.clock.nowMs() + HOUR_MS)
    expect(versions().map(verdictsOf)).toEqual([['met']])
    expect((await rebuilt()).differingClosings).toEqual([])
  })

  it('of every period closes by itself, and the next revision judges from the next window on', async () => {
    const week =
      '    - {id: shop-week, service: shop, clause: "1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: P1W, timeZone: UTC}, calendar: always}\n'
    await world.apply(contract({ more: week }))
    await world.join('here')
    await world.moveTo(START + 2 * DAY_MS)
    await world.send('here', { ...day(START), untilMs: START + 2 * DAY_MS })
    // At the very edge of a window: it judges that window, and not the one before.
    await world.apply(contract({ more: week }).replace('percent: "99"', 'percent: "98"'))
    await world.moveTo(START + 4 * DAY_MS)
    await world.send('here', { ...day(START + 2 * DAY_MS), untilMs: START + 4 * DAY_MS })
    await world.moveTo(START + 7 * DAY_MS + 3 * HOUR_MS)
    expect(versions('2026-10-06')[0]).toMatchObject({ revision: 1 })
    expect(versions('2026-10-07')[0]).toMatchObject({ revision: 2 })
    expect(versions('2026-W41')[0]).toMatchObject({ revision: 1 })
    expect(versions('2026-W41')[0]?.guarantees.map(({ guarantee }) => guarantee)).toEqual(['shop-week'])
    expect((await rebuilt()).differingClosings).toEqual([])
  })

  it('that was changed in the ledger is found by a rebuild', async () => {
    await world.apply(contract())
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    await world.send('here', day(START))
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    const { sql } = world.database
    const met = Buffer.from('"verdict":"met"').toString('hex')
    const lost = Buffer.from('"verdict":"not_met"').toString('hex')
    await sql`update entry set body = decode(replace(encode(body, 'hex'), ${met}, ${lost}), 'hex') where type = 11`
    // Before anything is judged again: the leaf is not the one that the tree holds.
    await expect(rebuilt()).rejects.toThrow(/^the log of daily lies at leaf \d+/)
  })
})

describe('a closed window', () => {
  it('is shown as its leaf has it, every version of it', async () => {
    await closedDay()
    const { model } = world.line()
    const shown = await model.window('daily', '2026-10-05')
    expect(shown).toMatchObject({ state: 'final', version: 1, provisional: false, closesAt: null })
    expect(shown?.guarantees[0]).toMatchObject({
      state: 'final',
      verdict: 'not_met',
      credit: { amount: '50.00', currency: 'EUR' },
    })
    expect(shown?.versions).toHaveLength(1)
    expect(await model.window('daily', '2026-10-05', 2)).toBeNull()
    expect(await model.window('daily', '2026-10-06')).toMatchObject({ state: 'open', provisional: true })
    const closing = await model.closing('daily', '2026-10-05')
    expect(closing?.trace.at(-1)?.text).toBe('total: 50.00 EUR')
  })

  it('is held against the statement of the provider', async () => {
    await closedDay()
    const line = world.line()
    const text = 'start,end\n2026-10-05T12:00:00Z,2026-10-05T12:30:00Z\n'
    const wanted = { contract: 'daily', window: null, bytes: Buffer.from(text), by: 'provider' as const }
    const kept = await keepStatement(wanted, world.declaring())
    expect(kept).toMatchObject({ window: '2026-10-05', by: 'provider' })
    // The same bytes again are the same statement.
    expect(await keepStatement(wanted, world.declaring())).toEqual(kept)
    await line.advance()
    const found = await line.model.reconciliation('daily', kept.id, OWNER)
    expect(found).toMatchObject({ window: '2026-10-05', version: 1, leftOut: [] })
    const [own] = found!.guarantees
    expect(own).toMatchObject({ agrees: false, downMs: { stated: 30 * MINUTE_MS } })
    expect(own?.matches[0]?.class).toBe('shorter-in-the-statement')
    expect(
      own?.waterfall
        .slice(1)
        .reduce((ms, step) => ms + (step.step === 'measured' ? 0 : step.ms), own.waterfall[0]!.ms),
    ).toBe(own?.waterfall.at(-1)?.ms)
    expect(own?.credits?.credits).toMatchObject({ stated: '50.00', point: '50.00' })
    await world.restart()
    expect(world.line().model.statements('daily')).toMatchObject([{ id: kept.id, sha256: kept.sha256 }])
    await expect(
      keepStatement({ ...wanted, bytes: Buffer.from('start,end\nsoon,later\n') }, world.declaring()),
    ).rejects.toThrow(/line 2/)
    await expect(keepStatement({ ...wanted, window: '2027-01-01' }, world.declaring())).rejects.toThrow(
      /no window 2027-01-01/,
    )
  })

  it('is scored as other tools would, and judged under other terms', async () => {
    await closedDay()
    const { model } = world.line()
    const replayed = await model.replay('daily', '2026-10-05', 'icinga')
    expect(replayed?.results).toHaveLength(1)
    // 61 minutes: down from the first failed sample to the first good one.
    expect(replayed?.results[0]).toMatchObject({ policy: 'icinga', guarantee: 'shop-day' })
    expect((await model.replay('daily', '2026-10-05'))?.results.length).toBeGreaterThan(5)
    await expect(model.replay('daily', '2026-10-05', 'astrology')).rejects.toThrow(/no policy/)
    const milder = contract().replace('percent: "99"', 'percent: "95"')
    expect(await model.preview('daily', [{ name: 'daily.yaml', text: milder }], OWNER)).toMatchObject({
      window: '2026-10-05',
      version: 1,
      guarantees: [
        {
          guarantee: 'shop-day',
          inForce: { verdict: 'not_met' },
          proposed: { verdict: 'met', credit: '0.00' },
        },
      ],
      credit: { inForce: '50.00', proposed: '0.00' },
    })
    // Other confirmation is another fold: the ledger is read again for it.
    const slower = contract().replace('confirm: {down: 2,', 'confirm: {down: 100,')
    const found = await model.preview('daily', [{ name: 'daily.yaml', text: slower }], OWNER)
    expect(found?.guarantees[0]?.proposed?.verdict).not.toBe('not_met')
  })
})

async function closedDay(): Promise<void> {
  await world.apply(contract())
  await world.join('here')
  await world.moveTo(START + DAY_MS)
  const noonMs = START + 12 * HOUR_MS
  await world.send('here', day(START, { fromMs: noonMs, untilMs: noonMs + HOUR_MS }))
  await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
}

describe('a window of other metrics', () => {
  it('is closed from every sample, and comes out again', async () => {
    const more =
      '    - {id: shop-fast, service: shop, clause: "1", metric: share-within, threshold: PT0.1S, target: {op: gte, percent: "90"}, window: {period: P1D, timeZone: UTC}, calendar: always}\n' +
      '    - {id: shop-mended, service: shop, clause: "1", metric: restoration-time, clock: {start: measured-onset, stop: measured-recovery}, target: {op: lte, each: PT30M}, window: {period: P1D, timeZone: UTC}, calendar: always}\n'
    await world.apply(contract({ more }))
    await world.join('here')
    await world.moveTo(START + DAY_MS)
    // Open at the end of the day: its clock decides, so the day waits for it.
    const down = { fromMs: START + DAY_MS - HOUR_MS, untilMs: START + DAY_MS + 3 * HOUR_MS }
    await world.send('here', day(START, down))
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS)
    await world.send('here', { ...day(START + DAY_MS, down), untilMs: START + DAY_MS + 2 * HOUR_MS })
    await world.moveTo(START + DAY_MS + 2 * HOUR_MS + 30 * MINUTE_MS)
    expect(versions()).toEqual([])
    await world.moveTo(START + DAY_MS + 4 * HOUR_MS)
    await world.send('here', {
      ...day(START + DAY_MS, down),
      fromMs: START + DAY_MS + 2 * HOUR_MS,
      untilMs: START + DAY_MS + 4 * HOUR_MS,
    })
    await world.moveTo(START + DAY_MS + 4 * HOUR_MS + 20 * MINUTE_MS)
    const [first] = versions()
    expect(first?.guarantees.map(({ guarantee, verdict }) => `${guarantee} ${verdict}`)).toEqual([
      'shop-day not_met',
      'shop-fast met',
      'shop-mended not_met',
    ])
    expect(await rebuilt()).toMatchObject({ closings: 1, differingClosings: [] })
    // A start looks at everything that may still change, and finds it as it stands.
    await world.restart()
    await world.moveTo(START + 3 * DAY_MS)
    expect(versions()).toHaveLength(1)
  })
})
