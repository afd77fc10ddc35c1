/** For `npx drizzle-kit generate` in this folder: writes the next step of the schema. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/db/schema.ts', './src/db/schema-told.ts', './src/db/report-views.ts'],
  out: './src/db/migrations',
})
