/**
 * Prometheus with its blackbox exporter and Alertmanager, as a bench runs them beside us: the same targets at the
 * same interval and timeout, two failed probes in a row before it alerts, and no waiting that could be left out.
 */
import { makeHome, programPath, startDaemon, type Daemon } from './daemons.ts'
import { freePort } from './program.ts'
import type { Received } from './receiver.ts'

const EXPORTER = { name: 'prometheus-blackbox-exporter', debian: 'prometheus-blackbox-exporter' }
const ALERTMANAGER = { name: 'prometheus-alertmanager', debian: 'prometheus-alertmanager' }
const PROMETHEUS = { name: 'prometheus', debian: 'prometheus' }

export type Watched = { urls: readonly string[]; intervalMs: number; timeoutMs: number; webhook: string }
/** What an alert says of a target: since when, and until when once it is resolved. */
export type Alert = { url: string; firing: boolean; startMs: number; endMs: number }

/** What has to be installed first; null where all of it is there. */
export function missingOfPrometheus(): string | null {
  try {
    for (const program of [EXPORTER, ALERTMANAGER, PROMETHEUS]) programPath(program)
    return null
  } catch (error) {
    return String(error)
  }
}

export async function startPrometheus(watched: Watched): Promise<Daemon> {
  const home = makeHome('prometheus')
  const started: Daemon[] = []
  const stop = async (): Promise<void> => {
    for (const daemon of started.toReversed()) await daemon.stop()
    home.drop()
  }
  try {
    const [exporter, alertmanager, prometheus] = [await freePort(), await freePort(), await freePort()]
    const module = `{prober: http, timeout: ${watched.timeoutMs}ms, http: {preferred_ip_protocol: ip4}}`
    const modules = home.file('blackbox.yml', `modules: {http: ${module}}\n`)
    const listen = (port: number): string => `--web.listen-address=127.0.0.1:${port}`
    const start = async (program: typeof EXPORTER, port: number, args: readonly string[]): Promise<void> => {
      started.push(await startDaemon({ program, home, ports: [port], args: [listen(port), ...args] }))
    }
    await start(EXPORTER, exporter, [`--config.file=${modules}`, '--log.level=error'])
    const routes = home.file('alertmanager.yml', alertmanagerText(watched.webhook))
    const kept = `--storage.path=${home.folder('alerts')}`
    await start(ALERTMANAGER, alertmanager, [`--config.file=${routes}`, kept, '--cluster.listen-address='])
    home.file('rules.yml', rulesText(watched))
    const config = home.file('prometheus.yml', prometheusText(watched, { exporter, alertmanager }))
    await start(PROMETHEUS, prometheus, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${home.folder('data')}`,
    ])
  } catch (error) {
    await stop()
    throw error
  }
  return { said: () => started.map(({ said }) => said()).join('\n'), stop }
}

/** The alerts of one request to the webhook. */
export function alertsOf({ body }: Received): Alert[] {
  // The shape that Alertmanager documents.
  type Body = { alerts: { status: string; labels: { instance: string }; startsAt: string; endsAt: string }[] }
  return (JSON.parse(body) as Body).alerts.map(({ status, labels, startsAt, endsAt }) => ({
    url: labels.instance,
    firing: status === 'firing',
    startMs: Date.parse(startsAt),
    endMs: Date.parse(endsAt),
  }))
}

function alertmanagerText(webhook: string): string {
  return `route: {receiver: bench, group_by: [instance], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - {name: bench, webhook_configs: [{url: "${webhook}", send_resolved: true}]}
`
}

function rulesText({ intervalMs }: Watched): string {
  return `groups:
  - {name: bench, rules: [{alert: Down, expr: probe_success == 0, for: ${intervalMs}ms}]}
`
}

function prometheusText(
  { urls, intervalMs, timeoutMs }: Watched,
  { exporter, alertmanager }: { exporter: number; alertmanager: number },
): string {
  return `global: {scrape_interval: ${intervalMs}ms, scrape_timeout: ${timeoutMs}ms, evaluation_interval: ${intervalMs}ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${alertmanager}"]}]}]}
scrape_configs:
  - job_name: bench
    metrics_path: /probe
    params: {module: [http]}
    static_configs: [{targets: ${JSON.stringify(urls)}}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:${exporter}"}
`
}
