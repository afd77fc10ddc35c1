/**
 * Mutations: contract documents that nobody meant neither crash nor hang the parser.
 */
import { parseContract } from '@constat/sla/contract/parse'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXAMPLE, SMALL } from '../support/contract-text.ts'

describe('documents nobody meant', () => {
  const PIECES = [
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '"',
    "'",
    '\n',
    '  ',
    '&a ',
    '*a',
    '!!',
    '---\n',
    '%',
    '|',
    '>',
    '#',
    '\t',
    '\u0000',
    '\uFFFF',
    '__proto__',
    'null',
    '-1',
    '1e999',
    '99.9',
    'PT0S',
    '~',
    '?',
    ',',
  ]
  const mutation = fc.record({
    at: fc.nat(),
    length: fc.nat(40),
    with: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8 })),
  })
  const lines = EXAMPLE.split('\n')

  test('2,000 mutated contracts neither crash nor hang the parser', { timeout: 120_000 }, () => {
    let slowestMs = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.constantFrom(SMALL, EXAMPLE, ''),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (base, mutations, cut) => {
          // A few lines of the example stand for all of its grammar; the whole of it would only be slower.
          const start = cut % lines.length
          const text = mutations.reduce(
            (now, { at, length, with: piece }) => {
              const from = at % (now.length + 1)
              return now.slice(0, from) + piece + now.slice(from + length)
            },
            base === '' ? lines.slice(start, start + 12).join('\n') : base,
          )
          const before = performance.now()
          const parsed = parseContract([{ name: 'c.yaml', text }])
          slowestMs = Math.max(slowestMs, performance.now() - before)
          if (parsed.kind === 'ok') return
          refused += 1
          for (const { line, column, message } of parsed.problems) {
            expect(line >= 1 && column >= 1 && message.length > 0).toBe(true)
          }
        },
      ),
      { numRuns: 2000 },
    )
    expect(refused).toBeGreaterThan(1000)
    expect(slowestMs).toBeLessThan(5000)
  })

  test(
    'values of the wrong type anywhere in the contract are refused, not thrown',
    { timeout: 120_000 },
    () => {
      const parsed = parseContract([{ name: 'c.yaml', text: EXAMPLE }])
      const raw = parsed.kind === 'ok' ? parsed.contracts[0]!.source.raw : null
      const others = EXAMPLE.split('\n---\n')
        .filter((part) => !part.includes('kind: Contract'))
        .join('\n---\n')
      const paths = pathsOf(raw)
      fc.assert(
        fc.property(
          fc.nat(),
          fc.constantFrom(null, 0, -1, 1e300, '', 'x', true, [], {}, [null], { __proto__: 1 }),
          (at, value) => {
            const copy = structuredClone(raw)
            const path = paths[at % paths.length]!
            const parent = path
              .slice(0, -1)
              .reduce<unknown>((node, step) => Reflect.get(Object(node), step), copy)
            Reflect.set(Object(parent), path.at(-1)!, value)
            const result = parseContract([
              { name: 'c.yaml', text: `${others}\n---\n${JSON.stringify(copy)}` },
            ])
            expect(['ok', 'refused']).toContain(result.kind)
          },
        ),
        { numRuns: 120 },
      )
    },
  )

  function pathsOf(value: unknown, path: string[] = []): string[][] {
    if (typeof value !== 'object' || value === null) return [path]
    const inner = Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))
    return path.length === 0 ? inner : [path, ...inner]
  }
})
