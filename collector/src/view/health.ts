/** Health: what keeps the collector from its work, or puts it in doubt, as it is told to programs and people. */

/** Sizes in bytes, instants in ms. */
export type Trouble =
  /** Does not answer, or not in time. */
  | { kind: 'database'; reason: string }
  /** The disk of the data directory: frames are not taken, agents keep them. */
  | { kind: 'disk'; freeBytes: number; floorBytes: number }
  | { kind: 'ledger'; reason: string }
  | { kind: 'fold-behind'; contract: string }
  | { kind: 'set-aside'; contracts: number }
  /** What is stored of a log, from this leaf on, is not what was signed. */
  | { kind: 'lie'; contract: string; index: number }
  /** The database was put back from an older copy. */
  | { kind: 'restored'; contract: string }
  /** The host's clock was set by `offMs`. */
  | { kind: 'clock'; offMs: number; sinceMs: number; isDoubted: boolean }

/** These leave the collector ready: the others of what it does go on. */
const MINOR: ReadonlySet<Trouble['kind']> = new Set(['set-aside', 'lie', 'restored', 'clock'])

export function isReady(troubles: readonly Trouble[]): boolean {
  return troubles.every(({ kind }) => MINOR.has(kind))
}

export type HealthText = { [K in Trouble['kind']]: (trouble: Extract<Trouble, { kind: K }>) => string }

/** English. */
export const healthEn: HealthText = {
  database: ({ reason }) => `the database is away: ${reason}`,
  disk: ({ freeBytes, floorBytes }) =>
    `the disk is full: ${mebibytes(freeBytes)} MiB left of the ${mebibytes(floorBytes)} that are kept free; ` +
    'no samples are taken until there is room, and agents keep theirs',
  ledger: ({ reason }) => `the ledger cannot be written: ${reason}`,
  'fold-behind': ({ contract }) => `the fold of ${contract} is behind its ledger`,
  'set-aside': ({ contracts }) => `${contracts} contract(s) set aside: their pages say why`,
  lie: ({ contract, index }) =>
    `the log of ${contract} lies at leaf ${index}, and it is not extended; constat check says more`,
  restored: ({ contract }) =>
    `the database of ${contract} is older than its agents: what came after the copy that was put back is lost here`,
  clock: ({ offMs, isDoubted }) =>
    `the clock of this host was set ${offMs < 0 ? 'back' : 'forward'} by ${seconds(offMs)} s; the time from before goes on` +
    (isDoubted
      ? ', and no agent is told a time until others show whose is right; if the new one is, start the collector again'
      : ', as agents show'),
}

export function troubleText<K extends Trouble['kind']>(
  trouble: Extract<Trouble, { kind: K }>,
  text: HealthText,
): string {
  return text[trouble.kind](trouble)
}

export function mebibytes(bytes: number): string {
  return String(Math.floor(bytes / 2 ** 20))
}

export function seconds(ms: number): string {
  return String(Math.round(Math.abs(ms) / 1_000))
}
