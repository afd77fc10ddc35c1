/** Metrics: the collector's own figures for Prometheus. Aggregates only: no names of contracts. */
import { Gauge, Registry as Prometheus } from 'prom-client'
import type { Pipeline } from './pipeline.ts'

export function metricsOf(pipeline: Pipeline): () => Promise<string> {
  const prometheus = new Prometheus()
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [prometheus],
      collect: function collect() {
        this.set(read())
      },
    })
  }
  const agents = () => pipeline.agents.enrolled()
  const contracts = () => pipeline.model.contracts()
  gauge('constat_agents', 'Enrolled agents', () => agents().length)
  gauge(
    'constat_agents_connected',
    'Agents connected now',
    () => agents().filter((a) => a.connections > 0).length,
  )
  gauge(
    'constat_agents_silent',
    'Agents that fell silent',
    () => agents().filter((a) => a.silentSinceMs !== null).length,
  )
  gauge('constat_contracts', 'Contracts', () => contracts().length)
  gauge(
    'constat_contracts_down',
    'Contracts with a service down',
    () => contracts().filter((c) => c.state === 'down').length,
  )
  gauge(
    'constat_contracts_set_aside',
    'Contracts that are not judged because a step of theirs failed',
    () => pipeline.setAside.all().length,
  )
  gauge('constat_incidents_open', 'Open incidents', () =>
    contracts().reduce((sum, c) => sum + c.openIncidents, 0),
  )
  gauge('constat_ledger_leaves', 'Leaves in all logs', () =>
    pipeline.sequencer.heads().reduce((sum, { size }) => sum + size, 0),
  )
  gauge('constat_ledger_unfolded_leaves', 'Leaves that are not folded yet', () =>
    pipeline.sequencer.heads().reduce((sum, { id, size }) => sum + size - pipeline.fold.next(id), 0),
  )
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  return () => prometheus.metrics()
}
