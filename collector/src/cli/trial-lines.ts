/** A try for the terminal: of each check the verdict, the hosts that were asked, the phases and what was wanted. Pure. */
import type { Probed, TriedCheck } from '../view/trial.ts'

export function trialLines({ check, agent, problem, result }: TriedCheck): string[] {
  if (!result) return [`${check}: not tried: ${problem?.message ?? 'no answer'}`]
  const { outcome, cause, value, detail } = result
  const verdict = cause === 'none' ? outcome : `${outcome} (${cause})`
  return [`${check}, seen from ${agent ?? '?'}: ${verdict}  value ${value}  ${detail}`, ...auditLines(result)]
}

function auditLines({ hops, phasesUs, latencyUs, compared }: Probed): string[] {
  const asked = hops.map(({ host, address, port, url, status }) => {
    const at = [address ?? 'no address', port].filter((part) => part !== null).join(' port ')
    return `asked ${url ?? host} at ${at}${status === undefined ? '' : `: status ${status}`}`
  })
  const phases = Object.entries(phasesUs)
    .filter(([, us]) => us > 0)
    .map(([phase, us]) => `${phase.replace(/Us$/, '')} ${milliseconds(us)}`)
  const wants = compared.map(
    ({ what, wanted, seen }) => `${what}: wanted ${wanted}${seen === null ? '' : `, seen ${seen}`}`,
  )
  return [...asked, [...phases, `total ${milliseconds(latencyUs)}`].join(', '), ...wants].map(
    (line) => `  ${line}`,
  )
}

function milliseconds(us: number): string {
  return `${(us / 1_000).toFixed(3)} ms`
}
