/**
 * What is probed: the checks that anything in force rests on. A check that a revision changes or drops is
 * probed as it was until the last window that rests on it has ended, unless the revision stops it at once. Pure.
 */
import type { IntervalSet, UnixMs } from '@constat/shared/time'
import { isolationReferences } from '../isolation.ts'
import type { CheckTerms, ExpandedContract } from '../contract/expanded.ts'
import { checksOf } from '../service-tree.ts'
import type { Life, Revision } from './contract-state.ts'
import { endedMs, nextChangeMs, promisesAt, servicesAt, takesEffectMs } from './in-force.ts'

type Probed = { fromMs: UnixMs; untilMs: UnixMs; checks: readonly CheckTerms[] }

const PROBED = new WeakMap<Life, Probed>()

/** Checks to run at an instant, in order of name; of one that was changed the oldest still needed. */
export function checksProbed(life: Life, nowMs: UnixMs): readonly CheckTerms[] {
  const known = PROBED.get(life)
  if (known && known.fromMs <= nowMs && nowMs < known.untilMs) return known.checks
  const checks = checksAt(life, nowMs)
  PROBED.set(life, { fromMs: nowMs, untilMs: nextChangeMs(life, nowMs), checks })
  return checks
}

function checksAt(life: Life, nowMs: UnixMs): CheckTerms[] {
  const { revisions } = life
  if (endedMs(life, nowMs) !== null) return []
  // Terms that begin later are measured from their apply on where nothing is in force before them.
  const last = revisions.findLast((one) => takesEffectMs(one) <= nowMs) ?? revisions[0]
  if (!last) return []
  const probed = new Map<string, CheckTerms>()
  const upToLast = revisions.slice(0, revisions.indexOf(last))
  const isStopping = (one: Revision): boolean => one.stopProbing && takesEffectMs(one) <= nowMs
  const older = last.stopProbing ? [] : upToLast.slice(Math.max(0, upToLast.findLastIndex(isStopping)))
  for (const revision of older) {
    for (const check of neededChecks(revision, life, nowMs)) {
      if (!probed.has(check.name)) probed.set(check.name, check)
    }
  }
  for (const check of last.terms.checks) if (!probed.has(check.name)) probed.set(check.name, check)
  return [...probed.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What is still judged by an older revision, with the references that its agents know themselves by. */
function neededChecks(revision: Revision, life: Life, nowMs: UnixMs): CheckTerms[] {
  const services = [
    ...servicesAt(life, nowMs).flatMap((one) => (one.revision === revision ? [one.name] : [])),
    ...promisesAt(life, nowMs).flatMap((one) => (one.revision === revision ? [one.guarantee.service] : [])),
  ]
  if (services.length === 0) return []
  const names = new Set(referencesOf(revision.terms))
  for (const service of services) for (const { name } of checksOf(revision.terms, service)) names.add(name)
  return revision.terms.checks.filter(({ name }) => names.has(name))
}

function referencesOf(terms: ExpandedContract): string[] {
  const zones = terms.zones.flatMap(({ references }) => references)
  return [...isolationReferences(terms).map(({ check }) => check), ...zones]
}

/** When the checks of a service were not probed although its revision rests on them: stopped, until had again. */
export function probingStopped(
  life: Life,
  { service, revision }: { service: string; revision: Revision },
): IntervalSet {
  const checks = checksOf(revision.terms, service)
  const stopped: { startMs: UnixMs; endMs: UnixMs }[] = []
  for (const one of life.revisions.slice(life.revisions.indexOf(revision) + 1)) {
    const kept = new Set(one.terms.checks.map(({ name }) => name))
    const hasAll = checks.every(({ name }) => kept.has(name))
    const open = stopped.find(({ endMs }) => endMs === Infinity)
    if (open && hasAll) open.endMs = takesEffectMs(one)
    else if (!open && !hasAll && one.stopProbing)
      stopped.push({ startMs: takesEffectMs(one), endMs: Infinity })
  }
  return stopped
}
