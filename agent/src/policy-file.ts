/**
 * Policy file: what the owner of this host lets checks do, in `policy.json` in the agent's directory. Read at the
 * start, where a wrong file is a Fault that names every problem, and whenever it changes, where a wrong one is said and
 * the one before stays in force. The form is in docs/agents.md; how rules decide is in the probe's policy.ts.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createPolicy, isClass, isRange, type Match, type Policy, type Rule } from '@constat/probe/policy'
import { HTTP_METHODS, SECRET_NAME } from '@constat/shared/check'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { asciiName, bareName, isHost } from '@constat/shared/target'
import type { Log } from './shell.ts'

/** Within the agent's directory. */
export const POLICY_FILE = 'policy.json'
export const MAX_POLICY_BYTES = 256 * 1024
/** Each is tried before every connection. */
export const MAX_RULES = 200
/** Of one list in the file. */
const MAX_ITEMS = 1_000
/** How soon a change is in force. */
const LOOK_EVERY_MS = 2_000

/** How often a collector may have this host ask. */
export type Pace = { leastIntervalMs: number; probesPerSecond: number }
/** A check is asked for no oftener than ten times a second, and all together no oftener than twice a second for 50. */
export const DEFAULT_PACE: Pace = { leastIntervalMs: 100, probesPerSecond: 100 }
const MAX_PROBES_PER_SECOND = 10_000
const MAX_LEAST_INTERVAL_MS = 24 * 3_600_000

export type HostPolicy = { rules: Rule[]; pace: Pace; secrets: Map<string, string[]> }
/** Ranges that the environment names, which go before the file. */
export type Ranges = { allow: readonly string[]; deny: readonly string[] }

/** What is in force, and what of it is to be told. */
export type HeldPolicy = {
  policy: Policy
  pace: () => Pace
  /** Why the file as it is now is not in force; empty where it is. */
  trouble: () => string
  /** `changed` is called when another policy has come into force. */
  watch: (changed: () => void) => void
  stop: () => void
}

/** Faults: `bad-config` with every problem of the file. */
export async function holdPolicy(
  dir: string,
  { ranges, log }: { ranges: Ranges; log: Log },
): Promise<HeldPolicy> {
  let mark = await markOf(dir)
  let held = await loadPolicy(dir, ranges)
  let policy = createPolicy(held)
  let trouble = ''
  let timer: NodeJS.Timeout | undefined
  const look = async (changed: () => void): Promise<void> => {
    const seen = await markOf(dir)
    if (seen === mark) return
    mark = seen
    try {
      held = await loadPolicy(dir, ranges)
      policy = createPolicy(held)
      trouble = ''
      log.info('the policy of this host has changed', { rules: held.rules.length })
      changed()
    } catch (error) {
      trouble = messageOf(error)
      log.error('the changed policy is not in force: the one before it is', { reason: trouble })
    }
  }
  return {
    policy: {
      refusal: (act) => policy.refusal(act),
      secretRefusal: (name, origins) => policy.secretRefusal(name, origins),
    },
    pace: () => held.pace,
    trouble: () => trouble,
    watch: (changed) => (timer = setInterval(() => void look(changed), LOOK_EVERY_MS)),
    stop: () => clearInterval(timer),
  }
}

/** What the file says now; without a file the defaults. Faults as `holdPolicy`. */
export async function loadPolicy(dir: string, { allow, deny }: Ranges): Promise<HostPolicy> {
  const path = join(dir, POLICY_FILE)
  const read = readPolicy(await textOf(path))
  if (Array.isArray(read)) {
    const problems = read.map((problem) => `${path}: ${problem}`)
    throw new Fault('bad-config', problems.join('; '), { hint: 'correct these and start again', problems })
  }
  const named = [
    ...ruleOf('allow', allow, 'CONSTAT_AGENT_ALLOW'),
    ...ruleOf('deny', deny, 'CONSTAT_AGENT_DENY'),
  ]
  return { ...read, rules: [...named, ...read.rules] }
}

function ruleOf(verdict: Rule['verdict'], addresses: readonly string[], why: string): Rule[] {
  return addresses.length === 0 ? [] : [{ verdict, match: { addresses }, why }]
}

async function markOf(dir: string): Promise<string> {
  const facts = await stat(join(dir, POLICY_FILE)).catch(() => null)
  return facts ? `${facts.ino}/${facts.mtimeMs}/${facts.size}` : 'none'
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MAX_POLICY_BYTES)
      throw new Fault('bad-config', `${path} is larger than ${MAX_POLICY_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '{}'
    if (error instanceof Fault) throw error
    // A policy that nobody can read is none that could be left out.
    throw new Fault('bad-config', `${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

/** The policy, or every problem with its place. */
export function readPolicy(text: string): HostPolicy | string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return [`is not JSON: ${messageOf(error)}`]
  }
  const reader = new Reader()
  const { rules, leastInterval, probesPerSecond, secrets } = reader.object(value, '', [
    'rules',
    'leastInterval',
    'probesPerSecond',
    'secrets',
  ])
  const policy = {
    rules: reader.list(rules, 'rules', MAX_RULES).map((rule, i) => reader.rule(rule, `rules[${i}]`)),
    pace: {
      leastIntervalMs: reader.duration(leastInterval, 'leastInterval'),
      probesPerSecond: reader.rate(probesPerSecond, 'probesPerSecond'),
    },
    secrets: reader.secrets(secrets),
  }
  return reader.problems.length > 0 ? reader.problems : policy
}

const CONDITIONS = ['addresses', 'domains', 'ports', 'kinds', 'methods', 'send'] as const
const KINDS = ['http', 'transaction', 'tcp', 'tls', 'dns', 'icmp', 'host']

/** Takes what fits, and keeps a sentence for what does not. */
class Reader {
  readonly problems: string[] = []

  object<K extends string>(value: unknown, at: string, known: readonly K[]): { [N in K]?: unknown } {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject) {
      this.#say(at, 'should be an object')
      return {}
    }
    for (const name of Object.keys(value)) {
      const isKnown = (known as readonly string[]).includes(name)
      if (!isKnown) this.#say(at === '' ? name : `${at}.${name}`, `is not known here: ${known.join(', ')}`)
    }
    return value
  }

  list(value: unknown, at: string, max = MAX_ITEMS): unknown[] {
    if (value === undefined) return []
    if (Array.isArray(value) && value.length <= max) return value
    this.#say(at, `should be a list of at most ${max}`)
    return []
  }

  rule(value: unknown, at: string): Rule {
    const { allow, deny } = this.object(value, at, ['allow', 'deny'])
    if ((allow === undefined) === (deny === undefined)) this.#say(at, 'should have one of allow, deny')
    const verdict = deny === undefined ? 'allow' : 'deny'
    const why = `${at} of ${POLICY_FILE}`
    return { verdict, match: this.#match(deny ?? allow ?? {}, `${at}.${verdict}`), why }
  }

  #match(value: unknown, at: string): Match {
    const { addresses, domains, ports, kinds, methods, send } = this.object(value, at, CONDITIONS)
    const match: Match = {}
    if (addresses !== undefined)
      match.addresses = this.#texts(addresses, `${at}.addresses`, {
        of: (text) => isRange(text) || isClass(text),
        words: 'an address, a range, or a class such as loopback, private, metadata',
      })
    if (domains !== undefined)
      match.domains = this.#texts(domains, `${at}.domains`, {
        of: (text) => isHost(bareName(asciiName(text.replace(/^\*\./, '')))),
        words: 'a name, or *. and a name',
      })
    if (kinds !== undefined)
      match.kinds = this.#texts(kinds, `${at}.kinds`, { of: isOneOf(KINDS), words: KINDS.join(', ') })
    if (methods !== undefined)
      match.methods = this.#texts(methods, `${at}.methods`, {
        of: isOneOf(METHODS),
        words: METHODS.join(', '),
      })
    if (ports !== undefined)
      match.ports = this.list(ports, `${at}.ports`).map((one, i) => this.#port(one, `${at}.ports[${i}]`))
    if (typeof send === 'boolean') match.send = send
    else if (send !== undefined) this.#say(`${at}.send`, 'should be true or false')
    return match
  }

  #port(value: unknown, at: string): { from: number; to: number } {
    const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(value)) ?? []
    const range = { from: Number(low), to: Number(high ?? low) }
    if (range.from >= 1 && range.from <= range.to && range.to <= 65_535) return range
    this.#say(at, 'should be a port, or a range of them such as "8000-8099"')
    return { from: 0, to: 0 }
  }

  #texts(
    value: unknown,
    at: string,
    { of, words }: { of: (text: string) => boolean; words: string },
  ): string[] {
    return this.list(value, at).flatMap((one, i) => {
      if (typeof one === 'string' && of(one)) return one
      this.#say(`${at}[${i}]`, `should be ${words}`)
      return []
    })
  }

  duration(value: unknown, at: string): number {
    if (value === undefined) return DEFAULT_PACE.leastIntervalMs
    const text = typeof value === 'string' ? value : ''
    const [, minutes = '0', seconds = '0'] =
      /^PT(?:(\d{1,4})M)?(?:(\d{1,5}(?:\.\d{1,3})?)S)?$/.exec(text) ?? []
    const ms = Math.round(Number(minutes) * 60_000 + Number(seconds) * 1_000)
    if (ms >= DEFAULT_PACE.leastIntervalMs && ms <= MAX_LEAST_INTERVAL_MS) return ms
    this.#say(at, 'should be a duration from PT0.1S to PT1440M, such as PT5S')
    return DEFAULT_PACE.leastIntervalMs
  }

  rate(value: unknown, at: string): number {
    if (value === undefined) return DEFAULT_PACE.probesPerSecond
    if (typeof value === 'number' && value > 0 && value <= MAX_PROBES_PER_SECOND) return value
    this.#say(at, `should be a number above 0, at most ${MAX_PROBES_PER_SECOND}`)
    return DEFAULT_PACE.probesPerSecond
  }

  secrets(value: unknown): Map<string, string[]> {
    const secrets = new Map<string, string[]>()
    if (value === undefined) return secrets
    const byName = this.object(value, 'secrets', Object.keys(Object(value)))
    for (const [name, origins] of Object.entries(byName)) {
      if (!SECRET_NAME.test(name)) this.#say(`secrets.${name}`, 'is no name of a secret')
      const written = this.#texts(origins, `secrets.${name}`, {
        of: (text) =>
          /^https?:\/\//i.test(text) &&
          URL.canParse(text) &&
          new URL(text).href === `${new URL(text).origin}/`,
        words: 'an origin, such as https://orders.example or http://10.0.0.7:8080',
      })
      secrets.set(
        name,
        written.map((text) => new URL(text).origin),
      )
    }
    return secrets
  }

  #say(at: string, words: string): void {
    this.problems.push(at === '' ? words : `${at} ${words}`)
  }
}

/** Also what a request to a proxy for a tunnel says. */
const METHODS = [...HTTP_METHODS, 'CONNECT']

function isOneOf(known: readonly string[]): (text: string) => boolean {
  return (text) => known.includes(text)
}
