/**
 * Consistency: what each value says together with the others. Pure.
 * One function a rule, each with a message that says what to change.
 */
import { MAX_CHECKS } from '@constat/shared/check'
import { parseDate } from '../civil.ts'
import { durationText } from '../duration.ts'
import { compare, decimal } from '../fraction.ts'
import { expandContract } from './expand.ts'
import type { CheckTerms, ExpandedContract, ServiceNode, WindowPeriod } from './expanded.ts'
import { entryOf, type Entry, type Library } from './library.ts'
import type { Path, Problem } from './problem.ts'
import { circleOf } from './references.ts'
import type { ContractSpec } from './schema-contract.ts'
import { slugsOfWatch } from './watch.ts'

type Say = (path: Path, message: string) => void
type Subject = { spec: ContractSpec; terms: ExpandedContract; entry: Entry<'Contract'>; library: Library }

/** Every rule, in the order in which a contract is read. */
const RULES: readonly ((subject: Subject, say: Say) => void)[] = [
  whole,
  doubled,
  dates,
  roles,
  clausesNamed,
  isolationIsOurs,
  quorumReachable,
  sitesJudged,
  windows,
  dayKindsHaveHolidays,
  tiers,
  chargesKnown,
  treesHold,
]

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

function roles({ spec }: Subject, say: Say): void {
  for (const role of ['provider', 'customer'] as const) {
    const found = (spec.parties ?? []).flatMap((party, i) => (party.role === role ? [i] : []))
    for (const i of found.slice(1)) {
      say(
        ['parties', i, 'role'],
        `is a second ${role}: a contract has one; write subcontractor or third-party`,
      )
    }
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

/** The provider's own line failing is the provider's failure: it must not hide an outage. */
function isolationIsOurs({ spec, terms }: Subject, say: Say): void {
  const isolation = spec.measurement?.isolation
  if (isolation?.rule !== 'all-references-failed') return
  const providers = answeredByProvider(terms)
  for (const [i, check] of isolation.references.entries()) {
    const zone = terms.zones.find(
      ({ owner, references }) => references.includes(check) && providers.has(owner),
    )
    if (!zone) continue
    const message = `stands in zone ${zone.id}, which the provider answers for (${zone.owner}): a reference of the provider cannot isolate; name one of another owner`
    say(['measurement', 'isolation', 'references', i], message)
  }
}

/** The provider and everybody it answers for: its subcontractors, and theirs. */
export function answeredByProvider({
  parties,
  provider,
}: Pick<ExpandedContract, 'parties' | 'provider'>): Set<string> {
  const found = new Set([provider])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { id, of } of parties) if (of !== null && found.has(of)) found.add(id)
  }
  return found
}

function quorumReachable({ spec, terms }: Subject, say: Say): void {
  const { quorum } = spec.measurement ?? {}
  const { vantages } = terms.measurement
  if (vantages === 'all') return
  const duplicate = vantages.findIndex((name, i) => vantages.indexOf(name) !== i)
  if (duplicate >= 0) say(['measurement', 'vantages', duplicate], 'stands twice in this list: remove one')
  const available = new Set(vantages).size
  for (const key of ['down', 'minKnown'] as const) {
    const needed = quorum?.[key]
    if (needed === undefined || needed <= available) continue
    const message = `can never be reached: it asks for ${needed} vantages and ${available} are named; lower it or name more`
    say(['measurement', 'quorum', key], message)
  }
}

function sitesJudged({ spec, terms }: Subject, say: Say): void {
  const each = terms.guarantees.some(({ scope }) => scope === 'each-site')
  if (each && terms.sites.length === 0) {
    const i = spec.guarantees?.findIndex(({ scope }) => scope === 'each-site') ?? 0
    say(['guarantees', i, 'scope'], 'judges each site, and the contract names none: add spec.sites')
  }
  const seen = new Map<string, string>()
  for (const [i, { id, agents }] of terms.sites.entries()) {
    for (const [j, agent] of agents.entries()) {
      const other = seen.get(agent)
      if (other !== undefined)
        say(['sites', i, 'agents', j], `stands in site ${other} too: an agent is at one site`)
      seen.set(agent, id)
    }
    const { vantages } = terms.measurement
    if (each && vantages !== 'all' && !agents.some((agent) => vantages.includes(agent))) {
      say(['sites', i, 'agents'], 'has no agent among measurement.vantages: this site could never be judged')
    }
  }
}

const SLO_PERIODS: Readonly<Record<string, WindowPeriod>> = {
  '1d': 'P1D',
  '1w': 'P1W',
  '1M': 'P1M',
  '1Q': 'P3M',
  '3M': 'P3M',
  '1Y': 'P1Y',
}

/** The window belongs to the guarantee; an SLO that says otherwise misleads whoever reads only it. */
function windows({ spec, terms, library }: Subject, say: Say): void {
  for (const [i, { sloRef }] of (spec.guarantees ?? []).entries()) {
    const slo = sloRef === undefined ? undefined : entryOf(library, 'SLO', sloRef)
    const { window } = terms.guarantees[i + (spec.watch?.length ?? 0)]!
    const written = slo?.document.spec.timeWindow[0]
    if (!written) continue
    const zone = written.calendar?.timeZone
    const period = SLO_PERIODS[written.duration]
    if (written.isRolling || period !== window.period || (zone !== undefined && zone !== window.timeZone)) {
      const other = `${written.isRolling ? 'rolling ' : ''}${written.duration}${zone ? ` in ${zone}` : ''}`
      const message = `differs from the window of SLO ${sloRef} (${other}): make both ${window.period} in ${window.timeZone}, or the SLO follow`
      say(['guarantees', i, 'window'], message)
    }
  }
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
  ask(spec.credits?.claim?.deadline, ['credits', 'claim', 'deadline'])
  ask(spec.credits?.claim?.providerAnswer, ['credits', 'claim', 'providerAnswer'])
}

function tiers({ spec }: Subject, say: Say): void {
  for (const [id, schedule] of Object.entries(spec.credits?.schedules ?? {})) {
    if (schedule.kind !== 'tiers') continue
    const path = ['credits', 'schedules', id, 'tiers']
    for (const [i, tier] of schedule.tiers.entries()) {
      const before = schedule.tiers[i - 1]
      if (!before) continue
      if (compare(decimal(tier.from), decimal(before.from)) >= 0) {
        say(
          [...path, i, 'from'],
          `is out of order: tiers go down from the highest bound, and ${tier.from} is not below ${before.from}`,
        )
      }
      if (compare(decimal(tier.percent), decimal(before.percent)) < 0) {
        say([...path, i, 'percent'], `pays less for a worse result: ${tier.percent} after ${before.percent}`)
      }
    }
    const last = schedule.tiers.at(-1)
    if (last && decimal(last.from).n !== 0n) {
      say(
        [...path, schedule.tiers.length - 1, 'from'],
        `leaves results below ${last.from} without a tier: end with {from: "0", …}`,
      )
    }
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
  { spec, fold, vantages, zone }: CheckTerms,
  terms: ExpandedContract,
): { path: Path; message: string }[] {
  const found: { path: Path; message: string }[] = []
  const { intervalMs, timeoutMs } = spec
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
  return found
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ file, line, column, path, message }) => {
    const key = JSON.stringify([file, line, column, path, message])
    return !seen.has(key) && Boolean(seen.add(key))
  })
}
