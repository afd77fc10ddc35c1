/**
 * State: what an enrolled agent keeps in its directory: its key, and which collector it belongs to. The
 * key is made here and never leaves; the files are for the agent's user alone.
 *
 *   host.key     PKCS #8 PEM of the Ed25519 key, mode 0600
 *   agent.json   id, name; the collector's addresses, its key, the pin of its TLS key, the proxy on the way
 *   config/      one signed configuration for each log
 *   heads.json   the newest head of each log that was proved, its newest receipt, and what it still owes a proof of;
 *                contradictions/ what contradicted one
 *   spool/  refused/  status.json  agent.lock
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { parsePin } from '@constat/shared/pin'
import { agentIdOf, PUBLIC_KEY_BYTES, privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import type { Random } from './shell.ts'
import { createFile, DISK } from './spool-fs.ts'

export type Identity = {
  key: KeyObject
  /** 16 bytes; hex wherever people see it. */
  id: Buffer
  name: string
  /** The collector's own Ed25519 key, raw: it signs introductions, receipts and configurations. */
  collectorKey: Buffer
} & Way

/** How the collector is reached, as it was given at enrolment. */
export type Way = {
  /** At least one, in the order in which they are tried. */
  urls: string[]
  /** Of the collector's TLS key, `sha256/…`; null: authorities and names decide. */
  tlsPin: string | null
  /** May hold a password. Null: none was used. */
  proxy: string | null
  /** `allowed`: said at enrolment that a connection without TLS will do. */
  plain: 'refused' | 'allowed'
}

const KEY_FILE = 'host.key'
const STATE_FILE = 'agent.json'
const FOLDER_MODE = 0o700

/** Null when nobody enrolled in this directory. A Fault when what is there cannot be used. */
export async function loadIdentity(dir: string): Promise<Identity | null> {
  const [pem, text] = await Promise.all([readMaybe(join(dir, KEY_FILE)), readMaybe(join(dir, STATE_FILE))])
  if (pem === null && text === null) return null
  if (pem === null || text === null) {
    const missing = pem === null ? KEY_FILE : STATE_FILE
    throw new Fault('bad-config', `${join(dir, missing)} is missing`, {
      hint: 'restore the directory whole, or remove it and enrol again',
    })
  }
  const key = readKey(pem, dir)
  const state = readState(text, dir)
  return { ...state, key, id: agentIdOf(rawPublicKey(key)) }
}

export function makeKey(random: Random): KeyObject {
  return privateKeyOf(random.bytes(32))
}

/** Writes both files, the key first; neither replaces one that is there. */
export async function saveIdentity(dir: string, identity: Identity): Promise<void> {
  const { key, id, name, collectorKey, urls, tlsPin, proxy, plain } = identity
  const state = {
    version: 1,
    agent: id.toString('hex'),
    name,
    urls,
    collectorKey: collectorKey.toString('base64'),
    tlsPin,
    proxy,
    plain,
  }
  try {
    await mkdir(dir, { recursive: true, mode: FOLDER_MODE })
    await createFile(join(dir, KEY_FILE), Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })))
    await DISK.replace(join(dir, STATE_FILE), Buffer.from(`${JSON.stringify(state, null, 2)}\n`))
  } catch (error) {
    throw new Fault('disk', `the agent's directory cannot be written: ${messageOf(error)}`, {
      hint: `make ${dir} writable for this user and enrol with a new token`,
      cause: error,
    })
  }
}

/** A pinned key as people paste it: 64 hex digits, or base64 (either alphabet) of 32 bytes; else null. */
export function parseKey(text: string): Buffer | null {
  const bare = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(bare)) return Buffer.from(bare, 'hex')
  const standard = bare.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  const key = Buffer.from(standard, 'base64')
  // Buffer skips what is not base64: only text that comes back the same was a key.
  const isWhole = key.toString('base64').replace(/=+$/, '') === standard
  return key.length === PUBLIC_KEY_BYTES && isWhole ? key : null
}

async function readMaybe(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw new Fault('disk', `${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

function readKey(pem: string, dir: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (error) {
    throw damaged(join(dir, KEY_FILE), messageOf(error))
  }
  throw damaged(join(dir, KEY_FILE), 'not an Ed25519 key')
}

function readState(text: string, dir: string): Omit<Identity, 'key' | 'id'> {
  const state = parseObject(text)
  const { name, collectorKey } = state
  const key = typeof collectorKey === 'string' ? parseKey(collectorKey) : null
  const urls = texts(state['urls'] ?? [state['url']])
  if (typeof name !== 'string' || urls.length === 0 || !key) {
    throw damaged(join(dir, STATE_FILE), 'name, urls or collectorKey is missing')
  }
  const [tlsPin = null, proxy = null] = [state['tlsPin'], state['proxy']].map((one) => texts([one])[0])
  if (tlsPin !== null && parsePin(tlsPin) === null) throw damaged(join(dir, STATE_FILE), 'tlsPin is no pin')
  // Older versions did not ask, and wrote one address.
  const plain = state['plain'] === 'refused' ? 'refused' : 'allowed'
  return { name, collectorKey: key, urls, tlsPin, proxy, plain }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** Members of a JSON object; none for any other text. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

function damaged(path: string, reason: string): Fault {
  return new Fault('bad-config', `${path} is damaged: ${reason}`, {
    hint: 'restore it from a backup, or remove the directory and enrol again',
  })
}
