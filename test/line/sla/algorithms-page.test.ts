/**
 * The pictures of docs/algorithms.md: each is run through the code that it explains.
 */
import { readFileSync } from 'node:fs'
import { OUTCOMES, type Outcome } from '@constat/shared/sample'
import type { IntervalSet } from '@constat/shared/time'
import { isolatedTime, withIsolation } from '@constat/sla/isolation'
import { isDown, isPossiblyDown, isProvenDown, isUnknown, where } from '@constat/sla/timeline'
import { foldChunk, foldSamples, INITIAL_STATE, type SampleColumns } from '@constat/sla/vantage'
import { describe, expect, test } from 'vitest'

const OF_LETTER: Readonly<Record<string, Outcome>> = { o: 'ok', f: 'fail', u: 'unknown' }
const PREDICATES = { down: isDown, proved: isProvenDown, possible: isPossiblyDown, unknown: isUnknown }

const page = readFileSync(new URL('../../../docs/algorithms.md', import.meta.url), 'utf8')
const pictures = [...page.matchAll(/```text\n([^]*?)```/g)].map(([, text = '']) => text.trimEnd().split('\n'))
const folds = pictures.filter(([head]) => head?.startsWith('N = '))
const isolations = pictures.filter(([head]) => head?.startsWith('hold = '))

/** `name   row`, at least two spaces apart. */
function rowsOf(lines: readonly string[]): Map<string, string> {
  return new Map(lines.slice(1).map((line) => line.split(/ {2,}/) as [string, string])) // as the page writes them
}

function numbersOf(head = ''): Record<string, number> {
  return Object.fromEntries(
    [...head.matchAll(/(\w+) = (\d+)/g)].map(([, name, value]) => [name, Number(value)]),
  )
}

function columnsOf(row: string): SampleColumns {
  const samples = row.split('').flatMap((letter, atMs) => (OF_LETTER[letter] ? [{ atMs, letter }] : []))
  return {
    atMs: samples.map(({ atMs }) => atMs),
    outcome: samples.map(({ letter }) => OUTCOMES.indexOf(OF_LETTER[letter]!)),
  }
}

function drawn(set: IntervalSet, length: number): string {
  const holds = (atMs: number): boolean => set.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)
  return Array.from({ length }, (_, atMs) => (holds(atMs) ? '#' : '.')).join('')
}

/** How far the emitted pieces are final after each sample. */
function finalTo(
  rules: { holdMs: number; down: number; up: number },
  { atMs, outcome }: SampleColumns,
): number[] {
  return Array.from(atMs, (at, i) => {
    const taken = { atMs: Array.from(atMs).slice(0, i + 1), outcome: Array.from(outcome).slice(0, i + 1) }
    return foldChunk(rules, INITIAL_STATE, taken).closing.open.at[0] ?? at
  })
}

describe('pictures of the page', () => {
  test('are there', () => expect([folds.length, isolations.length]).toEqual([7, 1]))

  test.each(folds.map((lines) => [lines[1]!, lines] as const))('fold %s', (_, lines) => {
    const { N = 0, M = 0, hold = 0 } = numbersOf(lines[0])
    const rules = { holdMs: hold, down: N, up: M }
    const rows = rowsOf(lines)
    const columns = columnsOf(rows.get('samples')!)
    const { length } = rows.get('samples')!
    const timeline = foldSamples(rules, columns)
    const found = [...rows.keys()].map((name): [string, string] => {
      if (name === 'samples') return [name, rows.get(name)!]
      if (name === 'final to') return [name, finalTo(rules, columns).join(' ')]
      const holds = PREDICATES[name as keyof typeof PREDICATES] // a name that is none fails below
      return [name, drawn(where(timeline, { startMs: 0, endMs: length }, holds), length)]
    })
    expect(new Map(found)).toEqual(rows)
  })

  test.each(isolations.map((lines) => [lines]))('isolation', (lines) => {
    const { hold = 0 } = numbersOf(lines[0])
    const rows = rowsOf(lines)
    const { length } = rows.get('target')!
    const [gateway, resolver] = ['gateway', 'resolver'].map((name) => ({
      columns: columnsOf(rows.get(name)!),
      holdMs: hold,
    }))
    const isolated = isolatedTime([gateway!, resolver!])
    expect(drawn(isolatedTime([gateway!]), length)).toBe(rows.get('gateway failed'))
    expect(drawn(isolatedTime([resolver!]), length)).toBe(rows.get('resolver failed'))
    expect(drawn(isolated, length)).toBe(rows.get('isolated'))
    const counts = withIsolation(columnsOf(rows.get('target')!), isolated)
    expect(counts).toEqual({ ...columnsOf(rows.get('target counts as')!), outcome: expect.anything() })
    expect(Array.from(counts.outcome)).toEqual(columnsOf(rows.get('target counts as')!).outcome)
    const timeline = foldSamples({ holdMs: hold, down: 2, up: 1 }, counts)
    const span = { startMs: 0, endMs: length }
    expect(drawn(where(timeline, span, isProvenDown), length)).toBe('.'.repeat(length))
    expect(where(timeline, span, isDown)).not.toEqual([])
  })
})
