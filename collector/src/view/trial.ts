/** What a try of checks came to, as it is published. `result` is what `constat-agent probe --json` says. Pure. */
import { z } from 'zod'
import { count } from './parts.ts'

const lengthUs = count.describe('Microseconds')
const phases = z.object({
  dnsUs: lengthUs,
  connectUs: lengthUs,
  tlsUs: lengthUs,
  ttfbUs: lengthUs,
  transferUs: lengthUs,
})

const hop = z.object({
  host: z.string(),
  address: z.string().nullable(),
  port: z.int().nullable(),
  url: z.string().optional(),
  status: z.int().optional(),
  phasesUs: phases,
})

export const probed = z
  .object({
    outcome: z.enum(['ok', 'degraded', 'fail', 'unknown', 'blocked']),
    cause: z.string(),
    fault: z.string(),
    value: z.number(),
    code: z.string().optional().describe('What was said, where it is not ok'),
    detail: z.string(),
    latencyUs: lengthUs,
    phasesUs: phases,
    hops: z.array(hop).describe('Each host that was asked'),
    steps: z.array(z.object({ name: z.string(), latencyUs: lengthUs, phases })).optional(),
    compared: z.array(z.object({ what: z.string(), wanted: z.string(), seen: z.string().nullable() })),
  })
  .meta({ id: 'Probed' })
export type Probed = z.infer<typeof probed>

const trouble = z.object({
  reason: z
    .enum(['no-agent', 'old-agent', 'over', 'late', 'lost', 'refused', 'unreadable'])
    .describe('No agent that would run it is connected, it is too old, the time was over, …'),
  /** Filled into the words of a page. */
  agent: z.string(),
  detail: z.string().describe('The agents that are named, a version, or what the agent said'),
  message: z.string().describe('All of it as one sentence'),
})
export type Trouble = z.infer<typeof trouble>

const triedCheck = z
  .object({
    check: z.string(),
    displayName: z.string(),
    agent: z.string().nullable().describe('Name of the agent that probed; null: none did'),
    problem: trouble.nullable().describe('Why there is no result'),
    result: probed.nullable(),
  })
  .meta({ id: 'TriedCheck' })
export type TriedCheck = z.infer<typeof triedCheck>

export const tried = z
  .object({
    contract: z.string(),
    ok: z.boolean().describe('Every check was probed, and is ok'),
    checks: z.array(triedCheck),
  })
  .meta({ id: 'Tried' })
export type TriedView = z.infer<typeof tried>
