/**
 * Faults between a user and the service, one at a time: what is said to be down, in which zone, who
 * answers for it, and what one site alone amounts to.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDowntime, msIn, startCampaign, type Campaign } from './campaign.ts'
import { BRISK, holdOf, SERVICE, SERVICE_SIX } from './contract.ts'

const HOLD_MS = holdOf(BRISK)
/** Long enough for a fault to be confirmed, and for one that must not be to have had its chance. */
const WATCHED_MS = 3 * BRISK.intervalMs + 2_000

let campaign: Campaign

beforeAll(async () => {
  campaign = await startCampaign(BRISK)
})
afterAll(async () => {
  await campaign?.stop()
})

type Fault = { break(): unknown; mend(): unknown }
type Expected = { cause: RegExp; zone: string; owner: string }

/** Breaks for as long as `during` takes, and mends whatever comes of it. Answers the span. */
async function broken(fault: Fault, during: () => Promise<unknown>) {
  const fromMs = Date.now()
  await fault.break()
  try {
    await during()
  } finally {
    await fault.mend()
  }
  const toMs = Date.now()
  await campaign.recovered()
  return { fromMs, toMs }
}

/** Waits for an incident of each service, mends, waits for their end, and holds them to what is expected. */
async function outage(fault: Fault, { services, expected }: { services: string[]; expected: Expected }) {
  const beganMs = Date.now()
  const { fromMs, toMs } = await broken(fault, async () => {
    for (const service of services) await campaign.becomes(service, 'down')
    for (const service of services) await campaign.incident(service, beganMs)
    // Long enough that two adjacent failed samples of two sites lie within it.
    await sleep(BRISK.intervalMs)
  })
  const found = await campaign.readings.incidentsSince(fromMs)
  expect(found.map(({ service }) => service).toSorted()).toEqual(services.toSorted())
  for (const { id } of found) {
    const { cause, zone, owner, ...incident } = await campaign.closed(id)
    expect(cause).toMatch(expected.cause)
    expect({ zone, owner }).toEqual({ zone: expected.zone, owner: expected.owner })
    expectDowntime(incident, { lastedMs: toMs - fromMs, holdMs: HOLD_MS })
  }
}

/** Breaks for a while in which nothing may be called an outage, and answers that span. */
async function watched(fault: Fault): Promise<{ fromMs: number; toMs: number }> {
  const span = await broken(fault, () => sleep(WATCHED_MS))
  expect(await campaign.readings.incidentsSince(span.fromMs)).toEqual([])
  return span
}

async function segmentsOf(name: string, span: { fromMs: number; toMs: number }) {
  const timeline = await campaign.readings.timeline(SERVICE, span)
  const agent = Object.entries(timeline.agentNames).find(([, one]) => one === name)![0]
  return { service: timeline.segments, vantage: timeline.vantages[agent]! }
}

describe('what breaks for all sites', () => {
  it('the portal answers 503: the application, and the outsourcer', async () => {
    const { portal } = campaign.world
    await outage(
      { break: () => portal.become('503'), mend: () => portal.become('ok') },
      {
        services: [SERVICE, SERVICE_SIX],
        expected: { cause: /^status$/, zone: 'application', owner: 'outsourcer' },
      },
    )
  })

  it('the provider’s name server is gone: nothing but names fails', async () => {
    const { resolver } = campaign.world
    await outage(
      { break: () => resolver.stop(), mend: () => resolver.start() },
      { services: [SERVICE], expected: { cause: /^dns$/, zone: 'application', owner: 'outsourcer' } },
    )
  })

  it('the data centre’s edge is cut off: the core, over IPv4 and IPv6', async () => {
    const { core } = campaign.world
    await outage(
      { break: () => core.cut(), mend: () => core.mend() },
      {
        services: [SERVICE, SERVICE_SIX],
        expected: { cause: /^(dns|timeout|connect)$/, zone: 'core', owner: 'outsourcer' },
      },
    )
  })

  it('every access line is cut: the line, and the subcontractor', async () => {
    const { access } = campaign.world
    await outage(
      { break: () => access.map((line) => line.cut()), mend: () => access.map((line) => line.mend()) },
      {
        services: [SERVICE, SERVICE_SIX],
        expected: { cause: /^(dns|timeout|connect)$/, zone: 'access-line', owner: 'telco' },
      },
    )
  })
})

describe('what breaks for one site', () => {
  it('its access line: down there, partial for the service, not met for that site alone', async () => {
    const line = campaign.world.access[1]!
    const before = await campaign.readings.sites()
    const span = await watched({ break: () => line.cut(), mend: () => line.mend() })
    const { service, vantage } = await segmentsOf('lille', span)
    expect(msIn(vantage, 'down')).toBeGreaterThan(0)
    expect(msIn(service, 'partial')).toBeGreaterThan(0)
    expect(msIn(service, 'down')).toBe(0)
    const after = await campaign.readings.sites()
    const grew = Object.keys(after).filter((site) => after[site]!.provable > before[site]!.provable)
    expect(grew).toEqual(['lille'])
    expect(after['lille']!.verdict).toBe('not_met')
  })

  it('its own network: unknown, and nobody’s outage', async () => {
    const lan = campaign.world.lan[2]!
    const span = await watched({ break: () => lan.cut(), mend: () => lan.mend() })
    const { service } = await segmentsOf('nantes', span)
    expect(msIn(service, 'down')).toBe(0)
    // References fail one after the other, and a sample stands until the next: so much may pass.
    const settled = { fromMs: span.fromMs + HOLD_MS, toMs: span.toMs }
    const { vantage } = await segmentsOf('nantes', settled)
    expect(msIn(vantage, 'down')).toBe(0)
    expect(msIn(vantage, 'unknown')).toBeGreaterThan(0)
  })
})
