/**
 * Gathering: what people are told of incidents at one endpoint, so that one cause is one message and what flaps is not
 * told at every turn. A fold over notices and time, pure: every notice is carried by one message, none before its own
 * opening, and the last message about an incident says how it stands. Flapping: `flapping.ts`.
 */
import type { UnixMs } from '@constat/shared/time'
import { leaveFor, settled, watch } from './flapping.ts'
import {
  CHANGES,
  type Change,
  type Gathering,
  type Group,
  type Member,
  type Notice,
  type Rules,
  type Told,
} from './gathered.ts'

/** Incidents of one message: all of them are listed, and the message stays below its limit. */
export const MAX_MEMBERS = 50
/** What begins so long after the last one that joined begins a group of its own. */
export const JOIN_MS = 120_000
/** Messages that some are over, or in hand, are so far apart. */
export const UPDATE_MS = 60_000
/** A group of which nothing is heard is forgotten after this: its end is then told by itself. */
const KEPT_MS = 30 * 86_400_000

type Asked = { notices: readonly Notice[]; nowMs: UnixMs; rules: Rules }

/** `notices` were not taken before, and are of `nowMs` or earlier. */
export function take(
  before: Gathering,
  { notices, nowMs, rules }: Asked,
): { after: Gathering; told: Told[] } {
  const after = structuredClone(before)
  for (const notice of notices.toSorted(inOrder)) {
    const flap = watch(after, notice, rules)
    if (flap && notice.change !== 'escalated') leaveFor(after, flap, notice)
    else join(after, notice, rules)
  }
  const flapping = settled(after, { nowMs, rules })
  for (const member of flapping.down) goOn(after, { member, nowMs })
  const told = [...flapping.told, ...after.groups.flatMap((group) => tell(group, nowMs))]
  after.groups = after.groups.filter((group) => isKept(group, nowMs))
  return { after, told }
}

/** An incident that outlasts the flapping of its service: people know of it, and hear of its end. */
function goOn({ groups }: Gathering, { member, nowMs }: { member: Member; nowMs: UnixMs }): void {
  if (groups.some(({ members }) => members.some(({ incident }) => incident === member.incident))) return
  groups.push(begin({ member, causes: [], atMs: nowMs }, nowMs))
}

/** When there is something to tell; null: not before another notice. */
export function dueMs({ groups, flaps }: Gathering): UnixMs | null {
  const due = [...groups, ...flaps].flatMap((one) => one.dueMs ?? [])
  return due.length === 0 ? null : Math.min(...due)
}

function inOrder(a: Notice, b: Notice): number {
  return a.atMs - b.atMs || CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change)
}

function join({ groups }: Gathering, notice: Notice, rules: Rules): void {
  const { member, causes, atMs, change, id } = notice
  const own = groups.find(({ members }) => members.some(({ incident }) => incident === member.incident))
  const group = own ?? groups.find((one) => isJoinedBy(one, { notice, rules })) ?? begin(notice, null)
  if (!groups.includes(group)) groups.push(group)
  if (!own) {
    group.causes = group.causes.filter((cause) => causes.includes(cause))
    group.joinedMs = atMs
  }
  group.members = [...group.members.filter(({ incident }) => incident !== member.incident), member]
  group.waiting.push({ id, incident: member.incident, change })
  group.dueMs = Math.min(group.dueMs ?? Infinity, dueAfter(group, { notice, rules }))
}

type Noted = { notice: Notice; rules: Rules }

function isJoinedBy({ causes, members, joinedMs }: Group, { notice, rules }: Noted): boolean {
  return (
    rules.holdMs > 0 &&
    members.length < MAX_MEMBERS &&
    notice.atMs - joinedMs <= JOIN_MS &&
    causes.some((cause) => notice.causes.includes(cause))
  )
}

function begin(
  { member, causes, atMs }: Pick<Notice, 'member' | 'causes' | 'atMs'>,
  toldMs: UnixMs | null,
): Group {
  const { incident } = member
  return {
    id: incident,
    causes: [...causes],
    joinedMs: atMs,
    dueMs: null,
    toldMs,
    members: [member],
    waiting: [],
  }
}

/** What one person waits for is told at once; what many hear of, when it is worth another message. */
function dueAfter({ toldMs, members }: Group, { notice, rules }: Noted): UnixMs {
  const { atMs, change } = notice
  if (toldMs === null) return atMs + rules.holdMs
  if (members.length === 1 || members.every(({ isOver }) => isOver)) return atMs
  return CALLING.has(change) ? atMs + rules.holdMs : Math.max(atMs, toldMs + UPDATE_MS)
}

const CALLING: ReadonlySet<Change> = new Set<Change>(['opened', 'reopened', 'escalated'])

function tell(group: Group, nowMs: UnixMs): Told[] {
  const { id, causes, members, waiting, dueMs: atMs } = group
  if (atMs === null || atMs > nowMs) return []
  Object.assign(group, { dueMs: null, toldMs: nowMs, waiting: [] })
  const carries = waiting.map((one) => one.id)
  const isCalling = waiting.some(({ change }) => CALLING.has(change)) && members.some(({ isOver }) => !isOver)
  if (members.length > 1) return [{ kind: 'together', id, causes, members, carries, isCalling }]
  // A note says nothing of how it stands.
  const said = waiting.findLast(({ change }) => change !== 'updated') ?? waiting.at(-1)
  return said ? [{ kind: 'alone', notice: said.id, carries }] : []
}

function isKept({ members, waiting, dueMs: atMs, joinedMs }: Group, nowMs: UnixMs): boolean {
  if (members.length === 0) return false
  if (waiting.length > 0 || atMs !== null) return true
  return members.some(({ isOver }) => !isOver) && nowMs - joinedMs < KEPT_MS
}
