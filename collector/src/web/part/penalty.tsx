/** Parts of a penalty: where it stands as a stamp, until when, and what was done, step by step. Pure. */
import type { Child } from 'hono/jsx'
import type { PenaltyStatus } from '@constat/sla/credit/penalty'
import type { PenaltyView } from '../../view/penalty.ts'
import type { Scene } from '../scene.ts'
import { moneyText } from '../text/format.ts'
import { wordOf } from '../text/words.ts'
import { Stamp } from './mark.tsx'
import { partyOf } from './names.ts'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

type Of = { penalty: PenaltyView; scene: Scene }

/** Of a sum, not of a side: an open one wants somebody's attention, whoever it is for. */
const TONES: Readonly<Record<PenaltyStatus, 'good' | 'warn' | 'calm'>> = {
  theoretical: 'warn',
  notified: 'warn',
  accepted: 'warn',
  'accepted-in-part': 'warn',
  disputed: 'warn',
  decided: 'warn',
  settled: 'good',
  withdrawn: 'calm',
}

export function penaltyHref({ contract, window }: { contract: string; window: string }): string {
  return `/contracts/${encodeURIComponent(contract)}/penalties/${encodeURIComponent(window)}`
}

export function PenaltyStamp({ status, scene }: { status: PenaltyStatus; scene: Scene }) {
  return <Stamp tone={TONES[status]}>{scene.text.penalty.short[status]}</Stamp>
}

/** `1,800.00 EUR`, or a dash. */
export function sumText(amount: string | null, { currency }: PenaltyView, { lang }: Scene): string {
  return amount === null ? '–' : moneyText({ amount, currency }, lang)
}

type Due = { what: 'claim' | 'provider-answer'; at: string }

/** "To be claimed before 5 Dec 2026, 00:00". */
export function Deadline({ due, scene }: { due: Due; scene: Scene }): Child {
  const [before, after] = scene.text.penalty.deadline[due.what]('\u0000').split('\u0000')
  return (
    <span>
      {before}
      <Time at={due.at} scene={scene} style="minute" />
      {after}
    </span>
  )
}

export function Steps({ penalty, scene }: Of) {
  const { penalty: words } = scene.text
  if (penalty.steps.length === 0) return null
  const terms = scene.termsOf(penalty.contract)
  return (
    <section class="sheet">
      <h2>{words.steps}</h2>
      <Table
        label={words.steps}
        rows={penalty.steps}
        columns={[
          {
            head: words.when,
            cell: ({ doneAt, recordedAt }) => (
              <>
                <Time at={doneAt} scene={scene} style="minute" />
                {doneAt !== recordedAt && <Recorded at={recordedAt} scene={scene} />}
              </>
            ),
          },
          { head: words.who, cell: ({ by }) => partyOf(terms, by)?.name ?? by },
          {
            head: words.what,
            cell: ({ act, how }) =>
              how === null ? words.did[act] : `${words.did[act]} (${wordOf(words.how, how)})`,
          },
          { head: words.amount, look: 'number', cell: ({ amount }) => sumText(amount, penalty, scene) },
          { head: words.words, cell: ({ note }) => note ?? '–' },
        ]}
      />
    </section>
  )
}

function Recorded({ at, scene }: { at: string; scene: Scene }) {
  const [before, after] = scene.text.penalty.recorded('\u0000').split('\u0000')
  return (
    <small>
      {' '}
      ({before}
      <Time at={at} scene={scene} style="minute" />
      {after})
    </small>
  )
}
