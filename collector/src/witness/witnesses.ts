/**
 * Witnesses: every checkpoint that is to count is shown to those that the policy names, with the proof that it
 * extends what each has cosigned before. All are asked about the same one, so that a quorum meets on it. Beside the
 * line: nothing waits for it, and a witness that is away changes nothing but what can be claimed.
 */
import { parseCheckpoint } from '@constat/evidence/checkpoint'
import { cosignatureVerifier, cosignedAtMs } from '@constat/evidence/cosignature'
import { parseNote } from '@constat/evidence/note'
import { quorumMet, type Policy, type PolicyWitness } from '@constat/evidence/policy'
import { proveConsistency } from '@constat/evidence/proof'
import { tileHashReader } from '@constat/evidence/tile'
import { cosignaturesIn } from '@constat/evidence/witness'
import { messageOf } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { EventBus } from '../alert/bus.ts'
import { witnessFact } from '../alert/facts.ts'
import { newestWords } from '../bundle/cosigned.ts'
import { tileBytes } from '../bundle/log-files.ts'
import {
  cosignaturesOf,
  insertCosignatures,
  newestCosignatures,
  type CosignatureRow,
} from '../db/cosignature-rows.ts'
import { isTold } from '../db/audit-rows.ts'
import { writeEvent } from '../db/events.ts'
import { logRows, newestCheckpoint } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Shell } from '../shell.ts'
import type { WitnessView, Witnessing } from '../view/witness.ts'
import { askWitness, type Asked } from './ask.ts'
import { Cosigner } from './cosign.ts'
import { readPolicy } from './policy.ts'

/** A log that grows is witnessed so often. */
export const WITNESS_EVERY_MS = 60_000
/** One that rests is cosigned anew so often, so that its witnesses stay fresh. */
export const RENEW_EVERY_MS = 600_000
const LOOK_EVERY_MS = 5_000

export type WitnessesDeps = {
  db: Database
  shell: Shell
  publicUrl: string
  bus: Pick<EventBus, 'publish'>
}

type Log = { id: number; contract: string; size: number }
type Stand = { size: number; atMs: UnixMs | null; problem: string | null }
const NOT_YET: Stand = { size: 0, atMs: null, problem: null }
/** A log that nobody has cosigned for so long is not witnessed any more. */
const FRESH_MS = 86_400_000

export class Witnesses implements Witnessing {
  readonly policy: Policy | null
  /** What it is to others: a witness itself. */
  readonly cosigner: Cosigner
  readonly #deps: WitnessesDeps
  /** log/witness → what it has cosigned, and what is wrong. */
  readonly #stands = new Map<string, Stand>()
  /** Log → the newest checkpoint that a quorum has cosigned. */
  readonly #witnessed = new Map<number, { size: number; atMs: UnixMs }>()
  /** Log → what was cosigned last, where that is not the first word on this size. */
  readonly #renewed = new Map<number, { size: number; rows: Map<string, CosignatureRow> }>()
  readonly #askedMs = new Map<number, UnixMs>()
  #looking: Promise<void> | null = null

  private constructor(deps: WitnessesDeps, policy: Policy | null) {
    this.#deps = deps
    this.policy = policy
    const logs = (policy?.logs ?? []).map(({ vkey }) => vkey)
    this.cosigner = new Cosigner({ db: deps.db, shell: deps.shell, logs })
  }

  /** By the policy in that file; null: nobody is asked. Fault `bad-config`. */
  static async open(path: string | null, deps: WitnessesDeps): Promise<Witnesses> {
    const witnesses = new Witnesses(deps, path === null ? null : readPolicy(path))
    await witnesses.#load()
    const { policy, cosigner } = witnesses
    if (policy && policy.logs.length > 0) {
      deps.shell.log.info('cosigns the logs of others', { key: cosigner.vkey, logs: policy.logs.length })
    }
    return witnesses
  }

  async #load(): Promise<void> {
    const rows = await newestCosignatures(this.#deps.db)
    for (const { log, name, keyId, size, atMs } of rows) {
      const known = this.#asked().find(({ vkey }) => vkey.name === name && vkey.keyId === keyId)
      if (known) this.#stands.set(keyOf(log, known), { size, atMs, problem: null })
    }
    const sizes = new Map<number, Set<number>>()
    for (const { log, size } of rows) sizes.set(log, (sizes.get(log) ?? new Set()).add(size))
    for (const [log, own] of sizes) await this.#settle(log, [...own])
  }

  /** The answer is how to stop. */
  start(): () => Promise<void> {
    const timer = this.policy ? setInterval(() => void this.look(), LOOK_EVERY_MS) : null
    return async () => {
      if (timer) clearInterval(timer)
      await this.#looking
    }
  }

  /** Asks about every log that has grown since it was last witnessed, or was not in time. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        this.#deps.shell.log.warn('witnesses could not be asked; tried again', { reason: messageOf(error) })
      })
      .finally(() => (this.#looking = null))
    return this.#looking
  }

  isWitnessed(log: number): boolean {
    const witnessed = this.#witnessed.get(log)
    if (witnessed === undefined) return false
    return this.#deps.shell.clock.nowMs() - witnessed.atMs <= FRESH_MS
  }

  /** Leaves under the newest checkpoint that a quorum has cosigned; 0: none. */
  witnessedSize(log: number): number {
    return this.#witnessed.get(log)?.size ?? 0
  }

  /** The last words on this size since the start, which go before the first ones. */
  words({ log, size }: { log: number; size: number }): CosignatureRow[] {
    const renewed = this.#renewed.get(log)
    return renewed?.size === size ? [...renewed.rows.values()] : []
  }

  of(log: number): WitnessView[] {
    return this.#asked().map((witness) => {
      const { size, atMs, problem } = this.#stands.get(keyOf(log, witness)) ?? NOT_YET
      const cosignedAt = atMs === null ? null : formatInstant(atMs)
      return { name: witness.name, key: witness.vkey.name, size, cosignedAt, problem }
    })
  }

  #asked(): readonly PolicyWitness[] {
    return this.policy?.witnesses ?? []
  }

  async #look(): Promise<void> {
    const nowMs = this.#deps.shell.clock.nowMs()
    for (const log of await logRows(this.#deps.db)) {
      const sinceMs = nowMs - (this.#askedMs.get(log.id) ?? -RENEW_EVERY_MS)
      if (sinceMs < WITNESS_EVERY_MS) continue
      const newest = await newestCheckpoint(this.#deps.db, log.id)
      const isWhole = newest !== null && newest.size <= (this.#witnessed.get(log.id)?.size ?? 0)
      if (!newest || (isWhole && sinceMs < RENEW_EVERY_MS)) continue
      this.#askedMs.set(log.id, nowMs)
      await Promise.all(this.#asked().map((witness) => this.#ask(witness, { log, note: newest.note })))
      await this.#settle(log.id, [newest.size])
    }
  }

  async #ask(witness: PolicyWitness, { log, note }: { log: Log; note: string }): Promise<void> {
    const { url } = witness
    if (url === undefined) return
    const { size } = parseCheckpoint(parseNote(note)!.text)!
    const known = this.#stands.get(keyOf(log.id, witness))?.size ?? 0
    let asked = await this.#submit(url, { log, note, size, from: known })
    // It says where it stands: it may have cosigned more than was heard, or begun anew.
    if (asked.kind === 'stands-at' && asked.size <= size) {
      asked = await this.#submit(url, { log, note, size, from: asked.size })
    }
    await this.#take(asked, witness, { log, note, size })
  }

  async #submit(
    url: string,
    { log, note, size, from }: { log: Log; note: string; size: number; from: number },
  ): Promise<Asked> {
    const reader = tileHashReader(size, (tiles) =>
      Promise.all(tiles.map(async (id) => (await tileBytes(this.#deps.db, log.id, id)) ?? Buffer.alloc(0))),
    )
    const proof = from === 0 ? [] : await proveConsistency({ oldSize: from, newSize: size }, reader)
    return askWitness(url, { oldSize: from, proof, note })
  }

  async #take(
    asked: Asked,
    witness: PolicyWitness,
    about: { log: Log; note: string; size: number },
  ): Promise<void> {
    const { log, note, size } = about
    const stand = this.#stands.get(keyOf(log.id, witness)) ?? NOT_YET
    const fail = (problem: string): void => this.#failed({ log, witness, stand }, problem)
    switch (asked.kind) {
      case 'unreachable':
        return fail(`it does not answer: ${asked.reason}`)
      case 'stands-at':
        return this.#contradicted(
          about,
          witness,
          `it has cosigned ${asked.size} entries, and this log has ${size}`,
        )
      case 'refused': {
        const said = `it answered ${asked.status}${asked.text === '' ? '' : `: ${asked.text}`}`
        if (asked.status !== 409 && asked.status !== 422) return fail(said)
        return this.#contradicted(
          about,
          witness,
          `${said}: what it has cosigned is not the beginning of this log`,
        )
      }
      case 'cosigned': {
        const { text } = parseNote(note)!
        const own = cosignaturesIn(asked.lines, { text, witnesses: [cosignatureVerifier(witness.vkey)] })
        if (!own || own.length === 0) return fail('its answer holds no signature of its key')
        const rows = own.map(({ name, keyId, signature }): CosignatureRow => {
          return { log: log.id, size, name, keyId, signature, atMs: cosignedAtMs(signature) ?? 0 }
        })
        await insertCosignatures(this.#deps.db, rows)
        this.#renew(rows)
        this.#stands.set(keyOf(log.id, witness), { size, atMs: rows[0]!.atMs, problem: null })
      }
    }
  }

  /** The first word on a size is in the database, where bundles take it from; a later one says that it still stands. */
  #renew(rows: readonly CosignatureRow[]): void {
    for (const row of rows) {
      const known = this.#renewed.get(row.log)
      const own =
        known?.size === row.size ? known : { size: row.size, rows: new Map<string, CosignatureRow>() }
      own.rows.set(`${row.name}\n${row.keyId}`, row)
      this.#renewed.set(row.log, own)
    }
  }

  #failed(
    { log, witness, stand }: { log: Log; witness: PolicyWitness; stand: Stand },
    problem: string,
  ): void {
    if (stand.problem !== problem) {
      this.#deps.shell.log.warn('a witness does not cosign', {
        witness: witness.name,
        contract: log.contract,
        problem,
      })
    }
    this.#stands.set(keyOf(log.id, witness), { ...stand, problem })
  }

  /** Told once for each size: this log is not the one that somebody else has seen. */
  async #contradicted(
    { log, size }: { log: Log; size: number },
    witness: PolicyWitness,
    what: string,
  ): Promise<void> {
    const { db, shell, publicUrl, bus } = this.#deps
    const stand = this.#stands.get(keyOf(log.id, witness)) ?? NOT_YET
    const isNew = stand.problem !== what
    this.#failed({ log, witness, stand }, what)
    if (!isNew) return
    const { contract } = log
    const fact = witnessFact({
      contract,
      witness: witness.name,
      what,
      size,
      atMs: shell.clock.nowMs(),
      publicUrl,
    })
    if (await isTold(db, fact)) return
    await db.begin((tx) => writeEvent(tx, fact))
    bus.publish()
  }

  /** Whether a quorum has cosigned one of these sizes. */
  async #settle(log: number, sizes: readonly number[]): Promise<void> {
    const rows = await cosignaturesOf(this.#deps.db, { log, sizes })
    for (const size of sizes) {
      const own = newestWords(rows, this.words({ log, size })).filter((row) => row.size === size)
      const known = this.#witnessed.get(log)
      if (!this.policy || !quorumMet(this.policy, own) || (known && known.size > size)) continue
      this.#witnessed.set(log, { size, atMs: Math.max(...own.map(({ atMs }) => atMs)) })
    }
  }
}

function keyOf(log: number, { name }: PolicyWitness): string {
  return `${log}/${name}`
}
