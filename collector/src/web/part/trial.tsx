/** A trial: what each check came to when it was probed once, with the time of each phase. Pure. */
import { PHASES } from '@constat/shared/sample'
import type { Probed, TriedCheck, TriedView } from '../../view/trial.ts'
import type { Scene } from '../scene.ts'
import { latencyText } from '../text/format.ts'
import { wordOf } from '../text/words.ts'
import { StateIcon } from './mark.tsx'

type Props = { tried: TriedView; scene: Scene }

export function Trial({ tried, scene }: Props) {
  const { text } = scene
  return (
    <section class="sheet trial" role="status">
      <h2>{text.trial.title}</h2>
      <p class="note">{text.trial.nothingKept}</p>
      <ul>
        {tried.checks.map((one) => (
          <li>
            <StateIcon state={one.result ? STATE[one.result.outcome] : 'unknown'} />
            <div>
              <p>
                <strong>{one.displayName}</strong> {verdictText(one, scene)}
              </p>
              {one.result && <Told {...one} result={one.result} scene={scene} />}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

const STATE = {
  ok: 'up',
  degraded: 'degraded',
  fail: 'down',
  unknown: 'unknown',
  blocked: 'unknown',
} as const satisfies Record<Probed['outcome'], string>

function verdictText({ result, problem }: TriedCheck, { text }: Scene): string {
  if (!result) return problem ? text.trial.reason[problem.reason](problem) : ''
  const outcome = text.trial.outcome[result.outcome]
  return result.cause === 'none' ? outcome : text.glance.pair(outcome, wordOf(text.cause, result.cause))
}

type ToldProps = Pick<TriedCheck, 'displayName' | 'agent'> & { result: Probed; scene: Scene }

function Told({ displayName, agent, result, scene }: ToldProps) {
  const { text, lang } = scene
  const { detail, latencyUs, phasesUs, hops, compared } = result
  const said = text.trial.detail(detail)
  const phases = PHASES.filter((phase) => phasesUs[phase] > 0).map((phase) =>
    text.glance.pair(text.trial.phase[phase], latencyText(phasesUs[phase], lang)),
  )
  const last = hops.at(-1)
  const address = last?.address ?? null
  return (
    <div class="note">
      {/* An agent speaks English; what has no words in the language of the page stays so. */}
      {said === detail ? <p lang="en">{detail}</p> : <p>{said}</p>}
      <p>{[text.trial.took(latencyText(latencyUs, lang)), ...phases].join(' · ')}</p>
      {compared.map((one) => (
        <p>{text.trial.compared(one)}</p>
      ))}
      <p>
        {address === null
          ? text.trial.seenFrom(agent ?? '')
          : text.trial.seenAt({ agent: agent ?? '', address, port: last?.port ?? null })}
        {last?.url !== undefined && last.url !== displayName && ` ${text.trial.ledTo(last.url)}`}
      </p>
    </div>
  )
}
