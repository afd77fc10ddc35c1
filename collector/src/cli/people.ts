/** `constat people`: who has an account; invited, listed and removed beside a running collector. */
import { Fault } from '@constat/shared/fault'
import { invitePerson, listPeople, removePerson } from '../people/people.ts'
import { nameKey, personName, type PersonView } from '../view/people.ts'
import { aligned, demandContract, publicUrlOf, ROLES, withAccess, type TokenFlags } from './token.ts'
import type { World } from './world.ts'

/** Whoever runs these has the data directory. */
const BY = { by: 'operator' } as const

export async function listedPeople(flags: TokenFlags, world: World): Promise<number> {
  return withAccess(flags, world, async (access) => {
    const people = await listPeople(access)
    if (flags.json) world.out(JSON.stringify({ items: people }))
    else for (const line of tableOf(people)) world.out(line)
  })
}

export async function invitedPerson(
  asked: string,
  flags: TokenFlags & { role: string; contract?: string[] },
  world: World,
): Promise<number> {
  const role = ROLES.find((one) => one === flags.role)
  if (!role)
    throw new Fault('usage', `--role is ${JSON.stringify(flags.role)}: write one of ${ROLES.join(', ')}`)
  const contracts = flags.contract ?? null
  if (role === 'provider' && contracts === null)
    throw new Fault('usage', 'a provider sees its own contracts only: add --contract NAME')
  const name = personName.safeParse(asked)
  if (!name.success)
    throw new Fault('usage', 'the name is empty, too long, or has characters that are not seen')
  return withAccess(flags, world, async (access, config) => {
    for (const contract of contracts ?? []) await demandContract(access, contract)
    const { secret, ...made } = await invitePerson(access, { name: name.data, role, contracts, ...BY })
    const url = `${publicUrlOf(config)}/invitation/${secret}`
    world.out(flags.json ? JSON.stringify({ ...made, url }) : url)
  })
}

/** By id, or by name as it is signed in with. */
export async function removedPerson(who: string, flags: TokenFlags, world: World): Promise<number> {
  return withAccess(flags, world, async (access) => {
    const all = await listPeople(access)
    const found = all.find(({ id }) => id === who) ?? all.find(({ name }) => nameKey(name) === nameKey(who))
    if (!found || !(await removePerson(access, { id: found.id, ...BY }))) {
      throw new Fault('not-found', 'nobody has an account of that name or id', {
        hint: '`constat people list` has them.',
      })
    }
    const { id, name } = found
    world.out(
      flags.json ? JSON.stringify({ id, removed: true }) : `${name}: removed, and their sessions with it`,
    )
  })
}

function tableOf(people: readonly PersonView[]): string[] {
  const waysOf = ({ hasPassword, hasFactor, isElsewhere }: PersonView): string =>
    [
      ...(hasPassword ? [hasFactor ? 'password and code' : 'password'] : []),
      ...(isElsewhere ? ['OpenID'] : []),
    ].join(', ')
  const rows = people.map((person) => [
    person.id,
    person.name,
    person.role,
    person.contracts?.join(', ') ?? 'all',
    waysOf(person),
    person.createdAt,
    String(person.sessions),
  ])
  return aligned([['ID', 'NAME', 'ROLE', 'CONTRACTS', 'SIGNS IN BY', 'SINCE', 'SESSIONS'], ...rows])
}
