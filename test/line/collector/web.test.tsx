/**
 * Parts of pages: words in both languages, what a browser asks for, what scripts and styles weigh, and charts in
 * which unknown time is always hatched. Whole pages: test/system/pages.test.ts.
 */
import fc from 'fast-check'
import { renderToString } from 'hono/jsx/dom/server'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CAUSES } from '@constat/shared/sample'
import { en } from '@constat/collector/web/text/en'
import { fr } from '@constat/collector/web/text/fr'
import { acceptedLang } from '@constat/collector/web/text/words'
import type { State } from '../../../collector/src/view/parts.ts'
import type { Segment } from '../../../collector/src/view/timeline.ts'
import { Ribbon } from '../../../collector/src/web/part/ribbon.tsx'

/** Words that French and English share, and names. */
const SAME_IN_BOTH =
  /^(product|door\.(incidents|agents)|(incident|agent)\.title|figure\.verdict|overview\.(hour|day)|service\.ranges\..*h|contract\.(services|verdicts|incidents|counted|storey\.(services|exclusions))|glance\.clauses|incident\.(cause|service)|alert\.(shape|shapes\..*|states\.active|eventGroups\.(incident|site|agent|exclusion))|trouble\.code|entry\.code|report\.(formats\..*|service|incidents))$/

describe('words', () => {
  type Tree = { [key: string]: unknown }
  const leaves = (tree: Tree, path = ''): [string, unknown][] =>
    Object.entries(tree).flatMap(([key, value]) =>
      // A dictionary holds text, functions and dictionaries.
      typeof value === 'object' ? leaves(value as Tree, `${path}${key}.`) : [[path + key, value]],
    )

  it('say the same things in both languages, in different words', () => {
    const english = new Map(leaves(en))
    const french = new Map(leaves(fr))
    expect([...french.keys()]).toEqual([...english.keys()])
    for (const [key, value] of french) expect(value, key).not.toBe('')
    const same = [...french].filter(([key, value]) => typeof value === 'string' && value === english.get(key))
    expect(same.map(([key]) => key).filter((key) => !SAME_IN_BOTH.test(key))).toEqual([])
  })

  it('exist for every cause that an agent can sign', () => {
    for (const [cause, fault] of CAUSES) {
      expect(Object.keys(en.cause)).toContain(cause)
      expect(Object.keys(en.fault)).toContain(fault)
    }
  })

  it('in French keep the space before high punctuation from breaking', () => {
    for (const [key, value] of leaves(fr)) {
      if (typeof value === 'string') expect(value, key).not.toMatch(/ [:;?!]/)
    }
  })

  it.each([
    ['fr', 'fr'],
    ['fr-CH, en;q=0.9', 'fr'],
    ['de, en;q=0.5, fr;q=0.8', 'fr'],
    ['en-US,en;q=0.9', 'en'],
    ['fr;q=0, en', 'en'],
    ['de', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('Accept-Language %j is answered in %s', (header, lang) => {
    expect(acceptedLang(header)).toBe(lang)
  })
})

describe('what moves', () => {
  it('weighs little', () => {
    const read = (name: string): Buffer =>
      readFileSync(new URL(`../../../collector/src/web/static/${name}`, import.meta.url))
    expect(gzipSync(read('app.js')).length).toBeLessThan(6_000)
    expect(gzipSync(read('app.css')).length).toBeLessThan(10_000)
  })
})

describe('a ribbon', () => {
  const LENGTH_MS = 1_000_000
  const iso = (atMs: number): string => new Date(atMs).toISOString()
  const drawn = (segments: Segment[]): string =>
    renderToString(<Ribbon segments={segments} span={{ fromMs: 0, toMs: LENGTH_MS }} label="x" />)
  const widthOf = (svg: string, state: State): number =>
    [...svg.matchAll(new RegExp(`class="is-${state}"[^>]* width="([\\d.]+)%"`, 'g'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    )

  it('hatches all that no known segment covers', () => {
    const states = fc.constantFrom<State>('up', 'degraded', 'partial', 'down', 'unknown')
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(cuts, fc.array(states, { minLength: 12, maxLength: 12 }), (edges, kinds) => {
        const sorted = edges.toSorted((a, b) => a - b)
        const segments = sorted.slice(1).flatMap((edge, n) =>
          // Every third stretch is not told of at all.
          n % 3 === 2 ? [] : [{ start: iso(sorted[n]! * 1000), end: iso(edge * 1000), state: kinds[n]! }],
        )
        const known = segments
          .filter(({ state }) => state !== 'unknown')
          .reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0)
        expect(widthOf(drawn(segments), 'unknown')).toBeCloseTo(100 - (known / LENGTH_MS) * 100, 1)
      }),
    )
  })

  it('shows one down second among weeks', () => {
    const svg = drawn([
      { start: iso(0), end: iso(500_000), state: 'up' },
      { start: iso(500_000), end: iso(500_001), state: 'down' },
      { start: iso(500_001), end: iso(LENGTH_MS), state: 'up' },
    ])
    expect(widthOf(svg, 'down')).toBeGreaterThan(0.2)
    expect(svg.lastIndexOf('is-down')).toBeGreaterThan(svg.lastIndexOf('is-up'))
  })

  it('leaves out what lies beyond its span', () => {
    const svg = drawn([
      { start: iso(-9_000), end: iso(-1_000), state: 'down' },
      { start: iso(LENGTH_MS), end: iso(LENGTH_MS + 5_000), state: 'down' },
    ])
    expect(svg).not.toContain('is-down')
    expect(widthOf(svg, 'unknown')).toBe(100)
  })

  it('stays small however many segments there are', () => {
    const segments = Array.from({ length: 20_000 }, (_, n) => ({
      start: iso(n * 50),
      end: iso(n * 50 + 50),
      state: n % 2 === 0 ? ('up' as const) : ('down' as const),
    }))
    expect(drawn(segments).match(/<rect/g)?.length).toBeLessThan(1_000)
  })
})
