/**
 * Network: whether this host can have the namespaces and cables that the network campaign is made of.
 * Plain Node, as test/run.mjs asks too. What it tries, it removes.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'

/** No command of iproute2 comes near it; one that hangs must not hold a test. */
const COMMAND_LIMIT_MS = 10_000
const TUN = '/dev/net/tun'

/** Why this host cannot have namespaces, as a sentence; null where it can. */
export function namespaceProblem() {
  if (process.platform !== 'linux') return 'network namespaces are Linux only'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  if (!canRun('ip', ['-V'])) return 'iproute2 is not installed (Debian: apt-get install iproute2)'
  const probe = `cst-${process.pid}-can`
  if (!canRun('ip', ['netns', 'add', probe])) return 'this host lets nobody make a network namespace'
  return canRun('ip', ['netns', 'del', probe]) ? null : 'a network namespace could not be removed again'
}

/** The same for a whole campaign: cables need TAP interfaces and Perl, its name servers dnsmasq. */
export function campaignProblem() {
  const problem = namespaceProblem()
  if (problem !== null) return problem
  if (!canRun('perl', ['-v'])) return 'perl is not installed (Debian: apt-get install perl)'
  if (!canRun('dnsmasq', ['--version']))
    return 'dnsmasq is not installed (Debian: apt-get install dnsmasq-base)'
  try {
    accessSync(TUN, constants.R_OK | constants.W_OK)
    return null
  } catch (error) {
    return `${TUN} cannot be opened (${error.code})`
  }
}

function canRun(program, args) {
  return spawnSync(program, args, { stdio: 'ignore', timeout: COMMAND_LIMIT_MS }).status === 0
}
