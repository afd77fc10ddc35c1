/**
 * One DNS exchange with one server over UDP or TCP. One query is sent once: what a resolver would hide
 * behind a second try is what a probe is there to see.
 */
import { createSocket, type Socket as Datagram } from 'node:dgram'
import type { Attempt } from './attempt.ts'
import { connectTo } from './connect.ts'
import { protocolFailure, startDialogue, takeLeave } from './dialogue.ts'
import { readAnswer, writeQuery, type DnsReading, type Question } from './dns-message.ts'
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

/** Rejects with the error of the system, or a ProbeFailure where what came is no answer. */
export async function askOverUdp(
  { server, question, edns, phase }: Exchange,
  { signal, watch }: Attempt,
): Promise<DnsAnswer> {
  signal.throwIfAborted()
  const socket = createSocket(server.family === 6 ? 'udp6' : 'udp4')
  let foreign = 0
  try {
    return await new Promise<DnsAnswer>((resolve, reject) => {
      socket.on('error', reject)
      signal.addEventListener('abort', () => reject(expired(foreign)), { once: true })
      socket.on('message', (message) => {
        const reading = readAnswer(message, question)
        // Forged or late: the true answer may still come.
        if (reading.kind === 'foreign') {
          foreign += 1
          if (foreign >= MAX_FOREIGN_PACKETS) reject(expired(foreign))
        } else if (reading.kind === 'malformed') reject(malformed(reading.reason))
        else resolve(reading)
      })
      // Connected, so that answers of others are dropped and a closed port is told at once.
      socket.connect(server.port, server.address)
      socket.once('connect', () => {
        watch.enter(phase)
        socket.send(writeQuery(question, { edns }), (error) => {
          if (error) reject(error)
        })
      })
    })
  } catch (error) {
    return await throwBlame(error, server, signal)
  } finally {
    closeDatagram(socket)
  }
}

/** RFC 1035, 4.2.2: each message after its length in two octets. */
export async function askOverTcp(
  { server, question, edns, phase }: Exchange,
  attempt: Attempt,
): Promise<DnsAnswer> {
  const socket = await connectTo(server, attempt)
  attempt.watch.enter(phase)
  const dialogue = startDialogue(socket, {
    signal: attempt.signal,
    firstByte: () => attempt.watch.enter('transferUs'),
  })
  const query = writeQuery(question, { edns })
  const length = Buffer.alloc(2)
  length.writeUInt16BE(query.length)
  dialogue.say(Buffer.concat([length, query]))
  const size = (await dialogue.bytes(2)).readUInt16BE(0)
  const reading = readAnswer(await dialogue.bytes(size), question)
  if (reading.kind === 'foreign') throw protocolFailure('an answer that is not to this question')
  if (reading.kind === 'malformed') throw malformed(reading.reason)
  dialogue.release()
  takeLeave(socket, '', attempt)
  return reading
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
