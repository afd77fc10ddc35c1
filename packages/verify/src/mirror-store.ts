/**
 * What a mirror keeps, in a folder of its own: every entry of a log, as tlog-tiles packs them, and the newest head that
 * it has held them against. Entries are on the disk before the head that covers them. Not pure.
 */
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parseCheckpoint, type Checkpoint } from '@constat/evidence/checkpoint'
import { parseNote } from '@constat/evidence/note'
import { Fault } from '@constat/shared/fault'
import type { FolderLock } from '@constat/shared/folder-lock'
import { holdFolder, readIfThere, unusable, writeDurably } from './folder.ts'

const ENTRIES_FILE = 'entries'
const HEAD_FILE = 'checkpoint'
const BESIDE_FOLDER = 'beside'

export class MirrorStore {
  /** Of the head that is kept; null before the first. */
  head: { note: string; checkpoint: Checkpoint } | null
  readonly entries: Buffer[]
  readonly #dir: string
  readonly #lock: FolderLock
  /** Length of the file of entries. */
  #bytes: number
  #contradictions = 0

  private constructor(dir: string, lock: FolderLock) {
    this.#dir = dir
    this.#lock = lock
    const note = readIfThere(join(dir, HEAD_FILE))?.toString('utf8') ?? null
    this.head = note === null ? null : { note, checkpoint: readHead(note, dir) }
    const { entries, bytes } = readEntries(dir, this.head?.checkpoint.size ?? 0)
    this.entries = entries
    this.#bytes = bytes
    mkdirSync(join(dir, BESIDE_FOLDER), { recursive: true, mode: 0o700 })
  }

  /** Faults `conflict`, `disk`; `evidence` where it does not hold what its head covers. */
  static async open(dir: string): Promise<MirrorStore> {
    const lock = await holdFolder(dir, 'mirror')
    try {
      return new MirrorStore(dir, lock)
    } catch (error) {
      await lock.release()
      throw unusable('mirror', error)
    }
  }

  /** On the disk when it returns: first the entries, then the head that they were held against. */
  keep({ note, checkpoint }: { note: string; checkpoint: Checkpoint }, added: readonly Buffer[]): void {
    const bytes = Buffer.concat(added.flatMap((one) => [Buffer.of(one.length >> 8, one.length & 0xff), one]))
    const file = openSync(join(this.#dir, ENTRIES_FILE), 'a+', 0o600)
    try {
      // What a crash left behind is not covered by any head.
      ftruncateSync(file, this.#bytes)
      writeSync(file, bytes)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    this.#bytes += bytes.length
    writeDurably(join(this.#dir, HEAD_FILE), note)
    for (const one of added) this.entries.push(one)
    this.head = { note, checkpoint }
  }

  beside(digest: string): Buffer | null {
    return readIfThere(join(this.#dir, BESIDE_FOLDER, digest))
  }

  keepBeside(digest: string, bytes: Buffer): void {
    writeDurably(join(this.#dir, BESIDE_FOLDER, digest), bytes)
  }

  /** A head that cannot be true together with the one that is kept: with it, it proves that the log lied. */
  keepContradiction(note: string): string {
    let path: string
    do {
      this.#contradictions += 1
      path = join(this.#dir, `contradiction-${this.#contradictions}`)
    } while (readIfThere(path) !== null)
    writeDurably(path, note)
    return path
  }

  close(): Promise<void> {
    return this.#lock.release()
  }
}

function readHead(note: string, dir: string): Checkpoint {
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '')
  if (checkpoint) return checkpoint
  throw new Fault('evidence', `${join(dir, HEAD_FILE)} is no checkpoint`, { hint: AGAIN })
}

const AGAIN = 'Keep the folder, and begin anew in an empty one.'

function readEntries(dir: string, size: number): { entries: Buffer[]; bytes: number } {
  const all = readIfThere(join(dir, ENTRIES_FILE)) ?? Buffer.alloc(0)
  const entries: Buffer[] = []
  let at = 0
  while (entries.length < size && at + 2 <= all.length) {
    const end = at + 2 + all.readUInt16BE(at)
    if (end > all.length) break
    entries.push(all.subarray(at + 2, end))
    at = end
  }
  if (entries.length === size) return { entries, bytes: at }
  throw new Fault('evidence', `${join(dir, ENTRIES_FILE)} lacks entries that were held before`, {
    hint: AGAIN,
  })
}
