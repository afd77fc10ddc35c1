/**
 * Mutations: contract documents that nobody meant neither crash nor hang the parser.
 */
import { compareTerms } from '@constat/sla/contract/compare'
import { contractDigest } from '@constat/sla/contract/digest'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { explain } from '@constat/sla/contract/explain'
import { parseContract } from '@constat/sla/contract/parse'
import { MAX_PROBLEMS, type Problem } from '@constat/sla/contract/problem'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXAMPLE } from '../../support/contract-text.ts'
import { mutantOf } from '../../support/mutate.ts'

/** A share of them in every run; all of them with `CONSTAT_FUZZ=100000 npx vitest run mutation`. */
const RUNS = Number(process.env['CONSTAT_FUZZ'] ?? 1500)
/** A document that takes longer has hung. The slowest of 100,000 took 0.3 s, all of them five minutes. */
const HUNG_MS = 20_000

describe('documents nobody meant', () => {
  test(`${RUNS} mutated documents neither crash nor hang the parser`, { timeout: 3_600_000 }, () => {
    const seen = { refused: 0, accepted: 0, slowest: { ms: 0, seed: 0, how: '' } }
    const startedMs = performance.now()
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const { text, how } = mutantOf(seed)
      const beforeMs = performance.now()
      const parsed = parseContract([{ name: 'c.yaml', text }])
      const ms = performance.now() - beforeMs
      if (ms > seen.slowest.ms) seen.slowest = { ms, seed, how }
      if (parsed.kind === 'ok') {
        seen.accepted += 1
        for (const terms of parsed.contracts) soundTerms(terms)
      } else {
        seen.refused += 1
        soundProblems(parsed.problems, text, seed)
      }
    }
    if (process.env['CONSTAT_FUZZ']) report(seen, performance.now() - startedMs)
    expect(seen.slowest.ms, `seed ${seen.slowest.seed}: ${seen.slowest.how}`).toBeLessThan(HUNG_MS)
    // Neither all of one nor all of the other would try anything.
    expect(seen.refused).toBeGreaterThan(RUNS / 2)
    expect(seen.accepted).toBeGreaterThan(RUNS / 100)
  })

  test('the same seed is the same document', () => {
    expect(mutantOf(77)).toEqual(mutantOf(77))
    expect(new Set(Array.from({ length: 200 }, (_, seed) => mutantOf(seed).text)).size).toBeGreaterThan(190)
  })

  /** What was accepted can be worked with: it has a digest, an explanation, and no difference from itself. */
  function soundTerms(terms: ExpandedContract): void {
    expect(contractDigest(terms)).toHaveLength(32)
    expect(explain(terms).length).toBeGreaterThan(10)
    expect(compareTerms(terms, terms)).toEqual([])
  }

  function soundProblems(problems: readonly Problem[], text: string, seed: number): void {
    const lineCount = text.split(/\r\n|\n|\r/).length + 1
    const wrong = problems.filter(({ line, column, message }) => {
      const isPlaced = line >= 1 && line <= lineCount && column >= 1
      return !isPlaced || message.trim() === '' || /\[object|Invalid input|^undefined/.test(message)
    })
    expect(wrong, `seed ${seed}`).toEqual([])
    expect(problems.length > 0 && problems.length <= MAX_PROBLEMS, `seed ${seed}`).toBe(true)
  }

  function report(
    {
      refused,
      accepted,
      slowest,
    }: { refused: number; accepted: number; slowest: { ms: number; seed: number; how: string } },
    ms: number,
  ): void {
    console.log(
      `${RUNS} documents in ${Math.round(ms / 1000)} s: ${refused} refused, ${accepted} accepted; slowest ${Math.round(slowest.ms)} ms (seed ${slowest.seed}: ${slowest.how})`,
    )
  }

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
