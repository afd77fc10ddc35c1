/** `constat-verify mirror`: rounds until it is told to stop, what each finds as lines, and its exit code. */
import { Fault, messageOf } from '@constat/shared/fault'
import { formatInstant } from '@constat/shared/time'
import type { Vkey } from '@constat/evidence/vkey'
import { plain } from './failure.ts'
import type { Finding } from './finding.ts'
import { Mirror } from './mirror.ts'
import { MirrorStore } from './mirror-store.ts'
import { RemoteLog } from './remote-log.ts'
import { failureLine, guaranteeLine } from './text.ts'
import type { World } from './world.ts'

export type MirrorFlags = { log: Vkey; dir: string; once?: boolean; every: number; json?: boolean }

/** What is published of windows that go on is asked for so often: the collector judges it for each asking. */
const COMPARE_EVERY_MS = 10 * 60_000

export async function runMirror(url: string, flags: MirrorFlags, world: World): Promise<number> {
  if (!/^https?:\/\/./.test(url)) throw new Fault('usage', `${url} is no http or https address of a log`)
  const { log, dir } = flags
  const store = await MirrorStore.open(dir)
  try {
    const remote = new RemoteLog({ url, token: world.env['CONSTAT_TOKEN'] ?? null })
    const progress = ({ done, of }: { done: number; of: number }): void =>
      world.progress(`${done} of ${of} entries`)
    const told = (finding: Finding): void => {
      world.progress(null)
      for (const line of linesOf(finding, flags, world)) world.out(line)
    }
    return await follow(new Mirror({ store, remote, log, told, progress }), flags, world)
  } finally {
    await store.close()
  }
}

async function follow(mirror: Mirror, { once, every }: MirrorFlags, world: World): Promise<number> {
  const stopped = once ? new AbortController().signal : interrupted()
  let comparedMs = -Infinity
  for (;;) {
    const compare = world.nowMs() - comparedMs >= COMPARE_EVERY_MS
    try {
      await mirror.round({ compare })
      if (compare) comparedMs = world.nowMs()
    } catch (error) {
      // A log that is away is asked again; nothing is known of it meanwhile.
      if (once || !(error instanceof Fault) || error.code !== 'network') throw error
      world.err(`${formatInstant(world.nowMs())} ${messageOf(error)}; asked again`)
    }
    if (mirror.isBroken) return 2
    if (once || stopped.aborted) return mirror.hasDifferences ? 1 : mirror.isUnjudged ? 4 : 0
    await passed(every * 1_000, stopped)
    if (stopped.aborted) return mirror.hasDifferences ? 1 : mirror.isUnjudged ? 4 : 0
  }
}

function interrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}

function passed(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    stopped.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}

function linesOf(finding: Finding, { json }: MirrorFlags, world: World): string[] {
  const at = formatInstant(world.nowMs())
  if (json) return [JSON.stringify({ at, ...finding })]
  switch (finding.kind) {
    case 'head': {
      const { frames, samples, lostFrames } = finding.frames
      const held = `${frames} frames, ${samples} samples, ${lostFrames} frames lost by agents`
      return [`${at} ${finding.size} entries under ${finding.root}: ${held}`]
    }
    case 'figures': {
      const { window, results } = finding.result
      const head = `${at} window ${plain(window)}, which goes on, comes to`
      return [head, ...results.guarantees.map(({ result }) => `  ${guaranteeLine(result)}`)]
    }
    case 'reproduced': {
      const { window, version, size } = finding
      const which = version === null ? 'as it is published now' : `closed, version ${version}`
      return [`${at} reproduced: window ${plain(window)}, ${which}, on ${size} entries`]
    }
    case 'failure':
      return [`${at} ${finding.isBroken ? 'BROKEN' : 'DIFFERS'}: ${failureLine(finding.failure)}`]
  }
}
