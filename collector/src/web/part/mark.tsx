/**
 * Marks: a state as shape, word and colour at once, so that none of them is needed to read it. Pure.
 */
import type { Child } from 'hono/jsx'
import type { ContractView } from '../../view/contract.ts'
import type { SiteHead } from '../../view/guarantee.ts'
import type { State, Verdict } from '../../view/parts.ts'
import type { Scene } from '../scene.ts'
import type { Text } from '../text/en.ts'

/** Shapes differ in outline, not only in colour: disc, triangle, half disc, octagon, dashed ring. */
function Shape({ state }: { state: State }) {
  switch (state) {
    case 'up':
      return (
        <>
          <circle cx="8" cy="8" r="7" />
          <path d="M4.6 8.3 7 10.7l4.4-5" class="cut" />
        </>
      )
    case 'degraded':
      return (
        <>
          <path d="M8 1 15.2 14.5H.8Z" />
          <path d="M8 6v4M8 12v.6" class="cut" />
        </>
      )
    case 'partial':
      return (
        <>
          <circle cx="8" cy="8" r="6.2" class="line" />
          <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4Z" />
        </>
      )
    case 'down':
      return (
        <>
          <path d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9Z" />
          <path d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6" class="cut" />
        </>
      )
    case 'unknown':
      return (
        <>
          <circle cx="8" cy="8" r="6.4" class="line dashed" />
          <path d="M6.2 6.3c.2-2.3 3.6-2.2 3.6 0 0 1.4-1.8 1.3-1.8 2.9M8 11.2v.6" class="line" />
        </>
      )
  }
}

export function StateIcon({ state }: { state: State }) {
  return (
    <svg class={`icon is-${state}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <Shape state={state} />
    </svg>
  )
}

export function StateMark({ state, text }: { state: State; text: Text }) {
  return (
    <span class={`mark is-${state}`}>
      <StateIcon state={state} />
      <span>{text.state[state]}</span>
    </span>
  )
}

/** A word pressed on the sheet like a rubber stamp. */
export function Stamp({ tone, children }: { tone: 'good' | 'bad' | 'warn' | 'calm'; children: Child }) {
  return <span class={`stamp ${tone}`}>{children}</span>
}

/** A state now, unless it has none any more. */
export function ContractMarks({ contract, scene: { text } }: { contract: ContractView; scene: Scene }) {
  return (
    <>
      {contract.endedAt === null && <StateMark state={contract.state} text={text} />}
      {contract.endedAt !== null && <Stamp tone="calm">{text.ending.ended}</Stamp>}
      {contract.trouble !== null && <Stamp tone="bad">{text.ending.setAside}</Stamp>}
    </>
  )
}

/** Two sheets, one over the other: what both parties hold. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect x="9" y="3" width="20" height="24" rx="2" class="under" />
      <rect x="3" y="6" width="20" height="23" rx="2" class="over" />
      <path d="M7 13h12M7 18h12M7 23h7" class="rules" />
    </svg>
  )
}

const VERDICT_TONE = { met: 'good', not_met: 'bad', indeterminate: 'calm' } as const satisfies Record<
  Verdict,
  string
>

type Judged = Pick<SiteHead, 'verdict' | 'outlook' | 'insufficientEvidence'>

export function VerdictStamp({ guarantee: g, scene }: { guarantee: Judged; scene: Scene }) {
  const { text } = scene
  const open = g.verdict === 'indeterminate' && g.outlook !== null
  return (
    <span class="stamps">
      {open ? (
        <Stamp tone={g.outlook === 'at_risk' ? 'warn' : 'calm'}>
          {text.outlook[g.outlook ?? 'on_track']}
        </Stamp>
      ) : (
        <Stamp tone={VERDICT_TONE[g.verdict]}>{text.verdict[g.verdict]}</Stamp>
      )}
      {g.insufficientEvidence && <Stamp tone="warn">{text.insufficient}</Stamp>}
    </span>
  )
}
