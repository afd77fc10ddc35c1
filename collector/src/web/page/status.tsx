/**
 * Status: what the customer's own users are told, in plain words, and one button. Nothing about money, who answers,
 * agents or addresses. Works without script, on a phone first. Pure.
 */
import { MAX_REPORT_CHARS } from '../../http/limits.ts'
import type { ServiceStatus } from '../../view/remark.ts'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { StateIcon } from '../part/mark.tsx'
import { msOf, since, TimeSpan } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { timeText } from '../text/format.ts'

type Props = {
  scene: Scene
  services: readonly ServiceStatus[]
  /** Where the button sends; null: whoever looks has none. */
  reportTo: string | null
  /** Just said. */
  noted: { service: string; contract: string; atMs: number } | null
}

const REFRESH_S = 30

export function Status({ scene, services, reportTo, noted }: Props) {
  const { status: text } = scene.text
  const of = noted && services.find((one) => one.service === noted.service && one.contract === noted.contract)
  return (
    <Layout scene={scene} title={text.title} {...(scene.caller && { door: 'now' as const })}>
      <LiveRegion id="status" events={[]} everyS={REFRESH_S}>
        <header class="lead">
          <h1>{text.title}</h1>
          <p class="sentence">{text.lead}</p>
          {noted && of && (
            <p class="notice" role="status">
              {text.noted({
                service: of.name,
                at: timeText(noted.atMs, 'clock', scene),
                others: Math.max(0, of.reports - 1),
              })}
            </p>
          )}
        </header>
        {services.length === 0 && <p class="sentence">{text.none}</p>}
        {services.map((one, place) => (
          <Service service={one} place={place} scene={scene} reportTo={reportTo} />
        ))}
      </LiveRegion>
    </Layout>
  )
}

type Of = { service: ServiceStatus; place: number; scene: Scene; reportTo: string | null }

function Service({ service, place, scene, reportTo }: Of) {
  const { status: text } = scene.text
  const { state, since: at, acknowledged, planned, reports } = service
  const isBad = state === 'down' || state === 'partial'
  return (
    <article class={`sheet contract is-${state}`}>
      <h2 class="plain">{service.name}</h2>
      <p class="marks">
        <span class={`mark is-${state}`}>
          <StateIcon state={state} />
          <span>{text.state[state]}</span>
        </span>
        {state !== 'up' && at !== null && <span>{text.sinceAt(since(at, scene))}</span>}
      </p>
      {isBad && acknowledged && <p>{text.inHand}</p>}
      {planned && (
        <p>
          {msOf(planned.start) <= scene.nowMs ? text.plannedNow : text.planned}{' '}
          <TimeSpan from={planned.start} to={planned.end} scene={scene} />
        </p>
      )}
      {reports > 0 && <p class="note">{text.reports(reports)}</p>}
      {reportTo !== null && <Fails service={service} place={place} scene={scene} to={reportTo} />}
    </article>
  )
}

function Fails({ service, place, scene, to }: Omit<Of, 'reportTo'> & { to: string }) {
  const { status: text } = scene.text
  const id = `what-${place}`
  return (
    <form method="post" action={to} class="stack">
      <input type="hidden" name="service" value={service.service} />
      <input type="hidden" name="contract" value={service.contract} />
      <button aria-label={text.failsFor(service.name)}>{text.fails}</button>
      <details id={`fails-${place}`}>
        <summary>{text.add}</summary>
        <label for={id}>{text.what}</label>
        <textarea id={id} name="text" rows={2} maxlength={MAX_REPORT_CHARS} />
      </details>
    </form>
  )
}
