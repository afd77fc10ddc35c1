/**
 * Policy: which witnesses, and how many of them, make a checkpoint count. The text is C2SP tlog-policy:
 * `log`, `witness`, `group` and `quorum` lines. Pure. A name is defined before it is used and is a
 * member at most once, so that groups form a tree and no witness counts twice.
 */
import { parseCheckpoint, type CheckpointOpening } from './checkpoint.ts'
import { cosignatureVerifier } from './cosignature.ts'
import { noteVerifier, openNote, parseNote, type NoteSignature, type NoteVerifier } from './note.ts'
import { COSIGNATURE_TYPE, ED25519_TYPE, formatVkey, parseVkey, type KeyType, type Vkey } from './vkey.ts'

export type PolicyLog = { vkey: Vkey; url?: string }
export type PolicyWitness = { name: string; vkey: Vkey; url?: string }
/** Witnesses a checkpoint when at least `threshold` of `members` do. 1 ≤ threshold ≤ members. */
export type PolicyGroup = { name: string; threshold: number; members: readonly string[] }

/** `quorum` names a witness, a group, or `none`. Lists are in the order of the text. */
export type Policy = {
  logs: readonly PolicyLog[]
  witnesses: readonly PolicyWitness[]
  groups: readonly PolicyGroup[]
  quorum: string
}

export type PolicyParsing =
  | { kind: 'parsed'; policy: Policy }
  /** `line` counts from 1; a missing quorum is told of the line after the last. */
  | { kind: 'refused'; line: number; reason: string }

export const MAX_POLICY_BYTES = 262_144
/** Logs, witnesses and groups together. tlog-policy asks for at least 32 of each. */
export const MAX_POLICY_LINES = 512

const NONE = 'none'

type Draft = {
  logs: PolicyLog[]
  witnesses: PolicyWitness[]
  groups: PolicyGroup[]
  quorum: string | undefined
  /** Names of witnesses and groups: true once a group has taken it as a member. */
  names: Map<string, boolean>
}

/** Reads one kind of line into the draft; answers what is wrong with it, or undefined. */
type LineReader = (draft: Draft, items: readonly string[]) => string | undefined

const LINE_READERS: ReadonlyMap<string, LineReader> = new Map([
  ['log', readLog],
  ['witness', readWitness],
  ['group', readGroup],
  ['quorum', readQuorum],
])

/** tlog-policy, "Policy file syntax and structure". Refuses at the first line that is wrong. */
export function parsePolicy(text: string): PolicyParsing {
  const draft: Draft = { logs: [], witnesses: [], groups: [], quorum: undefined, names: new Map() }
  const lines = text.split('\n')
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) return refused(1, 'the policy is too long')
  for (const [i, line] of lines.entries()) {
    const problem = readLine(draft, line)
    if (problem !== undefined) return refused(i + 1, problem)
  }
  const { logs, witnesses, groups, quorum } = draft
  if (quorum === undefined) return refused(lines.length + 1, 'a policy has exactly one quorum line')
  return { kind: 'parsed', policy: { logs, witnesses, groups, quorum } }
}

/** The policy as text: what `parsePolicy` reads back. */
export function formatPolicy({ logs, witnesses, groups, quorum }: Policy): string {
  const lines = [
    ...logs.map(({ vkey, url }) => ['log', formatVkey(vkey), url]),
    ...witnesses.map(({ name, vkey, url }) => ['witness', name, formatVkey(vkey), url]),
    ...groups.map(({ name, threshold, members }) => ['group', name, String(threshold), ...members]),
    ['quorum', quorum],
  ]
  return lines.map((items) => `${items.filter((item) => item !== undefined).join(' ')}\n`).join('')
}

/** The witnesses' keys, to open notes with. */
export function witnessVerifiers(policy: Policy): NoteVerifier[] {
  return policy.witnesses.map(({ vkey }) => cosignatureVerifier(vkey))
}

/** Whether these verified signatures, whoever else they are by, make the quorum. */
export function quorumMet(
  { witnesses, groups, quorum }: Policy,
  verified: readonly NoteSignature[],
): boolean {
  if (quorum === NONE) return true
  const met = new Set<string>()
  for (const { name, vkey } of witnesses) {
    if (verified.some((own) => own.name === vkey.name && own.keyId === vkey.keyId)) met.add(name)
  }
  // A group's members stand before it: one pass in order settles all.
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name)
  }
  return met.has(quorum)
}

export type WitnessedOpening =
  | CheckpointOpening
  | { kind: 'refused'; reason: 'unknown-log' | 'quorum-not-met' }

/** A checkpoint signed by a log of the policy whose key bears its origin, and cosigned by the quorum. */
export function openWitnessed(source: string | Uint8Array, policy: Policy): WitnessedOpening {
  const text = parseNote(source)?.text
  if (text === undefined) return { kind: 'refused', reason: 'malformed' }
  const checkpoint = parseCheckpoint(text)
  if (!checkpoint) return { kind: 'refused', reason: 'not-a-checkpoint' }
  const logs = policy.logs.filter(({ vkey }) => vkey.name === checkpoint.origin)
  if (logs.length === 0) return { kind: 'refused', reason: 'unknown-log' }
  const logVerifiers = logs.map(({ vkey }) => noteVerifier(vkey))
  const opening = openNote(source, [...logVerifiers, ...witnessVerifiers(policy)])
  if (opening.kind === 'refused') return opening
  const logIds = new Set(logVerifiers.map(({ keyId }) => keyId))
  const byLog = opening.verified.some(({ name, keyId }) => name === checkpoint.origin && logIds.has(keyId))
  if (!byLog) return { kind: 'refused', reason: 'log-signature-missing' }
  if (!quorumMet(policy, opening.verified)) return { kind: 'refused', reason: 'quorum-not-met' }
  return { ...opening, checkpoint }
}

function readLine(draft: Draft, line: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for.
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) return 'control characters are not allowed'
  const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '')
  if (keyword === undefined || keyword.startsWith('#')) return undefined
  const read = LINE_READERS.get(keyword)
  if (!read) return `unknown keyword: ${keyword}`
  const { logs, witnesses, groups } = draft
  if (logs.length + witnesses.length + groups.length >= MAX_POLICY_LINES && keyword !== 'quorum')
    return 'the policy has too many lines'
  return read(draft, items)
}

function readLog(draft: Draft, [vkeyText, url, ...rest]: readonly string[]): string | undefined {
  if (vkeyText === undefined || rest.length > 0) return 'a log line is: log <vkey> [<url>]'
  const vkey = readVkey(vkeyText, ED25519_TYPE)
  if (!vkey) return 'a log has a strict vkey of type 0x01'
  if (hasKey(draft.logs, vkey)) return 'two logs have the same public key'
  draft.logs.push(url === undefined ? { vkey } : { vkey, url })
  return undefined
}

function readWitness(draft: Draft, [name, vkeyText, url, ...rest]: readonly string[]): string | undefined {
  if (name === undefined || vkeyText === undefined || rest.length > 0) {
    return 'a witness line is: witness <name> <vkey> [<url>]'
  }
  const vkey = readVkey(vkeyText, COSIGNATURE_TYPE)
  if (!vkey) return 'a witness has a strict vkey of type 0x04'
  if (hasKey(draft.witnesses, vkey)) return 'two witnesses have the same public key'
  const problem = nameProblem(draft, name)
  if (problem !== undefined) return problem
  draft.names.set(name, false)
  draft.witnesses.push(url === undefined ? { name, vkey } : { name, vkey, url })
  return undefined
}

function readGroup(draft: Draft, [name, rule, ...members]: readonly string[]): string | undefined {
  if (name === undefined || rule === undefined || members.length === 0) {
    return 'a group line is: group <name> all|any|<k> <name>…'
  }
  const threshold = thresholdOf(rule, members.length)
  if (threshold === undefined) return `a threshold is all, any or 1 … ${members.length}`
  const problem = nameProblem(draft, name)
  if (problem !== undefined) return problem
  for (const member of members) {
    const taken = draft.names.get(member)
    if (taken === undefined) return `no witness or group above is named ${member}`
    if (taken) return `${member} is a member more than once`
    draft.names.set(member, true)
  }
  draft.names.set(name, false)
  draft.groups.push({ name, threshold, members })
  return undefined
}

function readQuorum(draft: Draft, [name, ...rest]: readonly string[]): string | undefined {
  if (name === undefined || rest.length > 0) return 'a quorum line is: quorum <name>'
  if (draft.quorum !== undefined) return 'a policy has exactly one quorum line'
  if (name !== NONE && !draft.names.has(name)) return `no witness or group above is named ${name}`
  draft.quorum = name
  return undefined
}

function thresholdOf(rule: string, members: number): number | undefined {
  if (rule === 'all') return members
  if (rule === 'any') return 1
  const threshold = /^[1-9]\d{0,3}$/.test(rule) ? Number(rule) : 0
  return threshold >= 1 && threshold <= members ? threshold : undefined
}

function nameProblem({ names }: Draft, name: string): string | undefined {
  if (name === NONE) return 'the name none is reserved'
  return names.has(name) ? `two lines define ${name}` : undefined
}

function readVkey(text: string, type: KeyType): Vkey | undefined {
  const vkey = parseVkey(text)
  return vkey?.type === type ? vkey : undefined
}

function hasKey(known: readonly { vkey: Vkey }[], { publicKey }: Vkey): boolean {
  return known.some(({ vkey }) => vkey.publicKey.equals(publicKey))
}

function refused(line: number, reason: string): PolicyParsing {
  return { kind: 'refused', line, reason }
}
