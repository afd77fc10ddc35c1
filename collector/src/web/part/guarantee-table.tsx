/**
 * Guarantees as rows, worst first: what was promised, what was measured, how it came out before. The form of both
 * parties is folded in each row. Found by text and verdict, a page at a time, so that 1,000 are as quick as ten. Pure.
 */
import type { GuaranteeView } from '../../view/guarantee.ts'
import type { ClosedWindowView } from '../../view/window.ts'
import { contractHref } from '../page/contracts.tsx'
import { partOf } from '../metric/table.ts'
import type { Scene } from '../scene.ts'
import { countText } from '../text/format.ts'
import { Figures } from './figures.tsx'
import { GuaranteeRow } from './guarantee.tsx'
import { VerdictStamp } from './mark.tsx'
import { guaranteeName } from './names.ts'
import { Strip } from './strip.tsx'
import { rankOf, worstFirst } from './worst.ts'

export const STANDINGS = ['not_met', 'at_risk', 'indeterminate', 'on_track', 'met'] as const
export type Standing = (typeof STANDINGS)[number]

/** What is asked of the list; empty and null: everything. `page` from 0. */
export type Found = { text: string; standing: Standing | null; page: number }

type Props = {
  contract: string
  /** Of the window that is looked at. */
  window: string
  guarantees: readonly GuaranteeView[]
  closed: readonly ClosedWindowView[]
  found: Found
  scene: Scene
}

const ROWS = 25
/** So few are looked at whole. */
const MAX_UNFOLDED = 2
/** From here on somebody has to search. */
const LEAST_SEARCHED = 8

export function standingOf(guarantee: GuaranteeView): Standing {
  return STANDINGS[rankOf(guarantee)]!
}

export function standingText(standing: Standing, { text }: Scene): string {
  return standing === 'at_risk' || standing === 'on_track' ? text.outlook[standing] : text.verdict[standing]
}

export function GuaranteeTable(props: Props) {
  const { guarantees, scene, found } = props
  const words = scene.text.contract
  const fitting = worstFirst(guarantees.filter((one) => fits(one, found, scene)))
  const last = Math.max(0, Math.ceil(fitting.length / ROWS) - 1)
  const page = Math.min(found.page, last)
  const shown = fitting.slice(page * ROWS, (page + 1) * ROWS)
  return (
    <>
      {guarantees.length >= LEAST_SEARCHED && <Search {...props} />}
      {shown.length === 0 && <p class="sentence">{words.noneFound}</p>}
      {shown.length > 0 && (
        <div class="rows">
          <p class="row-head" aria-hidden="true">
            <span>{words.guarantee}</span>
            <span>{scene.text.figure.promised}</span>
            <span>{scene.text.figure.measured}</span>
            <span>{words.history}</span>
            <span>{scene.text.figure.verdict}</span>
          </p>
          {shown.map((guarantee) => (
            <Row guarantee={guarantee} isOpen={guarantees.length <= MAX_UNFOLDED} {...props} />
          ))}
        </div>
      )}
      {last > 0 && <Pages {...props} page={page} last={last} count={fitting.length} />}
    </>
  )
}

function fits(guarantee: GuaranteeView, { text, standing }: Found, scene: Scene): boolean {
  if (standing !== null && standingOf(guarantee) !== standing) return false
  const said = [
    guaranteeName(guarantee, scene),
    guarantee.guarantee,
    guarantee.service,
    guarantee.clause ?? '',
  ]
  return said.join('\n').toLowerCase().includes(text.toLowerCase())
}

type RowProps = Props & { guarantee: GuaranteeView; isOpen: boolean }

function Row({ guarantee: g, isOpen, closed, scene }: RowProps) {
  const part = partOf(g.metric)
  return (
    <details class="row" id={`guarantee-${g.guarantee}`} open={isOpen}>
      <summary>
        <span class="row-name">
          <b>{guaranteeName(g, scene)}</b>
          {g.clause !== null && <small> {scene.text.figure.clause(g.clause)}</small>}
        </span>
        <span>{part.promised(g, scene)}</span>
        <span>{part.line(g, { guarantee: g, scene }).measured}</span>
        <Strip guarantee={g.guarantee} closed={closed} scene={scene} />
        <VerdictStamp guarantee={g} scene={scene} />
      </summary>
      <div class="form">
        <GuaranteeRow guarantee={g} scene={scene} />
        <Figures guarantee={g} scene={scene} />
      </div>
    </details>
  )
}

function hrefOf({ contract, window }: Props, { text, standing, page }: Found): string {
  const query = new URLSearchParams({ window })
  if (text !== '') query.set('find', text)
  if (standing !== null) query.set('verdict', standing)
  if (page > 0) query.set('page', String(page + 1))
  return `${contractHref(contract)}?${query.toString()}`
}

function Search(props: Props) {
  const { contract, window, guarantees, found, scene } = props
  const words = scene.text.contract
  const counts = STANDINGS.map((standing) => ({
    standing,
    n: guarantees.filter((one) => standingOf(one) === standing).length,
  }))
  const choices = [
    { standing: null, label: `${words.any} (${countText(guarantees.length, scene.lang)})` },
    ...counts
      .filter(({ n }) => n > 0)
      .map(({ standing, n }) => ({
        standing,
        label: `${standingText(standing, scene)} (${countText(n, scene.lang)})`,
      })),
  ]
  return (
    <div class="search">
      <nav class="ranges" aria-label={words.verdicts}>
        {choices.map(({ standing, label }) => (
          <a
            href={hrefOf(props, { ...found, standing, page: 0 })}
            {...(standing === found.standing && { 'aria-current': 'true' })}
          >
            {label}
          </a>
        ))}
      </nav>
      <form method="get" action={contractHref(contract)} role="search">
        <input type="hidden" name="window" value={window} />
        {found.standing !== null && <input type="hidden" name="verdict" value={found.standing} />}
        <input type="search" name="find" value={found.text} maxlength={100} aria-label={words.find} />
        <button>{words.findAction}</button>
      </form>
    </div>
  )
}

type PagesProps = Props & { page: number; last: number; count: number }

function Pages(props: PagesProps) {
  const { page, last, count, found, scene } = props
  const words = scene.text.contract
  const number = (n: number): string => countText(n, scene.lang)
  return (
    <nav class="paging" aria-label={words.pages}>
      {page > 0 && <a href={hrefOf(props, { ...found, page: page - 1 })}>{words.before}</a>}
      <span class="note">
        {words.shown({
          from: number(page * ROWS + 1),
          to: number(Math.min(count, (page + 1) * ROWS)),
          of: number(count),
        })}
      </span>
      {page < last && <a href={hrefOf(props, { ...found, page: page + 1 })}>{words.after}</a>}
    </nav>
  )
}
