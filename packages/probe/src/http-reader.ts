/**
 * Reader: one HTTP/1 answer out of the bytes of a connection, however they are cut into packets. Pure; no
 * socket, no clock. A complete answer is complete: what follows it is no part of it and changes nothing.
 * One that ends too early is cut off. Heads are read in http-head.ts.
 *
 * Limits: 256 KiB (Chromium's number) and 20,000 lines for a head, so that none holds up the probes in flight; 1,000
 * interim answers; what http-chunks.ts has for chunks, and the caller's for the body. The rest is not waited for.
 */
import { createByteStore, type ByteStore } from './byte-store.ts'
import { Chunks } from './http-chunks.ts'
import { brokenAnswer, cutAnswer } from './failure.ts'
import { parseHead, type HttpHead } from './http-head.ts'

export type HttpResponse = Pick<HttpHead, 'status' | 'headers'> & {
  /** Still coded as `Content-Encoding` says. */
  body: Buffer<ArrayBuffer>
  /** The body went past the cap. */
  oversize: boolean
  /** What came with the end of a head without a body. */
  surplusBytes: number
}

export type AnswerReader = {
  /** Takes in what came, which is the reader's from then on; true once the answer is whole. Throws where it is none. */
  push: (bytes: Buffer) => boolean
  /** The connection has ended in order: the answer ends there, or was cut off, which throws. */
  end: () => void
  /** What was read. Once the answer is whole. */
  answer: () => HttpResponse
}

export type Reading = {
  /** HEAD and CONNECT are answered without a body. */
  method: string
  /** Bytes of body to keep, for this head; 0: the answer ends with its head. */
  cap: (head: HttpHead) => number
}

export const MAX_HEAD_BYTES = 256 * 1024
export const MAX_HEAD_LINES = 20_000
/** One or two are usual (100, 103); a slow server may say 102 every few seconds. */
export const MAX_INTERIM_ANSWERS = 1_000
const HEAD_PIECE_BYTES = 4 * 1024
/** Bytes that may stand before a status line: line ends left over by a script, as a rule. */
const MAX_SLOP_BYTES = 4
const HTTP = 'http'
const LF = 0x0a
const CR = 0x0d
const NO_BYTES = Buffer.alloc(0)

export function createReader({ method, cap }: Reading): AnswerReader {
  let heads = createHeads()
  let head: HttpHead | undefined
  let body: Body | undefined
  let interims = 0
  let isWhole = false
  let surplusBytes = 0

  function takeHead(found: FoundHead): void {
    const { status } = found.head
    if (status < 100 || status > 199) {
      head = found.head
      body = bodyOf(head, { method, capBytes: cap(head) })
      isWhole = body === undefined
      return
    }
    interims += 1
    if (interims > MAX_INTERIM_ANSWERS) throw brokenAnswer(`more than ${MAX_INTERIM_ANSWERS} interim answers`)
    heads = createHeads(found.head)
  }
  return {
    push(bytes) {
      let rest = bytes
      while (!head && rest.length > 0) {
        // In pieces: what follows a short head is not copied with it.
        const piece = rest.subarray(0, HEAD_PIECE_BYTES)
        const found = heads.add(piece)
        rest = rest.subarray(found?.usedBytes ?? piece.length)
        if (found) takeHead(found)
        if (isWhole) surplusBytes = rest.length
      }
      if (!isWhole && body && rest.length > 0) isWhole = body.add(rest)
      return isWhole
    },
    end() {
      if (isWhole) return
      if (!body) throw heads.cut()
      body.end()
      isWhole = true
    },
    answer() {
      if (!head || !isWhole) throw cutAnswer('the answer is not whole')
      const { status, headers } = head
      return {
        status,
        headers,
        body: body?.kept() ?? NO_BYTES,
        oversize: body?.oversize() ?? false,
        surplusBytes,
      }
    },
  }
}

/** `usedBytes`: of the piece that it ended in. */
type FoundHead = { head: HttpHead; usedBytes: number }

/** The bytes of one head, as they come. `before`: the interim answer that this one follows. */
function createHeads(before?: HttpHead) {
  const store = createByteStore(MAX_HEAD_BYTES)
  let lines = 0
  let slop: number | undefined
  /** Bytes of the line so far, less the CR that may end it. The status line is not empty. */
  let lineBytes = 1

  /** The number of bytes of `bytes` that end the head, or 0. */
  function endIn(bytes: Buffer, from: number): number {
    for (let i = from; i < bytes.length; i += 1) {
      const byte = bytes[i]
      if (byte === LF) {
        lines += 1
        if (lineBytes === 0) return i + 1
        lineBytes = 0
      } else if (byte !== CR) lineBytes += 1
    }
    return 0
  }
  function findStart(): boolean {
    const first = store.take().toString('latin1', 0, MAX_SLOP_BYTES + HTTP.length)
    const at = first.toLowerCase().indexOf(HTTP)
    if (at >= 0 && !first.slice(0, at).includes('\0')) slop = at
    else if (first.length === MAX_SLOP_BYTES + HTTP.length) throw brokenAnswer(`it begins ${shown(first)}`)
    return slop !== undefined
  }
  return {
    add(bytes: Buffer): FoundHead | undefined {
      const before = store.length
      const fits = store.add(bytes)
      const isFirst = slop === undefined
      if (isFirst && !findStart()) return undefined
      const all = store.take()
      const from = isFirst ? (slop ?? 0) : before
      const end = endIn(all, from)
      if (lines > MAX_HEAD_LINES) throw brokenAnswer(`its head passes ${MAX_HEAD_LINES} lines`)
      if (end > 0) return { head: parseHead(all.subarray(slop, end)), usedBytes: end - before }
      if (!fits || all.length === MAX_HEAD_BYTES)
        throw brokenAnswer(`its head passes ${MAX_HEAD_BYTES} bytes`)
      return undefined
    },
    cut(): Error {
      if (slop !== undefined) return cutAnswer('the connection ended within the head of the answer')
      if (before?.status === 101) return brokenAnswer('the server switched protocols unasked')
      if (store.length === 0) return cutAnswer('the connection ended without an answer')
      return brokenAnswer(`it is ${shown(store.take().toString('latin1'))}`)
    },
  }
}

function shown(bytes: string): string {
  return JSON.stringify(bytes)
}

type Body = {
  /** True once it is whole. */
  add: (bytes: Buffer) => boolean
  end: () => void
  kept: () => Buffer<ArrayBuffer>
  oversize: () => boolean
}

/** Undefined where there is none, or none is wanted. */
function bodyOf(
  head: HttpHead,
  { method, capBytes }: { method: string; capBytes: number },
): Body | undefined {
  const { status, framing } = head
  const bodiless =
    method === 'HEAD' || method === 'CONNECT' || status === 204 || status === 205 || status === 304
  if (bodiless || framing === 0 || capBytes === 0) return undefined
  const store = createByteStore(capBytes)
  if (framing === 'chunked') return chunkedBody(store, new Chunks())
  let oversize = false
  let leftBytes = framing === 'close' ? Infinity : framing
  return {
    add(bytes) {
      const own = bytes.length <= leftBytes ? bytes : bytes.subarray(0, leftBytes)
      leftBytes -= own.length
      oversize = !store.add(own)
      return oversize || leftBytes === 0
    },
    end() {
      if (framing !== 'close') throw cutAnswer(`the connection ended ${leftBytes} bytes before the body did`)
    },
    kept: () => store.take(),
    oversize: () => oversize,
  }
}

function chunkedBody(store: ByteStore, chunks: Chunks): Body {
  let oversize = false
  return {
    add(bytes) {
      const { dataBytes, isWhole } = chunks.add(bytes)
      oversize = !store.add(bytes.subarray(0, dataBytes))
      return isWhole || oversize
    },
    end() {
      throw cutAnswer('the connection ended before the last chunk')
    },
    kept: () => store.take(),
    oversize: () => oversize,
  }
}
