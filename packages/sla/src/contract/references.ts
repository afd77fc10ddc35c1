/**
 * References: every name that a document uses exists, and no name is given twice. Pure.
 * Names come from the documents as written, so what was refused elsewhere is not told again here.
 */
import { leavesOf, usesOf } from './expand.ts'
import type { ServiceNode } from './expanded.ts'
import { entriesOf, idsAt, type Entry, type Library } from './library.ts'
import type { Path, Problem } from './problem.ts'
import { memberOf } from './refusal.ts'
import { slugsOfWatch } from './watch.ts'

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

function namesFor(entry: Entry<'Contract'>, library: Library) {
  const { spec, metadata } = entry.document
  const slugs = slugsOfWatch(spec.watch ?? [])
  const of = (kind: string) =>
    [...library.names]
      .filter((name) => name.startsWith(`${kind}/`))
      .map((name) => name.slice(kind.length + 1))
  const checks = entriesOf(library, 'Check').map(({ source }) =>
    memberOf(memberOf(source.data, 'spec'), 'service'),
  )
  const listed = idsAt(entry.source, ['spec', 'services'], 'name')
  /** Services that something probes. */
  const probed = [...checks.filter((service) => typeof service === 'string'), ...listed, ...slugs]
  const ids = (...path: string[]) => new Set(idsAt(entry.source, ['spec', ...path], 'id'))
  const own = spec.hours ? [`${metadata.name}-hours`] : []
  return {
    calendars: new Set(['always', ...of('Calendar'), ...own]),
    checks: new Set([...of('Check'), ...slugs]),
    slos: new Set(of('SLO')),
    services: new Set([...of('Service'), ...probed]),
    probed: new Set(probed),
    clauses: ids('clauses'),
    parties: new Set([...ids('parties'), 'customer', ...(spec.provider === undefined ? [] : ['provider'])]),
    zones: ids('zones'),
    kinds: ids('exclusions', 'kinds'),
    guarantees: new Set([...ids('guarantees'), ...slugs]),
  }
}

type Names = ReturnType<typeof namesFor>

/** Where the spec names something, of which names, and what that is; `*` stands for every member of a list. */
const REFERENCES: readonly (readonly [at: string, names: keyof Names, what: string])[] = [
  ['parties.*.of', 'parties', 'party'],
  ['sites.*.administeredBy', 'parties', 'party'],
  ['zones.*.owner', 'parties', 'party'],
  ['zones.*.reference.*', 'checks', 'check'],
  ['guarantees.*.service', 'probed', 'service with a check'],
  ['guarantees.*.clause', 'clauses', 'clause'],
  ['guarantees.*.calendar', 'calendars', 'calendar'],
  ['guarantees.*.sloRef', 'slos', 'SLO'],
  ['guarantees.*.clock.pausedWhile.*', 'kinds', 'exclusion kind'],
  ['measurement.clause', 'clauses', 'clause'],
  ['measurement.isolation.references.*', 'checks', 'check'],
  ['exclusions.kinds.*.clause', 'clauses', 'clause'],
  ['exclusions.kinds.*.notice.calendar', 'calendars', 'calendar'],
  ['exclusions.kinds.*.zones.*', 'zones', 'zone'],
  ['charges.monthly.*.service', 'services', 'service'],
  ['credits.clause', 'clauses', 'clause'],
  ['credits.chronic.*.guarantee', 'guarantees', 'guarantee'],
  ['credits.chronic.*.service', 'services', 'service'],
  ['credits.chronic.*.notice.calendar', 'calendars', 'calendar'],
  ['credits.claim.deadline.calendar', 'calendars', 'calendar'],
  ['credits.claim.providerAnswer.calendar', 'calendars', 'calendar'],
]

function contractReferences(entry: Entry<'Contract'>, library: Library, problems: Problem[]): void {
  const { spec } = entry.document
  const names = namesFor(entry, library)
  const ask = (known: keyof Names, what: string, { name, path }: Named): void => {
    if (names[known].has(name)) return
    const others = [...names[known]].slice(0, 12).join(', ')
    const hint = others === '' ? `add that ${what}` : `write one of ${others}, or add it`
    problems.push(entry.problem(['spec', ...path], `names no ${what}: there is no ${name}; ${hint}`))
  }
  for (const [at, known, what] of REFERENCES)
    for (const one of namesAt(spec, at.split('.'))) ask(known, what, one)
  for (const id of Object.keys(spec.credits?.schedules ?? {}))
    ask('guarantees', 'guarantee', { name: id, path: ['credits', 'schedules', id] })
  for (const [i, { tree }] of (spec.services ?? []).entries()) {
    const path = ['services', i, 'tree']
    for (const leaf of tree ? leavesOf(tree) : []) {
      if ('check' in leaf) ask('checks', 'check', { name: leaf.check, path })
      else ask('services', 'service', { name: leaf.service, path })
    }
  }
  duplicates(entry, problems)
}

type Named = { name: string; path: Path }

/** The texts at a place, each with where exactly it stands. */
function namesAt(value: unknown, [step, ...rest]: readonly string[], path: Path = []): Named[] {
  if (step === undefined) return typeof value === 'string' ? [{ name: value, path }] : []
  if (step !== '*') return namesAt(memberOf(value, step), rest, [...path, step])
  return Array.isArray(value) ? value.flatMap((one: unknown, i) => namesAt(one, rest, [...path, i])) : []
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
      const message = `is taken: ${id} stands twice in this list; rename one`
      if (seen.has(id)) problems.push(entry.source.problem([...path, i, key], message))
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
    const message = `names no service of ${contract}: there is no ${service}`
    problems.push(entry.problem(['spec', 'services', i, 'service'], message))
  }
}

function alertingReferences(entry: Entry<'Alerting'>, library: Library, problems: Problem[]): void {
  const { contract, routes, escalation, reports } = entry.document.spec
  const known = new Set(idsAt(entry.source, ['spec', 'endpoints'], 'id'))
  for (const [list, steps] of Object.entries({ routes, escalation, reports })) {
    for (const [i, { to }] of steps.entries()) {
      for (const [j, id] of to.entries()) {
        if (known.has(id)) continue
        problems.push(entry.problem(['spec', list, i, 'to', j], `names no endpoint: there is no ${id}`))
      }
    }
  }
  problems.push(...routeProblems(entry, library), ...operatorProblems(entry, library))
  const absent = contract !== undefined && !library.names.has(`Contract/${contract}`)
  if (!absent || entriesOf(library, 'Contract').length === 0) return
  problems.push(entry.problem(['spec', 'contract'], `names no Contract: there is no ${contract}`))
}

/** A route that names what no contract of it has would carry nothing, and nobody would know. */
function routeProblems(entry: Entry<'Alerting'>, library: Library): Problem[] {
  const { contract, routes } = entry.document.spec
  const targets = entriesOf(library, 'Contract').filter(
    ({ document }) => contract === undefined || document.metadata.name === contract,
  )
  if (targets.length === 0) return []
  const names = targets.map((target) => namesFor(target, library))
  const sites = targets.map((target) => new Set(idsAt(target.source, ['spec', 'sites'], 'id')))
  const check = (key: 'services' | 'sites', known: readonly ReadonlySet<string>[]): Problem[] =>
    routes.flatMap((route, i) =>
      (route[key] ?? []).flatMap((name, j) => {
        if (known.some((one) => one.has(name))) return []
        const message = `names no ${key.slice(0, -1)}: there is no ${name}`
        return [entry.problem(['spec', 'routes', i, key, j], message)]
      }),
    )
  return [
    ...check(
      'services',
      names.map(({ services }) => services),
    ),
    ...check('sites', sites),
  ]
}

function operatorProblems(entry: Entry<'Alerting'>, library: Library): Problem[] {
  const { contract, endpoints } = entry.document.spec
  const targets = entriesOf(library, 'Contract').filter(
    ({ document }) => contract === undefined || document.metadata.name === contract,
  )
  if (targets.length === 0) return []
  const parties = targets.map((target) => namesFor(target, library).parties)
  return endpoints.flatMap(({ operatedBy }, i) => {
    if (operatedBy === undefined || parties.some((known) => known.has(operatedBy))) return []
    const message = `names no party: there is no ${operatedBy}`
    return [entry.problem(['spec', 'endpoints', i, 'operatedBy'], message)]
  })
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
