/** The key of a person: one file, one line, made where there is none. Not pure. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { ED25519_TYPE, formatSkey, isKeyName, parseSkey, skeyOf, type Skey } from '@constat/evidence/vkey'
import { Fault } from '@constat/shared/fault'
import { readIfThere } from './folder.ts'

/** `name` is needed where there is no file. Faults `usage`. */
export function openPersonKey(path: string, name: string | undefined): Skey {
  const text = readIfThere(path)
  if (text !== null) {
    const key = parseSkey(text.toString('utf8').trim())
    if (key?.type === ED25519_TYPE && (name === undefined || name === key.name)) return key
    throw new Fault(
      'usage',
      `${path} holds no key of this kind${name === undefined ? '' : `, named ${name}`}`,
    )
  }
  if (name === undefined || !isKeyName(name)) {
    throw new Fault('usage', 'a new key needs a name, as --name ana.northstar.example', {
      hint: 'It has no blank and no plus; whoever checks reads it.',
    })
  }
  const made = skeyOf({ name, type: ED25519_TYPE, seed: randomBytes(32) })
  writeFileSync(path, `${formatSkey(made)}\n`, { flag: 'wx', mode: 0o600 })
  return made
}
