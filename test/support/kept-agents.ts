/** Kept agents: stands in for the database before a registry. It answers the queries of agents and tokens. */
import { createHash } from 'node:crypto'
import type { AgentRow } from '../../collector/src/db/agent-rows.ts'
import type { Database } from '../../collector/src/db/tx.ts'

/** `usesLeft`: as many rows, so that a test names one token for several agents. */
export type KeptToken = { name: string | null; usesLeft: number; expiresMs: number | null }

export class KeptAgents {
  readonly rows: AgentRow[] = []
  readonly #tokens = new Map<string, KeptToken>()

  addToken(token: string, kept: KeptToken): void {
    this.#tokens.set(createHash('sha256').update(token).digest('hex'), kept)
  }

  database(): Database {
    const query = (text: TemplateStringsArray, ...values: unknown[]): Promise<unknown[]> => {
      const sql = text.join('?')
      if (/^\s*select id, name, public_key/.test(sql)) return Promise.resolve([...this.rows])
      if (/^\s*delete from token where hash = .* and kind = 'agent'/.test(sql))
        return Promise.resolve(this.#spend(values))
      if (sql.includes('insert into agent')) return Promise.resolve(this.#insert(values))
      if (sql.includes('update agent set revoked_ms')) return Promise.resolve([])
      if (sql.includes('update agent set version')) return Promise.resolve(this.#see(values))
      return Promise.reject(new Error(`a registry does not ask: ${sql}`))
    }
    const begin = (work: (tx: typeof query) => Promise<unknown>): Promise<unknown> => work(query)
    // The registry calls it as a tag, and opens transactions.
    return Object.assign(query, { begin, json: JSON.stringify }) as unknown as Database
  }

  #spend([hash, nowMs]: unknown[]): unknown[] {
    // The digest that the query names.
    const token = this.#tokens.get((hash as Buffer).toString('hex'))
    if (!token || token.usesLeft === 0 || (token.expiresMs ?? Infinity) <= Number(nowMs)) return []
    token.usesLeft -= 1
    return [{ name: token.name }]
  }

  /** Of what is seen, what the registry reads again. */
  #see([json]: unknown[]): unknown[] {
    for (const { id, hand } of JSON.parse(json as string) as { id: string; hand: AgentRow['inHand'] }[]) {
      const row = this.rows.find((one) => one.id === id)
      if (row) row.inHand = hand
    }
    return []
  }

  #insert([id, name, publicKey, enrolledMs, version, lastSeenMs]: unknown[]): unknown[] {
    // Values in the order of the columns.
    this.rows.push(agentRow({ id, name, publicKey, enrolledMs, version, lastSeenMs } as Partial<AgentRow>))
    return []
  }
}

export function agentRow(changes: Partial<AgentRow>): AgentRow {
  return {
    id: '00',
    name: 'agent',
    publicKey: Buffer.alloc(32),
    enrolledMs: 0,
    revokedMs: null,
    version: '0.1.0',
    lastSeenMs: 0,
    silentSinceMs: null,
    clockOffsetMs: 0,
    clockErrorMs: 0,
    spoolFrames: 0,
    inHand: [],
    ...changes,
  }
}
