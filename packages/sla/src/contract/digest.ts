/**
 * The digest of the terms: what both sides sign and every closing cites. Pure.
 * SHA-256 of the RFC 8785 form of the expanded contract, zone transitions included; `source` is left out,
 * for the same terms may be written in many ways.
 */
import { jsonDigest, type Json } from '@constat/shared/canonical-json'
import type { ExpandedContract } from './expanded.ts'

/** The terms as plain JSON. */
export function termsJson({ source: _source, ...terms }: ExpandedContract): Json {
  return terms
}

/** 32 bytes. */
export function contractDigest(terms: ExpandedContract): Buffer {
  return jsonDigest(termsJson(terms))
}
