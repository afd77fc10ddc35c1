/**
 * Declarations: what people said about time that should not count, as leaves of the ledger, and what the
 * other side answered. Derived from the leaves alone; the engine decides what they excuse. Pure.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { formatInstant, type Interval, type UnixMs } from '@constat/shared/time'
import type { Declaration } from '../judgement/declaration.ts'

/** Whose word it is. The owner speaks for the customer. */
export type Side = 'customer' | 'provider'
export type Answer = 'accepted' | 'disputed'

/** Words beside a leaf: their commitment in hex (null: nothing was said), and their length. */
type Beside = { said: string | null; bytes: number }

export type DeclaredExclusion = Beside & {
  id: string
  kind: string
  /** Null: every service of the contract. */
  service: string | null
  startMs: UnixMs
  endMs: UnixMs
  /** When it is said to have been announced to the other side; null: it was not, other than by this. */
  announcedMs: UnixMs | null
  /** The interval that was announced, where it differs. */
  announced: Interval | null
  /** Of a leaf from when words stood in the log. */
  reason?: string
  declaredMs: UnixMs
  side: Side
  /** Party, by id. */
  party: string
}

export type ExclusionAnswer = Beside & {
  exclusion: string
  answer: Answer
  side: Side
  /** Party by id; `decision`: an expert, a mediator or a court, as the customer recorded it. */
  party: string
  /** As `reason`. */
  note?: string
  atMs: UnixMs
}

/** A declaration with every answer, in order. */
export type ExclusionRecord = { declared: DeclaredExclusion; answers: readonly ExclusionAnswer[] }

type DeclarationBody = { kind: 'exclusion'; exclusion: DeclaredExclusion }
type AnswerBody = { kind: 'exclusion-answer'; answer: ExclusionAnswer }
/** Of before, without what stands beside. */
type Before<T> = Omit<T, keyof Beside> & Partial<Beside>
type SaidBody = { kind?: string; exclusion?: Before<DeclaredExclusion>; answer?: Before<ExclusionAnswer> }

export function declarationLeaf(exclusion: DeclaredExclusion) {
  const body: DeclarationBody = { kind: 'exclusion', exclusion }
  return { type: 'declaration' as const, receivedMs: exclusion.declaredMs, body: bytesOf(body) }
}

export function answerLeaf(answer: ExclusionAnswer) {
  const body: AnswerBody = { kind: 'exclusion-answer', answer }
  return { type: 'declaration-answer' as const, receivedMs: answer.atMs, body: bytesOf(body) }
}

function bytesOf(body: DeclarationBody | AnswerBody): Buffer {
  // Strings, integers and nulls.
  return Buffer.from(canonicalJson(body as unknown as Json))
}

/** What people are told of it. */
export function spokenOf(declared: DeclaredExclusion, reason: string) {
  const { id, kind, service, startMs, endMs, party, declaredMs } = declared
  return {
    id,
    kind,
    service,
    start: formatInstant(startMs),
    end: formatInstant(endMs),
    reason,
    declaredBy: party,
    afterwards: declaredMs > startMs,
  }
}

/** The records with one more declaration or answer; null where the parsed leaf is neither. */
export function withDeclaration(
  records: readonly ExclusionRecord[],
  parsed: object,
): readonly ExclusionRecord[] | null {
  // Our own leaf, written above or by the judge.
  const { kind, exclusion, answer } = parsed as SaidBody
  if (kind === 'exclusion' && exclusion) {
    const declared = { said: null, bytes: exclusion.reason?.length ?? 0, ...exclusion }
    return [...records, { declared, answers: [] }]
  }
  if (kind !== 'exclusion-answer' || !answer) return null
  const own = { said: null, bytes: answer.note?.length ?? 0, ...answer }
  return records.map((record) =>
    record.declared.id === answer.exclusion ? { ...record, answers: [...record.answers, own] } : record,
  )
}

/** As the engine judges them; of each party its last word counts. Up to an instant, or all. */
export function declarationsOf(
  { exclusions }: { exclusions: readonly ExclusionRecord[] },
  untilMs: UnixMs = Infinity,
): Declaration[] {
  return exclusions
    .filter(({ declared }) => declared.declaredMs <= untilMs)
    .map(({ declared, answers }) => {
      const last = new Map<string, Answer>()
      for (const { party, answer, atMs } of answers) if (atMs <= untilMs) last.set(party, answer)
      const sayingOf = (wanted: Answer): string[] =>
        [...last].filter(([, answer]) => answer === wanted).map(([party]) => party)
      return {
        id: declared.id,
        kind: declared.kind,
        service: declared.service,
        interval: { startMs: declared.startMs, endMs: declared.endMs },
        announcedMs: declared.announcedMs,
        announced: declared.announced,
        declaredMs: declared.declaredMs,
        declaredBy: declared.party,
        acceptedBy: [...new Set([declared.party, ...sayingOf('accepted')])],
        contestedBy: sayingOf('disputed').filter((party) => party !== declared.party),
      }
    })
}
