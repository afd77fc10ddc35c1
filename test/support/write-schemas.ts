/**
 * Writes the JSON Schemas of the contract documents, of the scenario and of its answer into docs:
 * `npx tsx test/support/write-schemas.ts && npx oxfmt docs/*.schema.json`
 */
import { writeFileSync } from 'node:fs'
import { contractJsonSchema, scenarioAnswerJsonSchema, scenarioJsonSchema } from './json-schemas.ts'

const FILES = {
  'contract.schema.json': contractJsonSchema(),
  'scenario.schema.json': scenarioJsonSchema(),
  'scenario-result.schema.json': scenarioAnswerJsonSchema(),
}

for (const [name, schema] of Object.entries(FILES)) {
  writeFileSync(new URL(`../../docs/${name}`, import.meta.url), `${JSON.stringify(schema)}\n`)
}
