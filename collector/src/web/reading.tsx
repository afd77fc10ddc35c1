/**
 * Pages to read: overview, services, incidents. Data is fetched here, drawn in the page files.
 */
import { Fault } from '@constat/shared/fault'
import { typeMatches } from '@constat/sla/alerting/route'
import { Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { missing, param, readForm, readQuery, limitBody } from '../http/describe.ts'
import { MAX_LATENCY_MS } from '../http/limits.ts'
import { wantedRemark } from '../http/routes/remarks.ts'
import { limitSegments, spanOf, spanQuery, usualStepMs } from '../http/span.ts'
import type { ServiceView } from '../view/contract.ts'
import type { ReadModel } from '../view/reads.ts'
import { hears, type Webhook } from '../view/setup.ts'
import type { LossView } from '../view/credit.ts'
import type { IncidentRoomView, IncidentView, LatencyView } from '../view/timeline.ts'
import { Incident } from './page/incident.tsx'
import { incidentHref, Incidents } from './page/incidents.tsx'
import { Overview } from './page/overview.tsx'
import { RANGES_MS, Service, type RangeKey } from './page/service.tsx'
import type { BarOf } from './part/bar.tsx'
import { DAYS } from './part/days.tsx'
import type { Span } from './part/ribbon.tsx'
import { msOf } from './part/time.tsx'
import { sharedZone, zoneOf, type Scene } from './scene.ts'
import { knownContract, visitorMay, type Visit, type VisitEnv } from './visit.ts'

const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
export const OPEN_INCIDENTS = 100
const CLOSED_INCIDENTS = 50

export function readingPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  pages.get('/', overview)
  pages.get('/contracts/:contract/services/:service', (c) => service(c, deps))
  pages.get('/incidents', incidents)
  pages.get('/incidents/:incident', (c) => incident(c, deps))
  pages.post('/incidents/:incident/acknowledge', visitorMay('acknowledge'), limitBody(), async (c) => {
    const found = await knownIncident(c)
    await deps.actions.acknowledge({ incident: found.id, by: c.var.caller })
    return c.redirect(incidentHref(found.id), 303)
  })
  addSaying(pages, deps)
  return pages
}

/** Each sends back to the page, so that a reload says nothing twice. */
function addSaying(pages: Hono<VisitEnv>, { actions }: AppDeps): void {
  for (const kind of ['note', 'dispute'] as const) {
    pages.post(`/incidents/:incident/${kind}`, visitorMay(kind), limitBody(), async (c) => {
      const { id, contract } = await knownIncident(c)
      const { text } = await c.req.parseBody()
      const said = readForm(wantedRemark, { text })
      const wanted = { contract, incident: id, service: null, text: said, sinceMs: null }
      await actions.remark({ ...wanted, kind, by: c.var.caller })
      return c.redirect(`${incidentHref(id)}#said`, 303)
    })
  }
}

function overview(c: Visit) {
  const { read, scene } = c.var
  const range = (['day', 'quarter'] as const).find((one) => one === c.req.query('range')) ?? 'hour'
  const lengthMs = { hour: HOUR_MS, day: DAY_MS, quarter: DAYS * DAY_MS }[range]
  const span = before(scene.nowMs, lengthMs)
  return c.html(
    <Overview
      scene={{ ...scene, zone: sharedZone(read, scene.zone) }}
      contracts={read.contracts()}
      barOf={barsOf(read, span)}
      span={span}
      range={range}
    />,
  )
}

async function service(c: Visit, { clock }: AppDeps) {
  const { read, scene } = c.var
  const found = knownContract(c)
  const shown = [...found.services, ...found.pastServices].find(
    (item) => item.service === param(c, 'service'),
  )
  if (!shown) throw missing('service')
  const asked = readQuery(spanQuery, c)
  const range = asked.from === undefined && asked.to === undefined ? rangeOf(c.req.query('range')) : null
  const span = range === null ? spanOf(asked, clock) : before(scene.nowMs, RANGES_MS[range])
  const timeline = read.timeline(shown.service, span, found.name)
  if (timeline === null) throw missing('service')
  limitSegments(timeline)
  return c.html(
    <Service
      scene={{ ...scene, zone: zoneOf(found) }}
      contract={found}
      service={shown}
      timeline={timeline}
      latencies={await latenciesOf(read, { service: shown, span })}
      span={span}
      range={range}
    />,
  )
}

/** Charts of one page; a service of many checks has the rest in the API. */
const MAX_CHARTS = 4

/** Steps that stand still while time goes on, so that a live chart does not tremble. */
async function latenciesOf(
  read: ReadModel,
  { service, span }: { service: ServiceView; span: Span },
): Promise<LatencyView[] | null> {
  const stepMs = usualStepMs(span.toMs - span.fromMs)
  const fromMs = Math.floor(span.fromMs / stepMs) * stepMs
  const toMs = Math.ceil(span.toMs / stepMs) * stepMs
  if (toMs - fromMs > MAX_LATENCY_MS) return null
  const names = service.checks.slice(0, MAX_CHARTS).map(({ name }) => name)
  try {
    const of = { contract: service.contract }
    const found = await Promise.all(names.map((name) => read.latency(name, { fromMs, toMs, stepMs }, of)))
    return found.filter((one) => one !== null)
  } catch (error) {
    if (error instanceof Fault && error.code === 'too-large') return null
    throw error
  }
}

const NONE = { shown: [], next: null }

async function incidents(c: Visit) {
  const { read, scene } = c.var
  const [cursor, openCursor] = [c.req.query('cursor'), c.req.query('open')]
  const page = async (isOpen: boolean, most: number, before: string | undefined) => {
    const asked = { open: isOpen, limit: most + 1, ...(before !== undefined && { before }) }
    const found = await read.incidents(asked)
    const shown = found.slice(0, most)
    return { shown, next: found.length > most ? (shown.at(-1)?.id ?? null) : null }
  }
  const open = cursor === undefined ? await page(true, OPEN_INCIDENTS, openCursor) : NONE
  const closed = openCursor === undefined ? await page(false, CLOSED_INCIDENTS, cursor) : NONE
  return c.html(
    <Incidents
      scene={{ ...scene, zone: sharedZone(read, scene.zone) }}
      open={open}
      closed={closed}
      first={cursor === undefined && openCursor === undefined}
    />,
  )
}

function takesIncidents(webhook: Webhook, of: string): boolean {
  if (webhook.state === 'disabled' || webhook.state === 'ended' || !hears(webhook, of)) return false
  return webhook.types.some((pattern) => typeMatches(pattern, 'incident.opened'))
}

async function incident(c: Visit, { actions }: AppDeps) {
  const { read, scene } = c.var
  const found = await knownIncident(c)
  const isAddressed = (await actions.webhooks.list()).some((one) => takesIncidents(one, found.contract))
  const losses = await lossesOf(found, read)
  return c.html(incidentPage(found, { read, scene, isAddressed, losses }))
}

/** Of the windows that hold its onset: the read model leaves out what the caller may not see. */
async function lossesOf({ contract, onsetAt }: IncidentRoomView, read: ReadModel): Promise<LossView[]> {
  const holds = ({ start, end }: { start: string; end: string }): boolean =>
    msOf(start) <= msOf(onsetAt) && msOf(onsetAt) < msOf(end)
  const open = read.contract(contract)?.guarantees.map(({ window }) => window) ?? []
  const closed = read.closedWindows(contract).map(({ window: key, start, end }) => ({ key, start, end }))
  const keys = [...new Set([...open, ...closed].filter(holds).map(({ key }) => key))]
  const key = keys[0]
  return key === undefined ? [] : ((await read.window(contract, key))?.losses ?? [])
}

type Showing = {
  read: ReadModel
  scene: Scene
  isAddressed: boolean
  /** Empty for a guest. */
  losses: readonly LossView[]
}

/** Declarations that touch one incident. */
const LOOKED_EXCLUSIONS = 500

/** For whoever has an account, and for a guest with a link to this one. */
export async function incidentPage(
  incident: IncidentRoomView,
  { read, scene, isAddressed, losses }: Showing,
) {
  const span = incidentSpan(incident, scene.nowMs)
  const { contract, service, onsetAt, endAt } = incident
  const within = { fromMs: msOf(onsetAt), toMs: endAt === null ? scene.nowMs : msOf(endAt) }
  const exclusions = await read.exclusions({ contract, service, within, limit: LOOKED_EXCLUSIONS })
  return (
    <Incident
      scene={{ ...scene, zone: zoneOf(read.contract(incident.contract)) }}
      incident={incident}
      timeline={read.timeline(incident.service, span, incident.contract)}
      isAddressed={isAddressed}
      span={span}
      exclusions={exclusions}
      losses={losses}
    />
  )
}

const LEAST_MARGIN_MS = 5 * 60_000

/** From well before the onset, so that the good time before it is seen, to well after the end, or now. */
function incidentSpan({ onsetAt, endAt, closedAt }: IncidentView, nowMs: number): Span {
  const onsetMs = msOf(onsetAt)
  const endMs = closedAt === null ? nowMs : msOf(endAt ?? closedAt)
  const marginMs = Math.max(LEAST_MARGIN_MS, Math.trunc((endMs - onsetMs) / 4))
  return { fromMs: onsetMs - marginMs, toMs: closedAt === null ? nowMs : Math.min(nowMs, endMs + marginMs) }
}

export function before(toMs: number, lengthMs: number): Span {
  return { fromMs: toMs - lengthMs, toMs }
}

export function barsOf(read: ReadModel, span: Span): BarOf {
  return ({ service: name, contract: of }) => read.segments(name, span, of)
}

function rangeOf(text: string | undefined): RangeKey {
  const keys: RangeKey[] = ['1h', '6h', '24h', '7d', '30d']
  return keys.find((key) => key === text) ?? '24h'
}

async function knownIncident(c: Visit) {
  const found = await c.var.read.incident(param(c, 'incident'))
  if (found === null) throw missing('incident')
  return found
}
