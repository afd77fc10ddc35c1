/**
 * Configuration: the environment of the collector, parsed once. Every wrong value is named, all of them
 * at once, with what would be right. Secrets may stand in a file named by `…_FILE`. Pure but for those.
 */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type CollectorConfig = {
  dataDir: string
  listen: { host: string; port: number }
  tls: TlsChoice
  /** Without a slash at the end; null: as it listens. */
  publicUrl: string | null
  /** Null: embedded. */
  databaseUrl: string | null
  /** Path of a C2SP tlog-policy; null: no witness is asked. */
  witnessPolicy: string | null
  /** Who dates checkpoints (RFC 3161), and the PEM file of whom that rests on; null: nobody. */
  timestamps: { url: string; anchors: string } | null
  logLevel: LogLevel
  language: 'en' | 'fr'
  /** Webhooks and targets on loopback and private addresses. */
  allowPrivate: boolean
  /** Null: no letters are sent. */
  mail: { url: string; from: string } | null
  /** An OpenID provider that signs people in; `name`: what they call it. Null: none does. */
  openId: { issuer: string; clientId: string; clientSecret: string | null; name: string } | null
}

/**
 * `auto`: a certificate of our own wherever others than this host can connect. `files`: PEM, the chain and
 * its key. `off`: plain HTTP, for a proxy that does TLS.
 */
export type TlsChoice = { kind: 'auto' } | { kind: 'off' } | { kind: 'files'; cert: string; key: string }

export type Environment = Readonly<Record<string, string | undefined>>

/** Fault `bad-config` with every problem. */
export function readConfig(environment: Environment): CollectorConfig {
  const problems: string[] = []
  const get = (name: string): string | undefined => valueOf(environment, name, problems)
  const listen = readListen(get('CONSTAT_LISTEN') ?? '127.0.0.1:8420', problems)
  const isLocal = isLoopback(listen.host)
  const config: CollectorConfig = {
    dataDir: resolve(get('CONSTAT_DATA_DIR') ?? './data'),
    listen,
    tls: readTls(get('CONSTAT_TLS') ?? 'auto', problems),
    publicUrl: readUrl(get('CONSTAT_PUBLIC_URL'), problems),
    databaseUrl: readDatabaseUrl(get('DATABASE_URL'), problems),
    witnessPolicy: pathOf(get('CONSTAT_WITNESS_POLICY')),
    timestamps: readTimestamps(get('CONSTAT_TSA_URL'), get('CONSTAT_TSA_CA'), problems),
    logLevel: oneOf('CONSTAT_LOG_LEVEL', get('CONSTAT_LOG_LEVEL') ?? 'info', LOG_LEVELS, problems),
    language: oneOf('CONSTAT_LANG', get('CONSTAT_LANG') ?? 'en', ['en', 'fr'] as const, problems),
    allowPrivate: readFlag('CONSTAT_ALLOW_PRIVATE', get('CONSTAT_ALLOW_PRIVATE'), {
      absent: isLocal,
      problems,
    }),
    mail: readMail(get('CONSTAT_SMTP_URL'), get('CONSTAT_MAIL_FROM'), problems),
    openId: readOpenId(get, problems),
  }
  if (problems.length > 0) {
    throw new Fault('bad-config', `the environment has ${problems.length} wrong value(s)`, { problems })
  }
  return config
}

/** Which certificate is served: ours, that of files, or none. */
export function tlsOf({ tls, listen }: Pick<CollectorConfig, 'tls' | 'listen'>): 'own' | 'files' | 'none' {
  if (tls.kind === 'files') return 'files'
  return tls.kind === 'off' || isLoopback(listen.host) ? 'none' : 'own'
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

type Listening = { host: string; port: number; scheme?: 'http' | 'https' }

/** `http://127.0.0.1:8420`, with brackets around IPv6. */
export function urlOf({ host, port, scheme = 'http' }: Listening): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

function valueOf(environment: Environment, name: string, problems: string[]): string | undefined {
  const value = environment[name]
  const file = environment[`${name}_FILE`]
  if (value !== undefined && value !== '') {
    if (file) problems.push(`${name} and ${name}_FILE are both set: keep one`)
    return value
  }
  if (!file) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    problems.push(`${name}_FILE cannot be read: ${messageOf(error)}`)
    return undefined
  }
}

function readListen(text: string, problems: string[]): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  if (match && host !== '' && port <= 65_535) return { host, port }
  problems.push(`CONSTAT_LISTEN is ${quote(text)}: write HOST:PORT, as 127.0.0.1:8420 or [::1]:8420`)
  return { host: '127.0.0.1', port: 0 }
}

const SENDER = /^(?:[^<>\r\n]{0,100}<[^<>@\s]{1,64}@[^<>@\s]{1,255}>|[^<>@\s]{1,64}@[^<>@\s]{1,255})$/

/** The address of a mail server holds its password, so it is never repeated. */
function readMail(
  url: string | undefined,
  from: string | undefined,
  problems: string[],
): CollectorConfig['mail'] {
  if (url === undefined && from === undefined) return null
  if (url === undefined || !/^smtps?:/.test(url) || !URL.canParse(url))
    problems.push('CONSTAT_SMTP_URL is no mail server: write smtp://user:password@mail.example:587')
  if (from === undefined || !SENDER.test(from))
    problems.push('CONSTAT_MAIL_FROM is no sender: write an address, as Constat <constat@acme.example>')
  return { url: url ?? '', from: from ?? '' }
}

/** The address may hold a password, so it is never repeated. */
function readTimestamps(
  url: string | undefined,
  anchors: string | undefined,
  problems: string[],
): CollectorConfig['timestamps'] {
  if (url === undefined && anchors === undefined) return null
  if (url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url))
    problems.push('CONSTAT_TSA_URL is no timestamp authority: write its address, as https://tsa.example/tsr')
  if (anchors === undefined)
    problems.push('CONSTAT_TSA_CA is missing: name the PEM file with the root certificate of the authority')
  return { url: url ?? '', anchors: resolve(anchors ?? '') }
}

function readOpenId(
  get: (name: string) => string | undefined,
  problems: string[],
): CollectorConfig['openId'] {
  const [issuer, clientId] = [get('CONSTAT_OIDC_ISSUER'), get('CONSTAT_OIDC_CLIENT_ID')]
  const clientSecret = get('CONSTAT_OIDC_CLIENT_SECRET') ?? null
  const name = get('CONSTAT_OIDC_NAME')
  if (issuer === undefined && clientId === undefined) return null
  const url = issuer !== undefined && URL.canParse(issuer) ? new URL(issuer) : null
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (!url || !isSafe || url.search !== '' || url.hash !== '')
    problems.push('CONSTAT_OIDC_ISSUER is no issuer: write its https address, as https://login.example')
  if (clientId === undefined)
    problems.push('CONSTAT_OIDC_CLIENT_ID is missing: write what the provider calls this collector')
  return { issuer: issuer ?? '', clientId: clientId ?? '', clientSecret, name: name ?? url?.host ?? '' }
}

function readTls(text: string, problems: string[]): TlsChoice {
  if (text === 'auto' || text === 'off') return { kind: text }
  const [, cert, key] = /^([^:]*\/[^:]+):([^:]*\/[^:]+)$/.exec(text) ?? []
  if (cert !== undefined && key !== undefined)
    return { kind: 'files', cert: resolve(cert), key: resolve(key) }
  problems.push(
    `CONSTAT_TLS is ${quote(text)}: write auto, off, or a certificate and its key as /path/cert.pem:/path/key.pem`,
  )
  return { kind: 'auto' }
}

function readUrl(text: string | undefined, problems: string[]): string | null {
  if (text === undefined) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '')
    return text.replace(/\/+$/, '')
  problems.push(
    `CONSTAT_PUBLIC_URL is ${quote(text)}: write the address people use, as https://constat.example`,
  )
  return null
}

/** The value is a secret: it is never shown. */
function readDatabaseUrl(text: string | undefined, problems: string[]): string | null {
  if (text === undefined) return null
  if (/^postgres(ql)?:\/\//.test(text)) return text
  problems.push('DATABASE_URL is not one of PostgreSQL: write postgres://USER:PASSWORD@HOST/DATABASE')
  return null
}

function oneOf<T extends string>(name: string, text: string, known: readonly T[], problems: string[]): T {
  const found = known.find((one) => one === text)
  if (found !== undefined) return found
  problems.push(`${name} is ${quote(text)}: write one of ${known.join(', ')}`)
  return known[0]!
}

function readFlag(
  name: string,
  text: string | undefined,
  { absent, problems }: { absent: boolean; problems: string[] },
): boolean {
  if (text === undefined) return absent
  if (/^(1|true|yes|on)$/i.test(text)) return true
  if (/^(0|false|no|off)$/i.test(text)) return false
  problems.push(`${name} is ${quote(text)}: write true or false`)
  return absent
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

function pathOf(text: string | undefined): string | null {
  return text === undefined ? null : resolve(text)
}
