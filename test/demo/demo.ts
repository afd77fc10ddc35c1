/**
 * `npm run demo`: thirteen months of an imaginary outsourcer, written through the real line into a data directory of its
 * own, and a collector on it that goes on. Frames are signed by the keys of three agents that exist here alone; messages
 * go to a sink on loopback. Ctrl-C ends everything, and takes the directory away.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UnixMs } from '@constat/shared/time'
import { ownerLink } from '../../collector/src/cli/token.ts'
import type { RunningCollector } from '../../collector/src/collector.ts'
import { openMailServer } from '../support/mail-server.ts'
import { dropDataDir, freePort } from '../support/program.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { openReceiver } from '../support/receiver.ts'
import { serveDemonstration } from './serve.ts'
import { hear, seenIn, writeHistory, type Written } from './write.ts'

const FEED_EVERY_MS = 10_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())

const closers: (() => Promise<void> | void)[] = []
try {
  await run()
} finally {
  for (const close of closers.toReversed()) await close()
}

async function run(): Promise<void> {
  const startedMs = Date.now()
  const seconds = (): number => Math.round((Date.now() - startedMs) / 1_000)
  const dataDir = mkdtempSync(join(tmpdir(), 'constat-demo-'))
  closers.push(() => dropDataDir(dataDir))
  const listen = process.env['CONSTAT_LISTEN'] ?? `127.0.0.1:${await freePort()}`
  const publicUrl = `http://${listen}`
  const sink = await openReceiver((response, _n, { body }) => {
    response.end('ok')
    // What Constat sends in its generic shape.
    const { type, timestamp } = JSON.parse(body) as { type: string; timestamp: string }
    say(`  told the chat: ${type}, ${timestamp}`)
  })
  closers.push(() => sink.close())
  const mail = await openMailServer(() => 250)
  closers.push(() => mail.close())
  say('Writing thirteen months of an imaginary outsourcer, which takes about a minute …')
  const { signal } = stopping
  const written = await writeHistory({ dataDir, publicUrl, sink: sink.url, nowMs: startedMs, signal })
  if (signal.aborted) return
  const lost = (reason: string): void => {
    say(reason)
    stopping.abort()
  }
  const served = { dataDir, listen, clock: REAL_CLOCK, mailPort: mail.port, lost }
  const { collector, token } = await serveDemonstration(served)
  closers.push(() => collector.stop())
  say(`A demonstration: everything in it is made up. Ready in ${seconds()} s.`)
  say(`Owner link: ${ownerLink(publicUrl, token)}`)
  say(`Data in ${dataDir}: npx constat status --data ${dataDir}. Ctrl-C ends it, and takes its data away.`)
  await feed(collector, { ...written, fromMs: startedMs })
}

/** The agents go on, until somebody has seen enough. */
async function feed(
  { pipeline }: RunningCollector,
  { world, troubles, fromMs }: Written & { fromMs: UnixMs },
): Promise<void> {
  const send = world.goOn(pipeline, () => Date.now())
  for (let sentMs = fromMs; !stopping.signal.aborted;) {
    hear(pipeline.agents)
    const untilMs = Date.now()
    const parts = seenIn(pipeline, { fromMs: sentMs, untilMs }, troubles)
    if (parts.length > 0) await send(parts)
    sentMs = untilMs
    await new Promise<void>((settle) => {
      const timer = setTimeout(settle, FEED_EVERY_MS)
      stopping.signal.addEventListener('abort', () => (clearTimeout(timer), settle()), { once: true })
    })
  }
}
