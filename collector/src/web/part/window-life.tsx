/** How far the life of a window has come: one sentence, the versions that stand, and those before it. Pure. */
import type { ClosedWindowView, WindowLifeView, WindowVersionView } from '../../view/window.ts'
import type { Scene } from '../scene.ts'
import { countText, moneyText, timeText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { Table } from './table.tsx'
import { msOf, Time } from './time.tsx'

/** Shown on one page; the API has them all. */
const MAX_WINDOWS = 60

export function windowHref(contract: string, window: string): string {
  return `/contracts/${encodeURIComponent(contract)}/windows/${encodeURIComponent(window)}`
}

export function lifeText(window: WindowLifeView, scene: Scene): string {
  const words = scene.text.life.life
  const minute = (at: string): string => timeText(msOf(at), 'minute', scene)
  if (window.provisional) {
    if (window.state === 'open') return words.open(minute(window.end))
    return words.grace(minute(window.closesAt ?? window.end))
  }
  const newest = window.versions.find(({ version }) => version === window.version)
  const at = minute(newest?.at ?? window.end)
  const since = window.version === 1 ? words.final(at) : words.amended({ version: window.version ?? 1, at })
  const until = window.amendableUntil
  const isOpen = until !== null && scene.nowMs < msOf(until)
  return `${since} ${isOpen ? words.amendable(minute(until)) : words.settled}`
}

type WindowsProps = {
  contract: string
  /** Newest first. */
  keys: readonly string[]
  closed: readonly ClosedWindowView[]
  scene: Scene
}

export function Windows({ contract, keys, closed, scene }: WindowsProps) {
  const { text } = scene
  const rows = keys
    .slice(0, MAX_WINDOWS)
    .map((key) => ({ key, closing: closed.find(({ window }) => window === key) ?? null }))
  return (
    <section class="sheet">
      <h2>{text.contract.windows}</h2>
      {rows.length === 0 && <p class="sentence">{text.life.noWindow}</p>}
      {rows.length > 0 && (
        <Table
          label={text.contract.windows}
          rows={rows}
          columns={[
            {
              head: text.life.window,
              cell: ({ key }) => <a href={windowHref(contract, key)}>{windowName(key, scene)}</a>,
            },
            {
              head: text.life.verdicts,
              cell: ({ closing }) => (closing === null ? text.life.notClosed : verdictsText(closing, scene)),
            },
            {
              head: text.life.credit,
              look: 'number',
              cell: ({ closing }) => (closing?.credit ? creditText(closing.credit, scene) : '–'),
            },
          ]}
        />
      )}
    </section>
  )
}

function creditText({ total, currency }: { total: string; currency: string }, { lang }: Scene): string {
  return moneyText({ amount: total, currency }, lang)
}

/** `Met`, or each with its count where they differ. */
export function verdictsText({ guarantees }: WindowVersionView, { text }: Scene): string {
  const counts = new Map<string, number>()
  for (const { verdict } of guarantees) {
    const word = text.verdict[verdict]
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  if (counts.size === 1) return [...counts.keys()].join('')
  return [...counts].map(([word, n]) => `${n} × ${word}`).join(', ')
}

type VersionsProps = { window: WindowLifeView; contract: string; scene: Scene }

export function Versions({ window, contract, scene }: VersionsProps) {
  const { text, lang } = scene
  return (
    <section class="sheet wide">
      <h2>{text.life.versions}</h2>
      <p class="note">{text.life.proof}</p>
      {window.versions.toReversed().map((one) => (
        <dl class="facts version-of">
          <div>
            <dt>
              <a href={`${windowHref(contract, window.key)}?version=${one.version}`}>
                {text.life.version(one.version)}
              </a>
            </dt>
            <dd>{verdictsText(one, scene)}</dd>
          </div>
          <div>
            <dt>{text.life.written}</dt>
            <dd>
              <Time at={one.at} scene={scene} style="minute" />
            </dd>
          </div>
          <div>
            <dt>{text.life.digest}</dt>
            <dd>
              <code class="digest">{one.digest}</code>
            </dd>
          </div>
          <div>
            <dt>{text.life.ledger}</dt>
            <dd>
              <code class="digest">
                {text.life.leaves({ size: countText(one.ledger.size, lang), root: one.ledger.root })}
              </code>
            </dd>
          </div>
        </dl>
      ))}
    </section>
  )
}
