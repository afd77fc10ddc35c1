/**
 * Names: what our resolver makes of odd answers, beside glibc, each in a network and with a resolv.conf of its own.
 * A difference is a defect.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { oddNames, type OddName } from './odd-names.ts'

export type NameDifference = OddName & { ours: string; theirs: string[] }

const CHILD = fileURLToPath(new URL('./name-agreement-child.ts', import.meta.url))
const RESOLV_CONF = 'nameserver 127.0.0.1\n'
// An address beside loopback: without one glibc asks for none.
const SCRIPT =
  'ip link set lo up && ip address add 198.51.100.1/32 dev lo && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'

/** Needs the right to make namespaces. */
export async function agreeOnNames({ count, seed }: { count: number; seed: number }): Promise<{
  names: number
  /** Names that have an address. */
  found: number
  differences: NameDifference[]
}> {
  const dir = mkdtempSync(join(tmpdir(), 'constat-names-'))
  try {
    const conf = join(dir, 'resolv.conf')
    writeFileSync(conf, RESOLV_CONF)
    const node = [process.execPath, '--import', 'tsx', CHILD, String(count), String(seed)]
    const unshared = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, 'sh', conf, ...node]
    const { stdout } = await promisify(execFile)('unshare', unshared, { maxBuffer: 64 * 1024 * 1024 })
    // The child's own words.
    const seen = JSON.parse(stdout) as { ours: string; theirs: string[] }[]
    const all = oddNames(count, seed).map((odd, i) => ({ ...odd, ...seen[i]! }))
    const differences = all.filter(isOther)
    return { names: all.length, found: all.filter(({ theirs }) => theirs.length > 0).length, differences }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0
}

/** Whichever of several addresses it is. */
function isOther({ ours, theirs }: NameDifference): boolean {
  return theirs.length === 0 ? isAddress(ours) : !theirs.includes(ours)
}
