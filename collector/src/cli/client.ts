/** Client: the API of the collector that runs on a data directory, with its owner's token. */
import { Fault } from '@constat/shared/fault'
import { readOwnerToken, readRunning } from '../data-dir.ts'

export type Client = {
  url: string
  get(path: string): Promise<unknown>
  /** `text` is YAML. */
  put(path: string, text: string): Promise<unknown>
}

const TIMEOUT_MS = 30_000
const NOT_RUNNING = 'Start it with `npm start`, or name its directory with --data.'

/** Fault `unavailable` when no collector runs on `dataDir`. */
export function openClient(dataDir: string): Client {
  const running = readRunning(dataDir)
  const token = readOwnerToken(dataDir)
  if (!running || token === null) {
    throw new Fault('unavailable', `no collector runs on ${dataDir}`, { hint: NOT_RUNNING })
  }
  const ask = (method: string, path: string, body?: string): Promise<unknown> =>
    request(`${running.url}/api/v1${path}`, { method, token, ...(body === undefined ? {} : { body }) })
  return {
    url: running.url,
    get: (path) => ask('GET', path),
    put: (path, text) => ask('PUT', path, text),
  }
}

async function request(
  url: string,
  { method, token, body }: { method: string; token: string; body?: string },
): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/yaml' }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const init = { method, headers, signal, ...(body === undefined ? {} : { body }) }
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new Fault('unavailable', `the collector at ${new URL(url).origin} does not answer`, {
      hint: NOT_RUNNING,
      cause: error,
    })
  })
  const answer: unknown = await response.json()
  if (response.ok) return answer
  throw problemFault(answer, response.status)
}

/** An RFC 9457 problem as the Fault it was on the other side. */
function problemFault(answer: unknown, status: number): Fault {
  const { detail, title, problems } = isRecord(answer) ? answer : {}
  const message = typeof detail === 'string' ? detail : typeof title === 'string' ? title : `HTTP ${status}`
  const list = Array.isArray(problems) ? problems.map(String) : []
  const code = status === 404 ? 'not-found' : status < 500 ? 'bad-request' : 'unavailable'
  return new Fault(code, message, { problems: list })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
