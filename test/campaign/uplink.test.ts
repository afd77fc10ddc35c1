/**
 * The way to the collector, and weather. What an agent says late is as good as what it says at once; an
 * outage that takes the uplinks with it is found all the same; and neither delay nor loss, neither doubled
 * nor reordered frames make an outage or a second copy of anything.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentView, LatencyView } from '../../collector/src/judge/view.ts'
import { besideOf } from '../support/beside.ts'
import { until } from '../support/program.ts'
import { expectDowntime, GENEROUS_MS, msIn, startCampaign, type Campaign } from './campaign.ts'
import { holdOf, PATIENT, SERVICE, SERVICE_SIX } from './contract.ts'

const HOLD_MS = holdOf(PATIENT)
const WEATHER_MS = 5 * PATIENT.intervalMs
/** A site is told unreachable no later than a silent agent, 90 s. */
const UNREACHABLE_WITHIN_MS = 110_000
/** The kernel waits longer and longer before it sends again what was lost: up to this after such a cut. */
const COMES_BACK_WITHIN_MS = 100_000

let campaign: Campaign

beforeAll(async () => {
  campaign = await startCampaign(PATIENT)
})
afterAll(async () => {
  await campaign?.stop()
})

/** Nothing is left to send, as far as the agents have said. */
async function delivered(): Promise<void> {
  await until(
    async () => {
      const { items } = await campaign.program.get<{ items: AgentView[] }>('/agents')
      return items.every(({ connected, spoolBatches }) => connected && spoolBatches <= 1)
    },
    { withinMs: COMES_BACK_WITHIN_MS, what: 'every agent connected, with nothing left to send' },
  )
}

/** Types of the events told since, with what each is about. */
function eventsSince(fromMs: number): Promise<{ type: string; data: unknown }[]> {
  return besideOf(campaign.program.dataDir, async (db) => {
    const rows = await db<
      { type: string; data: unknown }[]
    >`select type, data from event where at_ms >= ${fromMs}`
    return [...rows]
  })
}

/** Sessions whose frames are not 0, 1, 2 … once each. */
function brokenSessions(): Promise<number> {
  return besideOf(campaign.program.dataDir, async (db) => {
    const rows = await db`select agent, session from entry where type = 1 group by agent, session
      having count(*) <> count(distinct seq) or count(*) <> max(seq) + 1`
    return rows.length
  })
}

/** Of the medians of the portal's answers, the highest. */
async function slowestMs({ fromMs, toMs }: { fromMs: number; toMs: number }): Promise<number> {
  const span = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}&step=${PATIENT.intervalMs}`
  const { points } = await campaign.program.get<LatencyView>(`/checks/portal-login/latency?${span}`)
  return Math.max(...points.map(({ p50Us }) => (p50Us ?? 0) / 1_000))
}

describe('weather', () => {
  it('delay, doubled and reordered frames on every link: up, slower, and everything once', async () => {
    const { lan, access, internet, core } = campaign.world
    const all = [...lan, ...access, ...internet, core]
    const fromMs = Date.now()
    // Three cables to the portal, both ways: 300 ms a round trip.
    for (const cable of all) cable.weather({ delayMs: 50, duplicatePercent: 30, reorderPercent: 25 })
    await sleep(WEATHER_MS)
    const during = await campaign.readings.state(SERVICE)
    for (const cable of all) cable.mend()
    const toMs = Date.now()
    await campaign.recovered()
    await delivered()
    expect(['up', 'degraded']).toContain(during)
    expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    const { segments } = await campaign.readings.timeline(SERVICE, { fromMs, toMs })
    expect(msIn(segments, 'down') + msIn(segments, 'partial')).toBe(0)
    // The weather was there: one round trip alone takes as long.
    expect(await slowestMs({ fromMs, toMs })).toBeGreaterThan(300)
    expect(await brokenSessions()).toBe(0)
  })

  it('a fifth of all frames lost on the uplinks and on one access line: no outage, everything once', async () => {
    const { access, internet } = campaign.world
    const bad = [access[0]!, ...internet]
    const fromMs = Date.now()
    for (const cable of bad) cable.weather({ lossPercent: 20 })
    await sleep(WEATHER_MS)
    for (const cable of bad) cable.mend()
    await campaign.recovered()
    await delivered()
    expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    expect(await brokenSessions()).toBe(0)
  })
})

describe('an agent whose own network was cut', () => {
  it('says afterwards what it could not know, and no downtime comes of it', async () => {
    const [lan] = campaign.world.lan
    const before = await campaign.readings.downMs()
    const fromMs = Date.now()
    lan!.cut()
    await sleep(HOLD_MS + 2 * PATIENT.intervalMs)
    const toMs = Date.now()
    lan!.mend()
    await campaign.recovered()
    await delivered()
    expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    expect(await campaign.readings.downMs()).toEqual(before)
    // What it sent when it was back covers the cut: once its references had failed, it knew nothing.
    const settled = { fromMs: fromMs + PATIENT.intervalMs + 2 * PATIENT.timeoutMs, toMs }
    const { vantages, agentNames } = await campaign.readings.timeline(SERVICE, settled)
    const [id] = Object.entries(agentNames).find(([, name]) => name === 'lyon')!
    expect(msIn(vantages[id]!, 'unknown')).toBeGreaterThan(0)
    expect(msIn(vantages[id]!, 'down')).toBe(0)
  })
})

describe('a provider whose network takes the uplinks with it', () => {
  it('is heard of as sites that cannot be reached, and is down in its zone once they are back', async () => {
    const { access, uplinkThrough } = campaign.world
    uplinkThrough('provider')
    await campaign.recovered()
    const fromMs = Date.now()
    for (const line of access) line.cut()
    const lost = async (): Promise<number> => {
      const events = await eventsSince(fromMs)
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
      for (const line of access) line.mend()
      uplinkThrough('internet')
    }
    const lastedMs = Date.now() - fromMs
    await delivered()
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
    const types = (await eventsSince(fromMs)).map(({ type }) => type)
    expect(types.filter((type) => type === 'incident.opened')).toEqual([])
    expect(await brokenSessions()).toBe(0)
  }, 300_000)
})
