/** Reports of a contract: when they are sent, and those that were, as they were sent. Pure. */
import type { AlertPlanView, PlannedReportView } from '../../view/alerting.ts'
import type { ContractView } from '../../view/contract.ts'
import type { SentReportView } from '../../view/report.ts'
import { ContractStorey, storeyHref } from '../part/storeys.tsx'
import { Table } from '../part/table.tsx'
import { Time } from '../part/time.tsx'
import { windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { scheduleText } from '../text/schedule.ts'
import { windowName } from '../text/sentence.ts'

/** On one page; earlier ones are one step behind it. */
export const REPORTS_SHOWN = 25
const REFRESH_S = 60
const DIGEST_CHARS = 16

type Props = {
  scene: Scene
  contract: ContractView
  /** One more than are shown where there are earlier ones. */
  found: readonly SentReportView[]
  /** Null: of those who may not see whom the owner tells. */
  plan: AlertPlanView | null
}

export function ReportsStorey({ scene, contract, found, plan }: Props) {
  const words = scene.text.report.archive
  const shown = found.slice(0, REPORTS_SHOWN)
  const last = shown.at(-1)
  return (
    <ContractStorey {...{ scene, contract }} storey="reports" everyS={REFRESH_S}>
      {plan !== null && plan.reports.length > 0 && <Schedules plan={plan} scene={scene} />}
      <section class="sheet wide">
        <h2>{words.sent}</h2>
        <p class="note">{found.length === 0 ? words.none : words.intro}</p>
        {found.length > 0 && <Sent found={shown} scene={scene} />}
        {found.length > shown.length && last !== undefined && (
          <p>
            <a href={`${storeyHref(contract.name, 'reports')}?before=${last.id}`}>{words.earlier}</a>
          </p>
        )}
      </section>
    </ContractStorey>
  )
}

function Schedules({ plan, scene }: { plan: AlertPlanView; scene: Scene }) {
  const words = scene.text.report.archive
  const names = ({ webhooks }: PlannedReportView): string =>
    webhooks
      .flatMap((webhook) => plan.endpoints.find((one) => one.webhook === webhook)?.endpoint ?? [])
      .map((key) => key.slice(key.indexOf('/') + 1))
      .join(', ')
  return (
    <section class="sheet wide">
      <h2>{words.schedules}</h2>
      <Table
        label={words.schedules}
        rows={plan.reports}
        columns={[
          { head: words.report, cell: ({ id }) => id },
          { head: words.when, cell: (one) => scheduleText(one, words) },
          { head: words.of, cell: ({ of }) => words[of] },
          {
            head: words.files,
            cell: ({ forms }) => forms.map((form) => scene.text.report.formats[form]).join(', '),
          },
          { head: words.to, cell: names },
          {
            head: words.next,
            cell: ({ nextAt }) => (nextAt === null ? '–' : <Time at={nextAt} scene={scene} style="minute" />),
          },
        ]}
      />
    </section>
  )
}

function Sent({ found, scene }: { found: readonly SentReportView[]; scene: Scene }) {
  const { text } = scene
  const words = text.report.archive
  return (
    <Table
      label={words.sent}
      rows={found}
      columns={[
        { head: words.made, cell: ({ madeAt }) => <Time at={madeAt} scene={scene} style="minute" /> },
        {
          head: words.window,
          cell: (one) => (
            <div>
              <a href={windowHref(one.contract, one.window)}>{windowName(one.window, scene)}</a>
              <div class="note">
                {one.version === null ? words.provisional : words.version(String(one.version))}
                {one.side === 'provider' && scene.caller?.role !== 'provider' && `, ${words.forProvider}`}
              </div>
            </div>
          ),
        },
        { head: words.files, cell: (one) => <Files sent={one} scene={scene} /> },
        { head: words.to, cell: (one) => <Receivers sent={one} scene={scene} /> },
        {
          head: words.digest,
          look: 'note',
          cell: ({ resultSha256 }) => (
            <code class="digest" title={resultSha256}>
              {resultSha256.slice(0, DIGEST_CHARS)}…
            </code>
          ),
        },
      ]}
    />
  )
}

function Files({ sent, scene }: { sent: SentReportView; scene: Scene }) {
  const path = `/api/v1/contracts/${encodeURIComponent(sent.contract)}/reports/${sent.id}`
  const { formats } = scene.text.report
  return (
    <div>
      {sent.files.map(({ form, language, sha256 }) => (
        <div>
          <a href={`${path}.${form}?lang=${language}`} hreflang={language} title={sha256}>
            {`${formats[form]} ${language.toUpperCase()}`}
          </a>
        </div>
      ))}
    </div>
  )
}

function Receivers({ sent, scene }: { sent: SentReportView; scene: Scene }) {
  const { state: states } = scene.text.report.archive
  return (
    <div>
      {sent.sentTo.map(({ endpoint, mailbox, state, deliveredAt }) => (
        <div>
          {mailbox ?? endpoint}
          {state !== null && (
            <span class="note">
              {' '}
              {states[state]} {deliveredAt !== null && <Time at={deliveredAt} scene={scene} style="minute" />}
            </span>
          )}
        </div>
      ))}
    </div>
  )
}
