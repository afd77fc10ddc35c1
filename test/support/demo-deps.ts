/**
 * Demo deps: everything `createApp` asks for, in memory. Deeds change what is read next, as they would in
 * the collector, so a test can follow one through the web view.
 */
import { fileURLToPath } from 'node:url'
import { webhookProblems } from '@constat/collector/db/webhooks'
import type { Event } from '@constat/collector/alert/types'
import type { AppDeps, Caller, WebhookActions } from '@constat/collector/http/actions'
import type { Delivery, Webhook } from '@constat/collector/view/setup'
import { Fault } from '@constat/shared/fault'
import { DEMO_NOW_MS, demoModel } from './demo-model.ts'
import { demoTrial } from './demo-trial.ts'
import { STATEMENT_ID } from './demo-windows.ts'

export const TOKENS: Record<string, Caller> = {
  'owner-token': { role: 'owner', contract: null },
  'viewer-token': { role: 'viewer', contract: null },
  'provider-token': { role: 'provider', contract: 'acme-hosting-2026' },
  'confined-token': { role: 'viewer', contract: 'intranet' },
}

/** As long as the real one: it has to be read and pasted on a phone, too. */
const JOIN_LINE =
  `sh -c 'd=$(mktemp -d) && trap "rm -rf \\"$d\\"" EXIT && cd "$d" && ` +
  `{ curl -fsSk --pinnedpubkey sha256//${'Q3Cr'.repeat(11)} -o install.sh https://collector.example:8420/install.sh || ` +
  `{ echo "constat: https://collector.example:8420 could not be reached" >&2; exit 4; }; } && ` +
  `{ echo "${'5e1f'.repeat(16)}  install.sh" | sha256sum -c >/dev/null 2>&1 || exit 4; } && ` +
  `sh install.sh --url https://collector.example:8420 --pin sha256/${'Q3Cr'.repeat(11)} --token join-token'`

export type Demo = ReturnType<typeof demoDeps>

export function demoDeps({
  model = demoModel(),
  publicUrl = 'http://collector.example',
  nowMs = () => DEMO_NOW_MS,
}: { model?: ReturnType<typeof demoModel>; publicUrl?: string; nowMs?: () => number } = {}) {
  const sessions = new Map<string, Caller>()
  const events = demoEvents()
  const errors: string[] = []
  const revoked: string[] = []
  const archived: string[] = []
  const applied: { contract: string; text: string }[] = []
  const deps: AppDeps = {
    read: { ...model.read, agents: () => model.read.agents().filter(({ id }) => !revoked.includes(id)) },
    events,
    actions: {
      archiveContract: async (contract) => {
        archived.push(contract)
        return { contract, endedAt: '2026-10-28T14:02:11.000Z', changed: true }
      },
      tryContract: async ({ contract, source }) => {
        const text = source.map((document) => document.text).join('\n')
        if (text.includes('refused.example'))
          throw new Fault('rate-limited', 'No more than 10 tries in a minute.')
        return demoTrial({ contract, text })
      },
      applyContract: async ({ contract, source }) => {
        const text = source.map((document) => document.text).join('\n')
        if (!text.includes(contract)) {
          return {
            kind: 'refused',
            problems: [`${source[0]?.name}:1: no contract of this name`, 'spec: missing'],
          }
        }
        applied.push({ contract, text })
        return {
          kind: 'applied',
          contract,
          revision: 4,
          digest: 'ab'.repeat(32),
          changed: true,
          warnings: [],
        }
      },
      declareExclusion: async ({ contract, kind }) =>
        kind === 'planned'
          ? { kind: 'declared', id: model.declare(contract) }
          : { kind: 'refused', problems: [`kind: there is no exclusion ${JSON.stringify(kind)}`] },
      answerExclusion: async ({ exclusion, answer }) => model.answer(exclusion, answer),
      keepStatement: async () => ({ id: STATEMENT_ID }),
      readTerms: ({ contract }) => {
        throw new Fault('bad-contract', `The demo keeps no other terms of ${contract}.`)
      },
      acknowledge: async ({ incident }) => {
        if (!model.acknowledged.has(incident)) {
          model.acknowledged.set(incident, new Date(nowMs()).toISOString())
        }
      },
      issueAgentToken: async () => ({
        token: 'join-token',
        command: JOIN_LINE,
        expiresAt: new Date(nowMs() + 3_600_000).toISOString(),
      }),
      revokeAgent: async (id) => {
        const known = model.read.agents().some((agent) => agent.id === id)
        if (known) revoked.push(id)
        return known
      },
      webhooks: demoWebhooks(nowMs),
      sessions: {
        authenticate: async (token) => TOKENS[token] ?? sessions.get(token) ?? null,
        open: async (token) => {
          const caller = TOKENS[token]
          if (!caller) return null
          const session = `session-${sessions.size + 1}`
          sessions.set(session, caller)
          return { session, expiresMs: nowMs() + 30 * 86_400_000 }
        },
        close: async (session) => void sessions.delete(session),
      },
    },
    installer: async () => ({ script: '#!/bin/sh\n', bundle: Buffer.from('#!/usr/bin/env node\n') }),
    metrics: async () => '# HELP constat_batches_total Batches.\nconstat_batches_total 12\n',
    ready: async () => ({ ok: true, reasons: [] }),
    publicUrl,
    language: 'en',
    version: '0.1.0',
    assetDir: fileURLToPath(new URL('../../collector/src/web/static', import.meta.url)),
    clock: { nowMs, monotonicUs: () => 0 },
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (message, facts) => void errors.push(`${message} ${String(facts?.['error'])}`),
    },
  }
  return { deps, events, errors, revoked, archived, applied, sessions }
}

/** Events in memory; `tell` gives the next id. */
function demoEvents() {
  const told: Event[] = []
  const listeners = new Set<(event: Event) => void>()
  return {
    told,
    listeners,
    tell(fact: Omit<Event, 'id'>): Event {
      const event = { ...fact, id: told.length + 1 }
      told.push(event)
      for (const listener of listeners) listener(event)
      return event
    },
    since: async (id: number, limit: number, contract: string | null): Promise<Event[]> =>
      told
        .filter((event) => event.id > id && (contract === null || event.contract === contract))
        .slice(0, limit),
    subscribe(listener: (event: Event) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function demoWebhooks(nowMs: () => number): WebhookActions {
  const at = (agoMs: number): string => new Date(nowMs() - agoMs).toISOString()
  const hooks: Webhook[] = [
    {
      id: 'whk_ops',
      url: 'https://hooks.example/ops?key=<script>',
      types: ['*'],
      shape: 'generic',
      createdAt: at(9e9),
      disabledAt: null,
    },
    {
      id: 'whk_chat',
      url: 'https://chat.example/services/T0/B0/x',
      types: ['incident.opened', 'incident.closed'],
      shape: 'slack',
      createdAt: at(8e9),
      disabledAt: at(6e6),
    },
  ]
  const deliveries: Delivery[] = [
    delivery({ id: 'dlv_1', state: 'pending', attempts: 2, lastStatus: 503, nextAt: at(-290_000) }),
    delivery({ id: 'dlv_2', state: 'delivered', attempts: 1, lastStatus: 204, deliveredAt: at(1e6) }),
    delivery({ id: 'dlv_3', state: 'failed', attempts: 9, lastError: 'ECONNREFUSED <b>' }),
  ]
  function delivery(part: Partial<Delivery> & Pick<Delivery, 'id' | 'state'>): Delivery {
    return {
      webhook: 'whk_ops',
      messageId: `msg_${part.id}`,
      type: 'incident.opened',
      attempts: 0,
      lastStatus: null,
      lastError: null,
      createdAt: at(1.1e6),
      nextAt: null,
      deliveredAt: null,
      ...part,
    }
  }
  const known = (id: string): boolean => hooks.some((hook) => hook.id === id)
  return {
    shapes: ['generic', 'slack'],
    types: ['incident.opened', 'incident.closed', 'agent.silent'],
    list: async () => [...hooks],
    create: async ({ url, types, shape }) => {
      const problems = webhookProblems({ url, types, shape })
      if (problems.length > 0) return { kind: 'refused', problems }
      const id = `whk_${hooks.length + 1}`
      hooks.push({ id, url, types, shape, createdAt: at(0), disabledAt: null })
      return { kind: 'created', id, secret: 'whsec_c2VjcmV0' }
    },
    remove: async (id) => {
      const index = hooks.findIndex((hook) => hook.id === id)
      if (index >= 0) hooks.splice(index, 1)
      return index >= 0
    },
    enable: async (id) => {
      const hook = hooks.find((one) => one.id === id)
      return hook ? Object.assign(hook, { disabledAt: null }) : null
    },
    test: async (id) => {
      if (!known(id)) return null
      const queued = delivery({
        id: `dlv_${deliveries.length + 1}`,
        webhook: id,
        state: 'pending',
        type: 'webhook.test',
      })
      deliveries.unshift(queued)
      return queued
    },
    deliveries: async (id, { before, limit }) => {
      if (!known(id)) return null
      const own = deliveries.filter((item) => item.webhook === id)
      const start = before === undefined ? 0 : own.findIndex((item) => item.id === before) + 1
      return own.slice(start, start + limit)
    },
    replay: async (id) => {
      const found = deliveries.find((item) => item.id === id)
      if (!found) return null
      Object.assign(found, { state: 'pending', nextAt: at(0) } satisfies Partial<Delivery>)
      return found
    },
  }
}
