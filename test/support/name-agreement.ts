/**
 * Names: what our resolver makes of odd answers, beside glibc, each in a network and with a resolv.conf of its own.
 * Each difference that is left has its reason in this file; one without is a defect.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { oddNames, type OddName } from './odd-names.ts'

export type NameDifference = OddName & { ours: string; theirs: string[]; reason: string | undefined }

type Reason = { why: string; of: readonly string[]; fits: (seen: NameDifference) => boolean }

/** The first that fits is why. Names are asked for with c-ares, the resolver that Node.js has, and it reads the answer. */
const REASONS: readonly Reason[] = [
  {
    why: 'c-ares takes every address of an answer, whichever name it is said to belong to',
    of: [
      'an alias behind its address',
      'two aliases of one name',
      'the address of another name first',
      'only the address of another name',
    ],
    fits: ({ ours }) => isAddress(ours),
  },
  {
    why: 'c-ares reads the first four bytes of a longer address',
    of: ['five bytes of an address'],
    fits: ({ ours }) => isAddress(ours),
  },
  {
    why: 'c-ares refuses an answer with a shorter address, whatever else is in it',
    of: ['a short address, then a whole one', 'three bytes of an address'],
    fits: ({ ours }) => ours === 'EBADRESP',
  },
  {
    why: 'c-ares takes an address that comes with an rcode of other messages',
    of: ['an rcode of updates'],
    fits: ({ ours, theirs }) => isAddress(ours) && theirs.length === 0,
  },
]

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
    const all = oddNames(count, seed).map((odd, i) => ({ ...odd, ...seen[i]!, reason: undefined }))
    const differences = all.filter(isOther).map((one) => ({ ...one, reason: reasonOf(one) }))
    return { names: all.length, found: all.filter(({ theirs }) => theirs.length > 0).length, differences }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function reasonOf(seen: NameDifference): string | undefined {
  return REASONS.find(({ of, fits }) => of.some((one) => seen.oddities.includes(one)) && fits(seen))?.why
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0
}

/** Whichever of several addresses it is. */
function isOther({ ours, theirs }: NameDifference): boolean {
  return theirs.length === 0 ? isAddress(ours) : !theirs.includes(ours)
}
