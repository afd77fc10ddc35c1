/**
 * Kinds of document: one table from apiVersion and kind to the schema that parses it. Pure.
 * A new kind is one schema and one line here.
 */
import { z } from 'zod'
import { calendarSpec, checkSpec, metadata } from './schema-check.ts'
import { contractSpec } from './schema-contract.ts'
import { openSloMetadata, openSpec, serviceSpec, sliSpec, sloSpec } from './schema-openslo.ts'
import { alertingSpec, lossModelSpec } from './schema-private.ts'

const constat = z.literal('constat/v1')
const openslo = z.literal('openslo/v1')

/** A document of ours, and one of OpenSLO. */
const ours = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: constat, kind: z.literal(kind), metadata, spec })
const open = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: openslo, kind: z.literal(kind), metadata: openSloMetadata, spec })

export const KINDS = {
  Calendar: ours('Calendar', calendarSpec),
  Check: ours('Check', checkSpec),
  Contract: ours('Contract', contractSpec),
  Alerting: ours('Alerting', alertingSpec),
  LossModel: ours('LossModel', lossModelSpec),
  Service: open('Service', serviceSpec),
  // Read by other tools, and taken as they stand.
  DataSource: open('DataSource', openSpec),
  AlertPolicy: open('AlertPolicy', openSpec),
  AlertCondition: open('AlertCondition', openSpec),
  AlertNotificationTarget: open('AlertNotificationTarget', openSpec),
  SLI: open('SLI', sliSpec),
  SLO: open('SLO', sloSpec),
} as const

export type Kind = keyof typeof KINDS

/** A document of one kind after parsing, its schema defaults filled in. */
export type ContractDocument = { [K in Kind]: z.output<(typeof KINDS)[K]> }[Kind]
export type DocumentOf<K extends Kind> = z.output<(typeof KINDS)[K]>

export function isKind(value: unknown): value is Kind {
  return typeof value === 'string' && Object.hasOwn(KINDS, value)
}

export function apiVersionOf(kind: Kind): string {
  return KINDS[kind].shape.apiVersion.value
}
