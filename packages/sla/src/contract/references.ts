/**
 * References: every name that a document uses exists, and no name is given twice. Pure.
 * Names come from the documents as written, so what was refused elsewhere is not told again here.
 */
import { leavesOf, usesOf } from './expand.ts'
import type { ServiceNode } from './expanded.ts'
import { entriesOf, idsAt, type Entry, type Library } from './library.ts'
import type { Path, Problem } from './problem.ts'
import { slugsOfWatch } from './watch.ts'

type Names = {
  calendars: Set<string>
  checks: Set<string>
  services: Set<string>
  /** Services that something probes. */
  probed: Set<string>
  clauses: Set<string>
  parties: Set<string>
  zones: Set<string>
  kinds: Set<string>
  guarantees: Set<string>
}

type Ask = (known: ReadonlySet<string>, name: string | undefined, path: Path, what: string) => void

export function referenceProblems(library: Library): Problem[] {
  const problems: Problem[] = []
  for (const entry of entriesOf(library, 'Contract')) contractReferences(entry, library, problems)
  for (const entry of entriesOf(library, 'SLO')) sloReferences(entry, library, problems)
  for (const entry of entriesOf(library, 'SLI')) sliReferences(entry, library, problems)
  for (const entry of entriesOf(library, 'LossModel')) lossReferences(entry, library, problems)
  for (const entry of entriesOf(library, 'Alerting')) alertingReferences(entry, library, problems)
  for (const entry of entriesOf(library, 'Calendar')) {
    if (entry.document.metadata.name !== 'always') continue
    problems.push(entry.problem(['metadata', 'name'], 'is built in: give this calendar another name'))
  }
  return [...problems, ...orphanChecks(library)]
}

function namesFor(entry: Entry<'Contract'>, library: Library): Names {
  const { spec, metadata } = entry.document
  const slugs = slugsOfWatch(spec.watch ?? [])
  const of = (kind: string) =>
    [...library.names]
      .filter((name) => name.startsWith(`${kind}/`))
      .map((name) => name.slice(kind.length + 1))
  const probed = entriesOf(library, 'Check').flatMap(({ source }) => serviceOf(source.data))
  const listed = idsAt(entry.source, ['spec', 'services'], 'name')
  const ids = (...path: string[]) => new Set(idsAt(entry.source, ['spec', ...path], 'id'))
  const own = spec.hours ? [`${metadata.name}-hours`] : []
  return {
    calendars: new Set(['always', ...of('Calendar'), ...own]),
    checks: new Set([...of('Check'), ...slugs]),
    services: new Set([...of('Service'), ...probed, ...listed, ...slugs]),
    probed: new Set([...probed, ...listed, ...slugs]),
    clauses: ids('clauses'),
    parties: new Set([...ids('parties'), 'customer', ...(spec.provider === undefined ? [] : ['provider'])]),
    zones: ids('zones'),
    kinds: ids('exclusions', 'kinds'),
    guarantees: new Set([...ids('guarantees'), ...slugs]),
  }
}

function serviceOf(data: unknown): string[] {
  const spec: unknown = typeof data === 'object' && data !== null && 'spec' in data ? data.spec : undefined
  const service = typeof spec === 'object' && spec !== null && 'service' in spec ? spec.service : undefined
  return typeof service === 'string' ? [service] : []
}

function contractReferences(entry: Entry<'Contract'>, library: Library, problems: Problem[]): void {
  const names = namesFor(entry, library)
  const ask: Ask = (known, name, path, what) => {
    if (name === undefined || known.has(name)) return
    const others = [...known].slice(0, 12).join(', ')
    const hint = others === '' ? `add that ${what}` : `write one of ${others}, or add it`
    problems.push(entry.problem(path, `names no ${what}: there is no ${name}; ${hint}`))
  }
  partyReferences(entry, names, ask)
  guaranteeReferences(entry, { names, library }, ask)
  ruleReferences(entry, names, ask)
  creditReferences(entry, names, ask)
  duplicates(entry, problems)
}

function partyReferences({ document: { spec } }: Entry<'Contract'>, names: Names, ask: Ask): void {
  for (const [i, { of }] of (spec.parties ?? []).entries()) {
    ask(names.parties, of, ['spec', 'parties', i, 'of'], 'party')
  }
  for (const [i, { administeredBy }] of (spec.sites ?? []).entries()) {
    ask(names.parties, administeredBy, ['spec', 'sites', i, 'administeredBy'], 'party')
  }
  for (const [i, { owner, reference }] of (spec.zones ?? []).entries()) {
    ask(names.parties, owner, ['spec', 'zones', i, 'owner'], 'party')
    for (const [j, check] of reference.entries()) {
      ask(names.checks, check, ['spec', 'zones', i, 'reference', j], 'check')
    }
  }
  for (const [i, { tree }] of (spec.services ?? []).entries()) {
    for (const leaf of tree ? leavesOf(tree) : []) {
      const path = ['spec', 'services', i, 'tree']
      if ('check' in leaf) ask(names.checks, leaf.check, path, 'check')
      else ask(names.services, leaf.service, path, 'service')
    }
  }
}

type Known = { names: Names; library: Library }

function guaranteeReferences(
  { document: { spec } }: Entry<'Contract'>,
  { names, library }: Known,
  ask: Ask,
): void {
  const slos = new Set([...library.names].flatMap((name) => (name.startsWith('SLO/') ? [name.slice(4)] : [])))
  for (const [i, guarantee] of (spec.guarantees ?? []).entries()) {
    const path = ['spec', 'guarantees', i]
    ask(names.probed, guarantee.service, [...path, 'service'], 'service with a check')
    ask(names.clauses, guarantee.clause, [...path, 'clause'], 'clause')
    ask(names.calendars, guarantee.calendar, [...path, 'calendar'], 'calendar')
    ask(slos, guarantee.sloRef, [...path, 'sloRef'], 'SLO')
    const paused = 'clock' in guarantee ? (guarantee.clock?.pausedWhile ?? []) : []
    for (const [j, kind] of paused.entries()) {
      ask(names.kinds, kind, [...path, 'clock', 'pausedWhile', j], 'exclusion kind')
    }
  }
}

function ruleReferences({ document: { spec } }: Entry<'Contract'>, names: Names, ask: Ask): void {
  const { measurement, exclusions, charges } = spec
  ask(names.clauses, measurement?.clause, ['spec', 'measurement', 'clause'], 'clause')
  const isolation = measurement?.isolation
  if (isolation?.rule === 'all-references-failed') {
    for (const [i, check] of isolation.references.entries()) {
      ask(names.checks, check, ['spec', 'measurement', 'isolation', 'references', i], 'check')
    }
  }
  for (const [i, kind] of (exclusions?.kinds ?? []).entries()) {
    const path = ['spec', 'exclusions', 'kinds', i]
    ask(names.clauses, kind.clause, [...path, 'clause'], 'clause')
    ask(names.calendars, kind.notice?.calendar, [...path, 'notice', 'calendar'], 'calendar')
    for (const [j, zone] of (kind.zones ?? []).entries())
      ask(names.zones, zone, [...path, 'zones', j], 'zone')
  }
  for (const [i, { service }] of (charges?.monthly ?? []).entries()) {
    ask(names.services, service, ['spec', 'charges', 'monthly', i, 'service'], 'service')
  }
}

function creditReferences({ document: { spec } }: Entry<'Contract'>, names: Names, ask: Ask): void {
  const { credits } = spec
  if (!credits) return
  ask(names.clauses, credits.clause, ['spec', 'credits', 'clause'], 'clause')
  for (const id of Object.keys(credits.schedules)) {
    ask(names.guarantees, id, ['spec', 'credits', 'schedules', id], 'guarantee')
  }
  for (const [i, rule] of credits.chronic.entries()) {
    const path = ['spec', 'credits', 'chronic', i]
    if ('guarantee' in rule) ask(names.guarantees, rule.guarantee, [...path, 'guarantee'], 'guarantee')
    else {
      ask(names.services, rule.service, [...path, 'service'], 'service')
      ask(names.calendars, rule.notice?.calendar, [...path, 'notice', 'calendar'], 'calendar')
    }
  }
  const claim = ['spec', 'credits', 'claim']
  const { deadline } = credits.claim ?? {}
  if (deadline && 'days' in deadline)
    ask(names.calendars, deadline.calendar, [...claim, 'deadline', 'calendar'], 'calendar')
  ask(
    names.calendars,
    credits.claim?.providerAnswer?.calendar,
    [...claim, 'providerAnswer', 'calendar'],
    'calendar',
  )
}

/** Lists whose members carry a name of their own. */
const NAMED_LISTS: readonly (readonly [Path, string])[] = [
  [['parties'], 'id'],
  [['sites'], 'id'],
  [['zones'], 'id'],
  [['services'], 'name'],
  [['clauses'], 'id'],
  [['guarantees'], 'id'],
  [['exclusions', 'kinds'], 'id'],
  [['credits', 'chronic'], 'id'],
]

function duplicates(entry: Entry<'Contract'>, problems: Problem[]): void {
  for (const [list, key] of NAMED_LISTS) {
    const path = ['spec', ...list]
    const seen = new Set<string>()
    for (const [i, id] of idsAt(entry.source, path, key).entries()) {
      if (seen.has(id)) {
        problems.push(
          entry.source.problem([...path, i, key], `is taken: ${id} stands twice in this list; rename one`),
        )
      }
      seen.add(id)
    }
  }
}

function sloReferences(entry: Entry<'SLO'>, library: Library, problems: Problem[]): void {
  const { service, objectives } = entry.document.spec
  if (!library.names.has(`Service/${service}`)) {
    problems.push(entry.problem(['spec', 'service'], `names no Service: add one named ${service}`))
  }
  const refs = [entry.document.spec, ...objectives].map(({ indicatorRef }) => indicatorRef)
  for (const [i, indicatorRef] of refs.entries()) {
    if (!indicatorRef || library.names.has(`SLI/${indicatorRef}`)) continue
    const path = i === 0 ? ['spec', 'indicatorRef'] : ['spec', 'objectives', i - 1, 'indicatorRef']
    problems.push(entry.problem(path, `names no SLI: add one named ${indicatorRef}`))
  }
}

function sliReferences(entry: Entry<'SLI'>, library: Library, problems: Problem[]): void {
  const { ratioMetric, thresholdMetric } = entry.document.spec
  const metrics = { ...(typeof ratioMetric === 'object' ? ratioMetric : {}), threshold: thresholdMetric }
  for (const [key, metric] of Object.entries(metrics)) {
    if (typeof metric !== 'object' || metric === null || metric.metricSource.type !== 'constat') continue
    const { check } = metric.metricSource.spec
    if (typeof check !== 'string' || library.names.has(`Check/${check}`)) continue
    const path = key === 'threshold' ? ['thresholdMetric'] : ['ratioMetric', key]
    const at = ['spec', ...path, 'metricSource', 'spec', 'check']
    problems.push(entry.problem(at, `names no Check: add one named ${check}`))
  }
}

function lossReferences(entry: Entry<'LossModel'>, library: Library, problems: Problem[]): void {
  const { contract, services } = entry.document.spec
  const contracts = entriesOf(library, 'Contract')
  // A private document may be applied on its own, after the terms.
  if (contracts.length === 0) return
  const target = contracts.find(({ document }) => document.metadata.name === contract)
  if (!target) {
    if (library.names.has(`Contract/${contract}`)) return
    problems.push(entry.problem(['spec', 'contract'], `names no Contract: there is no ${contract}`))
    return
  }
  const known = namesFor(target, library).services
  for (const [i, { service }] of services.entries()) {
    if (known.has(service)) continue
    problems.push(
      entry.problem(
        ['spec', 'services', i, 'service'],
        `names no service of ${contract}: there is no ${service}`,
      ),
    )
  }
}

function alertingReferences(entry: Entry<'Alerting'>, library: Library, problems: Problem[]): void {
  const { contract, routes, escalation } = entry.document.spec
  const known = new Set(idsAt(entry.source, ['spec', 'endpoints'], 'id'))
  for (const [list, steps] of Object.entries({ routes, escalation })) {
    for (const [i, { to }] of steps.entries()) {
      for (const [j, id] of to.entries()) {
        if (known.has(id)) continue
        problems.push(entry.problem(['spec', list, i, 'to', j], `names no endpoint: there is no ${id}`))
      }
    }
  }
  const absent = contract !== undefined && !library.names.has(`Contract/${contract}`)
  if (!absent || entriesOf(library, 'Contract').length === 0) return
  problems.push(entry.problem(['spec', 'contract'], `names no Contract: there is no ${contract}`))
}

/** With several contracts, a check that none uses would silently measure nothing. */
function orphanChecks(library: Library): Problem[] {
  const contracts = entriesOf(library, 'Contract')
  if (contracts.length < 2) return []
  const uses = contracts.map(({ document }) => usesOf(document.spec))
  return entriesOf(library, 'Check').flatMap((entry) => {
    const { metadata, spec } = entry.document
    const used = uses.some(({ checks, services }) => {
      return checks.has(metadata.name) || (spec.service !== undefined && services.has(spec.service))
    })
    const message = 'is used by none of the contracts: name its service in a guarantee, or remove the check'
    return used ? [] : [entry.problem(['metadata', 'name'], message)]
  })
}

/** Names of services that refer to each other in a circle; empty when there is none. */
export function circleOf(trees: ReadonlyMap<string, ServiceNode>): string[] {
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): string[] => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name]
    const tree = trees.get(name)
    if (!tree || done.has(name)) return []
    for (const leaf of leavesOf(tree)) {
      const circle = 'service' in leaf ? visit(leaf.service, [...trail, name]) : []
      if (circle.length > 0) return circle
    }
    done.add(name)
    return []
  }
  for (const name of trees.keys()) {
    const circle = visit(name, [])
    if (circle.length > 0) return circle
  }
  return []
}
