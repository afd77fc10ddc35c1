/** Schemas of a window's life: versions, closings, statements, and what is held against them. Pure. */
import { z } from 'zod'
import type * as View from '../judge/window-view.ts'
import { window } from './schemas.ts'
import { instant, shape } from './schema-parts.ts'
import { verdict } from './schema-guarantee.ts'

const count = z.int().min(0)
const ms = z.int().describe('Milliseconds')
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const amount = z.string().describe('Decimal')

const versionFields = {
  version: count,
  at: instant.describe('When it was written into the ledger'),
  digest: hex.describe('SHA-256 of the canonical JSON of the results'),
  previous: hex.nullable(),
  semantics: count.describe('Version of the rules it was judged by'),
  revision: count,
  contractDigest: z.string(),
  ledger: z.object({ size: count, root: hex, leaf: count }).describe('Judged on the leaves below size'),
  guarantees: z.array(z.object({ guarantee: z.string(), verdict, credit: amount.nullable() })),
  credit: z.object({ total: amount, currency: z.string() }).nullable(),
}

const version = shape<View.WindowVersionView>()('WindowVersion', z.object(versionFields))

export const windowLife = shape<View.WindowLifeView>()(
  'WindowLife',
  window.extend({
    version: count.nullable().describe('Null: not closed yet'),
    provisional: z.boolean(),
    closesAt: instant.nullable().describe('Earliest; null once it is closed'),
    amendableUntil: instant.nullable(),
    versions: z.array(version),
  }),
)

export const closing = shape<View.ClosingView>()(
  'Closing',
  z.object({
    ...versionFields,
    contract: z.string(),
    window: z.string(),
    asOf: instant.describe('Until when incidents were followed'),
    trace: z.array(
      z.object({
        step: z.enum([
          'window',
          'calendar',
          'exclusion',
          'committed-time',
          'figures',
          'binding-figure',
          'target',
          'coverage',
          'verdict',
          'credit',
        ]),
        guarantee: z.string().nullable(),
        clause: z.string().nullable(),
        text: z.string(),
      }),
    ),
    results: z.unknown().describe('Exactly what the digest is of'),
  }),
)

export const statement = shape<View.StatementView>()(
  'Statement',
  z.object({
    id: z.string(),
    contract: z.string(),
    window: z.string(),
    sha256: hex.describe('Of the bytes as they came'),
    bytes: count,
    by: z.enum(['owner', 'viewer', 'provider']),
    receivedAt: instant,
  }),
)

const span = z.object({ start: instant, end: instant })

/** More fields stand beside these: every one of the engine's answer. */
export const reconciliation = z
  .object({
    statement: statement.nullable().describe('Null: looked at, and not handed in'),
    window: z.string(),
    asOf: instant,
    version: count.nullable().describe('Null: provisional'),
    guarantees: z.array(
      z.looseObject({
        guarantee: z.string(),
        service: z.string(),
        agrees: z.boolean(),
        matches: z.array(
          span
            .extend({
              class: z.string(),
              lines: z.array(count),
              bothMs: ms,
              measuredOnlyMs: ms,
              providerOnlyMs: ms,
            })
            .loose(),
        ),
        waterfall: z.array(z.object({ step: z.string(), ms: z.int() })),
        credits: z
          .object({ currency: z.string(), credits: z.record(z.string(), amount), inDispute: amount })
          .nullable(),
      }),
    ),
    leftOut: z.array(z.string()),
  })
  .meta({ id: 'Reconciliation' })

export const replayed = shape<View.ReplayView>()(
  'Replay',
  z.object({
    contract: z.string(),
    window: z.string(),
    asOf: instant,
    results: z.array(
      z.object({
        guarantee: z.string(),
        service: z.string(),
        policy: z.string(),
        formula: z.string(),
        percent: z.string().nullable(),
        fraction: z.string().nullable(),
        says: z.string(),
      }),
    ),
  }),
)

const outcome = z.object({ verdict, coverage: z.string().nullable(), credit: amount.nullable() }).nullable()

export const preview = shape<View.PreviewView>()(
  'Preview',
  z.object({
    contract: z.string(),
    window: z.string().describe('The last closed one'),
    version: count,
    guarantees: z.array(z.object({ guarantee: z.string(), inForce: outcome, proposed: outcome })),
    credit: z.object({
      inForce: amount.nullable(),
      proposed: amount.nullable(),
      currency: z.string().nullable(),
    }),
  }),
)
