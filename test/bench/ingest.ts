/**
 * Ingest: batches of 50 samples from a socket to the commit to the acknowledgement, against bare Ed25519
 * verification on all cores in the same run. Real collector process, embedded PostgreSQL, fsync on; the
 * senders share the machine.   npx tsx test/bench/ingest.ts [batches]
 */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { decodeFrame, frameDigest, sealBatch } from '@constat/shared/batch'
import { dropDataDir, endOf, freePort, makeDataDir, startProgram } from '../support/program.ts'
import { openSender, type Sender } from '../support/sender.ts'
import { benchBatch } from '../support/bench-batch.ts'

const ASKED_RATIO = 0.3
const CONTRACTS = 32
const SITES = 4
const SENDERS = CONTRACTS * SITES
/** Frames of one agent on their way, as a real one has. */
const WINDOW = 8
const BATCHES = Number(process.argv[2] ?? 48_000)

/** A fleet as it is in the field: a few sites each measure what one contract promises. */
const contractOf = (name: string, agents: readonly string[]): string => `
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
  watch: [${Array.from({ length: 50 }, (_, i) => `"http://127.0.0.1:9/${i}"`).join(', ')}]
`

/** Verifications a second of messages of `size` bytes on the thread pool, nothing else going on. */
async function bareVerification(size: number): Promise<number> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const message = randomBytes(size)
  const signature = sign(null, message, privateKey)
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      verify(null, message, publicKey, signature, (error, valid) =>
        valid ? resolve() : reject(error ?? new Error('a good signature did not hold')),
      )
    })
  const count = 20_000
  const startMs = performance.now()
  for (let done = 0; done < count; done += 64) await Promise.all(Array.from({ length: 64 }, one))
  return count / ((performance.now() - startMs) / 1000)
}

async function main(): Promise<void> {
  const dataDir = makeDataDir()
  const program = await startProgram({
    args: ['collector'],
    dataDir,
    port: await freePort(),
    env: { CONSTAT_LOG_LEVEL: 'warn' },
  })
  try {
    const senders: Sender[] = []
    for (let i = 0; i < CONTRACTS; i += 1) {
      const names = Array.from({ length: SITES }, (_, site) => `site-${i}-${site}`)
      const applied = await program.put(`/contracts/bench-${i}`, contractOf(`bench-${i}`, names))
      if (!applied.ok) throw new Error(await applied.text())
      for (const name of names) senders.push(await openSender(program, name))
    }
    const each = Math.floor(BATCHES / SENDERS)
    const frames = senders.map((sender) => sealAll(sender, each))
    const bytes = frames[0]![0]!.length
    const before = await bareVerification(bytes)
    const startMs = performance.now()
    await Promise.all(senders.map((sender, i) => sender.stream(frames[i]!, WINDOW)))
    const perSecond = (each * SENDERS) / ((performance.now() - startMs) / 1000)
    const after = await bareVerification(bytes)
    const bare = (before + after) / 2
    const ratio = perSecond / bare
    console.log(
      `frames of ${bytes} bytes, 50 samples each; ${SENDERS} agents of ${CONTRACTS} contracts, ${availableParallelism()} cores`,
    )
    console.log(
      `bare Ed25519 verification   ${Math.round(bare)} /s (${Math.round(before)} before, ${Math.round(after)} after)`,
    )
    console.log(
      `socket → commit → ack       ${Math.round(perSecond)} batches/s = ${Math.round(perSecond * 50)} samples/s`,
    )
    console.log(`ratio                       ${ratio.toFixed(2)} (asked: ${ASKED_RATIO})`)
    for (const sender of senders) sender.close()
    process.exitCode = ratio >= ASKED_RATIO ? 0 : 1
  } finally {
    await endOf(program.child, 'SIGTERM')
    dropDataDir(join(dataDir))
  }
}

function sealAll(sender: Sender, count: number): Buffer[] {
  const frames: Buffer[] = []
  let prev: Buffer = Buffer.alloc(32)
  const session = randomBytes(16)
  const baseS = Math.floor(Date.now() / 1000) - count * 10
  for (let seq = 0; seq < count; seq += 1) {
    const place = { session, seq, prev, baseS: baseS + seq * 10 }
    const frame = sealBatch(benchBatch(sender, place), sender.key)
    if (seq === 0 && decodeFrame(frame).kind !== 'decoded')
      throw new Error('the bench seals what nobody takes')
    frames.push(frame)
    prev = frameDigest(frame)
  }
  return frames
}

await main()
