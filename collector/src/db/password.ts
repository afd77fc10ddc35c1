/**
 * Password of the embedded database. Its socket lies in a folder of the account that runs it; where that is
 * `nobody`, every other program of `nobody` may walk there. So PostgreSQL asks everybody for a password, which
 * lies beside the collector's key, mode 0600 and its owner's alone. Not pure.
 * Invariant: once a cluster was started it never trusts a connection.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, systemCode } from '@constat/shared/fault'
import { DATABASE, flagsOf, SETTINGS, USERNAME, type Cluster } from './cluster.ts'
import { CHILD_ENV } from './postmaster.ts'

const FILE = 'database.password'
const BYTES = 32
/** The whole of pg_hba.conf: the socket is the only way in. */
const RULES = '# Written by Constat at its start.\nlocal all all scram-sha-256\n'

export async function readPassword(dataDir: string): Promise<string | null> {
  return readFile(join(dataDir, FILE), 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null
    throw new Fault('forbidden', `the database of ${dataDir} belongs to another user`, {
      hint: 'run this as the user who started the collector',
      cause: error,
    })
  })
}

/** Sets one where none is asked for yet: a new cluster, one of an earlier version, a lost file. Safe to run twice. */
export async function demandPassword(cluster: Cluster, dataDir: string): Promise<string> {
  const rulesPath = join(cluster.home.clusterDir, 'pg_hba.conf')
  const known = await readPassword(dataDir)
  if (known !== null && (await readFile(rulesPath, 'utf8')) === RULES) return known
  const password = known ?? randomBytes(BYTES).toString('base64url')
  await writePrivate(join(dataDir, FILE), password)
  await alone(cluster, `alter role ${USERNAME} password '${password}'`)
  // Last: a start that was cut short before begins again here. The file keeps its owner, who is PostgreSQL's.
  await writeFile(rulesPath, RULES)
  return password
}

/** Whole or not there at all. */
async function writePrivate(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`
  const file = await open(unfinished, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path)
}

/** One statement in a PostgreSQL that listens nowhere (its single-user mode). */
async function alone({ home, native }: Cluster, statement: string): Promise<void> {
  const log = await open(home.logPath, 'a', 0o600)
  try {
    const args = ['--single', '-D', join(home.seenPath, 'cluster'), ...flagsOf(SETTINGS), DATABASE]
    const child = spawn(join(native, 'bin', 'postgres'), args, {
      ...home.account,
      cwd: '/',
      env: CHILD_ENV,
      stdio: ['pipe', log.fd, log.fd, home.handle?.fd ?? 'ignore'],
    })
    const code = await new Promise<number | null>((settle) => {
      child.once('error', () => settle(null))
      child.once('exit', settle)
      // It may end before it has read everything; its exit code says so.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(`${statement}\n`)
    })
    if (code === 0) return
  } finally {
    await log.close()
  }
  throw new Fault('database', 'the password of the database could not be set', {
    hint: `${home.logPath} has the whole story`,
  })
}
