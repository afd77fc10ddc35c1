/**
 * What the provider said of a revision, as a leaf: agreed or objected to. Nothing is edited: a later answer stands
 * beside the earlier one, and the newest counts. A revision that nobody answered is unilateral. Pure.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import type { Side } from './declarations.ts'

export type TermsAnswer = {
  revision: number
  /** Hex, SHA-256 of the expanded terms: what was answered, whatever it is numbered. */
  digest: string
  answer: 'agreed' | 'objected'
  side: Side
  /** Party, by id. */
  party: string
  /** How whoever spoke for it had signed in. */
  signedIn: SignedIn
  /** Hex, commitment to what was written beside it; null: nothing was. */
  note: string | null
  atMs: UnixMs
}

/** With a token of the interface, or in a session of the pages. */
export type SignedIn = 'api' | 'session'

type TermsAnswerBody = { kind: 'terms-answer'; answer: TermsAnswer }

export function termsAnswerLeaf(answer: TermsAnswer) {
  const body: TermsAnswerBody = { kind: 'terms-answer', answer }
  return {
    type: 'terms-answer' as const,
    receivedMs: answer.atMs,
    body: Buffer.from(canonicalJson(body)),
  }
}

/** Our own leaf, written by `termsAnswerLeaf`. */
export function readTermsAnswer(parsed: object): TermsAnswer {
  // Its shape is what was written.
  return (parsed as TermsAnswerBody).answer
}

type Answered = { termsAnswers: readonly TermsAnswer[] }
type Named = { revision: number; digest: string }

/** Every answer to a revision, the first one first. */
export function answersTo({ termsAnswers }: Answered, { digest, revision }: Named): TermsAnswer[] {
  return termsAnswers.filter((one) => one.revision === revision && one.digest === digest)
}

export type TermsStanding = 'unilateral' | TermsAnswer['answer']

/** Where a revision stands between the parties. */
export function termsStanding(state: Answered, revision: Named): TermsStanding {
  return answersTo(state, revision).at(-1)?.answer ?? 'unilateral'
}
