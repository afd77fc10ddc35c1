/** English: trying checks before a contract is in force. Pure. */
export const trialEn = {
  try: 'Try it now',
  help: 'One agent probes each address once. Nothing is applied, and nothing is kept.',
  title: 'Tried just now',
  nothingKept: 'One look at each address. It is no measurement: nothing was applied, counted or kept.',
  outcome: {
    ok: 'answers as it should',
    degraded: 'answers, but',
    fail: 'fails',
    unknown: 'could not be told',
    blocked: 'turned the agent away',
  },
  phase: {
    dnsUs: 'name looked up',
    connectUs: 'connection',
    tlsUs: 'TLS',
    ttfbUs: 'first byte',
    transferUs: 'content',
  },
  took: (time: string) => `${time} in all`,
  seenFrom: (agent: string) => `Seen from ${agent}.`,
  seenAt: ({ agent, address, port }: At) =>
    `Seen from ${agent}, at ${address}${port === null ? '' : ` port ${port}`}.`,
  ledTo: (url: string) => `It led to ${url}.`,
  /** What an agent says in English, in the language of the page. */
  detail: (sentence: string) => sentence,
  compared: ({ what, wanted, seen }: Compared) =>
    `${what}: wanted ${wanted}${seen === null ? '' : `, seen ${seen}`}`,
  reason: {
    'no-agent': ({ detail }: About) =>
      `No agent that would probe it is connected${detail === '' ? '' : `: ${detail}`}.`,
    'old-agent': ({ agent, detail }: About) => `The agent ${agent} ${detail} cannot try a check: upgrade it.`,
    over: ({ detail }: About) => `Not begun: one trial takes ${detail} at most.`,
    late: ({ agent }: About) => `The agent ${agent} did not answer in time.`,
    lost: ({ agent }: About) => `The connection of the agent ${agent} was lost.`,
    refused: ({ agent, detail }: About) => `The agent ${agent} did not try it: ${detail}.`,
    unreadable: ({ agent }: About) => `The agent ${agent} gave an answer that cannot be read.`,
  },
  fault: {
    'rate-limited': 'A trial is still running, or there were too many within a minute. Wait, then try again.',
    unavailable: 'No agent is connected that could try it. Add one first.',
    'too-large': 'These are too many addresses for one trial: try fewer.',
  },
}

type At = { agent: string; address: string; port: number | null }
type Compared = { what: string; wanted: string; seen: string | null }
type About = { agent: string; detail: string }
