/** One question to a witness: `add-checkpoint` over HTTP, as C2SP tlog-witness has it, with limits. Not pure. */
import {
  ADD_CHECKPOINT_PATH,
  formatSubmission,
  TREE_SIZE_TYPE,
  type Submission,
} from '@constat/evidence/witness'
import { messageOf } from '@constat/shared/fault'

const WITHIN_MS = 10_000
/** Lines of a few signatures. */
const MAX_ANSWER_BYTES = 16 * 1024

export type Asked =
  | { kind: 'cosigned'; lines: string }
  /** It has cosigned another size than was said. */
  | { kind: 'stands-at'; size: number }
  | { kind: 'refused'; status: number; text: string }
  | { kind: 'unreachable'; reason: string }

/** Never rejects. `url` is the submission prefix. */
export async function askWitness(url: string, submission: Submission): Promise<Asked> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}${ADD_CHECKPOINT_PATH}`, {
      method: 'POST',
      body: formatSubmission(submission),
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal: AbortSignal.timeout(WITHIN_MS),
    })
    const text = (await limited(response, MAX_ANSWER_BYTES)).toString('utf8')
    if (response.status === 200) return { kind: 'cosigned', lines: text }
    const isSize = response.headers.get('content-type')?.split(';')[0]?.trim() === TREE_SIZE_TYPE
    if (response.status === 409 && isSize && /^(0|[1-9]\d{0,15})\n$/.test(text)) {
      return { kind: 'stands-at', size: Number(text) }
    }
    return { kind: 'refused', status: response.status, text: text.trim().slice(0, 200) }
  } catch (error) {
    return { kind: 'unreachable', reason: reasonOf(error) }
  }
}

/** The body; rejects past `limitBytes`. */
export async function limited(response: Response, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > limitBytes) throw new Error(`an answer of more than ${limitBytes} bytes`)
  }
  return Buffer.concat(chunks)
}

/** What a request came to nothing by. */
export function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}
