/**
 * Certificate: what the collector serves TLS with. Its own, made once: agents pin the key, so the key stays
 * and only the certificate around it is made anew, when a name is missing or its end is near. Or that of
 * files, read again when they change.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { Fault, messageOf } from '@constat/shared/fault'
import { pinOf } from '@constat/shared/pin'
import type { UnixMs } from '@constat/shared/time'
import { isLoopback, tlsOf, type CollectorConfig } from './config.ts'
import { keepTls, readTls } from './data-dir.ts'

/** PEM, as `tls.createServer` takes them. */
export type Served = {
  cert: string
  key: string
  pin: string
  /** The join command carries the pin: no authority vouches for this certificate. */
  isPinned: boolean
}

const DAY_MS = 86_400_000
/** Agents look at the key alone: nobody is to be surprised by an end that protects nothing. */
export const OWN_VALID_MS = 10 * 365 * DAY_MS
/** A new one is made at a start this long before the end. */
export const OWN_RENEW_MS = 365 * DAY_MS
/** Clocks of browsers may be behind. */
const BACKDATED_MS = DAY_MS
const MAX_NAMES = 64

/** Null where plain HTTP is served. Faults: `bad-config` for files that cannot be used. */
export async function openCertificate(config: CollectorConfig, nowMs: UnixMs): Promise<Served | null> {
  const kind = tlsOf(config)
  if (kind === 'none') return null
  return kind === 'files'
    ? readFiles(config)
    : ownCertificate(config.dataDir, { names: namesOf(config), nowMs })
}

/** Made where there is none, else as it lies there, around the same key. `names`: DNS names and addresses. */
export async function ownCertificate(
  dataDir: string,
  { names, nowMs }: { names: readonly string[]; nowMs: UnixMs },
): Promise<Served> {
  const kept = readTls(dataDir)
  const key = kept.key ?? newKey()
  const old = kept.certificate
  if (old !== null && isGood(old, { key, names, nowMs, dataDir })) return servedOf({ cert: old, key })
  const cert = await sign({ key, names, nowMs })
  keepTls(dataDir, { key, certificate: cert })
  return servedOf({ cert, key })
}

/** The files as they are now. */
function readFiles({ tls }: CollectorConfig): Served {
  if (tls.kind !== 'files') throw new Fault('internal', 'there are no certificate files')
  const cert = readPem(tls.cert)
  const key = readPem(tls.key)
  try {
    createSecureContext({ cert, key })
    return servedOf({ cert, key })
  } catch (error) {
    throw new Fault(
      'bad-config',
      `the certificate files of CONSTAT_TLS cannot be used: ${messageOf(error)}`,
      {
        hint: `${tls.cert} is to hold a certificate (then those above it), ${tls.key} its key without a password, both as PEM.`,
      },
    )
  }
}

/**
 * Looks at the files every `everyMs`, and whenever `look` is called; `changed` gets what is served from
 * now on. Files that are wrong, half written for instance, change nothing and are told to `failed`.
 */
export function watchFiles(
  config: CollectorConfig,
  {
    everyMs,
    changed,
    failed,
  }: { everyMs: number; changed(served: Served): void; failed(error: Error): void },
): { look(): void; close(): void } {
  const { tls } = config
  if (tls.kind !== 'files') return { look: () => undefined, close: () => undefined }
  const stampOf = (): string => [tls.cert, tls.key].map(modifiedMs).join(' ')
  let stamp = stampOf()
  const read = (): void => {
    stamp = stampOf()
    try {
      changed(readFiles(config))
    } catch (error) {
      failed(error instanceof Error ? error : new Error(messageOf(error)))
    }
  }
  const timer = setInterval(() => {
    if (stampOf() !== stamp) read()
  }, everyMs)
  timer.unref()
  return { look: read, close: () => clearInterval(timer) }
}

/** Everything by which this collector may be called: for browsers, as agents look at the key alone. */
export function namesOf({ listen, publicUrl }: Pick<CollectorConfig, 'listen' | 'publicUrl'>): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const reachable = own.map(({ address }) => address).filter((address) => !/^fe80:/i.test(address))
  const called = publicUrl === null ? [] : [new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')]
  const all = [...called, listen.host, 'localhost', hostname(), '127.0.0.1', '::1', ...reachable]
  const usable = all.filter((name) => isIP(name) !== 0 || /^[\w.-]+$/.test(name))
  const wild = new Set(['0.0.0.0', '::'])
  return [...new Set(usable.map((name) => name.toLowerCase()))]
    .filter((name) => !wild.has(name))
    .slice(0, MAX_NAMES)
}

/** An address of this host that others may reach; null where it has none. */
export function reachableAddress(family: 'IPv4' | 'IPv6'): string | null {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const mine = all.filter((one) => one.family === family && !one.internal && !isLoopback(one.address))
  return mine.find(({ address }) => !/^(fe80:|169\.254\.)/i.test(address))?.address ?? null
}

function servedOf({ cert, key }: { cert: string; key: string }): Served {
  const leaf = new X509Certificate(cert)
  return { cert, key, pin: pinOf(leaf), isPinned: leaf.issuer === leaf.subject }
}

type Wanted = { key: string; names: readonly string[]; nowMs: UnixMs }

function isGood(pem: string, { key, names, nowMs, dataDir }: Wanted & { dataDir: string }): boolean {
  try {
    const leaf = new X509Certificate(pem)
    const isLong = Date.parse(leaf.validTo) - nowMs > OWN_RENEW_MS && Date.parse(leaf.validFrom) <= nowMs
    return isLong && leaf.checkPrivateKey(createPrivateKey(key)) && names.every((name) => covers(leaf, name))
  } catch (error) {
    throw new Fault(
      'bad-config',
      `the TLS key or certificate in ${dataDir} is damaged: ${messageOf(error)}`,
      {
        hint: 'Bring tls.key and tls.pem back from a backup. Without them, remove both: a new key is made, and every agent that pinned the old one has to be told the new pin.',
      },
    )
  }
}

function covers(leaf: X509Certificate, name: string): boolean {
  const found = isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)
  return found !== undefined
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim()
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

/** The library is loaded only where a certificate is made. */
async function sign({ key, names, nowMs }: Wanted): Promise<string> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const { subtle } = webcrypto
  const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' })
  const privateKey = await subtle.importKey('pkcs8', pkcs8, ECDSA, true, ['sign'])
  const { d: _, key_ops: __, ...publicJwk } = await subtle.exportKey('jwk', privateKey)
  const publicKey = await subtle.importKey('jwk', publicJwk, ECDSA, true, ['verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex'),
    name: 'CN=Constat collector',
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + OWN_VALID_MS),
    signingAlgorithm: ECDSA,
    keys: { privateKey, publicKey },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  })
  return made.toString('pem')
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Fault('bad-config', `CONSTAT_TLS names ${path}, which cannot be read: ${messageOf(error)}`)
  }
}

/** 0 where there is no such file just now. */
function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
