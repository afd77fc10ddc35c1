/** Storeys: the pages of one contract, one above the other behind tabs, each with the same head. Pure. */
import type { Child } from 'hono/jsx'
import { EVENT_TYPES } from '../../alert/types.ts'
import type { ContractView } from '../../view/contract.ts'
import { contractHref } from '../page/contracts.tsx'
import type { Scene } from '../scene.ts'
import { Layout, LiveRegion } from './layout.tsx'
import { ContractMarks, Stamp } from './mark.tsx'

export const STOREYS = [
  'guarantees',
  'services',
  'windows',
  'exclusions',
  'terms',
  'reports',
  'evidence',
] as const
export type Storey = (typeof STOREYS)[number]

export function storeyHref(contract: string, storey: Storey): string {
  return storey === 'guarantees' ? contractHref(contract) : `${contractHref(contract)}/${storey}`
}

type Props = {
  scene: Scene
  contract: ContractView
  storey: Storey
  everyS: number
  /** Between the head and the tabs. */
  lead?: Child
  children: Child
}

const TERMS_TONE = { unilateral: 'warn', agreed: 'good', objected: 'bad' } as const

export function ContractStorey({ scene, contract, storey, everyS, lead, children }: Props) {
  const { text } = scene
  const name = text.contract.storey[storey]
  const title = storey === 'guarantees' ? contract.displayName : `${contract.displayName}: ${name}`
  return (
    <Layout scene={scene} title={title} door="contract">
      <LiveRegion id={`contract-${storey}`} events={EVENT_TYPES} everyS={everyS}>
        <header class="lead">
          <p class="crumbs">
            <a href="/contracts">{text.contract.title}</a>
          </p>
          <h1>{contract.displayName}</h1>
          <p class="marks">
            <ContractMarks contract={contract} scene={scene} />
            <Stamp tone={TERMS_TONE[contract.terms]}>{text.termsShort[contract.terms]}</Stamp>
            <span class="note">{contract.provider}</span>
          </p>
          {lead}
        </header>
        <nav class="tabs" aria-label={text.contract.storeys}>
          {STOREYS.map((one) => (
            <a
              href={storeyHref(contract.name, one)}
              {...(one === storey && { 'aria-current': 'page' as const })}
            >
              {text.contract.storey[one]}
            </a>
          ))}
        </nav>
        {children}
      </LiveRegion>
    </Layout>
  )
}
