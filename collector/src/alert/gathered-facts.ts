/** Gathered facts: what one message says of many incidents, or of what flaps. Pure. They are sent to people alone. */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { Told } from '@constat/sla/alerting/gathered'
import { FLAPPING_TYPE, GROUPED_TYPE, type EventData, type MessageType } from './types.ts'

type Of<Kind> = Extract<Told, { kind: Kind }>
type Where = { contract: string; publicUrl: string }

/** `causes`: what all of them have in common, `site:paris` first where they do. `closedAt` null: some go on. */
function groupedData({ id, causes, members, isCalling }: Of<'together'>, where: Where): EventData {
  const incidents = members.map(({ incident, service, onsetMs, endMs, isOver, isInHand }) => ({
    id: incident,
    service,
    onsetAt: formatInstant(onsetMs),
    endAt: instantOrNull(endMs),
    over: isOver,
    inHand: isInHand,
  }))
  const isOver = members.every((one) => one.isOver)
  const endMs = Math.max(...members.map((one) => one.endMs ?? 0))
  return {
    id: `group/${id}`,
    contract: where.contract,
    incidents,
    causes,
    onsetAt: formatInstant(Math.min(...members.map(({ onsetMs }) => onsetMs))),
    closedAt: isOver ? formatInstant(endMs) : null,
    calling: isCalling,
    links: linksOf(where),
  }
}

function flappingData({ id, isStable, services }: Of<'flapping'>, where: Where): EventData {
  return {
    id: `flapping/${id}`,
    contract: where.contract,
    stable: isStable,
    services: services.map(({ service, opens, sinceMs, isDown, changedMs }) => ({
      service,
      opens,
      since: formatInstant(sinceMs),
      down: isDown,
      changedAt: formatInstant(changedMs),
    })),
    onsetAt: formatInstant(Math.min(...services.map(({ sinceMs }) => sinceMs))),
    links: linksOf(where),
  }
}

/** Null: what waited is told as it is. */
export function gatheredMessage(told: Told, where: Where): { type: MessageType; data: EventData } | null {
  if (told.kind === 'together') return { type: GROUPED_TYPE, data: groupedData(told, where) }
  if (told.kind === 'flapping') return { type: FLAPPING_TYPE, data: flappingData(told, where) }
  return null
}

function linksOf({ contract, publicUrl }: Where): EventData {
  return { contract: `${publicUrl}/contracts/${encodeURIComponent(contract)}` }
}

function instantOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}
