// The verification worker, which also tells its memory where it is asked (scripts/bench/memory.ts).
import { BroadcastChannel, threadId } from 'node:worker_threads'

const root = new URL('../../dist/src/chem/', import.meta.url)
const { Toolkit } = await import(new URL('toolkit/toolkit.js', root).href)
const load = Toolkit.load
let mols = null
Toolkit.load = async () => {
  mols = await load.call(Toolkit)
  return mols
}
const [asked, told] = [new BroadcastChannel('memory?'), new BroadcastChannel('memory')]
asked.unref()
told.unref()
asked.onmessage = () => {
  const { heapUsed, heapTotal, external } = process.memoryUsage()
  told.postMessage({ threadId, heapUsed, heapTotal, external, rdkit: mols?.memoryBytes ?? 0 })
}
await import(new URL('workers/worker.js', root).href)
