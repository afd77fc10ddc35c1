/**
 * Client: the API of the collector that runs on a data directory, with its owner's token. Over TLS the key
 * that the directory names is the only one that gets it.
 */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:tls'
import { Fault } from '@constat/shared/fault'
import { pinOf } from '@constat/shared/pin'
import { sniOf } from '@constat/shared/target'
import { readOwnerToken, readRunning, type Running } from '../data-dir.ts'

export type Client = {
  url: string
  /** What `/readyz` answers: whether it is ready, and what is wrong. */
  ready(): Promise<unknown>
  get(path: string): Promise<unknown>
  /** Every item of a list, page by page. */
  all(path: string): Promise<unknown[]>
  /** `text` is YAML. */
  put(path: string, text: string): Promise<unknown>
  /** `text` is JSON unless its media type is given. */
  post(path: string, text: string | Buffer, how?: { type?: string; withinMs?: number }): Promise<unknown>
  /** The bytes of an answer of any length, as they come. Rejects where it ends early. */
  read(path: string): Promise<AsyncIterable<Buffer>>
}

const TIMEOUT_MS = 30_000
/** From the first byte of a file to its last. */
const FILE_WITHIN_MS = 30 * 60_000
/** Of a list: as many as a page may have. */
const ITEMS_AT_ONCE = 500
/** Answers of the API are pages: far below this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const NOT_RUNNING = 'Start it with `npm start`, or name its directory with --data.'

/** Fault `unavailable` when no collector runs on `dataDir`. */
export function openClient(dataDir: string): Client {
  const running = readRunning(dataDir)
  const token = readOwnerToken(dataDir)
  if (!running || token === null) {
    throw new Fault('unavailable', `no collector runs on ${dataDir}`, { hint: NOT_RUNNING })
  }
  const ask = (method: string, path: string, body?: Body, withinMs = TIMEOUT_MS): Promise<unknown> =>
    request(running, { method, path: `/api/v1${path}`, token, withinMs, ...(body && { body }) })
  return {
    url: running.url,
    ready: async () =>
      JSON.parse((await answerOf(running, { method: 'GET', path: '/readyz', withinMs: TIMEOUT_MS })).text),
    get: (path) => ask('GET', path),
    all: (path) => allPages((page) => ask('GET', page), path),
    put: (path, text) => ask('PUT', path, { type: 'application/yaml', text }),
    post: (path, text, { type = 'application/json', withinMs } = {}) =>
      ask('POST', path, { type, text }, withinMs),
    read: (path) =>
      readFile(running, { method: 'GET', path: `/api/v1${path}`, token, withinMs: FILE_WITHIN_MS }),
  }
}

async function allPages(get: (path: string) => Promise<unknown>, path: string): Promise<unknown[]> {
  const found: unknown[] = []
  let cursor: string | null = null
  do {
    const asked = new URLSearchParams({ limit: String(ITEMS_AT_ONCE), ...(cursor !== null && { cursor }) })
    // What the API answers for every list.
    const page = (await get(`${path}${path.includes('?') ? '&' : '?'}${asked.toString()}`)) as Page
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== null)
  return found
}

type Page = { items: unknown[]; next: string | null }
type Body = { type: string; text: string | Buffer }
type Asked = { method: string; path: string; token?: string; withinMs: number; body?: Body }

async function request(running: Running, asked: Asked): Promise<unknown> {
  const { status, text } = await answerOf(running, asked)
  const answer: unknown = JSON.parse(text)
  if (status < 300) return answer
  throw problemFault(answer, status)
}

async function readFile(running: Running, asked: Asked): Promise<AsyncIterable<Buffer>> {
  const response = await exchange(running, asked).catch((error: unknown) => noAnswer(running, error))
  if (response.statusCode === 200) return response
  const { status, text } = await read(response)
  throw problemFault(JSON.parse(text), status)
}

async function answerOf(running: Running, asked: Asked): Promise<Answer> {
  return exchange(running, asked)
    .then(read)
    .catch((error: unknown) => noAnswer(running, error))
}

function noAnswer({ url }: Running, error: unknown): never {
  if (error instanceof Fault) throw error
  throw new Fault('unavailable', `the collector at ${new URL(url).origin} does not answer`, {
    hint: NOT_RUNNING,
    cause: error,
  })
}

function exchange(
  running: Running,
  { method, path, token, withinMs, body }: Asked,
): Promise<IncomingMessage> {
  const headers: Record<string, string> = {}
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body) headers['content-type'] = body.type
  const send = running.tlsPin === null ? httpRequest : httpsRequest
  const options = { method, headers, signal: AbortSignal.timeout(withinMs), ...pinned(running) }
  return new Promise((resolve, reject) => {
    const sent = send(`${running.url}${path}`, options)
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body?.text)
  })
}

/** The socket is handed on only after its key was looked at: the token goes to nobody else. */
function pinned({ url, tlsPin }: Running): Pick<RequestOptions, 'createConnection'> {
  if (tlsPin === null) return {}
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return {
    createConnection: (_, done) => {
      const servername = sniOf(host) ?? ''
      const socket = connect({ host, port: Number(port) || 443, servername, rejectUnauthorized: false })
      socket.once('error', (error) => done(error, socket))
      socket.once('secureConnect', () => {
        const certificate = socket.getPeerX509Certificate()
        if (certificate && pinOf(certificate) === tlsPin) return done(null, socket)
        socket.destroy()
        done(
          new Fault('unavailable', `what answers at ${url} has another TLS key than this data directory`, {
            hint: 'Start the collector again: another program took its address.',
          }),
          socket,
        )
      })
      return undefined
    },
  }
}

type Answer = { status: number; text: string }

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    // Without an encoding set, a response gives buffers.
    chunks.push(chunk as Buffer)
    length += chunks.at(-1)!.length
    if (length > MAX_ANSWER_BYTES) throw new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}

/** An RFC 9457 problem as the Fault it was on the other side. */
function problemFault(answer: unknown, status: number): Fault {
  const { detail, title, problems } = isRecord(answer) ? answer : {}
  const message = typeof detail === 'string' ? detail : typeof title === 'string' ? title : `HTTP ${status}`
  const list = Array.isArray(problems) ? problems.map(String) : []
  if (status === 401) {
    return new Fault('unauthorised', 'the owner token of this data directory opens nothing any more', {
      hint: '`constat token owner --renew` makes another.',
    })
  }
  if (status === 429) return new Fault('rate-limited', message)
  const code = status === 404 ? 'not-found' : status < 500 ? 'bad-request' : 'unavailable'
  return new Fault(code, message, { problems: list })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
