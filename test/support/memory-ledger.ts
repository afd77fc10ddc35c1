/**
 * Memory ledger: what the fold and the latencies of chunks that still grow ask of the database, frames of an
 * agent that hold samples of a span, answered from a list. It asserts that no other question is asked.
 */
import type { EntryRow } from '../../collector/src/db/ledger-rows.ts'
import type { Database } from '../../collector/src/db/tx.ts'

export function memoryLedger(rows: () => readonly EntryRow[]): Database {
  const ask = (text: readonly string[], ...values: readonly unknown[]): Promise<EntryRow[]> => {
    const isOfBodies = text[0]?.trim().startsWith('select body from entry') === true
    if (!isOfBodies && !isFramesWithin(text)) {
      throw new Error(`something else was asked: ${text.join('?')}`)
    }
    // The order of `framesWithin`, and of `frameBodies`: log, agent, fromMs, untilMs, in the latter from, below.
    const [log, agent, fromMs, untilMs] = values as [number, Buffer, number, number]
    const from = isOfBodies ? Number(values[4]) : 0
    const below = Number(values.at(-1))
    const found = rows().filter(
      (row) =>
        row.log === log &&
        row.agent?.equals(agent) === true &&
        (row.toMs ?? -Infinity) >= fromMs &&
        (row.fromMs ?? Infinity) < untilMs &&
        row.index >= from &&
        row.index < below,
    )
    return Promise.resolve(found.toSorted((a, b) => a.index - b.index))
  }
  // Only the call as a template is there: anything else of a database would be missing loudly.
  return ask as unknown as Database
}

function isFramesWithin(text: readonly string[]): boolean {
  const whole = text.join('?').replace(/\s+/g, ' ')
  return whole.includes('log = ? and agent = ? and to_ms >= ? and from_ms < ? and type = 1 and index < ?')
}
