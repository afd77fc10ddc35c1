/** Coverage, and beside it what of the rest something answered in the target's place. Pure. */
import type { GuaranteeView } from '../../view/guarantee.ts'
import type { Scene } from '../scene.ts'
import { durationText, shareText } from '../text/format.ts'

type Props = { of: Pick<GuaranteeView, 'coverage' | 'blockedMs'>; scene: Scene }

export function Coverage({ of: { coverage, blockedMs }, scene: { text, lang } }: Props) {
  const { figure } = text
  return (
    <>
      <span title={figure.coverageMeaning}>{shareText(coverage, lang)}</span>
      {blockedMs !== null && blockedMs > 0 && (
        <span class="blocked" title={figure.blockedMeaning}>
          {figure.blocked(durationText(blockedMs, lang))}
        </span>
      )}
    </>
  )
}
