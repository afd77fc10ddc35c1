/** Who cosigns the log of a contract, and how another one is run. Pure. */
import type { ContractView } from '../../view/contract.ts'
import type { WitnessView } from '../../view/witness.ts'
import type { Scene } from '../scene.ts'
import { countText } from '../text/format.ts'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

export function Witnesses({ log, scene }: { log: ContractView['log']; scene: Scene }) {
  const { contract: text } = scene.text
  const command = `node constat-verify.mjs witness --dir witness --name witness.example --log '${log.key}'`
  return (
    <section class="sheet" id="witnesses">
      <h2>{text.witnesses}</h2>
      <p class="sentence">{text.witnessText}</p>
      {log.witnesses.length === 0 ? (
        <p class="note">{text.noWitness}</p>
      ) : (
        <WitnessTable witnesses={log.witnesses} scene={scene} />
      )}
      <p>{text.runWitness}</p>
      <pre>
        <code>{command}</code>
      </pre>
    </section>
  )
}

function WitnessTable({ witnesses, scene }: { witnesses: readonly WitnessView[]; scene: Scene }) {
  const { contract: text } = scene.text
  return (
    <Table
      label={text.witnesses}
      rows={witnesses}
      columns={[
        { head: text.witnesses, cell: ({ name }) => name },
        {
          head: text.lastCosigned,
          cell: ({ cosignedAt }) =>
            cosignedAt === null ? text.notCosigned : <Time at={cosignedAt} scene={scene} style="minute" />,
        },
        { head: text.size, look: 'number', cell: ({ size }) => countText(size, scene.lang) },
        { head: text.witnessProblem, look: 'note', cell: ({ problem }) => problem ?? '' },
      ]}
    />
  )
}
