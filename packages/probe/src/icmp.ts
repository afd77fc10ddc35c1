/**
 * `icmp`: echo requests by the host's own `fping` or `ping`, started with a fixed argument list and an
 * address, never a name. `value` is the percentage lost; latency is the mean round trip. Where neither
 * program can be run the sample is unknown: another measure is never put in its place.
 */
import { access, constants } from 'node:fs/promises'
import type { ProbeSpec } from '@constat/shared/check'
import { ProbeFailure, runAttempt, type Attempt } from './attempt.ts'
import { hostOf } from './endpoint.ts'
import { given, readFields } from './fields.ts'
import type { Address } from './resolver.ts'
import { parseFping, parsePing, type EchoReport } from './icmp-report.ts'
import type { Judgement, Kind, Probe, ProbeResult } from './probe.ts'

export type IcmpSpec = Extract<ProbeSpec, { kind: 'icmp' }>

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin']
const MAX_OUTPUT_BYTES = 64 * 1024
const MAX_PACKETS = 20
/** Between two requests, ms; what an ordinary user may ask of ping. */
const SPACING_MS = 200

export const probeIcmp: Probe<IcmpSpec> = async (spec, context) => {
  let report: EchoReport | undefined
  const result = await runAttempt(context, async (attempt) => {
    attempt.watch.enter('dnsUs')
    const resolution = { family: spec.family, signal: attempt.signal }
    const target = await context.resolver.resolve(spec.host, resolution)
    if (context.denied(target.address))
      throw unknown('denied', `${target.address} is on this agent's deny list`)
    attempt.watch.enter('ttfbUs')
    const echoes = (report = await echo(target, { packets: spec.packets, attempt }))
    attempt.watch.stop()
    return () => judgeEchoes(echoes)
  })
  return report && report.received > 0 ? withRoundTrip(result, report) : result
}

/** The program waits between packets: its run time is no round trip, its report has one. */
function withRoundTrip(result: ProbeResult, { meanUs }: EchoReport): ProbeResult {
  const latencyUs = result.phases.dnsUs + meanUs
  return { ...result, latencyUs, phases: { ...result.phases, ttfbUs: meanUs } }
}

function judgeEchoes({ sent, received }: EchoReport): Judgement {
  const value = Math.round(((sent - received) / sent) * 100)
  const detail = `${received} of ${sent} came back`
  if (received === 0) return { outcome: 'fail', cause: 'loss', value, detail }
  if (received < sent) return { outcome: 'degraded', cause: 'loss', value, detail }
  return { outcome: 'ok', cause: 'none', value, detail }
}

async function echo(
  { address, family }: Address,
  { packets, attempt }: { packets: number; attempt: Attempt },
): Promise<EchoReport> {
  const waitMs = Math.max(100, Math.floor(attempt.context.timeoutMs - (packets - 1) * SPACING_MS - 100))
  const fping = await find('fping')
  if (fping !== undefined) {
    const argv = ['-q', '-C', `${packets}`, '-p', `${SPACING_MS}`, '-t', `${waitMs}`, address]
    return read(parseFping, await run(fping, argv, attempt.signal))
  }
  const ping = await find('ping')
  if (ping === undefined)
    throw unknown('unsupported', 'neither fping nor ping is installed; install one of them')
  const argv = [`-${family}`, '-n', '-q', '-c', `${packets}`, '-W', `${Math.ceil(waitMs / 1000)}`]
  if (packets > 1) argv.push('-i', `${SPACING_MS / 1000}`)
  return read(parsePing, await run(ping, [...argv, address], attempt.signal))
}

function read(parse: (output: string) => EchoReport | undefined, output: string): EchoReport {
  const report = parse(output)
  if (report) return report
  const [line = 'nothing'] = output.trim().split('\n')
  throw unknown('unsupported', `the ping program said: ${line}`)
}

/** Everything the program wrote. Its exit code only repeats the loss. */
async function run(file: string, argv: readonly string[], signal: AbortSignal): Promise<string> {
  const { execFile } = await import('node:child_process')
  const options = { signal, env: { LC_ALL: 'C' }, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true }
  return new Promise((resolve, reject) => {
    execFile(file, argv, options, (error, stdout, stderr) => {
      if (signal.aborted) reject(new Error('the ping program was cut short', { cause: error }))
      else resolve(`${stdout}\n${stderr}`)
    })
  })
}

async function find(program: string): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const path = `${folder}/${program}`
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return path
  }
  return undefined
}

function unknown(cause: 'denied' | 'unsupported', detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'unknown', cause, value: 0, detail })
}

export const icmpKind: Kind<IcmpSpec> = {
  read(fields) {
    const field = readFields(fields)
    const host = field.host('host')
    const packets = field.integer('packets', { min: 1, max: MAX_PACKETS })
    const options = given({ family: field.oneOf('family', [4, 6] as const) })
    if (fields['host'] === undefined) field.missing('host')
    if (fields['packets'] === undefined) field.missing('packets')
    const problem = field.problem()
    if (problem !== undefined || host === undefined || packets === undefined)
      return problem ?? 'host and packets'
    return { kind: 'icmp', host, packets, ...options }
  },
  ofUrl(url) {
    const host = hostOf(url)
    return host === undefined ? 'the address names no host' : { kind: 'icmp', host, packets: 1 }
  },
  probe: probeIcmp,
}
