/** A fleet as it is in the field, for benches: a few sites each measure the 50 services of one contract. */
import { randomBytes } from 'node:crypto'
import { decodeFrame, frameDigest, sealBatch } from '@constat/shared/batch'
import { BENCH_CHECKS, benchBatch } from './bench-batch.ts'
import type { Sender } from './sender.ts'

export function fleetContract(name: string, agents: readonly string[], services = BENCH_CHECKS): string {
  const urls = Array.from({ length: services }, (_, i) => `"http://127.0.0.1:9/${i}"`)
  return `
apiVersion: constat/v1
kind: Contract
metadata: {name: ${name}}
spec:
  provider: Northstar
  target: "99.9"
  timeZone: UTC
  every: PT10S
  timeout: PT5S
  measurement: {vantages: [${agents.join(', ')}]}
  watch: [${urls.join(', ')}]
`
}

/** `count` frames of one session, the newest of which ends now; each has a sample of every check. */
export function sealSession(sender: Sender, count: number, checks = BENCH_CHECKS): Buffer[] {
  const frames: Buffer[] = []
  let prev: Buffer = Buffer.alloc(32)
  const session = randomBytes(16)
  const baseS = Math.floor(Date.now() / 1000) - count * 10
  for (let seq = 0; seq < count; seq += 1) {
    const place = { session, seq, prev, baseS: baseS + seq * 10 }
    const frame = sealBatch(benchBatch(sender, place, checks), sender.key)
    if (seq === 0 && decodeFrame(frame).kind !== 'decoded')
      throw new Error('the bench seals what nobody takes')
    frames.push(frame)
    prev = frameDigest(frame)
  }
  return frames
}
