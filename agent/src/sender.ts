/**
 * Sender: keeps a connection to the collector and carries what the spool holds over it. It connects,
 * reconnects, sends within the window, and turns every answer into a change of the spool. The order of
 * sending is delivery.ts, the socket uplink.ts.
 */
import type { KeyObject } from 'node:crypto'
import { messageOf } from '@constat/shared/fault'
import { receiptHolds } from '@constat/shared/receipt'
import { publicKeyOf } from '@constat/shared/signature'
import type { CheckPlace } from '@constat/shared/look'
import type { SignedTrial } from '@constat/shared/trial'
import type { Message } from '@constat/shared/wire'
import { Addresses } from './addresses.ts'
import { waitBeforeMs } from './backoff.ts'
import { Delivery, WINDOW_BYTES } from './delivery.ts'
import { answers, type Route } from './dial.ts'
import type { ProofErrand } from './proof-errand.ts'
import { Rechain } from './rechain.ts'
import type { RefusedFrames } from './refused.ts'
import { fraction, type Shell } from './shell.ts'
import type { Spool } from './spool.ts'
import type { Timebase } from './timebase.ts'
import { openUplink, type Ending, type Uplink, type UplinkOptions, type Welcome } from './uplink.ts'

export type SenderOptions = {
  /** Ways to the collector, the preferred one first. */
  routes: readonly [Route, ...Route[]]
  uplink: Omit<UplinkOptions, 'random' | 'route'>
  /** The collector's, as pinned: receipts are signed with it. */
  collectorKey: Buffer
  signingKey: KeyObject
  shell: Shell
  spool: Spool
  timebase: Timebase
  refused: RefusedFrames
  proofs: ProofErrand
  /** A connection is up. Answers the sessions that live frames are numbered in from now on. */
  welcomed: () => string[]
  /** Answers what is held in place of a configuration that is older than ours. */
  configured: (
    message: Extract<Message, { type: 'config' }>,
  ) => Extract<Message, { type: 'recall' }>['config']
  looked: (message: Extract<Message, { type: 'look' }>) => void
  /** The answer to a trial, once it is there. */
  tried: (signed: SignedTrial) => Promise<{ result: string | null; refusal: string }>
  /** A frame of this session was refused: live frames go on in another. Answers the live sessions. */
  sessionSpoiled: (session: string) => string[]
}

/** An answer that takes longer than this means a connection that only looks alive. */
const ANSWER_WITHIN_US = 60_000_000
const BUFFERED_RETRY_MS = 50
/** Comparisons of the clock: a few at once for a short round trip, then now and then. */
const EARLY_TIMES_MS = [0, 250, 500, 1_000]
const TIME_EVERY_MS = 60_000
/** Frames that are held for what the collector does not know are tried again this often. */
const RELEASE_EVERY_MS = 30_000
/** A checkpoint covers what was committed within 5 s of it. */
const FIRST_PROOF_MS = 7_000
const PROVE_EVERY_MS = 30_000
/** Reasons that are remembered as logged. */
const MAX_LOGGED = 16
/** The first address is given this long to answer before another one is left for it. */
const ANSWER_FIRST_WITHIN_MS = 5_000

export class Sender {
  readonly #options: SenderOptions
  readonly #addresses: Addresses<Route>
  readonly #delivery: Delivery
  readonly #rechain: Rechain
  readonly #asked = new Map<number, number>()
  readonly #verifyKey: KeyObject
  #uplink: Uplink | null = null
  #takes: Pick<Welcome, 'looks' | 'recalls'> = { looks: false, recalls: false }
  #pending: Uplink | null = null
  #failures = 0
  #ending: Ending | null = null
  /** Reasons logged since the last connection that stood. */
  readonly #logged = new Set<string>()
  #timers = new Set<NodeJS.Timeout>()
  #pumping = false
  /** Reasons for which nothing may be sent just now. */
  #holds = 0
  #again = false
  #stopped = false
  #lastReceipt = ''

  constructor(options: SenderOptions) {
    this.#options = options
    this.#addresses = new Addresses(options.routes)
    this.#delivery = new Delivery(options.spool)
    this.#rechain = new Rechain(options.signingKey)
    this.#verifyKey = publicKeyOf(options.collectorKey)
  }

  get connected(): boolean {
    return this.#uplink !== null
  }

  /** The address that is connected, or tried. */
  get url(): string {
    return this.#addresses.current.url
  }

  /** The last reason a connection ended; empty when there was none. */
  get lastEnding(): string {
    return this.#ending?.reason ?? ''
  }

  start(): void {
    this.#connect()
  }

  /** There is something new to send, or another live session. */
  poke(live: Iterable<string>): void {
    this.#delivery.setLive(live)
    void this.#pump()
  }

  /** Waits until nothing of the live sessions is unanswered, or the time is over, and closes. */
  async stop(withinMs: number): Promise<void> {
    const { clock } = this.#options.shell
    const untilUs = clock.monotonicUs() + withinMs * 1_000
    while (this.#uplink && this.#options.spool.frames > 0 && clock.monotonicUs() < untilUs) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#uplink?.close()
    this.#pending?.close()
    this.#uplink = null
  }

  #connect(): void {
    if (this.#stopped) return
    const { uplink, shell } = this.#options
    this.#pending = openUplink(
      { ...uplink, route: this.#addresses.current, random: shell.random },
      {
        welcomed: (welcome, opened) => this.#welcome(opened, welcome),
        received: (message) => this.#receive(message),
        ended: (ending) => this.#end(ending),
      },
    )
  }

  #welcome(opened: Uplink, { looks, recalls, proves }: Welcome): void {
    if (this.#stopped) return opened.close()
    this.#uplink = opened
    this.#takes = { looks, recalls }
    this.#asked.clear()
    this.#options.proofs.connected({ proves, send: (message) => opened.send(message) })
    this.#options.shell.log.info('connected to the collector', { url: this.url })
    this.#delivery.connected()
    this.#delivery.setLive(this.#options.welcomed())
    for (const receipt of this.#options.proofs.receipts()) this.#recall({ receipt, config: null })
    this.#later(RELEASE_EVERY_MS, () => this.#tryHeld())
    for (const delayMs of EARLY_TIMES_MS) this.#later(delayMs, () => this.compareClocks())
    this.#later(TIME_EVERY_MS, () => this.#keepTime())
    this.#later(FIRST_PROOF_MS, () => this.#askForProofs())
    if (!this.#addresses.isFirst) this.#lookBack()
    void this.#pump()
  }

  /** Another address than the preferred one is connected: back to that when it answers again. */
  #lookBack(): void {
    this.#later(this.#options.uplink.limits.returnMs, () => {
      const uplink = this.#uplink
      void answers(this.#addresses.first, ANSWER_FIRST_WITHIN_MS).then((isBack) => {
        if (this.#uplink !== uplink || this.#stopped) return
        if (!isBack) return this.#lookBack()
        this.#options.shell.log.info('the first address of the collector answers again: going back to it')
        uplink?.close()
      })
    })
  }

  #end(ending: Ending): void {
    const wasConnected = this.#uplink !== null
    const repeats = !wasConnected && this.#logged.has(ending.reason)
    if (wasConnected || this.#logged.size > MAX_LOGGED) this.#logged.clear()
    this.#logged.add(ending.reason)
    this.#uplink = null
    this.#pending = null
    this.#ending = ending
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    if (this.#stopped) return
    const { url } = this
    const waitMs = this.#waitAfter(ending, wasConnected)
    // The same reason again and again is logged once.
    if (!repeats)
      this.#options.shell.log.warn('no connection to the collector', { url, reason: ending.reason, waitMs })
    this.#later(waitMs, () => this.#connect())
  }

  /** Chooses the next address; between those of one round there is no wait unless the collector asks for it. */
  #waitAfter(ending: Ending, wasConnected: boolean): number {
    const isRoundOver = wasConnected || this.#addresses.failed() === 'round-over'
    if (wasConnected) this.#addresses.restart()
    if (!isRoundOver && !ending.bye) return 0
    const waitMs = waitBeforeMs(this.#failures, ending, fraction(this.#options.shell.random))
    this.#failures += 1
    return waitMs
  }

  #later(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, delayMs)
    this.#timers.add(timer)
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'config':
        return this.#configured(message)
      case 'look':
        return this.#options.looked(message)
      case 'try':
        return void this.#try(message)
      case 'ack':
        return this.#acknowledged(message)
      case 'refuse':
        return void this.#refused(message)
      case 'proven':
        return this.#options.proofs.proven(message)
      case 'time':
        return this.#receivedTime(message)
      default:
        this.#options.shell.log.warn('the collector sent a message out of place', { type: message.type })
    }
  }

  #configured(message: Extract<Message, { type: 'config' }>): void {
    const ours = this.#options.configured(message)
    if (ours) return this.#recall({ receipt: null, config: ours })
    // The collector knows what it has sent: live frames need not wait behind those that it may never know.
    for (const session of this.#delivery.release())
      this.#delivery.setLive(this.#options.sessionSpoiled(session))
    void this.#pump()
  }

  /** What this collector has signed itself, in case that it has forgotten it: only to one that takes it. */
  #recall(recalled: Omit<Extract<Message, { type: 'recall' }>, 'type'>): void {
    if (this.#takes.recalls) this.#uplink?.send({ type: 'recall', ...recalled })
  }

  /** The collector may know more by now. */
  #tryHeld(): void {
    this.#delivery.release()
    void this.#pump()
    this.#later(RELEASE_EVERY_MS, () => this.#tryHeld())
  }

  async #try(message: Extract<Message, { type: 'try' }>): Promise<void> {
    const uplink = this.#uplink
    const answer = await this.#options.tried(message)
    // The answer is for the connection that asked.
    if (uplink === this.#uplink) uplink?.send({ type: 'tried', id: message.id, ...answer })
  }

  #acknowledged({ session: bytes, seq, receipt }: Extract<Message, { type: 'ack' }>): void {
    const text = `${receipt.origin} ${receipt.size} ${Buffer.from(receipt.signature).toString('hex')}`
    // Frames of one group come with one receipt: it is verified once.
    if (text !== this.#lastReceipt && !receiptHolds(receipt, this.#verifyKey)) {
      this.#options.shell.log.error('an acknowledgement does not bear the collector’s signature', { seq })
      return this.#uplink?.close()
    }
    this.#lastReceipt = text
    // Not at the welcome: a collector that turns every frame away is not a connection.
    this.#failures = 0
    const session = Buffer.from(bytes).toString('hex')
    const { spool } = this.#options
    this.#options.proofs.acknowledged({ session, seq, receipt })
    const mark = this.#rechain.acknowledged(spool.markOf(session), { session, seq })
    spool.acknowledge(session, seq, mark)
    this.#delivery.acknowledged(session, seq)
    void this.#pump()
  }

  #askForProofs(): void {
    this.#options.proofs.ask()
    this.#later(PROVE_EVERY_MS, () => this.#askForProofs())
  }

  async #refused(message: Extract<Message, { type: 'refuse' }>): Promise<void> {
    const { spool, refused, shell } = this.#options
    const session = Buffer.from(message.session).toString('hex')
    const { reason, detail, seq, expectedSeq } = message
    const answer = this.#delivery.refused({ session, seq, reason, expectedSeq })
    this.#options.proofs.refused(session, seq)
    // Even an answer of no account makes room in the window.
    if (answer.kind === 'ignore') return void this.#pump()
    shell.log.warn('the collector refused a frame', { session, seq, reason, detail, answer: answer.kind })
    if (answer.kind === 'announce-gap') {
      // Nothing is sent before the mark is kept: after a crash the same bytes have to go out again.
      this.#holds += 1
      await spool.saveMark(answer.session, this.#rechain.announce(spool.markOf(answer.session), answer))
      this.#holds -= 1
    }
    if (answer.kind === 'set-aside') {
      const reading = spool.read(answer.session, answer.seq)
      // Gone at once: the refusals of the frames behind it ask whether it still waits.
      spool.discard(answer.session, answer.seq)
      const bytes = await reading
      if (bytes) await refused.keep({ ...answer, bytes, reason, detail })
    }
    if (answer.kind !== 'resend' && answer.kind !== 'hold')
      this.#delivery.setLive(this.#options.sessionSpoiled(session))
    void this.#pump()
  }

  /** Sends what the window allows. One at a time: bytes may have to come from the disk. */
  async #pump(): Promise<void> {
    if (this.#pumping) {
      this.#again = true
      return
    }
    this.#pumping = true
    try {
      do {
        this.#again = false
        while (await this.#sendOne());
      } while (this.#again)
    } catch (error) {
      this.#options.shell.log.error('frames could not be sent', { reason: messageOf(error) })
      this.#uplink?.close()
    } finally {
      this.#pumping = false
    }
  }

  /** True when a frame went out and another may follow. */
  async #sendOne(): Promise<boolean> {
    const { shell, spool } = this.#options
    const uplink = this.#uplink
    if (!uplink || this.#holds > 0) return false
    const nowUs = shell.clock.monotonicUs()
    this.#watchAnswers(nowUs)
    if (uplink.bufferedBytes() > WINDOW_BYTES) {
      this.#later(BUFFERED_RETRY_MS, () => void this.#pump())
      return false
    }
    const next = this.#delivery.next(nowUs)
    if (!next) return false
    if ('waitUs' in next) {
      this.#later(Math.ceil(next.waitUs / 1_000), () => void this.#pump())
      return false
    }
    const { session, seq } = next
    const spooled = await spool.read(session, seq)
    // The connection may have changed while the disk was read; acknowledged frames are gone.
    if (uplink !== this.#uplink) return false
    if (!spooled) return spool.from(session, seq) !== undefined || spool.frames > 0
    const bytes = this.#rechain.bytesOf(spooled, spool.markOf(session), { session, seq })
    uplink.send({ type: 'frame', bytes })
    this.#delivery.sent({ session, seq, length: bytes.length }, nowUs)
    this.#options.proofs.sent(session, { seq, bytes })
    return true
  }

  #watchAnswers(nowUs: number): void {
    const { oldestSentUs } = this.#delivery
    if (oldestSentUs === null || nowUs - oldestSentUs < ANSWER_WITHIN_US) return
    this.#options.shell.log.warn('the collector does not acknowledge; connecting anew')
    this.#uplink?.close()
  }

  /** Asks the collector for its time, where there is a connection. */
  compareClocks(): void {
    if (!this.#uplink) return
    const sentMs = this.#options.shell.clock.nowMs()
    this.#asked.set(sentMs, this.#options.shell.clock.monotonicUs())
    this.#uplink?.send({ type: 'time', sentMs, receivedMs: 0, answeredMs: 0 })
  }

  /** A try hangs: tells a collector that takes it, now or never. */
  hanging(place: CheckPlace): void {
    if (this.#takes.looks) this.#uplink?.send({ type: 'hanging', ...place })
  }

  #keepTime(): void {
    this.compareClocks()
    void this.#pump()
    this.#later(TIME_EVERY_MS, () => this.#keepTime())
  }

  #receivedTime({ sentMs, receivedMs, answeredMs }: Extract<Message, { type: 'time' }>): void {
    const heardUs = this.#options.shell.clock.monotonicUs()
    const askedUs = this.#asked.get(sentMs)
    this.#asked.delete(sentMs)
    if (askedUs !== undefined) this.#options.timebase.learn({ askedUs, receivedMs, answeredMs, heardUs })
  }
}
