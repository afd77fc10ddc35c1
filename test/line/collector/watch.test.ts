/** The contract of `up --watch`: it can be used at every pace that one may ask for. */
import { describe, expect, it } from 'vitest'
import { watchDocument } from '@constat/collector/cli/watch'
import { parseContract } from '@constat/sla/contract/parse'

const written = (every: string, timeout?: string) =>
  parseContract([
    {
      name: 'watch.yaml',
      text: watchDocument({
        urls: ['http://a.example/'],
        target: '99.9',
        every,
        timeout,
        timeZone: 'Europe/Paris',
      }),
    },
  ])

describe('what is watched', () => {
  it.each([
    ['PT1M', undefined, 5_000],
    ['PT10S', undefined, 5_000],
    ['PT6S', undefined, 5_000],
    ['PT5S', undefined, 2_500],
    ['PT2S', undefined, 1_000],
    ['PT1S', undefined, 500],
    ['PT30S', 'PT8S', 8_000],
  ])('each %s, with a timeout of %s, is given %i ms', (every, timeout, ms) => {
    const parsed = written(every, timeout)
    if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed.problems))
    expect(parsed.contracts[0]?.checks.map(({ spec }) => spec.timeoutMs)).toEqual([ms])
  })

  it.each([
    ['PT2S', 'PT2S'],
    ['soon', undefined],
    ['PT0S', undefined],
  ])('each %s, with a timeout of %s, is refused', (every, timeout) => {
    expect(written(every, timeout).kind).not.toBe('ok')
  })
})
