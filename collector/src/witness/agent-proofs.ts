/**
 * What an agent is shown of a log that it writes to: the newest head, that it extends what the agent has seen, and
 * where its frames stand under it. What an agent holds against a log is told.
 */
import { createHash } from 'node:crypto'
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { noteVerifier } from '@constat/evidence/note'
import { proveConsistency, proveInclusion } from '@constat/evidence/proof'
import { tileHashReader, type TileId } from '@constat/evidence/tile'
import { treeRoot, type HashReader } from '@constat/evidence/tree'
import { ED25519_TYPE, vkeyOf } from '@constat/evidence/vkey'
import { messageOf } from '@constat/shared/fault'
import { parseReceipt, receiptHolds } from '@constat/shared/receipt'
import { publicKeyOf } from '@constat/shared/signature'
import { witnessFact } from '../alert/facts.ts'
import { isTold, witnessWasHeard } from '../db/audit-rows.ts'
import { writeEvent } from '../db/events.ts'
import { framesIn, newestCheckpoint } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { EventBus } from '../alert/bus.ts'
import type { Forked, Prove, Proven } from '../intake/connection.ts'
import type { KnownAgent } from '../intake/agents.ts'
import type { Head } from '../ledger/head.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { cosignedNote } from '../bundle/cosigned.ts'
import { tileBytes } from '../bundle/log-files.ts'

const DAY_MS = 86_400_000

export type AgentProofsDeps = {
  db: Database
  shell: Shell
  sequencer: Pick<Sequencer, 'headByOrigin' | 'lieIn'>
  contracts: { isMember(log: number, agent: string): boolean }
  bus: Pick<EventBus, 'publish'>
  publicUrl: string
  /** Something that this log has signed is not in it any more. */
  lost: (head: Head, what: string) => Promise<void>
}

type SignedHead = { size: number; root: Uint8Array }

const NOTHING = Buffer.alloc(0)

export class AgentProofs {
  readonly #deps: AgentProofsDeps

  constructor(deps: AgentProofsDeps) {
    this.#deps = deps
  }

  readonly prove = async (agent: KnownAgent, wanted: Prove): Promise<Proven | null> => {
    try {
      const head = this.#headFor(agent, wanted.origin)
      return head && (await this.#prove(agent, wanted, head))
    } catch (error) {
      this.#deps.shell.log.warn('a proof could not be made', { agent: agent.name, reason: messageOf(error) })
      return null
    }
  }

  readonly forked = async (agent: KnownAgent, said: Forked): Promise<void> => {
    try {
      const head = this.#headFor(agent, said.origin)
      if (!head || !this.#signed(said.shown, head)) return
      const held = this.#signed(said.held, head)
      if (held && !(await this.#stands(held, head))) {
        await this.#deps.lost(head, `an agent holds a head of ${held.size} entries, which is none of it`)
      }
      await this.#tell(agent, said, head)
    } catch (error) {
      this.#deps.shell.log.error('a contradiction could not be told', { reason: messageOf(error) })
    }
  }

  #headFor({ id }: KnownAgent, origin: string): Head | null {
    const { sequencer, contracts } = this.#deps
    const head = sequencer.headByOrigin(origin)
    return head && contracts.isMember(head.id, id) && !sequencer.lieIn(head.id) ? head : null
  }

  async #prove(
    { idBytes }: KnownAgent,
    { origin, headSize, receiptSize, frames }: Prove,
    { id: log }: Head,
  ): Promise<Proven | null> {
    const { db } = this.#deps
    const signed = await newestCheckpoint(db, log)
    if (!signed) return null
    const { size } = signed
    const reader = readerOf(db, { log, size })
    const from = async (oldSize: number): Promise<Buffer> =>
      oldSize === 0 || oldSize > size
        ? NOTHING
        : Buffer.concat(await proveConsistency({ oldSize, newSize: size }, reader))
    const rows = await framesIn(db, { log, agent: idBytes, frames })
    const leaves: Proven['leaves'] = []
    for (const { place, index, receivedMs } of rows) {
      if (index >= size) continue
      const path = Buffer.concat(await proveInclusion({ index, size }, reader))
      leaves.push({ place, index, receivedMs, path })
    }
    const note = await cosignedNote(db, log, signed)
    return {
      type: 'proven',
      origin,
      note,
      fromHead: await from(headSize),
      fromReceipt: await from(receiptSize),
      leaves,
    }
  }

  /** A head, or a receipt as agents keep it. Anybody can write texts: null where it does not bear our signature. */
  #signed(text: string, { origin }: Head): SignedHead | null {
    const { publicKey } = this.#deps.shell.identity
    const receipt = parseReceipt(text)
    if (receipt?.origin === origin && receiptHolds(receipt, publicKeyOf(publicKey))) return receipt
    const log = noteVerifier(vkeyOf({ name: origin, type: ED25519_TYPE, publicKey }))
    const opening = openCheckpoint(text, { origin, log })
    return opening.kind === 'opened' ? opening.checkpoint : null
  }

  /** Whether it is a head of the log as it is. */
  async #stands({ size, root }: SignedHead, { id: log, size: own }: Head): Promise<boolean> {
    if (size > own) return false
    return (await treeRoot(size, readerOf(this.#deps.db, { log, size }))).equals(root)
  }

  /** Each contradiction once, and one a day for each agent and contract: it is the agent's word. */
  async #tell({ name }: KnownAgent, { what, held }: Forked, { contract, size }: Head): Promise<void> {
    const { db, shell, publicUrl, bus } = this.#deps
    const nowMs = shell.clock.nowMs()
    const about = createHash('sha256').update(held).digest('hex').slice(0, 32)
    const fact = witnessFact({ contract, witness: name, what, size, about, atMs: nowMs, publicUrl })
    if (await isTold(db, fact)) return
    if (await witnessWasHeard(db, { contract, witness: name, sinceMs: nowMs - DAY_MS })) return
    shell.log.error('an agent holds another history of a log', { contract, agent: name, what })
    await db.begin((tx) => writeEvent(tx, fact))
    bus.publish()
  }
}

/** Tiles are read once for one proof. */
function readerOf(db: Database, { log, size }: { log: number; size: number }): HashReader {
  const known = new Map<string, Promise<Buffer>>()
  const read = (id: TileId): Promise<Buffer> => {
    const key = `${id.level}/${id.index}`
    const found = known.get(key) ?? tileBytes(db, log, id).then((bytes) => bytes ?? NOTHING)
    known.set(key, found)
    return found
  }
  return tileHashReader(size, (tiles) => Promise.all(tiles.map(read)))
}
