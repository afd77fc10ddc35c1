/**
 * Stubborn sender: streams one session of frames to a collector that keeps dying, over as many
 * connections as it takes, and remembers what was acknowledged.
 */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { frameDigest, sealBatch } from '@constat/shared/batch'
import { benchBatch } from './bench-batch.ts'
import type { Program } from './program.ts'
import { dialSender, type Sender } from './sender.ts'

const WINDOW = 16
const PAUSE_MS = 100
/** Each frame says ten seconds: this much faster than time goes by, what is allowed in hand lasts for minutes. */
const BETWEEN_FRAMES_MS = 20

export type StubbornSender = {
  agent: Buffer
  session: Buffer
  /** The last frame that was acknowledged; −1 before any. */
  acknowledged(): number
  connections(): number
  /** Sends no new frames, and resolves when all that were sent are acknowledged. */
  finish(): Promise<void>
}

/** Enrols with `token` and streams until it is told to finish. */
export async function startStubbornSender(
  program: Program,
  name: string,
  betweenMs = BETWEEN_FRAMES_MS,
): Promise<StubbornSender> {
  const key = generateKeyPairSync('ed25519').privateKey
  const { token } = await program.post<{ token: string }>('/agents/tokens', { name })
  const first = await dialSender(program.url, { key, name, token })
  const stream = new Stream(key, first, betweenMs)
  const running = stream.run(first, () => dialSender(program.url, { key, name, token: null }))
  return {
    agent: first.agent,
    session: stream.session,
    acknowledged: () => stream.acknowledged,
    connections: () => stream.connections,
    finish: () => {
      stream.isEnding = true
      return running
    },
  }
}

class Stream {
  readonly session = randomBytes(16)
  readonly #key: KeyObject
  readonly #betweenMs: number
  readonly #frames: Buffer[] = []
  readonly #baseS = Math.floor(Date.now() / 1000) - 500_000
  #sender: Sender
  #prev: Buffer = Buffer.alloc(32)
  acknowledged = -1
  connections = 0
  isEnding = false

  constructor(key: KeyObject, sender: Sender, betweenMs: number) {
    this.#key = key
    this.#betweenMs = betweenMs
    this.#sender = sender
  }

  async run(first: Sender, dial: () => Promise<Sender>): Promise<void> {
    let sender: Sender | null = first
    while (!this.#isDone()) {
      try {
        sender ??= await dial()
        this.#sender = sender
        this.connections += 1
        await this.#stream(sender)
      } catch {
        // The collector is away: that is what this sender is for.
        await sleep(PAUSE_MS)
      }
      sender?.close()
      sender = null
    }
  }

  async #stream(sender: Sender): Promise<void> {
    let sent = this.acknowledged
    sender.onAcknowledged((seq) => {
      this.acknowledged = Math.max(this.acknowledged, seq)
    })
    while (!this.#isDone()) {
      if (sender.isClosed()) throw new Error('the socket was closed')
      const hasMore = !this.isEnding || sent + 1 < this.#frames.length
      if (hasMore && sent - this.acknowledged < WINDOW) sender.send(this.#frame((sent += 1)))
      await sleep(this.#betweenMs)
    }
  }

  #isDone(): boolean {
    return this.isEnding && this.acknowledged === this.#frames.length - 1
  }

  #frame(seq: number): Buffer {
    if (seq === this.#frames.length) {
      const place = { session: this.session, seq, prev: this.#prev, baseS: this.#baseS + seq * 10 }
      const frame = sealBatch(benchBatch(this.#sender, place), this.#key)
      this.#frames.push(frame)
      this.#prev = frameDigest(frame)
    }
    return this.#frames[seq]!
  }
}
