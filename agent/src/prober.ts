/**
 * Prober: the schedule with a timer and real probes. It decides nothing about a target: it runs what is
 * due, watches over it, and says `unknown` where this host, not the target, was the trouble.
 */
import { graceMs } from '@constat/probe/attempt'
import { BODY_BUDGET_MS } from '@constat/probe/http-body'
import { runProbe } from '@constat/probe/kinds'
import type { ProbeContext, ProbeResult } from '@constat/probe/probe'
import { messageOf } from '@constat/shared/fault'
import { NO_PHASES, type Cause } from '@constat/shared/sample'
import type { TakenSample } from './columns.ts'
import type { UnixMs } from '@constat/shared/time'
import { costOf, type AgentCheck } from './config.ts'
import { LagMeter, MAX_LAG_US } from './lag.ts'
import type { Pace } from './policy-file.ts'
import type { Seen } from './reprobe.ts'
import { phaseOf, Schedule, type Missed, type Start } from './schedule.ts'
import type { Shell } from './shell.ts'
import type { BlindCheck } from './status.ts'
import type { Timebase } from './timebase.ts'

/** Probes at once; the rest waits its turn. */
export const MAX_IN_FLIGHT = 128
/** A probe that outlives its own deadline by this is given up: a body may be read for a while after it. */
const WATCHDOG_MS = 5 * BODY_BUDGET_MS
/** Failures that a loop which ran late may have made itself; the others are what somebody answered. */
const LATE_CAUSES: ReadonlySet<Cause> = new Set(['timeout', 'reset', 'dns', 'loss'])
/** Missed slots with a sample of their own, for one check at one time; the rest is only counted. */
const MAX_MISSED_SAMPLES = 1_000
const MAX_TIMER_MS = 60_000

export type ProberDeps = {
  agent: Uint8Array
  shell: Pick<Shell, 'clock' | 'log'>
  timebase: Timebase
  /** How often the owner of the host lets checks ask. */
  pace: Pace
  probing: Omit<ProbeContext, 'timeoutMs' | 'clock'>
  sampled: (origin: string, sample: TakenSample) => void
  /** Slots that passed and are too many for samples of their own. */
  skipped: (
    origin: string,
    run: { check: number; firstUs: number; intervalUs: number; count: number },
  ) => void
  /** The answer to a slot's probe is late, for the first time: other vantages may be asked to look. */
  late: (origin: string, check: number) => void
}

type Job = { origin: string; check: AgentCheck; key: string; blind?: BlindCheck | null }

export class Prober {
  readonly #deps: ProberDeps
  readonly #schedule: Schedule
  readonly #lag: LagMeter
  readonly #jobs = new Map<string, Job>()
  /** Of each check that runs, when its newest try has been told. */
  readonly #told = new Map<string, Promise<void>>()
  #pace: Pace
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(deps: ProberDeps) {
    this.#deps = deps
    this.#schedule = new Schedule({ epochUs: deps.timebase.epochUs(), maxInFlight: MAX_IN_FLIGHT })
    this.#lag = new LagMeter(deps.shell.clock)
    this.#pace = deps.pace
    this.keepTo(deps.pace)
  }

  keepTo(pace: Pace): void {
    this.#pace = pace
    const bounds = { leastUs: pace.leastIntervalMs * 1_000, perSecond: pace.probesPerSecond }
    this.#schedule.keepTo(bounds, this.#deps.shell.clock.monotonicUs())
    this.#arm()
  }

  get checks(): number {
    return this.#jobs.size
  }

  /** Checks of which the last probe could tell nothing. */
  unknown(): BlindCheck[] {
    return [...this.#jobs.values()].flatMap(({ blind }) => blind ?? [])
  }

  takeWorstLagUs(): number {
    return this.#lag.takeWorstUs()
  }

  /** The checks of one log from now on. One that did not change goes on where it is. */
  assign(origin: string, checks: readonly AgentCheck[]): void {
    const nowUs = this.#deps.shell.clock.monotonicUs()
    const wanted = new Map(checks.map((check) => [keyOf(origin, check), check]))
    for (const job of this.#jobs.values()) {
      if (job.origin !== origin) continue
      if (wanted.get(job.key)?.text === job.check.text) continue
      this.#jobs.delete(job.key)
      this.#schedule.remove(job.key)
    }
    for (const [key, check] of wanted) {
      const job = this.#jobs.get(key)
      if (job) job.check = check
      else this.#add({ key, origin, check }, nowUs)
    }
    this.#advance()
  }

  /** Another vantage sees this check fail: one probe now, where the schedule has room for it. */
  look(origin: string, check: AgentCheck): void {
    const key = keyOf(origin, check)
    const start = this.#stopped ? null : this.#schedule.look(key, this.#deps.shell.clock.monotonicUs())
    if (!start) return
    this.#begin(start)
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #add(job: Job, nowUs: number): void {
    const { name, intervalMs, reprobeMs, confirm, brackets, probe } = job.check
    const intervalUs = intervalMs * 1_000
    this.#jobs.set(job.key, job)
    this.#schedule.add(
      {
        key: job.key,
        intervalUs,
        reprobeUs: reprobeMs * 1_000,
        confirm,
        brackets,
        cost: costOf(probe),
        phaseUs: phaseOf(this.#deps.agent, name, intervalUs),
      },
      nowUs,
    )
  }

  #advance(): void {
    if (this.#stopped) return
    const { starts, missed } = this.#schedule.advance(this.#deps.shell.clock.monotonicUs())
    for (const one of missed) this.#miss(one)
    for (const start of starts) this.#begin(start)
    this.#arm()
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const dueUs = this.#schedule.nextDueUs()
    if (dueUs === null) return
    const waitMs = Math.ceil((dueUs - this.#deps.shell.clock.monotonicUs()) / 1_000)
    this.#timer = setTimeout(() => this.#advance(), Math.max(0, Math.min(MAX_TIMER_MS, waitMs)))
  }

  #begin(start: Start): void {
    const late = setTimeout(() => this.#late(start), start.lateUs / 1_000)
    const hanging = setTimeout(() => {
      const nowUs = this.#deps.shell.clock.monotonicUs()
      const second = this.#stopped ? null : this.#schedule.beside(start.ticket, nowUs)
      if (second) this.#begin(second)
    }, start.hangsUs / 1_000)
    // Where tries of one check run beside each other, the sample of the one that began first goes first.
    const told = this.#run(start, this.#told.get(start.key)).finally(() => {
      clearTimeout(late)
      clearTimeout(hanging)
      if (this.#told.get(start.key) === told) this.#told.delete(start.key)
    })
    this.#told.set(start.key, told)
  }

  #late({ ticket, key, slotUs }: Start): void {
    const job = this.#jobs.get(key)
    if (this.#stopped || slotUs === null || !job || !this.#schedule.isFirstSign(ticket)) return
    this.#deps.late(job.origin, job.check.index)
  }

  async #run({ ticket, key, attempt, slotUs }: Start, before: Promise<void> | undefined): Promise<void> {
    const { shell } = this.#deps
    const startUs = shell.clock.monotonicUs()
    const { judged, seen } = await this.#look(this.#jobs.get(key)?.check)
    await before
    if (this.#stopped) return
    const finish = this.#schedule.finish(ticket, seen, shell.clock.monotonicUs())
    // Read again: the configuration may have changed meanwhile, and with it the index.
    const job = this.#jobs.get(key)
    if (finish && job) {
      const { index, name, intervalMs } = job.check
      job.blind = blindOf(job, judged, shell.clock.nowMs())
      const slot = slotUs === null ? null : { atUs: slotUs, intervalUs: intervalMs * 1_000 }
      const { detail: _, steps: __, hops: ___, ...measured } = judged
      this.#deps.sampled(job.origin, { ...measured, check: index, name, startUs, attempt, slot, ...finish })
    }
    this.#advance()
  }

  /** A probe that no slot asks for, where the rate of this host has room for it. Never rejects. */
  async try(check: AgentCheck): Promise<ProbeResult> {
    if (this.#schedule.spend(costOf(check.probe), this.#deps.shell.clock.monotonicUs()))
      return this.probeOnce(check)
    return unknown('denied', this.#rateWords())
  }

  #rateWords(): string {
    return `refused by this host: no more than ${this.#pace.probesPerSecond} probes in a second`
  }

  /** One probe, doubted where this host was the trouble. Nothing is scheduled or counted. Never rejects. */
  async probeOnce(check: AgentCheck | undefined): Promise<ProbeResult> {
    return (await this.#look(check)).judged
  }

  async #look(check: AgentCheck | undefined): Promise<{ judged: ProbeResult; seen: Seen }> {
    const { shell, timebase } = this.#deps
    const jumps = timebase.observe()
    const startUs = shell.clock.monotonicUs()
    this.#lag.begin()
    const result = check ? await this.#probe(check, startUs) : unknown('unsupported', 'the check is gone')
    const stoodStillMs = this.#lag.stoodStillUs(startUs) / 1_000
    const lagUs = this.#lag.end(startUs)
    // The deadline was put off by as much: the target had all its time.
    const isWaited = result.cause === 'timeout' && stoodStillMs <= graceMs(check?.timeoutMs ?? 0)
    const judged = this.#doubt(result, { lagUs: isWaited ? 0 : lagUs, jumped: timebase.observe() !== jumps })
    const isSpoilt = result.outcome === 'fail' && judged.cause === 'interference'
    return { judged, seen: isSpoilt ? 'spoilt' : seenOf(judged) }
  }

  /** Never rejects, and is over soon after the deadline whatever the probe does. */
  #probe(check: AgentCheck, startUs: number): Promise<ProbeResult> {
    const { probe, timeoutMs } = check
    if (typeof probe === 'string') return Promise.resolve(unknown('unsupported', probe))
    const { leastIntervalMs } = this.#pace
    if (check.intervalMs < leastIntervalMs) {
      const detail = `refused by this host: every ${check.intervalMs} ms is oftener than every ${leastIntervalMs} ms`
      return Promise.resolve(unknown('denied', detail))
    }
    const { shell, probing } = this.#deps
    return new Promise((resolve) => {
      const watchdog = setTimeout(() => {
        shell.log.error('a probe did not end and was given up', { check: check.name })
        resolve(unknown('interference', 'the probe outlived its deadline'))
      }, timeoutMs + WATCHDOG_MS)
      const stoodStillMs = (): number => this.#lag.stoodStillUs(startUs) / 1_000
      runProbe(probe, { ...probing, clock: shell.clock, timeoutMs, stoodStillMs })
        .catch((error: unknown) => {
          shell.log.error('a probe broke', { check: check.name, reason: messageOf(error) })
          return unknown('unsupported', messageOf(error))
        })
        .then(resolve)
        .finally(() => clearTimeout(watchdog))
        .catch(() => resolve(unknown('unsupported', 'the probe broke')))
    })
  }

  /**
   * A result that this host spoilt is unknown. What was told in an answer is none of a late loop's making, and what
   * is unknown already has a reason of its own.
   */
  #doubt(result: ProbeResult, { lagUs, jumped }: { lagUs: number; jumped: boolean }): ProbeResult {
    if (jumped)
      return {
        ...result,
        outcome: 'unknown',
        cause: 'suspended',
        detail: 'this host slept, or its clock jumped',
      }
    const { outcome, cause } = result
    const isTold =
      outcome === 'fail' ? !LATE_CAUSES.has(cause) : outcome === 'blocked' || outcome === 'unknown'
    if (lagUs > MAX_LAG_US && !isTold)
      return {
        ...result,
        outcome: 'unknown',
        cause: 'interference',
        detail: 'this host was too busy to time it',
      }
    return result
  }

  /** One sample says that the rate was the reason: what a collector asks too often must not fill the spool instead. */
  #miss({ key, firstUs, intervalUs, count, paced }: Missed): void {
    const job = this.#jobs.get(key)
    if (!job) return
    const { index, name } = job.check
    const result = paced ? unknown('denied', this.#rateWords()) : unknown('missed', '')
    const { detail: _, ...measured } = result
    if (paced) job.blind = blindOf(job, result, this.#deps.shell.clock.nowMs())
    const shown = paced ? 1 : Math.min(count, MAX_MISSED_SAMPLES)
    for (let i = 0; i < shown; i += 1) {
      const atUs = firstUs + i * intervalUs
      const slot = { atUs, intervalUs }
      this.#deps.sampled(job.origin, {
        ...measured,
        check: index,
        name,
        startUs: atUs,
        attempt: 0,
        slot,
        settles: false,
      })
    }
    if (count > shown) {
      const rest = { firstUs: firstUs + shown * intervalUs, count: count - shown }
      this.#deps.skipped(job.origin, { check: index, intervalUs, ...rest })
    }
    this.#deps.shell.log.warn('slots passed without a probe', { check: name, count })
  }
}

/** Null where the probe told something. */
function blindOf(
  { check, blind }: Job,
  { outcome, cause, detail }: ProbeResult,
  nowMs: UnixMs,
): BlindCheck | null {
  if (outcome !== 'unknown' && outcome !== 'blocked') return null
  return { check: check.name, cause, detail, sinceMs: blind?.cause === cause ? blind.sinceMs : nowMs }
}

function keyOf(origin: string, { name }: AgentCheck): string {
  return `${origin}\n${name}`
}

function seenOf({ outcome }: ProbeResult): Seen {
  if (outcome === 'ok' || outcome === 'degraded') return 'good'
  return outcome === 'fail' ? 'bad' : 'unknown'
}

function unknown(cause: Cause, detail: string): ProbeResult {
  return { outcome: 'unknown', cause, latencyUs: 0, value: 0, phases: NO_PHASES, detail }
}
