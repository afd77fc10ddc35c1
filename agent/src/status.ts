/**
 * Status: a small file that a running agent keeps up to date, for `constat-agent status`. Derived, and
 * lost without harm.
 */
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import type { Cause } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'
import type { HostContext } from './host.ts'
import { parseObject } from './state.ts'

/** `sinceMs`: the first probe in a row that could not tell for this cause. `detail`: for people. */
export type BlindCheck = { check: string; cause: Cause; detail: string; sinceMs: UnixMs }

export type AgentStatus = {
  pid: number
  version: string
  agent: string
  name: string
  url: string
  writtenMs: UnixMs
  startedMs: UnixMs
  connected: boolean
  /** Why there is no connection; empty while there is one. */
  trouble: string
  /** Why the policy file as it is now is not in force; empty where it is. */
  policyTrouble: string
  checks: number
  /** Checks of which the last probe could tell nothing, and why. */
  unknown: BlindCheck[]
  samples: number
  lastSampleMs: UnixMs | null
  spoolFrames: number
  spoolBytes: number
  spoolMode: 'disk' | 'memory'
  refusedFrames: number
  /** Acknowledged, and their place in the log not proved yet. */
  unprovedFrames: number
  /** Words of the collector that cannot both be true, kept in the folder `contradictions`. */
  contradictions: number
  droppedFrames: number
  clockOffsetMs: number
  clockErrorMs: number
  clockCompared: boolean
  host: HostContext
}

export const STATUS_FILE = 'status.json'
/** How often a running agent writes it; one that is three times older is not running. */
export const STATUS_EVERY_MS = 10_000

/** What the file says, or null without one. Its members are only shown, so they are not checked. */
export async function readStatus(dir: string): Promise<Record<string, unknown> | null> {
  const text = await readFile(join(dir, STATUS_FILE), 'utf8').catch(() => null)
  return text === null ? null : parseObject(text)
}
