/**
 * Which facts a page follows. Pure.
 */
import { EVENT_TYPES, type EventType } from '../../alert/types.ts'

export function incidentEvents(): EventType[] {
  return EVENT_TYPES.filter((type) => type.startsWith('incident.'))
}

export function agentEvents(): EventType[] {
  return EVENT_TYPES.filter((type) => type.startsWith('agent.'))
}
