/**
 * Pages: frames of one log, decoded into readings by agent and check. Frames of one agent under one
 * configuration share their columns, so that a long refold allocates next to nothing. A page holds no more
 * readings than fit in memory; a frame that cannot be folded is set aside with the reason, the same one at each
 * reading, and what it told of is unknown. Pure.
 */
import { readStates, type StateBatch } from '@constat/shared/frame-reader'
import type { CheckConfig } from '@constat/shared/check'
import { invariant } from '@constat/shared/fault'
import type { Interval, UnixMs } from '@constat/shared/time'
import { readBatch, type Readings } from './readings.ts'

/** A frame of the ledger, whose form admission has proved. It is read when its turn comes, and let go. */
export type Frame = { index: number; body: Buffer; agent: Buffer; session: Buffer; seq: number }

/** A stored leaf, of which the columns of a frame are filled. */
type FrameRow = {
  index: number
  body: Buffer
  agent: Buffer | null
  session: Buffer | null
  seq: number | null
}

export function frameOf({ index, body, agent, session, seq }: FrameRow): Frame {
  invariant(agent && session && seq !== null, `leaf ${index} is a frame without its place`)
  return { index, body, agent, session, seq }
}

/** What one agent said under one configuration. */
export type Report = {
  agent: string
  config: CheckConfig
  intervalMs: number[]
  /** By check index; holes where nothing was said. */
  readings: Readings[]
  firstIndex: number
  /** The last session that spoke, and whether another one spoke before it. */
  session: Buffer
  isMixed: boolean
}

/** Frames were lost before `atMs`: unknown on every check of the agent. */
export type Gap = { agent: string; atMs: UnixMs }

/** A frame of which nothing is folded. */
export type Unfolded = { index: number; agent: string; reason: string }

/** `end`: position of the first frame that did not go in. */
export type Page = { reports: Report[]; gaps: Gap[]; unfolded: Unfolded[]; end: number }

/** Readings after which a page is full. One frame more may be as large as MAX_SLOTS allows. */
export const PAGE_READINGS = 500_000

export type ConfigOf = (digest: Uint8Array) => CheckConfig

/** From position `from` on; open slots only within `within`. */
export function readPage(
  frames: readonly Frame[],
  configOf: ConfigOf,
  { from = 0, within }: { from?: number; within?: Interval } = {},
): Page {
  const reports = new Map<string, Report>()
  const gaps: Gap[] = []
  const unfolded: Unfolded[] = []
  let readings = 0
  let end = from
  // Nearly every frame is of the agent and the configuration of the one before it.
  let last: { agent: Buffer; digest: Uint8Array; report: Report } | null = null
  for (; end < frames.length && readings < PAGE_READINGS; end += 1) {
    const frame = frames[end]!
    const batch = readStates(frame.body)
    const digest = batch.configDigest
    if (!last?.agent.equals(frame.agent) || Buffer.compare(last.digest, digest) !== 0) {
      const agent = frame.agent.toString('hex')
      const key = agent + Buffer.from(digest).toString('latin1')
      const report = reports.get(key) ?? openReport(agent, frame, configOf(digest))
      reports.set(key, report)
      last = { agent: frame.agent, digest, report }
    }
    const { report } = last
    const added = readBatch(batch, report.readings, report.intervalMs, within)
    if (typeof added === 'string') {
      unfolded.push({ index: frame.index, agent: report.agent, reason: added })
      continue
    }
    readings += added
    if (batch.gapCount > 0) gaps.push({ agent: report.agent, atMs: gapInstant(batch) })
    if (!report.session.equals(frame.session)) {
      report.isMixed = true
      report.session = frame.session
    }
  }
  return { reports: [...reports.values()], gaps, unfolded, end }
}

/** The gap is told at the first instant of the frame that announces it. */
export function gapInstant({ baseS, samples }: StateBatch): UnixMs {
  let least = samples.offsetMs[0] ?? 0
  for (const offset of samples.offsetMs) if (offset < least) least = offset
  return baseS * 1000 + least
}

function openReport(agent: string, { index, session }: Frame, config: CheckConfig): Report {
  const intervalMs = config.checks.map((check) => check.intervalMs)
  return { agent, config, intervalMs, readings: [], firstIndex: index, session, isMixed: false }
}
