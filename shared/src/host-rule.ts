/**
 * Host rules: what a host check may name, and the limits it may set. The contract and the agent hold to
 * the same rules, so that what one accepts the other runs. Pure.
 */
import type { HOST_METRICS } from './check.ts'

export type HostMetric = (typeof HOST_METRICS)[number]
export type HostProgram = 'process' | 'service'

/** A limit of 100 % is never passed. The others: the value of a sample is an int32; 1 Tbit/s in kbit/s. */
const SHARE_MAX = 99
const FIGURE_MAX = 1_000_000_000

/** The range of `degradedOver` and `failOver`. */
export function limitRange(metric: HostMetric): { min: number; max: number } {
  return { min: 0, max: metric === 'load' || metric === 'network' ? FIGURE_MAX : SHARE_MAX }
}

/** A form, and the words for it. */
export type NameRule = { form: RegExp; words: string }

/** What `of` is for the metrics that a host has several of; undefined for the others. */
export function placeRule(metric: HostMetric): NameRule | undefined {
  if (metric === 'disk') return MOUNT_POINT
  return metric === 'network' ? INTERFACE : undefined
}

const MOUNT_POINT: NameRule = {
  form: /^(?=.{1,1024}$)(\/|[A-Za-z]:\\)\P{Cc}*$/u,
  words: 'a mount point in full, such as /var or D:\\',
}
const INTERFACE: NameRule = {
  form: /^[^\s/\p{Cc}]([^/\p{Cc}]{0,62}[^\s/\p{Cc}])?$/u,
  words: 'the name of an interface, such as eth0',
}

/** Names are compared, or stand behind `--`: no path, nothing that could be read as an option. */
export const PROGRAM_RULES: Readonly<Record<HostProgram, NameRule>> = {
  process: {
    form: /^[^\s/\\\p{Cc}]([^/\\\p{Cc}]{0,198}[^\s/\\\p{Cc}])?$/u,
    words: 'the name of a process without a path, such as nginx',
  },
  service: {
    form: /^[A-Za-z0-9_][A-Za-z0-9_.:@\\-]{0,199}$/,
    words: 'the name of a service, such as postgresql',
  },
}
