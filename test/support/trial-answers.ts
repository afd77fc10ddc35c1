/** What a try of a document's addresses came to in a test: good, down, an old agent, in turn. */
import type { Probed, TriedCheck, TriedView } from '../../collector/src/view/trial.ts'

const PHASES = { dnsUs: 1_840, connectUs: 3_200, tlsUs: 12_400, ttfbUs: 61_300, transferUs: 900 }

function probedOf(url: string, changes: Partial<Probed>): Probed {
  const hop = { host: new URL(url).hostname, address: '192.0.2.80', port: 443, url, status: 200 }
  return {
    outcome: 'ok',
    cause: 'none',
    fault: 'none',
    value: 200,
    detail: 'status 200',
    latencyUs: 79_640,
    phasesUs: PHASES,
    hops: [{ ...hop, phasesUs: PHASES }],
    compared: [{ what: 'status', wanted: '2xx, or a page to sign on', seen: '200' }],
    ...changes,
  }
}

const DOWN = { outcome: 'fail', cause: 'status', fault: 'target', value: 503, code: '503' } as const

function triedCheck(url: string, turn: number): TriedCheck {
  const named = { check: `trial-${turn + 1}`, displayName: url }
  if (turn % 3 === 2) {
    const message = 'agent lyon 0.0.9 cannot try a check; upgrade it'
    const problem = { reason: 'old-agent', agent: 'lyon', detail: '0.0.9', message } as const
    return { ...named, agent: null, problem, result: null }
  }
  const result = probedOf(url, turn % 3 === 1 ? { ...DOWN, detail: 'status 503' } : {})
  return { ...named, agent: 'lyon', problem: null, result }
}

export function trialAnswers({ contract, text }: { contract: string; text: string }): TriedView {
  const urls = [...text.matchAll(/^ +- "?([a-z]+:\/\/[^\s"]+)/gm)].map(([, url]) => url ?? '')
  const checks = urls.map(triedCheck)
  return { contract, ok: checks.every(({ result }) => result?.outcome === 'ok'), checks }
}
