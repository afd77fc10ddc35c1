/**
 * Overview: contracts worst first, one sentence each, and the bar of the last hour or day. Pure.
 */
import { EVENT_TYPES } from '../../alert/types.ts'
import { may } from '../../http/scope.ts'
import type { ContractView, ServiceView, SiteState } from '../../view/contract.ts'
import type { State } from '../../view/parts.ts'
import { Bar, type BarOf } from '../part/bar.tsx'
import { GuaranteeList } from '../part/guarantee.tsx'
import { msOf } from '../part/time.tsx'
import { FORM_PATH } from '../part/field.tsx'
import { AsOf, Layout, LiveRegion } from '../part/layout.tsx'
import { ContractMarks, StateIcon } from '../part/mark.tsx'
import { Deadline, penaltyHref } from '../part/penalty.tsx'
import { Axis, type Span } from '../part/ribbon.tsx'
import { worstFirst } from '../part/worst.ts'
import { zoneOf, type Scene } from '../scene.ts'
import { contractHref } from './contracts.tsx'
import { contractSentence } from '../text/sentence.ts'

type Props = { scene: Scene; contracts: readonly ContractView[]; barOf: BarOf; span: Span; range: Range }
export type Range = 'hour' | 'day' | 'quarter'

/** Services that need nobody's eye wait behind one line. */
const MAX_CALM_SERVICES = 6
/** Contracts drawn, the worst first; the index has them all. */
const MAX_CONTRACTS = 50
/** Bars of the page, the worst contract's worst first: each has up to a state a minute. Its own page has them all. */
const MAX_BARS = 200
/** Bars of one contract. */
const MAX_OWN_BARS = 50
const MAX_GUARANTEES = 4
const REFRESH_S = 5
const LEAST_SPAN_MS = 5 * 60_000

export function Overview(props: Props) {
  const { scene, contracts } = props
  const { text } = scene
  return (
    <Layout scene={scene} title={text.overview.title} door="now">
      <LiveRegion id="now" events={EVENT_TYPES} everyS={REFRESH_S}>
        <div class="lead">
          <h1>{contracts.length === 0 ? text.overview.emptyTitle : headline(contracts, scene)}</h1>
          {contracts.length > 0 && <Tally contracts={contracts} scene={scene} />}
          <AsOf scene={scene} />
        </div>
        {contracts.length === 0 ? <Empty scene={scene} /> : <Ranges {...props} />}
        {drawnOf(contracts).map(({ contract, bars }) => (
          <ContractSheet contract={contract} bars={bars} {...props} />
        ))}
        {contracts.length > MAX_CONTRACTS && (
          <p class="rest">
            <a href="/contracts">{text.overview.moreContracts(contracts.length - MAX_CONTRACTS)}</a>
          </p>
        )}
      </LiveRegion>
    </Layout>
  )
}

/** What is drawn of the page's contracts, and how many bars each may have of all that fit. */
function drawnOf(contracts: readonly ContractView[]): { contract: ContractView; bars: number }[] {
  const drawn = contracts.slice(0, MAX_CONTRACTS)
  const needed = drawn.reduce((sum, { services }) => sum + Math.min(services.length, MAX_OWN_BARS), 0)
  let left = MAX_BARS
  return drawn.map((contract) => {
    const troubled = contract.services.filter((one) => !isUp(one)).length
    // Where not all of them fit, those that are up give way.
    const wanted = needed <= MAX_BARS ? contract.services.length : Math.max(troubled, MAX_CALM_SERVICES)
    const bars = Math.min(wanted, contract.services.length, MAX_OWN_BARS, left)
    left -= bars
    return { contract, bars }
  })
}

const isUp = ({ state }: ServiceView): boolean => state === 'up'

/** Worst first. */
const STATES = ['down', 'partial', 'degraded', 'unknown', 'up'] as const satisfies readonly State[]

function countOf(contracts: readonly ContractView[], state: State): number {
  // Of what has ended there is nothing to know any more.
  const running = contracts.filter(({ endedAt }) => endedAt === null)
  return running.flatMap(({ services }) => services).filter((service) => service.state === state).length
}

/** The worst thing there is to say; the tally below it has the rest. */
function headline(contracts: readonly ContractView[], { text }: Scene): string {
  const worst = STATES.find((state) => countOf(contracts, state) > 0)
  if (worst === undefined) return text.overview.noEvidence
  if (worst === 'unknown' && countOf(contracts, 'up') === 0) return text.overview.noEvidence
  if (worst === 'up') return text.overview.allUp
  return `${text.overview.counts[worst](countOf(contracts, worst))}.`
}

/** How many services are in each state, and what each shape means. */
function Tally({ contracts, scene: { text } }: { contracts: readonly ContractView[]; scene: Scene }) {
  return (
    <ul class="tally">
      {STATES.map((state) => ({ state, count: countOf(contracts, state) }))
        .filter(({ count }) => count > 0)
        .map(({ state, count }) => (
          <li class={`is-${state}`} title={text.stateMeaning[state]}>
            <StateIcon state={state} />
            <b>{count}</b> {text.state[state]}
          </li>
        ))}
    </ul>
  )
}

function Empty({ scene: { text, caller } }: { scene: Scene }) {
  const mayAdd = caller !== null && may(caller, 'manage')
  return (
    <section class="sheet empty">
      <p class="sentence">{text.overview.emptyText}</p>
      {mayAdd && (
        <p class="deed">
          <a class="button primary" href={FORM_PATH}>
            {text.first.start}
          </a>
        </p>
      )}
      <p class="note">{text.overview.emptyStart}</p>
      <pre>constat apply -f contract.yaml</pre>
    </section>
  )
}

function Ranges({ scene: { text }, range }: Props) {
  const ranges = [
    { id: 'hour', href: '/', label: text.overview.hour },
    { id: 'day', href: '/?range=day', label: text.overview.day },
    { id: 'quarter', href: '/?range=quarter', label: text.glance.days.range },
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

function ContractSheet({ contract, bars, ...props }: { contract: ContractView; bars: number } & Props) {
  const scene = { ...props.scene, zone: zoneOf(contract) }
  // A day is a day: the bar of 90 of them keeps its length.
  const span = props.range === 'quarter' ? props.span : youngSpan(contract, props.span)
  const { text } = scene
  const shown = worstFirst(contract.guarantees).slice(0, MAX_GUARANTEES)
  const rest = contract.guarantees.length - shown.length
  const href = `/contracts/${encodeURIComponent(contract.name)}`
  return (
    <article class={`sheet contract is-${contract.state}`} aria-labelledby={`c-${contract.name}`}>
      <header class="sheet-head">
        <ContractMarks contract={contract} scene={scene} />
        <h2 id={`c-${contract.name}`}>
          <a href={href}>{contract.displayName}</a>
        </h2>
        <p class="provider">{contract.provider}</p>
      </header>
      <p class="sentence">{contractSentence(contract, scene)}</p>
      <Flags contract={contract} scene={scene} />
      <GuaranteeList guarantees={shown} scene={scene} />
      {rest > 0 && (
        <p class="rest">
          <a href={href}>{text.overview.guaranteesMore(rest)}</a>
        </p>
      )}
      {contract.endedAt === null && <Bars {...props} {...{ contract, scene, span }} count={bars} />}
    </article>
  )
}

/**
 * A contract younger than the span has nothing to show before its own beginning: its bar starts there, so
 * that the first minutes can be seen to move.
 */
function youngSpan({ effectiveFrom }: ContractView, { fromMs, toMs }: Span): Span {
  return { fromMs: Math.max(fromMs, Math.min(msOf(effectiveFrom), toMs - LEAST_SPAN_MS)), toMs }
}

function Flags({ contract, scene }: { contract: ContractView; scene: Scene }) {
  const { text } = scene
  const { openIncidents, silentAgents, nextDeadline } = contract
  const namesOf = (state: SiteState): string[] =>
    contract.sites.filter((site) => site.state === state).map(({ displayName }) => displayName)
  const unreachable = namesOf('unreachable')
  const isolated = namesOf('isolated')
  // A site that is not heard has said it for its agents.
  const told = contract.sites.filter(({ state }) => state === 'unreachable').flatMap(({ agents }) => agents)
  const silent = silentAgents.filter((name) => !told.some((agent) => agent.name === name))
  const said = [
    unreachable.length > 0 && text.glance.unreachableSites(unreachable),
    isolated.length > 0 && text.glance.isolatedSites(isolated),
    silent.length > 0 && text.overview.silentAgents(silent),
  ].filter((flag) => flag !== false)
  if (openIncidents === 0 && said.length === 0 && nextDeadline === null) return null
  return (
    <ul class="flags">
      {openIncidents > 0 && (
        <li>
          <a href="/incidents">{text.overview.openIncidents(openIncidents)}</a>
        </li>
      )}
      {said.map((flag) => (
        <li>{flag}</li>
      ))}
      {nextDeadline !== null && (
        <li>
          <a href={penaltyHref({ contract: contract.name, window: nextDeadline.window })}>
            <Deadline due={nextDeadline} scene={scene} />
          </a>
        </li>
      )}
    </ul>
  )
}

type BarProps = Props & { contract: ContractView; count: number }

function Bars(props: BarProps) {
  const { contract, scene, span, range, barOf, count } = props
  const { text } = scene
  const by = range === 'quarter' ? 'day' : 'state'
  const all = [...contract.services.filter((one) => !isUp(one)), ...contract.services.filter(isUp)]
  const drawn = all.slice(0, count)
  const trouble = drawn.filter((one) => !isUp(one))
  const up = drawn.filter(isUp)
  const calm = up.slice(0, Math.max(0, MAX_CALM_SERVICES - trouble.length))
  const folded = up.slice(calm.length)
  const saysWhy = contract.services.length > 1
  const bar = (service: ServiceView) => (
    <Bar service={service} segments={barOf(service) ?? []} {...{ span, scene, by, saysWhy }} />
  )
  return (
    <div
      class="bars"
      role="group"
      aria-label={
        { hour: text.overview.lastHour, day: text.overview.lastDay, quarter: text.glance.days.title }[range]
      }
    >
      {[...trouble, ...calm].map(bar)}
      {folded.length > 0 && (
        <details id={`more-${contract.name}`}>
          <summary>{text.overview.servicesUp(folded.length)}</summary>
          {folded.map(bar)}
        </details>
      )}
      {drawn.length < all.length && (
        <p class="note">
          <a href={contractHref(contract.name)}>{text.overview.moreServices(all.length - drawn.length)}</a>
        </p>
      )}
      <div class="bar-axis">
        <span class="zone">{scene.zone}</span>
        <Axis span={span} scene={scene} />
      </div>
    </div>
  )
}
