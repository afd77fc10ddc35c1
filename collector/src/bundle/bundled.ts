/** What a bundle is made of, and the manifest that says so. Pure. */
import { BUNDLE_FORMAT, type Manifest } from '@constat/evidence/bundle'
import type { Policy } from '@constat/evidence/policy'
import type { SignedNote } from '../db/bundle-rows.ts'

export type Bundled = Pick<Manifest, 'contract' | 'window' | 'origin' | 'verifier' | 'semantics'> & {
  log: number
  /** The checkpoint: every leaf under it is in the bundle. */
  signed: SignedNote
  /** Whose cosignatures were asked for; null: nobody's. */
  policy: Policy | null
  /** `result.json`. */
  result: string
}

export function manifestOf(
  bundled: Bundled,
  { files, logKey }: Pick<Manifest, 'files' | 'logKey'>,
): Manifest {
  const { contract, window, origin, signed, semantics, verifier } = bundled
  const { size } = signed
  return { format: BUNDLE_FORMAT, contract, window, origin, size, logKey, semantics, verifier, files }
}
