/** Probing: a context for probes in tests, and what a result says in three words. */
import { denyRule } from '@constat/probe/address'
import type { Policy } from '@constat/probe/policy'
import type { ProbeContext, ProbeResult } from '@constat/probe/probe'
import type { Resolver } from '@constat/probe/resolution'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import { faultOwner, PHASES, type Cause, type FaultOwner, type Outcome } from '@constat/shared/sample'
import { expect } from 'vitest'
import { REAL_CLOCK } from './real-clock.ts'

export type Verdict = [Outcome, Cause, FaultOwner]

export type Surroundings = {
  timeoutMs: number
  ca?: string
  secrets?: Readonly<Record<string, string>>
  policy?: Policy
}

/** Of tests about something else: their servers are on this host, and secrets go where the check says. */
export const OPEN_POLICY = denyRule({ allow: [], deny: [] })

/** Names below `.test` are 127.0.0.1, or ::1 where only that will do; the host knows the rest. */
const hostResolver = createResolver(SYSTEM_RESOLVER, REAL_CLOCK)
const testResolver: Resolver = {
  resolve(host, resolution) {
    if (!host.endsWith('.test')) return hostResolver.resolve(host, resolution)
    return hostResolver.resolve('localhost', resolution)
  },
}

export function probingContext({ timeoutMs, ca, secrets = {}, policy }: Surroundings): ProbeContext {
  return {
    timeoutMs,
    clock: REAL_CLOCK,
    resolver: testResolver,
    denied: policy ?? OPEN_POLICY,
    secureContext: secureContextSource(ca === undefined ? {} : { ca }),
    secret: (name) => {
      const text = secrets[name]
      return Promise.resolve(text === undefined ? `the secret ${name} is missing` : Buffer.from(text))
    },
  }
}

export function verdictOf({ outcome, cause }: ProbeResult): Verdict {
  return [outcome, cause, faultOwner(cause)]
}

/** Integers, none below 0, and no phase that time was not spent in. */
export function expectSoundTiming(result: ProbeResult): void {
  const phases = PHASES.map((phase) => result.phases[phase])
  for (const us of [result.latencyUs, ...phases]) expect(Number.isInteger(us) && us >= 0).toBe(true)
  const sumUs = phases.reduce((sum, us) => sum + us, 0)
  // Each phase is rounded by itself, by half a µs at most.
  expect(sumUs).toBeLessThanOrEqual(result.latencyUs + PHASES.length)
}
