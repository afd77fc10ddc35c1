/** English names of the events that messages tell. Pure. */
import type { MessageType } from '../../alert/types.ts'

export const eventsEn = {
  'incident.opened': 'Incident opened',
  'incident.updated': 'Incident changed',
  'incident.closed': 'Incident closed',
  'incident.reopened': 'Incident reopened',
  'incident.merged': 'Incident merged',
  'incident.acknowledged': 'Incident acknowledged',
  'incident.escalated': 'Incident escalated',
  'incident.grouped': 'Incidents of one cause',
  'incident.flapping': 'Service flapping',
  'site.unreachable': 'Site unreachable',
  'objective.at_risk': 'Objective at risk',
  'objective.breached': 'Objective breached',
  'window.finalised': 'Window final',
  'window.amended': 'Window amended',
  'agent.silent': 'Agent silent',
  'agent.back': 'Agent back',
  'certificate.expiring': 'Certificate expiring',
  'exclusion.proposed': 'Exclusion proposed',
  'claim.deadline': 'Claim deadline',
  'terms.agreed': 'Terms agreed',
  'terms.objected': 'Terms objected to',
  'penalty.notified': 'Penalty notified',
  'penalty.answered': 'Penalty answered',
  'evidence.anomaly': 'Evidence anomaly',
  'evidence.root': 'Root of the day',
  'report.ready': 'Report ready',
  'webhook.test': 'Test message',
} satisfies Record<MessageType, string>

/** Of all events about one thing: `incident.*`. */
export const eventGroupsEn = {
  incident: 'Incidents',
  site: 'Sites',
  objective: 'Objectives',
  window: 'Windows',
  agent: 'Agents',
  certificate: 'Certificates',
  exclusion: 'Exclusions',
  claim: 'Claims',
  terms: 'Terms',
  penalty: 'Penalties',
  evidence: 'Evidence',
  report: 'Reports',
}
