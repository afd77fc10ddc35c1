/** Odd server: gives odd answers over raw sockets at `/a/N`, and notes what each client asked for. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN, type OddAnswer } from './odd-answers.ts'

export type OddServer = {
  origin: string
  /** Request targets below one answer, in order, by whoever asked: the first word of its User-Agent. */
  asked: (answer: number, agent: string) => string[]
  close: () => Promise<void>
}

const PACKET_GAP_MS = 3

export async function startOddServer(answers: readonly OddAnswer[]): Promise<OddServer> {
  const asked = new Map<string, string[]>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    let heard = ''
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1')
      if (!heard.includes('\r\n\r\n')) return
      const request = heard
      heard = ''
      void answerTo(socket, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  // A TCP server that listens has an AddressInfo.
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answerTo(socket: Socket, request: string): Promise<void> {
    const [, target = ''] = request.split(' ')
    const [, at, rest = ''] = /^\/a\/(\d+)(.*)$/.exec(target) ?? []
    const agent = /^user-agent: *([^\s/]+)/im.exec(request)?.[1] ?? ''
    const key = `${at} ${agent.toLowerCase()}`
    asked.set(key, [...(asked.get(key) ?? []), target])
    const answer = answers[Number(at)]
    if (at === undefined || !answer) return void socket.end(plain('200 OK', '<p>base</p>'))
    if (rest !== '') return void socket.end(below(request, { at, rest }))
    const packets = packetsOf(filled(answer.bytes, { at, host }), answer.cuts)
    for (const packet of packets) {
      socket.write(packet)
      if (packets.length > 1) await sleep(PACKET_GAP_MS)
    }
    if (answer.end === 'reset') await sleep(PACKET_GAP_MS * 5).then(() => socket.resetAndDestroy())
    else if (answer.end === 'close') socket.end()
  }
  return {
    origin: `http://${host}`,
    asked: (answer, agent) => asked.get(`${answer} ${agent}`) ?? [],
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function packetsOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => place % bytes.length))].filter(Boolean)
  const sorted = places.toSorted((a, b) => a - b)
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length))
}

function filled(bytes: Buffer, { at, host }: { at: string; host: string }): Buffer {
  const text = bytes.toString('latin1')
  const values = { path: `/a/${at}`, origin: `http://${host}`, host, last: at, name: `c${at}` }
  const made = Object.entries(values).reduce((all, [name, value]) => all.replaceAll(`{${name}}`, value), text)
  return Buffer.from(made, 'latin1')
}

/** Where redirects lead: to a chain of more, to a door that wants its cookie, or to a page. */
function below(request: string, { at, rest }: { at: string; rest: string }): string {
  const [, chain] = /^\/chain\/(\d+)$/.exec(rest) ?? []
  if (chain !== undefined && chain !== '0') {
    return plain('302 Found', '', `Location: /a/${at}/chain/${Number(chain) - 1}\r\n`)
  }
  const cookie = /^cookie: *(.*)$/im.exec(request)?.[1] ?? ''
  if (rest === '/cookie' && !cookie.includes(`c${at}=`)) return plain('404 Not Found', 'no cookie')
  return plain('200 OK', `<p>${TOKEN} ${rest}</p>`)
}

function plain(status: string, body: string, fields = ''): string {
  const length = Buffer.byteLength(body, 'latin1')
  return `HTTP/1.1 ${status}\r\n${fields}Content-Type: text/html; charset=utf-8\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`
}
