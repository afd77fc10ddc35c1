/**
 * Scrub: the audit that goes on while the collector runs, over every log, round after round, at a bounded rate.
 * What it finds stops the log and is told once. Its place is in memory: the first round begins anywhere, so that
 * a collector that is often started looks everywhere all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TILE_WIDTH } from '@constat/evidence/tile'
import { messageOf } from '@constat/shared/fault'
import { lieFact } from '../alert/facts.ts'
import { writeEvent } from '../db/events.ts'
import { isTold, toldLies } from '../db/audit-rows.ts'
import { logRows, type LogRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Prove } from '@constat/evidence/frame-proof'
import { Lie } from '../ledger/lie.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { auditLog } from './audit.ts'

/**
 * A changed byte is found within the leaves of all logs divided by this: a million within 67 minutes. Two
 * signatures a leaf at most, a frame's and a checkpoint's: some 6 % of one core, on the threads of the prover.
 */
export const SCRUB_LEAVES_PER_S = 250
/** Between two rounds, which are short where little is stored. */
export const SCRUB_PAUSE_MS = 5_000
/** Proved in one go: the line waits no longer than for these. */
const SLICE_LEAVES = 50
const SLICE_MS = (SLICE_LEAVES / SCRUB_LEAVES_PER_S) * 1_000
/** Leaves read at once where a lie was told before. */
const PAGE_LEAVES = 1_024

export type ScrubDeps = {
  db: Database
  shell: Shell
  prove: Prove
  sequencer: Sequencer
  publicUrl: string
  /** Called for every lie, time and again. */
  lied(lie: Lie): void
}

export class Scrub {
  readonly #deps: ScrubDeps
  /** Lies that were told, by this process or an earlier one. */
  readonly #told = new WeakSet<Lie>()
  readonly #ending = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(deps: ScrubDeps) {
    this.#deps = deps
  }

  /** Proves the logs of which a lie was told, from there on: none of them is extended before. */
  async open(): Promise<void> {
    const rows = await logRows(this.#deps.db)
    for (const { contract, index } of await toldLies(this.#deps.db)) {
      const row = rows.find((one) => one.contract === contract)
      const from = Math.min(index - (index % TILE_WIDTH), row?.size ?? 0)
      if (row) await this.#prove(row, { from, pageLeaves: PAGE_LEAVES, pauseMs: 0 })
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  /** Tells of every lie that was not told yet. True where there was one. */
  async tell(): Promise<boolean> {
    const { db, shell, sequencer, publicUrl, lied } = this.#deps
    let isNew = false
    for (const lie of sequencer.lies()) {
      lied(lie)
      if (this.#told.has(lie)) continue
      const { contract, said } = lie
      const fact = lieFact({ contract, said, atMs: shell.clock.nowMs(), publicUrl })
      if (!(await isTold(db, fact))) {
        await db.begin((tx) => writeEvent(tx, fact))
        isNew = true
      }
      this.#told.add(lie)
    }
    return isNew
  }

  async #run(): Promise<void> {
    let isFirst = true
    while (!this.#ending.signal.aborted) {
      try {
        for (const row of await logRows(this.#deps.db)) {
          const from = isFirst ? this.#anywhere(row) : 0
          await this.#prove(row, { from, pageLeaves: SLICE_LEAVES, pauseMs: SLICE_MS })
        }
        isFirst = false
      } catch (error) {
        if (this.#ending.signal.aborted) return
        this.#deps.shell.log.warn('the ledger could not be looked through; tried again', {
          reason: messageOf(error),
        })
      }
      await this.#pause(SCRUB_PAUSE_MS)
    }
  }

  async #prove(row: LogRow, how: { from: number; pageLeaves: number; pauseMs: number }): Promise<void> {
    const { db, prove, shell, sequencer } = this.#deps
    if (sequencer.lieIn(row.id)) return
    try {
      for await (const _ of auditLog(row, how, { db, prove, publicKey: shell.identity.publicKey })) {
        if (this.#ending.signal.aborted) return
        if (how.pauseMs > 0) await this.#pause(how.pauseMs)
      }
    } catch (error) {
      if (!(error instanceof Lie)) throw error
      sequencer.stop(error)
    }
  }

  #anywhere({ size }: LogRow): number {
    return Math.floor((this.#deps.shell.random.bytes(4).readUInt32BE(0) / 2 ** 32) * size)
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined)
  }
}
