/** The demo's reasons why something is unknown: nantes fell silent, lille has no ping, a firewall stood between. Pure. */
import type { UnknownShare, WhySpan, WhyView } from '@constat/collector/view/parts'
import { AGENTS } from './demo-story.ts'

type Agent = (typeof AGENTS)[number]

const REASONS = { lyon: 'blocked', lille: 'no-program', nantes: 'silent' } as const

function whyOf({ id, name }: Agent, since: string | null): WhyView {
  return { reason: REASONS[name], agent: id, name, since }
}

/** Of one agent, or of all of them. */
export function demoReasons(span: { start: string; end: string }, agent?: string): WhySpan[] {
  const told = AGENTS.filter(({ id }) => agent === undefined || id === agent)
  return told.map((one) => ({ ...whyOf(one, span.start), ...span }))
}

export function demoWhy(since: string | null): WhyView[] {
  return AGENTS.map((one) => whyOf(one, since))
}

/** Half of it by each of two agents. */
export function demoShares(unknownMs: number): UnknownShare[] {
  if (unknownMs === 0) return []
  return AGENTS.slice(1).map((one, i) => {
    const { since: _, ...blamed } = whyOf(one, null)
    return { ...blamed, ms: Math.trunc(unknownMs / (i + 1)) }
  })
}
