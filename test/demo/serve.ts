/** The collector of the demonstration: the whole one, over a history that was made up. Every page says so. */
import type { HostClock } from '@constat/shared/time'
import { issueApiToken } from '../../collector/src/access.ts'
import { startCollector, type RunningCollector } from '../../collector/src/collector.ts'
import { readConfig } from '../../collector/src/config.ts'
import { keepOwnerToken, systemRandom } from '../../collector/src/data-dir.ts'
import { VERSION } from '../../collector/src/version.ts'
import { createKeptLog } from '../support/silent-log.ts'

type Wanted = {
  dataDir: string
  listen: string
  clock: HostClock
  /** Port of the mail server on loopback. */
  mailPort: number
  lost: (reason: string) => void
}

export async function serveDemonstration({
  dataDir,
  listen,
  clock,
  mailPort,
  lost,
}: Wanted): Promise<{ collector: RunningCollector; token: string }> {
  const config = readConfig({
    CONSTAT_DATA_DIR: dataDir,
    CONSTAT_LISTEN: listen,
    CONSTAT_LOG_LEVEL: 'error',
    CONSTAT_SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
    CONSTAT_MAIL_FROM: 'Constat <constat@acme.example>',
  })
  const given = { config, clock, random: systemRandom, log: createKeptLog(), version: VERSION, lost }
  const collector = await startCollector({ ...given, isDemonstration: true })
  const { token } = await issueApiToken(collector.access, { role: 'owner', contract: null, by: 'start' })
  keepOwnerToken(dataDir, token)
  return { collector, token }
}
