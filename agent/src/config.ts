/**
 * Check configuration, as an agent takes it: signed by the collector whose key is pinned, in canonical
 * form, and never older than the one before. A check of a kind this agent does not know, or with options
 * it cannot read, is kept and answered with `unknown`: the others still run. Pure.
 */
import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import { readSpec } from '@constat/probe/kinds'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { hasBrackets, MAX_CHECKS, type ProbeSpec } from '@constat/shared/check'
import { verifyBytes } from '@constat/shared/signature'

/** What travels, and what is kept on disk. */
export type SignedConfig = { json: string; signature: Uint8Array; mine: readonly number[] }

/** One check this agent runs. */
export type AgentCheck = {
  /** Index in the configuration. */
  index: number
  name: string
  intervalMs: number
  timeoutMs: number
  reprobeMs: number
  confirm: { down: number; up: number }
  brackets: boolean
  /** The spec, or the sentence that says why this agent cannot run it. */
  probe: ProbeSpec | string
  /** Canonical form of the whole check: two that are equal here are the same check. */
  text: string
}

export type AgentConfig = { origin: string; version: number; digest: Buffer; checks: AgentCheck[] }

const MAX_NAME_CHARS = 200
const MAX_ORIGIN_CHARS = 512
const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 24 * 3_600_000
const MAX_CONFIRM = 100

/** The configuration, or the sentence that says why it is not taken. */
export function openConfig(
  { json, signature, mine }: SignedConfig,
  collectorKey: KeyObject,
): AgentConfig | string {
  const bytes = Buffer.from(json, 'utf8')
  if (!verifyBytes('config', bytes, signature, collectorKey))
    return 'it is not signed by the pinned collector'
  let value: Json
  try {
    // JSON.parse yields nothing but JSON.
    value = JSON.parse(json) as Json
  } catch {
    return 'it is not JSON'
  }
  if (canonicalJson(value) !== json) return 'it is not in canonical form'
  if (!isObject(value)) return 'it is not an object'
  const { origin, version, checks } = value
  if (typeof origin !== 'string' || origin === '' || origin.length > MAX_ORIGIN_CHARS)
    return 'it names no log'
  if (!isWithin(version, { min: 0, max: Number.MAX_SAFE_INTEGER })) return 'it has no version'
  if (!isList(checks) || checks.length > MAX_CHECKS) return `it must hold at most ${MAX_CHECKS} checks`
  const own: AgentCheck[] = []
  for (const index of new Set(mine)) {
    const check = readCheck(checks[index], index)
    if (typeof check === 'string') return check
    own.push(check)
  }
  const names = new Set(own.map(({ name }) => name))
  if (names.size < own.length) return 'two checks have one name'
  return { origin, version, digest: createHash('sha256').update(bytes).digest(), checks: own }
}

/** What one probe takes of the host's rate: the requests or packets that it is made of. */
export function costOf(probe: ProbeSpec | string): number {
  if (typeof probe === 'string') return 1
  if (probe.kind === 'transaction') return probe.steps.length
  return probe.kind === 'icmp' ? probe.packets : 1
}

/** Whether `next` may follow `last`: newer, or the very same. */
export function mayFollow(next: AgentConfig, last: AgentConfig | undefined): boolean {
  if (!last || next.version > last.version) return true
  return next.version === last.version && next.digest.equals(last.digest)
}

/** One check of a configuration, as this agent runs it; or the sentence that says why it is not taken. */
export function readCheck(value: Json | undefined, index: number): AgentCheck | string {
  if (value === undefined || !isObject(value)) return `check ${index} is not there`
  const { name, intervalMs, timeoutMs, reprobeMs, confirm, probe } = value
  const { brackets = hasBrackets({ intervalMs: Number(intervalMs) }) } = value
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARS)
    return `check ${index} has no name`
  if (!isWithin(intervalMs, { min: MIN_INTERVAL_MS, max: MAX_INTERVAL_MS })) return `${name}: intervalMs`
  // A probe is over before its next slot, with room for the re-probe in between.
  if (!isWithin(timeoutMs, { min: 1, max: intervalMs })) return `${name}: timeoutMs must not pass intervalMs`
  if (!isWithin(reprobeMs, { min: 0, max: MAX_INTERVAL_MS })) return `${name}: reprobeMs`
  if (confirm === undefined || !isObject(confirm)) return `${name}: confirm`
  const { down, up } = confirm
  if (!isWithin(down, { min: 1, max: MAX_CONFIRM }) || !isWithin(up, { min: 1, max: MAX_CONFIRM })) {
    return `${name}: confirm`
  }
  if (typeof brackets !== 'boolean') return `${name}: brackets`
  const spec = probe !== undefined && isObject(probe) ? readSpec({ ...probe }) : 'it says nothing to probe'
  const text = canonicalJson(value)
  const times = { intervalMs, timeoutMs, reprobeMs, brackets }
  return { index, name, ...times, confirm: { down, up }, probe: spec, text }
}

function isWithin(value: Json | undefined, { min, max }: { min: number; max: number }): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
