/**
 * An outage that takes the uplinks with it: nobody can say anything while it lasts, which is told as such,
 * and what the agents measured meanwhile is worth as much as if it had come at once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/program.ts'
import { brokenSessions, delivered, eventsSince } from './aftermath.ts'
import { expectDowntime, GENEROUS_MS, startCampaign, type Campaign } from './campaign.ts'
import { holdOf, PATIENT, SERVICE, SERVICE_SIX } from './contract.ts'

const HOLD_MS = holdOf(PATIENT)
/** The last agent of a site is silent after 90 s. */
const UNREACHABLE_WITHIN_MS = 110_000

let campaign: Campaign

beforeAll(async () => {
  campaign = await startCampaign(PATIENT)
})
afterAll(async () => {
  await campaign?.stop()
})

describe('a provider whose network takes the uplinks with it', () => {
  it('is heard of as sites that cannot be reached, and is down in its zone once they are back', async () => {
    const { access, uplinkThrough } = campaign.world
    uplinkThrough('provider')
    await campaign.recovered()
    const fromMs = Date.now()
    for (const line of access) line.cut()
    const lost = async (): Promise<number> => {
      const events = await eventsSince(campaign, fromMs)
      return events.filter(({ type }) => type === 'site.unreachable').length
    }
    try {
      await until(async () => (await lost()) === 3, {
        withinMs: UNREACHABLE_WITHIN_MS,
        what: 'three sites told unreachable',
      })
      // Nobody has said so: the collector does not know that anything is down.
      expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    } finally {
      uplinkThrough('nowhere')
      for (const line of access) line.mend()
    }
    const lastedMs = Date.now() - fromMs
    // Over for longer than a sample stands when the first word of it comes.
    await sleep(HOLD_MS + PATIENT.intervalMs)
    uplinkThrough('internet')
    await delivered(campaign)
    await campaign.recovered()
    for (const service of [SERVICE, SERVICE_SIX]) {
      const { id } = await campaign.incident(service, fromMs)
      const { zone, owner, ...incident } = await campaign.closed(id)
      expect({ zone, owner }).toEqual({ zone: 'access-line', owner: 'telco' })
      expectDowntime(incident, { lastedMs, holdMs: HOLD_MS })
      // All of it was measured, though nobody heard: the anchors answered, so no site was cut off.
      expect(incident.downMs.provable).toBeGreaterThan(lastedMs - GENEROUS_MS)
    }
    // Found in late data alone: recorded, and nobody is paged for what is over.
    const types = (await eventsSince(campaign, fromMs)).map(({ type }) => type)
    expect(types.filter((type) => type === 'incident.opened')).toEqual([])
    expect(await brokenSessions(campaign)).toBe(0)
  }, 300_000)
})
