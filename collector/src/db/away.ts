/** Away: what a driver says while the database cannot be reached, or may not write, as a fault for whoever asks. */
import { Fault, messageOf, systemCode } from '@constat/shared/fault'

/** Of the driver, of the system, and SQLSTATE: shut down (57P), too many connections or no disk (53), no I/O (58). */
const AWAY = /^(?:CONNECTION_|CONNECT_TIMEOUT|ECONNRE|EPIPE|57P0|53|58030|08)/

/** Null: the error is about something else. */
export function awayFaultOf(error: unknown): Fault | null {
  const code = systemCode(error) ?? ''
  // The folder of the socket is gone, which is no file that somebody asked for.
  const isGone =
    code === 'ENOENT' && error instanceof Error && 'syscall' in error && error.syscall === 'connect'
  return AWAY.test(code) || isGone ? awayFault(messageOf(error)) : null
}

export function awayFault(reason: string): Fault {
  return new Fault('database', `The database is away: ${reason}.`, {
    hint: 'Nothing is lost: agents keep what they measure. Ask again in a moment.',
  })
}
