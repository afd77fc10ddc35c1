/**
 * Contract documents for tests: the whole example, the smallest one, and what parsing says of a text.
 */
import { readFileSync } from 'node:fs'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'

export const EXAMPLE = readFileSync(new URL('../vectors/contract-example.yaml', import.meta.url), 'utf8')
export const SMALL = `apiVersion: constat/v1
kind: Contract
metadata: {name: intranet}
spec: {provider: Northstar, target: "99.9", timeZone: Europe/Paris, watch: [https://intranet.example]}
`

/** The first contract of a text that has no problem. */
export function accepted(text: string): ExpandedContract {
  const parsed = parseContract([{ name: 'contract.yaml', text }])
  if (parsed.kind === 'refused') throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed.contracts[0]!
}

export function problemsOf(text: string): string[] {
  const parsed = parseContract([{ name: 'c.yaml', text }])
  return parsed.kind === 'refused' ? parsed.problems.map(problemText) : []
}
