/** A process that writes batches until it is killed: `writer.ts <path> <batch size>`. Batch b holds measurements b·size … */
import { openStore } from '../../src/store/log.ts'
import { entry } from './entries.ts'

const [path, size] = [process.argv[2]!, Number(process.argv[3])]
const store = await openStore(path, { config: { test: true } })
process.stdout.write('open\n')
for (let b = Math.floor(store.size / size); ; b++) {
  store.append(Array.from({ length: size }, (_, i) => entry(b * size + i)))
  await new Promise((resolve) => setImmediate(resolve))
}
