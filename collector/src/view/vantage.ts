/**
 * Vantages as the provider is shown them: by the site that they stand at, never by the name or id of the
 * customer's agent. Each view that names agents has its line here; what is told as an event, too. Pure.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { ContractView, SiteView } from './contract.ts'
import type { GuaranteeView } from './guarantee.ts'
import type { IncidentView, Segment, TimelineView } from './timeline.ts'

/** An agent that measures a contract, or did; `site` null: it stands in none that is declared. */
export type Vantage = {
  agent: string
  name: string
  site: { id: string; displayName: string } | null
}

/** What stands in an agent's place; `id` is none that a contract can give to a site. */
type Alias = { id: string; name: string }

/** JSON, as events carry it. */
type Told = { readonly [key: string]: ToldValue }
type ToldValue = null | boolean | number | string | readonly ToldValue[] | Told

const AGENT_ID = /[0-9a-f]{32}/g
/** Of an agent that is not among the vantages: it was never given this contract. */
const STRANGER: Alias = { id: '~', name: '~' }

export class SiteNames {
  readonly #byAgent: ReadonlyMap<string, Alias>
  readonly #byName: ReadonlyMap<string, Alias>
  readonly #agentOf: ReadonlyMap<string, string>
  readonly #declared: ReadonlySet<string | undefined>

  /** `vantages`: everyone that ever was one, in order of enrolment, so that nobody's number changes. */
  constructor(vantages: readonly Vantage[]) {
    const named = withAliases(vantages)
    this.#declared = new Set(vantages.map(({ site }) => site?.id))
    this.#byAgent = new Map(named.map(({ agent, alias }) => [agent, alias]))
    // Of several that had one name after each other, the last.
    this.#byName = new Map(named.map(({ name, alias }) => [name, alias]))
    this.#agentOf = new Map(
      named.flatMap(({ agent, alias }) => [
        [alias.name, agent],
        [alias.id, agent],
      ]),
    )
  }

  /** The agent that the provider means by what it was shown; null: nothing was shown by that name. */
  agentOf(shown: string): string | null {
    return this.#agentOf.get(shown) ?? null
  }

  contract(view: ContractView): ContractView {
    return {
      ...view,
      trouble: view.trouble === null ? null : this.#text(view.trouble),
      sentence: this.#text(view.sentence),
      services: view.services.map((one) => this.#blaming(one)),
      pastServices: view.pastServices.map((one) => this.#blaming(one)),
      guarantees: view.guarantees.map((one) => this.guarantee(one)),
      silentAgents: view.silentAgents.map((name) => this.#named(name).name),
      sites: view.sites.map((one) => this.#site(one)),
    }
  }

  /** The newest terms. The document that they were read from names agents anywhere, so it is left out. */
  terms(terms: ExpandedContract): ExpandedContract {
    const names = (agents: readonly string[]): string[] =>
      agents.map((one) => (this.#byAgent.get(one) ?? this.#named(one)).name)
    return {
      ...terms,
      sites: terms.sites.map((site) => ({ ...site, agents: names(site.agents) })),
      checks: terms.checks.map((check) => ({
        ...check,
        vantages: check.vantages === 'all' ? 'all' : names(check.vantages),
      })),
      source: { ...terms.source, raw: null },
    }
  }

  guarantee(view: GuaranteeView): GuaranteeView {
    const { sites } = view
    const told = { ...view, unknown: view.unknown.map((one) => this.#blamed(one)) }
    // The sites are of the metric of the guarantee before and after.
    return (sites ? { ...told, sites: sites.map((site) => this.#scored(site)) } : told) as GuaranteeView
  }

  incident<T extends IncidentView>(view: T): T {
    const { failure, vantages } = view
    return {
      ...view,
      failure: failure && { ...failure, agent: this.#named(failure.agent).name },
      vantages: vantages.map((one) => {
        const { id: agent, name } = this.#of(one.agent)
        return { ...one, agent, name, reasons: one.reasons.map((why) => this.#blamed(why)) }
      }),
    }
  }

  timeline(view: TimelineView): TimelineView {
    const lines = Object.entries(view.vantages)
    const keyed = <T>(values: Record<string, T>): Record<string, T> =>
      Object.fromEntries(Object.entries(values).map(([agent, value]) => [this.#of(agent).id, value]))
    return {
      ...view,
      segments: this.#segments(view.segments),
      vantages: keyed(Object.fromEntries(lines.map(([agent, own]) => [agent, this.#segments(own)]))),
      agentNames: Object.fromEntries(
        Object.keys(view.agentNames).map((agent) => [this.#of(agent).id, this.#of(agent).name]),
      ),
      administeredBy: keyed(view.administeredBy),
    }
  }

  /** What an event says, whatever its type. */
  told(data: Told): Told {
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, this.#value(key, value)]))
  }

  #value(key: string, value: ToldValue): ToldValue {
    // The first failure names its agent; everything else has the id beside the name.
    if (typeof value === 'string')
      return key === 'agent' && !this.#byAgent.has(value) ? this.#named(value).name : this.#text(value)
    if (value === null || typeof value !== 'object') return value
    if (isList(value)) return value.map((one) => this.#value('', one))
    const told = this.told(value)
    const agent = [value['agent'], value['id']].find((id) => typeof id === 'string' && this.#byAgent.has(id))
    return typeof agent === 'string' && 'name' in value ? { ...told, name: this.#of(agent).name } : told
  }

  #segments(list: readonly Segment[]): Segment[] {
    return list.map((one) => {
      const { reasons } = one
      return reasons ? { ...one, reasons: reasons.map((why) => this.#blamed(why)) } : one
    })
  }

  #blaming<T extends { reasons: readonly Blamed[] }>(one: T): T {
    return { ...one, reasons: one.reasons.map((why) => this.#blamed(why)) }
  }

  #blamed<T extends Blamed>(one: T): T {
    if (one.agent === null) return one
    const { id, name } = this.#of(one.agent)
    return { ...one, agent: id, name }
  }

  #site(site: SiteView): SiteView {
    const agents = site.agents.map((one) => ({ ...one, ...this.#of(one.id) }))
    const alias = this.#alone(site.id)
    return { ...site, ...(alias && { id: alias.id, displayName: alias.name }), agents }
  }

  #scored<T extends { site: string; displayName: string; unknown: readonly Blamed[] }>(one: T): T {
    const alias = this.#alone(one.site)
    const unknown = one.unknown.map((why) => this.#blamed(why))
    return { ...one, ...(alias && { site: alias.id, displayName: alias.name }), unknown }
  }

  /** Where no site is declared, one agent by itself is a site under its own name. */
  #alone(site: string): Alias | null {
    return this.#declared.has(site) ? null : (this.#byName.get(site) ?? null)
  }

  #of(agent: string): Alias {
    return this.#byAgent.get(agent) ?? STRANGER
  }

  #named(name: string): Alias {
    return this.#byName.get(name) ?? STRANGER
  }

  #text(text: string): string {
    return text.replace(AGENT_ID, (id) => this.#byAgent.get(id)?.id ?? id)
  }
}

type Blamed = { agent: string | null; name: string | null }

/** `Lyon`, or `Lyon 2` where the site has several; `Site 3` where it stands in none. */
function withAliases(vantages: readonly Vantage[]): (Vantage & { alias: Alias })[] {
  const counts = new Map<string | undefined, number>()
  const numbered = vantages.map((one) => {
    const number = (counts.get(one.site?.id) ?? 0) + 1
    counts.set(one.site?.id, number)
    return { ...one, number }
  })
  return numbered.map(({ number, ...one }) => ({ ...one, alias: aliasOf(one.site, number, counts) }))
}

function aliasOf(
  site: Vantage['site'],
  number: number,
  counts: ReadonlyMap<string | undefined, number>,
): Alias {
  if (site === null) return { id: `~${number}`, name: `Site ${number}` }
  const { id, displayName } = site
  return { id: `${id}/${number}`, name: counts.get(id) === 1 ? displayName : `${displayName} ${number}` }
}

function isList(value: ToldValue): value is readonly ToldValue[] {
  return Array.isArray(value)
}
