/**
 * The moody server as a process of its own, on every address of where it runs: for namespaces, which a
 * process lives in as a whole. Its parent sends moods; each is answered once it holds.
 */
import { startMoodyServer, type Mood } from './moody-server.ts'

const server = await startMoodyServer({ host: '::', port: Number(process.argv[2]) })
process.on('message', (mood) => {
  // Only world.ts speaks to this process.
  void server.become(mood as Mood).then(() => process.send?.('so'))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
