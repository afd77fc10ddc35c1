/**
 * Branch server: targets and references that several sites probe, each of which can be broken for some of
 * the sites alone. A site is known by the bearer token that its agent brings along.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type BranchServer = {
  /** Address of one target or reference. */
  urlOf(target: string): string
  /** From now on `targets` answer 503 to `sites`, and 200 to everybody else. */
  breakFor(sites: readonly string[], targets: readonly string[]): void
  mend(): void
  close(): Promise<void>
}

export async function startBranchServer(): Promise<BranchServer> {
  let broken: { sites: readonly string[]; targets: readonly string[] } = { sites: [], targets: [] }
  const server = createServer(({ url = '/', headers }, response) => {
    const site = headers.authorization?.replace('Bearer ', '') ?? ''
    const isBroken = broken.sites.includes(site) && broken.targets.includes(url.slice(1))
    response.writeHead(isBroken ? 503 : 200).end(isBroken ? 'broken' : 'ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server that listens has an address of this form.
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (target) => `http://127.0.0.1:${port}/${target}`,
    breakFor: (sites, targets) => void (broken = { sites, targets }),
    mend: () => void (broken = { sites: [], targets: [] }),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
