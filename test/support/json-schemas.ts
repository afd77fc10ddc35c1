/** JSON Schemas of the contract documents, of the scenario and of its answer, from the definitions that parse them. */
import { OUTCOMES } from '@constat/shared/sample'
import { KINDS } from '@constat/sla/contract/kinds'
import { scenarioAnswerSchema } from '@constat/sla/scenario/answer'
import { instant, name, scenarioSchema } from '@constat/sla/scenario/schema'
import { STATES } from '@constat/sla/timeline'
import { z } from 'zod'

/** One document of any kind; rules that cross documents are not in it. */
export function contractJsonSchema() {
  return z.toJSONSchema(z.union(Object.values(KINDS)), { io: 'input', target: 'draft-2020-12' })
}

export function scenarioJsonSchema() {
  const rest = z
    .union([z.int().min(0), z.string().max(40)])
    .meta({ description: 'The latency in µs; the word reprobe for a re-probe; any other word says why' })
  const sample = z.tuple([instant, z.enum(OUTCOMES)], rest)
  const state = z.tuple([instant, z.enum(STATES)])
  const published = scenarioSchema.extend({
    samples: z.record(name, z.record(name, z.array(sample))).optional(),
    states: z.record(name, z.array(state)).optional(),
  })
  return z.toJSONSchema(published, { io: 'input', target: 'draft-2020-12', reused: 'ref' })
}

export function scenarioAnswerJsonSchema() {
  return z.toJSONSchema(scenarioAnswerSchema, { target: 'draft-2020-12', reused: 'ref' })
}
