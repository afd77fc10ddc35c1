/**
 * Agreement: odd answers counted by our probe, by Chromium and by curl. Where the two clients differ Chromium
 * is followed. Each difference that is left has its reason in this file; one without is a defect.
 */
import { runProbe } from '@constat/probe/kinds'
import type { ProbeResult } from '@constat/probe/probe'
import { oddAnswers, type OddAnswer } from './odd-answers.ts'
import { startOddServer, type OddServer } from './odd-server.ts'
import { probingContext } from './probing.ts'
import { askCurl, startBrowser, type Browser, type Counted } from './reference-clients.ts'

/** Of one answer: what each made of it. `reason`: why our probe differs from Chromium; undefined: nobody knows. */
export type Difference = {
  answer: number
  oddities: string[]
  what: string
  seen: { probe: string; chromium: string; curl: string }
  reason: string | undefined
}

export type Agreement = {
  answers: number
  differences: Difference[]
  /** Answers that curl counts otherwise than Chromium: there the check can choose. */
  curlDiffers: number
}

const BATCH = 100
/** Long: a busy machine is no difference. */
const TIMEOUT_MS = 20_000
const PROBES_AT_ONCE = 8

type Ours = { plain: ProbeResult; asked: ProbeResult | null; targets: string[] }
type Seen = { odd: OddAnswer; ours: Ours; chromium: Counted; curl: Counted; targets: string[] }

/** Of both of us: the first that fits is why. */
const REASONS: { why: string; fits: (seen: Seen) => boolean }[] = [
  {
    why: 'cut off within its head: Chromium shows what came over http, and refuses the same over https',
    fits: ({ odd, ours }) => odd.oddities.includes('cut in the head') && ours.plain.cause === 'reset',
  },
  {
    why: 'zstd: this Node.js cannot read it, and what is asked of the body is not known to hold',
    fits: ({ odd, ours }) =>
      odd.oddities.includes('zstd') && ours.asked?.cause === 'unreadable' && !canZstd(),
  },
  {
    why: 'a stream that ends early proves nothing that is not in it',
    fits: ({ odd, ours }) => /cut short/.test(odd.oddities.join()) && ours.asked?.cause === 'unreadable',
  },
  {
    why: 'whole before its reset, as curl has it; Chromium had not read it yet',
    fits: ({ odd, chromium, curl }) =>
      odd.end === 'reset' && chromium.kind === 'refused' && curl.kind === 'read',
  },
  {
    why: 'what follows a stream is no part of it, as curl has it; Chromium takes it for the checksum of a frame that is not there',
    fits: ({ odd, chromium, curl }) =>
      odd.oddities.includes('raw deflate') &&
      odd.oddities.includes('a comment after it') &&
      chromium.kind === 'refused' &&
      curl.kind === 'read',
  },
  {
    why: 'undeclared UTF-8 is read as such; Chromium guesses windows-1252 for a page on the network',
    fits: ({ odd, ours }) => odd.isPage && ours.asked?.outcome === 'ok',
  },
]

function canZstd(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 15)
}

/** `looked`: told after each batch how many answers are done. */
export async function agree(
  { count, seed }: { count: number; seed: number },
  looked: (done: number) => void = () => {},
): Promise<Agreement> {
  const answers = oddAnswers(count, seed)
  const server = await startOddServer(answers)
  const browser = await startBrowser(server.origin)
  try {
    const differences: Difference[] = []
    let curlDiffers = 0
    for (let from = 0; from < count; from += BATCH) {
      const numbers = answers.slice(from, from + BATCH).map((_, i) => from + i)
      const all = await seenOf(numbers, { answers, server, browser })
      for (const [i, seen] of all.entries()) {
        const what = differenceOf(seen)
        if (what !== undefined) differences.push(describe(from + i, what, seen))
        if (isRead(seen.curl) !== isRead(seen.chromium)) curlDiffers += 1
      }
      looked(from + numbers.length)
    }
    return { answers: count, differences, curlDiffers }
  } finally {
    await browser.close()
    await server.close()
  }
}

type World = { answers: readonly OddAnswer[]; server: OddServer; browser: Browser }

async function seenOf(numbers: readonly number[], { answers, server, browser }: World): Promise<Seen[]> {
  const asked = numbers.map((i) => {
    const { method, isPage } = answers[i]!
    return { url: `${server.origin}/a/${i}`, method, isPage }
  })
  const [chromium, curl] = await Promise.all([browser.ask(asked), askCurl(asked)])
  const ours: Ours[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < numbers.length) {
      const at = next
      next += 1
      ours[at] = await probeTwice(numbers[at]!, { answers, server })
    }
  }
  await Promise.all(Array.from({ length: PROBES_AT_ONCE }, work))
  return numbers.map((i, at) => ({
    odd: answers[i]!,
    ours: ours[at]!,
    chromium: chromium[at]!,
    curl: curl[at]!,
    targets: server.asked(i, 'mozilla'),
  }))
}

/** Once for whether it is up, and once for what it says. */
async function probeTwice(i: number, { answers, server }: Omit<World, 'browser'>): Promise<Ours> {
  const { method, token } = answers[i]!
  const spec = { kind: 'http', url: `${server.origin}/a/${i}`, method } as const
  const context = probingContext({ timeoutMs: TIMEOUT_MS })
  const plain = await runProbe(spec, context)
  const targets = server.asked(i, 'constat-agent')
  const asked = method === 'HEAD' ? null : await runProbe({ ...spec, bodyContains: token }, context)
  return { plain, asked, targets }
}

const UNREAD: ReadonlySet<string> = new Set([
  'protocol',
  'reset',
  'timeout',
  'unreadable',
  'connect',
  'redirect',
  'size',
])

/** What is different, in words; undefined where nothing is. */
function differenceOf({
  odd,
  ours: { plain, asked, targets },
  chromium,
  targets: theirs,
}: Seen): string | undefined {
  const isUp = plain.outcome === 'ok'
  if (chromium.kind === 'refused') {
    // Down by its status, which is judged first, or as no answer: down either way.
    return isUp || plain.outcome === 'unknown' ? `refused by Chromium, ${plain.outcome} for us` : undefined
  }
  if (UNREAD.has(plain.cause)) return `read by Chromium, ${plain.cause} for us`
  if (plain.value !== chromium.status) return `status ${chromium.status} for Chromium, ${plain.value} for us`
  if (plain.outcome === 'unknown') return `read by Chromium, unknown for us`
  // A page is fetched and then shown; what was fetched comes first, twice where a kept connection was gone.
  const first = theirs.filter((target, i) => target !== theirs[i - 1]).slice(0, targets.length)
  if (first.join('\n') !== targets.join('\n'))
    return `Chromium asked for ${first.join(' ')}, we for ${targets.join(' ')}`
  if (asked === null || !isUp) return undefined
  const shows = chromium.text.includes(odd.token)
  if (shows === (asked.outcome === 'ok')) return undefined
  return shows ? `Chromium shows the text, ${asked.cause} for us` : 'the text is not in what Chromium shows'
}

function describe(answer: number, what: string, seen: Seen): Difference {
  const { odd, ours, chromium, curl } = seen
  const { outcome, cause, detail } = ours.asked?.outcome === 'ok' ? ours.plain : (ours.asked ?? ours.plain)
  return {
    answer,
    oddities: odd.oddities,
    what,
    seen: { probe: `${outcome} ${cause}: ${detail}`, chromium: said(chromium), curl: said(curl) },
    reason: REASONS.find(({ fits }) => fits(seen))?.why,
  }
}

function said(counted: Counted): string {
  return counted.kind === 'read' ? `status ${counted.status}` : counted.reason
}

function isRead(counted: Counted): boolean {
  return counted.kind === 'read'
}
