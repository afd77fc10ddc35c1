/** Settings from the environment, all problems named at once. Pure: the environment is an argument. */
import { readFileSync } from 'node:fs'
import { isRange } from '@constat/probe/policy'
import { Fault, messageOf } from '@constat/shared/fault'
import { parsePin } from '@constat/shared/pin'
import { NO_PROXY } from './dial.ts'
import type { Ranges } from './policy-file.ts'
import { parseKey } from './state.ts'
import { addressList, addressProblems } from './url.ts'

export type LogLevel = (typeof LOG_LEVELS)[number]
export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const

export type Settings = ReturnType<typeof readSettings>
export type Environment = Readonly<Record<string, string | undefined>>

/** Options of the command line. */
export type Given = {
  dir?: string
  /** Several times, or several in one with commas. */
  url?: string[]
  token?: string
  key?: string
  pin?: string
  proxy?: string
  insecure?: boolean
}

/** `given` are command line options, which win over the environment. Throws a `usage` Fault. */
export function readSettings(env: Environment, given: Given = {}) {
  const problems: string[] = []
  const dir = given.dir ?? env['CONSTAT_AGENT_DIR'] ?? './agent-data'
  // Empty: those of the enrolment.
  const urls = (given.url ?? [env['CONSTAT_URL'] ?? '']).flatMap(addressList)
  const token = given.token ?? secret(env, { name: 'CONSTAT_TOKEN', problems })
  const keyText = given.key ?? secret(env, { name: 'CONSTAT_COLLECTOR_KEY', problems })
  // The collector's own key; the pin is that of its TLS key.
  const collectorKey = keyText === null ? null : parseKey(keyText)
  const pinText = given.pin ?? env['CONSTAT_PIN'] ?? null
  const tlsPin = pinText === null ? null : parsePin(pinText)
  // An HTTP proxy, `none`, or null: as the environment and the enrolment say.
  const proxy = given.proxy ?? secret(env, { name: 'CONSTAT_PROXY', problems })
  const plain: 'allowed' | 'refused' =
    given.insecure || /^(1|true|yes|on)$/i.test(env['CONSTAT_INSECURE'] ?? '') ? 'allowed' : 'refused'
  const level = env['CONSTAT_LOG_LEVEL'] ?? 'info'
  const logLevel = LOG_LEVELS.find((one) => one === (level === 'debug' ? 'info' : level))
  if (dir === '') problems.push('CONSTAT_AGENT_DIR is empty')
  for (const problem of addressProblems(urls, { plain: 'allowed' }))
    problems.push(`CONSTAT_URL (or --url): ${problem}`)
  if (pinText !== null && tlsPin === null)
    problems.push('CONSTAT_PIN (or --pin) is not written as sha256/ and 44 characters of base64')
  if (proxy !== null && !isProxy(proxy))
    problems.push('CONSTAT_PROXY (or --proxy) is not written as http://host:port, nor none')
  if (keyText !== null && !collectorKey)
    problems.push('CONSTAT_COLLECTOR_KEY (or --key) is not a key of 32 bytes in hex or base64')
  if (!logLevel) problems.push(`CONSTAT_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`)
  const addresses: Ranges = {
    allow: ranges(env, { name: 'CONSTAT_AGENT_ALLOW', problems }),
    deny: ranges(env, { name: 'CONSTAT_AGENT_DENY', problems }),
  }
  if (problems.length > 0) {
    throw new Fault('usage', problems.join('; '), { hint: 'correct these and start again', problems })
  }
  return {
    dir,
    urls,
    token,
    collectorKey,
    tlsPin,
    proxy,
    plain,
    ranges: addresses,
    logLevel: logLevel ?? ('info' as const),
  }
}

/** Never shown: it may carry a password. */
function isProxy(text: string): boolean {
  if (text === NO_PROXY) return true
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

type Reading = { name: string; problems: string[] }

/** `NAME`, or the first line of the file that `NAME_FILE` names. */
function secret(env: Environment, { name, problems }: Reading): string | null {
  const path = env[`${name}_FILE`]
  const value = env[name]
  if (path === undefined) return value ?? null
  if (value !== undefined) problems.push(`both ${name} and ${name}_FILE are set`)
  try {
    return readFileSync(path, 'utf8').split('\n')[0]?.trim() ?? ''
  } catch (error) {
    problems.push(`${name}_FILE cannot be read: ${messageOf(error)}`)
    return null
  }
}

/** Comma separated addresses and CIDR ranges. */
function ranges(env: Environment, { name, problems }: Reading): string[] {
  const items = (env[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  for (const item of items) if (!isRange(item)) problems.push(`${name}: ${item} is no address or range`)
  return items
}
