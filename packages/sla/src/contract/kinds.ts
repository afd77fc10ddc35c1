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

/** A kind that other tools read, taken as it stands. */
const informative = <K extends string>(kind: K) =>
  z.strictObject({ apiVersion: openslo, kind: z.literal(kind), metadata: openSloMetadata, spec: openSpec })

export const KINDS = {
  Calendar: z.strictObject({
    apiVersion: constat,
    kind: z.literal('Calendar'),
    metadata,
    spec: calendarSpec,
  }),
  Check: z.strictObject({ apiVersion: constat, kind: z.literal('Check'), metadata, spec: checkSpec }),
  Contract: z.strictObject({
    apiVersion: constat,
    kind: z.literal('Contract'),
    metadata,
    spec: contractSpec,
  }),
  Alerting: z.strictObject({
    apiVersion: constat,
    kind: z.literal('Alerting'),
    metadata,
    spec: alertingSpec,
  }),
  LossModel: z.strictObject({
    apiVersion: constat,
    kind: z.literal('LossModel'),
    metadata,
    spec: lossModelSpec,
  }),
  Service: z.strictObject({
    apiVersion: openslo,
    kind: z.literal('Service'),
    metadata: openSloMetadata,
    spec: serviceSpec,
  }),
  DataSource: informative('DataSource'),
  AlertPolicy: informative('AlertPolicy'),
  AlertCondition: informative('AlertCondition'),
  AlertNotificationTarget: informative('AlertNotificationTarget'),
  SLI: z.strictObject({
    apiVersion: openslo,
    kind: z.literal('SLI'),
    metadata: openSloMetadata,
    spec: sliSpec,
  }),
  SLO: z.strictObject({
    apiVersion: openslo,
    kind: z.literal('SLO'),
    metadata: openSloMetadata,
    spec: sloSpec,
  }),
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
