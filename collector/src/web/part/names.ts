/**
 * Names: what a person reads in place of an id, as the terms call it. An id that the terms no longer know
 * stays as it is. Pure.
 */
import type { ExpandedContract, Party } from '@constat/sla/contract/expanded'
import type { Scene } from '../scene.ts'

type Of = { contract: string }

export function serviceName({ contract, service }: Of & { service: string }, { termsOf }: Scene): string {
  return termsOf(contract)?.services.find(({ name }) => name === service)?.displayName ?? service
}

export function checkName({ contract, check }: Of & { check: string }, { termsOf }: Scene): string {
  return termsOf(contract)?.checks.find(({ name }) => name === check)?.displayName ?? check
}

export function guaranteeName(
  { contract, guarantee }: Of & { guarantee: string },
  { termsOf }: Scene,
): string {
  const found = termsOf(contract)?.guarantees.find(({ id }) => id === guarantee)
  return found === undefined || found.displayName === found.id ? spoken(guarantee) : found.displayName
}

export function contractName({ contract }: Of, { termsOf }: Scene): string {
  return termsOf(contract)?.displayName ?? contract
}

/** Sites have names; zones have ids alone, which are read as words: `access-line` → Access line. */
export function siteName({ contract, site }: Of & { site: string }, { termsOf }: Scene): string {
  return termsOf(contract)?.sites.find(({ id }) => id === site)?.displayName ?? site
}

export function spoken(id: string): string {
  return upperFirst(id.replaceAll(/[-_]+/g, ' '))
}

export function upperFirst(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function partyOf(terms: ExpandedContract | null, id: string): Party | null {
  return terms?.parties.find((party) => party.id === id) ?? null
}

/** "Fibreline", and "Northstar Hosting" who answers for it where it is a subcontractor. */
export function answersFor(
  { contract, owner }: Of & { owner: string },
  { termsOf }: Scene,
): { owner: string; answers: string | null } {
  const terms = termsOf(contract)
  const party = partyOf(terms, owner)
  const above = party?.role === 'subcontractor' && party.of !== null ? partyOf(terms, party.of) : null
  return { owner: party?.name ?? owner, answers: above?.name ?? null }
}
