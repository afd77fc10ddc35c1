/** Claims: what each final window comes to, where it stands between the sides, and what runs out next. Pure. */
import { EVENT_TYPES } from '../../alert/types.ts'
import type { ContractView } from '../../view/contract.ts'
import type { PenaltyView } from '../../view/penalty.ts'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { Deadline, penaltyHref, PenaltyStamp, sumText } from '../part/penalty.tsx'
import { Table } from '../part/table.tsx'
import { zoneOf, type Scene } from '../scene.ts'
import { windowName } from '../text/sentence.ts'
import { contractHref } from './contracts.tsx'

const REFRESH_S = 60

type Of = { contract: ContractView; penalties: readonly PenaltyView[] }

export function Claims({ scene, contracts }: { scene: Scene; contracts: readonly Of[] }) {
  const { penalty: words } = scene.text
  const worth = contracts.filter(({ penalties }) => penalties.length > 0)
  return (
    <Layout scene={scene} title={words.title} door="claims">
      <LiveRegion id="claims" events={EVENT_TYPES} everyS={REFRESH_S}>
        <header class="lead">
          <h1>{words.title}</h1>
          {worth.length === 0 && <p class="sentence">{words.none}</p>}
          {worth.length === 0 && <p class="note">{words.noneWhy}</p>}
        </header>
        {worth.map((one) => (
          <OfContract {...one} scene={{ ...scene, zone: zoneOf(one.contract) }} />
        ))}
      </LiveRegion>
    </Layout>
  )
}

function OfContract({ contract, penalties, scene }: Of & { scene: Scene }) {
  const { penalty: words } = scene.text
  const sum = (head: string, amountOf: (one: PenaltyView) => string | null) => ({
    head,
    look: 'number' as const,
    cell: (one: PenaltyView) => sumText(amountOf(one), one, scene),
  })
  return (
    <section class="sheet wide">
      <h2>
        <a href={contractHref(contract.name)}>{contract.displayName}</a>
      </h2>
      <p class="provider">{contract.provider}</p>
      <Table
        label={contract.displayName}
        rows={penalties}
        columns={[
          {
            head: words.window,
            cell: (one) => <a href={penaltyHref(one)}>{windowName(one.window, scene)}</a>,
          },
          { head: words.standing, cell: ({ status }) => <PenaltyStamp status={status} scene={scene} /> },
          sum(words.theoretical, ({ theoretical }) => theoretical),
          sum(words.notified, ({ notified }) => notified),
          sum(words.accepted, ({ accepted }) => accepted),
          sum(words.settled, ({ settled }) => settled),
          {
            head: words.next,
            cell: ({ nextDeadline }) =>
              nextDeadline === null ? '–' : <Deadline due={nextDeadline} scene={scene} />,
          },
        ]}
      />
    </section>
  )
}
