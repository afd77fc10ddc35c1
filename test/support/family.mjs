/**
 * Family: every process that one has started, directly or through others, however far it went: its own
 * group, its own session, its parent long gone. Read from /proc; elsewhere than on Linux nothing is known
 * but the group. Plain Node, as test/run.mjs needs it before anything is installed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 250

/** `begun` tells a process from a later one with its number. */
function readProcesses() {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(Number(name)) : []))
}

function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // proc(5): the name in parentheses may hold anything, so what counts comes after the last one.
    const [state, parent, group, , , , , , , , , , , , , , , , , begun] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
    // A zombie has ended; it waits for its parent alone.
    return state === 'Z' ? [] : [{ pid, parent: Number(parent), group: Number(group), begun }]
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return []
    throw error
  }
}

/**
 * The family of `root`, which has just been started as the leader of its group with `mark` in its
 * environment. A process is found by its parent, by its group or by the mark; `look` is to be called now
 * and then, for those whose parent will be gone, with a group and an environment of their own.
 */
export function familyOf(root, mark) {
  const isLinux = process.platform === 'linux'
  const known = new Map((isLinux ? readProcess(root) : []).map(({ pid, begun }) => [pid, begun]))
  /** Who does not bear the mark, which nobody takes on later: it is read once. */
  let strangers = new Map()

  /** Adds whoever is new and answers all that live. */
  function look() {
    if (!isLinux) return []
    const processes = readProcesses()
    const others = processes.filter(({ pid, begun }) => known.get(pid) !== begun)
    const asked = others.filter(({ pid, begun }) => strangers.get(pid) !== begun)
    const marked = new Set(asked.filter(({ pid }) => isMarked(pid, mark)))
    strangers = new Map(others.filter((one) => !marked.has(one)).map(({ pid, begun }) => [pid, begun]))
    const alive = processes.filter((one) => known.get(one.pid) === one.begun || marked.has(one))
    const members = new Map(alive.map((one) => [one.pid, one]))
    const groups = new Set(alive.map(({ group }) => group))
    for (let before = -1; before < members.size;) {
      before = members.size
      for (const one of processes) {
        if (!members.has(one.parent) && !groups.has(one.group)) continue
        members.set(one.pid, one)
        groups.add(one.group)
      }
    }
    known.clear()
    for (const { pid, begun } of members.values()) known.set(pid, begun)
    return [...members.keys()]
  }

  function signal(name) {
    for (const pid of isLinux ? look() : [-root]) send(pid, name)
  }

  /** Whether nobody is left; waits for it that long. */
  async function isGone(withinMs) {
    for (let leftMs = withinMs; leftMs >= 0; leftMs -= POLL_MS) {
      if (isLinux ? look().length === 0 : !send(-root, 0)) return true
      await sleep(POLL_MS)
    }
    return false
  }

  /** Asks, and then does not ask any more. Answers whether all of it is gone. */
  async function end({ graceMs, limitMs }) {
    signal('SIGTERM')
    if (await isGone(graceMs)) return true
    for (let leftMs = limitMs; leftMs > 0; leftMs -= 4 * POLL_MS) {
      signal('SIGKILL')
      if (await isGone(4 * POLL_MS)) return true
    }
    return false
  }

  return { look, isGone, end }
}

function isMarked(pid, mark) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
  } catch (error) {
    // Gone, or somebody else's.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) return false
    throw error
  }
}

function send(pid, name) {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (error.code === 'ESRCH' || error.code === 'EPERM') return false
    throw error
  }
}

/** What it was started with, for people. */
export function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 120)
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '(gone)'
    throw error
  }
}
