/** English: why something is unknown. `agent` is a name; `since` an instant as text. Pure. */
import type { UnknownReason } from '@constat/sla/unknown'

export type Blamed = { agent: string; since: string | null }
export type ReasonText = Record<UnknownReason, (blamed: Blamed) => string>

export const unknownEn = {
  title: 'Why it is unknown',
  because: (reasons: readonly string[]) => `Why: ${reasons.join('; ')}.`,
  more: (n: number) => `${n} more`,
  /** How long it made something unknown. */
  lasted: ({ reason, length }: { reason: string; length: string }) => `${reason}: ${length}`,
  check: ({ check, reason }: { check: string; reason: string }) => `${check}: ${reason}`,
  reason: {
    blocked: ({ agent }) => `a firewall or a rate limit answered ${agent} in the target’s place`,
    'no-program': ({ agent }) => `neither fping nor ping is installed on ${agent}`,
    unsupported: ({ agent }) => `${agent} cannot run this check`,
    denied: ({ agent }) => `refused on ${agent} by the host’s policy or its own firewall`,
    network: ({ agent }) => `${agent} had no link, or no route to the target`,
    resources: ({ agent }) => `${agent} was out of files, ports or memory`,
    interference: ({ agent }) => `${agent} was too busy to time its probes`,
    suspended: ({ agent }) => `the host of ${agent} slept, or its clock jumped`,
    missed: ({ agent }) => `${agent} let its slots pass without a probe`,
    isolated: ({ agent }) => `${agent} itself was cut off: every reference that it runs failed`,
    silent: ({ agent, since }) => `agent ${agent} silent${since === null ? '' : ` since ${since}`}`,
    lost: ({ agent }) => `the spool of ${agent} was full, and samples were lost`,
    'not-measured': ({ agent }) => `${agent} has not measured it yet`,
    unexplained: ({ agent }) => `${agent} could not tell, and gave no reason`,
    'no-agent': () => 'no agent may measure it',
    'not-in-force': () => 'not part of the contract in force then',
    'probing-stopped': () => 'a revision stopped the probing (apply --stop-probing)',
    'set-aside': () => 'the contract is set aside',
    archived: () => 'the contract was archived',
  } satisfies ReasonText as ReasonText,
}
export type UnknownText = typeof unknownEn
