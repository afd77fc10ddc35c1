/**
 * Guarantees in a window as they are published: one shape for each metric of the table, with what was measured
 * flat beside the verdict. Pure.
 */
import type { Metric } from '@constat/sla/contract/objective'
import { percentages } from '@constat/sla/metric/shape'
import { entryOf, METRIC_NAMES, type MeasureOf } from '@constat/sla/metric/table'
import { z } from 'zod'
import { guaranteeCredit } from './credit.ts'
import {
  count,
  figures,
  instant,
  ms,
  readiness,
  share,
  span,
  unknownShare,
  verdict,
  windowState,
} from './parts.ts'

const side = z
  .object({ verdict, committedMs: ms, downMs: figures.nullable(), percent: percentages.nullable() })
  .meta({ id: 'ContestedSide' })
export type SideView = z.infer<typeof side>

/** How a guarantee, or one site of it, stands. */
const standing = {
  verdict,
  outlook: z.enum(['on_track', 'at_risk']).nullable().describe('Of an open window: where it is heading'),
  insufficientEvidence: z.boolean(),
  coverage: share,
  knownMs: ms,
  blockedMs: ms
    .nullable()
    .describe(
      'In which a firewall or rate limit answered in the target’s place: unknown, not up. Null: closed by rules that did not tell',
    ),
  unknown: z
    .array(unknownShare)
    .describe('Why committed time so far is unknown; where several reasons hold at once each has all of it'),
  measuredFrom: instant.nullable().describe('When measuring began inside this window'),
}

const common = z.object({
  guarantee: z.string(),
  service: z.string(),
  clause: z.string().nullable(),
  contract: z.string(),
  state: windowState,
  revision: count,
  window: z.object({
    key: z.string(),
    ...span.shape,
    timeZone: z.string(),
    length: z
      .enum(['shorter', 'longer'])
      .nullable()
      .describe('Where the terms have changed its bounds: than usual'),
  }),
  committedMs: ms.describe('Committed time of the whole window, ms'),
  elapsedCommittedMs: ms.describe('The part of it up to asOf, ms'),
  excludedMs: ms,
  target: z.string().describe('Percent, milliseconds or a number, as the metric has it'),
  ...standing,
  readiness,
  asOf: instant,
  credit: guaranteeCredit.nullable().describe('As things stand; theoretical until it is notified'),
  contested: z
    .object({ accepted: side, refused: side })
    .nullable()
    .describe('Where an exclusion is contested: the result either way'),
})

const siteHead = z.object({
  site: z.string(),
  displayName: z.string(),
  administeredBy: z.string().nullable(),
  ...standing,
})
/** One site under a guarantee that is promised for each, whatever is measured. */
export type SiteHead = z.infer<typeof siteHead>
export type SiteOf<M extends Metric> = SiteHead & MeasureOf<M>

type One<M extends Metric> = z.infer<typeof common> & { metric: M } & MeasureOf<M> & { sites?: SiteOf<M>[] }
/** The view of one metric, or of several. */
export type ViewOf<M extends Metric> = { [K in M]: One<K> }[M]
export type GuaranteeView = ViewOf<Metric>

function schemaOf(metric: Metric) {
  const { shape } = entryOf(metric).measure
  const sites = z.array(siteHead.extend(shape))
  const worst = 'Of a guarantee for each site; the figures beside it are those of the worst'
  return common
    .extend({ metric: z.literal(metric), ...shape, sites: sites.exactOptional().describe(worst) })
    .meta({ id: `Guarantee-${metric}` })
}

const schemas = METRIC_NAMES.map(schemaOf)

// Of the same table as the type.
export const guarantee = z
  .discriminatedUnion('metric', schemas as [(typeof schemas)[number]])
  .meta({ id: 'Guarantee' }) as unknown as z.ZodType<GuaranteeView>
