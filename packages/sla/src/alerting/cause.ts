/** Cause: what incidents may have in common: a place, an agent, a host that is asked, a zone. Pure. */
export type Failing = {
  zone: string
  /** `name`: of the agent. */
  vantages: readonly { name: string; site: string | null; state: string }[]
  /** `target`: what was probed, as a check writes it. */
  failure: { target: string | null } | null
}

/** `site:paris`, `agent:paris-1`, `host:db.example`, `zone:access-line`: what says most stands first. */
export function causesOf({ zone, vantages, failure }: Failing): string[] {
  const down = vantages.filter(({ state }) => state === 'down')
  const host = hostOf(failure?.target ?? '')
  return [
    ...onlyOf(down.map(({ site }) => site)).map((site) => `site:${site}`),
    ...onlyOf(down.map(({ name }) => name)).map((name) => `agent:${name}`),
    ...(host === '' ? [] : [`host:${host}`]),
    ...(zone === 'undetermined' ? [] : [`zone:${zone}`]),
  ]
}

function onlyOf(all: readonly (string | null)[]): string[] {
  const [only, ...others] = new Set(all)
  return typeof only === 'string' && others.length === 0 ? [only] : []
}

/** Of a URL, of `host:port`, or the text itself. */
function hostOf(target: string): string {
  const [, host = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(\[[^\]]*\]|[^/:?#]*)/i.exec(target) ?? []
  return host.toLowerCase()
}
