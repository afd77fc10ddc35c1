/**
 * Secrets: files that the host's owner puts into the agent's own folder, for checks to name. They never
 * leave the host, and no name leads out of the folder. A file is read again when it has changed.
 */
import { constants, open } from 'node:fs/promises'
import { join } from 'node:path'
import { SECRET_NAME } from '@constat/shared/check'
import { messageOf, systemCode } from '@constat/shared/fault'

/** Within the agent's directory. */
export const SECRETS_FOLDER = 'secrets'
export const MAX_SECRET_BYTES = 64 * 1024
/** Files remembered at once; a configuration that names more reads some of them anew. */
const MAX_KEPT = 256

/** The bytes of the secret, or the sentence that says why there are none. */
export type SecretReader = (name: string) => Promise<Buffer | string>

export function secretsIn(folder: string): SecretReader {
  const kept = new Map<string, { mark: string; bytes: Buffer }>()
  return async (name) => {
    if (!SECRET_NAME.test(name)) return `${JSON.stringify(name)} is no name of a secret`
    const path = join(folder, name)
    try {
      const read = await readSecret(path, kept.get(name))
      if (typeof read === 'string') return read
      if (kept.size >= MAX_KEPT && !kept.has(name)) kept.clear()
      kept.set(name, read)
      return read.bytes
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return `the secret ${name} is missing: put it into the file ${path}`
      return `the secret ${name} cannot be read: ${messageOf(error)}`
    }
  }
}

type Kept = { mark: string; bytes: Buffer }

async function readSecret(path: string, known: Kept | undefined): Promise<Kept | string> {
  // A pipe of that name must not hold the agent up. Windows has neither the flag nor the pipe.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const facts = await file.stat()
    if (!facts.isFile()) return `${path} is no file: put the secret into a file of this name`
    if (facts.size > MAX_SECRET_BYTES) return `${path} is larger than ${MAX_SECRET_BYTES} bytes`
    const mark = `${facts.ino}/${facts.mtimeMs}/${facts.size}`
    return known?.mark === mark ? known : { mark, bytes: await file.readFile() }
  } finally {
    await file.close()
  }
}
