/** People actions: what the HTTP side may ask of accounts, joined to what does it. */
import type { AccessDeps } from './access.ts'
import type { Actions } from './http/actions.ts'
import {
  changePassword,
  changeSettings,
  dropFactor,
  readAccount,
  renewCodes,
  turnFactorOff,
  turnFactorOn,
} from './people/account.ts'
import { factorKeyOf, factorUri, newFactor } from './people/factor.ts'
import type { Passwords } from './people/password.ts'
import type { Shell } from './shell.ts'
import {
  acceptInvitation,
  answerStep,
  changeRights,
  invitedBy,
  invitePerson,
  listPeople,
  removePerson,
  renewPassword,
  signInByPassword,
  signInElsewhere,
  steppingAs,
} from './people/people.ts'

/** No two browsers are given the same. */
const BROWSER_BYTES = 16

type Deps = { access: AccessDeps; passwords: Passwords; shell: Pick<Shell, 'identity'>; publicUrl: string }
/** Lets go what the sessions held that a deed has ended. */
type Ended = <T>(deed: Promise<T>) => Promise<T>

export function peopleActions(
  { access, passwords, shell, publicUrl }: Deps,
  ended: Ended,
): Pick<Actions, 'people' | 'entry' | 'account'> {
  const deps = { ...access, passwords, factorKey: factorKeyOf(shell.identity) }
  const addressed = <T extends { secret: string }>({ secret, ...made }: T) => ({
    ...made,
    url: `${publicUrl}/invitation/${secret}`,
  })
  return {
    people: {
      list: () => listPeople(deps),
      invite: async ({ by, ...wanted }) => addressed(await invitePerson(deps, { ...wanted, by: by.token })),
      change: (id, { by, ...rights }) => ended(changeRights(deps, { id, ...rights, by: by.token })),
      remove: (id, by) => ended(removePerson(deps, { id, by: by.token })),
      renew: async (id, by) => {
        const made = await renewPassword(deps, { id, by: by.token })
        return made && addressed(made)
      },
      dropFactor: (id, by) => dropFactor(deps, { id, by: by.token }),
    },
    entry: {
      invited: async (secret) => {
        const found = await invitedBy(deps, secret)
        return found && { name: found.name, role: found.role, isNew: found.parent === null }
      },
      accept: (asked) => ended(acceptInvitation(deps, asked)),
      signIn: (asked) => signInByPassword(deps, asked),
      elsewhere: (asked) => signInElsewhere(deps, asked),
      newBrowser: () => deps.random.bytes(BROWSER_BYTES).toString('base64url'),
      stepping: (step) => steppingAs(deps, step),
      answer: (asked) => answerStep(deps, asked),
    },
    account: {
      read: (by) => readAccount(deps, by.token),
      changePassword: ({ by, ...asked }) => ended(changePassword(deps, { id: by.token, ...asked })),
      changeSettings: ({ by, ...wanted }) => changeSettings(deps, { id: by.token, ...wanted }),
      newFactor: (by) => {
        const factor = newFactor(deps.random)
        return { factor, uri: factorUri(factor, by.person?.name ?? '') }
      },
      factorUri: (by, factor) => factorUri(factor, by.person?.name ?? ''),
      turnFactorOn: ({ by, ...asked }) => turnFactorOn(deps, { id: by.token, ...asked }),
      turnFactorOff: ({ by, password }) => turnFactorOff(deps, { id: by.token, password }),
      renewCodes: ({ by, password }) => renewCodes(deps, { id: by.token, password }),
    },
  }
}
