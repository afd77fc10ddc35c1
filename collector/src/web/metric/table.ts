/** The table of metrics on pages: one part for each. A new one is one file and one line here. */
import type { Metric } from '@constat/sla/contract/objective'
import { responseTime, restorationTime } from './clock.tsx'
import { incidentCount } from './count.tsx'
import { errorRateSlices, intervalAvailability } from './downtime.tsx'
import { meanErrorRate } from './mean.tsx'
import type { MetricPart } from './part.ts'
import { requestShare, shareWithin } from './share.tsx'

const PARTS = {
  'interval-availability': intervalAvailability,
  'error-rate-slices': errorRateSlices,
  'mean-error-rate': meanErrorRate,
  'share-within': shareWithin,
  'request-share': requestShare,
  'restoration-time': restorationTime,
  'response-time': responseTime,
  'incident-count': incidentCount,
} satisfies { [M in Metric]: MetricPart<M> }

/** Called with guarantees of that metric alone. */
export function partOf(metric: Metric): MetricPart {
  return PARTS[metric]
}
