/**
 * What a witness keeps, in a folder of its own: its key, the newest checkpoint that it has cosigned of each log, and
 * what it refused. A checkpoint is on the disk before it is cosigned; one process at a time. Not pure.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCheckpoint } from '@constat/evidence/checkpoint'
import { parseNote } from '@constat/evidence/note'
import { COSIGNATURE_TYPE, formatSkey, isKeyName, parseSkey, skeyOf, type Skey } from '@constat/evidence/vkey'
import type { Witnessed } from '@constat/evidence/witness'
import { Fault } from '@constat/shared/fault'
import type { FolderLock } from '@constat/shared/folder-lock'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { holdFolder, readIfThere, unusable, writeDurably } from './folder.ts'

const KEY_FILE = 'witness.key'
const STATE_FILE = 'checkpoints.json'
const REFUSED_FILE = 'refused.log'
/** Of refusals that are kept: the oldest half goes. */
const MAX_REFUSED_BYTES = 10_000_000

export type Refusal = { atMs: UnixMs; status: number; reason: string; body: string }

export class WitnessStore {
  readonly key: Skey
  readonly #dir: string
  /** Origin → the note that was cosigned last. */
  readonly #notes: Map<string, string>

  readonly #lock: FolderLock

  private constructor(
    dir: string,
    lock: FolderLock,
    { key, notes }: { key: Skey; notes: Map<string, string> },
  ) {
    this.#dir = dir
    this.#lock = lock
    this.key = key
    this.#notes = notes
  }

  /** `name` is needed where there is no key yet. Faults `usage`, `conflict`, `disk`. */
  static async open(dir: string, name: string | undefined): Promise<WitnessStore> {
    const lock = await holdFolder(dir, 'witness')
    try {
      const key = openKey(join(dir, KEY_FILE), name)
      return new WitnessStore(dir, lock, { key, notes: readNotes(join(dir, STATE_FILE)) })
    } catch (error) {
      await lock.release()
      throw unusable('witness', error)
    }
  }

  latest(origin: string): Witnessed | null {
    const note = this.#notes.get(origin)
    return note === undefined ? null : checkpointOf(note)
  }

  /** Every log of which something was cosigned. */
  origins(): string[] {
    return [...this.#notes.keys()]
  }

  /** On the disk when it returns. */
  keep(origin: string, note: string): void {
    const next = new Map(this.#notes).set(origin, note)
    writeDurably(join(this.#dir, STATE_FILE), `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`)
    this.#notes.set(origin, note)
  }

  /** What a log has signed and was not cosigned may be the proof that it lied. */
  refused({ atMs, ...refusal }: Refusal): void {
    const path = join(this.#dir, REFUSED_FILE)
    appendFileSync(path, `${JSON.stringify({ at: formatInstant(atMs), ...refusal })}\n`, { mode: 0o600 })
    if (statSync(path).size <= MAX_REFUSED_BYTES) return
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, lines.slice(Math.floor(lines.length / 2)).join('\n'), { mode: 0o600 })
  }

  close(): Promise<void> {
    return this.#lock.release()
  }
}

function openKey(path: string, name: string | undefined): Skey {
  const text = readIfThere(path)
  if (text === null) {
    if (name === undefined || !isKeyName(name)) {
      throw new Fault('usage', 'a new witness needs a name, as --name witness.example', {
        hint: 'It has no blank and no plus; a domain that is yours makes it unique.',
      })
    }
    const made = skeyOf({ name, type: COSIGNATURE_TYPE, seed: randomBytes(32) })
    writeFileSync(path, `${formatSkey(made)}\n`, { flag: 'wx', mode: 0o600 })
    return made
  }
  const key = parseSkey(text.toString('utf8').trim())
  if (key?.type !== COSIGNATURE_TYPE) throw new Fault('evidence', `${path} holds no key of a witness`)
  if (name !== undefined && name !== key.name) {
    throw new Fault('usage', `this witness is called ${key.name}: its name is a part of its key`)
  }
  return key
}

function readNotes(path: string): Map<string, string> {
  const text = readIfThere(path)
  if (text === null) return new Map()
  const parsed: unknown = JSON.parse(text.toString('utf8'))
  const entries = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {})
  const notes = new Map<string, string>()
  for (const [origin, note] of entries) {
    if (typeof note !== 'string' || parseCheckpoint(parseNote(note)?.text ?? '')?.origin !== origin) {
      throw new Fault('evidence', `${path} does not hold what this witness has cosigned`, {
        hint: 'Bring it back from a backup that is not older: a witness that forgets is none.',
      })
    }
    notes.set(origin, note)
  }
  return notes
}

function checkpointOf(note: string): Witnessed {
  // It was read or written as one.
  const { size, root } = parseCheckpoint(parseNote(note)!.text)!
  return { size, root }
}
