/** `constat-agent run`: the agent in the foreground, until it is told to stop. */
import { createLog } from '../log.ts'
import { startAgent } from '../run.ts'
import { readSettings, type Given } from '../settings.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

export type RunOptions = { format: Format } & Given

export async function run({ format, ...given }: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const { clock, random, env } = terminal
  const { dir, ranges, logLevel, urls, tlsPin, proxy, plain } = readSettings(env, given)
  const way = {
    ...(urls.length > 0 && { urls }),
    ...(tlsPin !== null && { tlsPin }),
    ...(proxy !== null && { proxy }),
    ...(plain === 'allowed' && { plain }),
  }
  const log = createLog({ clock, level: logLevel, format, write: terminal.err })
  // Asked for before the start: a signal that comes during it is not lost.
  const stopped = terminal.stopped()
  const agent = await startAgent({ dir, way, env, clock, random, log, ranges })
  const { agent: id, name } = agent.status()
  log.info('agent running', { agent: id, name, dir })
  const signal = await stopped
  log.info('stopping', { signal })
  await agent.stop()
  log.info('stopped')
  return EXIT.done
}
