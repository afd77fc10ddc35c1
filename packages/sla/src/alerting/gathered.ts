/** Gathered: what waits to be told together at one endpoint, and the messages that come of it. Types of `gathering.ts`. */
import type { UnixMs } from '@constat/shared/time'

/** `holdMs` 0 gathers nothing, `withinMs` 0 damps nothing. */
export type Rules = { holdMs: number; opens: number; withinMs: number }

/** What an event is about, after `incident.`; of one instant, in this order. */
export const CHANGES = [
  'opened',
  'reopened',
  'updated',
  'escalated',
  'acknowledged',
  'merged',
  'closed',
] as const
export type Change = (typeof CHANGES)[number]

export type Member = {
  incident: string
  service: string
  onsetMs: UnixMs
  endMs: UnixMs | null
  isOver: boolean
  /** Somebody has acknowledged it. */
  isInHand: boolean
}

/** One message that was to be sent. `member`: how the incident stands after it. */
export type Notice = { id: string; change: Change; atMs: UnixMs; causes: readonly string[]; member: Member }

export type Group = {
  /** Its first incident. */
  id: string
  /** What all of them have in common. */
  causes: string[]
  joinedMs: UnixMs
  /** When its next message is due; null: nothing has changed. */
  dueMs: UnixMs | null
  toldMs: UnixMs | null
  members: Member[]
  waiting: { id: string; incident: string; change: Change }[]
}

/** Of one endpoint, as it is kept between two looks. Nothing but JSON. */
export type Gathering = { groups: Group[]; flaps: Flap[] }
export const NOTHING: Gathering = { groups: [], flaps: [] }

/** `carries`: ids of the notices that it stands for. `isCalling`: something went down, or nobody has answered. */
export type Told =
  | { kind: 'alone'; notice: string; carries: string[] }
  | {
      kind: 'together'
      id: string
      causes: string[]
      members: Member[]
      carries: string[]
      isCalling: boolean
    }
  | FlappingTold

/** Of a service that went down lately. `dueMs` null: it is watched, and does not flap. */
export type Flap = {
  service: string
  /** When it went down, as far as that counts. */
  openedMs: UnixMs[]
  opens: number
  sinceMs: UnixMs
  changedMs: UnixMs
  dueMs: UnixMs | null
  isTold: boolean
  /** Its incidents that are not over. */
  down: Member[]
  waiting: string[]
}

export type Flapping = {
  service: string
  /** How often it went down since. */
  opens: number
  sinceMs: UnixMs
  /** How it stands, and since when. */
  isDown: boolean
  changedMs: UnixMs
}

export type FlappingTold = {
  kind: 'flapping'
  id: string
  /** It stands still. */
  isStable: boolean
  services: Flapping[]
  carries: string[]
}
