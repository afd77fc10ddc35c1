/**
 * Trials: what the collector asks to be probed once before a contract holds it. One at a time and so many in a
 * minute, by the same address rules and with the same secrets as the checks of a configuration; what comes back
 * goes to the collector alone: it is no sample, and is neither signed nor spooled nor counted.
 */
import type { KeyObject } from 'node:crypto'
import { messageOf } from '@constat/shared/fault'
import { openTrial, TRIALS_PER_MINUTE, type SignedTrial } from '@constat/shared/trial'
import type { Message } from '@constat/shared/wire'
import type { ProbeResult } from '@constat/probe/probe'
import { readCheck, type AgentCheck } from './config.ts'
import { probedOf, probedText } from './probed.ts'
import type { Shell } from './shell.ts'

type Tried = Omit<Extract<Message, { type: 'tried' }>, 'type' | 'id'>

const MINUTE_US = 60_000_000

export type TrialsDeps = {
  /** Hex. */
  agent: string
  collectorKey: KeyObject
  shell: Pick<Shell, 'clock' | 'log'>
  /** One probe as the agent makes it; never rejects. */
  probe: (check: AgentCheck) => Promise<ProbeResult>
}

export class Trials {
  readonly #deps: TrialsDeps
  #isRunning = false
  /** When the last ones began. */
  #begunUs: number[] = []

  constructor(deps: TrialsDeps) {
    this.#deps = deps
  }

  async answer(signed: SignedTrial): Promise<Tried> {
    const check = this.#admit(signed)
    if (typeof check === 'string') return refused(check)
    const { name, timeoutMs, probe } = check
    if (typeof probe === 'string') return refused(`${name}: ${probe}`)
    this.#isRunning = true
    try {
      this.#deps.shell.log.info('the collector has a check tried', { check: name, kind: probe.kind })
      const result = await this.#deps.probe(check)
      const told = { check: name, ...probedOf(probe, result, { timeoutMs }) }
      return { result: probedText(told), refusal: '' }
    } catch (error) {
      return refused(messageOf(error))
    } finally {
      this.#isRunning = false
    }
  }

  /** The check to try, or the sentence that says why it is not tried. */
  #admit(signed: SignedTrial): AgentCheck | string {
    const { agent, collectorKey, shell } = this.#deps
    const opened = openTrial(signed, { agent, collectorKey })
    if (typeof opened === 'string') return opened
    if (this.#isRunning) return 'another trial is running'
    const nowUs = shell.clock.monotonicUs()
    const lately = this.#begunUs.filter((atUs) => nowUs - atUs < MINUTE_US)
    if (lately.length >= TRIALS_PER_MINUTE) return `no more than ${TRIALS_PER_MINUTE} trials in a minute`
    this.#begunUs = [...lately, nowUs]
    return readCheck(opened.check, 0)
  }
}

const MAX_REFUSAL_CHARS = 1_000

function refused(refusal: string): Tried {
  return { result: null, refusal: refusal.slice(0, MAX_REFUSAL_CHARS) }
}
