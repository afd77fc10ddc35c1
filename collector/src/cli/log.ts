/** Log of a running collector: readable lines on a terminal, JSON lines elsewhere. Goes to stderr. */
import { pino, stdSerializers } from 'pino'
import { visible } from '@constat/shared/visible'
import type { LogLevel } from '../config.ts'
import type { Log } from '../shell.ts'
import type { World } from './world.ts'

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 }

export function openLog(level: LogLevel, { isTerminal, err, clock }: World): Log {
  if (!isTerminal) return jsonLog(level)
  const line = (own: LogLevel) => (message: string, facts?: Record<string, unknown>) => {
    if (RANK[own] < RANK[level]) return
    const time = new Date(clock.nowMs()).toISOString().slice(11, 19)
    const mark = own === 'info' ? '' : `${own}: `
    err(`${time} ${mark}${message}${factsText(facts)}`)
  }
  return { info: line('info'), warn: line('warn'), error: line('error') }
}

function jsonLog(level: LogLevel): Log {
  const serializers = { error: stdSerializers.err }
  const hooks = { streamWrite: visible }
  const logger = pino({ level, base: null, serializers, hooks }, pino.destination({ fd: 2, sync: true }))
  return {
    info: (message, facts) => logger.info(facts ?? {}, message),
    warn: (message, facts) => logger.warn(facts ?? {}, message),
    error: (message, facts) => logger.error(facts ?? {}, message),
  }
}

function factsText(facts: Record<string, unknown> | undefined): string {
  if (!facts) return ''
  const shown = Object.entries(facts).map(([key, value]) => {
    const text =
      typeof value === 'string'
        ? value
        : value instanceof Error
          ? (value.stack ?? value.message)
          : JSON.stringify(value)
    return `${key}=${text}`
  })
  return ` (${shown.join(', ')})`
}
