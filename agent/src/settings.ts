/** Settings from the environment, all problems named at once. Pure: the environment is an argument. */
import { readFileSync } from 'node:fs'
import { isRange, type AddressPolicy } from '@constat/probe/address'
import { Fault, messageOf } from '@constat/shared/fault'
import { parseKey } from './state.ts'
import { agentUrl } from './url.ts'

export type LogLevel = (typeof LOG_LEVELS)[number]
export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const

export type Settings = {
  dir: string
  url: string | null
  token: string | null
  pin: Buffer | null
  policy: AddressPolicy
  logLevel: LogLevel
}
export type Environment = Readonly<Record<string, string | undefined>>

/** `given` are command line options, which win over the environment. Throws a `usage` Fault. */
export function readSettings(
  env: Environment,
  given: { dir?: string; url?: string; token?: string; key?: string } = {},
): Settings {
  const problems: string[] = []
  const dir = given.dir ?? env['CONSTAT_AGENT_DIR'] ?? './agent-data'
  const url = given.url ?? env['CONSTAT_URL'] ?? null
  const token = given.token ?? secret(env, { name: 'CONSTAT_TOKEN', problems })
  const pinText = given.key ?? secret(env, { name: 'CONSTAT_COLLECTOR_KEY', problems })
  const pin = pinText === null ? null : parseKey(pinText)
  const level = env['CONSTAT_LOG_LEVEL'] ?? 'info'
  const logLevel = LOG_LEVELS.find((one) => one === (level === 'debug' ? 'info' : level))
  if (dir === '') problems.push('CONSTAT_AGENT_DIR is empty')
  if (url !== null && agentUrl(url) === null) problems.push(`CONSTAT_URL (or --url) is no address: ${url}`)
  if (pinText !== null && !pin)
    problems.push('CONSTAT_COLLECTOR_KEY (or --key) is not a key of 32 bytes in hex or base64')
  if (!logLevel) problems.push(`CONSTAT_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`)
  const policy = {
    allow: ranges(env, { name: 'CONSTAT_AGENT_ALLOW', problems }),
    deny: ranges(env, { name: 'CONSTAT_AGENT_DENY', problems }),
  }
  if (problems.length > 0) {
    throw new Fault('usage', problems.join('; '), { hint: 'correct these and start again', problems })
  }
  return { dir, url, token, pin, policy, logLevel: logLevel ?? 'info' }
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
