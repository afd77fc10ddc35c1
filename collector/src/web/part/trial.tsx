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
              {one.result && <Told result={one.result} agent={one.agent ?? ''} scene={scene} />}
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

function Told({ result, agent, scene }: { result: Probed; agent: string; scene: Scene }) {
  const { text, lang } = scene
  const { detail, latencyUs, phasesUs, hops } = result
  const phases = PHASES.filter((phase) => phasesUs[phase] > 0).map((phase) =>
    text.glance.pair(text.trial.phase[phase], latencyText(phasesUs[phase], lang)),
  )
  const last = hops.at(-1)
  const asked = last?.url ?? last?.host
  const at = [last?.address ?? null, last?.port ?? null].filter((part) => part !== null).join(' · ')
  return (
    <div class="note">
      {/* The probe speaks English. */}
      <p lang="en">{detail}</p>
      <p>{[text.trial.took(latencyText(latencyUs, lang)), ...phases].join(' · ')}</p>
      <p>
        {text.trial.seenFrom(agent)}
        {asked !== undefined && ` ${text.trial.asked({ asked, at })}`}
      </p>
    </div>
  )
}
