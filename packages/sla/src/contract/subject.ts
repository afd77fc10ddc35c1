/**
 * Subject: what a rule of consistency reads, and how it tells what is wrong. Types only.
 */
import type { ExpandedContract } from './expanded.ts'
import type { Entry, Library } from './library.ts'
import type { Path } from './problem.ts'
import type { ContractSpec } from './schema-contract.ts'

/** `path` within the document's spec; `message` says what to change. */
export type Say = (path: Path, message: string) => void

export type Subject = {
  spec: ContractSpec
  terms: ExpandedContract
  entry: Entry<'Contract'>
  library: Library
}

export type Rule = (subject: Subject, say: Say) => void
