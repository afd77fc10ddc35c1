/**
 * `constat-agent install`: enrols this host, puts the agent where it stays, starts it and sees it connect.
 * `constat-agent uninstall` takes all of it away again. The script of a join command ends here.
 */
import { Fault } from '@constat/shared/fault'
import { enroll } from '../enroll.ts'
import {
  checkNode,
  copyProgram,
  hostOf,
  isServiceInstalled,
  placeOf,
  removeInstallation,
  startBackground,
  startService,
  type Place,
} from '../installation.ts'
import { readSettings, type Given } from '../settings.ts'
import { loadIdentity } from '../state.ts'
import { readStatus } from '../status.ts'
import { demandJoin } from './enroll.ts'
import { run } from './run.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

export type InstallOptions = { format: Format; name?: string; foreground?: boolean } & Given

/** Enrolled means reached: a connection that takes longer than this has another trouble. */
const CONNECTED_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 100

export async function install(
  { format, name, foreground = false, ...given }: InstallOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const settings = demandJoin(readSettings(terminal.env, given))
  const host = hostOf(terminal.env)
  const dir = given.dir ?? terminal.env['CONSTAT_AGENT_DIR'] ?? null
  const place = placeOf(host, { dir, mode: foreground ? 'foreground' : 'kept-running' })
  if (terminal.program.endsWith('.ts'))
    throw new Fault('usage', 'this is not the built agent', { hint: 'build it with npm run build first' })
  checkNode(place, process.execPath)
  const identity = await enroll(
    { ...settings, dir: place.dir, name: name ?? null, env: terminal.env },
    terminal,
  )
  await copyProgram(place, terminal.program)
  const say = (text: string): void => void (format === 'text' && terminal.out(`${text}\n`))
  say(`enrolled as ${identity.name} (${identity.id.toString('hex')}) in ${place.dir}`)
  if (foreground) return run({ format, dir: place.dir }, terminal)
  if (place.kind === 'service') await startService(place, process.execPath)
  else startBackground(place, terminal.env)
  await seeConnected(place, terminal)
  if (format === 'json') {
    const facts = { agent: identity.id.toString('hex'), name: identity.name, ...place, connected: true }
    terminal.out(`${JSON.stringify(facts)}\n`)
  }
  say(keepingText(place))
  return EXIT.done
}

export async function uninstall(
  { format, ...given }: { format: Format } & Pick<Given, 'dir'>,
  terminal: Terminal,
): Promise<ExitCode> {
  const dir = given.dir ?? terminal.env['CONSTAT_AGENT_DIR'] ?? null
  const host = { ...hostOf(terminal.env), hasSystemd: isServiceInstalled() }
  if (dir === null && host.hasSystemd && !host.isRoot)
    throw new Fault('forbidden', 'the agent here is a service: only root may remove it', { hint: 'use sudo' })
  const place = placeOf(host, { dir, mode: 'kept-running' })
  const identity = await loadIdentity(place.dir)
  if (!identity && place.kind === 'background')
    throw new Fault('not-found', `there is no agent in ${place.dir}`, {
      hint: 'name its directory with --dir',
    })
  await removeInstallation(place)
  const name = identity?.name ?? 'the agent'
  if (format === 'json') terminal.out(`${JSON.stringify({ removed: name, ...place })}\n`)
  else
    terminal.out(
      `${name} is removed from this host, with its key and what it had not sent. The collector lists it until you remove it there: Setup, Agents.\n`,
    )
  return EXIT.done
}

async function seeConnected({ dir, kind }: Place, { clock }: Terminal): Promise<void> {
  const endMs = clock.nowMs() + CONNECTED_WITHIN_MS
  for (;;) {
    const { connected, trouble = 'no word of it yet' } = (await readStatus(dir)) ?? {}
    if (connected === true) return
    if (clock.nowMs() > endMs) {
      const log = kind === 'service' ? 'journalctl -u constat-agent' : `${dir}/agent.log`
      throw new Fault('network', `the agent is started but not connected: ${JSON.stringify(trouble)}`, {
        hint: `it goes on trying; its log is ${log}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

function keepingText({ kind, dir, program }: Place): string {
  if (kind === 'service')
    return `connected; it runs as the service constat-agent and starts with this host.
See how it is: constat-agent status --dir ${dir}. Remove it: constat-agent uninstall.`
  const start = `CONSTAT_AGENT_DIR=${dir} ${process.execPath} ${program}`
  return `connected; it runs in the background until this host restarts (log: ${dir}/agent.log).
To keep it running give this to whatever starts programs here (cron's @reboot, a container's command):
  ${start} run
See how it is: ${start} status. Remove it: ${start} uninstall.`
}
