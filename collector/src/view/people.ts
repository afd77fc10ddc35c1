/**
 * People as they are published: accounts, and the links that invite to one, shown once; which names are the same, and
 * which passwords are taken. Pure.
 */
import { z } from 'zod'
import { count, instant, role } from './parts.ts'

/** The name of a person, characters. */
export const MAX_PERSON_CHARS = 64
export const personName = z
  .string()
  .trim()
  .min(1)
  .max(MAX_PERSON_CHARS)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'has characters that are not seen')

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

/** Characters of a password. */
export const MIN_PASSWORD_CHARS = 12
export const MAX_PASSWORD_CHARS = 200
/** Why a password is not taken. */
export type Weakness = 'short' | 'long' | 'plain' | 'name'

/** Of whoever asks. */
export type AccountView = Omit<PersonView, 'sessions'> & {
  lang: 'en' | 'fr' | null
  zone: string | null
  /** Codes for a lost phone that were not used. */
  codesLeft: number
}

/** Letters of what is tried first, whatever figures and signs stand around them. */
const FIRST_TRIED: ReadonlySet<string> = new Set(
  'password passwort passwd motdepasse qwerty qwertyuiop azerty azertyuiop admin administrator administrateur constat welcome bienvenue letmein changeme iloveyou'.split(
    ' ',
  ),
)

/** Why a password is not taken; null: it is. Length is what counts (NIST SP 800-63B); no classes of characters are asked for. */
export function weaknessOf(password: string, name: string): Weakness | null {
  const chars = Array.from(password.normalize('NFKC'))
  if (chars.length < MIN_PASSWORD_CHARS) return 'short'
  if (chars.length > MAX_PASSWORD_CHARS) return 'long'
  const folded = chars.join('').toLowerCase()
  const letters = folded.replaceAll(/[^\p{L}]/gu, '')
  if (new Set(chars).size < 5 || letters === '' || FIRST_TRIED.has(letters)) return 'plain'
  return folded.replaceAll(nameKey(name), '').length < MIN_PASSWORD_CHARS / 2 ? 'name' : null
}

/** A name as two people may not both have it: case, width and spaces make no difference. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase()
}
