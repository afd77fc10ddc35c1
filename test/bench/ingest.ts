/**
 * Ingest: batches of 50 samples from a socket to the commit to the acknowledgement, against bare Ed25519
 * verification on all cores in the same run. Real collector process, embedded PostgreSQL, fsync on; the
 * senders share the machine.   npx tsx test/bench/ingest.ts [--tiny]
 */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { dropDataDir, endOf, freePort, makeCollectorDir, startProgram } from '../support/program.ts'
import { openSender, type Sender } from '../support/sender.ts'
import { sized, state } from '../support/bench.ts'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'

const ASKED_RATIO = 0.3
const CONTRACTS = sized({ full: 32, tiny: 2 })
const SITES = 4
const SENDERS = CONTRACTS * SITES
/** Frames of one agent on their way, as a real one has. */
const WINDOW = 8
const BATCHES = sized({ full: 48_000, tiny: 400 })
const VERIFICATIONS = sized({ full: 20_000, tiny: 500 })

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
  const startMs = performance.now()
  for (let done = 0; done < VERIFICATIONS; done += 64) await Promise.all(Array.from({ length: 64 }, one))
  return VERIFICATIONS / ((performance.now() - startMs) / 1000)
}

async function main(): Promise<void> {
  const dataDir = makeCollectorDir()
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
      const applied = await program.put(`/contracts/bench-${i}`, fleetContract(`bench-${i}`, names))
      if (!applied.ok) throw new Error(await applied.text())
      for (const name of names) senders.push(await openSender(program, name))
    }
    const each = Math.floor(BATCHES / SENDERS)
    const frames = senders.map((sender) => sealSession(sender, each))
    const bytes = frames[0]![0]!.length
    const before = await bareVerification(bytes)
    const startMs = performance.now()
    await Promise.all(senders.map((sender, i) => sender.stream(frames[i]!, WINDOW)))
    const perSecond = (each * SENDERS) / ((performance.now() - startMs) / 1000)
    const after = await bareVerification(bytes)
    const bare = (before + after) / 2
    console.log(
      `frames of ${bytes} bytes, 50 samples each; ${SENDERS} agents of ${CONTRACTS} contracts, ${availableParallelism()} cores`,
    )
    console.log(
      `bare Ed25519 verification   ${Math.round(bare)} /s (${Math.round(before)} before, ${Math.round(after)} after)`,
    )
    console.log(
      `socket → commit → ack       ${Math.round(perSecond)} batches/s = ${Math.round(perSecond * 50)} samples/s`,
    )
    state('batches a second, of bare verification', perSecond / bare, { atLeast: ASKED_RATIO })
    for (const sender of senders) sender.close()
  } finally {
    await endOf(program.child, 'SIGTERM')
    dropDataDir(join(dataDir))
  }
}

await main()
