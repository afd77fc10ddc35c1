/** A log over HTTP, as C2SP tlog-tiles serves it, with what stands beside it. Every answer has a limit. Not pure. */
import { createHash } from 'node:crypto'
import { MAX_TEXT_BYTES } from '@constat/evidence/bundle'
import { MAX_NOTE_BYTES } from '@constat/evidence/note'
import { MAX_ENTRY_BYTES, parseEntryBundle, TILE_WIDTH, tilePath } from '@constat/evidence/tile'
import { Fault, messageOf } from '@constat/shared/fault'

const WITHIN_MS = 60_000
/** A result is judged when it is asked for. */
const RESULT_WITHIN_MS = 150_000
const MAX_TILE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
const BUSY: ReadonlySet<number> = new Set([429, 503])
/** One that is busy is asked so often, and waited for so long in between. */
const MAX_TRIES = 3
const WAIT_S = 5
const MAX_WAIT_S = 10

export type Published =
  | { kind: 'given'; text: string }
  /** There is none, or there was none in several tries. */
  | { kind: 'withheld'; status: number }
  /** Others were being answered. */
  | { kind: 'busy' }

export class RemoteLog {
  readonly #url: string
  readonly #headers: Record<string, string>

  /** `url` is the prefix of the log: https://…/log/<contract>. */
  constructor({ url, token }: { url: string; token: string | null }) {
    this.#url = url.replace(/\/+$/, '')
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` }
  }

  /** The newest signed head, as a note. */
  async checkpoint(): Promise<string> {
    return (await this.#bytes('checkpoint', { maxBytes: MAX_NOTE_BYTES })).toString('utf8')
  }

  /** The entries of [from, to), as they stand in the log; null where the answer does not hold so many. */
  async entries({ from, to }: { from: number; to: number }): Promise<Buffer[] | null> {
    const index = Math.floor(from / TILE_WIDTH)
    const width = Math.min(TILE_WIDTH, to - index * TILE_WIDTH)
    const path = tilePath({ level: 'entries', index, width })
    const parsed = parseEntryBundle(await this.#bytes(path, { maxBytes: MAX_TILE_BYTES }), width)
    return parsed?.slice(from - index * TILE_WIDTH) ?? null
  }

  /** Bytes beside the log. Fault `evidence` for others than were asked for. */
  async beside(digest: string): Promise<Buffer> {
    const bytes = await this.#bytes(`beside/${digest}`, { maxBytes: MAX_TEXT_BYTES })
    if (createHash('sha256').update(bytes).digest('hex') === digest) return bytes
    throw new Fault('evidence', `what the log gives as ${digest.slice(0, 16)}… has another SHA-256`)
  }

  /** `result.json` of a window as it is published now. */
  async result(window: string): Promise<Published> {
    const path = `result/${encodeURIComponent(window)}`
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#get(path, { maxBytes: MAX_TEXT_BYTES, withinMs: RESULT_WITHIN_MS })
      const { status, bytes, waitS } = answer
      if (status === 200) return { kind: 'given', text: bytes.toString('utf8') }
      if (status !== 404 && !BUSY.has(status)) throw refused(path, status)
      if (status === 404 || tries === MAX_TRIES)
        return status === 429 ? { kind: 'busy' } : { kind: 'withheld', status }
      await new Promise((resolve) => setTimeout(resolve, waitS * 1_000))
    }
  }

  async #bytes(path: string, { maxBytes }: { maxBytes: number }): Promise<Buffer> {
    const { status, bytes } = await this.#get(path, { maxBytes, withinMs: WITHIN_MS })
    if (status === 200) return bytes
    throw refused(path, status)
  }

  async #get(
    path: string,
    { maxBytes, withinMs }: { maxBytes: number; withinMs: number },
  ): Promise<{ status: number; bytes: Buffer; waitS: number }> {
    const url = `${this.#url}/${path}`
    try {
      const response = await fetch(url, {
        headers: this.#headers,
        redirect: 'error',
        signal: AbortSignal.timeout(withinMs),
      })
      const chunks: Uint8Array[] = []
      let bytes = 0
      for await (const chunk of response.body ?? []) {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`)
      }
      const asked = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')
      const waitS = asked ? Math.min(MAX_WAIT_S, Number(asked[0])) : WAIT_S
      return { status: response.status, bytes: Buffer.concat(chunks), waitS }
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      throw new Fault('network', `${url} does not answer: ${messageOf(cause)}`, {
        hint: 'It has to be the address of a log, https://…/log/CONTRACT.',
      })
    }
  }
}

function refused(path: string, status: number): Fault {
  if (status === 401 || status === 403) {
    return new Fault('forbidden', `the log is not open to you (${status} at ${path})`, {
      hint: 'Give the token of a reader in CONSTAT_TOKEN, or have the log published.',
    })
  }
  return new Fault('network', `the log answered ${status} at ${path}`)
}
