/** The evidence of a window: one file to take along, and the program that checks it. Pure. */
import type { WindowLifeView } from '../../view/window.ts'
import { VERIFIER_PATH } from '../../view/verifier.ts'
import type { Scene } from '../scene.ts'
import { windowName } from '../text/sentence.ts'

type Props = { contract: string; window: WindowLifeView; scene: Scene }

/** Nothing of a window that slides: it never ends, so nobody can be held to it. */
export function EvidenceLinks({ contract, window, scene }: Props) {
  const { text } = scene
  if (window.closesAt === null && window.versions.length === 0) return null
  const file = `${encodeURIComponent(window.key)}.zip`
  return (
    <p>
      <a href={`/api/v1/contracts/${encodeURIComponent(contract)}/evidence/${file}`} download>
        {text.life.takeEvidence(windowName(window.key, scene))}
      </a>
      {' · '}
      <a href={VERIFIER_PATH} download>
        {text.life.takeVerifier}
      </a>
    </p>
  )
}

export function Evidence(props: Props) {
  const { text } = props.scene
  return (
    <section class="sheet">
      <h2>{text.contract.evidence}</h2>
      <p class="sentence">{text.life.evidenceText}</p>
      <EvidenceLinks {...props} />
    </section>
  )
}
