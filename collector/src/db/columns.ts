/** Columns that the schema is made of: instants are integer ms UTC, digests and keys are raw bytes. */
import { bigint, customType } from 'drizzle-orm/pg-core'

export const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
export const ms = (name: string) => bigint(name, { mode: 'number' })
