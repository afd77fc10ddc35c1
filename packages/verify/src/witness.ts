/**
 * `constat-verify witness`: cosigns the checkpoints of logs that it knows, each only where it extends all that it has
 * cosigned of that log before. C2SP tlog-witness over HTTP. Not pure.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { cosigner } from '@constat/evidence/cosignature'
import { formatSignature } from '@constat/evidence/note'
import { formatVkey, type Vkey } from '@constat/evidence/vkey'
import {
  ADD_CHECKPOINT_PATH,
  answerSubmission,
  MAX_SUBMISSION_BYTES,
  TREE_SIZE_TYPE,
  type WitnessRefusal,
} from '@constat/evidence/witness'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { rawPublicKey } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import type { WitnessStore } from './witness-store.ts'

/** A submission is small and its sender near. */
const REQUEST_WITHIN_MS = 10_000
const MAX_CONNECTIONS = 256
const PROOFS: ReadonlySet<WitnessRefusal> = new Set(['other-root', 'not-an-extension'])

export type WitnessDeps = {
  store: WitnessStore
  logs: readonly Vkey[]
  nowMs: () => UnixMs
  /** One line of what was done. */
  told: (line: string) => void
}

export function witnessVkey({ key }: WitnessStore): string {
  const { name, keyId, type } = key
  return formatVkey({ name, keyId, type, publicKey: rawPublicKey(key.key) })
}

/** Listens until it is closed. Fault `network`. */
export async function serveWitness(
  { host, port }: { host: string; port: number },
  deps: WitnessDeps,
): Promise<Server> {
  const server = createServer((request, response) => {
    respond(request, response, deps).catch((error: unknown) => {
      deps.told(`a request failed: ${messageOf(error)}`)
      response.destroy()
    })
  })
  server.requestTimeout = REQUEST_WITHIN_MS
  server.headersTimeout = REQUEST_WITHIN_MS
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  }).catch((error: unknown) => {
    throw new Fault('network', `cannot listen on ${host}:${port}: ${systemCode(error) ?? messageOf(error)}`, {
      hint: 'Name another address with --listen.',
    })
  })
  return server
}

async function respond(request: IncomingMessage, response: ServerResponse, deps: WitnessDeps): Promise<void> {
  if (request.url !== ADD_CHECKPOINT_PATH) return end(response, 404, 'There is POST /add-checkpoint.\n')
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST')
    return end(response, 405, 'Checkpoints are sent by POST.\n')
  }
  const body = await read(request)
  if (body === null) {
    response.setHeader('connection', 'close')
    return end(response, 413, `A submission has ${MAX_SUBMISSION_BYTES} bytes at most.\n`)
  }
  // Looked up, kept and signed without a pause between: another request cannot come in between.
  addCheckpoint(body, response, deps)
}

function addCheckpoint(
  body: string,
  response: ServerResponse,
  { store, logs, nowMs, told }: WitnessDeps,
): void {
  const answer = answerSubmission(body, { logs, latest: (origin) => store.latest(origin) })
  if (answer.kind === 'refused') {
    const { status, reason, size } = answer
    // An honest log asks so to learn where it stands.
    if (reason !== 'other-old-size') told(`refused (${status}): ${reason}`)
    // Signed by the log, and no continuation of what was cosigned: that may prove a lie. Anybody can send the rest.
    if (PROOFS.has(reason)) store.refused({ atMs: nowMs(), status, reason, body })
    if (reason === 'other-old-size') response.setHeader('content-type', TREE_SIZE_TYPE)
    return end(response, status, reason === 'other-old-size' ? `${size}\n` : `${reason}\n`)
  }
  const { origin, size, text, note } = answer
  store.keep(origin, note)
  const { name, keyId, sign } = cosigner({ name: store.key.name, key: store.key.key, atMs: nowMs() })
  told(`cosigned ${origin} at ${size}`)
  end(response, 200, formatSignature({ name, keyId, signature: sign(text) }))
}

function end(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.writeHead(status).end(text)
}

/** Null past the limit. */
async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    // Without an encoding set, a request gives buffers.
    chunks.push(chunk as Buffer)
    bytes += chunks.at(-1)!.length
    if (bytes > MAX_SUBMISSION_BYTES) return null
  }
  return Buffer.concat(chunks).toString('utf8')
}
