/** Log lines: `time level message key=value …` for people, one JSON object each for machines. */
import type { Clock } from '@constat/shared/time'
import { formatInstant } from '@constat/shared/time'
import type { LogLevel } from './settings.ts'
import type { Log } from './shell.ts'

export type LogOptions = {
  clock: Clock
  level: LogLevel
  format: 'text' | 'json'
  write: (line: string) => void
}

const ORDER: readonly LogLevel[] = ['info', 'warn', 'error', 'silent']

export function createLog({ clock, level, format, write }: LogOptions): Log {
  const line =
    (at: LogLevel) =>
    (message: string, facts: Record<string, unknown> = {}): void => {
      if (ORDER.indexOf(at) < ORDER.indexOf(level)) return
      const time = formatInstant(clock.nowMs())
      if (format === 'json') write(`${JSON.stringify({ time, level: at, message, ...facts })}\n`)
      else write(`${time} ${at} ${message}${textOf(facts)}\n`)
    }
  return { info: line('info'), warn: line('warn'), error: line('error') }
}

/** Values are quoted as JSON where they hold a space, so that no value can look like another line. */
function textOf(facts: Record<string, unknown>): string {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const json = JSON.stringify(value) ?? ''
      return ` ${name}=${typeof value === 'string' && /^[\w.:/-]+$/.test(value) ? value : json}`
    })
    .join('')
}
