/**
 * The demo's places: sites with who runs them, what each site came to under a guarantee of its own, and
 * where an incident failed. Pure.
 */
import type { SiteView } from '@constat/collector/view/contract'
import type { ViewOf } from '@constat/collector/view/guarantee'
import type { IncidentVantage, IncidentView } from '@constat/collector/view/timeline'
import { demoShares } from './demo-unknown.ts'
import { AGENTS, type StoryContract, type StorySite, type Trouble } from './demo-story.ts'

/** It has been silent for minutes; this one is cut off from what it measures. */
export const SILENT = 'nantes'
const ISOLATED = 'brest'

export function siteViews({ sites }: StoryContract): SiteView[] {
  const listed: readonly StorySite[] =
    sites ?? AGENTS.map(({ name }) => ({ id: name, displayName: name, agents: [name], administeredBy: null }))
  return listed.map(({ id, displayName, agents, administeredBy }) => ({
    id,
    displayName,
    administeredBy,
    state: agents.includes(SILENT) ? 'unreachable' : agents.includes(ISOLATED) ? 'isolated' : 'reachable',
    agents: agents.map((name) => ({
      id: AGENTS.find((agent) => agent.name === name)?.id ?? name,
      name,
      connected: name !== SILENT,
      silent: name === SILENT,
      isolated: name === ISOLATED,
      clockOffsetMs: 3,
    })),
  }))
}

function measureIn({
  kind,
  exhaustion,
  worst,
  partialMs,
  degradedMs,
  unknownMs,
}: ViewOf<'interval-availability'>) {
  return { kind, exhaustion, worst, partialMs, degradedMs, unknownMs }
}

/** One branch was cut off for two days, which the guarantee of the whole would never show. */
const CUT_OFF_MS = 2 * 86_400_000

export function eachSite(
  contract: StoryContract,
  worst: ViewOf<'interval-availability'>,
): ViewOf<'interval-availability'> {
  const sites = (contract.sites ?? []).map(({ id, displayName, administeredBy, agents }) => {
    const downMs = agents.includes('lille') ? CUT_OFF_MS : 0
    const missingMs = agents.includes(SILENT) ? 390_000 : 0
    const { allowedMs } = worst.budget
    const percent = (ms: number): string => (100 - (ms / worst.elapsedCommittedMs) * 100).toFixed(4)
    return {
      ...measureIn(worst),
      site: id,
      displayName,
      administeredBy,
      verdict: downMs > allowedMs ? ('not_met' as const) : ('indeterminate' as const),
      outlook: downMs > allowedMs ? null : ('on_track' as const),
      insufficientEvidence: false,
      coverage: missingMs > 0 ? '0.9987' : '1.0000',
      blockedMs: 0,
      unknown: demoShares(missingMs),
      knownMs: worst.elapsedCommittedMs - missingMs,
      downMs: { provable: downMs, point: downMs, pessimistic: downMs + missingMs },
      availability: {
        provable: percent(downMs),
        point: percent(downMs),
        pessimistic: percent(downMs + missingMs),
      },
      budget: { allowedMs, spentMs: downMs, leftMs: allowedMs - downMs },
      measuredFrom: worst.measuredFrom,
    }
  })
  const { verdict, outlook, downMs, availability, budget } =
    sites.toSorted((a, b) => a.budget.leftMs - b.budget.leftMs)[0] ?? worst
  return { ...worst, verdict, outlook, downMs, availability, budget, sites }
}

export function zoneFacts(
  { zones = [], parties = [] }: StoryContract,
  { zone }: Trouble,
): Pick<IncidentView, 'zone' | 'owner' | 'answeredBy' | 'zoneReference'> {
  const found = zones.find(({ id }) => id === zone)
  if (!found) {
    const unknown = 'undetermined'
    return { zone: unknown, owner: unknown, answeredBy: unknown, zoneReference: null }
  }
  const above = parties.find(({ id, role }) => id === found.owner && role === 'subcontractor')?.of
  return {
    zone: found.id,
    owner: found.owner,
    answeredBy: above ?? found.owner,
    zoneReference: found.reference[0] ?? null,
  }
}

export function placeOf(
  { sites = [] }: StoryContract,
  agent: string,
): Pick<IncidentVantage, 'site' | 'administeredBy'> {
  const site = sites.find(({ agents }) => agents.includes(agent))
  return {
    site: site?.id ?? null,
    administeredBy: site?.administeredBy ?? null,
  }
}
