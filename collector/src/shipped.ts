/**
 * Programs that the collector gives away as one file each: the built one where there is one; in a fresh checkout
 * it is built into the data directory.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@constat/shared/fault'

export type Shipped = {
  /** From two folders up, which is the same from the sources and from the bundle. */
  folder: string
  file: string
  /** What it is called in a sentence. */
  what: string
  /** What to do where there is none. */
  hint: string
}

export const SHIPPED = {
  agent: {
    folder: 'agent/',
    file: 'constat-agent.mjs',
    what: 'agent',
    hint: 'Build it with npm run build, or install the agent on that host by hand.',
  },
  verifier: {
    folder: 'packages/verify/',
    file: 'constat-verify.mjs',
    what: 'verifier',
    hint: 'Build it with npm run build.',
  },
} as const satisfies Record<string, Shipped>

const BUILD_WITHIN_MS = 60_000

/** Fault `unavailable` when there is none to give away. */
export async function readShipped(shipped: Shipped, dataDir: string): Promise<Buffer> {
  const here = (path: string): string =>
    fileURLToPath(new URL(`../../${shipped.folder}${path}`, import.meta.url))
  const built = here(`dist/${shipped.file}`)
  if (existsSync(built)) return readFileSync(built)
  const script = here('build.mjs')
  if (!existsSync(script)) throw unavailable(shipped, 'its file is not beside this collector')
  const own = join(dataDir, shipped.file)
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, [script, own], { timeout: BUILD_WITHIN_MS }, (error, _, said) => {
      if (error)
        reject(unavailable(shipped, `it could not be built: ${said.trim().split('\n').at(-1) ?? ''}`))
      else resolve()
    })
  })
  return readFileSync(own)
}

/** Hex SHA-256. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function unavailable({ what, hint }: Shipped, reason: string): Fault {
  return new Fault('unavailable', `this collector has no ${what} to give away: ${reason}`, { hint })
}
