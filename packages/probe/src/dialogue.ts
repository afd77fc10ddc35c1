/**
 * Dialogue: reading what a server says on a plain connection, line by line or byte by byte, before
 * anything else happens on it. What it may say in all and in one line is capped.
 */
import type { Socket } from 'node:net'
import { ProbeFailure, type Attempt } from './attempt.ts'

/** Read of one connection at most; the rest stays where it is. */
export const MAX_DIALOGUE_BYTES = 64 * 1024
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
  let heard = Buffer.alloc(0)
  let position = 0
  let isOver = false
  let failure: Error | null = null
  let wake: () => void = nobodyWaits

  const listen = (chunk: Buffer): void => {
    if (heard.length === 0) firstByte?.()
    heard = Buffer.concat([heard, chunk])
    if (heard.length >= MAX_DIALOGUE_BYTES) {
      heard = heard.subarray(0, MAX_DIALOGUE_BYTES)
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
  socket.on('data', listen).on('end', end).on('close', end).on('error', fail)

  const throwFailure = (): void => {
    if (failure) throw failure
  }
  /** False when nothing more will come. */
  async function more(): Promise<boolean> {
    throwFailure()
    if (isOver) return false
    await new Promise<void>((resolve) => (wake = resolve))
    throwFailure()
    // The last bytes and the end may have come together.
    return true
  }
  const take = (end: number): Buffer => {
    const taken = heard.subarray(position, end)
    position = end
    return taken
  }
  /** Silence is a timeout; a beginning that never became a line is no answer of the protocol. */
  const unfinished = (error: unknown): never => {
    const begun = heard.subarray(position, position + EXCERPT_CHARS).toString('utf8')
    throw signal.aborted && begun !== ''
      ? protocolFailure(`a line without an end: ${printable(begun)}`)
      : error
  }
  return {
    say: (words) => void socket.write(words),
    async line() {
      for (;;) {
        const at = heard.indexOf(LF, position)
        if (at >= 0 && at - position <= MAX_LINE_BYTES)
          return take(at + 1)
            .toString('utf8')
            .replace(/\r?\n$/, '')
        if (at >= 0 || heard.length - position > MAX_LINE_BYTES)
          throw protocolFailure(`a line of more than ${MAX_LINE_BYTES} bytes`)
        if (!(await more().catch(unfinished))) throw cutShort(heard.length)
      }
    },
    async bytes(count) {
      while (heard.length - position < count) if (!(await more())) throw cutShort(heard.length)
      return take(position + count)
    },
    async until(wanted) {
      let from = position
      for (;;) {
        const at = heard.indexOf(wanted, from)
        if (at >= 0) {
          position = at + wanted.length
          return true
        }
        from = Math.max(position, heard.length - wanted.length + 1)
        if (!(await more())) return false
      }
    },
    rewind: () => void (position = 0),
    heardBytes: () => heard.length,
    excerpt: () => printable(heard.subarray(position, position + EXCERPT_CHARS).toString('utf8')),
    release() {
      socket.pause()
      socket.off('data', listen).off('end', end).off('close', end).off('error', fail)
      return position === heard.length
    },
  }
}

export function protocolFailure(detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'fail', cause: 'protocol', value: 0, detail })
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

function cutShort(heardBytes: number): Error {
  const when = heardBytes === 0 ? 'without a word' : 'before its answer was whole'
  return Object.assign(new Error(`the server closed ${when}`), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

function nobodyWaits(): void {
  // Until somebody reads, what comes is kept.
}
