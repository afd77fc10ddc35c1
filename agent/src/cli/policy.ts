/** `constat-agent policy`: what this host lets checks do, rule by rule as they are tried. */
import { join } from 'node:path'
import { DEFAULT_RULES, type Match, type PortRange, type Rule } from '@constat/probe/policy'
import { loadPolicy, POLICY_FILE } from '../policy-file.ts'
import { readSettings } from '../settings.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

export async function showPolicy(
  { format, ...given }: { format: Format; dir?: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { dir, ranges } = readSettings(terminal.env, given)
  const { rules, pace, secrets } = await loadPolicy(dir, ranges)
  const all = [...rules, ...DEFAULT_RULES]
  const file = join(dir, POLICY_FILE)
  if (format === 'json') {
    const shown = all.map(({ verdict, match, why }) => ({ [verdict]: match, why }))
    const told = { file, rules: shown, otherwise: 'allow', ...pace, secrets: Object.fromEntries(secrets) }
    terminal.out(`${JSON.stringify(told)}\n`)
    return EXIT.done
  }
  const places = secrets.size === 0 ? ['no secret goes anywhere'] : []
  const lines = [
    `the owner's rules are read from ${file}; the first rule that fits decides`,
    ...all.map(lineOf),
    'allow  everything else',
    `at most ${pace.probesPerSecond} probes a second; a check every ${pace.leastIntervalMs / 1_000} s at the oftenest`,
    ...[...secrets].map(([name, origins]) => `secret ${name} goes to ${origins.join(', ') || 'nobody'}`),
    ...places,
  ]
  terminal.out(`${lines.join('\n')}\n`)
  return EXIT.done
}

function lineOf({ verdict, match, why }: Rule): string {
  return `${verdict.padEnd(5)}  ${conditionsOf(match)}  (${why})`
}

function conditionsOf(match: Match): string {
  const named = Object.entries(match).map(([name, value]) => `${name} ${shownValue(value)}`)
  return named.length === 0 ? 'everything' : named.join(', ')
}

function shownValue(value: Match[keyof Match]): string {
  if (!Array.isArray(value)) return value === true ? 'yes' : 'no'
  return value
    .map((one: string | PortRange) => {
      if (typeof one === 'string') return one
      return one.from === one.to ? `${one.from}` : `${one.from}-${one.to}`
    })
    .join(' ')
}
