/** Answers that are none: errors that a probe tells apart by their code (failure.ts). */

/** What was said is no HTTP: fails as `protocol`. */
export function brokenAnswer(message: string): Error {
  return Object.assign(new Error(`no HTTP answer: ${message}`), { code: 'ERR_HTTP_ANSWER' })
}

/** The connection ended before the answer did: fails as `reset`. */
export function cutAnswer(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' })
}
