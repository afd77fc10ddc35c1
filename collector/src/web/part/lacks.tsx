/** What a claim still lacks, each with the place where it is mended. Pure. */
import { may, type Deed } from '../../http/scope.ts'
import type { ContractView } from '../../view/contract.ts'
import type { Scene } from '../scene.ts'
import { wordOf } from '../text/words.ts'
import { storeyHref } from './storeys.tsx'

/** Where, and who may go there; what nobody can mend here yet has no place. */
const MENDED: Readonly<Partial<Record<string, (contract: string) => { href: string; deed: Deed }>>> = {
  'more-sites': () => ({ href: '/setup/agents', deed: 'manage' }),
  references: (contract) => ({ href: storeyHref(contract, 'terms'), deed: 'manage' }),
  'host-administrators': (contract) => ({ href: storeyHref(contract, 'terms'), deed: 'manage' }),
  'provider-agreement': (contract) => ({ href: `${storeyHref(contract, 'terms')}#agreement`, deed: 'read' }),
  'clock-bound': () => ({ href: '/setup/agents', deed: 'read-hosts' }),
  witness: (contract) => ({ href: `${storeyHref(contract, 'evidence')}#witnesses`, deed: 'read' }),
  'alert-path': () => ({ href: '/setup/alerts', deed: 'manage' }),
  'alert-path-owner': () => ({ href: '/setup/alerts', deed: 'manage' }),
}

export function Lacks({ contract, scene }: { contract: ContractView; scene: Scene }) {
  const { text, caller } = scene
  return (
    <ul class="boxes">
      {contract.readiness.lacks.map((lack) => {
        const place = MENDED[lack]?.(contract.name)
        const said = wordOf(text.lacks, lack)
        const isOpen = place !== undefined && caller !== null && may(caller, place.deed)
        return <li>{isOpen ? <a href={place.href}>{said}</a> : said}</li>
      })}
    </ul>
  )
}
