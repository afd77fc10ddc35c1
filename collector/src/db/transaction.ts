/**
 * What a lost connection may end, and what not. The driver (postgres.js 3.4.9) goes on using the connection
 * of a transaction after it broke: a rollback on it ends the process with a TypeError, and a later statement
 * lands on the next connection, outside of any transaction. Here both are refused. It also answers the
 * first statement of a new connection with the error that ended the one before: that statement, which was
 * never sent, is sent.
 * Not pure. Invariants: after the first sign of a lost connection, no statement of its transaction is sent;
 * a statement that was sent once is never sent again.
 */
import { Fault, messageOf } from '@constat/shared/fault'
import type { Database, Tx } from './tx.ts'

type Life = { isLost: boolean; lose(error: unknown): void }

/** The part of the driver's query that is not in its types: `handler` sends it; `state` is null until then. */
type DriverQuery = Promise<unknown> & {
  handler: (query: DriverQuery) => void
  reject: (error: unknown) => void
  state: unknown
}

/** A session's end by an administrator, a crash or a time-out (PostgreSQL, appendix A): no start of one fails so. */
const SESSION_ENDS = new Set(['57P01', '57P02', '57P05', '25P03', '25P04'])
/** More than a pool has connections. */
const SENDS_MAX = 20

/** A client whose statements and transactions are guarded. Of `begin` only the form with one function. */
export function guardClient(sql: Database): Database {
  const unsafe = sql.unsafe
  // The driver's `begin` sends its first statement by the client's `unsafe`.
  Object.assign(sql, { unsafe: (...args: Parameters<typeof unsafe>) => guardUnsent(unsafe(...args)) })
  const client = new Proxy(sql, {
    apply: (target, self, args: unknown[]) => guardUnsent(Reflect.apply(target, self, args)),
  })
  return guardTransactions(client)
}

/** Sends it again where it was answered, unsent, with the end of an earlier session. */
function guardUnsent(made: unknown): unknown {
  if (!isDriverQuery(made)) return made
  const { handler: send, reject } = made
  let sends = 0
  made.handler = (query) => {
    sends += 1
    send(query)
  }
  made.reject = (error) => {
    if (made.state === null && sends < SENDS_MAX && isSessionEnd(error)) made.handler(made)
    else reject(error)
  }
  return made
}

function isSessionEnd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && SESSION_ENDS.has(String(error.code))
}

/** Known by its property: the driver exports no class. Column lists and fragments are no queries or never sent. */
function isDriverQuery(made: unknown): made is DriverQuery {
  return made instanceof Promise && 'handler' in made
}

function guardTransactions(sql: Database): Database {
  const begin = sql.begin
  const guarded = <T>(step: (tx: Tx) => T | Promise<T>) =>
    new Promise<unknown>((settle, fail) => {
      const life: Life = {
        isLost: false,
        lose(error) {
          life.isLost = true
          fail(error instanceof Error ? error : new Error(messageOf(error)))
        },
      }
      begin((tx) => unlessLost(() => step(guardTx(tx, life)), life)).then(settle, life.lose)
    })
  return Object.assign(sql, { begin: guarded })
}

/** Never settles once the connection is lost: the driver would try to commit or to roll back on it. */
async function unlessLost<T>(step: () => T | Promise<T>, life: Life): Promise<T> {
  try {
    const result = await step()
    if (!life.isLost) return result
  } catch (error) {
    if (!life.isLost) throw error
  }
  return new Promise<never>(() => {})
}

function guardTx(tx: Tx, life: Life): Tx {
  return new Proxy(tx, {
    apply: (target, self, args: unknown[]) => guardQuery(Reflect.apply(target, self, args), life),
    get(target, key) {
      // A property of a function is whatever the driver put there.
      const value: unknown = Reflect.get(target, key)
      if (key !== 'unsafe' || typeof value !== 'function') return value
      return (...args: unknown[]) => guardQuery(Reflect.apply(value, target, args), life)
    },
  })
}

/** A query is guarded when it is sent. */
function guardQuery(query: unknown, life: Life): unknown {
  if (!isDriverQuery(query)) return query
  const send = query.handler
  query.handler = (sent) => {
    if (life.isLost) {
      sent.reject(new Fault('database', 'the connection was lost in the middle of a transaction'))
      return
    }
    sent.catch((error: unknown) => {
      if (isConnectionLost(error)) life.lose(error)
    })
    send(sent)
  }
  return query
}

/** FATAL and PANIC end a session (PostgreSQL, 54.8); the driver's own codes and those of sockets follow it. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC')) return true
  if ('syscall' in error) return true
  return 'code' in error && typeof error.code === 'string' && /^CONNECT(ION|_TIMEOUT)/.test(error.code)
}
