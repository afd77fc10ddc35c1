/**
 * In a network of its own, where 127.0.0.1 is the name server: answers questions about odd names, and asks for each of
 * them through glibc and through our resolver. Prints one line of JSON: what each found, in order.
 */
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createServer, isIP } from 'node:net'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { systemCode } from '@constat/shared/fault'
import { answersTo, nameOf, oddNames, type OddName } from './odd-names.ts'
import { REAL_CLOCK } from './real-clock.ts'

const AT_ONCE = 8
const PORT = 53
const TIMEOUT_MS = 10_000
const PATIENCE_S = 4

const [count = 0, seed = 0] = process.argv.slice(2).map(Number)
const names = oddNames(count, seed)
const byName = new Map(names.map((one) => [one.name, one]))
const HEADER_BYTES = 12

const udp = createSocket('udp4')
udp.on('message', (query, { port, address }) => {
  const odd = byName.get(nameOf(query.subarray(HEADER_BYTES)).toLowerCase())
  for (const part of odd ? answersTo(query, odd, 'udp') : []) udp.send(part, port, address)
})
const tcp = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    const query = chunk.subarray(2)
    const odd = byName.get(nameOf(query.subarray(HEADER_BYTES)).toLowerCase())
    const [answer] = odd ? answersTo(query, odd, 'tcp') : []
    if (!answer) return
    const length = Buffer.alloc(2)
    length.writeUInt16BE(answer.length)
    socket.write(Buffer.concat([length, answer]))
  })
})
await new Promise<void>((resolve) => udp.bind(PORT, '127.0.0.1', resolve))
await new Promise<void>((resolve) => tcp.listen(PORT, '127.0.0.1', resolve))

const resolver = createResolver(SYSTEM_RESOLVER, REAL_CLOCK)

async function ours(name: string): Promise<string> {
  try {
    const { address } = await resolver.resolve(name, { family: 4, signal: AbortSignal.timeout(TIMEOUT_MS) })
    return address
  } catch (error) {
    return systemCode(error) ?? String(error)
  }
}

/** Its addresses, in its order; none where it finds none within `waitS`. */
function theirs(name: string, waitS: number): Promise<string[]> {
  const env = { ...process.env, RES_OPTIONS: `timeout:${waitS} attempts:1` }
  return new Promise((resolve) => {
    execFile('getent', ['ahostsv4', name], { timeout: TIMEOUT_MS, env }, (_error, stdout) =>
      resolve([...new Set(stdout.split('\n').flatMap((line) => line.split(' ')[0] || []))]),
    )
  })
}

async function foundOf({ name }: OddName): Promise<{ ours: string; theirs: string[] }> {
  const own = await ours(name)
  const first = await theirs(name, 1)
  // A busy machine is no difference.
  const isSure = first.length > 0 || isIP(own) === 0
  return { ours: own, theirs: isSure ? first : await theirs(name, PATIENCE_S) }
}

const found: { ours: string; theirs: string[] }[] = []
for (let from = 0; from < names.length; from += AT_ONCE)
  found.push(...(await Promise.all(names.slice(from, from + AT_ONCE).map(foundOf))))
process.stdout.write(`${JSON.stringify(found)}\n`)
udp.close()
tcp.close()
