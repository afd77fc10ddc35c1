/**
 * The host's name servers, asked for the addresses of one name: each in turn, and all of them once more, the
 * first answer counts (resolv.conf(5)). Over UDP without EDNS, as glibc does; over TCP what was cut (RFC 7766, 5).
 */
import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from '@constat/shared/fault'
import { isRecordName } from '@constat/shared/target'
import type { Clock } from '@constat/shared/time'
import { ProbeFailure } from './attempt.ts'
import { overTcp, overUdp, type Wire } from './dns-exchange.ts'
import { writeQuery } from './dns-message.ts'
import { readHostAnswer, type HostAnswer, type HostQuestion } from './host-answer.ts'
import type { Address } from './resolution.ts'
import { throwBlame } from './route.ts'
import { startStopwatch } from './stopwatch.ts'

/** Before the next server is asked as well, ms, and twice as long the second time; the probe's deadline cuts it short. */
const PATIENCE_MS = [2_000, 4_000]
/** Servers that are asked, as resolv.conf(5) has it. */
export const MAX_SERVERS = 3
const MAX_ID = 0xffff

export type HostServer = Address & { port: number }
type Asking = { servers: readonly HostServer[]; signal: AbortSignal; clock: Clock }

/** At least one. Rejects with the code of c-ares: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, ECONNREFUSED … */
export async function queryHost(
  { name, type }: Pick<HostQuestion, 'name' | 'type'>,
  { servers, signal, clock }: Asking,
): Promise<string[]> {
  const failed = (code: string): Error => Object.assign(new Error(`query${type} ${code} ${name}`), { code })
  if (!isRecordName(name)) throw failed('EBADNAME')
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const asks: Promise<HostAnswer>[] = []
  let code = 'ETIMEOUT'
  try {
    for (const [i, server] of turnsOf(servers).entries()) {
      const question = { id: randomInt(MAX_ID + 1), name, type }
      const ask = askServer(question, { server, clock, signal: until })
      const newest = ask.catch((error: unknown) => {
        if (until.aborted) return
        // A server that this host cannot send to has said nothing.
        code = systemCode(error) ?? (isUnsent(error) ? code : 'EBADRESP')
      })
      asks.push(ask)
      const waited = sleep(PATIENCE_MS[Math.floor(i / servers.length)], undefined, { signal: until })
      const first = Promise.any(asks).catch(() => undefined)
      const answer = await Promise.race([first, newest, waited.catch(() => undefined)])
      signal.throwIfAborted()
      if (answer && answer.addresses.length > 0) return answer.addresses
      if (answer) throw failed(answer.code)
    }
    throw failed(code)
  } finally {
    over.abort()
  }
}

function isUnsent(error: unknown): boolean {
  return error instanceof ProbeFailure && error.judgement.outcome === 'unknown'
}

function turnsOf(servers: readonly HostServer[]): HostServer[] {
  return PATIENCE_MS.flatMap(() => servers)
}

type One = { server: HostServer; clock: Clock; signal: AbortSignal }

/** Rejects with a code where this server has no answer. */
async function askServer(question: HostQuestion, { server, clock, signal }: One): Promise<HostAnswer> {
  const query = writeQuery(question, { edns: 'none' })
  const read: Wire<HostAnswer | 'cut'>['read'] = (message) => {
    const reading = readHostAnswer(message, question)
    if (reading.kind === 'next') throw Object.assign(new Error(reading.code), { code: reading.code })
    return reading.kind === 'foreign' || reading.kind === 'cut' ? reading.kind : reading
  }
  const answer = await overUdp({ server, query, read }, signal).catch((error: unknown) => {
    if (signal.aborted) throw error
    return throwBlame(error, server, signal)
  })
  if (answer !== 'cut') return answer
  const sockets: Socket[] = []
  try {
    const own = (socket: Socket): void => {
      socket.on('error', () => undefined)
      signal.addEventListener('abort', () => socket.destroy(), { once: true })
      sockets.push(socket)
    }
    const whole = await overTcp({ server, query, read }, { signal, own, watch: startStopwatch(clock) })
    if (whole.answer === 'cut') throw Object.assign(new Error('cut over TCP'), { code: 'EBADRESP' })
    return whole.answer
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}
