/**
 * Canonical JSON: one byte string for one value, after RFC 8785 (JSON Canonicalization Scheme). Pure.
 * Numbers use ECMAScript's own shortest form, which is what the RFC prescribes.
 */
import { createHash } from 'node:crypto'
import { invariant } from './fault.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** RFC 8785 text of `value`. Keys sort by UTF-16 code units; members that are undefined are left out. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    invariant(Number.isFinite(value), 'canonical JSON has no NaN or infinity')
    return JSON.stringify(value)
  }
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .filter((key) => value[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`)
  return `{${members.join(',')}}`
}

/** SHA-256 of the RFC 8785 form, UTF-8. 32 bytes. */
export function jsonDigest(value: Json): Buffer {
  return createHash('sha256').update(canonicalJson(value), 'utf8').digest()
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
