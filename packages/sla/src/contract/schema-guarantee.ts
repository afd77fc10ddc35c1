/**
 * Schema of the guarantees: one shape for each metric. Pure.
 * Whatever can flip a verdict is an enum, never free text.
 */
import { z } from 'zod'
import { OBJECTIVES, type Metric, type ObjectiveSpec } from './objective.ts'
import { date, flag, name, some, text, timeZone, words } from './scalar.ts'

export const clauseId = words('should be the id of a clause, in quotes', 'write the id of a clause', 60)

export const windowSpec = z.strictObject({
  period: z.enum(['P1D', 'P1W', 'P1M', 'P3M', 'P1Y'], { error: 'should be P1D, P1W, P1M, P3M or P1Y' }),
  timeZone: timeZone.optional(),
  /** A date on which a window begins: billing periods that are no calendar months. */
  anchor: date.optional(),
})

const common = {
  id: name,
  displayName: text.optional(),
  service: name,
  clause: clauseId.optional(),
  sloRef: name.optional(),
  window: windowSpec.optional(),
  calendar: name.optional(),
  scope: z.enum(['service', 'each-site']).optional(),
  critical: flag.optional(),
}

type GuaranteeSpec = z.infer<z.ZodObject<typeof common>> & ObjectiveSpec

// The keys are those of the table.
const METRICS = Object.keys(OBJECTIVES) as Metric[]
const schemas = METRICS.map((metric) => {
  return z.strictObject({ ...common, metric: z.literal(metric), ...OBJECTIVES[metric].spec })
})

// Of the same table as the type.
const guarantee = z.discriminatedUnion('metric', schemas as [(typeof schemas)[number]], {
  error: `should be one of ${METRICS.join(', ')}`,
}) as unknown as z.ZodType<GuaranteeSpec>

export const guarantees = some(guarantee, 'write what was promised')
