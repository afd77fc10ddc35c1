/** A statement before it is handed in: how each of its lines reads, and the button that hands it in. Pure. */
import type { ContractView } from '../../view/contract.ts'
import type { StatementPreviewView } from '../../view/statement.ts'
import { Layout } from '../part/layout.tsx'
import { StatementLines } from '../part/statement-lines.tsx'
import { windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { windowName } from '../text/sentence.ts'
import { contractHref } from './contracts.tsx'

type Props = {
  scene: Scene
  contract: ContractView
  found: StatementPreviewView
  /** As they came: what was looked at is what is handed in. */
  bytes: Buffer
}

export function StatementPreview({ scene, contract, found, bytes }: Props) {
  const { statement: text, life } = scene.text
  const { window, reading } = found
  const saysSomething = reading.read > 0 || Object.keys(reading.availability).length > 0
  return (
    <Layout scene={scene} title={text.title} door="contract">
      <header class="lead">
        <p class="crumbs">
          <a href={contractHref(contract.name)}>{contract.displayName}</a> /{' '}
          <a href={windowHref(contract.name, window)}>{windowName(window, scene)}</a>
        </p>
        <h1>{text.title}</h1>
        <p class="sentence">{text.lead}</p>
      </header>
      <section class="sheet">
        <StatementLines reading={reading} contract={contract.name} scene={scene} />
        {(saysSomething || reading.lines.length === 0) && (
          <form method="post" action={`${windowHref(contract.name, window)}/statements`} class="deed">
            <input type="hidden" name="bytes" value={bytes.toString('base64')} />
            <button class="primary">{life.handInAction}</button>
          </form>
        )}
      </section>
    </Layout>
  )
}
