/**
 * Zones and sites: where a service can fail and who answers for it there, and the places it is measured
 * from with those who run them. Pure.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { UNDETERMINED } from '@constat/sla/assembly/zone'
import type { ContractView, SiteAgent } from '../../view/contract.ts'
import type { IncidentView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { listText } from '../text/words.ts'
import { Stamp } from './mark.tsx'
import { answersFor, checkName, partyOf, serviceName, spoken } from './names.ts'

/** Of an incident, `undetermined` too. */
export function zoneName(zone: string, { text }: Scene): string {
  return zone === UNDETERMINED ? text.incident.undetermined : spoken(zone)
}

type ZonesProps = { terms: ExpandedContract; open: readonly IncidentView[]; scene: Scene }

export function Zones({ terms, open, scene }: ZonesProps) {
  const { glance } = scene.text
  if (terms.zones.length === 0) return null
  return (
    <section class="sheet">
      <h2>{glance.zones}</h2>
      <p class="note">{glance.zonesNote}</p>
      <ol class="zones">
        {terms.zones.map(({ id, owner, boundary, references }) => (
          <li>
            <b>{spoken(id)}</b> <span class="note">{glance.boundary(boundary)}</span>
            <p>{ownerText({ contract: terms.name, owner }, scene)}</p>
            <Failing incidents={open.filter(({ zone }) => zone === id)} scene={scene} />
            {references.length === 0 && id !== terms.zones.at(-1)?.id && (
              <p class="note">{glance.unreferenced}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

function Failing({ incidents, scene }: { incidents: readonly IncidentView[]; scene: Scene }) {
  if (incidents.length === 0) return null
  return (
    <p class="marks">
      <Stamp tone="bad">{scene.text.glance.failing}</Stamp>
      {incidents.map((incident) => (
        <a href={`/incidents/${encodeURIComponent(incident.id)}`}>{serviceName(incident, scene)}</a>
      ))}
    </p>
  )
}

/** "Fibreline, for whom Northstar Hosting answers" */
export function ownerText(of: { contract: string; owner: string }, scene: Scene): string {
  const { owner, answers } = answersFor(of, scene)
  return answers === null ? owner : scene.text.glance.onBehalf({ owner, answers })
}

/** "Access line — Fibreline, for whom Northstar Hosting answers", or what is missing to know it. */
export function zoneText(incident: IncidentView, scene: Scene): string {
  const { contract, zone, owner, zoneReference } = incident
  const { glance } = scene.text
  if (zone === 'undetermined') return unknownZoneText(contract, scene)
  const said = `${spoken(zone)} — ${ownerText({ contract, owner }, scene)}`
  if (zoneReference === null) return `${said}.`
  return `${glance.pair(said, glance.referenceFails(checkName({ contract, check: zoneReference }, scene)))}.`
}

function unknownZoneText(contract: string, scene: Scene): string {
  const { glance } = scene.text
  const zones = scene.termsOf(contract)?.zones ?? []
  if (zones.length === 0) return `${glance.pair(glance.unknownZone, glance.noZones)}.`
  const before = zones.slice(0, -1)
  const blind = before.filter(({ references }) => references.length === 0)
  const names = (blind.length > 0 ? blind : before).map(({ id }) => spoken(id))
  const why = names.length === 0 ? glance.unknownZoneNone : glance.unknownZoneWhy(listText(names, scene.text))
  return `${glance.pair(glance.unknownZone, why)}.`
}

type SitesProps = { contract: ContractView; scene: Scene }

const SITE_TONE = { reachable: 'good', unreachable: 'bad', isolated: 'warn', unknown: 'calm' } as const

export function Sites({ contract, scene }: SitesProps) {
  const { glance } = scene.text
  return (
    <section class="sheet">
      <h2>{glance.sites}</h2>
      {contract.sites.length === 0 && <p class="note">{glance.noAgents}</p>}
      <dl class="sites">
        {contract.sites.map((site) => (
          <div>
            <dt>
              {site.displayName} <Stamp tone={SITE_TONE[site.state]}>{glance.siteState[site.state]}</Stamp>
            </dt>
            <dd class="note">{administrationText({ ...site, contract: contract.name }, scene)}</dd>
            <dd>{site.agents.map((agent) => agentText(agent, scene)).join(' · ')}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

type Administered = { contract: string; administeredBy: string | null }

/** "Administered by Acme internal IT" */
export function administrationText(of: Administered, scene: Scene): string {
  const name = administratorText(of, scene)
  return of.administeredBy === null ? name : `${scene.text.glance.administrator} ${name}`
}

export function administratorText({ contract, administeredBy }: Administered, scene: Scene): string {
  const { glance } = scene.text
  if (administeredBy === null) return glance.nobodySaid
  const terms = scene.termsOf(contract)
  const name = partyOf(terms, administeredBy)?.name ?? administeredBy
  return administeredBy === terms?.provider ? `${name} (${glance.providerHost})` : name
}

function agentText({ name, silent, isolated, connected }: SiteAgent, { text }: Scene): string {
  if (silent) return text.glance.pair(name, text.agent.silent)
  if (isolated) return text.glance.pair(name, text.glance.isolated)
  return text.glance.pair(name, connected ? text.agent.connected : text.agent.away)
}
