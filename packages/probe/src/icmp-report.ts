/**
 * Reports of `ping` (iputils, BusyBox, BSD) and `fping -q -C`, read from their output: one round trip for
 * each packet. Pure.
 */
import type { Cause } from '@constat/shared/sample'

/** µs in the order the packets were sent; null where none came back in time. Never empty. */
export type EchoReport = { roundTripsUs: (number | null)[] }

/**
 * `64 bytes from ::1: icmp_seq=1 ttl=64 time=0.046 ms`, `3 packets transmitted, 3 received`. iputils counts
 * from 1, BusyBox and BSD from 0. A second answer to one packet, marked DUP!, says nothing about loss.
 */
export function parsePing(output: string): EchoReport | undefined {
  const sent = Number(/(\d+) packets transmitted, \d+(?: packets)? received/.exec(output)?.[1] ?? 0)
  if (sent === 0) return undefined
  const answers = [...output.matchAll(/seq=(\d+) .*?time[=<]([\d.]+) ?ms(?! \(DUP)/g)]
  const base = /seq=0 /.test(output) ? 0 : 1
  const roundTripsUs = Array.from({ length: sent }, (_, i): number | null => {
    const answer = answers.find(([, number]) => Number(number) === i + base)
    return answer ? Math.round(Number(answer[2]) * 1_000) : null
  })
  return { roundTripsUs }
}

/** `10.0.0.1 : 0.52 - 0.61`: one round trip in ms, or a dash, for each packet. */
export function parseFping(output: string): EchoReport | undefined {
  const line = /^\S+\s+:((?:\s+(?:\d+(?:\.\d+)?|-))+)\s*$/m.exec(output)
  const tries = line?.[1]?.trim().split(/\s+/) ?? []
  if (tries.length === 0) return undefined
  return { roundTripsUs: tries.map((text) => (text === '-' ? null : Math.round(Number(text) * 1_000))) }
}

/** What these programs say of their own host, not of the target. Routers on the way say `Destination …`. */
const OWN_TROUBLES: readonly { form: RegExp; cause: Cause; cure: string }[] = [
  {
    form: /(?<!Destination )(?:Network is unreachable|Cannot assign requested address)|Network is down/i,
    cause: 'network',
    cure: 'this host has no route there',
  },
  {
    form: /sendmsg: Operation not permitted|error while sending ping: Operation not permitted/i,
    cause: 'denied',
    cure: "this host's own firewall holds echo requests back",
  },
  {
    form: /privilege|must run as root|lacking|Operation not permitted|Permission denied|can't create socket/i,
    cause: 'unsupported',
    cure: 'echo requests are not allowed here: set net.ipv4.ping_group_range, or cap_net_raw on the program',
  },
  {
    form: /Address family not supported|Protocol not supported/i,
    cause: 'unsupported',
    cure: 'this host does not speak that version of IP',
  },
]

/** Why a packet may not have left this host, or undefined where the output says nothing of it. */
export function ownTrouble(output: string): { cause: Cause; cure: string } | undefined {
  return OWN_TROUBLES.find(({ form }) => form.test(output))
}
