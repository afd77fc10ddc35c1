/**
 * Overview: contracts worst first, one sentence each, and the bar of the last hour or day. Pure.
 */
import { EVENT_TYPES } from '../../alert/types.ts'
import type { ContractView, ServiceView, State } from '../../judge/view.ts'
import { GuaranteeRow } from '../part/guarantee.tsx'
import { AsOf, Layout, LiveRegion, LiveState } from '../part/layout.tsx'
import { StateMark } from '../part/mark.tsx'
import { Axis, Ribbon, ribbonLabel, type Span } from '../part/ribbon.tsx'
import { zoneOf, type Scene } from '../scene.ts'
import { contractSentence } from '../text/sentence.ts'
import type { Segment } from '../../judge/view.ts'

/** The bar of one service; null where the read model has none. */
export type BarOf = (service: ServiceView) => readonly Segment[] | null

type Props = { scene: Scene; contracts: readonly ContractView[]; barOf: BarOf; span: Span; range: Range }
export type Range = 'hour' | 'day'

/** Services that need nobody's eye wait behind one line. */
const MAX_CALM_SERVICES = 6
const MAX_GUARANTEES = 4
const REFRESH_S = 5

export function Overview(props: Props) {
  const { scene, contracts } = props
  const { text } = scene
  return (
    <Layout scene={scene} title={text.overview.title} door="now">
      <LiveRegion id="now" events={EVENT_TYPES} everyS={REFRESH_S}>
        <div class="lead">
          <h1>{contracts.length === 0 ? text.overview.emptyTitle : headline(contracts, scene)}</h1>
          <AsOf scene={scene} />
        </div>
        {contracts.length === 0 ? <Empty scene={scene} /> : <Ranges {...props} />}
        {contracts.map((contract) => (
          <ContractSheet contract={contract} {...props} />
        ))}
      </LiveRegion>
      <LiveState scene={scene} />
    </Layout>
  )
}

const TROUBLE = ['down', 'partial', 'degraded', 'unknown'] as const satisfies readonly State[]

/** "1 service is down, 2 are degraded." */
function headline(contracts: readonly ContractView[], { text }: Scene): string {
  const services = contracts.flatMap((contract) => contract.services)
  if (services.length === 0 || services.every(({ state }) => state === 'unknown')) {
    return text.overview.noEvidence
  }
  const parts = TROUBLE.flatMap((state) => {
    const count = services.filter((service) => service.state === state).length
    return count === 0 ? [] : [text.overview.counts[state](count)]
  })
  return parts.length === 0 ? text.overview.allUp : `${parts.join(', ')}.`
}

function Empty({ scene: { text } }: { scene: Scene }) {
  return (
    <section class="sheet empty">
      <p>{text.overview.emptyText}</p>
      <pre>
        {`apiVersion: constat/v1
kind: Contract
metadata: {name: intranet}
spec: {provider: Northstar, target: "99.9", timeZone: Europe/Paris, watch: [https://intranet.example]}

constat apply -f intranet.yaml`}
      </pre>
      <p>{text.overview.emptyStart}</p>
      <pre>constat up --watch https://intranet.example --target 99.9</pre>
    </section>
  )
}

function Ranges({ scene: { text }, range }: Props) {
  const ranges = [
    { id: 'hour', href: '/', label: text.overview.hour },
    { id: 'day', href: '/?range=day', label: text.overview.day },
  ]
  return (
    <nav class="ranges" aria-label={text.service.range}>
      {ranges.map(({ id, href, label }) => (
        <a href={href} {...(id === range && { 'aria-current': 'true' })}>
          {label}
        </a>
      ))}
    </nav>
  )
}

function ContractSheet({ contract, ...props }: { contract: ContractView } & Props) {
  const scene = { ...props.scene, zone: zoneOf(contract) }
  const { text } = scene
  const shown = contract.guarantees.slice(0, MAX_GUARANTEES)
  const rest = contract.guarantees.length - shown.length
  const href = `/contracts/${encodeURIComponent(contract.name)}`
  return (
    <article class={`sheet contract is-${contract.state}`} aria-labelledby={`c-${contract.name}`}>
      <header class="sheet-head">
        <StateMark state={contract.state} text={text} />
        <h2 id={`c-${contract.name}`}>
          <a href={href}>{contract.displayName}</a>
        </h2>
        <p class="provider">{contract.provider}</p>
      </header>
      <p class="sentence">{contractSentence(contract, scene)}</p>
      <Flags contract={contract} scene={scene} />
      {shown.map((guarantee) => (
        <GuaranteeRow guarantee={guarantee} scene={scene} />
      ))}
      {rest > 0 && (
        <p class="rest">
          <a href={href}>{text.overview.guaranteesMore(rest)}</a>
        </p>
      )}
      <Bars {...props} contract={contract} scene={scene} />
    </article>
  )
}

function Flags({ contract, scene: { text } }: { contract: ContractView; scene: Scene }) {
  if (contract.openIncidents === 0 && contract.silentAgents.length === 0) return null
  return (
    <ul class="flags">
      {contract.openIncidents > 0 && (
        <li>
          <a href="/incidents">{text.overview.openIncidents(contract.openIncidents)}</a>
        </li>
      )}
      {contract.silentAgents.length > 0 && (
        <li>{text.overview.silentAgents(contract.silentAgents.join(', '))}</li>
      )}
    </ul>
  )
}

type BarProps = Props & { contract: ContractView }

function Bars(props: BarProps) {
  const { contract, scene, span, range } = props
  const { text } = scene
  const trouble = contract.services.filter(({ state }) => state !== 'up')
  const up = contract.services.filter(({ state }) => state === 'up')
  const calm = up.slice(0, Math.max(0, MAX_CALM_SERVICES - trouble.length))
  const folded = up.slice(calm.length)
  return (
    <div
      class="bars"
      role="group"
      aria-label={range === 'hour' ? text.overview.lastHour : text.overview.lastDay}
    >
      {[...trouble, ...calm].map((service) => (
        <Bar service={service} {...props} />
      ))}
      {folded.length > 0 && (
        <details id={`more-${contract.name}`}>
          <summary>{text.overview.servicesUp(folded.length)}</summary>
          {folded.map((service) => (
            <Bar service={service} {...props} />
          ))}
        </details>
      )}
      <div class="bar-axis">
        <Axis span={span} scene={scene} />
        <span class="zone">{text.timesIn(zoneLabel(scene))}</span>
      </div>
    </div>
  )
}

function zoneLabel({ zone }: Scene): string {
  return zone
}

export function Bar({
  service,
  barOf,
  span,
  scene,
}: { service: ServiceView } & Pick<Props, 'barOf' | 'span' | 'scene'>) {
  const segments = barOf(service) ?? []
  const href = serviceHref(service)
  return (
    <div class="bar">
      <a class="bar-name" href={href}>
        {service.service}
      </a>
      <Ribbon
        segments={segments}
        span={span}
        label={ribbonLabel({ name: service.service, segments, span }, scene)}
      />
      <StateMark state={service.state} text={scene.text} />
    </div>
  )
}

export function serviceHref({ contract, service }: Pick<ServiceView, 'contract' | 'service'>): string {
  return `/contracts/${encodeURIComponent(contract)}/services/${encodeURIComponent(service)}`
}
