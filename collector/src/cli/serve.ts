/** Serving: a collector that runs until it is told to stop, for `up` and for `collector`. */
import { messageOf } from '@constat/shared/fault'
import { issueApiToken } from '../access.ts'
import { startCollector, type RunningCollector } from '../collector.ts'
import type { CollectorConfig } from '../config.ts'
import { keepOwnerToken, readOwnerToken } from '../data-dir.ts'
import type { Door } from '../door.ts'
import type { Log } from '../shell.ts'
import { VERSION } from '../version.ts'
import { configOf, type ServeFlags } from './configured.ts'
import { openLog } from './log.ts'
import { ownerLink } from './token.ts'
import { EXIT, type World } from './world.ts'

export type Served = { collector: RunningCollector; config: CollectorConfig; log: Log }

/**
 * Runs until SIGINT or SIGTERM, or until nothing more can be written. `during` starts what goes beside
 * the collector and answers how to stop it.
 */
export async function serve(
  world: World,
  flags: ServeFlags,
  during: (served: Served) => Promise<() => Promise<void>>,
): Promise<number> {
  const config = configOf(world, flags)
  const log = openLog(config.logLevel, world)
  const ended = endOfService()
  const { clock, random } = world
  const lost = (reason: string): void => {
    log.error('nothing more can be written', { reason })
    ended.end(EXIT.failed)
  }
  const collector = await startCollector({ config, clock, random, log, version: VERSION, lost })
  const onHangup = (): void => collector.door.reload()
  // Elsewhere it stays what it is to every program: the end of the terminal.
  if (config.tls.kind === 'files') process.on('SIGHUP', onHangup)
  let stopBeside: (() => Promise<void>) | null = null
  try {
    stopBeside = await during({ collector, config, log })
    const code = await ended.code
    log.info('stopping')
    return code
  } finally {
    await stopBeside?.().catch((error: unknown) =>
      log.warn('the local agent did not stop', { reason: messageOf(error) }),
    )
    await collector.stop()
    process.off('SIGHUP', onHangup)
    ended.close()
  }
}

/** Where it listens; with TLS also by which key it is known, to compare with what a browser shows. */
export function tellDoor({ publicUrl, tlsPin }: Door, world: World): void {
  world.out(`Constat listens on ${publicUrl}`)
  const pin = tlsPin()
  if (pin !== null) world.out(`TLS key: ${pin}`)
}

/**
 * The last step of a start, so that one that is refused leaves no token. The link is printed by the start
 * that makes it and by no other: what services print is kept where many read it.
 */
export async function tellOwner(
  { collector: { access, door }, config }: Served,
  world: World,
): Promise<void> {
  if (readOwnerToken(config.dataDir) !== null) {
    world.out('Owner link: shown by `constat token owner`; `constat token owner --renew` makes another')
    return
  }
  const { token } = await issueApiToken(access, { role: 'owner', contract: null, by: 'start' })
  keepOwnerToken(config.dataDir, token)
  world.out(`Owner link: ${ownerLink(door.publicUrl, token)}`)
}

/** Resolves once, with the exit code; a second signal ends the process at once. */
function endOfService(): { code: Promise<number>; end(code: number): void; close(): void } {
  let end: (code: number) => void = () => undefined
  let isEnding = false
  const code = new Promise<number>((resolve) => {
    end = resolve
  })
  const onSignal = (): void => {
    if (isEnding) process.exit(EXIT.failed)
    isEnding = true
    end(EXIT.done)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const close = (): void => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  return { code, end: (value) => end(value), close }
}
