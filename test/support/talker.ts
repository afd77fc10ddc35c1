/** Talkers: raw TCP and UDP servers on loopback that say what a test wants, well-behaved or not. */
import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Socket } from 'node:net'

export type Talker = {
  port: number
  /** All that clients have said, one after the other. */
  heard: () => string
  /** Connections whose client has ended in good order. */
  ended: () => number
  close: () => Promise<void>
}

/** Calls `talk` with every connection. */
export async function startTalker(talk: (socket: Socket) => void, host = '127.0.0.1'): Promise<Talker> {
  const open = new Set<Socket>()
  let heard = ''
  let ended = 0
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')))
    socket.on('end', () => (ended += 1))
    talk(socket)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  return {
    // A TCP server that listens has an address of this form.
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    ended: () => ended,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** Says `greeting` and then, to every line that matches, its answer. */
export function conversation(
  greeting: string,
  answers: readonly (readonly [RegExp, string])[] = [],
): (socket: Socket) => void {
  return (socket) => {
    socket.write(greeting)
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString('latin1').split('\r\n')) {
        const found = answers.find(([form]) => form.test(line))
        if (found && socket.writable) socket.write(found[1])
      }
    })
  }
}

/** Answers every datagram with what `answer` makes of it, in as many datagrams. */
export async function startDatagramTalker(
  answer: (message: Buffer) => readonly Buffer[],
): Promise<{ port: number; close: () => Promise<void> }> {
  const socket = createSocket('udp4')
  socket.on('message', (message, { port, address }) => {
    for (const part of answer(message)) socket.send(part, port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { port: socket.address().port, close: () => new Promise((resolve) => socket.close(resolve)) }
}
