/**
 * The terms at a glance: who promised what to whom, when it counts, what decides, and each clause that the
 * judgement rests on. Pure.
 */
import { WEEKDAYS } from '../form/contract-form.ts'
import type { CalendarTerms } from '@constat/sla/contract/calendar-terms'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { Scene } from '../scene.ts'
import { moneyText } from '../text/format.ts'
import { listText } from '../text/words.ts'
import { partyOf, serviceName } from './names.ts'

type Props = { terms: ExpandedContract; scene: Scene }

export function TermsGlance({ terms, scene }: Props) {
  const { glance } = scene.text
  return (
    <section class="sheet wide">
      <h2>{glance.title}</h2>
      <dl class="facts">
        {factsOf({ terms, scene }).map(([term, said]) => (
          <div>
            <dt>{term}</dt>
            <dd>{said}</dd>
          </div>
        ))}
      </dl>
      {terms.clauses.length > 0 && (
        <details id="clauses">
          <summary>
            {glance.clauses} ({terms.clauses.length})
          </summary>
          <dl class="clauses">
            {terms.clauses.map(({ id, title, text }) => (
              <div>
                <dt>
                  {id} · {title}
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  )
}

function factsOf({ terms, scene }: Props): [string, string][] {
  const { glance } = scene.text
  const customer = terms.parties.find(({ role }) => role === 'customer')
  const periods = new Set(
    terms.guarantees.map(({ window }) => `${glance.period[window.period]} (${window.timeZone})`),
  )
  const calendars = new Set(terms.guarantees.map(({ calendar }) => calendar))
  const hours = [...calendars].flatMap((name) => {
    const calendar = terms.calendars[name]
    return calendar ? [hoursText(calendar, scene)] : []
  })
  const { quorum, bindingFigure } = terms.measurement
  return [
    [glance.promisedBy, partyOf(terms, terms.provider)?.name ?? terms.provider],
    [glance.promisedTo, customer?.name ?? ''],
    [glance.hours, hours.join('; ')],
    [glance.windows, [...periods].join(', ')],
    [glance.binding, glance.bindingFigure[bindingFigure]],
    [glance.quorum, quorum.kind === 'fixed' ? glance.quorumFixed(quorum.down) : glance.quorumDefault],
    [glance.fee, feeText({ terms, scene })],
  ]
}

export function hoursText(calendar: CalendarTerms, scene: Scene): string {
  const { glance, first } = scene.text
  if (calendar.kind === 'always') return glance.always
  const slots = calendar.weekly.map(({ days, start: from, end: to }) =>
    glance.hoursOn({
      days: daysText(
        days.map((day) => WEEKDAYS.indexOf(day)),
        first.day,
      ),
      from,
      to,
      zone: calendar.timeZone,
    }),
  )
  const { holidays, yearsCovered } = calendar
  if (holidays.length === 0) return slots.join('; ')
  const years = yearsCovered === 'all' ? '' : listText(yearsCovered.map(String), scene.text)
  return `${slots.join('; ')}, ${glance.holidays({ count: holidays.length, years })}`
}

/** "Monday – Friday" where the days follow each other, else each by name. */
function daysText(days: readonly number[], names: Scene['text']['first']['day']): string {
  const sorted = days.toSorted((a, b) => a - b)
  const said = sorted.map((day) => names[WEEKDAYS[day] ?? 'MO'])
  const isRun = sorted.length > 2 && sorted.every((day, at) => day === (sorted[0] ?? 0) + at)
  return isRun ? `${said[0]} – ${said.at(-1)}` : said.join(', ')
}

function feeText({ terms, scene }: Props): string {
  const { charges } = terms
  if (charges === null) return scene.text.glance.noFee
  const { currency } = charges
  return charges.monthly
    .map(({ service, amount }) => {
      const money = moneyText({ amount, currency }, scene.lang)
      return service === null ? money : `${serviceName({ contract: terms.name, service }, scene)} ${money}`
    })
    .join(', ')
}
