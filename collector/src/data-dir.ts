/**
 * Data directory: what the collector keeps outside the database. The key (0600, made on first start and
 * never sent anywhere), the key and the certificate of its TLS, the owner's token for the link that is
 * printed once, and where the collector is reached while it runs.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import type { Identity, Random } from './shell.ts'

const KEY_FILE = 'collector.key'
const OWNER_FILE = 'owner.token'
const RUNNING_FILE = 'collector.json'

const TLS_KEY_FILE = 'tls.key'
const TLS_CERTIFICATE_FILE = 'tls.pem'

/** `url` is for this host, `publicUrl` for people; `tlsPin` is of the key that is served, null without TLS. */
export type Running = { url: string; publicUrl: string; tlsPin: string | null; pid: number }

export function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw new Fault('disk', `the data directory ${dataDir} cannot be made: ${messageOf(error)}`, {
      hint: 'Set CONSTAT_DATA_DIR to a directory that this user may write.',
    })
  }
}

/** The collector's identity; `random` makes it on the first start. */
export function openIdentity(dataDir: string, random: Random): Identity {
  const known = readIdentity(dataDir)
  if (known) return known
  const seed = random.bytes(32)
  writeSecret(join(dataDir, KEY_FILE), seed.toString('hex'))
  return identityOf(seed)
}

/** Null before the first start. */
export function readIdentity(dataDir: string): Identity | null {
  const path = join(dataDir, KEY_FILE)
  const text = readIfThere(path)
  if (text === null) return null
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new Fault('evidence', `${path} does not hold a key`, {
      hint: 'Bring the file back from a backup: a new key would begin new logs.',
    })
  }
  return identityOf(Buffer.from(text, 'hex'))
}

/** Fault `unavailable` before the first start. */
export function requireIdentity(dataDir: string): Identity {
  const known = readIdentity(dataDir)
  if (known) return known
  throw new Fault('unavailable', `no collector has run on ${dataDir}`, {
    hint: 'Name its directory with --data, or CONSTAT_DATA_DIR.',
  })
}

function identityOf(seed: Buffer): Identity {
  const key = privateKeyOf(seed)
  return { key, publicKey: rawPublicKey(key) }
}

/** The owner's token as it is printed in the link; null before it was made. */
export function readOwnerToken(dataDir: string): string | null {
  return readIfThere(join(dataDir, OWNER_FILE))
}

export function keepOwnerToken(dataDir: string, token: string): void {
  writeSecret(join(dataDir, OWNER_FILE), token)
}

/** Our own TLS key and certificate, PEM; null for what was not made yet. */
export function readTls(dataDir: string): { key: string | null; certificate: string | null } {
  return {
    key: readIfThere(join(dataDir, TLS_KEY_FILE)),
    certificate: readIfThere(join(dataDir, TLS_CERTIFICATE_FILE)),
  }
}

/** The key first: a certificate without its key is worth nothing. */
export function keepTls(dataDir: string, { key, certificate }: { key: string; certificate: string }): void {
  writeSecret(join(dataDir, TLS_KEY_FILE), key)
  writeSecret(join(dataDir, TLS_CERTIFICATE_FILE), certificate)
}

/** Where the collector of this directory is reached, if one says that it runs. */
export function readRunning(dataDir: string): Running | null {
  const text = readIfThere(join(dataDir, RUNNING_FILE))
  if (text === null || !text.endsWith('}')) return null
  // Our own file; a torn one reads as nothing, and an older version's has less.
  const running = JSON.parse(text) as Pick<Running, 'url' | 'pid'> & Partial<Running>
  return { publicUrl: running.url, tlsPin: null, ...running }
}

export function tellRunning(dataDir: string, running: Running): void {
  writeSecret(join(dataDir, RUNNING_FILE), JSON.stringify(running))
}

export function tellStopped(dataDir: string): void {
  rmSync(join(dataDir, RUNNING_FILE), { force: true })
}

export const systemRandom: Random = { bytes: (count) => randomBytes(count) }

/** Whole or not at all: a file that is read while it is written is the old one. */
function writeSecret(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, text, { mode: 0o600 })
  renameSync(unfinished, path)
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw new Fault('disk', `${path} cannot be read: ${messageOf(error)}`)
  }
}
