/**
 * Mail server of the test: real SMTP on loopback. It keeps every letter, refused ones too, and answers as it is told.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'

export type ReceivedLetter = {
  id: string
  subject: string
  to: string[]
  headers: string
  /** Its first part, decoded. */
  text: string
}

export type MailServer = {
  port: number
  received: ReceivedLetter[]
  until(n: number, timeoutMs?: number): Promise<ReceivedLetter[]>
  close(): Promise<void>
}

/** `code`: of the answer to the `n`-th letter, counted from 1. */
export async function openMailServer(code: (n: number) => number): Promise<MailServer> {
  const received: ReceivedLetter[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        received.push({ ...letterIn(Buffer.concat(parts).toString('latin1')), to })
        const answer = code(received.length)
        if (answer < 300) return done()
        done(Object.assign(new Error('not now'), { responseCode: answer }))
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  // A TCP server that listens has an address of this form.
  const { port } = server.server.address() as AddressInfo
  return {
    port,
    received,
    async until(n, timeoutMs = 15_000) {
      const endMs = Date.now() + timeoutMs
      while (received.length < n) {
        if (Date.now() > endMs) throw new Error(`${received.length} of ${n} letters within ${timeoutMs} ms`)
        await sleep(10)
      }
      return received
    },
    close: () => new Promise((settle) => server.close(() => settle())),
  }
}

function letterIn(raw: string): Omit<ReceivedLetter, 'to'> {
  const end = raw.indexOf('\r\n\r\n')
  const headers = raw.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ')
  const of = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1] ?? ''
  return { id: of('message-id'), subject: wordsIn(of('subject')), headers, text: textPart(raw) }
}

/** RFC 2047 words as text. */
function wordsIn(header: string): string {
  return header.replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=\s?/gi, (_, how: string, text: string) =>
    how.toUpperCase() === 'B' ? Buffer.from(text, 'base64').toString() : quoted(text.replaceAll('_', ' ')),
  )
}

function textPart(raw: string): string {
  const [, head = '', body = ''] =
    /\r\nContent-Type: text\/plain([\s\S]*?)\r\n\r\n([\s\S]*?)\r\n--/i.exec(raw) ?? []
  return /base64/i.test(head) ? Buffer.from(body, 'base64').toString() : quoted(body.replaceAll('=\r\n', ''))
}

function quoted(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
