/**
 * The demo's terms: each contract of its story written as documents and expanded by the engine, so that
 * pages show names, zones and hours as a real contract would have them. Pure.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import type { StoryContract } from './demo-story.ts'

const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const kept = new Map<StoryContract, ExpandedContract | null>()

/** Null for a story whose names no document may have. */
export function termsOf(contract: StoryContract): ExpandedContract | null {
  const known = kept.get(contract)
  if (known !== undefined) return known
  const names = [contract.name, ...contract.services.map(({ service }) => service)]
  const terms = names.every((name) => PLAIN_NAME.test(name)) ? expand(contract) : null
  kept.set(contract, terms)
  return terms
}

function expand(contract: StoryContract): ExpandedContract | null {
  const documents = [...checksOf(contract), contractOf(contract)]
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n')
  const parsed = parseContract([{ name: `${contract.name}.yaml`, text }])
  if (parsed.kind === 'refused') throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed.contracts[0] ?? null
}

const REFERENCES: Record<string, string> = {
  'lan-gateway': 'Branch gateway',
  'cpe-wan': 'Provider router',
  'dc-edge': 'Data centre edge',
}

function checksOf({ services, zones = [] }: StoryContract): object[] {
  const own = services.map(({ service, displayName }) =>
    checkOf(`${service}-check`, {
      service,
      displayName: displayName === undefined ? service : `${displayName}, sign-in page`,
    }),
  )
  const references = zones.flatMap(({ reference }) => reference)
  return [...own, ...references.map((name) => checkOf(name, { displayName: REFERENCES[name] ?? name }))]
}

function checkOf(name: string, { service, displayName }: { service?: string; displayName: string }): object {
  return {
    apiVersion: 'constat/v1',
    kind: 'Check',
    metadata: { name, displayName },
    spec: {
      ...(service && { service }),
      tcp: { host: 'probe.example', port: 443 },
      interval: 'PT10S',
      timeout: 'PT5S',
    },
  }
}

function speedsOf({ speeds = [] }: StoryContract) {
  return speeds.map(({ guarantee, displayName, service, target, clause, thresholdMs }) => ({
    id: guarantee,
    displayName,
    service,
    clause,
    metric: 'share-within',
    threshold: `PT${thresholdMs / 1000}S`,
    target: { op: 'gte', percent: target },
  }))
}

const CLAUSES: Record<string, string> = {
  'A.3.1': 'At least 99.9 % of service hours each calendar month',
  'A.3.2': '95 % of sign-ins within 400 ms each calendar month',
  'A.3.4': 'At least 99.5 % at all hours each calendar month, each site',
}

function contractOf(contract: StoryContract): object {
  const { parties = [], zones = [], sites = [], fee } = contract
  const used = [...contract.guarantees, ...(contract.speeds ?? [])].map(({ clause }) => clause ?? 'A.1')
  const provider = parties.some(({ role }) => role === 'provider') ? {} : { provider: contract.provider }
  return {
    apiVersion: 'constat/v1',
    kind: 'Contract',
    metadata: { name: contract.name, displayName: contract.displayName },
    spec: {
      ...provider,
      timeZone: contract.zone,
      ...(contract.hours && { hours: contract.hours }),
      ...(fee && { monthlyFee: fee }),
      ...(parties.length > 0 && { parties }),
      ...(zones.length > 0 && { zones }),
      ...(sites.length > 0 && { sites }),
      services: contract.services.map(({ service, displayName }) => ({
        name: service,
        ...(displayName && { displayName }),
      })),
      clauses: [...new Set(used)].map((id) => ({
        id,
        title: `Clause ${id}`,
        text: CLAUSES[id] ?? 'As agreed',
      })),
      guarantees: [
        ...contract.guarantees.map(({ guarantee, displayName, service, target, clause, scope }) => ({
          id: guarantee,
          ...(displayName && { displayName }),
          ...(scope && { scope }),
          service,
          clause: clause ?? 'A.1',
          metric: 'interval-availability',
          target: { op: 'gte', percent: target },
        })),
        ...speedsOf(contract),
      ],
    },
  }
}
