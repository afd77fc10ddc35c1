/** What both sides said in that year: terms, maintenance, answers, notes, statements, penalties, by the real actions. */
import type { UnixMs } from '@constat/shared/time'
import { incidentsIn } from '@constat/sla/state/contract-state'
import type { Actions, Caller } from '../../collector/src/http/actions.ts'
import type { ReportSchedules } from '../../collector/src/report/schedules.ts'
import type { ClosingWorld } from '../support/closing-world.ts'
import { accept } from '../support/seed.ts'
import { AGENTS, HOSTING, INTRANET_TERMS } from '../support/seed-terms.ts'
import { MONTHS, terms, type Year } from './year.ts'
import type { Span } from '../support/seed-story.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const OWNER: Caller = { role: 'owner', contracts: null, token: 'demonstration', as: 'session' }
const PROVIDER: Caller = { role: 'provider', contracts: [HOSTING], token: 'demonstration', as: 'session' }

export type Telling = {
  world: ClosingWorld
  actions: Actions
  schedules: ReportSchedules
  year: Year
  sink: string
  troubles: readonly Span[]
}

/** A deed and when it is done, in order. */
export type Deed = readonly [UnixMs, () => Promise<unknown>]

export function history(given: Telling): Deed[] {
  const { year } = given
  const deeds = [...setUp(given), ...outages(given), ...months(given), ...words(given)]
  return deeds.filter(([atMs]) => atMs >= year.months[year.first]!).toSorted(([a], [b]) => a - b)
}

function setUp({ world, actions, year, sink }: Telling): Deed[] {
  const apply = (text: string) => async () => {
    await world.apply(text)
    for (const agent of AGENTS) await world.join(agent)
  }
  const agree = (revision: number) => () =>
    actions.answerTerms({ contract: HOSTING, revision, answer: 'agreed', note: '', by: PROVIDER })
  const startMs = year.months[year.first]!
  const deeds: Deed[] = [
    [startMs, apply(terms(1, { year, sink }))],
    [year.at(0, 3, '09:00'), agree(1)],
    [year.at(7, 5, '08:00'), apply(INTRANET_TERMS[1]!)],
    [year.at(8, 10, '08:00'), apply(terms(2, { year, sink }))],
    [year.at(8, 14, '10:00'), agree(2)],
    [year.at(11, 21, '11:00'), apply(terms(3, { year, sink }))],
    [
      year.at(11, 24, '09:00'),
      () =>
        actions.answerTerms({
          contract: HOSTING,
          revision: 3,
          answer: 'objected',
          note: '350 ms was never agreed on.',
          by: PROVIDER,
        }),
    ],
  ]
  // What was agreed on before a shorter history holds from its beginning.
  return deeds.map(([atMs, deed]) => [Math.max(atMs, startMs), deed])
}

/** Seen as they happen, so that people are told; whoever answers does so a while later. */
function outages({ world, actions, troubles }: Telling): Deed[] {
  const done = async (): Promise<void> => accept(world)
  return troubles
    .filter(({ outcome, untilMs }) => outcome === undefined && untilMs < Infinity)
    .flatMap(({ fromMs, untilMs }, n): Deed[] => {
      const answeredMs = fromMs + (n % 3 === 0 ? 48 : 22) * MINUTE_MS
      const acknowledge = async (): Promise<void> => {
        for (const { id } of openOf(world)) await actions.acknowledge({ incident: id, by: PROVIDER })
        await accept(world)
      }
      return [
        [fromMs + 11 * MINUTE_MS, done],
        ...(answeredMs < untilMs ? [[answeredMs, acknowledge] as const] : []),
        [untilMs + 11 * MINUTE_MS, done],
      ]
    })
}

function openOf(world: ClosingWorld) {
  const state = world.line().contracts.of(HOSTING)
  return state
    ? incidentsIn(state).filter(
        ({ closedMs, acknowledgedMs }) => closedMs === null && acknowledgedMs === null,
      )
    : []
}

/** Each window closes after its grace, its report is sent, and what it is worth is claimed. */
function months({ world, actions, schedules, year }: Telling): Deed[] {
  return Array.from({ length: MONTHS - 1 - year.first }, (_, n): Deed[] => {
    const month = year.first + n
    const endMs = year.months[month + 1]!
    const window = year.keys[month]!
    const step =
      (act: 'notify' | 'accept' | 'dispute' | 'settle', by: Caller, note = '') =>
      async () => {
        const penalty = await world.line().model.penalty(HOSTING, window)
        if (!penalty?.may.includes(act) || Number(penalty.theoretical) === 0) return
        const how = { notify: 'registered-letter', settle: 'credited' }[act as string] ?? null
        const deed = { contract: HOSTING, window, act, amount: null, doneMs: null, note, by }
        // Each act with the means that belongs to it.
        await actions.takePenaltyStep({ ...deed, how: how as 'credited' | 'registered-letter' | null })
      }
    const state = async (): Promise<void> => {
      const bytes = Buffer.from(statementOf(world, { fromMs: year.months[month]!, untilMs: endMs }))
      await actions.keepStatement({
        contract: HOSTING,
        window,
        bytes,
        by: { key: 'provider', role: 'provider' },
      })
    }
    const isDisputed = month % 4 === 3
    return [
      [endMs + 2 * DAY_MS, state],
      [
        endMs + 3 * DAY_MS + 2 * HOUR_MS,
        async () => {
          await world.moveTo(world.clock.nowMs() + 30 * MINUTE_MS)
          await schedules.look()
          await accept(world)
        },
      ],
      [endMs + 6 * DAY_MS, step('notify', OWNER, 'Credit by the clause named, see the statement attached.')],
      [
        endMs + 12 * DAY_MS,
        isDisputed
          ? step('dispute', PROVIDER, 'The outage of that day was the carrier’s.')
          : step('accept', PROVIDER),
      ],
      ...(isDisputed ? [] : [[endMs + 20 * DAY_MS, step('settle', OWNER, 'Credit note received.')] as const]),
    ]
  }).flat()
}

/** What the provider says of a month: every other outage, and shorter. */
function statementOf(world: ClosingWorld, { fromMs, untilMs }: { fromMs: UnixMs; untilMs: UnixMs }): string {
  const state = world.line().contracts.of(HOSTING)!
  const clock = (atMs: UnixMs): string =>
    new Intl.DateTimeFormat('sv-SE', {
      dateStyle: 'short',
      timeStyle: 'short',
      timeZone: 'Europe/Paris',
    }).format(atMs)
  const own = incidentsIn(state).filter(({ onsetMs }) => onsetMs >= fromMs && onsetMs < untilMs)
  const lines = own
    .filter((_, n) => n % 3 !== 1)
    .map(({ service, onsetMs, endMs }, n) => {
      const shorterMs = n % 2 === 0 ? 10 * MINUTE_MS : 0
      return `${service},${clock(onsetMs + shorterMs)},${clock(Math.max(onsetMs + shorterMs + MINUTE_MS, (endMs ?? untilMs) - shorterMs))},,`
    })
  return ['service,start,end,kind,note', ...lines, ''].join('\n')
}

/** Exclusions that are accepted, contested and open, notes and reports of trouble. */
function words({ world, actions, year }: Telling): Deed[] {
  const declare =
    (
      by: Caller,
      kind: string,
      given: { service?: string; startMs: UnixMs; minutes: number; reason: string },
    ) =>
    async () => {
      const { service = null, startMs, minutes, reason } = given
      const span = { startMs, endMs: startMs + minutes * MINUTE_MS }
      await actions.declareExclusion({
        contract: HOSTING,
        service,
        kind,
        ...span,
        announcedMs: null,
        announced: null,
        reason,
        by,
      })
    }
  const answer = (kind: string, said: 'accepted' | 'disputed', note: string) => async () => {
    const all = world.line().contracts.of(HOSTING)?.exclusions ?? []
    const exclusion = all.findLast(({ declared }) => declared.kind === kind)?.declared.id
    if (exclusion === undefined) return
    await actions.answerExclusion({ exclusion, answer: said, note, decision: false, by: OWNER })
  }
  const portal = 'order-portal'
  const note = (kind: 'note' | 'trouble', text: string, by: Caller) => async () => {
    const open = openIncident(world)
    if (open === null) return
    await actions.remark({
      contract: HOSTING,
      kind,
      incident: kind === 'note' ? open : null,
      service: kind === 'trouble' ? portal : null,
      text,
      sinceMs: null,
      by,
    })
  }
  return [
    [
      year.at(2, 12, '09:00'),
      declare(PROVIDER, 'force-majeure', {
        service: portal,
        startMs: year.at(2, 11, '08:20'),
        minutes: 118,
        reason: 'Flood in the data centre',
      }),
    ],
    [year.at(2, 14, '09:00'), answer('force-majeure', 'accepted', 'The insurer has confirmed it.')],
    [
      year.at(10, 8, '09:00'),
      declare(PROVIDER, 'planned', {
        startMs: year.at(10, 25, '19:00'),
        minutes: 60,
        reason: 'Storage upgrade',
      }),
    ],
    [
      year.at(11, 6, '09:00'),
      declare(PROVIDER, 'customer-cause', {
        service: portal,
        startMs: year.at(11, 5, '08:10'),
        minutes: 50,
        reason: 'Wrong password in the till',
      }),
    ],
    [
      year.at(11, 20, '09:00'),
      declare(PROVIDER, 'force-majeure', {
        service: portal,
        startMs: year.at(11, 19, '16:04'),
        minutes: 92,
        reason: 'Power cut of the region',
      }),
    ],
    [year.at(11, 20, '09:20'), answer('force-majeure', 'disputed', 'Our till next door was open.')],
    [year.at(11, 5, '08:30'), note('trouble', 'The till says that the portal is away.', OWNER)],
    [year.at(11, 5, '08:40'), note('note', 'Called the desk of Northstar: they see nothing.', OWNER)],
    [year.at(11, 5, '08:52'), note('note', 'A certificate was replaced.', PROVIDER)],
  ]
}

function openIncident(world: ClosingWorld): string | null {
  const state = world.line().contracts.of(HOSTING)
  return (state && incidentsIn(state).find(({ closedMs }) => closedMs === null)?.id) ?? null
}
