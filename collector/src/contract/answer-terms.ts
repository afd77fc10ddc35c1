/** The provider answers a revision: it agrees, or objects and says why. A leaf, its words and its event, or nothing. */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { ContractState } from '@constat/sla/state/contract-state'
import { newest } from '@constat/sla/state/contract-state'
import { answersTo, termsAnswerLeaf, type SignedIn, type TermsAnswer } from '@constat/sla/state/terms-answer'
import { termsFact } from '../alert/facts.ts'
import type { Database } from '../db/tx.ts'
import { keepSaid, noteDraft, openNote } from '../ledger/said.ts'
import type { Side } from '@constat/sla/state/declarations'
import { partyOf, type DeclareDeps } from './declare.ts'
import { requireRoom, TERMS_QUOTA, type Written } from './quotas.ts'

/** For whom somebody speaks, and how they had signed in. */
export type Speaker = { side: Side; signedIn: SignedIn }

export type TermsAnswerGiven = Pick<TermsAnswer, 'revision' | 'answer'> & {
  contract: string
  note: string
  by: Speaker
}

export type AnswerDeps = DeclareDeps & { db: Database }

/** Faults: `forbidden`, `not-found`, `bad-request` for an objection without a reason, those of the quota. */
export function answerTerms(given: TermsAnswerGiven, deps: AnswerDeps): Promise<void> {
  const { contract, answer, note, by } = given
  if (by.side !== 'provider') {
    throw new Fault('forbidden', 'The provider answers the terms, and nobody else does.', {
      hint: 'Invite it by a link: Setup › Access.',
    })
  }
  if (answer === 'objected' && note.trim() === '') {
    throw new Fault('bad-request', 'note: should say what the objection is to.')
  }
  return deps.contracts.inTurn(contract, () => answerInTurn(given, deps))
}

async function answerInTurn(given: TermsAnswerGiven, deps: AnswerDeps): Promise<void> {
  const { contract, revision: number, answer, by } = given
  const { contracts, sequencer, shell, db, publicUrl } = deps
  const state = contracts.of(contract)
  const revision = state?.life.revisions.findLast((one) => one.revision === number)
  if (!state || !revision) throw new Fault('not-found', `${contract} has no revision ${number}`)
  const note = given.note.trim()
  const last = answersTo(state, revision).at(-1)
  if (last?.answer === answer && ((await openNote(db, last.note)) ?? '') === note) return
  const atMs = shell.clock.nowMs()
  requireRoom(written(state), { atMs, bytes: note.length }, TERMS_QUOTA)
  const said = noteDraft(note, shell.random)
  const { digest } = revision
  const made: TermsAnswer = {
    revision: number,
    digest,
    answer,
    side: by.side,
    party: partyOf(newest(state).terms, by.side),
    signedIn: by.signedIn,
    note: said?.digest.toString('hex') ?? null,
    atMs,
  }
  const terms = { revision: number, digest, answer, saidBy: made.party, message: note }
  await sequencer.append({
    log: state.log,
    drafts: [termsAnswerLeaf(made)],
    within: (tx) => keepSaid(tx, said),
    facts: [termsFact({ contract, terms, atMs, publicUrl })],
  })
}

function written({ termsAnswers }: ContractState): (Written & { atMs: UnixMs })[] {
  return termsAnswers.map(({ atMs }) => ({ atMs, bytes: 0 }))
}
