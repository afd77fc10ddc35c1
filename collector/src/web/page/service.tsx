/**
 * Service: its states over a span, judged and as every vantage saw them, and what is checked. Pure.
 */
import { EVENT_TYPES } from '../../alert/types.ts'
import type { ContractView, ServiceView } from '../../view/contract.ts'
import type { LatencyView, TimelineView } from '../../view/timeline.ts'
import { serviceHref } from '../part/bar.tsx'
import { hasLeft } from '../part/ending.tsx'
import { Latency } from '../part/latency.tsx'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { Stamp, StateMark } from '../part/mark.tsx'
import { checkName, serviceName } from '../part/names.ts'
import type { Span } from '../part/ribbon.tsx'
import { Timeline } from '../part/timeline.tsx'
import type { Scene } from '../scene.ts'
import { durationText } from '../text/format.ts'
import { serviceSentence } from '../text/sentence.ts'
import { contractHref } from './contracts.tsx'
import { Table } from '../part/table.tsx'

const HOUR_MS = 3_600_000
export const RANGES_MS = {
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
} as const
export type RangeKey = keyof typeof RANGES_MS

type Props = {
  scene: Scene
  contract: ContractView
  service: ServiceView
  timeline: TimelineView
  /** Of the first checks; null where there are too many samples for one page. */
  latencies: readonly LatencyView[] | null
  span: Span
  /** Null: a span of its own, by from and to; it does not follow the clock. */
  range: RangeKey | null
}

const REFRESH_S = 5

export function Service(props: Props) {
  const { scene, contract, service, timeline, span, range } = props
  const { text } = scene
  const name = serviceName(service, scene)
  return (
    <Layout scene={scene} title={name} door="now">
      <LiveRegion id="service" events={EVENT_TYPES} {...(range !== null && { everyS: REFRESH_S })}>
        <header class="lead">
          <p class="crumbs">
            <a href={contractHref(contract.name)}>{contract.displayName}</a>
          </p>
          <h1>{name}</h1>
          <p class="marks">
            {hasLeft(service, scene) ? (
              <Stamp tone="calm">{text.ending.left}</Stamp>
            ) : (
              <StateMark state={service.state} text={text} />
            )}
          </p>
          <p class="sentence">{serviceSentence(service, contract, scene)}</p>
        </header>
        <section class="sheet">
          <div class="sheet-head">
            <h2>{text.service.timeline}</h2>
            <Ranges scene={scene} service={service} range={range} />
          </div>
          <Timeline timeline={timeline} span={span} scene={scene} />
        </section>
        <Latencies {...props} />
        <Checks scene={scene} service={service} />
      </LiveRegion>
    </Layout>
  )
}

function Latencies({ scene, contract, service, latencies, span }: Props) {
  const { text } = scene
  const promise = contract.guarantees.find(
    (one) => one.metric === 'share-within' && one.service === service.service,
  )
  const thresholdUs = promise?.metric === 'share-within' ? promise.thresholdUs : null
  const named = (latency: LatencyView): LatencyView => ({
    ...latency,
    check: checkName({ contract: contract.name, check: latency.check }, scene),
  })
  const rest = service.checks.length - (latencies?.length ?? 0)
  return (
    <section class="sheet">
      <h2>{text.latency.title}</h2>
      {latencies === null && <p class="note">{text.latency.tooMany}</p>}
      {latencies?.map((latency) => (
        <Latency latency={named(latency)} span={span} scene={scene} thresholdUs={thresholdUs} />
      ))}
      {latencies !== null && rest > 0 && <p class="note">{text.latency.more(rest)}</p>}
    </section>
  )
}

function Ranges({ scene, service, range }: Pick<Props, 'scene' | 'service' | 'range'>) {
  const { text } = scene
  const keys: RangeKey[] = ['1h', '6h', '24h', '7d', '30d']
  return (
    <nav class="ranges" aria-label={text.service.range}>
      {keys.map((key) => (
        <a href={`${serviceHref(service)}?range=${key}`} {...(key === range && { 'aria-current': 'true' })}>
          {text.service.ranges[key]}
        </a>
      ))}
    </nav>
  )
}

function Checks({ scene, service }: Pick<Props, 'scene' | 'service'>) {
  const { text, lang } = scene
  return (
    <section class="sheet">
      <h2>{text.service.checks}</h2>
      <Table
        label={text.service.checks}
        rows={service.checks}
        columns={[
          {
            head: text.service.check,
            cell: ({ name }) => checkName({ contract: service.contract, check: name }, scene),
          },
          { head: text.service.kind, cell: ({ kind }) => kind },
          { head: text.service.target, look: 'target', cell: ({ target }) => target },
          {
            head: text.service.every,
            look: 'number',
            cell: ({ intervalMs }) => durationText(intervalMs, lang),
          },
        ]}
      />
    </section>
  )
}
