/**
 * `dns`: a name server answers one query, asked directly: neither the hosts file nor a cache stands in
 * between. `value` is the number of records of the type asked for.
 *
 *   rcode, as wanted; without a word on it, NOERROR with a record     ok
 *   NXDOMAIN, or no record of the type                                fail `name`
 *   another rcode                                                     fail `dns`
 *   an rcode other than the one that the check names                  fail `assertion`
 *   a record that the check names is not there                        fail `assertion`
 *   an answer that does not fit a datagram, where udp is asked for    fail `size`
 */
import { randomInt } from 'node:crypto'
import { promises as dnsPromises } from 'node:dns'
import { DNS_RCODES, DNS_TYPES, type DnsSpec } from '@constat/shared/check'
import { asciiName, isRecordName, NETWORK_LIMITS, parseServer } from '@constat/shared/target'
import { judgePace, runAttempt, unknownFailure, type Attempt } from './attempt.ts'
import { assertAllowed, beginHop, locate } from './connect.ts'
import { askOverTcp, askOverUdp, type DnsAnswer, type Exchange } from './dns-exchange.ts'
import { foldName, TYPE_CODES, type DnsRecord, type Question } from './dns-message.ts'
import { isRecord } from './dns-record.ts'
import { decoded, hostOf } from './endpoint.ts'
import * as form from './fields.ts'
import type { Judgement, Kind, Probe } from './probe.ts'
import type { Address } from './resolution.ts'

/** CNAMEs followed within one answer. */
const MAX_ALIASES = 16

export const probeDns: Probe<DnsSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    const server = await serverOf(spec, attempt)
    // Nobody should be able to guess it (RFC 5452, 9.2).
    const id = context.queryId?.() ?? randomInt(0x10000)
    const question = { id, name: spec.name, type: spec.type }
    const phase = spec.server === undefined ? 'dnsUs' : 'ttfbUs'
    const answer = await ask(spec, { server, question, phase }, attempt)
    attempt.watch.stop()
    return (latencyUs) => judgeAnswer(spec, answer, latencyUs)
  })

async function ask(
  { transport }: DnsSpec,
  exchange: Omit<Exchange, 'edns'>,
  attempt: Attempt,
): Promise<DnsAnswer> {
  const over = (way: 'udp' | 'tcp', edns: Exchange['edns']): Promise<DnsAnswer> =>
    (way === 'udp' ? askOverUdp : askOverTcp)({ ...exchange, edns }, attempt)
  const first = transport ?? 'udp'
  let answer = await over(first, 'offered')
  // RFC 6891, 7: a server that knows no EDNS says so by not understanding the query.
  const isUnaware = !answer.hasEdns && (answer.rcode === 'FORMERR' || answer.rcode === 'NOTIMP')
  const edns = isUnaware ? 'none' : 'offered'
  if (edns === 'none') answer = await over(first, edns)
  // RFC 7766, 5: what did not fit is asked for over TCP.
  return answer.truncated && transport === undefined ? over('tcp', edns) : answer
}

/** The server of the check, or the first that the host itself asks, whatever its address. */
async function serverOf(spec: DnsSpec, attempt: Attempt): Promise<Address & { port: number }> {
  const [own] = spec.server === undefined ? new dnsPromises.Resolver().getServers() : []
  const server = parseServer(spec.server ?? own ?? '')
  if (!server) throw unknownFailure('unsupported', 'this host has no name server: name one in the check')
  const { host, port } = server
  if (own === undefined) return { ...(await locate({ ...server, family: spec.family }, attempt)), port }
  beginHop({ host, address: host, port }, attempt)
  assertAllowed({ host, address: null, port }, attempt.context)
  return { address: host, family: host.includes(':') ? 6 : 4, port }
}

function judgeAnswer(spec: DnsSpec, answer: DnsAnswer, latencyUs: number): Judgement {
  const records = recordsOf(spec, answer.records)
  const value = records.length
  const fail = (cause: Judgement['cause'], detail: string): Judgement => ({
    outcome: 'fail',
    cause,
    value,
    code: answer.rcode,
    detail,
  })
  const { rcode } = answer
  if (spec.rcode !== undefined && rcode !== spec.rcode)
    return fail('assertion', `${rcode} in place of ${spec.rcode}`)
  if (spec.rcode === undefined && rcode === 'NXDOMAIN')
    return fail('name', `NXDOMAIN: there is no ${spec.name}`)
  if (spec.rcode === undefined && rcode !== 'NOERROR') return fail('dns', `the server answered ${rcode}`)
  if (answer.truncated && (spec.rcode === undefined || spec.answers)) {
    return fail('size', 'the answer does not fit a datagram: leave out transport, or ask over tcp')
  }
  const absent = spec.answers?.find(
    (wanted) => !records.some((data) => isRecord(spec.type, { data, wanted })),
  )
  if (absent !== undefined) return fail('assertion', `not in the answer: ${absent}`)
  if (spec.rcode === undefined && value === 0) return fail('name', `${spec.name} has no ${spec.type} record`)
  return judgePace({ latencyUs, value, detail: `${rcode}, ${spec.type} records: ${value}` }, spec)
}

/** Data of the records of the type asked for, at the name or at what it is an alias of. */
function recordsOf({ name, type }: Pick<Question, 'name' | 'type'>, records: readonly DnsRecord[]): string[] {
  const alias = (owner: string): string | undefined =>
    records.find((one) => one.type === TYPE_CODES.CNAME && one.name === owner)?.data
  let owner = foldName(name)
  for (let i = 0; i < MAX_ALIASES && type !== 'CNAME'; i += 1) owner = alias(owner) ?? owner
  const found = records.filter((one) => one.type === TYPE_CODES[type] && one.name === owner)
  return found.flatMap(({ data }) => data ?? [])
}

const { answers: MAX_ANSWERS, answerChars: MAX_ANSWER_CHARS } = NETWORK_LIMITS
const FORMS = {
  name: form.text(255),
  type: form.oneOf(DNS_TYPES),
  server: form.text(280),
  family: form.family,
  transport: form.oneOf(['udp', 'tcp']),
  rcode: form.oneOf(DNS_RCODES),
  answers: form.texts({
    maxItems: MAX_ANSWERS,
    of: (answer) => answer !== '' && answer.length <= MAX_ANSWER_CHARS,
    words: `at most ${MAX_ANSWERS} texts of 1 to ${MAX_ANSWER_CHARS} characters`,
  }),
  degradedOverMs: form.integer(NETWORK_LIMITS.degradedOverMs),
}

export const dnsKind: Kind<DnsSpec> = {
  read(fields) {
    const read = form.readFields(fields, FORMS, { needed: ['name', 'type'] })
    if (typeof read === 'string') return read
    const name = asciiName(read.name)
    if (!isRecordName(name)) return 'name must be a DNS name'
    if (read.server !== undefined && !parseServer(read.server))
      return 'server must be an address or a name, with or without a port'
    if (read.answers && (read.rcode ?? 'NOERROR') !== 'NOERROR') return `answers are never in ${read.rcode}`
    return { kind: 'dns', ...read, name }
  },
  /** RFC 4501: `dns:name`, `dns://server/name?type=MX`; also plain `dns://name`. */
  ofUrl(url) {
    const path = decoded(url.pathname.replace(/^\/+/, ''))
    const host = url.host === '' ? undefined : (hostOf(url) ?? '')
    const name = path === '' ? host : path
    const type = (url.searchParams.get('type') ?? 'A').toUpperCase()
    if (name === undefined || name === '') return 'the address names nothing to look up'
    const server = path === '' || host === undefined ? undefined : decoded(url.host)
    return dnsKind.read({ kind: 'dns', name, type, ...form.given({ server }) })
  },
  probe: probeDns,
}
