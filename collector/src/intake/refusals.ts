/**
 * Refusals: agents of which nothing is taken any more. A refusal now and then is the agent's to answer; one after
 * the other with nothing taken between them is told, once until a frame is taken again.
 */
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { allRefusedFact } from '../alert/facts.ts'
import { writeEvent } from '../db/events.ts'
import type { Database } from '../db/tx.ts'
import type { Shell } from '../shell.ts'

/** Nothing taken between two refusals this far apart: agents try what they hold every 30 s. */
export const ALL_REFUSED_AFTER_MS = 20_000

export type RefusalDeps = {
  db: Database
  shell: Shell
  publicUrl: string
  /** The name of an agent; its id where it has none. */
  agentName(id: string): string
  /** An event was written. */
  told(): void
}

type Refused = { reason: string; detail: string }

export class Refusals {
  readonly #deps: RefusalDeps
  /** Agent → its first refusal since a frame was taken. */
  readonly #since = new Map<string, { sinceMs: UnixMs; isTold: boolean }>()

  constructor(deps: RefusalDeps) {
    this.#deps = deps
  }

  taken(agent: string): void {
    this.#since.delete(agent)
  }

  refused(agent: string, refused: Refused): void {
    const atMs = this.#deps.shell.clock.nowMs()
    const since = this.#since.get(agent) ?? { sinceMs: atMs, isTold: false }
    this.#since.set(agent, since)
    if (since.isTold || atMs - since.sinceMs < ALL_REFUSED_AFTER_MS) return
    since.isTold = true
    void this.#tell(agent, refused, { sinceMs: since.sinceMs, atMs })
  }

  /** Of no leaf: the frames are what the ledger does not take. Tried again at the next refusal where it fails. */
  async #tell(
    id: string,
    { reason, detail }: Refused,
    times: { sinceMs: UnixMs; atMs: UnixMs },
  ): Promise<void> {
    const { db, shell, publicUrl, agentName, told } = this.#deps
    const agent = { id, name: agentName(id) }
    shell.log.error('no frame of an agent is taken any more', { agent: agent.name, reason, detail })
    try {
      const fact = allRefusedFact({ agent, reason, detail, ...times, publicUrl })
      await db.begin((tx) => writeEvent(tx, fact))
      told()
    } catch (error) {
      shell.log.warn('an anomaly could not be told', { reason: messageOf(error) })
      this.#since.set(id, { sinceMs: times.sinceMs, isTold: false })
    }
  }
}
