/**
 * Evaluating a scenario: the engine on one file, so that anybody can check it against their own arithmetic.
 * Pure but for the host's zone rules, which become part of the terms. Everything that a part of the scenario
 * can answer is answered, whatever else is left out.
 */
import { invariant } from '@constat/shared/fault'
import { clip, subtract, totalMs, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { Observed } from '../assembly/observed.ts'
import { zoneNamed, zoneOf } from '../assembly/zone.ts'
import { serviceIntervals, uncoveredYears, type ZoneTables } from '../calendar.ts'
import type { CalendarTerms } from '../contract/calendar-terms.ts'
import type { ExpandedContract } from '../contract/expanded.ts'
import type { SourceFile } from '../contract/document.ts'
import { availabilityTexts, coverageText } from '../figures.ts'
import { hoursIn } from '../judgement/committed.ts'
import { judgeGuarantee, type Judged, type ServiceFacts } from '../judgement/judge-guarantee.ts'
import { measuredIncidents } from '../judgement/measured-incidents.ts'
import { outageRulesOf } from '../metric/base.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import { policyNamed, replay } from '../policy/table.ts'
import { stretchesOf } from '../policy/stretch.ts'
import { countedTimeline, EVERY_OUTAGE } from '../outage.ts'
import { NEWEST_RULES } from '../semantics.ts'
import { measure, partition } from '../window.ts'
import { hostZone } from '../zone.ts'
import type { GuaranteeAnswer, PolicyAnswer, ScenarioAnswer, ServiceAnswer } from './answer.ts'
import { guaranteeAnswer, incidentAnswer, rulingAnswer } from './answer.ts'
import { bareServices, measuredServices, observedIn } from './measured.ts'
import { moneyOf, reconcileAll, zoneSpan, type AllQuestion } from './money.ts'
import { inputsOf, overlaps, type Inputs, type ToldIncident } from './inputs.ts'
import { noteUnused } from './notes.ts'
import type { Reading, Span } from './read.ts'
import type { Scenario } from './schema.ts'

/** Everything the scenario asks. `files`: those that `contractFile` names. Fault with every problem at once. */
export function evaluateScenario(reading: Reading, files: readonly SourceFile[]): ScenarioAnswer {
  const inputs = inputsOf(reading, files)
  const { scenario, documents, span, findings } = inputs
  const { terms, calendars } = documents
  if (!span) return NOTHING_ASKED
  const services = servicesOf(inputs, terms, span)
  const judged = terms ? judgeAll({ ...inputs, terms, span, services }) : []
  const hours = calendars
    .filter((calendar) => isAsked(calendar, { scenario, span }))
    .flatMap((calendar) => findings.asking(['window'], () => calendarAnswer(calendar, span.window)) ?? [])
  findings.refuse()
  const reconciled = terms ? reconcileAll({ ...inputs, terms, span, services, judged }) : []
  noteUnused({ ...inputs, span, services, judged, reconciled })
  const money = findings.asking(['window'], () => moneyOf({ ...inputs, span, services, judged, reconciled }))
  findings.refuse()
  invariant(money, 'what could not be priced was refused')
  return {
    window: {
      startMs: span.window.startMs,
      endMs: span.window.endMs,
      asOfMs: span.asOfMs,
      phase: span.phase,
    },
    calendars: hours,
    services: [...services].map(([service, facts]) => serviceAnswer({ service, facts, terms, span })),
    guarantees: judged.map((one) => guaranteeOf(one, { terms, span, services })),
    exclusions: exclusionsOf(judged),
    ...money,
    policies: policiesOf(scenario, { judged, services, span }),
    notes: [...findings.notes],
  }
}

const NOTHING_ASKED: ScenarioAnswer = {
  window: null,
  calendars: [],
  services: [],
  guarantees: [],
  exclusions: [],
  credits: null,
  losses: [],
  policies: [],
  reconciliation: [],
  notes: [],
}

function servicesOf(
  { samples, states, incidents }: Inputs,
  terms: ExpandedContract | null,
  span: Span,
): Map<string, ServiceFacts> {
  const observed = terms && observedIn(terms, samples)
  const services = observed ? measuredServices(observed, samples, span) : bareServices(samples)
  for (const [service, timeline] of states) {
    // A service given as it stands goes before what samples would make of it.
    services.set(service, { timeline, slots: [], sites: [], incidents: null })
  }
  for (const [service, facts] of services) {
    const told = incidents.filter((one) => one.service === service)
    const zone = zonesOf({ service, observed, span })
    const context = { told, terms, span }
    // An outage belongs to the service: at one of its sites it has no zone of its own.
    const sites = facts.sites.map((seen) => ({
      ...seen,
      incidents: withPeople(seen, { ...context, zone: () => null }),
    }))
    services.set(service, { ...facts, sites, incidents: withPeople(facts, { ...context, zone }) })
  }
  return services
}

type PeopleContext = {
  told: readonly ToldIncident[]
  terms: ExpandedContract | null
  span: Span
  /** In whose zone an outage of the service began. */
  zone: (onsetMs: UnixMs) => string | null
}

type ZoneContext = { service: string; observed: Observed | null; span: Span }

/** A scenario without samples of the service, or of references, leaves it open. */
function zonesOf({ service, observed, span }: ZoneContext): PeopleContext['zone'] {
  if (!observed) return () => null
  return (onsetMs) => {
    const attribution = zoneOf(observed, { service, onsetMs, untilMs: span.asOfMs })
    return attribution && zoneNamed(attribution)
  }
}

/** Measured incidents with what people did about them; one that nothing measured shows is not one. */
function withPeople(
  { timeline }: Pick<ServiceFacts, 'timeline'>,
  { told, terms, span, zone }: PeopleContext,
): IncidentFacts[] {
  const rules = terms ? outageRulesOf(terms) : EVERY_OUTAGE
  return measuredIncidents(timeline, rules, span.asOfMs).map((facts) => {
    const measured = { ...facts, zone: zone(facts.onsetMs) }
    const own = told.find((one) => overlaps(one, facts, span.asOfMs))
    return own ? { ...measured, ...own.people } : measured
  })
}

/** Guarantees of the services that the scenario says something of. */
function judgeAll({ declarations, terms, span, services, findings }: AllQuestion): Judged[] {
  const inForce = [{ startMs: terms.effective.fromMs ?? -Infinity, endMs: terms.effective.toMs ?? Infinity }]
  return terms.guarantees.flatMap((guarantee) => {
    const facts = services.get(guarantee.service)
    if (!facts || !findings.asking(['window'], () => hoursIn(terms, guarantee, { ...span, inForce })))
      return []
    const asked = { terms, guarantee, ...span, inForce, declarations, facts, rules: NEWEST_RULES }
    const judge = () => judgeGuarantee(asked)
    // Beside its hours, only how much notice was given is counted by a calendar.
    return findings.asking(['exclusions'], judge) ?? []
  })
}

type Around = { terms: ExpandedContract | null; span: Span; services: ReadonlyMap<string, ServiceFacts> }

function guaranteeOf(
  { result, commitment, incidents }: Judged,
  { terms, span, services }: Around,
): GuaranteeAnswer {
  const facts = services.get(result.service)
  invariant(facts && terms, 'a guarantee was judged on facts')
  const { excluded, inHours } = commitment
  const interval = { startMs: span.window.startMs, endMs: Math.min(span.window.endMs, span.asOfMs) }
  const parts = partition({ timeline: facts.timeline, inHours, excluded, interval })
  return guaranteeAnswer({ result, parts, incidents })
}

function exclusionsOf(judged: readonly Judged[]) {
  const seen = new Set<string>()
  return judged.flatMap(({ rulings, result }) =>
    rulings.flatMap((ruling) => {
      const key = `${result.service}/${ruling.id}`
      if (seen.has(key)) return []
      seen.add(key)
      return [rulingAnswer(ruling, result.service)]
    }),
  )
}

type Replaying = { judged: readonly Judged[]; services: ReadonlyMap<string, ServiceFacts>; span: Span }

/** What other tools would have said of the same window: of each guarantee, or of services without any. */
function policiesOf({ policies = [] }: Scenario, { judged, services, span }: Replaying): PolicyAnswer[] {
  const chosen = policies.map(policyNamed)
  const interval = { startMs: span.window.startMs, endMs: Math.min(span.window.endMs, span.asOfMs) }
  const judgedServices = new Set(judged.map(({ result }) => result.service))
  const promised = judged
    .filter(({ result }) => result.metric === 'interval-availability')
    .map(({ result: { guarantee, service }, commitment: { inHours, excluded } }) => ({
      guarantee,
      service,
      inHours,
      excluded,
    }))
  const bare = [...services.keys()]
    .filter((service) => !judgedServices.has(service))
    .map((service) => ({ guarantee: null, service, inHours: [interval], excluded: [] }))
  return [...promised, ...bare].flatMap(({ guarantee, service, inHours, excluded }) => {
    const timeline = services.get(service)?.timeline
    if (!timeline) return []
    const stretches = stretchesOf({ timeline, inHours, excluded, interval })
    return chosen.map((policy) => ({ guarantee, service, ...replay(policy, stretches) }))
  })
}

type ServiceQuestion = { service: string; facts: ServiceFacts; terms: ExpandedContract | null; span: Span }

/** A service at all hours, nothing excluded: what was seen, whatever was promised of it. */
function serviceAnswer({ service, facts, terms, span }: ServiceQuestion): ServiceAnswer {
  const { window, asOfMs } = span
  const rules = terms ? outageRulesOf(terms) : EVERY_OUTAGE
  const interval = { startMs: window.startMs, endMs: Math.min(window.endMs, asOfMs) }
  const all: IntervalSet = interval.startMs < interval.endMs ? [interval] : []
  const measured = measure({
    timeline: countedTimeline(facts.timeline, rules, asOfMs),
    committed: all,
    window,
    asOfMs,
  })
  const parts = partition({ timeline: facts.timeline, inHours: all, excluded: [], interval })
  const incidents = facts.incidents ?? measuredIncidents(facts.timeline, rules, asOfMs)
  return {
    service,
    states: parts.committed,
    downMs: measured.downMs,
    availability: availabilityTexts(measured),
    coverage: coverageText(measured),
    blockedMs: measured.blockedMs,
    incidents: incidents.filter((one) => touches(one, interval)).map(incidentAnswer),
  }
}

function touches({ onsetMs, endMs }: IncidentFacts, { startMs, endMs: untilMs }: Interval): boolean {
  return onsetMs < untilMs && (endMs ?? Infinity) > startMs
}

/** Beside services, a calendar that does not cover the window is left out: what rests on it is refused itself. */
function isAsked(calendar: CalendarTerms, { scenario, span }: { scenario: Scenario; span: Span }): boolean {
  const isAlone = scenario.samples === undefined && scenario.states === undefined
  return isAlone || uncoveredYears(calendar, zonesFor(calendar, span.window), span.window).length === 0
}

function zonesFor(calendar: CalendarTerms, window: Interval): ZoneTables {
  if (calendar.kind === 'always') return {}
  return { [calendar.timeZone]: hostZone(calendar.timeZone, zoneSpan(window)) }
}

/** Service hours of a calendar that stands in the documents. */
function calendarAnswer(calendar: CalendarTerms, window: Interval): ScenarioAnswer['calendars'][number] {
  const zones = zonesFor(calendar, window)
  const inService = clip(serviceIntervals(calendar, zones, window), window)
  return {
    calendar: calendar.name,
    committedMs: totalMs(inService),
    offHoursMs: totalMs(subtract([window], inService)),
    intervals: inService.map(({ startMs, endMs }) => ({ startMs, endMs })),
  }
}
