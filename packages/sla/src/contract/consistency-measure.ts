/**
 * Consistency of who measures and who answers: parties, zones, references, quorum, exclusions. Pure.
 */
import { durationText } from '../duration.ts'
import { parseLocal } from '../civil.ts'
import { answeredByProvider } from './expanded.ts'
import type { Rule, Say } from './subject.ts'

/** One customer, one provider, and everybody else of somebody. */
const partiesStand: Rule = ({ spec }, say) => {
  for (const role of ['provider', 'customer'] as const) {
    const found = (spec.parties ?? []).flatMap((party, i) => (party.role === role ? [i] : []))
    for (const i of found.slice(1)) {
      const message = `is a second ${role}: a contract has one; write subcontractor or third-party`
      say(['parties', i, 'role'], message)
    }
  }
  for (const [i, { id, role, of }] of (spec.parties ?? []).entries()) {
    const path = ['parties', i]
    if (of === id) say([...path, 'of'], 'names the party itself: write whose it is')
    else if (role === 'subcontractor' && of === undefined) {
      say(path, `is a subcontractor of nobody: write of: with who answers for ${id}`)
    } else if ((role === 'provider' || role === 'customer') && of !== undefined) {
      say([...path, 'of'], `makes the ${role} somebody's part: remove it, or change the role`)
    }
  }
  const circle = circleOfParties(spec.parties ?? [])
  if (circle) say(['parties'], `answer for each other in a circle: ${circle.join(' → ')}; remove one of`)
}

function circleOfParties(parties: readonly { id: string; of?: string | undefined }[]): string[] | undefined {
  const above = new Map(parties.map(({ id, of }) => [id, of]))
  for (const { id, of } of parties) {
    if (of === id) continue
    const trail = [id]
    for (let next = of; next !== undefined && trail.length <= parties.length; next = above.get(next)) {
      trail.push(next)
      if (next === id) return trail
    }
  }
  return undefined
}

/** The provider's own line failing is the provider's failure: it must not hide an outage. */
const isolationIsOurs: Rule = ({ spec, terms }, say) => {
  const isolation = spec.measurement?.isolation
  if (isolation?.rule !== 'all-references-failed') return
  const providers = answeredByProvider(terms)
  const promised = new Set(terms.guarantees.map(({ service }) => service))
  for (const [i, name] of isolation.references.entries()) {
    const tell = (message: string) => say(['measurement', 'isolation', 'references', i], message)
    const check = terms.checks.find((one) => one.name === name)
    const zone = terms.zones.find(({ id, owner, references }) => {
      return providers.has(owner) && (references.includes(name) || check?.zone === id)
    })
    if (isolation.references.indexOf(name) !== i) tell('stands twice in this list: remove one')
    else if (check?.service && promised.has(check.service)) {
      const message = `probes ${check.service}, which a guarantee promises: its own outage would hide it; name a check of something else`
      tell(message)
    } else if (zone) {
      const message = `stands in zone ${zone.id}, which the provider answers for (${zone.owner}): a reference of the provider cannot isolate; name one of another owner`
      tell(message)
    }
  }
}

/** A reference tells of one zone: which one failed would be a guess. */
const referencesTellOneZone: Rule = ({ spec }, say) => {
  const zoneOf = new Map<string, string>()
  for (const [i, { id, reference }] of (spec.zones ?? []).entries()) {
    for (const [j, check] of reference.entries()) {
      const other = zoneOf.get(check)
      if (other !== undefined) {
        const where = other === id ? 'twice in this list' : `in zone ${other} too: it can tell of one`
        say(['zones', i, 'reference', j], `stands ${where}; remove one`)
      }
      zoneOf.set(check, id)
    }
  }
}

const quorumReachable: Rule = ({ spec, terms }, say) => {
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

const sitesJudged: Rule = ({ spec, terms }, say) => {
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

const exclusionsCanExcuse: Rule = ({ spec, terms }, say) => {
  for (const [i, kind] of (spec.exclusions?.kinds ?? []).entries()) {
    const tell: Say = (path, message) => say(['exclusions', 'kinds', i, ...path], message)
    const { needs, notice, recurrence } = kind
    if (notice && needs !== undefined && needs !== 'announcement') {
      const cure = 'write needs: announcement, or remove it'
      tell(['notice'], `stands beside needs: ${needs}, which asks for none: ${cure}`)
    }
    if (notice?.elapsed !== undefined && (notice.dayKind ?? notice.calendar) !== undefined)
      tell(['notice'], 'is elapsed time, which counts no days: remove dayKind and calendar')
    if (!recurrence) continue
    if (needs !== undefined && needs !== 'nothing') {
      const cure = 'write nothing, or remove recurrence'
      tell(['needs'], `asks for a declaration each time, and a recurrence excuses by itself: ${cure}`)
    }
    const expanded = terms.exclusions.kinds[i]
    const { maxPerOccurrenceMs, recurrence: standing } = expanded ?? {}
    if (standing && maxPerOccurrenceMs && maxPerOccurrenceMs < standing.durationMs) {
      const message = `is shorter than each occurrence (${durationText(standing.durationMs)}): make them agree`
      tell(['maxPerOccurrence'], message)
    }
    if (endsBeforeItBegins(recurrence)) {
      const message = `ends before dtstart (${recurrence.dtstart}): it never occurs; change UNTIL`
      tell(['recurrence', 'rrule'], message)
    }
  }
}

function endsBeforeItBegins({ dtstart, rrule }: { dtstart: string; rrule: string }): boolean {
  const until = /UNTIL=(\d{4})(\d{2})(\d{2})/.exec(rrule)
  const lastDay = until && parseLocal(`${until[1]}-${until[2]}-${until[3]}T24:00`)
  const startMs = parseLocal(dtstart)
  return typeof lastDay === 'number' && startMs !== undefined && lastDay < startMs
}

export const MEASURE_RULES: readonly Rule[] = [
  exclusionsCanExcuse,
  isolationIsOurs,
  partiesStand,
  quorumReachable,
  referencesTellOneZone,
  sitesJudged,
]
