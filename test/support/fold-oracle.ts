/**
 * The vantage fold written a second time, from the text of the semantics and for one instant at a time:
 * slow, without state, sharing no code with the machine it checks. Pure.
 */

/** `ok`, `degraded`, `fail`, `unknown`, `blocked` by their first letters; `G` is ok. */
export type Letter = 'G' | 'D' | 'F' | 'U' | 'B'
export type OracleSample = { atMs: number; letter: Letter }
export type OracleRules = { holdMs: number; down: number; up: number }

export type Verity = {
  known: boolean
  down: boolean
  provenDown: boolean
  provenUp: boolean
  degraded: boolean
  blocked: boolean
}

/** What the semantics say of the instant `atMs`, all samples considered, also those after it. */
export function truthAt(samples: readonly OracleSample[], rules: OracleRules, atMs: number): Verity {
  const standing = samples.findLastIndex((sample) => sample.atMs <= atMs)
  const sample = samples[standing]
  const isHeld = sample !== undefined && atMs < sample.atMs + rules.holdMs
  const known = isHeld && (isGood(sample) || isFail(sample))
  const down = known && isLabelledDown(samples, rules, standing)
  return {
    known,
    down,
    provenDown: isProved(samples, atMs, { holdMs: rules.holdMs, atLeast: rules.down, belongs: isFail }),
    provenUp: isProved(samples, atMs, { holdMs: rules.holdMs, atLeast: rules.up, belongs: isGood }),
    degraded: known && !down && sample.letter === 'D',
    blocked: isHeld && sample.letter === 'B',
  }
}

function isGood({ letter }: OracleSample): boolean {
  return letter === 'G' || letter === 'D'
}

function isFail({ letter }: OracleSample): boolean {
  return letter === 'F'
}

/** Rule 3: every run of N fails (M good) among the known samples labels from its own first sample on. */
function isLabelledDown(samples: readonly OracleSample[], rules: OracleRules, standing: number): boolean {
  const known = [...samples.entries()].filter(([, sample]) => isGood(sample) || isFail(sample))
  let label = { from: -1, isDown: false }
  for (const [start, [index, first]] of known.entries()) {
    const before = known[start - 1]
    const isFirstOfRun = before === undefined || isFail(before[1]) !== isFail(first)
    if (!isFirstOfRun || index > standing) continue
    const rest = known.slice(start)
    const end = rest.findIndex(([, sample]) => isFail(sample) !== isFail(first))
    const length = end < 0 ? rest.length : end
    if (length >= (isFail(first) ? rules.down : rules.up)) label = { from: index, isDown: isFail(first) }
  }
  return label.isDown
}

type Proof = { holdMs: number; atLeast: number; belongs: (sample: OracleSample) => boolean }

/** Rule 4: `atMs` lies between two neighbours of an unbroken run that is long enough. */
function isProved(
  samples: readonly OracleSample[],
  atMs: number,
  { holdMs, atLeast, belongs }: Proof,
): boolean {
  const carriesOn = (i: number): boolean => {
    const [a, b] = [samples[i], samples[i + 1]]
    return a !== undefined && b !== undefined && belongs(a) && belongs(b) && b.atMs - a.atMs <= holdMs
  }
  return samples.some((sample, i) => {
    if (!carriesOn(i) || atMs < sample.atMs || atMs >= samples[i + 1]!.atMs) return false
    let first = i
    while (carriesOn(first - 1)) first -= 1
    let last = i + 1
    while (carriesOn(last)) last += 1
    return last - first + 1 >= atLeast
  })
}
