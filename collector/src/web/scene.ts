/**
 * Scene: what every page is drawn from. A page is a function of its scene and its data, nothing else.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Caller } from '../http/actions.ts'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { ContractView } from '../view/contract.ts'
import type { Trouble } from '../view/health.ts'
import type { ReadModel } from '../view/reads.ts'
import type { Text } from './text/en.ts'
import type { Lang } from './text/format.ts'

export type Door = 'now' | 'contract' | 'incidents' | 'claims' | 'setup'

export type Scene = {
  lang: Lang
  text: Text
  nowMs: UnixMs
  /** IANA zone in which this page tells the time. */
  zone: string
  /** In which whoever looks has chosen to read it; absent: they have not. */
  ownZone?: string
  /** Null before sign-in. */
  caller: Caller | null
  /** Terms in force, as far as this caller may see them: what they call things, a page calls them too. */
  termsOf: (contract: string) => ExpandedContract | null
  /** Path and query of this page, for the language links. */
  address: string
  version: string
  /** What keeps the collector from its work; empty for whoever does not run it. */
  troubles: readonly Trouble[]
  /** Services that are down now, as far as this caller may see them: the tab says how many. */
  down?: number
  /** What is shown was made up: every page says so. */
  isDemonstration?: boolean
  /** Draw the content alone: the page refreshes itself. */
  fragment: boolean
}

/** Zone of the contract's windows; the terms tell the time in it, so the pages do too. */
export function zoneOf(contract: ContractView | null): string {
  return contract?.guarantees[0]?.window.timeZone ?? 'UTC'
}

/** One zone for a page over several contracts: theirs when they share it, else `own`, of whoever looks. */
export function sharedZone(read: ReadModel, own: string): string {
  const zones = new Set(read.contracts().map(zoneOf))
  return (zones.size === 1 ? [...zones][0] : undefined) ?? own
}

/** For pages that belong to no one contract: in the zone that whoever looks has chosen, else in the shared one. */
export function zoned({ var: { scene, read } }: { var: { scene: Scene; read: ReadModel } }): Scene {
  return { ...scene, zone: scene.ownZone ?? sharedZone(read, scene.zone) }
}
