/**
 * Preview: what the form's contract says in plain words, the document itself, and every value it expands
 * to. What was typed travels along, so that going back loses nothing. Pure.
 */
import { budgetOf } from '@constat/sla/budget'
import { serviceIntervals, tableOf } from '@constat/sla/calendar'
import type { SmallContract } from '@constat/sla/contract/compose'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { explain } from '@constat/sla/contract/explain'
import { windowAt } from '@constat/sla/period'
import { totalMs } from '@constat/shared/time'
import type { ContractForm } from '../form/contract-form.ts'
import { FORM_PATH } from '../part/field.tsx'
import { Layout, SetupTabs } from '../part/layout.tsx'
import type { Scene } from '../scene.ts'
import { decimalText, durationText, moneyText, percentText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { listText } from '../text/words.ts'
import { CopyBlock } from './agents.tsx'

type Props = {
  scene: Scene
  form: ContractForm
  contract: SmallContract
  terms: ExpandedContract
  document: string
}

export function ContractPreview(props: Props) {
  const { scene, contract, terms, document } = props
  const words = scene.text.first
  return (
    <Layout scene={scene} title={words.previewTitle} door="setup">
      <SetupTabs scene={scene} current="contract" />
      <header class="lead">
        <h1>{contract.displayName}</h1>
        <p class="sentence">
          {words.previewTitle}. {words.previewLead}
        </p>
      </header>
      <section class="sheet">
        <h2>{words.says}</h2>
        <ul class="says">
          {sayings(props).map((saying) => (
            <li>{saying}</li>
          ))}
        </ul>
        <Decide {...props} />
      </section>
      <section class="sheet">
        <h2>{words.document}</h2>
        <p class="note">{words.documentHint}</p>
        <CopyBlock scene={scene}>{document}</CopyBlock>
        <details>
          <summary>{words.everything}</summary>
          <pre>{explain(terms).join('\n')}</pre>
        </details>
      </section>
    </Layout>
  )
}

/** What was typed, hidden; applied as it stands, or taken back to the form. */
function Decide({ scene, form }: Props) {
  const words = scene.text.first
  const { days, ...single } = form
  return (
    <form method="post" action={FORM_PATH} class="deed">
      {Object.entries(single).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {days.map((day) => (
        <input type="hidden" name="days" value={day} />
      ))}
      <button class="primary" name="step" value="apply">
        {words.apply}
      </button>
      <button name="step" value="change">
        {words.change}
      </button>
    </form>
  )
}

/** Addresses named one by one; more are counted. */
const MAX_NAMED = 4

function sayings(props: Props): string[] {
  const { scene, contract, terms } = props
  const { text, lang } = scene
  const { say } = text.first
  const check = terms.checks[0]
  const named = contract.watch.slice(0, MAX_NAMED)
  const rest = contract.watch.length - named.length
  const addresses = listText(rest > 0 ? [...named, text.sentence.more(rest)] : named, text)
  const target = percentText(contract.target, lang)
  return [
    say.promised({ provider: contract.provider, target }),
    ...hoursSayings(props),
    allowedSaying(props),
    check ? say.watched({ addresses, every: durationText(check.spec.intervalMs, lang) }) : '',
    check ? say.confirmed(check.fold.confirm.down) : '',
    contract.monthlyFee === null ? say.noFee : say.fee(moneyText(contract.monthlyFee, lang)),
    say.from,
    say.unilateral,
  ].filter((saying) => saying !== '')
}

function hoursSayings({ scene: { text }, contract: { hours, timeZone } }: Props): string[] {
  const { say, day } = text.first
  if (hours === null) return [say.always(timeZone)]
  const days = listText(
    hours.days.map((one) => day[one]),
    text,
  )
  const years = listText(hours.years.map(String), text)
  const { start: from, end: to, holidays } = hours
  return [
    say.hours({ days, from, to, zone: timeZone }),
    holidays.length === 0
      ? say.noHolidays
      : say.holidays({ count: holidays.length, years, next: (hours.years.at(-1) ?? 0) + 1 }),
  ]
}

/** The exact allowance of the month that is open now, taken whole. */
function allowedSaying({ scene, contract, terms }: Props): string {
  const guarantee = terms.guarantees[0]
  const calendar = guarantee && terms.calendars[guarantee.calendar]
  if (!calendar) return ''
  const window = windowAt(
    { ...guarantee.window, table: tableOf(terms.zoneTables, guarantee.window.timeZone) },
    scene.nowMs,
  )
  const committedMs = totalMs(serviceIntervals(calendar, terms.zoneTables, window))
  const { allowedMs } = budgetOf({ committedMs, target: contract.target, spentMs: 0 })
  return scene.text.first.say.allowed({
    month: windowName(window.key, scene),
    committed: hoursText(committedMs, scene.lang),
    allowed: durationText(allowedMs, scene.lang),
  })
}

const HOUR_MS = 3_600_000

/** Service time is counted in hours by those who sign for it; what is left over follows in minutes. */
function hoursText(ms: number, lang: Scene['lang']): string {
  const rest = ms % HOUR_MS
  const hours = `${decimalText(String(Math.trunc(ms / HOUR_MS)), lang)}\u00a0h`
  return rest === 0 ? hours : `${hours}\u00a0${durationText(rest, lang)}`
}
