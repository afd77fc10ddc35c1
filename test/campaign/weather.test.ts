/**
 * Weather, and an agent alone: neither delay nor loss, neither doubled nor reordered frames make an outage
 * or a second copy of anything; and what an agent could not know makes no downtime when it says so late.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LatencyView } from '../../collector/src/view/timeline.ts'
import { brokenSessions, delivered } from './aftermath.ts'
import { msIn, startCampaign, type Campaign } from './campaign.ts'
import { holdOf, PATIENT, SERVICE } from './contract.ts'

const HOLD_MS = holdOf(PATIENT)
const WEATHER_MS = 5 * PATIENT.intervalMs

let campaign: Campaign

beforeAll(async () => {
  campaign = await startCampaign(PATIENT)
})
afterAll(async () => {
  await campaign?.stop()
})

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
    await delivered(campaign)
    expect(['up', 'degraded']).toContain(during)
    expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    const { segments } = await campaign.readings.timeline(SERVICE, { fromMs, toMs })
    expect(msIn(segments, 'down') + msIn(segments, 'partial')).toBe(0)
    // The weather was there: one round trip alone takes as long.
    expect(await slowestMs({ fromMs, toMs })).toBeGreaterThan(300)
    expect(await brokenSessions(campaign)).toBe(0)
  })

  it('a fifth of all frames lost on the uplinks and on one access line: no outage, everything once', async () => {
    const { access, internet } = campaign.world
    const bad = [access[0]!, ...internet]
    const fromMs = Date.now()
    for (const cable of bad) cable.weather({ lossPercent: 20 })
    await sleep(WEATHER_MS)
    for (const cable of bad) cable.mend()
    await campaign.recovered()
    await delivered(campaign)
    expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    expect(await brokenSessions(campaign)).toBe(0)
  })
})

describe('an agent whose own network was cut', () => {
  it('says afterwards what it could not know, and no downtime comes of it', async () => {
    const [lan] = campaign.world.lan
    const before = await campaign.readings.downMs(SERVICE)
    const fromMs = Date.now()
    lan!.cut()
    await sleep(HOLD_MS + 2 * PATIENT.intervalMs)
    const toMs = Date.now()
    lan!.mend()
    await campaign.recovered()
    await delivered(campaign)
    expect(await campaign.readings.incidentsSince(fromMs)).toEqual([])
    expect(await campaign.readings.downMs(SERVICE)).toBe(before)
    // What it sent when it was back covers the cut: once its references had failed, it knew nothing.
    const settled = { fromMs: fromMs + HOLD_MS, toMs }
    const { vantages, agentNames } = await campaign.readings.timeline(SERVICE, settled)
    const [id] = Object.entries(agentNames).find(([, name]) => name === 'lyon')!
    expect(msIn(vantages[id]!, 'unknown')).toBeGreaterThan(0)
    // A busy machine may see its references fail one slot later.
    expect(msIn(vantages[id]!, 'down')).toBeLessThanOrEqual(PATIENT.intervalMs)
  })
})
