/**
 * Secrets of a check, fetched before its clock starts. Where one is not to be had the sample is unknown:
 * what is missing is missing on the agent's host, and says nothing about the target.
 */
import { messageOf } from '@constat/shared/fault'
import { NO_PHASES, type Cause } from '@constat/shared/sample'
import type { ProbeContext, ProbeResult, TlsMaterial, Trust } from './probe.ts'

/**
 * The secrets of the names given, by the same keys; or the result of a probe that lacks one, or may not take one to all
 * of `origins`. Without origins nothing of them leaves the host: they are what to trust.
 */
export async function readSecrets<K extends string>(
  names: { [N in K]?: string | undefined },
  { secret, denied }: Pick<ProbeContext, 'secret' | 'denied'>,
  origins: readonly string[] = [],
): Promise<{ kind: 'read'; secrets: { [N in K]?: Buffer } } | { kind: 'lacking'; result: ProbeResult }> {
  const secrets: { [N in K]?: Buffer } = {}
  // Object.keys knows no more of the type than that these are texts.
  for (const key of Object.keys(names) as K[]) {
    const name = names[key]
    if (name === undefined) continue
    const refused = denied.secretRefusal(name, origins)
    if (refused !== undefined) return { kind: 'lacking', result: lacking('denied', refused) }
    const bytes = await secret(name)
    if (typeof bytes === 'string') return { kind: 'lacking', result: unsupported(bytes) }
    secrets[key] = bytes
  }
  return { kind: 'read', secrets }
}

/** What a text secret holds: one trailing line end is the editor's, not the secret's. */
export function secretText(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\r?\n$/, '')
}

/** Runs a probe that trusts the authorities of this secret, where one is named. */
export async function withAuthority(
  authority: string | undefined,
  context: ProbeContext,
  run: (context: ProbeContext) => Promise<ProbeResult>,
): Promise<ProbeResult> {
  if (authority === undefined) return run(context)
  const read = await readSecrets({ ca: authority }, context)
  if (read.kind === 'lacking') return read.result
  const material: TlsMaterial = read.secrets
  let own: Trust
  try {
    own = await context.secureContext(material)
  } catch (error) {
    return unsupported(`not PEM that TLS can use (${messageOf(error)}): put it right in ${authority}`)
  }
  return run({ ...context, secureContext: () => Promise.resolve(own) })
}

/** The result of a probe that lacks what it needs on this host. */
export function unsupported(detail: string): ProbeResult {
  return lacking('unsupported', detail)
}

function lacking(cause: Cause, detail: string): ProbeResult {
  return { outcome: 'unknown', cause, latencyUs: 0, value: 0, phases: NO_PHASES, detail }
}
