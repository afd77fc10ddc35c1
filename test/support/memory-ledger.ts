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
  {
    has: 'log = ? and agent = ? and to_ms >= ? and from_ms < ? and type = 1 and index < ?',
    answer: (rows, values) => framesOf(rows, values, 0),
  },
  { has: 'select body from entry', answer: (rows, values) => framesOf(rows, values, Number(values[4])) },
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

/** The order of `framesWithin`, and of `frameBodies`: log, agent, fromMs, untilMs, in the latter from, below. */
function framesOf(rows: readonly EntryRow[], values: readonly unknown[], from: number): EntryRow[] {
  const [log, agent, fromMs, untilMs] = values as [number, Buffer, number, number]
  const below = Number(values.at(-1))
  const found = rows.filter(
    (row) =>
      row.log === log &&
      row.agent?.equals(agent) === true &&
      (row.toMs ?? -Infinity) >= fromMs &&
      (row.fromMs ?? Infinity) < untilMs &&
      row.index >= from &&
      row.index < below,
  )
  return found.toSorted((a, b) => a.index - b.index)
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
