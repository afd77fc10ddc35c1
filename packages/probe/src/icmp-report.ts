/** Reports of `ping` (iputils, BusyBox, BSD) and `fping -q -C`, read from their output. Pure. */

export type EchoReport = { sent: number; received: number; meanUs: number }

/** `3 packets transmitted, 3 received` and `min/avg/max… = 0.1/0.2/0.3`. */
export function parsePing(output: string): EchoReport | undefined {
  const counts = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(output)
  if (!counts) return undefined
  const times = /min\/avg\/max\S*\s*=\s*[\d.]+\/([\d.]+)\//.exec(output)
  const meanUs = Math.round(Number(times?.[1] ?? 0) * 1_000)
  const sent = Number(counts[1])
  return sent === 0 ? undefined : { sent, received: Number(counts[2]), meanUs }
}

/** `10.0.0.1 : 0.52 - 0.61`: one round trip in ms, or a dash, for each packet. */
export function parseFping(output: string): EchoReport | undefined {
  const line = /^\S+\s+:((?:\s+(?:[\d.]+|-))+)\s*$/m.exec(output)
  const tries = line?.[1]?.trim().split(/\s+/) ?? []
  if (tries.length === 0) return undefined
  const times = tries.filter((text) => text !== '-').map(Number)
  const totalMs = times.reduce((sum, ms) => sum + ms, 0)
  const meanUs = times.length === 0 ? 0 : Math.round((totalMs / times.length) * 1_000)
  return { sent: tries.length, received: times.length, meanUs }
}
