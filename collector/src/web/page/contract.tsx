/**
 * Contract: what was promised and what came of it, window by window; what a claim lacks; services,
 * revisions, the evidence log. Pure.
 */
import { EVENT_TYPES } from '../../alert/types.ts'
import type { ExclusionView } from '../../view/exclusion.ts'
import type { AgentView, ContractView, RevisionView } from '../../view/contract.ts'
import type { IncidentView } from '../../view/timeline.ts'
import type { ClosedWindowView, WindowLifeView } from '../../view/window.ts'
import { Bar, type BarOf } from '../part/bar.tsx'
import { Fact } from '../part/fact.tsx'
import { Figures } from '../part/figures.tsx'
import { GuaranteeList } from '../part/guarantee.tsx'
import { Begun } from '../part/begun.tsx'
import { Credits } from '../part/credits.tsx'
import { Archive, PastServices } from '../part/ending.tsx'
import { EvidenceLinks } from '../part/evidence.tsx'
import { Exclusions } from '../part/exclusions.tsx'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { ContractMarks, Stamp } from '../part/mark.tsx'
import { Axis, type Span } from '../part/ribbon.tsx'
import { TermsGlance } from '../part/terms-glance.tsx'
import { Time } from '../part/time.tsx'
import { lifeText, PastWindows, windowHref } from '../part/window-life.tsx'
import { Sites, Zones } from '../part/zones.tsx'
import type { Scene } from '../scene.ts'
import { countText } from '../text/format.ts'
import { contractSentence, windowName } from '../text/sentence.ts'
import { wordOf } from '../text/words.ts'
import { contractHref } from './contracts.tsx'
import { Table } from '../part/table.tsx'

type Props = {
  scene: Scene
  contract: ContractView
  keys: readonly string[]
  /** The window looked at; null: there is none of that key. */
  window: WindowLifeView | null
  /** Newest first. */
  closed: readonly ClosedWindowView[]
  revisions: readonly RevisionView[]
  open: readonly IncidentView[]
  /** Empty for those who may not see hosts. */
  agents: readonly AgentView[]
  exclusions: readonly ExclusionView[]
  /** Of a declaration that was just refused. */
  problems: readonly string[]
  /** It has just been applied. */
  fresh: boolean
  barOf: BarOf
  span: Span
}

/** Window keys shown at once; the API has them all. */
const MAX_KEYS = 12
const REFRESH_S = 10
/** Somebody waits for the first sample. */
const FRESH_REFRESH_S = 1

export function Contract(props: Props) {
  const { scene, contract, window } = props
  const terms = scene.termsOf(contract.name)
  return (
    <Layout scene={scene} title={contract.displayName} door="contract">
      <LiveRegion id="contract" events={EVENT_TYPES} everyS={props.fresh ? FRESH_REFRESH_S : REFRESH_S}>
        <Head scene={scene} contract={contract} />
        {props.fresh && <Begun {...props} />}
        <div class="columns">
          <section class="sheet wide">
            <Windows {...props} />
            {window && (
              <GuaranteeList
                guarantees={window.guarantees}
                scene={scene}
                detail={(guarantee) => <Figures guarantee={guarantee} scene={scene} />}
              />
            )}
            {!window && <p class="sentence">{scene.text.contract.noGuarantees}</p>}
          </section>
          {window && <Credits contract={contract.name} window={window} scene={scene} />}
          {terms && <Exclusions {...props} terms={terms} />}
          <PastWindows contract={contract.name} closed={props.closed} scene={scene} />
          <Services {...props} />
          {terms && <TermsGlance terms={terms} scene={scene} />}
          {terms && <Zones terms={terms} open={props.open} scene={scene} />}
          <Sites contract={contract} scene={scene} />
          <Readiness scene={scene} contract={contract} />
          <Log scene={scene} contract={contract} window={window} />
          <Revisions {...props} />
          <Archive contract={contract} scene={scene} />
        </div>
      </LiveRegion>
    </Layout>
  )
}

function Head({ scene, contract }: Pick<Props, 'scene' | 'contract'>) {
  const { text } = scene
  const tone = { unilateral: 'warn', agreed: 'good', objected: 'bad' } as const
  return (
    <header class="lead">
      <p class="crumbs">
        <a href="/contracts">{text.contract.title}</a>
      </p>
      <h1>{contract.displayName}</h1>
      <p class="marks">
        <ContractMarks contract={contract} scene={scene} />
        <Stamp tone={tone[contract.terms]}>{text.termsShort[contract.terms]}</Stamp>
      </p>
      <p class="sentence">{contractSentence(contract, scene)}</p>
      <dl class="facts">
        <Fact term={text.contract.provider}>{contract.provider}</Fact>
        <Fact term={text.contract.terms}>{text.terms[contract.terms]}</Fact>
        <Fact term={text.contract.revision}>{contract.revision}</Fact>
        <Fact term={text.contract.effectiveFrom}>
          <Time at={contract.effectiveFrom} scene={scene} style="minute" />
        </Fact>
      </dl>
    </header>
  )
}

function Windows({ scene, contract, keys, window }: Props) {
  const { text } = scene
  return (
    <>
      <h2>{text.contract.guarantees}</h2>
      <nav class="ranges" aria-label={text.contract.windows}>
        {keys.slice(0, MAX_KEYS).map((key) => (
          <a
            href={`${contractHref(contract.name)}?window=${encodeURIComponent(key)}`}
            {...(key === window?.key && { 'aria-current': 'true' })}
          >
            {windowName(key, scene)}
          </a>
        ))}
      </nav>
      {window && (
        <p class="note window-span">
          <Time at={window.start} scene={scene} style="minute" /> –{' '}
          <Time at={window.end} scene={scene} style="minute" /> ·{' '}
          <a href={windowHref(contract.name, window.key)}>{text.windowState[window.state]}</a> ·{' '}
          {lifeText(window, scene)}
        </p>
      )}
    </>
  )
}

function Readiness({ scene, contract }: Pick<Props, 'scene' | 'contract'>) {
  const { text } = scene
  const { claimable, lacks } = contract.readiness
  return (
    <section class="sheet">
      <h2>{text.contract.readiness}</h2>
      <p>{claimable ? text.contract.ready : text.contract.notReady}</p>
      {!claimable && (
        <ul class="boxes">
          {lacks.map((lack) => (
            <li>{wordOf(text.lacks, lack)}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Log({ scene, contract, window }: Pick<Props, 'scene' | 'contract' | 'window'>) {
  const { text, lang } = scene
  return (
    <section class="sheet">
      <h2>{text.contract.evidence}</h2>
      <dl class="facts single">
        <Fact term={text.contract.size}>{countText(contract.log.size, lang)}</Fact>
        <Fact term={text.contract.origin}>
          <code>{contract.log.origin}</code>
        </Fact>
        <Fact term={text.contract.root}>
          <code class="digest">{contract.log.root}</code>
        </Fact>
      </dl>
      {window && <EvidenceLinks contract={contract.name} window={window} scene={scene} />}
    </section>
  )
}

function Services({ scene, contract, barOf, span }: Props) {
  const { text } = scene
  return (
    <section class="sheet wide">
      <h2>{text.contract.services}</h2>
      <p class="note">{text.overview.lastDay}</p>
      <div class="bars">
        {contract.services.map((service) => (
          <Bar
            service={service}
            segments={barOf(service) ?? []}
            span={span}
            scene={scene}
            saysWhy={contract.services.length > 1}
          />
        ))}
        <div class="bar-axis">
          <span class="zone">{scene.zone}</span>
          <Axis span={span} scene={scene} />
        </div>
      </div>
      <PastServices contract={contract} scene={scene} />
    </section>
  )
}

function Revisions({ scene, revisions }: Props) {
  const { text } = scene
  return (
    <section class="sheet wide">
      <h2>{text.contract.revisions}</h2>
      <Table
        label={text.contract.revisions}
        rows={revisions}
        columns={[
          { head: text.contract.revision, cell: ({ revision }) => revision },
          {
            head: text.contract.applied,
            cell: ({ appliedAt }) => <Time at={appliedAt} scene={scene} style="minute" />,
          },
          {
            head: text.contract.effectiveFrom,
            cell: ({ effectiveFrom }) => <Time at={effectiveFrom} scene={scene} style="minute" />,
          },
          { head: text.contract.terms, cell: ({ terms }) => wordOf(text.termsShort, terms) },
          {
            head: text.contract.digest,
            cell: ({ digest }) => <code class="digest">{digest.slice(0, 16)}…</code>,
          },
        ]}
      />
    </section>
  )
}
