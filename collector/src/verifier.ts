/** Verifier: the program that checks a bundle, as this collector gives it away. Read once, when first asked for. */
import { sharedBody, type SharedBody } from './http/shared-body.ts'
import { digestOf, readShipped, SHIPPED } from './shipped.ts'

export type Verifier = { program: SharedBody; digest: string }

/** Fault `unavailable` when there is none to give away. */
export function openVerifier(dataDir: string): () => Promise<Verifier> {
  let opened: Promise<Verifier> | null = null
  const open = async (): Promise<Verifier> => {
    const program = await readShipped(SHIPPED.verifier, dataDir)
    return { program: sharedBody(program), digest: digestOf(program) }
  }
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = null
      throw error
    })
    return opened
  }
}
