/** People as they are published: accounts, and the links that invite to one. A link is shown once. Pure. */
import { z } from 'zod'
import { count, instant, role } from './parts.ts'

const contracts = z.array(z.string()).nullable().describe('Null: all of them')

export const person = z
  .object({
    id: z.string(),
    name: z.string().describe('Signs in with it'),
    role,
    contracts,
    createdAt: instant,
    hasPassword: z.boolean(),
    hasFactor: z.boolean().describe('Asked for a code of a phone too'),
    isElsewhere: z.boolean().describe('Signs in with an OpenID provider'),
    sessions: count.describe('Browsers that are signed in'),
  })
  .meta({ id: 'Person' })
export type PersonView = z.infer<typeof person>

export const invitationIssued = z
  .object({
    id: z.string().describe('Revoked by it, as a token is'),
    url: z.string().describe('Shown once: whoever opens it first has the account'),
    name: z.string(),
    role,
    contracts,
    expiresAt: instant,
  })
  .meta({ id: 'Invitation' })
export type InvitationIssued = z.infer<typeof invitationIssued>

/** Of whoever asks. */
export type AccountView = Omit<PersonView, 'sessions'> & {
  lang: 'en' | 'fr' | null
  zone: string | null
  /** Codes for a lost phone that were not used. */
  codesLeft: number
}
