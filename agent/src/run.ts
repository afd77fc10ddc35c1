/**
 * Running an agent: the line from check to uplink, put together. Callable inside another process: clock,
 * randomness and log are arguments, and nothing is left behind after `stop`.
 *
 *   configuration → prober → batcher (one for each log) → spool → sender → collector
 */
import { join } from 'node:path'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import { Fault, messageOf } from '@constat/shared/fault'
import { publicKeyOf } from '@constat/shared/signature'
import { Batcher } from './batcher.ts'
import type { AgentConfig } from './config.ts'
import { CONFIG_FOLDER, ConfigStore } from './config-store.ts'
import { Sender } from './sender.ts'
import { routesOf, type ProxyChoice, type Route } from './dial.ts'
import { checkAddresses } from './enroll.ts'
import { HeadStore } from './head-store.ts'
import { createHostContext, type HostContext } from './host.ts'
import { takeLock, type Lock } from './lock.ts'
import { LogProofs } from './log-proofs.ts'
import { holdPolicy, type HeldPolicy, type Ranges } from './policy-file.ts'
import { ProofErrand } from './proof-errand.ts'
import { Prober } from './prober.ts'
import { createRefusedFrames, type RefusedFrames } from './refused.ts'
import { SECRETS_FOLDER, secretsIn } from './secrets.ts'
import type { Shell } from './shell.ts'
import { DISK, type SpoolFs } from './spool-fs.ts'
import { Spool, SPOOL_LIMITS, type SpoolLimits } from './spool.ts'
import { loadIdentity, type Identity, type Way } from './state.ts'
import { STATUS_EVERY_MS, STATUS_FILE, type AgentStatus } from './status.ts'
import { Timebase } from './timebase.ts'
import { Trials } from './trials.ts'
import { UPLINK_LIMITS, type UplinkLimits } from './uplink.ts'
import { AGENT_VERSION } from './version.ts'

export type AgentOptions = Shell & {
  dir: string
  /** How the collector is reached, where it is another way than that of the enrolment. */
  way?: Partial<Way>
  /** Where a proxy may be named. */
  env?: ProxyChoice['env']
  /** Ranges that the environment names, which go before those of the policy file. */
  ranges?: Ranges
  spoolLimits?: SpoolLimits
  uplinkLimits?: UplinkLimits
  fs?: SpoolFs
}

export type RunningAgent = {
  status: () => AgentStatus
  /** Seals and spools everything, says goodbye where connected. Over within 2 s. */
  stop: () => Promise<void>
}

/** Of a stop, what the collector has for its last acknowledgements. */
const FAREWELL_MS = 1_000
/** A live session with more unsent frames than this becomes backlog at the next connection. */
const MAX_CARRIED_FRAMES = 4

export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const identity = await loadIdentity(options.dir)
  if (!identity) {
    throw new Fault('bad-config', `nobody enrolled in ${options.dir}`, {
      hint: 'run constat-agent enroll --url URL --token TOKEN first',
    })
  }
  const routes = await routesFor(identity, options)
  const { dir, log, ranges = { allow: [], deny: [] } } = options
  const held = await holdPolicy(dir, { ranges, log })
  const lock = await takeLock(dir)
  const agent = new Agent({ options, identity, routes, held, lock })
  await agent.start()
  return agent
}

function routesFor(identity: Identity, { way = {}, env = {} }: AgentOptions): Promise<[Route, ...Route[]]> {
  const { urls, tlsPin, plain, proxy } = { ...identity, proxy: null, ...way }
  checkAddresses({ urls, tlsPin, plain })
  return routesOf(urls, { given: proxy, kept: identity.proxy, env, tlsPin })
}

class Agent implements RunningAgent {
  readonly #options: AgentOptions
  readonly #identity: Identity
  readonly #routes: readonly [Route, ...Route[]]
  readonly #held: HeldPolicy
  readonly #lock: Lock | null
  readonly #fs: SpoolFs
  readonly #timebase: Timebase
  readonly #batchers = new Map<string, Batcher>()
  readonly #prober: Prober
  readonly #configs: ConfigStore
  readonly #refused: RefusedFrames
  readonly #proofs: LogProofs
  readonly #heads: HeadStore
  readonly #startedMs: number
  readonly #host: () => HostContext
  /** Sessions of which frames went out on a connection that is over. */
  readonly #seenByCollector = new Set<string>()
  #spool!: Spool
  #sender!: Sender
  #batchTimer: NodeJS.Timeout | null = null
  #statusTimer: NodeJS.Timeout | null = null
  #samples = 0
  #lastSampleMs: number | null = null
  #statusWrite: Promise<void> = Promise.resolve()

  constructor({
    options,
    identity,
    routes,
    held,
    lock,
  }: {
    options: AgentOptions
    identity: Identity
    routes: readonly [Route, ...Route[]]
    held: HeldPolicy
    lock: Lock | null
  }) {
    const { dir, clock, log } = options
    this.#options = options
    this.#identity = identity
    this.#routes = routes
    this.#held = held
    this.#lock = lock
    this.#fs = options.fs ?? DISK
    this.#timebase = new Timebase(clock, {
      jumped: () => this.#sender?.compareClocks(),
      compared: () => this.#armBatches(),
    })
    this.#startedMs = clock.nowMs()
    this.#host = createHostContext(clock)
    this.#configs = new ConfigStore({
      dir: join(dir, CONFIG_FOLDER),
      fs: this.#fs,
      log,
      collectorKey: publicKeyOf(identity.collectorKey),
    })
    this.#refused = createRefusedFrames({ dir: join(dir, 'refused'), fs: this.#fs, log })
    this.#proofs = new LogProofs(identity.collectorKey)
    this.#heads = new HeadStore({ dir, fs: this.#fs, log })
    this.#prober = this.#createProber()
  }

  async start(): Promise<void> {
    const { dir, clock, log, spoolLimits = SPOOL_LIMITS } = this.#options
    this.#spool = await Spool.open({
      dir: join(dir, 'spool'),
      fs: this.#fs,
      nowMs: () => clock.nowMs(),
      log,
      limits: spoolLimits,
    })
    this.#proofs.remember(await this.#heads.load())
    this.#sender = this.#createSender()
    for (const config of await this.#configs.load()) this.#apply(config)
    this.#sender.start()
    this.#held.watch(() => this.#prober.keepTo(this.#held.pace()))
    this.#statusTimer = setInterval(() => void this.#writeStatus(), STATUS_EVERY_MS)
    await this.#writeStatus()
  }

  status(): AgentStatus {
    const { offsetMs, errorMs, source } = this.#timebase.reading()
    const { connected, lastEnding, url } = this.#sender
    return {
      pid: process.pid,
      version: AGENT_VERSION,
      agent: this.#identity.id.toString('hex'),
      name: this.#identity.name,
      url,
      writtenMs: this.#options.clock.nowMs(),
      startedMs: this.#startedMs,
      connected,
      trouble: connected ? '' : lastEnding,
      policyTrouble: this.#held.trouble(),
      checks: this.#prober.checks,
      unknown: this.#prober.unknown(),
      samples: this.#samples,
      lastSampleMs: this.#lastSampleMs,
      spoolFrames: this.#spool.frames,
      spoolBytes: this.#spool.bytes,
      spoolMode: this.#spool.mode,
      refusedFrames: this.#refused.count(),
      unprovedFrames: this.#proofs.held,
      contradictions: this.#heads.contradictions,
      droppedFrames: this.#spool.drops,
      clockOffsetMs: offsetMs,
      clockErrorMs: errorMs,
      clockCompared: source === 1,
      host: this.#host(),
    }
  }

  async stop(): Promise<void> {
    this.#prober.stop()
    this.#held.stop()
    if (this.#batchTimer) clearTimeout(this.#batchTimer)
    if (this.#statusTimer) clearInterval(this.#statusTimer)
    for (const batcher of this.#batchers.values()) batcher.close('stop')
    await this.#spool.flush()
    await this.#sender.stop(FAREWELL_MS)
    await this.#configs.kept()
    await this.#heads.kept()
    await this.#spool.close()
    await this.#writeStatus()
    await this.#lock?.release()
  }

  #createProber(): Prober {
    const { clock, log } = this.#options
    return new Prober({
      agent: this.#identity.id,
      shell: { clock, log },
      timebase: this.#timebase,
      pace: this.#held.pace(),
      probing: {
        resolver: createResolver(SYSTEM_RESOLVER, clock),
        denied: this.#held.policy,
        secureContext: secureContextSource(),
        secret: secretsIn(join(this.#options.dir, SECRETS_FOLDER)),
      },
      sampled: (origin, sample) => {
        this.#samples += 1
        this.#lastSampleMs = clock.nowMs()
        this.#batchers.get(origin)?.add(sample)
        this.#armBatches()
      },
      skipped: (origin, run) => {
        this.#batchers.get(origin)?.account(run)
        this.#armBatches()
      },
      late: (origin, check) => {
        const configDigest = this.#configs.digestOf(origin)
        if (configDigest) this.#sender.hanging({ origin, configDigest, check })
      },
    })
  }

  #createSender(): Sender {
    const { clock, random, log, uplinkLimits = UPLINK_LIMITS } = this.#options
    const { id, key, name, collectorKey } = this.#identity
    const trials = new Trials({
      agent: id.toString('hex'),
      collectorKey: publicKeyOf(collectorKey),
      shell: { clock, log },
      probe: (check) => this.#prober.try(check),
    })
    return new Sender({
      routes: this.#routes,
      uplink: {
        key,
        collectorKey,
        name,
        version: AGENT_VERSION,
        token: null,
        limits: uplinkLimits,
      },
      collectorKey,
      signingKey: key,
      shell: { clock, random, log },
      spool: this.#spool,
      timebase: this.#timebase,
      refused: this.#refused,
      proofs: new ProofErrand({
        proofs: this.#proofs,
        log,
        taken: (taken) => void this.#heads.keep(taken, () => this.#proofs.kept()),
        owes: () => this.#heads.keepSoon(() => this.#proofs.kept()),
      }),
      welcomed: () => {
        // Whoever waits for the connection sees it at once.
        void this.#writeStatus()
        return this.#openSessions()
      },
      configured: (message) => {
        const config = this.#configs.accept(message)
        if (!config) return this.#configs.heldAgainst(message)
        this.#apply(config)
        return null
      },
      looked: (message) => {
        const check = this.#configs.lookedAt(message)
        if (check) this.#prober.look(message.origin, check)
      },
      tried: (signed) => trials.answer(signed),
      sessionSpoiled: (session) => {
        for (const batcher of this.#batchers.values()) if (batcher.session === session) batcher.openSession()
        return this.#shownSessions()
      },
    })
  }

  /** A session belongs to one connection: those that an earlier one has seen become backlog. */
  #openSessions(): string[] {
    for (const batcher of this.#batchers.values()) {
      const carried = batcher.frames <= MAX_CARRIED_FRAMES && !this.#seenByCollector.has(batcher.session)
      if (!carried) batcher.openSession()
    }
    return this.#shownSessions()
  }

  /** The live sessions, from now on those of the connection that is up. */
  #shownSessions(): string[] {
    const live = this.#liveSessions()
    this.#seenByCollector.clear()
    for (const session of live) this.#seenByCollector.add(session)
    return live
  }

  #liveSessions(): string[] {
    return [...this.#batchers.values()].map(({ session }) => session)
  }

  #apply(config: AgentConfig): void {
    const { origin, digest, version, checks } = config
    const batcher = this.#batchers.get(origin)
    if (batcher) batcher.adopt(digest)
    else if (checks.length > 0) this.#startLog(origin, digest)
    this.#prober.assign(origin, checks)
    this.#armBatches()
    this.#options.log.info('configuration in force', { origin, version, checks: checks.length })
    for (const { name, probe } of checks) {
      if (typeof probe === 'string')
        this.#options.log.warn('a check cannot be run here', { check: name, reason: probe })
    }
  }

  #startLog(origin: string, digest: Buffer): void {
    const { clock, random } = this.#options
    const batcher = new Batcher(
      {
        origin,
        agent: this.#identity.id,
        key: this.#identity.key,
        shell: { clock, random },
        timebase: this.#timebase,
        health: () => ({
          version: AGENT_VERSION,
          // One meter, several logs: the worst since the last batch, whichever log's that was.
          loopLagUs: this.#prober.takeWorstLagUs(),
          drops: this.#spool.drops,
          spoolFrames: this.#spool.frames,
        }),
        beacon: () => this.#proofs.beacon(origin),
        emit: (frame) => {
          this.#spool.append(frame)
          this.#sender.poke(this.#liveSessions())
        },
      },
      digest,
    )
    this.#batchers.set(origin, batcher)
    if (this.#sender.connected) this.#seenByCollector.add(batcher.session)
    batcher.close('start')
  }

  #armBatches(): void {
    if (this.#batchTimer) clearTimeout(this.#batchTimer)
    const { clock } = this.#options
    const dueUs = Math.min(...[...this.#batchers.values()].map((batcher) => batcher.dueUs()))
    if (dueUs === Infinity) return
    // What is signed is final: a clock in doubt has a moment to be compared first.
    const sealUs = Math.max(dueUs, this.#timebase.signableUs())
    const waitMs = Math.max(0, Math.ceil((sealUs - clock.monotonicUs()) / 1_000))
    this.#batchTimer = setTimeout(() => {
      this.#timebase.observe()
      const nowUs = clock.monotonicUs()
      if (nowUs >= this.#timebase.signableUs())
        for (const batcher of this.#batchers.values()) batcher.closeDue(nowUs)
      this.#armBatches()
    }, waitMs)
  }

  /** One after the other, as they share a draft. */
  #writeStatus(): Promise<void> {
    this.#statusWrite = this.#statusWrite.then(() => this.#publishStatus())
    return this.#statusWrite
  }

  async #publishStatus(): Promise<void> {
    const text = `${JSON.stringify(this.status(), null, 2)}\n`
    try {
      await this.#fs.publish(join(this.#options.dir, STATUS_FILE), Buffer.from(text))
    } catch (error) {
      if (this.#spool.mode === 'disk')
        this.#options.log.warn('the status cannot be written', { reason: messageOf(error) })
    }
  }
}
