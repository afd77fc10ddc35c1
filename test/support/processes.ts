/**
 * Processes: programs that a test starts, and what is left of them. Linux, as it reads /proc.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** Many a look reads all of /proc. */
const POLL_MS = 50

export type Program = {
  child: ChildProcess
  /** The first line of stdout. Rejects when it ends without one, with what it said on stderr. */
  firstLine: Promise<string>
  exited: Promise<number | null>
  said(): string
}

export function startProgram(command: readonly [string, ...string[]], options: SpawnOptions = {}): Program {
  const [program, ...args] = command
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const exited = new Promise<number | null>((settle) => child.once('close', settle))
  const firstLine = new Promise<string>((settle, fail) => {
    child.once('error', fail)
    if (child.stdout !== null) createInterface(child.stdout).once('line', settle)
    void exited.then((code) => fail(new Error(`ended with ${code}: ${said}`)))
  })
  return { child, firstLine, exited, said: () => said }
}

/** Of every process whose working folder is `folder` or below it, `self` aside. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const cwd = linkOf(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
      return cwd === folder || cwd.startsWith(`${folder}/`)
    })
}

/** Empty where the process is gone. */
export function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Resident and proportional memory of these processes together. */
export function memoryKb(pids: readonly number[]): { rssKb: number; pssKb: number } {
  const total = { rssKb: 0, pssKb: 0 }
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    total.rssKb += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
    total.pssKb += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
  }
  return total
}

/** Polls until `isTrue`; throws with `what` when it never is. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { limitMs = 20_000 }: { limitMs?: number } = {},
): Promise<void> {
  const endMs = performance.now() + limitMs
  while (performance.now() < endMs) {
    if (await isTrue()) return
    await sleep(POLL_MS)
  }
  throw new Error(`${what}: not within ${limitMs} ms`)
}
