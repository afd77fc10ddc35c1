/** A thread that inspects bodies, one after the other: says when it begins, and what it found. */
import { parentPort } from 'node:worker_threads'
import { invariant } from '@constat/shared/fault'
import { inspectBody, type BodyOrder } from './body-inspect.ts'

invariant(parentPort, 'a thread that inspects bodies has a parent')
const port = parentPort
port.on('message', (order: BodyOrder) => {
  port.postMessage('begun')
  port.postMessage(inspectBody(order))
})
