/** What a contract comes to in one row: verdicts, the tightest budget, money, the next deadline, what a claim lacks. Pure. */
import type { ContractView } from '../../view/contract.ts'
import type { GuaranteeView, ViewOf } from '../../view/guarantee.ts'
import type { WindowLifeView } from '../../view/window.ts'
import { Budget, type Down } from '../metric/downtime.tsx'
import type { Scene } from '../scene.ts'
import { countText, moneyText } from '../text/format.ts'
import { Fact } from './fact.tsx'
import { STANDINGS, standingOf, standingText } from './guarantee-table.tsx'
import { guaranteeName } from './names.ts'
import { Deadline, penaltyHref } from './penalty.tsx'
import { storeyHref } from './storeys.tsx'
import { Time } from './time.tsx'
import { windowHref } from './window-life.tsx'

type Props = { contract: ContractView; window: WindowLifeView | null; scene: Scene }

export function ContractGlance({ contract, window, scene }: Props) {
  const { text, lang } = scene
  const words = text.contract
  const { claimable, lacks } = contract.readiness
  const credits = window?.credits ?? null
  const tightest = window === null ? null : tightestOf(window.guarantees)
  return (
    <dl class="facts glance" aria-label={words.glance}>
      {window !== null && <Fact term={words.verdicts}>{verdictsText(window.guarantees, scene)}</Fact>}
      {tightest !== null && (
        <Fact term={text.glance.pair(text.figure.budget, guaranteeName(tightest, scene))}>
          <Budget guarantee={tightest} scene={scene} />
        </Fact>
      )}
      {window !== null && credits !== null && (
        <Fact term={words.worth}>
          <a href={`${windowHref(contract.name, window.key)}#worth`}>
            {moneyText({ amount: credits.total, currency: credits.currency }, lang)}
          </a>
        </Fact>
      )}
      {contract.nextDeadline ? (
        <Fact term={text.penalty.next}>
          <a href={penaltyHref({ contract: contract.name, window: contract.nextDeadline.window })}>
            <Deadline due={contract.nextDeadline} scene={scene} />
          </a>
        </Fact>
      ) : (
        // By when the customer has to claim is the customer's own business.
        credits?.claim?.deadlineAt && (
          <Fact term={words.claimBy}>
            <Time at={credits.claim.deadlineAt} scene={scene} style="minute" />
          </Fact>
        )
      )}
      <Fact term={words.claimable}>
        <a href={storeyHref(contract.name, 'evidence')}>
          {claimable ? words.claimableNow : words.lacking(lacks.length)}
        </a>
      </Fact>
      <Fact term={words.incidents}>
        <a href="/incidents">{words.openIncidents(contract.openIncidents)}</a>
      </Fact>
    </dl>
  )
}

function verdictsText(guarantees: readonly GuaranteeView[], scene: Scene): string {
  const counts = STANDINGS.map((standing) => ({
    word: standingText(standing, scene),
    n: guarantees.filter((one) => standingOf(one) === standing).length,
  }))
  return counts
    .filter(({ n }) => n > 0)
    .map(({ n, word }) =>
      scene.text.contract.counted({ n: countText(n, scene.lang), word }).replaceAll(' ', '\u00a0'),
    )
    .join(', ')
}

function hasBudget(guarantee: GuaranteeView): guarantee is ViewOf<Down> {
  return 'budget' in guarantee
}

function tightestOf(guarantees: readonly GuaranteeView[]): ViewOf<Down> | null {
  return guarantees.filter(hasBudget).toSorted((a, b) => a.budget.leftMs - b.budget.leftMs)[0] ?? null
}
