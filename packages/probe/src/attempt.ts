/**
 * Attempt: one run of one probe, with its stopwatch and its deadline. Whatever goes wrong inside comes
 * out as a result; sockets are destroyed when the deadline passes and when the attempt ends.
 */
import type { Socket } from 'node:net'
import type { Cause } from '@constat/shared/sample'
import { codeOf, failureOf, sentenceOf } from './failure.ts'
import { given } from './fields.ts'
import type { Hop, Judgement, ProbeContext, ProbeResult } from './probe.ts'
import { rounded, startStopwatch, type Stopwatch } from './stopwatch.ts'

export type Attempt = {
  watch: Stopwatch
  context: ProbeContext
  /** Each host that was asked so far. */
  hops: Hop[]
  /** Aborts at the deadline. */
  signal: AbortSignal
  /**
   * The socket is destroyed at the deadline and at the end of the attempt. A TLS socket takes over the one
   * it wraps: Node.js 20 crashes where the inner socket is destroyed before the outer one.
   */
  own: (socket: Socket, wrapped?: Socket) => void
  /** The socket outlives the attempt: whoever takes it ends it. */
  disown: (socket: Socket) => void
}

/** Thrown inside a probe to end it with a verdict of its own. */
export class ProbeFailure extends Error {
  readonly judgement: Judgement

  constructor(judgement: Judgement) {
    super(judgement.detail)
    this.name = 'ProbeFailure'
    this.judgement = judgement
  }
}

/** The sample is unknown: what stood in the way stands on the agent's side. */
export function unknownFailure(cause: Cause, detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'unknown', cause, value: 0, detail })
}

/**
 * Runs `work` against the deadline. The watch stops when `work` hands back its verdict function, which
 * then runs off the clock, so that parsing and assertions are no part of the latency.
 */
export async function runAttempt(
  context: ProbeContext,
  work: (attempt: Attempt) => Promise<(latencyUs: number) => Judgement>,
): Promise<ProbeResult> {
  const watch = startStopwatch(context.clock)
  const deadline = new AbortController()
  const sockets = new Set<Socket>()
  const hops: Hop[] = []
  const told = (): Pick<ProbeResult, 'hops'> =>
    hops.length === 0 ? {} : { hops: hops.map((hop) => ({ ...hop, phases: rounded(hop.phases) })) }
  const timer = startDeadline({ ...context, watch }, () => {
    watch.stop()
    deadline.abort()
    for (const socket of sockets) socket.destroy(new Error('the deadline passed'))
  })
  const own = (socket: Socket, wrapped?: Socket): void => {
    // A late error has nothing to add, but an 'error' event without a listener would end the agent.
    socket.on('error', () => undefined)
    if (deadline.signal.aborted) socket.destroy()
    if (wrapped) sockets.delete(wrapped)
    sockets.add(socket)
  }
  try {
    const disown = (socket: Socket): void => void sockets.delete(socket)
    const judge = await work({ watch, context, hops, signal: deadline.signal, own, disown })
    const timing = watch.stop()
    return { ...timing, ...judge(timing.latencyUs), ...told() }
  } catch (error) {
    const timing = watch.stop()
    return { ...timing, ...verdictOf(error, { expired: deadline.signal.aborted, watch }), ...told() }
  } finally {
    timer.clear()
    for (const socket of sockets) socket.destroy()
  }
}

const MAX_GRACE_MS = 5_000
/** A deadline comes also where the clock does not move. */
const MAX_EARLY_LOOKS = 3

/** What a deadline is put off by at most where this host stood still, ms. */
export function graceMs(timeoutMs: number): number {
  return Math.min(timeoutMs, MAX_GRACE_MS)
}

type Deadline = Pick<ProbeContext, 'timeoutMs' | 'stoodStillMs'> & { watch: Stopwatch }

/**
 * Never early: a timer may be, by as long as the turn that set it. Puts the deadline off by the time that this host
 * stood still: then what it says of the target stands.
 */
function startDeadline(
  { timeoutMs, stoodStillMs = () => 0, watch }: Deadline,
  expire: () => void,
): { clear: () => void } {
  let givenMs = 0
  let looks = 0
  const look = (): void => {
    looks += 1
    const earlyMs = timeoutMs - watch.elapsedUs() / 1_000
    const owedMs = Math.min(stoodStillMs(), graceMs(timeoutMs)) - givenMs
    if (earlyMs > 0 && looks <= MAX_EARLY_LOOKS) timer = setTimeout(look, Math.ceil(earlyMs))
    else if (owedMs > 0) {
      givenMs += owedMs
      timer = setTimeout(look, owedMs)
    } else expire()
  }
  let timer = setTimeout(look, timeoutMs)
  return { clear: () => clearTimeout(timer) }
}

/** What an error thrown inside a probe says about it. */
export function verdictOf(
  error: unknown,
  { expired, watch }: { expired: boolean; watch: Stopwatch },
): Judgement {
  if (error instanceof ProbeFailure) return error.judgement
  const phase = watch.phase()
  const { outcome, cause } = failureOf(error, { expired, phase })
  const code = codeOf(error, { expired, phase })
  const late = ['no answer in time', ...(code === undefined ? [] : [code])].join(': ')
  return { outcome, cause, value: 0, ...given({ code }), detail: expired ? late : sentenceOf(error) }
}

type Finding = { latencyUs: number; value: number; detail: string }

/** Slower than `degradedOverMs` is degraded, exactly as slow is not. */
export function judgePace(
  { latencyUs, value, detail }: Finding,
  { degradedOverMs }: { degradedOverMs?: number },
): Judgement {
  if (degradedOverMs === undefined || latencyUs <= degradedOverMs * 1_000) {
    return { outcome: 'ok', cause: 'none', value, detail }
  }
  return { outcome: 'degraded', cause: 'slow', value, detail: `slower than ${degradedOverMs} ms: ${detail}` }
}
