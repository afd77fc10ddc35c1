/**
 * `constat alert test CONTRACT`: who would be told of what, when and why, if each service went down now. Nothing is
 * sent but with --send: then a test message to each endpoint, and what its receiver answers.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertPlanView, PlannedView } from '../view/alerting.ts'
import type { Delivery } from '../view/setup.ts'
import { durationText } from '../alert/headline.ts'
import { reportEn } from '../web/text/en-report.ts'
import { scheduleText } from '../web/text/schedule.ts'
import { openClient, type Client } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

/** A receiver has so long; what it refuses is tried again later, and not waited for. */
const ANSWER_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 250

type Flags = { send?: boolean; json?: boolean; data?: string }
type Answered = { webhook: string; state: Delivery['state']; status: number | null; error: string | null }

export async function alertTest(contract: string, flags: Flags, world: World): Promise<number> {
  const client = openClient(configOf(world, flags.data === undefined ? {} : { data: flags.data }).dataDir)
  // The collector answers what `alertPlan` says.
  const plan = (await client.get(`/contracts/${encodeURIComponent(contract)}/alerting`)) as AlertPlanView
  const answers = flags.send ? await sendAll(client, plan) : null
  if (flags.json) world.out(JSON.stringify(answers === null ? plan : { ...plan, sent: answers }))
  else for (const line of [...planLines(plan), ...answerLines(plan, answers ?? [])]) world.out(line)
  const isTold = plan.services.every(({ told }) => told.some((one) => reaches(plan, one)))
  const isAnswered = (answers ?? []).every(({ state }) => state === 'delivered')
  return isTold && isAnswered ? EXIT.done : EXIT.no
}

function reaches({ endpoints }: AlertPlanView, { webhook }: PlannedView): boolean {
  return endpoints.some((one) => one.webhook === webhook && one.problem === null)
}

export function planLines(plan: AlertPlanView): string[] {
  const { contract, services, heartbeats, paused } = plan
  const head = `${contract}: who would be told if a service went down now, ${localText(plan.at, plan)}`
  const rest = paused.map((document) => `Alerting ${document} is paused: it tells nobody.`)
  const told = services.flatMap((service) => {
    const title = `${service.displayName}${service.critical ? ' (critical)' : ''}`
    const lines = service.told.map((one) => `  ${plannedLine(plan, one)}`)
    return [
      title,
      ...(lines.length > 0 ? lines : ['  nobody: make a webhook, or apply an Alerting document']),
    ]
  })
  const beats = heartbeats.map(({ address, everyMs, lastAt, error }) => {
    const last = error ?? (lastAt === null ? 'not answered yet' : `answered ${localText(lastAt, plan)}`)
    return `Heartbeat to ${address} every ${durationText(everyMs)}: ${last}`
  })
  return [head, ...rest, ...told, ...reportLines(plan), ...beats]
}

function reportLines(plan: AlertPlanView): string[] {
  return plan.reports.flatMap(({ id, of, forms, nextAt, webhooks, ...when }) => [
    `Report ${id}, ${scheduleText(when, reportEn.archive)}, of ${of === 'closed' ? 'what became final' : 'what goes on'} (${forms.join(', ')})${nextAt === null ? '' : `; next ${localText(nextAt, plan)}`}`,
    ...webhooks.map((webhook) => `  ${receiverText(plan, { webhook })}`),
  ])
}

type Receiver = { webhook: string; because?: string; held?: string }

function receiverText({ endpoints }: AlertPlanView, { webhook, because, held = '' }: Receiver): string {
  const found = endpoints.find((one) => one.webhook === webhook)
  const who = [found?.endpoint, found?.address].filter(Boolean).join(' ')
  const how = [found?.shape ?? '?', because].filter(Boolean).join('; ')
  const problem = found?.problem ? `; NOT DELIVERABLE: ${PROBLEMS[found.problem]}` : ''
  return `${who} (${how})${held}${problem}`
}

function plannedLine(plan: AlertPlanView, planned: PlannedView): string {
  const { afterMs, everyMs, gatherMs, heldUntil, webhook, why, step } = planned
  const when = afterMs === 0 ? firstText(plan, planned) : `${durationText(afterMs)} unanswered`
  const again = everyMs === null ? '' : `, then every ${durationText(everyMs)}`
  const reasons = {
    subscription: 'made by hand',
    all: 'no routes: all are told',
    route: 'by a route',
    step: `step ${step}`,
  }
  const gathered = gatherMs === 0 ? '' : `; held ${durationText(gatherMs)} for what has the same cause`
  const quiet = heldUntil === null ? '' : `; quiet hours hold it until ${localText(heldUntil, plan)}`
  const held = gathered + quiet
  return `${when}${again}: ${receiverText(plan, { webhook, because: reasons[why], held })}`
}

function firstText({ alertAfterMs }: AlertPlanView, { type }: PlannedView): string {
  if (type === 'incident.escalated') return 'with the first message'
  if (alertAfterMs === null) return 'at once where two agents agree, else after 1 min'
  return alertAfterMs === 0 ? 'at once' : `after ${durationText(alertAfterMs)}`
}

const PROBLEMS = {
  disabled: 'its receiver answered 410; enable it again',
  paused: 'it is paused; let it go on',
  'no-mail-server': 'set CONSTAT_SMTP_URL and CONSTAT_MAIL_FROM, and start the collector again',
}

/** In the contract's own zone, which is named. */
function localText(at: string, { timeZone }: Pick<AlertPlanView, 'timeZone'>): string {
  const text = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(
    Date.parse(at),
  )
  return `${text} ${timeZone}`
}

/** One after the other: a receiver may be the same for several. */
async function sendAll(client: Client, { endpoints }: AlertPlanView): Promise<Answered[]> {
  const answers: Answered[] = []
  for (const { webhook, problem } of endpoints) {
    if (problem === 'disabled' || problem === 'paused') {
      answers.push({ webhook, state: 'disabled', status: null, error: PROBLEMS[problem] })
      continue
    }
    // The collector answers what `delivery` says.
    const { id } = (await client.post(`/webhooks/${webhook}/test`, '')) as Delivery
    answers.push(await answerOf(client, { webhook, id }))
  }
  return answers
}

async function answerOf(client: Client, { webhook, id }: { webhook: string; id: string }): Promise<Answered> {
  let found: Delivery | undefined
  for (let waitedMs = 0; waitedMs < ANSWER_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    const page = (await client.get(`/webhooks/${webhook}/deliveries?limit=10`)) as { items: Delivery[] }
    found = page.items.find((one) => one.id === id)
    if (found && found.attempts > 0) break
    await sleep(LOOK_EVERY_MS)
  }
  return {
    webhook,
    state: found?.state ?? 'pending',
    status: found?.lastStatus ?? null,
    error: found?.lastError ?? null,
  }
}

function answerLines({ endpoints }: AlertPlanView, answers: readonly Answered[]): string[] {
  return answers.map(({ webhook, state, status, error }) => {
    const endpoint = endpoints.find((one) => one.webhook === webhook)
    const who = endpoint?.endpoint ?? endpoint?.address ?? webhook
    const said = [status, error].filter((part) => part !== null).join(' ') || 'no answer yet'
    return `${state === 'delivered' ? 'delivered' : 'NOT DELIVERED'} to ${who}: ${said}`
  })
}
