/**
 * Transactions that outlive no connection. The driver (postgres.js 3.4.9) goes on using the connection of
 * a transaction after it broke: a rollback on it ends the process with a TypeError, and a later statement
 * lands on the next connection, outside of any transaction. Here both are refused.
 * Not pure. Invariant: after the first sign of a lost connection, no statement of its transaction is sent.
 */
import { Fault, messageOf } from '@constat/shared/fault'
import type { Database, Tx } from './tx.ts'

type Life = { isLost: boolean; lose(error: unknown): void }

/** The part of the driver's query that is not in its types: `handler` sends it. */
type DriverQuery = Promise<unknown> & {
  handler: (query: DriverQuery) => void
  reject: (error: unknown) => void
}

/** Replaces `begin` of this client. Only its form with one function, which is the one we use. */
export function guardTransactions(sql: Database): Database {
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

/** A query is guarded when it is sent; column lists and fragments are no queries or never sent. */
function guardQuery(made: unknown, life: Life): unknown {
  if (!(made instanceof Promise) || !('handler' in made)) return made
  // The driver's class, known by the property just asked for.
  const query = made as DriverQuery
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
