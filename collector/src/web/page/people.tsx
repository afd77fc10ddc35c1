/** People: who has an account and who was invited to one, and the deeds of those who may give them. Pure. */
import type { TokenView } from '../../view/access.ts'
import { role, type Role } from '../../view/parts.ts'
import { MAX_PERSON_CHARS, type InvitationIssued, type PersonView } from '../../view/people.ts'
import { Layout, SetupTabs } from '../part/layout.tsx'
import { contractName } from '../part/names.ts'
import { Table } from '../part/table.tsx'
import { Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { CopyBlock } from './agents.tsx'
import { Choices } from './alerts.tsx'
import { Problem, SignInAgain } from './sign-in.tsx'

/** As it was typed, for another try. */
export type InviteForm = { name: string; role: string; contracts: readonly string[] }

type Props = {
  scene: Scene
  people: readonly PersonView[]
  /** Not answered yet. */
  invitations: readonly TokenView[]
  contracts: readonly string[]
  /** False: whoever looks signs in again before they give anything. */
  mayGive: boolean
  /** Just made, shown this once. */
  invited?: InvitationIssued
  notice?: string
  problem?: string
  form?: InviteForm
}

export const PEOPLE_PATH = '/setup/people'

export function People({ scene, people, invitations, contracts, mayGive, invited, ...more }: Props) {
  const { notice, problem, form } = more
  const { people: text } = scene.text
  return (
    <Layout scene={scene} title={text.title} door="setup">
      <SetupTabs scene={scene} current="people" />
      <header class="lead">
        <h1>{text.title}</h1>
        <p class="sentence">{text.intro}</p>
        {notice && (
          <p class="notice" role="status">
            {notice}
          </p>
        )}
      </header>
      {invited && (
        <section class="sheet fresh" role="status">
          <h2>{text.linkTitle}</h2>
          <CopyBlock scene={scene}>{invited.url}</CopyBlock>
          <p class="note">{text.linkFor(invited.name)}</p>
        </section>
      )}
      {people.length === 0 ? (
        <p class="sheet sentence">{text.none}</p>
      ) : (
        <PeopleTable people={people} contracts={contracts} scene={scene} />
      )}
      {invitations.length > 0 && <Invited invitations={invitations} scene={scene} />}
      {mayGive ? (
        <Invite scene={scene} contracts={contracts} {...(problem && { problem })} {...(form && { form })} />
      ) : (
        <SignInAgain scene={scene} />
      )}
    </Layout>
  )
}

function contractsText(contracts: readonly string[] | null, scene: Scene): string {
  if (contracts === null) return scene.text.access.all
  return contracts.map((contract) => contractName({ contract }, scene)).join(', ')
}

function PeopleTable({ people, contracts, scene }: Pick<Props, 'people' | 'contracts' | 'scene'>) {
  const { people: text, access } = scene.text
  const waysOf = ({ hasPassword, hasFactor, isElsewhere }: PersonView): string =>
    [
      ...(hasPassword ? [hasFactor ? text.byFactor : text.byPassword] : []),
      ...(isElsewhere ? [text.byOther] : []),
    ].join(', ')
  return (
    <Table
      frame="sheet"
      label={text.title}
      rows={people}
      columns={[
        {
          head: text.name,
          cell: ({ id, name }) => (
            <>
              {name}
              {id === scene.caller?.token && <small> {text.you}</small>}
            </>
          ),
        },
        { head: text.role, cell: (person) => access[person.role] },
        { head: text.contracts, cell: (person) => contractsText(person.contracts, scene) },
        { head: text.factor, cell: waysOf },
        { head: text.sessions, look: 'number', cell: ({ sessions }) => String(sessions) },
        { head: text.since, cell: ({ createdAt }) => <Time at={createdAt} scene={scene} style="day" /> },
        { bare: true, cell: (person) => <Deeds person={person} contracts={contracts} scene={scene} /> },
      ]}
    />
  )
}

function Deeds({ person, contracts, scene }: { person: PersonView } & Pick<Props, 'contracts' | 'scene'>) {
  const { people: text } = scene.text
  const { id, name, hasFactor } = person
  const path = `${PEOPLE_PATH}/${encodeURIComponent(id)}`
  const confirms = [
    { deed: 'link', label: text.link, help: text.linkHelp, yes: text.linkButton },
    ...(hasFactor
      ? [{ deed: 'factor', label: text.dropFactor, help: text.dropHelp, yes: text.dropYes }]
      : []),
    { deed: 'remove', label: text.remove, help: text.removeHelp, yes: text.removeYes(name) },
  ]
  return (
    <>
      <details class="confirm" id={`change-${id}`}>
        <summary aria-label={`${text.change}: ${name}`}>{text.change}</summary>
        <form method="post" action={`${path}/change`}>
          <Rights id={id} chosen={person} contracts={contracts} scene={scene} />
          <p>{text.changeHelp}</p>
          <button>{text.changeButton}</button>
        </form>
      </details>
      {confirms.map(({ deed, label, help, yes }) => (
        <details class="confirm" id={`${deed}-${id}`}>
          <summary aria-label={`${label}: ${name}`}>{label}</summary>
          <form method="post" action={`${path}/${deed}`}>
            <p>{help}</p>
            <button>{yes}</button>
          </form>
        </details>
      ))}
    </>
  )
}

type RightsProps = Pick<Props, 'contracts' | 'scene'> & {
  id: string
  chosen: { role: string; contracts: readonly string[] | null }
}

/** What somebody may do, and where. */
function Rights({ id, chosen, contracts, scene }: RightsProps) {
  const { people: text, access } = scene.text
  const known = [...new Set([...contracts, ...(chosen.contracts ?? [])])]
  return (
    <>
      <label for={`role-${id}`}>{text.role}</label>
      <select id={`role-${id}`} name="role">
        {role.options.map((one: Role) => (
          <option value={one} selected={one === chosen.role}>
            {access[one]}
          </option>
        ))}
      </select>
      {known.length > 0 && (
        <Choices
          id={`contracts-${id}`}
          name="contracts"
          legend={text.contracts}
          summary={text.confine}
          options={known.map((value) => ({ value, shown: contractName({ contract: value }, scene) }))}
          chosen={chosen.contracts ?? []}
        />
      )}
      <p class="note">{text.confineHint}</p>
    </>
  )
}

function Invite({
  scene,
  contracts,
  problem,
  form,
}: Pick<Props, 'scene' | 'contracts' | 'problem' | 'form'>) {
  const { people: text } = scene.text
  const typed = form ?? { name: '', role: 'viewer', contracts: [] }
  return (
    <section class="sheet" id="invite">
      <h2>{text.inviteTitle}</h2>
      {problem && <Problem>{problem}</Problem>}
      <p>{text.inviteText}</p>
      <form method="post" action={`${PEOPLE_PATH}/invite`} class="stack">
        <label for="invite-name">{text.name}</label>
        <input
          id="invite-name"
          name="name"
          type="text"
          required
          value={typed.name}
          maxlength={MAX_PERSON_CHARS}
          autocomplete="off"
          aria-describedby="invite-name-hint"
        />
        <p class="note" id="invite-name-hint">
          {text.nameHint}
        </p>
        <Rights id="invite" chosen={typed} contracts={contracts} scene={scene} />
        <button>{text.inviteButton}</button>
      </form>
    </section>
  )
}

function Invited({ invitations, scene }: Pick<Props, 'invitations' | 'scene'>) {
  const { people: text, access } = scene.text
  return (
    <section class="sheet" id="invited">
      <h2>{text.invited}</h2>
      <Table
        label={text.invited}
        rows={invitations}
        columns={[
          { head: text.name, cell: ({ name }) => name },
          { head: text.role, cell: (one) => one.role && access[one.role] },
          { head: text.contracts, cell: ({ contracts }) => contractsText(contracts, scene) },
          {
            head: text.until,
            cell: ({ expiresAt }) => expiresAt && <Time at={expiresAt} scene={scene} style="full" />,
          },
          {
            bare: true,
            cell: ({ id, name }) => (
              <form method="post" action={`${PEOPLE_PATH}/invitations/${encodeURIComponent(id)}/withdraw`}>
                <button class="quiet" aria-label={text.withdrawLabel(name ?? '')}>
                  {text.withdraw}
                </button>
              </form>
            ),
          },
        ]}
      />
    </section>
  )
}
