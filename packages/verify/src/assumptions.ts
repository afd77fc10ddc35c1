/** What a bundle cannot prove, and whoever relies on it takes on trust. Pure. */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { ContractState } from '@constat/sla/state/contract-state'
import type { BeaconCounts } from './beacons.ts'
import type { CounterSigned } from './counter-signature.ts'
import { plain } from './failure.ts'
import type { Dated } from './timestamps.ts'
import type { Pins, Witnessing } from './trust.ts'

export type Assumed = {
  pins: Pins
  logKey: string
  termsDigest: string
  clockErrorMs: number
  state: Pick<ContractState, 'incidents' | 'exclusions' | 'statements'>
  witnessing: Witnessing | null
  counterSigned: readonly CounterSigned[]
  /** `lastMs`: when the collector says that it received the last entry under it. */
  dated: readonly (Dated & { lastMs: UnixMs })[]
  beacons: BeaconCounts
  frames: number
}

export function assumptionsOf({
  pins,
  logKey,
  termsDigest,
  clockErrorMs,
  state,
  witnessing,
  counterSigned,
  dated,
  beacons,
  frames,
}: Assumed): string[] {
  const isAttested = state.exclusions.length > 0 || state.statements.length > 0
  return [
    ...(pins.logKey === null
      ? [
          `The key of the log was taken from the bundle: hold ${logKey} against what you got by another way, or give it with --log-key.`,
        ]
      : []),
    ...(pins.terms === null
      ? [
          `The terms were taken from the bundle: hold ${termsDigest} against what was agreed, or give it with --terms.`,
        ]
      : []),
    witnessed(witnessing),
    ...datings(dated),
    `Samples are dated by the clocks of the agents, which say themselves that they were off by ${clockErrorMs} ms at most; entries by the clock of the collector. ${bracketed(beacons, frames)}`,
    ...(beacons.lost > 0
      ? [
          `The log was restored: ${beacons.lost} frames name heads of a history that is gone with what it held.`,
        ]
      : []),
    ...accusations(beacons),
    'When incidents were told and acknowledged, and in which zone they are put, is what the collector says of itself.',
    ...(isAttested
      ? [
          counterSigned.length === 0
            ? 'Who declared, accepted or disputed something is attested by the collector; nobody has signed it.'
            : 'Who declared, accepted or disputed something is attested by the collector, but for the entries that are signed here.',
        ]
      : []),
    ...counterSigned.map(
      ({ entry, signer }) => `Entry ${entry} is signed by ${signer}, whose key was given.`,
    ),
    'Nothing here proves where an agent stands, that a probe means what the contract means, or that nobody else holds its key.',
  ]
}

function accusations({ accused, accusations: told }: BeaconCounts): string[] {
  if (accused === 0) return []
  const [first] = told
  const agents = [...new Set(told.map(({ agent }) => agent))].join(', ')
  return [
    `${accused} frames of ${agents} name heads that are none of this log (entry ${first!.entry}: ${first!.detail}): they were shown another history, or do not tell the truth. Ask for the heads that these agents hold: one with the log's signature proves which.`,
  ]
}

function bracketed({ named }: BeaconCounts, frames: number): string {
  if (named === 0) return 'No frame names a checkpoint that it came after.'
  const which = named === frames ? 'Every frame' : `${named} of ${frames} frames`
  return `${which} name${named === frames ? 's' : ''} a head of this log that its agent had proved before: it was not signed earlier than that.`
}

/** What two clocks may differ by. */
const AHEAD_MS = 60_000

/** Of whoever the word was taken from that reaches furthest. */
function datings(dated: Assumed['dated']): string[] {
  const last = dated.findLast(({ isKnown }) => isKnown) ?? dated.at(-1)
  if (!last) return []
  const { size, atMs, authority, isKnown, lastMs } = last
  const there = `The first ${size} entries were there at ${formatInstant(atMs)}, by the word of ${plain(authority)}`
  const ahead =
    lastMs > atMs + AHEAD_MS
      ? ` The collector dates the last of them ${formatInstant(lastMs)}: its clock was ahead, or it lies.`
      : ''
  return [
    isKnown
      ? `${there}. Whether its certificate was revoked was not asked.${ahead}`
      : `${there}, an authority that nobody vouches for: give its root certificate with --tsa-ca.${ahead}`,
  ]
}

const ANOTHER_LOG =
  'whoever holds the key of the log could have written another log. A receipt, or a checkpoint that you kept, would contradict it.'

function witnessed(witnessing: Witnessing | null): string {
  if (!witnessing) return `No witness has signed the checkpoints: ${ANOTHER_LOG}`
  const { isPinned, isMet, words } = witnessing
  if (!isMet) return `The witnesses that the bundle names have not all signed the checkpoint: ${ANOTHER_LOG}`
  const names = words.map(({ witness, atMs }) => `${witness} at ${formatInstant(atMs)}`).join(', ')
  return isPinned
    ? `That no other log was shown to others is the word of the witnesses: ${names}.`
    : `The witnesses were taken from the bundle (${names}): hold its policy against what was agreed, or give it with --policy.`
}
