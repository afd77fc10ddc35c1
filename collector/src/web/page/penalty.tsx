/** The penalty of one window: where it stands, what it is made of, what was done, and what may be done next. Pure. */
import { EVENT_TYPES } from '../../alert/types.ts'
import { may } from '../../http/scope.ts'
import type { ContractView } from '../../view/contract.ts'
import type { CreditsView } from '../../view/credit.ts'
import type { PenaltyView } from '../../view/penalty.ts'
import { CreditLines } from '../part/credits.tsx'
import { Fact } from '../part/fact.tsx'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { PenaltyForms } from '../part/penalty-forms.tsx'
import { Deadline, penaltyHref, PenaltyStamp, Steps, sumText } from '../part/penalty.tsx'
import { Time } from '../part/time.tsx'
import { windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { LANGS } from '../text/words.ts'
import { windowName } from '../text/sentence.ts'
import { contractHref } from './contracts.tsx'

type Props = {
  scene: Scene
  contract: ContractView
  penalty: PenaltyView
  /** Of the version that is claimed. */
  credits: CreditsView | null
  /** Why a step was just refused. */
  problems: readonly string[]
}

export function Penalty({ scene, contract, penalty, credits, problems }: Props) {
  const { text } = scene
  const words = text.penalty
  const window = windowName(penalty.window, scene)
  return (
    <Layout scene={scene} title={`${contract.displayName}, ${window}`} door="claims">
      <LiveRegion id="penalty" events={EVENT_TYPES} from={penaltyHref(penalty)}>
        <header class="lead">
          <p class="crumbs">
            <a href="/claims">{words.title}</a> /{' '}
            <a href={contractHref(contract.name)}>{contract.displayName}</a>
          </p>
          <h1>{window}</h1>
          <p class="marks">
            <PenaltyStamp status={penalty.status} scene={scene} />
            <span class="note">{contract.provider}</span>
          </p>
          {problems.map((problem) => (
            <p class="problem" role="alert">
              {problem}
            </p>
          ))}
        </header>
        <Standing penalty={penalty} scene={scene} />
      </LiveRegion>
      <PenaltyForms penalty={penalty} scene={scene} />
      <Steps penalty={penalty} scene={scene} />
      {credits !== null && (
        <section class="sheet wide">
          <h2>{words.credit}</h2>
          <CreditLines contract={contract.name} credits={credits} scene={scene} />
          <p>
            <a href={windowHref(contract.name, penalty.window)}>{window}</a>
          </p>
        </section>
      )}
      <Pack penalty={penalty} scene={scene} />
    </Layout>
  )
}

function Standing({ penalty: p, scene }: { penalty: PenaltyView; scene: Scene }) {
  const { penalty: words } = scene.text
  // By when the customer has to claim is the customer's own business.
  const isTheirs = scene.caller?.role === 'provider' && p.notifiedAt === null
  const sums = [
    [words.theoretical, p.theoretical],
    [words.notified, p.notified],
    [words.accepted, p.accepted],
    [words.decided, p.decided],
    [words.settled, p.settled],
    [words.open, p.open],
  ] as const
  return (
    <section class="sheet">
      <p class="figure">{sumText(p.settled ?? p.notified ?? p.theoretical, p, scene)}</p>
      <p class="sentence">
        {p.bySilence === null
          ? words.says[p.status]
          : words.bySilence[p.bySilence.means](p.bySilence.clause ?? '–')}
      </p>
      {p.nextDeadline && (
        <p>
          <Deadline due={p.nextDeadline} scene={scene} />
        </p>
      )}
      {p.uncounted !== null && <p class="note">{p.uncounted}</p>}
      {p.late && <p class="note">{words.late}</p>}
      {p.citedVersion !== null && p.citedVersion !== p.newestVersion && (
        <p class="note">{words.newer({ cited: p.citedVersion, newest: p.newestVersion })}</p>
      )}
      <dl class="facts">
        {sums
          .filter(([, amount]) => amount !== null && p.notified !== null)
          .map(([term, amount]) => (
            <Fact term={term}>{sumText(amount, p, scene)}</Fact>
          ))}
        {p.notifiedAt !== null && (
          <Fact term={words.notifiedAt}>
            <Time at={p.notifiedAt} scene={scene} style="minute" />
          </Fact>
        )}
        {p.nextDeadline?.what !== 'claim' && !isTheirs && (
          <Fact term={words.claimUntil}>
            {p.claimUntil === null ? words.noTerm : <Time at={p.claimUntil} scene={scene} style="minute" />}
          </Fact>
        )}
        {p.notifiedAt !== null && p.nextDeadline?.what !== 'provider-answer' && (
          <Fact term={words.answerUntil}>
            {p.answerUntil === null ? words.noTerm : <Time at={p.answerUntil} scene={scene} style="minute" />}
          </Fact>
        )}
      </dl>
    </section>
  )
}

/** What a claim takes is the customer's to send. */
function Pack({ penalty, scene }: { penalty: PenaltyView; scene: Scene }) {
  const { penalty: words } = scene.text
  if (scene.caller === null || !may(scene.caller, 'claim')) return null
  const file = `/api/v1/contracts/${encodeURIComponent(penalty.contract)}/claims/${encodeURIComponent(penalty.window)}.zip`
  return (
    <section class="sheet">
      <h2>{words.pack}</h2>
      <p>{words.packText}</p>
      <p>
        {LANGS.map((lang, at) => (
          <>
            {at > 0 && ' · '}
            <a href={`${file}?lang=${lang}`} download>
              {words.packIn[lang]}
            </a>
          </>
        ))}
      </p>
    </section>
  )
}
