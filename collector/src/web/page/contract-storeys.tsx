/** The storeys of a contract beside its guarantees: services, windows, exclusions, terms, evidence. Pure. */
import type { ExclusionView } from '../../view/exclusion.ts'
import type { ContractView, RevisionView } from '../../view/contract.ts'
import type { IncidentView } from '../../view/timeline.ts'
import type { ClosedWindowView, WindowLifeView } from '../../view/window.ts'
import type { BarOf } from '../part/bar.tsx'
import { Bars } from '../part/bars.tsx'
import { Archive, PastServices } from '../part/ending.tsx'
import { EvidenceLinks } from '../part/evidence.tsx'
import { Timestamps } from '../part/timestamps.tsx'
import { Witnesses } from '../part/witnesses.tsx'
import { Exclusions } from '../part/exclusions.tsx'
import { Fact } from '../part/fact.tsx'
import { Lacks } from '../part/lacks.tsx'
import type { Span } from '../part/ribbon.tsx'
import { ContractStorey } from '../part/storeys.tsx'
import { Table } from '../part/table.tsx'
import { AnnexLinks, Agreement, RevisionStanding } from '../part/terms-answers.tsx'
import { TermsGlance } from '../part/terms-glance.tsx'
import { Time } from '../part/time.tsx'
import { Windows } from '../part/window-life.tsx'
import { Sites, Zones } from '../part/zones.tsx'
import type { Scene } from '../scene.ts'
import { countText } from '../text/format.ts'

type Of = { scene: Scene; contract: ContractView }

const REFRESH_S = 10
/** What seldom changes. */
const CALM_REFRESH_S = 60

export function ServicesStorey({ scene, contract, barOf, span }: Of & { barOf: BarOf; span: Span }) {
  const { text } = scene
  return (
    <ContractStorey {...{ scene, contract }} storey="services" everyS={REFRESH_S}>
      <section class="sheet">
        <h2>{text.contract.services}</h2>
        <p class="note">{text.overview.lastDay}</p>
        <Bars
          services={contract.services}
          {...{ barOf, span, scene }}
          saysWhy={contract.services.length > 1}
        />
        <PastServices contract={contract} scene={scene} />
      </section>
      <Sites contract={contract} scene={scene} />
    </ContractStorey>
  )
}

type WindowsProps = Of & { keys: readonly string[]; closed: readonly ClosedWindowView[] }

export function WindowsStorey({ scene, contract, keys, closed }: WindowsProps) {
  return (
    <ContractStorey {...{ scene, contract }} storey="windows" everyS={CALM_REFRESH_S}>
      <Windows contract={contract.name} {...{ keys, closed, scene }} />
    </ContractStorey>
  )
}

type ExclusionsProps = Of & { exclusions: readonly ExclusionView[]; problems: readonly string[] }

/** `problems`: of a declaration that was just refused. */
export function ExclusionsStorey({ scene, contract, exclusions, problems }: ExclusionsProps) {
  const terms = scene.termsOf(contract.name)
  return (
    <ContractStorey {...{ scene, contract }} storey="exclusions" everyS={CALM_REFRESH_S}>
      {terms && <Exclusions {...{ terms, exclusions, scene, problems }} />}
    </ContractStorey>
  )
}

type TermsProps = Of & { revisions: readonly RevisionView[]; open: readonly IncidentView[] }

export function TermsStorey({ scene, contract, revisions, open }: TermsProps) {
  const { text } = scene
  const terms = scene.termsOf(contract.name)
  return (
    <ContractStorey {...{ scene, contract }} storey="terms" everyS={CALM_REFRESH_S}>
      <section class="sheet">
        <dl class="facts">
          <Fact term={text.contract.provider}>{contract.provider}</Fact>
          <Fact term={text.contract.terms}>{text.terms[contract.terms]}</Fact>
          <Fact term={text.contract.revision}>{contract.revision}</Fact>
          <Fact term={text.contract.effectiveFrom}>
            <Time at={contract.effectiveFrom} scene={scene} style="minute" />
          </Fact>
        </dl>
      </section>
      {revisions[0] && <Agreement contract={contract} revision={revisions[0]} scene={scene} />}
      {terms && <TermsGlance terms={terms} scene={scene} />}
      {terms && <Zones terms={terms} open={open} scene={scene} />}
      <Revisions contract={contract} scene={scene} revisions={revisions} />
      <AnnexLinks contract={contract.name} scene={scene} />
      <Archive contract={contract} scene={scene} />
    </ContractStorey>
  )
}

function Revisions({ contract, scene, revisions }: Of & { revisions: readonly RevisionView[] }) {
  const { text } = scene
  return (
    <section class="sheet">
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
          {
            head: text.contract.terms,
            cell: (revision) => <RevisionStanding contract={contract} revision={revision} scene={scene} />,
          },
          {
            head: text.contract.digest,
            cell: ({ digest }) => <code class="digest">{digest.slice(0, 16)}…</code>,
          },
        ]}
      />
    </section>
  )
}

/** `window`: the newest that can be taken along; null: none has begun. */
export function EvidenceStorey({ scene, contract, window }: Of & { window: WindowLifeView | null }) {
  const { text, lang } = scene
  const { claimable } = contract.readiness
  return (
    <ContractStorey {...{ scene, contract }} storey="evidence" everyS={CALM_REFRESH_S}>
      <div class="columns">
        <section class="sheet">
          <h2>{text.contract.readiness}</h2>
          <p>{claimable ? text.contract.ready : text.contract.notReady}</p>
          {!claimable && <Lacks contract={contract} scene={scene} />}
        </section>
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
            <Fact term={text.contract.logKey}>
              <code class="digest">{contract.log.key}</code>
            </Fact>
            <Fact term={text.contract.readers}>
              {contract.log.published ? text.contract.openLog : text.contract.closedLog}
            </Fact>
          </dl>
          {window && <EvidenceLinks contract={contract.name} window={window} scene={scene} />}
        </section>
      </div>
      <Witnesses log={contract.log} scene={scene} />
      <Timestamps timestamps={contract.log.timestamps} scene={scene} />
    </ContractStorey>
  )
}
