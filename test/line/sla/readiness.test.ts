/**
 * Claim readiness: what a verdict lacks, in order and in plain words.
 */
import { readinessOf, readinessSentence } from '@constat/sla/readiness'
import { describe, expect, test } from 'vitest'

describe('claim readiness', () => {
  const ready = {
    sites: 2,
    providerFreeReferences: 1,
    administratorsDeclared: true,
    termsAgreed: true,
    clocksWithinBound: true,
    timestampsOrWitness: true,
    alertPath: 'independent',
  } as const

  test('everything there', () => {
    expect(readinessOf(ready)).toEqual({ claimable: true, lacks: [] })
    expect(readinessSentence(readinessOf(ready), ready)).toBe('Claimable.')
  })

  test.each([
    [{ sites: 1 }, 'more-sites'],
    [{ providerFreeReferences: 0 }, 'references'],
    [{ administratorsDeclared: false }, 'host-administrators'],
    [{ termsAgreed: false }, 'provider-agreement'],
    [{ clocksWithinBound: false }, 'clock-bound'],
    [{ timestampsOrWitness: false }, 'witness'],
    [{ alertPath: 'none' }, 'alert-path'],
    [{ alertPath: 'owner-unknown' }, 'alert-path-owner'],
  ] as const)('%j lacks %s', (facts, code) => {
    expect(readinessOf({ ...ready, ...facts })).toEqual({ claimable: false, lacks: [code] })
  })

  test('what nothing tells of is lacking', () => {
    const { termsAgreed: _agreed, timestampsOrWitness: _witness, ...told } = ready
    expect(readinessOf(told).lacks).toEqual(['provider-agreement', 'witness'])
  })

  test('in plain words, in order', () => {
    const facts = { ...ready, sites: 0, providerFreeReferences: 0, termsAgreed: false }
    expect(readinessSentence(readinessOf(facts), facts)).toBe(
      "Not yet claimable: add two sites, a reference that the provider does not own and the provider's agreement.",
    )
  })
})
