/** English: one message about many incidents, and one about what flaps. */
type Group = { all: number; down: number; since: string; shared: string }
type Flaps = { who: string; n: number; since: string; changed: string }

export const gatheredEn = {
  gathered: {
    down: ({ all, since, shared }: Group) =>
      all === 1
        ? `1 service is down since ${since}${shared}`
        : `${all} services are down since ${since}${shared}`,
    some: ({ all, down, since, shared }: Group) =>
      `${down} of ${all} services ${down === 1 ? 'is' : 'are'} still down since ${since}${shared}`,
    over: ({ all, since, shared }: Group) =>
      all === 1
        ? `1 service is up again, down since ${since}${shared}`
        : `All ${all} services are up again, down since ${since}${shared}`,
    shared: {
      site: (name: string) => `, at ${name}`,
      agent: (name: string) => `, seen by ${name} alone`,
      host: (name: string) => `, host ${name}`,
      zone: (name: string) => `, zone ${name}`,
    },
    isDown: (since: string) => `down since ${since}`,
    isOver: (at: string) => (at === '' ? 'up again' : `up again ${at}`),
    inHand: 'somebody has it in hand',
  },
  flapping: {
    one: ({ who, n, since }: Flaps) => `${who} is flapping: down ${n} times since ${since}`,
    many: ({ n, since }: { n: number; since: string }) => `${n} services are flapping since ${since}`,
    stable: ({ who, n, since, changed }: Flaps) =>
      `${who} is stable: up since ${changed}, down ${n} times since ${since}`,
    staysDown: ({ who, n, changed }: Flaps) =>
      `${who} stays down since ${changed}, after going down ${n} times`,
    manyStable: ({ n }: { n: number }) => `${n} services are flapping no more`,
    times: ({ n, since }: { n: number; since: string }) => `down ${n} times since ${since}`,
    isDown: (since: string) => `down since ${since}`,
    isUp: (since: string) => `up since ${since}`,
  },
}
