/**
 * Flapping: a service that goes down again and again is told of once, then not before it stands still, then once how it
 * stands. Pure: called by the fold of `gathering.ts`, whose state it changes.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Flap, FlappingTold, Gathering, Group, Member, Notice, Rules } from './gathered.ts'

/** It stands still after this share of the time within which it flapped: what is down is waited for less. */
const UP_SHARE = 2
const DOWN_SHARE = 6
/** What stands still within the same of these is one message. */
const SETTLE_STEP_MS = 60_000
/** Of a short time, this share of it. */
const SETTLE_STEPS = 30
/** Services of one message. */
const MAX_LISTED = 50

/** The service flaps, or begins to by this notice; null: it does not. */
export function watch(all: Gathering, { change, member, atMs }: Notice, rules: Rules): Flap | null {
  const isOpening = change === 'opened' || change === 'reopened'
  all.flaps = all.flaps.filter((one) => one.dueMs !== null || one.changedMs > atMs - rules.withinMs)
  const known = all.flaps.find(({ service }) => service === member.service)
  if (!isOpening) return known && known.dueMs !== null ? known : null
  const flap = known ?? watched(member.service, atMs)
  if (!known && rules.withinMs > 0) all.flaps.push(flap)
  flap.openedMs = [...flap.openedMs.filter((openedMs) => openedMs > atMs - rules.withinMs), atMs].slice(
    -rules.opens,
  )
  flap.changedMs = atMs
  if (flap.dueMs !== null) flap.opens += 1
  else if (rules.withinMs > 0 && flap.openedMs.length >= rules.opens) {
    flap.dueMs = atMs + rules.holdMs
    flap.opens = flap.openedMs.length
    flap.sinceMs = flap.openedMs[0]!
  }
  return flap.dueMs === null ? null : flap
}

function watched(service: string, atMs: UnixMs): Flap {
  return {
    service,
    openedMs: [],
    opens: 0,
    sinceMs: atMs,
    changedMs: atMs,
    dueMs: null,
    isTold: false,
    down: [],
    waiting: [],
  }
}

/**
 * What is said of a service that flaps waits with it, and so does what waited elsewhere; but for an escalation, as long
 * as nobody has answered it.
 */
export function leaveFor({ groups }: Gathering, flap: Flap, { id, member, change, atMs }: Notice): void {
  for (const group of groups) {
    const leaving = group.members.filter(
      (one) =>
        one.service === flap.service && !isEscalating(group, one.incident === member.incident ? member : one),
    )
    if (leaving.length === 0) continue
    group.members = group.members.filter((one) => !leaving.includes(one))
    const isIts = ({ incident }: { incident: string }) => leaving.some((one) => one.incident === incident)
    flap.waiting.push(...group.waiting.filter(isIts).map((one) => one.id))
    group.waiting = group.waiting.filter((one) => !isIts(one))
    if (group.waiting.length === 0) group.dueMs = null
    flap.down.push(...leaving)
  }
  flap.waiting.push(id)
  const others = flap.down.filter(({ incident }) => incident !== member.incident)
  flap.down = [...others, member].filter(({ isOver }) => !isOver)
  if (change !== 'updated' && change !== 'acknowledged') flap.changedMs = atMs
}

function isEscalating({ waiting }: Group, { incident, isOver, isInHand }: Member): boolean {
  if (isOver || isInHand) return false
  return waiting.some((one) => one.incident === incident && one.change === 'escalated')
}

/** Those that begin to flap and those that stand still; `down`: incidents that go on by themselves. */
export function settled(
  all: Gathering,
  { nowMs, rules }: { nowMs: UnixMs; rules: Rules },
): { told: FlappingTold[]; down: Member[] } {
  const due = all.flaps.filter(({ dueMs }) => dueMs !== null && dueMs <= nowMs)
  const still = due.filter((flap) => standsStillMs(flap, rules) <= nowMs)
  const moving = due.filter((flap) => !still.includes(flap))
  // What begins within the same hold is told with the first.
  const isBegun = moving.some(({ isTold }) => !isTold)
  const isWith = ({ isTold, dueMs }: Flap): boolean =>
    !isTold && dueMs !== null && dueMs <= nowMs + rules.holdMs
  const beginning = isBegun ? all.flaps.filter((flap) => isWith(flap) && !still.includes(flap)) : []
  const told = [...toldOf(beginning, false), ...toldOf(still, true)]
  for (const flap of beginning) Object.assign(flap, { isTold: true, waiting: [] })
  for (const flap of [...moving, ...beginning]) flap.dueMs = standsStillMs(flap, rules)
  all.flaps = all.flaps.filter((one) => !still.includes(one))
  return { told, down: still.flatMap(({ down }) => down) }
}

function standsStillMs({ changedMs, down }: Flap, { withinMs }: Rules): UnixMs {
  const afterMs = withinMs / (down.length > 0 ? DOWN_SHARE : UP_SHARE)
  const stepMs = Math.max(1, Math.min(SETTLE_STEP_MS, withinMs / SETTLE_STEPS))
  return Math.ceil((changedMs + afterMs) / stepMs) * stepMs
}

/** As many messages as it takes to list all of them. */
function toldOf(flaps: readonly Flap[], isStable: boolean): FlappingTold[] {
  if (flaps.length === 0) return []
  const listed = flaps.slice(0, MAX_LISTED)
  const services = listed.map(({ service, opens, sinceMs, changedMs, down }) => {
    return { service, opens, sinceMs, changedMs, isDown: down.length > 0 }
  })
  const [first] = services
  const carries = listed.flatMap(({ waiting }) => waiting)
  const told = {
    kind: 'flapping' as const,
    id: `${first?.service}/${first?.sinceMs}`,
    isStable,
    services,
    carries,
  }
  return [told, ...toldOf(flaps.slice(MAX_LISTED), isStable)]
}
