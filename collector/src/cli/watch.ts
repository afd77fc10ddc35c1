/** The contract that `up --watch` writes: five lines a person can go on from. Pure. */
import { durationText, parseDuration } from '@constat/sla/duration'
import { stringify } from 'yaml'

export type Watch = {
  urls: readonly string[]
  target: string
  every: string
  /** Absent: 5 s, or half of `every` where that is not more. */
  timeout?: string | undefined
  timeZone: string
}

export const WATCH_CONTRACT = 'watch'

const TIMEOUT_MS = 5_000

/** One probe every `every`, two failures confirm, people are told at once. */
export function watchDocument({ urls, target, every, timeout, timeZone }: Watch): string {
  const document = {
    apiVersion: 'constat/v1',
    kind: 'Contract',
    metadata: { name: WATCH_CONTRACT, displayName: 'Watched services' },
    spec: {
      provider: 'Unnamed provider',
      target,
      timeZone,
      watch: urls,
      every,
      timeout: timeout ?? timeoutFor(every),
      confirm: { down: 2, up: 1, by: 'reprobes' },
      alertAfter: 'PT0S',
    },
  }
  return `# Written by \`constat up --watch\`. Name the provider, then: constat apply -f this-file\n${stringify(document)}`
}

/** A probe ends before the next begins. */
function timeoutFor(every: string): string {
  const everyMs = parseDuration(every) ?? Infinity
  return durationText(everyMs > TIMEOUT_MS ? TIMEOUT_MS : Math.ceil(everyMs / 2))
}
