/**
 * Alerts: what leaves the collector, put together: deliveries in the words of their readers, letters by the operator's
 * mail server, heartbeats, and the key of links that acknowledge. Not pure.
 */
import type { Clock } from '@constat/shared/time'
import { startDelivery } from './alert/deliver.ts'
import { Heartbeats } from './alert/heartbeat.ts'
import { isGoodLink } from './alert/link.ts'
import type { CollectorConfig } from './config.ts'
import { openLinkKey } from './db/link-key.ts'
import type { OpenDatabase } from './db/open.ts'
import type { AppDeps } from './http/actions.ts'
import { openMailer } from './message/mailer.ts'
import { openSpeech } from './message/speech.ts'
import type { Pipeline, PipelineDeps } from './pipeline.ts'
import type { Log, Random } from './shell.ts'

export type AlertsDeps = {
  config: Pick<CollectorConfig, 'allowPrivate' | 'language' | 'mail'>
  database: Pick<OpenDatabase, 'sql' | 'pgConfig'>
  clock: Clock
  random: Random
  log: Log
  publicUrl: string
  /** Heartbeats are sent. */
  isWell: () => boolean
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
  const { config, database, clock, random, log, publicUrl, isWell } = deps
  const { sql: db, pgConfig } = database
  const { allowPrivate, language } = config
  const linkKey = await openLinkKey(db, random)
  const mailer = config.mail && openMailer(config.mail)
  const heartbeats = new Heartbeats({ db, clock, log, allowPrivate, isWell })
  const nowMs = () => clock.nowMs()
  let stopDelivery = () => Promise.resolve()
  return {
    shown: { canMail: mailer !== null, heartbeats: (contract) => heartbeats.of(contract) },
    links: { isGood: (link) => isGoodLink(link, { key: linkKey, nowMs: nowMs() }) },
    async start({ model, delivered }) {
      const termsOf = (contract: string) => model.terms(contract)
      const speech = openSpeech({ termsOf, nowMs, language, publicUrl, linkKey, mailer })
      const queue = { pgConfig, sql: db, clock, random, log, allowPrivate, delivered, ...speech }
      const delivery = await startDelivery(queue)
      stopDelivery = () => delivery.stop()
      heartbeats.start()
    },
    async stop() {
      await heartbeats.stop()
      await stopDelivery()
      mailer?.close()
    },
  }
}
