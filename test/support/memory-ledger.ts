/**
 * Memory ledger: what the fold and the latencies of chunks that still grow ask of the database, frames of an
 * agent that hold samples of a span and the tree that proves them, answered from a list. It asserts that no other
 * question is asked.
 */
import { EMPTY_EDGE, growTiles } from '@constat/evidence/tile'
import type { EntryRow } from '../../collector/src/db/ledger-rows.ts'
import type { Database } from '../../collector/src/db/tx.ts'
import { rowHash } from '../../collector/src/ledger/proved.ts'

export function memoryLedger(rows: () => readonly EntryRow[]): Database {
  const ask = (text: readonly string[], ...values: readonly unknown[]): Promise<unknown[]> => {
    const asked = text.join('?').replace(/\s+/g, ' ').trim()
    const answer = QUESTIONS.find(({ has }) => asked.includes(has))?.answer
    if (!answer) throw new Error(`something else was asked: ${asked}`)
    return Promise.resolve(answer(rows(), values))
  }
  // Only the call as a template is there: anything else of a database would be missing loudly.
  return ask as unknown as Database
}

type Question = { has: string; answer: (rows: readonly EntryRow[], values: readonly unknown[]) => unknown[] }

const QUESTIONS: readonly Question[] = [
  { has: '(session, seq) > (?, ?) order by session', answer: inSessions },
  { has: 'index >= ? and index < ? order by index + 0 limit ?', answer: framesOf },
  {
    has: 'from log where id = ?',
    answer: (rows, [id]) => {
      const size = sizeOf(rows)
      const { edge } = treeOf(rows)
      return [{ id, contract: 'memory', size, frontier: Buffer.concat(edge.frontier.hashes) }]
    },
  },
  {
    has: 'from tile where log = ?',
    answer: (rows, [, , numbers]) =>
      treeOf(rows)
        .completed.filter(
          ({ level, index }) => level === 0 && String(numbers).match(/\d+/g)?.includes(`${index}`),
        )
        .map(({ index, bytes }) => ({ n: index, hashes: bytes })),
  },
  {
    has: 'index >= ? and index < ? order by index limit ?',
    answer: (rows, [, from, to]) =>
      leavesOf(rows).filter(({ index }) => index >= Number(from) && index < Number(to)),
  },
]

/** As `framesWithin` asks: log, agent, fromMs, untilMs, from, below, limit. */
function framesOf(rows: readonly EntryRow[], values: readonly unknown[]): EntryRow[] {
  return asked(rows, values)
    .toSorted((a, b) => a.index - b.index)
    .slice(0, Number(values.at(-1)))
}

/** As `framesInOrder` asks: the same, and before the limit what the page begins after. */
function inSessions(rows: readonly EntryRow[], values: readonly unknown[]): EntryRow[] {
  const [session, seq] = values.slice(-3) as [Buffer, number]
  const isNext = (row: EntryRow): boolean => (Buffer.compare(row.session!, session) || row.seq! - seq) > 0
  return asked(rows, values)
    .filter(isNext)
    .toSorted((a, b) => Buffer.compare(a.session!, b.session!) || a.seq! - b.seq!)
    .slice(0, Number(values.at(-1)))
}

function asked(rows: readonly EntryRow[], values: readonly unknown[]): EntryRow[] {
  const [log, agent, fromMs, untilMs, from, below] = values as [
    number,
    Buffer,
    number,
    number,
    number,
    number,
  ]
  return rows.filter(
    (row) =>
      row.log === log &&
      row.agent?.equals(agent) === true &&
      (row.toMs ?? -Infinity) >= fromMs &&
      (row.fromMs ?? Infinity) < untilMs &&
      row.index >= from &&
      row.index < below,
  )
}

function sizeOf(rows: readonly EntryRow[]): number {
  return Math.max(-1, ...rows.map(({ index }) => index)) + 1
}

/** The rows at their places; where there is none, one that says nothing. */
function leavesOf(rows: readonly EntryRow[]): Pick<EntryRow, 'index' | 'type' | 'receivedMs' | 'body'>[] {
  const byIndex = new Map(rows.map((row) => [row.index, row]))
  const none = { type: 1, receivedMs: 0, body: Buffer.alloc(0) }
  return Array.from({ length: sizeOf(rows) }, (_, index) => byIndex.get(index) ?? { ...none, index })
}

const TREES = new WeakMap<readonly EntryRow[], ReturnType<typeof growTiles>>()

function treeOf(rows: readonly EntryRow[]): ReturnType<typeof growTiles> {
  const known = TREES.get(rows) ?? growTiles(EMPTY_EDGE, leavesOf(rows).map(rowHash))
  TREES.set(rows, known)
  return known
}
