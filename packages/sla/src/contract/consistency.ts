/**
 * Consistency: what each value says together with the others. Pure.
 * One function a rule, each with a message that says what to change.
 */
import { MAX_CHECKS } from '@constat/shared/check'
import { parseDate } from '../civil.ts'
import { durationText } from '../duration.ts'
import { compare, decimal } from '../fraction.ts'
import { CREDIT_RULES } from './consistency-credit.ts'
import { GUARANTEE_RULES } from './consistency-guarantee.ts'
import { MEASURE_RULES } from './consistency-measure.ts'
import { DEFAULT_REPROBE_MS } from './expand-check.ts'
import { expandContract } from './expand.ts'
import type { CheckTerms, ExpandedContract, ServiceNode } from './expanded.ts'
import { entryOf, type Entry, type Library } from './library.ts'
import type { Path, Problem } from './problem.ts'
import { circleOf } from './references.ts'
import type { ContractSpec } from './schema-contract.ts'
import type { Rule, Say, Subject } from './subject.ts'
import { slugsOfWatch } from './watch.ts'

/** Of the contract itself; beside them those of who measures, of what is promised, and of what it is worth. */
const OWN_RULES = [whole, doubled, dates, clausesNamed, dayKindsHaveHolidays, tiers, chargesKnown, treesHold]
const RULES: readonly Rule[] = [...OWN_RULES, ...MEASURE_RULES, ...GUARANTEE_RULES, ...CREDIT_RULES]

export type Expansion = { terms: ExpandedContract; problems: Problem[] }

export function expandAndCheck(entry: Entry<'Contract'>, library: Library): Expansion {
  const terms = expandContract(entry, library)
  const problems: Problem[] = []
  const subject = { spec: entry.document.spec, terms, entry, library }
  for (const rule of RULES)
    rule(subject, (path, message) => problems.push(entry.problem(['spec', ...path], message)))
  return { terms, problems: [...problems, ...checkProblems(subject)] }
}

/** The keys that together make the small contract, or the full one. */
function whole({ spec, entry }: Subject, say: Say): void {
  const { watch, guarantees, target, provider, parties } = spec
  // What was refused is not missing.
  if (!entry.whole) return
  if (!watch && !guarantees) say([], 'promises nothing: write watch with the URLs, or guarantees')
  if (watch && target === undefined)
    say([], 'is missing target: write what was promised, such as target: "99.9"')
  if (!watch && target !== undefined)
    say(['target'], 'stands without watch: write the URLs, or move it into a guarantee')
  for (const key of ['every', 'timeout'] as const) {
    if (!watch && spec[key] !== undefined)
      say([key], 'stands without watch: write it in each Check, as interval or timeout')
  }
  if (provider === undefined && !parties?.some(({ role }) => role === 'provider')) {
    say([], 'is missing provider: write who answers, such as provider: Northstar')
  }
  if (!spec.timeZone && !spec.effective?.timeZone) {
    const missing = watch || spec.hours || guarantees?.some(({ window }) => !window?.timeZone)
    if (missing) say([], 'is missing timeZone: write the zone of its windows, such as Europe/Paris')
  }
}

/** One thing said in two places. */
function doubled({ spec }: Subject, say: Say): void {
  const pairs: [keyof ContractSpec, boolean, string][] = [
    ['provider', spec.parties?.some(({ role }) => role === 'provider') ?? false, 'parties'],
    ['customer', spec.parties?.some(({ role }) => role === 'customer') ?? false, 'parties'],
    ['hold', spec.measurement?.sample?.hold !== undefined, 'measurement.sample.hold'],
    ['confirm', spec.measurement?.confirm !== undefined, 'measurement.confirm'],
    ['alertAfter', spec.measurement?.alertAfter !== undefined, 'measurement.alertAfter'],
    ['monthlyFee', spec.charges !== undefined, 'charges'],
  ]
  for (const [key, also, where] of pairs) {
    if (spec[key] !== undefined && also) say([key], `is said twice: remove it, or what stands in ${where}`)
  }
}

function dates({ spec: { effective } }: Subject, say: Say): void {
  if (effective?.from === undefined || effective.to === undefined) return
  if ((parseDate(effective.from) ?? 0) >= (parseDate(effective.to) ?? 0)) {
    say(['effective', 'to'], `should be after from (${effective.from})`)
  }
}

/** Every line of a judgement cites a clause, once the contract writes any. */
function clausesNamed({ spec }: Subject, say: Say): void {
  if (!spec.clauses || spec.clauses.length === 0) return
  const hint = 'is missing its clause: every line of a judgement cites one of spec.clauses'
  for (const [i, { clause }] of (spec.guarantees ?? []).entries())
    if (clause === undefined) say(['guarantees', i], hint)
  for (const [i, { clause }] of (spec.exclusions?.kinds ?? []).entries()) {
    if (clause === undefined) say(['exclusions', 'kinds', i], hint)
  }
  if (spec.credits && spec.credits.clause === undefined) say(['credits'], hint)
}

function dayKindsHaveHolidays({ spec }: Subject, say: Say): void {
  const ask = (
    count: { dayKind?: string | undefined; calendar?: string | undefined } | undefined,
    path: Path,
  ) => {
    const kind = count?.dayKind
    if (!kind || kind === 'calendar' || kind === 'clear' || count.calendar !== undefined) return
    say(path, `counts ${kind} days: name the calendar whose holidays they leave out`)
  }
  for (const [i, { notice }] of (spec.exclusions?.kinds ?? []).entries())
    ask(notice, ['exclusions', 'kinds', i, 'notice'])
  const { deadline } = spec.credits?.claim ?? {}
  if (deadline && 'days' in deadline) ask(deadline, ['credits', 'claim', 'deadline'])
  for (const [i, rule] of (spec.credits?.chronic ?? []).entries())
    if ('notice' in rule) ask(rule.notice, ['credits', 'chronic', i, 'notice'])
  ask(spec.credits?.claim?.providerAnswer, ['credits', 'claim', 'providerAnswer'])
}

function tiers({ spec }: Subject, say: Say): void {
  for (const [id, schedule] of Object.entries(spec.credits?.schedules ?? {})) {
    const path = ['credits', 'schedules', id]
    if (schedule.kind === 'tiers') {
      const list = schedule.tiers.map(({ from, percent }) => ({ from, worth: percent }))
      ordered(list, { path: [...path, 'tiers'], name: 'percent' }, say)
    } else if (schedule.kind === 'points' && typeof schedule.points !== 'number') {
      const list = schedule.points.map(({ from, points }) => ({ from, worth: String(points) }))
      ordered(list, { path: [...path, 'points'], name: 'points' }, say)
      if (schedule.repeatPoints.length > 0)
        say([...path, 'repeatPoints'], 'stands beside points by figure: remove it, or write credits.repeat')
    }
  }
}

type Bound = { from: string; worth: string }

function ordered(list: readonly Bound[], { path, name }: { path: Path; name: string }, say: Say): void {
  for (const [i, { from, worth }] of list.entries()) {
    const before = list[i - 1]
    if (!before) continue
    if (compare(decimal(from), decimal(before.from)) >= 0) {
      const message = `is out of order: tiers go down from the highest bound, and ${from} is not below ${before.from}`
      say([...path, i, 'from'], message)
    }
    if (compare(decimal(worth), decimal(before.worth)) < 0) {
      say([...path, i, name], `pays less for a worse result: ${worth} after ${before.worth}`)
    }
  }
  const last = list.at(-1)
  if (last && decimal(last.from).n !== 0n) {
    const message = `leaves results below ${last.from} without a tier: end with {from: "0", …}`
    say([...path, list.length - 1, 'from'], message)
  }
}

/** A credit is a share of a charge: without one it has no amount. */
function chargesKnown({ spec, terms, entry }: Subject, say: Say): void {
  if (!terms.credits || !entry.whole) return
  const monthly = terms.charges?.monthly ?? []
  if (monthly.length === 0) {
    say(['credits'], 'are shares of a charge that is not written: add charges.monthly, or monthlyFee')
    return
  }
  if (terms.credits.base !== 'monthly-charge-of-service') return
  for (const id of Object.keys(terms.credits.schedules)) {
    const service = terms.guarantees.find((guarantee) => guarantee.id === id)?.service
    if (
      service === undefined ||
      monthly.some((charge) => charge.service === null || charge.service === service)
    )
      continue
    const at = spec.credits ? ['credits', 'schedules', id] : ['credits']
    say(at, `credits a share of the charge of ${service}, which charges.monthly does not list: add it`)
  }
}

function treesHold({ spec, terms }: Subject, say: Say): void {
  const circle = circleOf(new Map(terms.services.map(({ name, tree }) => [name, tree])))
  if (circle.length > 0)
    say(['services'], `go in a circle: ${circle.join(' → ')}; remove one of these references`)
  const wrong = (tree: ServiceNode): boolean => {
    if ('check' in tree || 'service' in tree) return false
    if ('atLeast' in tree) return tree.atLeast > tree.of.length || tree.of.some(wrong)
    return ('all' in tree ? tree.all : tree.any).some(wrong)
  }
  for (const [i, { tree }] of (spec.services ?? []).entries()) {
    if (tree && wrong(tree)) say(['services', i, 'tree'], 'asks for more parts than it lists: lower atLeast')
  }
}

/** Rules of each check, told where the check is written. */
function checkProblems({ terms, entry, library }: Subject): Problem[] {
  const { spec } = entry.document
  const watched = new Set(slugsOfWatch(spec.watch ?? []))
  const problems: Problem[] = []
  if (terms.checks.length > MAX_CHECKS) {
    problems.push(entry.problem(['spec'], `has more than ${MAX_CHECKS} checks: split the contract`))
  }
  for (const check of terms.checks) {
    const own = entryOf(library, 'Check', check.name)
    if (own && watched.has(check.name)) {
      problems.push(own.problem(['metadata', 'name'], 'is the name of a watched URL too: rename this check'))
    }
    const say: Say = (path, message) =>
      problems.push(
        own
          ? own.problem(path, message)
          : entry.problem(['spec', path.at(-1) === 'hold' ? 'hold' : 'timeout'], message),
      )
    for (const { path, message } of checkFindings(check, terms)) say(path, message)
  }
  return distinct(problems)
}

function checkFindings(
  { service, spec, fold, vantages, zone }: CheckTerms,
  terms: ExpandedContract,
): { path: Path; message: string }[] {
  const found: { path: Path; message: string }[] = []
  const { intervalMs, timeoutMs, reprobeMs } = spec
  if (reprobeMs >= intervalMs && reprobeMs !== DEFAULT_REPROBE_MS) {
    const message = `should be below the interval (${durationText(intervalMs)}): the next slot would come first`
    found.push({ path: ['spec', 'reprobe'], message })
  }
  if (timeoutMs >= intervalMs) {
    const message = `should be below the interval (${durationText(intervalMs)}): a probe ends before the next begins`
    found.push({ path: ['spec', 'timeout'], message })
  } else if (fold.holdMs < 2 * intervalMs + timeoutMs) {
    const least = durationText(2 * intervalMs + timeoutMs)
    const message = `needs a hold of at least two intervals and a timeout (${least}), and it is ${durationText(fold.holdMs)}: one late sample would read as silence`
    found.push({ path: ['spec', 'hold'], message })
  }
  if (zone !== null && terms.zones.length > 0 && !terms.zones.some(({ id }) => id === zone)) {
    found.push({ path: ['spec', 'zone'], message: `names no zone of the contract: there is no ${zone}` })
  }
  const named = terms.measurement.vantages
  for (const [i, vantage] of (vantages === 'all' ? [] : vantages).entries()) {
    if (named === 'all' || named.includes(vantage)) continue
    const message = `is not among measurement.vantages of ${terms.name}: name it there, or remove it here`
    found.push({ path: ['spec', 'vantages', i], message })
  }
  const { quorum } = terms.measurement
  const isJudged = terms.guarantees.some((one) => one.service === service && one.scope === 'service')
  // What a check inherits is told at the quorum.
  const isOwn = vantages !== 'all' && vantages !== terms.measurement.vantages
  if (isOwn && quorum.kind === 'fixed' && isJudged && quorum.down > new Set(vantages).size) {
    const message = `are fewer than the quorum of ${quorum.down}: the check could never be down; name more, or lower measurement.quorum`
    found.push({ path: ['spec', 'vantages'], message })
  }
  return found
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ file, line, column, path, message }) => {
    const key = JSON.stringify([file, line, column, path, message])
    return !seen.has(key) && Boolean(seen.add(key))
  })
}
