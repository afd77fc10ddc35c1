/**
 * Door: where the collector is reached, and how those who come in know that it is the right one. The port
 * is taken before a database is made; certificate files are looked at as long as it stands open.
 */
import { messageOf } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import { openCertificate, watchFiles } from './certificate.ts'
import type { CollectorConfig } from './config.ts'
import { openListener, type Listener } from './listener.ts'
import type { Log } from './shell.ts'

export type Door = Omit<Listener, 'renew'> & {
  /** As people and agents reach it, without a slash at its end. */
  publicUrl: string
  /** Of the TLS key that is served now; null without TLS. */
  tlsPin(): string | null
  /** The pin that a join command carries: null where an authority, or a proxy, vouches for the address. */
  joinPin(): string | null
  /** Reads the certificate files now, where there are any. */
  reload(): void
  /** Called when another key is served. */
  onPin(listener: (pin: string) => void): void
}

const LOOK_AT_FILES_MS = 30_000

export async function openDoor({
  config,
  clock,
  log,
}: {
  config: CollectorConfig
  clock: Clock
  log: Log
}): Promise<Door> {
  let certificate = await openCertificate(config, clock.nowMs())
  const { renew, ...listener } = await openListener(config.listen, certificate, clock)
  const listeners: ((pin: string) => void)[] = []
  const files = watchFiles(config, {
    everyMs: LOOK_AT_FILES_MS,
    changed: (served) => {
      const isOther = served.pin !== certificate?.pin
      renew(served)
      certificate = served
      log.info('the certificate was read again', { pin: served.pin })
      if (isOther) for (const listener of listeners) listener(served.pin)
    },
    failed: (error) =>
      log.error('the certificate files cannot be used: the old one stays', { reason: messageOf(error) }),
  })
  const publicUrl = config.publicUrl ?? listener.outerUrl
  return {
    ...listener,
    publicUrl,
    tlsPin: () => certificate?.pin ?? null,
    joinPin: () => (certificate?.isPinned && publicUrl.startsWith('https:') ? certificate.pin : null),
    reload: files.look,
    onPin: (listener) => void listeners.push(listener),
    close: () => {
      files.close()
      return listener.close()
    },
  }
}
