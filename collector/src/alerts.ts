/**
 * Alerts: what leaves the collector, put together: deliveries in the words of their readers, letters by the operator's
 * mail server, heartbeats, and the key of links that acknowledge. Not pure.
 */
import type { Clock } from '@constat/shared/time'
import type { EventBus } from './alert/bus.ts'
import { Delivering } from './alert/deliver.ts'
import { Heartbeats } from './alert/heartbeat.ts'
import { isGoodLink } from './alert/link.ts'
import type { CollectorConfig } from './config.ts'
import { windowGroups } from '@constat/sla/state/in-force'
import { openLinkKey } from './db/link-key.ts'
import type { OpenDatabase } from './db/open.ts'
import type { AppDeps } from './http/actions.ts'
import { openMailer } from './message/mailer.ts'
import { openSpeech } from './message/speech.ts'
import { sentBodies } from './db/sent-reports.ts'
import { asProvider } from './http/scope.ts'
import { ReportSchedules, type ScheduleDeps } from './report/schedules.ts'
import type { Pipeline, PipelineDeps } from './pipeline.ts'
import type { Log, Random } from './shell.ts'

export type AlertsDeps = {
  config: Pick<CollectorConfig, 'allowPrivate' | 'language' | 'mail'>
  database: Pick<OpenDatabase, 'sql'>
  bus: EventBus
  clock: Clock
  random: Random
  log: Log
  publicUrl: string
  /** Heartbeats are sent. */
  isWell: () => boolean
  /** Events were written beside the line. */
  told: () => void
}

export type Alerts = {
  /** What the line shows of them. */
  shown: NonNullable<PipelineDeps['alerts']>
  links: AppDeps['links']
  /** Sends what the line tells, from now on. */
  start(pipeline: Pipeline): Promise<void>
  stop(): Promise<void>
}

export async function openAlerts(deps: AlertsDeps): Promise<Alerts> {
  const { config, database, bus, clock, random, log, publicUrl, isWell, told } = deps
  const { sql: db } = database
  const { allowPrivate, language } = config
  const linkKey = await openLinkKey(db, random)
  const mailer = config.mail && openMailer(config.mail)
  const heartbeats = new Heartbeats({ db, clock, log, allowPrivate, isWell })
  const nowMs = () => clock.nowMs()
  let schedules: ReportSchedules | null = null
  let stopDelivery = () => Promise.resolve()
  return {
    shown: { canMail: mailer !== null, heartbeats: (contract) => heartbeats.of(contract) },
    links: { isGood: (link) => isGoodLink(link, { key: linkKey, nowMs: nowMs() }) },
    async start(pipeline) {
      const { model, delivered } = pipeline
      const termsOf = (contract: string) => model.terms(contract)
      const filesOf = (report: string, lang: typeof language) => sentBodies(db, { report, lang })
      const speech = openSpeech({ termsOf, nowMs, language, publicUrl, linkKey, mailer, filesOf })
      const delivering = new Delivering({ sql: db, clock, random, log, allowPrivate, delivered, ...speech })
      const unsubscribe = bus.subscribe(delivering.wake)
      stopDelivery = () => (unsubscribe(), delivering.stop())
      heartbeats.start()
      schedules = schedulesOf(pipeline, { db, nowMs, random, log, publicUrl, language, told })
      schedules.start()
    },
    async stop() {
      await schedules?.stop()
      await heartbeats.stop()
      await stopDelivery()
      mailer?.close()
    },
  }
}

/** Whoever the schedule speaks for is a caller of its own, which waits for its turn like any other. */
const SCHEDULE = { key: 'schedule', role: 'viewer' } as const

export function schedulesOf(
  { model, contracts, callers }: Pick<Pipeline, 'model' | 'contracts' | 'callers'>,
  given: Omit<ScheduleDeps, 'readFor' | 'goingOn' | 'print'>,
): ReportSchedules {
  return new ReportSchedules({
    ...given,
    readFor: (side, contract) => (side === 'customer' ? model : asProvider(model, contract)),
    goingOn: (contract, atMs) => {
      const state = contracts.of(contract)
      const groups = state ? windowGroups(state.life, atMs) : []
      return groups.filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs).map(({ key }) => key)
    },
    print: (asked) => callers.run('report', asked, SCHEDULE),
  })
}
