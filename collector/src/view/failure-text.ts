/** The first failure of an incident in one English line, for messages and the terminal. Pure. */
import type { IncidentView } from './timeline.ts'

/** `503 from https://portal.example/, 12 ms after the connection, seen from lyon` */
export function failureText({ failure, cause }: Pick<IncidentView, 'failure' | 'cause'>): string | null {
  if (!failure) return null
  const { code, target, agent, latencyUs, connectedUs } = failure
  const said =
    target === null ? (code ?? cause) : code === null ? `${cause}: ${target}` : `${code} from ${target}`
  const when =
    connectedUs === null
      ? `${lengthText(latencyUs ?? 0)} after the start`
      : `${lengthText(connectedUs)} after the connection`
  return `${said}, ${when}, seen from ${agent}`
}

const MS_US = 1_000
const S_US = 1_000_000

/** `4.2 ms`, `81 ms`, `5.0 s` */
function lengthText(us: number): string {
  if (us >= S_US) return `${(us / S_US).toFixed(1)} s`
  return `${(us / MS_US).toFixed(us < 10 * MS_US ? 1 : 0)} ms`
}
