/**
 * Isolation written a second time, from the text of the semantics and for one instant at a time: slow,
 * without state, sharing no code with the fold it checks. Pure.
 */
import type { OracleSample } from './fold-oracle.ts'

export type OracleReference = { samples: readonly OracleSample[]; holdMs: number }

/** Whether an agent with these references is cut off at `atMs`. Samples in order of instant. */
function isIsolatedAt(references: readonly OracleReference[], atMs: number): boolean {
  const run = references.filter((reference) => isRunAt(reference, atMs))
  return run.length > 0 && run.every((reference) => standsFailedAt(reference, atMs))
}

/** The same samples, unknown where the agent was cut off. */
export function blindedBy(
  samples: readonly OracleSample[],
  references: readonly OracleReference[],
): OracleSample[] {
  return samples.map(({ atMs, letter }) => ({ atMs, letter: isIsolatedAt(references, atMs) ? 'U' : letter }))
}

/** From the first sample that told anything, until nothing of it has stood for a hold. */
function isRunAt({ samples, holdMs }: OracleReference, atMs: number): boolean {
  const first = samples.find(({ letter }) => letter !== 'U')
  const last = samples.at(-1)
  return first !== undefined && last !== undefined && first.atMs <= atMs && atMs < last.atMs + holdMs
}

function standsFailedAt({ samples, holdMs }: OracleReference, atMs: number): boolean {
  const latest = samples.findLast((sample) => sample.atMs <= atMs)
  return latest !== undefined && latest.letter === 'F' && atMs < latest.atMs + holdMs
}
