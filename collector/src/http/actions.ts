/**
 * What the HTTP side asks of the rest of the collector: one narrow function a deed, so that a route is
 * one line and a test needs no database. Types only. The world's failures come back as `Fault`.
 */
import type { ErasedView, WordsView } from '../view/words.ts'
import type { Clock, UnixMs } from '@constat/shared/time'
import type { ParsedContracts } from '@constat/sla/contract/parse'
import type { PenaltyAct, PenaltyStep } from '@constat/sla/state/penalty-record'
import type { TermsAnswer } from '@constat/sla/state/terms-answer'
import type { Asker, Role } from '../view/parts.ts'
import type { EventBus } from '../alert/bus.ts'
import type { Log } from '../shell.ts'
import type { Trouble } from '../view/health.ts'
import type { PageOf } from '../view/paging.ts'
import type { BundleFile, DeliveryFilter, ReadModel } from '../view/reads.ts'
import type { StatementPreviewView } from '../view/statement.ts'
import type { AnnexForm, ReportFormat } from '../view/report-format.ts'
import type { TriedView } from '../view/trial.ts'
import type { ReportedView } from '../view/remark.ts'
import type { AuditView, LinkIssued, SessionView, TokenIssued, TokenView } from '../view/access.ts'
import type { AccountView, InvitationIssued, PersonView } from '../view/people.ts'
import type { AgentInvitation, AppliedView, Delivery, PublicationView, Webhook } from '../view/setup.ts'
import type { Guesses } from './guesses.ts'
import type { SharedBody } from './shared-body.ts'

/**
 * Who asks. `contracts` null: all of them; a provider always has some. `token`: id of the API token or of the account
 * behind it. `person`: of an account. `sinceMs`: since when the session, or the token, is there.
 */
export type Caller = {
  role: Role
  contracts: readonly string[] | null
  token: string
  as: Sent['as']
  person?: Person | null
  sinceMs?: UnixMs
}

/** Whose account it is. `zone`: IANA, in which they read the time; null: none was chosen. */
export type Person = { name: string; lang: 'en' | 'fr' | null; zone: string | null }

/** A secret that came with a request, and the way it came. */
export type Sent = { secret: string; as: 'api' | 'session' }

export type ContractSource = { name: string; text: string }

export type ContractAnswer = ({ kind: 'applied' } & AppliedView) | { kind: 'refused'; problems: string[] }

export type WebhookWanted = {
  url: string
  types: string[]
  shape: string
  contracts: string[] | null
  ed25519: boolean
}

/** What is left out stays. */
export type WebhookEdits = { [Key in keyof WebhookWanted]?: WebhookWanted[Key] | undefined } & {
  paused?: boolean | undefined
}

/** `unknown`: nobody answers there; `unsigned`: not with its secret; `ignored`: nothing follows from it. */
export type AnswerHeard = 'unknown' | 'unsigned' | 'ignored' | 'taken'

export type WebhookActions = {
  /** What may be asked for: payload shapes, and event types (`*` stands for all of them). */
  readonly shapes: readonly string[]
  readonly types: readonly string[]
  list(): Promise<Webhook[]>
  create(wanted: WebhookWanted): Promise<{ id: string; secret: string }>
  /** Null: there is none of that id. Faults `bad-request`, `conflict` for one of a contract's documents. */
  edit(id: string, changes: WebhookEdits): Promise<Webhook | null>
  /** False: there is none of that id. */
  remove(id: string): Promise<boolean>
  /** Takes up one again that an answer 410 had disabled; null: there is none of that id. */
  enable(id: string): Promise<Webhook | null>
  /** A new secret; the one before it signs beside it for a day. Null: there is none of that id. */
  renewSecret(id: string): Promise<{ id: string; secret: string } | null>
  /** Its receiver tells who has an incident in hand. Safe to run twice. Fault `bad-request`. */
  answer(said: { webhook: string; signature: string; body: Buffer }): Promise<AnswerHeard>
  /** Queues a test message; null: there is none of that id. */
  test(id: string): Promise<Delivery | null>
  /** Newest first; null: there is none of that id. */
  deliveries(id: string, page: PageOf & DeliveryFilter): Promise<Delivery[] | null>
  /** Sends the same message again under the same `webhook-id`; null: there is none of that id. */
  replay(delivery: string): Promise<Delivery | null>
}

export type ExclusionWanted = {
  contract: string
  service: string | null
  kind: string
  startMs: UnixMs
  endMs: UnixMs
  announcedMs: UnixMs | null
  announced: { startMs: UnixMs; endMs: UnixMs } | null
  reason: string
  by: Caller
}

export type ExclusionAnswer = { kind: 'declared'; id: string } | { kind: 'refused'; problems: string[] }

export type AnswerWanted = {
  exclusion: string
  answer: 'accepted' | 'disputed'
  note: string
  /** Not the owner's own word: an expert, a mediator or a court decided. */
  decision: boolean
  by: Caller
}

export type RemarkWanted = {
  contract: string
  kind: 'note' | 'dispute' | 'trouble'
  /** Of a note or a dispute. */
  incident: string | null
  /** Of a report of trouble. */
  service: string | null
  text: string
  sinceMs: UnixMs | null
  by: Caller
}

export type LinkWanted = {
  contract: string
  /** Null: the states of the services. */
  incident: string | null
  /** Null: until it is revoked. */
  lifeMs: number | null
  by: Caller
}

export type TermsAnswerWanted = {
  contract: string
  revision: number
  answer: TermsAnswer['answer']
  note: string
  by: Caller
}

export type PenaltyDeed = {
  contract: string
  window: string
  act: PenaltyAct
  /** Absent: of an acceptance or a settlement the whole. */
  amount: string | null
  how: PenaltyStep['how']
  /** Absent: now. */
  doneMs: UnixMs | null
  note: string
  by: Caller
}

export type SessionActions = {
  /** Whose it is. Null: nobody's, past its end, or not for this use. */
  authenticate(sent: Sent): Promise<Caller | null>
  /** Trades an API token for a session of a browser; null: it is none that is good. */
  open(asked: { token: string; browser: string | null }): Promise<Opened | null>
  close(session: string): Promise<void>
  /** For answers that go on: calls `ended` once the secret is good no more. The answer is how to stop watching. */
  hold(secret: string, ended: () => void): () => void
  /** Of the token or account of whoever asks, newest first. */
  list(of: OwnSession): Promise<SessionView[]>
  /** One by `id`, or with null all but the one that asks. The answer is how many there were. */
  end(of: OwnSession, id: string | null): Promise<number>
}

/** Whoever asks, and the secret of the session that they ask with. */
export type OwnSession = { by: Caller; secret: string }
export type Opened = { session: string; expiresMs: UnixMs }
/** Signed in, or asked for the code of the phone. */
export type Entered = { opened: Opened; lang: 'en' | 'fr' | null } | { step: string }
/** How somebody will sign in: by a password, or as whom an OpenID provider names. */
export type Proof = { password: string } | { subject: string }

export type InvitationWanted = { name: string; role: Role; contracts: string[] | null; by: Caller }

/** Accounts, by those who may give them. Null and false: there is none of that id. */
export type PeopleActions = {
  /** By name. */
  list(): Promise<PersonView[]>
  /** Fault `conflict`: somebody has that name. */
  invite(wanted: InvitationWanted): Promise<InvitationIssued>
  /** Ends its sessions. */
  change(id: string, rights: Omit<InvitationWanted, 'name'>): Promise<boolean>
  remove(id: string, by: Caller): Promise<boolean>
  /** A link by which somebody sets a new password. */
  renew(id: string, by: Caller): Promise<InvitationIssued | null>
  dropFactor(id: string, by: Caller): Promise<boolean>
}

/** Ways in for people. Null: it is wrong, in whatever way. */
export type EntryActions = {
  /** What a link invites to. */
  invited(secret: string): Promise<{ name: string; role: Role; isNew: boolean } | null>
  /** Fault `conflict`: somebody has that name, or is that one elsewhere. */
  accept(asked: { secret: string; proof: Proof; browser: string | null }): Promise<Entered | null>
  signIn(asked: { name: string; password: string; browser: string | null }): Promise<Entered | null>
  elsewhere(asked: { subject: string; browser: string | null }): Promise<Entered | null>
  newBrowser(): string
  /** The account that a step is of. */
  stepping(step: string): Promise<string | null>
  answer(asked: { step: string; code: string; browser: string | null }): Promise<Entered | null>
}

type OwnPassword = { by: Caller; password: string }

/** What somebody does to their own account. Null and false: the password, or the code, is wrong. */
export type AccountActions = {
  /** Null: whoever asks has a token and no account. */
  read(by: Caller): Promise<AccountView | null>
  changePassword(asked: OwnPassword & { wanted: string; secret: string }): Promise<boolean>
  changeSettings(asked: { by: Caller; lang: 'en' | 'fr' | null; zone: string | null }): Promise<void>
  /** A secret for the phone, in base32, and as an address that it reads. */
  newFactor(by: Caller): { factor: string; uri: string }
  /** The address of one that was made a moment ago. */
  factorUri(by: Caller, factor: string): string
  /** The codes for when the phone is lost, shown once. */
  turnFactorOn(asked: OwnPassword & { factor: string; code: string }): Promise<string[] | 'wrong-code' | null>
  turnFactorOff(asked: OwnPassword): Promise<boolean>
  renewCodes(asked: OwnPassword): Promise<string[] | null>
}

export type TokenWanted = {
  role: Role
  contract: string | null
  /** Absent: as long as is usual for the role; null: for ever. */
  lifeMs?: number | null | undefined
  by: Caller
}

export type TokenActions = {
  /** Those that are good now, newest first. */
  list(): Promise<TokenView[]>
  issue(wanted: TokenWanted): Promise<TokenIssued>
  /** False: there is none of that id. Its sessions, pages and event streams end with it. */
  revoke(id: string, by: Caller): Promise<boolean>
  /** Another one with the same rights; the old one ends. Null: there is none of that id. */
  renew(id: string, by: Caller): Promise<TokenIssued | null>
  /** An address that shows one page to whoever has it. Revoked as a token is. */
  link(wanted: LinkWanted): Promise<LinkIssued>
  /** Where a link leads; null: nowhere, or not any more. */
  openLink(secret: string): Promise<{ id: string; contract: string; incident: string | null } | null>
  /** Newest first. */
  audit(page: PageOf): Promise<AuditView[]>
}

export type StatementWanted = {
  contract: string
  /** Null: the one that the statement names, or the last that has ended. */
  window: string | null
  bytes: Buffer
  by: Asker
}

export type ApplyWanted = {
  contract: string
  source: ContractSource[]
  stopProbing: boolean
  by: Asker
}

/** `read`: of whoever asks, and as much as they may see. `version` absent: the newest. */
export type ReportWanted = {
  contract: string
  window: string
  version: number | undefined
  format: ReportFormat
  lang: 'en' | 'fr'
  read: ReadModel
  by: Asker
}

/** `read`: as the provider sees the contract, so that nothing is sent to it that is not for it. */
export type ClaimWanted = { contract: string; window: string; lang: 'en' | 'fr'; read: ReadModel; by: Asker }

/** `lang`: which of the two stands first; null: the one that prevails. */
export type AnnexWanted = {
  contract: string
  form: AnnexForm
  lang: 'en' | 'fr' | null
  read: ReadModel
  by: Asker
}

/** `isCustomers`: what the customer has to do by when is in it, too. */
export type CalendarWanted = { contract: string; lang: 'en' | 'fr'; read: ReadModel; isCustomers: boolean }

export type ReportMade = { file: string; body: string | Uint8Array }

export type Actions = {
  /** `contract` is the name in the address: sources that describe another one are refused. */
  applyContract(wanted: ApplyWanted): Promise<ContractAnswer>
  /**
   * Probes each check once, before any contract holds it; nothing is kept. Fault
   * `bad-contract` with every problem, `rate-limited`, `too-large`, `unavailable` where no agent is connected.
   */
  tryContract(wanted: { contract: string; source: ContractSource[]; by: Asker }): Promise<TriedView>
  /** Ends a contract now; safe to run twice. Fault `not-found`. */
  archiveContract(contract: string): Promise<{ contract: string; endedAt: string; changed: boolean }>
  /** What people wrote of a contract, oldest first; null where there is none of that name. */
  listWords(contract: string): Promise<WordsView[] | null>
  /** Erases words by their digest; safe to run twice. Faults `not-found`, `conflict`. */
  eraseWords(wanted: { contract: string; digest: string }): Promise<ErasedView>
  /** Opens the log of a contract to everybody, or to its readers alone; safe to run twice. Fault `not-found`. */
  publishLog(wanted: { contract: string; open: boolean }): Promise<PublicationView>
  /** Safe to run twice: the first acknowledgement stands. The caller may see the incident. */
  acknowledge(deed: { incident: string; by: Caller }): Promise<void>
  /** The caller may see what it is about. Faults `not-found`, `bad-request`, `rate-limited`, `conflict`. */
  remark(wanted: RemarkWanted): Promise<ReportedView>
  /** The caller may see the contract. */
  declareExclusion(wanted: ExclusionWanted): Promise<ExclusionAnswer>
  /** Fault `conflict` where this side has nothing to answer. The caller may see the exclusion. */
  answerExclusion(given: AnswerWanted): Promise<void>
  /** The provider agrees or objects to a revision; the same again changes nothing. The caller may see the contract. */
  answerTerms(given: TermsAnswerWanted): Promise<void>
  /** A step of a penalty; the same again changes nothing. Fault `conflict` out of order. The caller may see it. */
  takePenaltyStep(deed: PenaltyDeed): Promise<void>
  /** Keeps what the provider says of a window. The caller may see the contract. The answer is its id. */
  keepStatement(wanted: StatementWanted): Promise<{ id: string }>
  /** How it would be read, line by line; nothing is written. */
  previewStatement(wanted: StatementWanted): Promise<StatementPreviewView>
  /** Null: there is no such contract, window or version. Fault `too-large`, `rate-limited`. */
  report(wanted: ReportWanted): Promise<ReportMade | null>
  /** Null: there is no such contract or window. Fault `conflict` where there is nothing to claim; of a bundle. */
  claimPack(wanted: ClaimWanted): Promise<BundleFile | null>
  /** Null: there is no such contract. */
  annex(wanted: AnnexWanted): Promise<ReportMade | null>
  /** A file after RFC 5545. Null: there is no such contract. */
  calendar(wanted: CalendarWanted): Promise<string | null>
  /** What documents say, or every problem of theirs. Nothing is applied. */
  parse(wanted: { source: ContractSource[]; by: Asker }): Promise<ParsedContracts>
  issueAgentToken(wanted: { name: string | null; by: Caller }): Promise<AgentInvitation>
  /** False: there is none of that id. */
  revokeAgent(id: string): Promise<boolean>
  webhooks: WebhookActions
  sessions: SessionActions
  tokens: TokenActions
  people: PeopleActions
  entry: EntryActions
  account: AccountActions
}

/** An OpenID provider that signs people in. */
export type OpenId = {
  /** What people call it. */
  readonly name: string
  /** Where the browser goes, and what it must come back with. `prompt`: OpenID Connect Core, 3.1.2.1. Fault `unavailable`. */
  begin(asked: { prompt?: 'login' }): Promise<{ url: string; kept: string }>
  /** Whom it has signed in, by the query of the answer; null: nobody, or it answers to nothing that was begun. */
  finish(search: string, kept: string): Promise<string | null>
}

/** Facts as they were told; the event bus is one. */
export type Events = Pick<EventBus, 'since' | 'subscribe'>

export type AppDeps = {
  read: ReadModel
  actions: Actions
  events: Events
  /** Links of letters, each of which lets whoever has it acknowledge one incident. */
  links: { isGood(link: { incident: string; seal: string }): boolean }
  /** Wrong tokens, by address; wrong passwords, by account too. */
  guesses: Guesses
  /** Null: nobody signs in elsewhere. */
  openId: OpenId | null
  /** Prometheus text, aggregates only. */
  metrics(): Promise<string>
  health: {
    /** What is wrong now. */
    look(): Promise<readonly Trouble[]>
    /** What was wrong a moment ago: a look that costs nothing. */
    known(): readonly Trouble[]
    /** The answer of `work`, or Fault `database` as soon as it is known to be away. */
    within<T>(work: Promise<T>): Promise<T>
  }
  /** What a host that joins fetches; Fault `unavailable` when there is no agent to give away. */
  installer(): Promise<{ script: SharedBody; bundle: SharedBody }>
  /** What this collector answers as a witness of others. */
  addCheckpoint(
    body: string,
  ): Promise<{ status: 200 | 400 | 403 | 404 | 409 | 422; type: string; text: string }>
  /** What checks a bundle; Fault `unavailable` when there is none to give away. */
  verifier(): Promise<{ program: SharedBody }>
  /** Where people reach this collector, without a slash at its end. */
  publicUrl: string
  /** Other names that it answers under: where it listens, and what its host is called. */
  hosts: readonly string[]
  /** Language of pages when a browser asks for neither. */
  language: 'en' | 'fr'
  version: string
  /** What is shown was made up: every page says so. */
  isDemonstration?: boolean
  /** Folder of app.css, app.js and icon.svg: web/static in a checkout, dist/static in a build. */
  assetDir: string
  clock: Clock
  log: Log
}
