/**
 * Contracts: the index behind the door, worst first. With a single contract the door opens on it. Pure.
 */
import type { ContractView } from '../../view/contract.ts'
import { Layout } from '../part/layout.tsx'
import { ContractMarks } from '../part/mark.tsx'
import { zoneOf, type Scene } from '../scene.ts'
import { contractSentence } from '../text/sentence.ts'

export function Contracts({ scene, contracts }: { scene: Scene; contracts: readonly ContractView[] }) {
  const { text } = scene
  return (
    <Layout scene={scene} title={text.contract.title} door="contract">
      <h1>{text.contract.title}</h1>
      {contracts.length === 0 && <p class="sentence">{text.overview.emptyTitle}.</p>}
      <ul class="index">
        {contracts.map((contract) => (
          <li class={`sheet is-${contract.state}`}>
            <div class="sheet-head">
              <ContractMarks contract={contract} scene={scene} />
              <h2>
                <a href={contractHref(contract.name)}>{contract.displayName}</a>
              </h2>
              <p class="provider">{contract.provider}</p>
            </div>
            <p class="sentence">{contractSentence(contract, { ...scene, zone: zoneOf(contract) })}</p>
          </li>
        ))}
      </ul>
    </Layout>
  )
}

export function contractHref(name: string): string {
  return `/contracts/${encodeURIComponent(name)}`
}
