/** What a metric is to a page: how it is promised, measured, and told in full. Types only. */
import type { Metric } from '@constat/sla/contract/objective'
import type { MeasureOf } from '@constat/sla/metric/table'
import type { Child } from 'hono/jsx'
import type { ViewOf } from '../../view/guarantee.ts'
import type { Scene } from '../scene.ts'

export type PartProps<M extends Metric> = { guarantee: ViewOf<M>; scene: Scene }

/** A column beside the line. */
export type Cell = { head: string; value: string }

/** Methods, so that a part of one metric is one of any. */
export type MetricPart<M extends Metric = Metric> = {
  promised(guarantee: ViewOf<M>, scene: Scene): string
  /** What came of it, in plain words. */
  Measured(props: PartProps<M>): Child
  /** The third column. */
  Beside?(props: PartProps<M>): Child
  /** Every figure, folded. */
  Figures(props: PartProps<M>): Child
  /** The whole or one site in one line, with what stands in columns of its own. */
  line(measure: MeasureOf<M>, props: PartProps<M>): { measured: string; more?: readonly Cell[] }
}
