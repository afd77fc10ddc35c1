/** Addresses, and what finds them for a name. Types only. */
import type { Family } from './host-names.ts'

export type Address = { address: string; family: Family }
export type Resolution = { family: Family | undefined; signal: AbortSignal }

export type Resolver = {
  /** Rejects with the code of c-ares: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT … */
  resolve: (host: string, resolution: Resolution) => Promise<Address>
}
