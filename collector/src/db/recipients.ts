/**
 * Recipients: which webhooks are sent an event, and from when on. Those made by hand by the types they name, those
 * of a contract's documents by its routes. Read in the transaction of the event.
 */
import type { UnixMs } from '@constat/shared/time'
import {
  endpointKey,
  gatheredBy,
  heldUntilMs,
  routedTo,
  type AlertingDocument,
  type Told,
} from '@constat/sla/alerting/route'
import { shapesTaking } from '../alert/shapes/table.ts'
import type { EventData, EventType, Fact } from '../alert/types.ts'
import type { Tx } from './tx.ts'

/** `isGathered`: it waits for what has the same cause, and may be told by another message. */
export type Recipient = { webhook: string; delayMs: number; isGathered: boolean }

/** Endpoints of one document, in place of its routes. */
export type Addressed = { contract: string; document: string; endpoints: readonly string[] }

/** What was held leaves this far apart, so that it arrives in order. */
export const HELD_APART_MS = 500
/** Who was told that nobody answered is told how it went on. */
const FOLLOW_UPS: ReadonlySet<string> = new Set([
  'incident.closed',
  'incident.acknowledged',
  'incident.reopened',
  'incident.merged',
])

type Row = { id: string; contract: string | null; endpoint: string | null }

/** `flush`: what was found before is written; what is looked up among deliveries comes after it. */
type Asked = { to: Addressed | null; flush: () => Promise<void> }
type Due = { atMs: UnixMs; isGathered: boolean }
type Documents = { contract: string; documents: AlertingDocument[] }

/** The recipients of the events of one transaction. */
export class Recipients {
  readonly #tx: Tx
  readonly #asked: Asked
  /** By type and contracts: the webhooks of events that are alike are read once. */
  readonly #rows = new Map<string, Promise<Row[]>>()
  readonly #documents = new Map<string, Promise<Documents[]>>()

  constructor(tx: Tx, asked: Asked) {
    this.#tx = tx
    this.#asked = asked
  }

  async of(fact: Fact): Promise<Recipient[]> {
    const { type, contract, concerns = [] } = fact
    const contracts = contract === null ? [...concerns] : [contract]
    const rows = await once(this.#rows, JSON.stringify([type, contracts]), () =>
      webhooksOf(this.#tx, { type, contracts }),
    )
    const own = rows.filter((row) => row.contract !== null)
    const byHand = rows
      .filter((row) => row.contract === null)
      .map(({ id }) => ({ webhook: id, delayMs: 0, isGathered: false }))
    return own.length === 0 ? byHand : [...byHand, ...(await this.#routed(own, fact))]
  }

  async #routed(rows: readonly Row[], fact: Fact): Promise<Recipient[]> {
    const { to } = this.#asked
    const told = toldOf(fact)
    const heard = await this.#heardBefore(rows, fact)
    const contracts = [...new Set(rows.map(({ contract }) => contract))]
    const documents = await once(
      this.#documents,
      JSON.stringify(contracts),
      () => this.#tx<Documents[]>`
        select contract, documents from alerting where contract = any(${contracts}::text[])`,
    )
    /** contract and endpoint → when it may be sent, and how. */
    const due = new Map<string, Due>()
    for (const one of documents) {
      for (const document of one.documents) {
        const atMs = heldUntilMs(document.spec, told) ?? told.atMs
        const isTo = to?.contract === one.contract
        const ids = isTo ? addressedIn(document, to) : routedTo(document.spec, told)
        for (const endpoint of document.spec.endpoints) {
          const key = `${one.contract}/${endpointKey(document.name, endpoint.id)}`
          const isGathered = told.type.startsWith('incident.') && gatheredBy(document.spec, endpoint) !== null
          if (ids.has(endpoint.id) || heard.has(key)) due.set(key, { atMs, isGathered })
        }
      }
    }
    const found = rows.flatMap((row) => {
      const own = due.get(`${row.contract}/${row.endpoint}`)
      return own === undefined ? [] : [{ webhook: row.id, ...own }]
    })
    return this.#inOrder(found, told.atMs)
  }

  /** Endpoints that were told that nobody had answered, of what goes on with that incident. */
  async #heardBefore(rows: readonly Row[], { type, data }: Fact): Promise<Set<string>> {
    const { id } = data
    if (!FOLLOW_UPS.has(type) || typeof id !== 'string') return new Set()
    await this.#asked.flush()
    const heard = await this.#tx<{ webhook: string }[]>`
      select distinct webhook from delivery
      where type like 'incident.%' and type = 'incident.escalated' and payload::jsonb #>> '{data,id}' = ${id}
        and webhook = any(${rows.map((row) => row.id)}::text[])`
    const ids = new Set(heard.map(({ webhook }) => webhook))
    return new Set(rows.filter((row) => ids.has(row.id)).map((row) => `${row.contract}/${row.endpoint}`))
  }

  /** What is held goes out after what was held before it. */
  async #inOrder(found: readonly (Due & { webhook: string })[], nowMs: UnixMs): Promise<Recipient[]> {
    const held = found.filter(({ atMs }) => atMs > nowMs).map(({ webhook }) => webhook)
    if (held.length === 0)
      return found.map(({ webhook, isGathered }) => ({ webhook, isGathered, delayMs: 0 }))
    await this.#asked.flush()
    const waiting = await this.#tx<{ webhook: string; lastMs: UnixMs }[]>`
      select webhook, max(next_ms) as "lastMs" from delivery
      where webhook = any(${held}::text[]) and state = 'pending' and attempts = 0 group by webhook`
    const last = new Map(waiting.map(({ webhook, lastMs }) => [webhook, lastMs]))
    return found.map(({ webhook, atMs, isGathered }) => {
      const lastMs = last.get(webhook) ?? -Infinity
      const isHeld = atMs > nowMs && lastMs >= atMs
      return { webhook, isGathered, delayMs: (isHeld ? lastMs + HELD_APART_MS : atMs) - nowMs }
    })
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? read()
  known.set(key, found)
  return found
}

function webhooksOf(
  tx: Tx,
  { type, contracts }: { type: EventType; contracts: readonly string[] },
): Promise<Row[]> {
  return tx<Row[]>`
    select id, contract, endpoint from webhook
    where disabled_ms is null and ended_ms is null and shape = any(${shapesTaking(type)})
      and (contract = any(${[...contracts]}::text[])
        or (contract is null and (types ? '*' or types ? ${type}::text)
          and (contracts is null or contracts ?| ${[...contracts]}::text[])))
    order by created_ms, id`
}

function addressedIn({ name }: AlertingDocument, { document, endpoints }: Addressed): Set<string> {
  return new Set(name === document ? endpoints : [])
}

/** What an event says of itself, in the words of a route. */
function toldOf({ type, atMs, data }: Fact): Told {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return {
    type,
    service: text(data['service']),
    sites: [...new Set([...siteOf(data['site']), ...downSites(data)])],
    isCritical: data['critical'] === true,
    atMs,
  }
}

function siteOf(site: EventData[string] | undefined): string[] {
  if (typeof site === 'string') return [site]
  return site && typeof site === 'object' && 'id' in site && typeof site.id === 'string' ? [site.id] : []
}

/** Sites of the vantages that see it down, or of all where it is over. */
function downSites({ vantages }: EventData): string[] {
  if (!Array.isArray(vantages)) return []
  // Vantages as `incidentFact` wrote them.
  const all = vantages as readonly { site?: string | null; state?: string }[]
  const down = all.filter(({ state }) => state === 'down')
  return (down.length > 0 ? down : all).flatMap(({ site }) => site ?? [])
}
