/** A process that writes batches through a local store until it is killed: `local-writer.ts <path> <folder> <batches between copies>`. */
import { openLocalStore } from '../../src/store/local.ts'
import { entry } from './entries.ts'

const [path, folder, every] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
let batch = 0
const store = await openLocalStore(path, {
  config: { test: true },
  folder,
  everyMs: every,
  clock: () => batch,
  onTrouble: (message) => process.stderr.write(message),
})
process.stdout.write('open\n')
for (let b = store.size; ; b++) {
  batch++
  store.append([entry(b)])
  await new Promise((resolve) => setImmediate(resolve))
}
