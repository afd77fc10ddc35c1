/**
 * Proof errand: what goes between a connection and the proofs of its logs. It remembers frames from their sending to
 * their acknowledgement, asks for their places, and says what the answers come to.
 */
import type { Receipt } from '@constat/shared/receipt'
import type { Message } from '@constat/shared/wire'
import type { LogProofs, ProvenMessage, Taken } from './log-proofs.ts'
import type { Log } from './shell.ts'

type Sent = { seq: number; bytes: Buffer }
export type ProofErrandDeps = {
  proofs: LogProofs
  log: Log
  /** A head was held against the one before, or contradicts it. */
  taken: (taken: Taken) => void
  /** There is something new that a restart has to know. */
  owes: () => void
}

export class ProofErrand {
  readonly #deps: ProofErrandDeps
  /** Whether the collector knows the messages. */
  #proves = false
  #send: (message: Message) => void = () => undefined
  /** Session → frames in flight on this connection, as they went out. */
  readonly #sent = new Map<string, Sent[]>()

  constructor(deps: ProofErrandDeps) {
    this.#deps = deps
  }

  /** `send`: to the collector, on this connection. */
  connected({ proves, send }: { proves: boolean; send: (message: Message) => void }): void {
    this.#proves = proves
    this.#send = send
    this.#sent.clear()
  }

  sent(session: string, sent: Sent): void {
    if (this.#proves) this.#sent.set(session, [...this.#inFlight(session, sent.seq), sent])
  }

  refused(session: string, seq: number): void {
    if (this.#sent.has(session)) this.#sent.set(session, this.#inFlight(session, seq))
  }

  /** Every frame of the session up to this one. The receipt is signed by the collector. */
  acknowledged({ session, seq, receipt }: { session: string; seq: number; receipt: Receipt }): void {
    const sent = this.#sent.get(session) ?? []
    this.#deps.proofs.received(receipt)
    for (const one of sent) {
      if (one.seq <= seq) this.#deps.proofs.acknowledged({ ...one, session, receipt })
    }
    const left = sent.filter((one) => one.seq > seq)
    if (left.length > 0) this.#sent.set(session, left)
    else this.#sent.delete(session)
    this.#deps.owes()
  }

  /** The newest one of each log. */
  receipts(): Receipt[] {
    return this.#deps.proofs.receipts()
  }

  /** Asks for what is owed. */
  ask(): void {
    const { proofs, log } = this.#deps
    const letGo = proofs.takeLetGo()
    if (letGo > 0) {
      const said = 'acknowledged frames were let go of before their place in the log was proved'
      log.warn(said, { frames: letGo })
    }
    if (this.#proves) for (const wanted of proofs.wanted()) this.#send(wanted)
  }

  /** The collector is told of what contradicts. */
  proven(message: ProvenMessage): void {
    const taken = this.#deps.proofs.take(message)
    this.#deps.taken(taken)
    if (taken.kind !== 'contradicted') return
    const { origin, what, held, shown } = taken
    this.#send({ type: 'forked', origin, what, held, shown })
  }

  #inFlight(session: string, without: number): Sent[] {
    return (this.#sent.get(session) ?? []).filter(({ seq }) => seq !== without)
  }
}
