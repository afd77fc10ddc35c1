/** When an authority has dated the log of a contract. Pure. */
import type { TimestampsView } from '../../view/timestamp.ts'
import type { Scene } from '../scene.ts'
import { countText } from '../text/format.ts'
import { Fact } from './fact.tsx'
import { Time } from './time.tsx'

export function Timestamps({ timestamps, scene }: { timestamps: TimestampsView | null; scene: Scene }) {
  const { contract } = scene.text
  const { timestamps: text } = contract
  return (
    <section class="sheet" id="timestamps">
      <h2>{text.title}</h2>
      <p class="sentence">{text.text}</p>
      {timestamps === null ? (
        <p class="note">{text.nobody}</p>
      ) : (
        <dl class="facts single">
          <Fact term={text.at}>
            {timestamps.at === null ? (
              contract.notCosigned
            ) : (
              <Time at={timestamps.at} scene={scene} style="minute" />
            )}
          </Fact>
          {timestamps.authority !== null && <Fact term={text.authority}>{timestamps.authority}</Fact>}
          {timestamps.at !== null && (
            <Fact term={contract.size}>{countText(timestamps.size, scene.lang)}</Fact>
          )}
          {timestamps.problem !== null && (
            <Fact term={contract.witnessProblem}>{text.problem[timestamps.problem]}</Fact>
          )}
        </dl>
      )}
    </section>
  )
}
