/**
 * `icmp`: echo requests by the host's own `fping` or `ping`, started with a fixed argument list and an
 * address, never a name. `value` is the percentage lost; latency is the mean round trip. Where neither
 * program can be run the sample is unknown: another measure is never put in its place.
 */
import { access, constants } from 'node:fs/promises'
import type { IcmpSpec } from '@constat/shared/check'
import { messageOf, systemCode } from '@constat/shared/fault'
import { NETWORK_LIMITS } from '@constat/shared/target'
import { judgePace, runAttempt, unknownFailure, type Attempt } from './attempt.ts'
import { locate } from './connect.ts'
import { printable } from './dialogue.ts'
import { hostOf } from './endpoint.ts'
import * as form from './fields.ts'
import { ownTrouble, parseFping, parsePing, type EchoReport } from './icmp-report.ts'
import type { Judgement, Kind, Probe, ProbeResult } from './probe.ts'
import type { Address } from './resolution.ts'
import { assertRoute } from './route.ts'

/** Where a host keeps its programs; the PATH of the agent's user is not asked. */
const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin']
const MAX_OUTPUT_BYTES = 64 * 1024
/** Between two requests, ms; what an ordinary user may ask of ping. */
const SPACING_MS = 200
const MIN_WAIT_MS = 100
/** Of the deadline, what the program has to start and to report. */
const STARTING_MS = 100

/** `folders`: where `fping` and `ping` are looked for, in this order. */
export function echoProbe({ folders }: { folders: readonly string[] }): Probe<IcmpSpec> {
  return async (spec, context) => {
    let meanUs: number | null = null
    const result = await runAttempt(context, async (attempt) => {
      const target = await locate({ host: spec.host, family: spec.family }, attempt)
      attempt.watch.enter('ttfbUs')
      // fping reports a packet that could not leave as one that was lost.
      await assertRoute(target)
      const { report, exit } = await echo(target, { spec, attempt, folders })
      attempt.watch.stop()
      meanUs = meanOf(report)
      return () => withExit(judgeEchoes(spec, report), exit)
    })
    return meanUs === null ? result : withRoundTrip(result, meanUs)
  }
}

/** The program waits between packets: its run time is no round trip, its report has them. */
function withRoundTrip(result: ProbeResult, meanUs: number): ProbeResult {
  const latencyUs = result.phases.dnsUs + meanUs
  return { ...result, latencyUs, phases: { ...result.phases, ttfbUs: meanUs } }
}

function meanOf({ roundTripsUs }: EchoReport): number | null {
  const back = roundTripsUs.filter((us) => us !== null)
  return back.length === 0 ? null : Math.round(back.reduce((sum, us) => sum + us, 0) / back.length)
}

function judgeEchoes(spec: IcmpSpec, report: EchoReport): Judgement {
  const sent = report.roundTripsUs.length
  const lost = report.roundTripsUs.filter((us) => us === null).length
  const value = Math.round((lost / sent) * 100)
  const detail = `${sent - lost} of ${sent} came back: ${report.roundTripsUs.map(milliseconds).join(', ')}`
  if (lost === sent) return { outcome: 'fail', cause: 'loss', value, detail }
  // Compared across: the percentage shown is rounded.
  if (lost * 100 > (spec.lossPercent ?? 0) * sent)
    return { outcome: 'degraded', cause: 'loss', value, detail }
  return judgePace({ latencyUs: meanOf(report) ?? 0, value, detail }, spec)
}

function withExit(judgement: Judgement, exit: number): Judgement {
  return judgement.outcome === 'ok' || exit === 0 ? judgement : { ...judgement, code: `exit ${exit}` }
}

function milliseconds(us: number | null): string {
  return us === null ? 'lost' : `${(us / 1_000).toFixed(3)} ms`
}

type Asking = { spec: IcmpSpec; attempt: Attempt; folders: readonly string[] }

/** What a program wrote, and the code that it ended with. */
type Ran = { output: string; exit: number }
type Echoes = { report: EchoReport; exit: number }

async function echo(target: Address, { spec, attempt, folders }: Asking): Promise<Echoes> {
  const waitMs = Math.max(
    MIN_WAIT_MS,
    Math.floor(attempt.context.timeoutMs - (spec.packets - 1) * SPACING_MS - STARTING_MS),
  )
  const fping = await find('fping', folders)
  if (fping !== undefined) {
    return read(parseFping, await run(fping, fpingArguments(spec, { target, waitMs }), attempt.signal))
  }
  const ping = await find('ping', folders)
  if (ping === undefined) {
    throw unknownFailure('no-program', 'neither fping nor ping is installed: install one of them')
  }
  return read(parsePing, await run(ping, pingArguments(spec, { target, waitMs }), attempt.signal))
}

type Sending = { target: Address; waitMs: number }

function fpingArguments({ packets, payloadBytes }: IcmpSpec, { target, waitMs }: Sending): string[] {
  const size = payloadBytes === undefined ? [] : ['-b', `${payloadBytes}`]
  return ['-q', '-C', `${packets}`, '-p', `${SPACING_MS}`, '-t', `${waitMs}`, ...size, target.address]
}

function pingArguments({ packets, payloadBytes }: IcmpSpec, { target, waitMs }: Sending): string[] {
  const spacing = packets > 1 ? ['-i', `${SPACING_MS / 1_000}`] : []
  const size = payloadBytes === undefined ? [] : ['-s', `${payloadBytes}`]
  const wait = ['-W', `${Math.ceil(waitMs / 1_000)}`]
  return [`-${target.family}`, '-n', '-c', `${packets}`, ...wait, ...spacing, ...size, target.address]
}

function read(parse: (output: string) => EchoReport | undefined, { output, exit }: Ran): Echoes {
  const report = parse(output)
  const someBack = report?.roundTripsUs.some((us) => us !== null) ?? false
  const trouble = someBack ? undefined : ownTrouble(output)
  if (report && !trouble) return { report, exit }
  const said = printable(output.trim().split('\n')[0] ?? '') || 'nothing'
  if (trouble) throw unknownFailure(trouble.cause, `${trouble.cure} (${said})`)
  throw unknownFailure('unsupported', `the ping program said: ${said}`)
}

async function run(file: string, argv: readonly string[], signal: AbortSignal): Promise<Ran> {
  const { execFile } = await import('node:child_process')
  const options = { signal, env: { LC_ALL: 'C' }, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true }
  return new Promise((resolve, reject) => {
    execFile(file, argv, options, (error, stdout, stderr) => {
      // A text is an error of the start (EMFILE, ENOMEM); a number is how the program itself ended.
      const code = systemCode(error)
      if (signal.aborted) reject(new Error('the ping program was cut short', { cause: error }))
      else if (code !== undefined) reject(Object.assign(new Error(messageOf(error)), { code }))
      else resolve({ output: `${stdout}\n${stderr}`, exit: typeof error?.code === 'number' ? error.code : 0 })
    })
  })
}

async function find(program: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = `${folder}/${program}`
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return path
  }
  return undefined
}

const FORMS = {
  host: form.host,
  packets: form.integer(NETWORK_LIMITS.packets),
  family: form.family,
  payloadBytes: form.integer(NETWORK_LIMITS.payloadBytes),
  lossPercent: form.integer(NETWORK_LIMITS.lossPercent),
  degradedOverMs: form.integer(NETWORK_LIMITS.degradedOverMs),
}

export const icmpKind: Kind<IcmpSpec> = {
  read(fields) {
    const read = form.readFields(fields, FORMS, { needed: ['host', 'packets'] })
    return typeof read === 'string' ? read : { kind: 'icmp', ...read }
  },
  ofUrl(url) {
    const host = hostOf(url)
    return host === undefined ? 'the address names no host' : { kind: 'icmp', host, packets: 1 }
  },
  probe: echoProbe({ folders: FOLDERS }),
}
