/** The witness policy of this collector: a C2SP tlog-policy file that the operator names. Not pure. */
import { readFileSync } from 'node:fs'
import { parsePolicy, type Policy } from '@constat/evidence/policy'
import { Fault, messageOf } from '@constat/shared/fault'

/** Fault `bad-config` with the line that is wrong, or for a witness without an address. */
export function readPolicy(path: string): Policy {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong(`CONSTAT_WITNESS_POLICY cannot be read: ${messageOf(error)}`)
  }
  const parsing = parsePolicy(text)
  if (parsing.kind === 'refused') throw wrong(`${path}:${parsing.line}: ${parsing.reason}`)
  const mute = parsing.policy.witnesses.find(({ url }) => url === undefined || !/^https?:\/\//.test(url))
  if (mute) throw wrong(`${path}: the witness ${mute.name} has no http or https address`)
  return parsing.policy
}

function wrong(problem: string): Fault {
  return new Fault('bad-config', 'the witness policy cannot be used', { problems: [problem] })
}
