/**
 * Pages to read: overview, contracts, services, incidents. Data is fetched here, drawn in the page files.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import type { ReadModel, Segment, ServiceView } from '../judge/view.ts'
import { Overview } from './page/overview.tsx'
import type { Span } from './part/ribbon.tsx'
import { sharedZone } from './scene.ts'
import type { VisitEnv } from './visit.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function readingPages(_deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  pages.get('/', (c) => {
    const { read, scene } = c.var
    const range = c.req.query('range') === 'day' ? 'day' : 'hour'
    const span = { fromMs: scene.nowMs - (range === 'day' ? DAY_MS : HOUR_MS), toMs: scene.nowMs }
    return c.html(
      <Overview
        scene={{ ...scene, zone: sharedZone(read) }}
        contracts={read.contracts()}
        barOf={(service) => barOf(read, service, span)}
        span={span}
        range={range}
      />,
    )
  })
  return pages
}

export function barOf(read: ReadModel, { service, contract }: ServiceView, span: Span): Segment[] | null {
  return read.timeline(service, span, contract)?.segments ?? null
}
