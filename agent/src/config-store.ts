/**
 * Config store: the newest signed configuration of each log, in memory and on disk, so that an agent
 * probes from its first second while the collector is away. Few and bounded, whatever a collector sends: one of each log,
 * so many logs, checks and bytes in all; and one that waits to be written gives way to the next of its log.
 */
import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { MAX_CHECKS } from '@constat/shared/check'
import { messageOf } from '@constat/shared/fault'
import { lookHolds, type Look } from '@constat/shared/look'
import { mayFollow, openConfig, type AgentCheck, type AgentConfig, type SignedConfig } from './config.ts'
import type { Log } from './shell.ts'
import type { SpoolFs } from './spool-fs.ts'
import { parseObject } from './state.ts'

/** Within the agent's directory. */
export const CONFIG_FOLDER = 'config'

/** Logs that one agent writes to at most. */
export const MAX_LOGS = 256
/** Of all configurations kept, as they were sent: each has the checks of every agent of its contract. */
export const MAX_KEPT_BYTES = 16 * 1024 * 1024

/** `signed`: as it came, to be shown to a collector that has lost it. */
type Kept = { config: AgentConfig; signed: SignedConfig; bytes: number }

export class ConfigStore {
  readonly #dir: string
  readonly #fs: SpoolFs
  readonly #log: Log
  readonly #collectorKey: KeyObject
  readonly #configs = new Map<string, Kept>()
  /** Log and check → instant of the last look that was taken. */
  readonly #lookedMs = new Map<string, number>()
  /** Log → what is to be written of it. */
  readonly #unwritten = new Map<string, SignedConfig>()
  /** One write at a time: two at once would share a draft, and the older could end last. */
  #keeping: Promise<void> | null = null

  constructor(deps: { dir: string; fs: SpoolFs; log: Log; collectorKey: KeyObject }) {
    this.#dir = deps.dir
    this.#fs = deps.fs
    this.#log = deps.log
    this.#collectorKey = deps.collectorKey
  }

  /** What was kept. A file that does not hold is said and left alone. */
  async load(): Promise<AgentConfig[]> {
    const names = await this.#fs.list(this.#dir).catch(() => [])
    for (const name of names.filter((one) => one.endsWith('.json'))) {
      const text = await this.#fs.read(join(this.#dir, name)).then(String, () => '')
      const signed = signedConfigOf(text)
      const config = openConfig(signed, this.#collectorKey)
      const trouble = typeof config === 'string' ? config : this.#tooMuch(config, signed)
      if (typeof config !== 'string' && trouble === undefined) this.#take(config, signed)
      else this.#log.warn('a kept configuration is not used', { file: name, reason: trouble })
    }
    return [...this.#configs.values()].map(({ config }) => config)
  }

  /**
   * The configuration to run from now on; null when it was not taken, which is said, or when it asks this agent for
   * nothing and never did: a collector tells every agent of every contract.
   */
  accept(signed: SignedConfig): AgentConfig | null {
    const config = openConfig(signed, this.#collectorKey)
    if (typeof config === 'string') {
      this.#log.error('a configuration was refused', { reason: config })
      return null
    }
    const last = this.#configs.get(config.origin)?.config
    if (!mayFollow(config, last)) {
      const { origin, version } = config
      this.#log.error('a configuration older than ours was refused', { origin, version, ours: last?.version })
      return null
    }
    if (!last && config.checks.length === 0) return null
    const tooMuch = this.#tooMuch(config, signed)
    if (tooMuch !== undefined) {
      this.#log.error('a configuration was refused', { origin: config.origin, reason: tooMuch })
      return null
    }
    this.#take(config, signed)
    this.#unwritten.set(config.origin, signed)
    this.#keeping ??= this.#keepAll()
    return config
  }

  /** The sentence that says which bound it would pass, together with those of the other logs. */
  #tooMuch({ origin, checks }: AgentConfig, { json }: SignedConfig): string | undefined {
    const others = [...this.#configs].filter(([log]) => log !== origin).map(([, kept]) => kept)
    if (others.length >= MAX_LOGS) return `there are ${MAX_LOGS} of other logs: an agent takes no more`
    const bytes = others.reduce((sum, kept) => sum + kept.bytes, Buffer.byteLength(json))
    if (bytes > MAX_KEPT_BYTES) return `all together would pass ${MAX_KEPT_BYTES} bytes`
    const count = others.reduce((sum, { config }) => sum + config.checks.length, checks.length)
    return count > MAX_CHECKS ? `all together would have more than ${MAX_CHECKS} checks` : undefined
  }

  #take(config: AgentConfig, signed: SignedConfig): void {
    this.#configs.set(config.origin, { config, signed, bytes: Buffer.byteLength(signed.json) })
  }

  /** What is held in place of a sound configuration that was refused as older; null where it is none such. */
  heldAgainst(signed: SignedConfig): Pick<SignedConfig, 'json' | 'signature'> | null {
    const config = openConfig(signed, this.#collectorKey)
    if (typeof config === 'string') return null
    const held = this.#configs.get(config.origin)
    return held && !mayFollow(config, held.config) ? held.signed : null
  }

  digestOf(origin: string): Buffer | null {
    return this.#configs.get(origin)?.config.digest ?? null
  }

  /**
   * The check that a look is about; null for one that is not of the configuration that runs here, not newer than
   * the last one, or not signed by the collector, which is said.
   */
  lookedAt(look: Look & { signature: Uint8Array }): AgentCheck | null {
    const config = this.#configs.get(look.origin)?.config
    const check = config?.checks.find(({ index }) => index === look.check)
    if (!config || !check || Buffer.compare(config.digest, look.configDigest) !== 0) return null
    const place = `${look.origin}\n${look.check}`
    if (look.atMs <= (this.#lookedMs.get(place) ?? -Infinity)) return null
    if (!lookHolds(look, this.#collectorKey)) {
      this.#log.error('a request to look now was refused: it is not signed by the pinned collector')
      return null
    }
    this.#lookedMs.set(place, look.atMs)
    return check
  }

  /** Ends when everything accepted so far is on disk, or was said not to be. */
  kept(): Promise<void> {
    return this.#keeping ?? Promise.resolve()
  }

  async #keepAll(): Promise<void> {
    for (const [origin, signed] of this.#unwritten) {
      this.#unwritten.delete(origin)
      await this.#keep(origin, signed)
    }
    this.#keeping = null
  }

  async #keep(origin: string, { json, signature, mine }: SignedConfig): Promise<void> {
    const name = `${createHash('sha256').update(origin).digest('hex').slice(0, 16)}.json`
    const kept = { json, signature: Buffer.from(signature).toString('base64'), mine }
    try {
      await this.#fs.makeFolder(this.#dir)
      await this.#fs.replace(join(this.#dir, name), Buffer.from(JSON.stringify(kept)))
    } catch (error) {
      this.#log.error('the configuration cannot be kept; it is fetched anew at every start', {
        reason: messageOf(error),
      })
    }
  }
}

function signedConfigOf(text: string): SignedConfig {
  const { json, signature, mine } = parseObject(text)
  return {
    json: typeof json === 'string' ? json : '',
    signature: Buffer.from(typeof signature === 'string' ? signature : '', 'base64'),
    mine: Array.isArray(mine) ? mine.filter((index) => Number.isSafeInteger(index)) : [],
  }
}
