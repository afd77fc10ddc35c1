/**
 * One DNS exchange with one server over UDP or TCP. One query is sent once: what a resolver would hide
 * behind a second try is what a probe is there to see.
 */
import { createSocket, type Socket as Datagram } from 'node:dgram'
import type { Socket } from 'node:net'
import type { Attempt } from './attempt.ts'
import { connectTo } from './connect.ts'
import { protocolFailure, startDialogue, takeLeave } from './dialogue.ts'
import { readAnswer, writeQuery, type DnsReading, type Question } from './dns-message.ts'
import { given } from './fields.ts'
import type { Address } from './resolution.ts'
import { throwBlame } from './route.ts'

/** Packets that answer another question: whoever sends more keeps this host busy, and the true answer will not be missed. */
export const MAX_FOREIGN_PACKETS = 1_000

export type DnsAnswer = Extract<DnsReading, { kind: 'answer' }>
export type Exchange = {
  server: Address & { port: number }
  question: Question
  edns: 'offered' | 'none'
  /** Of the wait: `dnsUs` where the host's own resolver is asked, whose silence is the resolver's. */
  phase: 'dnsUs' | 'ttfbUs'
}

/** One message there and one back. */
export type Wire<R> = {
  server: Address & { port: number }
  query: Buffer
  /** What a message is; throws what it ends the exchange with. `foreign`: forged or late, the true answer may still come. */
  read: (message: Buffer) => R | 'foreign'
  sent?: () => void
  /** Of TCP: the first byte of the answer. */
  heard?: () => void
}

/** Rejects with the error of the system, what `read` throws, or a ProbeFailure of packets that are no answer. */
export async function overUdp<R>({ server, query, read, sent }: Wire<R>, signal: AbortSignal): Promise<R> {
  signal.throwIfAborted()
  const socket = createSocket(server.family === 6 ? 'udp6' : 'udp4')
  let foreign = 0
  const abandon = new AbortController()
  try {
    return await new Promise<R>((resolve, reject) => {
      socket.on('error', reject)
      signal.addEventListener('abort', () => reject(expired(foreign)), { signal: abandon.signal })
      socket.on('message', (message) => {
        try {
          const reading = read(message)
          if (reading !== 'foreign') return resolve(reading)
          foreign += 1
          if (foreign >= MAX_FOREIGN_PACKETS) reject(expired(foreign))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
      // Connected, so that answers of others are dropped and a closed port is told at once.
      socket.connect(server.port, server.address)
      socket.once('connect', () => {
        sent?.()
        socket.send(query, (error) => {
          if (error) reject(error)
        })
      })
    })
  } finally {
    abandon.abort()
    closeDatagram(socket)
  }
}

/** RFC 1035, 4.2.2: each message after its length in two octets. Rejects as `overUdp` and `connectTo` do. */
export async function overTcp<R>(
  { server, query, read, sent, heard }: Wire<R>,
  attempt: Pick<Attempt, 'signal' | 'own' | 'watch'>,
): Promise<{ answer: R; socket: Socket }> {
  const socket = await connectTo(server, attempt)
  sent?.()
  const dialogue = startDialogue(socket, { signal: attempt.signal, ...given({ firstByte: heard }) })
  const length = Buffer.alloc(2)
  length.writeUInt16BE(query.length)
  dialogue.say(Buffer.concat([length, query]))
  const size = (await dialogue.bytes(2)).readUInt16BE(0)
  const answer = read(await dialogue.bytes(size))
  if (answer === 'foreign') throw protocolFailure('an answer that is not to this question')
  dialogue.release()
  return { answer, socket }
}

/** Rejects with the error of the system, or a ProbeFailure where what came is no answer. */
export async function askOverUdp(exchange: Exchange, { signal, watch }: Attempt): Promise<DnsAnswer> {
  const { server, phase } = exchange
  const sent = (): void => watch.enter(phase)
  return overUdp({ ...wireOf(exchange), sent }, signal).catch((error: unknown) =>
    throwBlame(error, server, signal),
  )
}

export async function askOverTcp(exchange: Exchange, attempt: Attempt): Promise<DnsAnswer> {
  const { watch } = attempt
  const sent = (): void => watch.enter(exchange.phase)
  const heard = (): void => watch.enter('transferUs')
  const { answer, socket } = await overTcp({ ...wireOf(exchange), sent, heard }, attempt)
  takeLeave(socket, '', attempt)
  return answer
}

function wireOf({ server, question, edns }: Exchange): Wire<DnsAnswer> {
  return {
    server,
    query: writeQuery(question, { edns }),
    read: (message) => {
      const reading = readAnswer(message, question)
      if (reading.kind === 'malformed') throw malformed(reading.reason)
      return reading.kind === 'foreign' ? 'foreign' : reading
    },
  }
}

function malformed(reason: string): Error {
  return protocolFailure(`an answer that cannot be read: ${reason}`)
}

function expired(foreign: number): Error {
  if (foreign > 0) return protocolFailure(`${foreign} packets that are no answer to this question`)
  return new Error('no answer in time')
}

function closeDatagram(socket: Datagram): void {
  // Listening is the point: a late error must not end the agent.
  socket.removeAllListeners('error').on('error', () => undefined)
  socket.close()
}
