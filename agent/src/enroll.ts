/**
 * Enrolment: a new key, a join token, one connection. The directory is written only after the collector
 * said welcome, so a failed try leaves nothing behind.
 */
import { hostname } from 'node:os'
import { Fault } from '@constat/shared/fault'
import { agentIdOf, rawPublicKey } from '@constat/shared/signature'
import type { Shell } from './shell.ts'
import { loadIdentity, makeKey, saveIdentity, type Identity } from './state.ts'
import { openUplink, UPLINK_LIMITS, type Ending, type Welcome } from './uplink.ts'
import { agentUrl } from './url.ts'
import { AGENT_VERSION } from './version.ts'

export type Enrolment = {
  dir: string
  url: string
  token: string
  /** Null: the host's own name. The collector may choose another. */
  name: string | null
  /** Public key of the collector; null takes the one it proves now. */
  pin: Buffer | null
}

const MAX_NAME_CHARS = 64

/** Faults: `conflict` already enrolled, `usage` bad address, `unauthorised` refused, `network` not reached. */
export async function enroll(
  { dir, url, token, name, pin }: Enrolment,
  shell: Pick<Shell, 'random'>,
): Promise<Identity> {
  const dialled = agentUrl(url)
  if (dialled === null)
    throw new Fault('usage', `${url} is no address of a collector`, { hint: 'write it as https://host:port' })
  const known = await loadIdentity(dir)
  if (known) {
    throw new Fault('conflict', `${dir} already belongs to agent ${known.name} at ${known.url}`, {
      hint: 'name another directory in CONSTAT_AGENT_DIR, or remove this one first',
    })
  }
  const key = makeKey(shell.random)
  const ownName = (name ?? hostname()).slice(0, MAX_NAME_CHARS)
  const welcome = await introduce({ url: dialled, key, pin, name: ownName, token, random: shell.random })
  const id = agentIdOf(rawPublicKey(key))
  const identity: Identity = { key, id, name: welcome.name, url, collectorKey: welcome.collectorKey }
  await saveIdentity(dir, identity)
  return identity
}

type Introduction = {
  url: string
  key: Identity['key']
  pin: Buffer | null
  name: string
  token: string
  random: Shell['random']
}

function introduce(introduction: Introduction): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    openUplink(
      { ...introduction, version: AGENT_VERSION, limits: UPLINK_LIMITS },
      {
        welcomed(welcome, uplink) {
          resolve(welcome)
          uplink.close()
        },
        heard: () => undefined,
        ended: (ending) => reject(refusal(ending, introduction.url)),
      },
    )
  })
}

function refusal({ bye, reason }: Ending, url: string): Fault {
  if (bye)
    return new Fault('unauthorised', `the collector refused: ${bye.detail}`, {
      hint: 'ask for a new join token',
    })
  return new Fault('network', `${url}: ${reason}`, {
    hint: 'check the address, and that this host reaches it',
  })
}
