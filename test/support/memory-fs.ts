/**
 * A file system in memory for the spool, which can be full, read-only, or cut off in the middle of a
 * write. Keeps the contract of the real one: an append either happens, or fails after a part of it.
 */
import type { SpoolFs } from '../../agent/src/spool-fs.ts'

export type MemoryFs = SpoolFs & {
  files: Map<string, Buffer>
  /** Bytes that still fit; Infinity by default. */
  room: { bytes: number }
  /** Every change fails with this code while it is set. */
  broken: { code: string | null }
}

export function createMemoryFs(): MemoryFs {
  const files = new Map<string, Buffer>()
  const room = { bytes: Infinity }
  const broken: { code: string | null } = { code: null }

  function failure(code: string, what: string): Error {
    return Object.assign(new Error(`${code}: ${what}`), { code })
  }
  function check(what: string): void {
    if (broken.code !== null) throw failure(broken.code, what)
  }
  function existing(path: string): Buffer {
    const file = files.get(path)
    if (!file) throw failure('ENOENT', path)
    return file
  }
  const put = async (path: string, bytes: Buffer): Promise<void> => {
    check(path)
    if (bytes.length > room.bytes) throw failure('ENOSPC', path)
    files.set(path, Buffer.from(bytes))
  }
  return {
    files,
    room,
    broken,
    makeFolder: async (path) => check(path),
    list: async (folder) => {
      const inside = [...files.keys()].filter((path) => path.startsWith(`${folder}/`))
      return inside.map((path) => path.slice(folder.length + 1)).filter((name) => !name.includes('/'))
    },
    read: async (path) => Buffer.from(existing(path)),
    readAt: async (path, { offset, length }) => Buffer.from(existing(path).subarray(offset, offset + length)),
    append: async (path, bytes) => {
      check(path)
      const fits = bytes.subarray(0, Math.min(bytes.length, room.bytes))
      room.bytes -= fits.length
      files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), fits]))
      if (fits.length < bytes.length) throw failure('ENOSPC', path)
    },
    replace: put,
    publish: put,
    truncate: async (path, bytes) => {
      check(path)
      files.set(path, existing(path).subarray(0, bytes))
    },
    move: async (from, to) => {
      check(from)
      files.set(to, existing(from))
      files.delete(from)
    },
    remove: async (path) => {
      check(path)
      files.delete(path)
    },
    freeBytes: async () => room.bytes,
  }
}
