/**
 * Dialogue: reading what a server says on a plain connection, line by line or byte by byte, before
 * anything else happens on it. What it may say in all and in one line is capped.
 */
import type { Socket } from 'node:net'
import { ProbeFailure, type Attempt } from './attempt.ts'
import { createByteStore } from './byte-store.ts'
import { given } from './fields.ts'

/** RFC 5321 has 512, and servers go beyond it. */
export const MAX_LINE_BYTES = 4 * 1024

const EXCERPT_CHARS = 80
const LF = 0x0a

export type Dialogue = {
  say: (words: string | Buffer) => void
  /** The next line without its end, CRLF or LF. Fails as `protocol` where it does not end in time. */
  line: () => Promise<string>
  bytes: (count: number) => Promise<Buffer>
  /** True once `wanted` has come; false when the server ended or reached the cap without it. */
  until: (wanted: Buffer) => Promise<boolean>
  /** Reads again from the first byte. */
  rewind: () => void
  heardBytes: () => number
  /** The beginning of what is unread, for people. */
  excerpt: () => string
  /** Nothing is read here any more: the socket is handed over. False when there is more than was read. */
  release: () => boolean
}

type Circumstance = {
  /** Aborts at the deadline, and the socket's reads fail. */
  signal: AbortSignal
  /** Called when the server begins to speak. */
  firstByte?: () => void
}

export function startDialogue(socket: Socket, { signal, firstByte }: Circumstance): Dialogue {
  const hearing = listenTo(socket, firstByte)
  let position = 0
  const unread = (): Buffer => hearing.heard().subarray(position)
  const excerpt = (): string => printable(unread().subarray(0, EXCERPT_CHARS).toString('utf8'))
  const take = (count: number): Buffer => {
    const taken = unread().subarray(0, count)
    position += taken.length
    return taken
  }
  const cutShort = (): Error => closedEarly(hearing.heard().length)
  /** Silence is a timeout; a beginning that never became a line is no answer of the protocol. */
  const unfinished = (error: unknown): never => {
    throw signal.aborted && unread().length > 0
      ? protocolFailure(`a line without an end: ${excerpt()}`)
      : error
  }
  return {
    say: (words) => void socket.write(words),
    async line() {
      for (;;) {
        const at = unread().indexOf(LF)
        if ((at < 0 ? unread().length : at) > MAX_LINE_BYTES)
          throw protocolFailure(`a line of more than ${MAX_LINE_BYTES} bytes`)
        if (at >= 0)
          return take(at + 1)
            .toString('utf8')
            .replace(/\r?\n$/, '')
        if (!(await hearing.more().catch(unfinished))) throw cutShort()
      }
    },
    async bytes(count) {
      while (unread().length < count) if (!(await hearing.more())) throw cutShort()
      return take(count)
    },
    async until(wanted) {
      let from = 0
      for (;;) {
        const at = unread().indexOf(wanted, from)
        if (at >= 0) return take(at + wanted.length).length > 0
        // Searched once, but for the end, where `wanted` may have begun.
        from = Math.max(0, unread().length - wanted.length + 1)
        if (!(await hearing.more())) return false
      }
    },
    rewind: () => void (position = 0),
    heardBytes: () => hearing.heard().length,
    excerpt,
    release() {
      hearing.stop()
      return unread().length === 0
    },
  }
}

/** `reply`: the line that was not the one expected. */
export function protocolFailure(detail: string, { reply = '' }: { reply?: string } = {}): ProbeFailure {
  const code = replyCode(reply)
  return new ProbeFailure({ outcome: 'fail', cause: 'protocol', value: 0, ...given({ code }), detail })
}

/** What SMTP, FTP, POP3 and IMAP put first: 421, -ERR, NO. */
export function replyCode(line: string): string | undefined {
  return /^(?:(?:a|\*) )?([1-5]\d\d(?![^ -])|-ERR|NO\b|BAD\b|BYE\b)/.exec(line)?.[1]
}

/** What a stranger wrote, fit for one line of text. */
export function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
    .trim()
    .slice(0, EXCERPT_CHARS)
}

/** After an exchange: how long a server may take to hear the last words. */
const FAREWELL_MS = 1_000

/**
 * Says the last words and lets go. Nobody waits: the attempt is over, and the socket is destroyed when
 * the server closes or a second has passed. Without this a server would log a lost connection.
 */
export function takeLeave(socket: Socket, words: string | Buffer, attempt: Attempt): void {
  attempt.disown(socket)
  socket.unref()
  const limit = setTimeout(() => socket.destroy(), FAREWELL_MS).unref()
  socket.once('close', () => clearTimeout(limit))
  socket.once('end', () => socket.destroy())
  // Unread bytes would turn the end into a reset.
  socket.resume()
  socket.end(words)
}

function closedEarly(heardBytes: number): Error {
  const when = heardBytes === 0 ? 'without a word' : 'before its answer was whole'
  return Object.assign(new Error(`the server closed ${when}`), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

/** Read of one connection at most; the rest stays where it is. */
export const MAX_DIALOGUE_BYTES = 64 * 1024

type Hearing = {
  heard: () => Buffer
  /** Waits for more. False when no more will come or be read; rejects with the error of the socket. */
  more: () => Promise<boolean>
  /** Leaves the socket paused, and what was not read in it. */
  stop: () => void
}

/** `firstByte` is called when the server begins to speak. */
function listenTo(socket: Socket, firstByte?: () => void): Hearing {
  const heard = createByteStore(MAX_DIALOGUE_BYTES)
  let isOver = false
  let failure: Error | null = null
  // Until somebody reads, what comes is kept.
  let wake = (): void => undefined

  const listen = (chunk: Buffer): void => {
    if (heard.length === 0) firstByte?.()
    heard.add(chunk)
    if (heard.length === MAX_DIALOGUE_BYTES) {
      isOver = true
      socket.pause()
    }
    wake()
  }
  const end = (): void => {
    isOver = true
    wake()
  }
  const fail = (error: Error): void => {
    failure = error
    wake()
  }
  const throwFailure = (): void => {
    if (failure) throw failure
  }
  socket.on('data', listen).on('end', end).on('close', end).on('error', fail)
  return {
    heard: heard.take,
    async more() {
      throwFailure()
      if (isOver) return false
      await new Promise<void>((resolve) => (wake = resolve))
      throwFailure()
      // The last bytes and the end may have come together.
      return true
    },
    stop() {
      socket.pause()
      socket.off('data', listen).off('end', end).off('close', end).off('error', fail)
    },
  }
}
