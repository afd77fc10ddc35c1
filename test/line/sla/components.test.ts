/**
 * Components of a reconciliation against a graph built pair by pair.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { componentsOf, type Node } from '@constat/sla/reconciliation/components'

describe('components', () => {
  /** Every pair asked by itself, then flooded. */
  function flooded(nodes: readonly Node[], toleranceMs: number): number[][] {
    const joined = (a: Node, b: Node): boolean => {
      const widen = a.side === b.side ? 0 : toleranceMs
      return a.intervals.some((x) =>
        b.intervals.some((y) => x.startMs - widen < y.endMs + widen && y.startMs - widen < x.endMs + widen),
      )
    }
    const left = new Set(nodes.keys())
    const found: number[][] = []
    for (const start of nodes.keys()) {
      if (!left.delete(start)) continue
      const group = [start]
      for (const node of group) {
        for (const other of left) {
          if (joined(nodes[node]!, nodes[other]!) && left.delete(other)) group.push(other)
        }
      }
      found.push(group.toSorted((a, b) => a - b))
    }
    return found
  }

  const interval = fc
    .tuple(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 25 }))
    .map(([startMs, length]) => ({ startMs, endMs: startMs + length }))
  const node = fc.record({
    side: fc.constantFrom('measured' as const, 'stated' as const),
    intervals: fc.array(interval, { minLength: 1, maxLength: 3 }),
  })

  test('are those of a graph built pair by pair', () => {
    fc.assert(
      fc.property(fc.array(node, { maxLength: 14 }), fc.integer({ min: 0, max: 6 }), (nodes, toleranceMs) => {
        const found = componentsOf(nodes, toleranceMs)
        expect(
          found.map((group) => group.toSorted((a, b) => a - b)).toSorted((a, b) => a[0]! - b[0]!),
        ).toEqual(flooded(nodes, toleranceMs))
        const firsts = found.map((group) =>
          Math.min(...group.flatMap((i) => nodes[i]!.intervals.map(({ startMs }) => startMs))),
        )
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
      }),
      { numRuns: 3000 },
    )
  })
})
